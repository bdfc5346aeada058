using System.Net;
using System.Text.Json.Nodes;
using LdnApi.Common;
using LdnApi.Sandbox;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>The promises that a clinician relies on, each seen through HTTP.</summary>
public sealed class SafetyTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    /// <summary>Without the patient's lock some of these miss the follow-up, or double it.</summary>
    [Fact]
    public async Task Reports_that_arrive_together_neither_miss_nor_double_a_follow_up()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        for (var round = 0; round < 10; round++)
        {
            var patient = await LdnApiHost.RegisterAsync(client, "UTC");
            await client.PrescribeAsync(patient, Today.AddDays(-5));

            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(day => client.SendAsync(
                HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), new { date = Today.AddDays(-day), scores = new { anxiety = 5 } })));

            Assert.All(answers, a => Assert.Equal(HttpStatusCode.Created, a.StatusCode));
            Assert.Equal("Adjustment", await ScalarAsync($"SELECT string_agg(label, ',') FROM follow_ups WHERE patient_id = '{patient}' AND family = 'Course'"));
            Assert.Equal(1L, await ScalarAsync($"SELECT count(*) FROM follow_up_events WHERE patient_id = '{patient}' AND family = 'Course' AND type = 'Opened'"));
        }
    }

    /// <summary>An old diary arrives while a follow-up is open: the course of then has come and gone, and stands in the log beside it.</summary>
    [Fact]
    public async Task A_spell_wholly_in_the_past_is_logged_while_another_follow_up_of_its_family_is_open()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-80));
        await ReportAsync(-10, 10, _ => 5);

        await ReportAsync(-80, 20, day => day < 8 ? 5 : 0);

        var open = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family=course"))["items"]!.AsArray().Single()!;
        var past = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family=course&status=closed"))["items"]!.AsArray().Single()!;
        var log = (await client.GetOkAsync($"/api/v1/follow-ups/{past["id"]}"))["events"]!.AsArray();
        Assert.True(DateOnly.Parse((string)open["openedOn"]!, null) > DateOnly.Parse((string)past["openedOn"]!, null));
        Assert.Equal(["opened", "auto-closed"], log.Select(e => (string)e!["type"]!));

        Task ReportAsync(int from, int days, Func<int, int> anxiety) => client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new
        {
            items = Enumerable.Range(0, days).Select(day => new { date = Today.AddDays(from + day), scores = new { anxiety = anxiety(day) } }),
        });
    }

    [Fact]
    public async Task The_database_keeps_no_second_open_follow_up_of_a_family()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } });

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(
            $"INSERT INTO follow_ups SELECT (jsonb_populate_record(f, jsonb_build_object('id', gen_random_uuid()))).* FROM follow_ups f WHERE patient_id = '{patient}'"));

        Assert.Equal("one_open_follow_up_per_family", refused.ConstraintName);
    }

    [Theory]
    [InlineData("""{ "date": "2030-01-01", "selfHarmThoughts": true }""", 422)]
    [InlineData("""{ "selfHarmThoughts": true, "scores": { "anxiety": 11 } }""", 400)]
    public async Task A_sign_of_self_harm_is_kept_and_raised_even_when_the_report_is_refused(string json, int status)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var refused = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), ApiClient.Json(json), key: "self-harm-1");
        using var again = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), ApiClient.Json(json), key: "self-harm-1");

        var followUp = (await refused.ReadAsync())["followUps"]!.AsArray().Single()!;
        Assert.Equal((status, status), ((int)refused.StatusCode, (int)again.StatusCode));
        Assert.Equal(("suicidality", "immediate"), ((string)followUp["family"]!, (string)followUp["priority"]!));
        Assert.Single((await client.GetOkAsync(ApiClient.Of(patient, "/check-ins")))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_sign_of_self_harm_an_hour_after_the_follow_up_was_resolved_opens_another()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var report = new { date = Today, selfHarmThoughts = true };
        var first = (await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), report))["followUps"]![0]!;
        await client.PostOkAsync($"/api/v1/follow-ups/{first["id"]}/resolve", new { outcome = "emergency-care" }, 1);
        api.Clock.Advance(TimeSpan.FromHours(1));

        var second = (await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), report))["followUps"]!.AsArray().Single()!;

        Assert.NotEqual((string)first["id"]!, (string)second["id"]!);
        Assert.Equal("open", (string)second["status"]!);
    }

    [Fact]
    public async Task Suicidality_is_never_snoozed()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var raised = (await client.PostOkAsync(ApiClient.Of(patient, "/assessments"), new
        {
            instrument = "phq-9",
            answers = new int?[] { null, null, null, null, null, null, null, null, 1 },
            takenOn = Today,
        }))["followUps"]![0]!;

        using var response = await client.SendAsync(HttpMethod.Post, $"/api/v1/follow-ups/{raised["id"]}/snooze", new { days = 1 }, 1);

        Assert.Equal((422, "never-snoozed"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    [Fact]
    public async Task Each_sandbox_patient_tells_the_story_that_is_written_of_it()
    {
        using var client = api.ClientOf(SandboxStories.Clinic);
        var made = await client.PostOkAsync("/api/v1/sandbox/patients", new { });
        var again = await client.PostOkAsync("/api/v1/sandbox/patients", new { });

        Assert.Equal((8, 0), ((int)made["made"]!, (int)again["made"]!));
        Assert.Equal("course adjustment routine closed", await StoryAsync(client, "transient"));
        Assert.Equal("course persistent soon open", await StoryAsync(client, "persistent"));
        Assert.Equal("severe severe urgent open", await StoryAsync(client, "severe"));
        Assert.Equal("course early soon open", await StoryAsync(client, "history"));
        Assert.Equal("missing missing routine open", await StoryAsync(client, "silent"));
        Assert.Equal("opioid opioid immediate open", await StoryAsync(client, "opioid-clash"));
        Assert.Equal("course adjustment routine open", await StoryAsync(client, "too-fast"));
        Assert.Equal("", await StoryAsync(client, "well"));
        Assert.Equal("R-19 block, R-15 warning", await OrderAsync(client, "opioid-clash", 4.5m));
        Assert.Equal("R-10 override-required, R-11 override-required, R-16 warning", await OrderAsync(client, "too-fast", 5.0m));
    }

    [Fact]
    public async Task Another_clinic_cannot_make_sandbox_patients()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/sandbox/patients", null);

        Assert.Equal((403, "not-a-sandbox"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    [Fact]
    public async Task A_past_day_is_evaluated_as_it_was_known_then()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today);
        var asOf = Today;
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = asOf, scores = new { anxiety = 3 } });
        api.Clock.Advance(TimeSpan.FromDays(1));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = asOf, scores = new { anxiety = 8 } });

        var then = await client.GetOkAsync(ApiClient.Of(patient, $"/evaluation?asOf={asOf:yyyy-MM-dd}"));
        var now = await client.GetOkAsync(ApiClient.Of(patient, "/evaluation"));

        Assert.Equal((3, 8), ((int)then["days"]![0]!["anxiety"]!, (int)now["days"]![0]!["anxiety"]!));
        Assert.Equal(("insufficient-data", "raised"), (VerdictOf(then, "severe"), VerdictOf(now, "severe")));
    }

    [Fact]
    public async Task The_nights_evaluate_each_patient_once_however_many_run_and_raise_what_only_time_makes_true()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today);
        await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "restlessness", severity = "moderate", onsetOn = Today });
        await api.RunNightlyAsync();
        api.Clock.Advance(TimeSpan.FromDays(14));

        var evaluated = (await Task.WhenAll(api.RunNightlyAsync(), api.RunNightlyAsync(), api.RunNightlyAsync())).Sum();
        var again = await api.RunNightlyAsync();

        var patients = (long)(await ScalarAsync("SELECT count(*) FROM patients"))!;
        Assert.Equal((patients, 0), (evaluated, again));
        Assert.Equal("Missing Routine,Persistent Soon", await ScalarAsync($"SELECT string_agg(label || ' ' || priority, ',' ORDER BY label) FROM follow_ups WHERE patient_id = '{patient}'"));
        Assert.Equal("nightly-run", await ScalarAsync($"SELECT min(recorded_by) FROM follow_up_events WHERE patient_id = '{patient}'"));
    }

    [Fact]
    public async Task Twenty_requests_under_one_key_are_done_once()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.SendAsync(
            HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 3 } }, key: "one-and-the-same")));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Created, a.StatusCode));
        Assert.Single(answers, a => !a.Headers.Contains("Idempotency-Replayed"));
        Assert.Single((await Task.WhenAll(answers.Select(a => a.Content.ReadAsStringAsync(Ct)))).Distinct());
        Assert.Equal(1L, await ScalarAsync($"SELECT count(*) FROM check_ins WHERE patient_id = '{patient}'"));
    }

    [Fact]
    public async Task A_titration_moves_when_it_is_moved_and_works_the_later_dates_out_again()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var start = Today.AddDays(-20);
        var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = start });
        var plan = await client.PostOkAsync(ApiClient.Of(patient, "/titration-schedules"), new { prescriptionId = (string)prescription["id"]!, startsOn = start, preset = "seed-standard" });
        var url = ApiClient.Of(patient, $"/titration-schedules/{plan["id"]}");

        await client.PostOkAsync($"{url}/start", new { reason = "first dose", on = start }, 1);
        await client.PostOkAsync($"{url}/hold", new { reason = "nervous", on = start.AddDays(5) }, 2);
        var resumed = await client.PostOkAsync($"{url}/resume", new { reason = "calm again", on = start.AddDays(8) }, 3);
        var advanced = await client.PostOkAsync($"{url}/advance", new { reason = "tolerated", on = start.AddDays(17) }, 4);
        using var stale = await client.SendAsync(HttpMethod.Post, $"{url}/advance", new { reason = "again" }, 4);
        var back = await client.PostOkAsync($"{url}/step-back", new { reason = "too much", on = Today }, 5);
        var stopped = await client.PostOkAsync($"{url}/stop", new { reason = "enough" }, 6);
        using var illegal = await client.SendAsync(HttpMethod.Post, $"{url}/hold", new { reason = "too late" }, 7);

        Assert.Equal($"{start.AddDays(17):yyyy-MM-dd}", (string)resumed["nextStepOn"]!);
        Assert.Equal((3.0m, $"{start.AddDays(31):yyyy-MM-dd}"), ((decimal)advanced["currentDoseMg"]!, (string)advanced["nextStepOn"]!));
        Assert.Equal(412, (int)stale.StatusCode);
        Assert.Equal((1.5m, "stopped"), ((decimal)back["currentDoseMg"]!, (string)stopped["status"]!));
        Assert.Equal((409, "stopped"), ((int)illegal.StatusCode, (string?)(await illegal.ReadAsync())["state"]));
        Assert.Equal((1.5m, 3.0m), (await DoseAsync(client, url, start.AddDays(16)), await DoseAsync(client, url, start.AddDays(18))));
    }

    private static async Task<decimal> DoseAsync(HttpClient client, string url, DateOnly on) => (decimal)(await client.GetOkAsync($"{url}/dose?on={on:yyyy-MM-dd}"))["actualDoseMg"]!;

    private static string VerdictOf(JsonNode evaluation, string family) => (string)evaluation["families"]!.AsArray().Single(f => (string)f!["family"]! == family)!["verdict"]!;

    private static async Task<string> StoryAsync(HttpClient client, string name)
    {
        var patient = (await client.FindAsync(SandboxStories.IdentifierSystem, name))["items"]![0]!["id"];
        var open = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}"))["items"]!.AsArray();
        var closed = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&status=closed"))["items"]!.AsArray();
        return string.Join(", ", open.Concat(closed).Select(f => $"{f!["family"]} {f["label"]} {f["priority"]} {f["status"]}"));
    }

    /// <summary>What is found when a sandbox patient's dose is to be raised today.</summary>
    private static async Task<string> OrderAsync(HttpClient client, string name, decimal doseMg)
    {
        var patient = (await client.FindAsync(SandboxStories.IdentifierSystem, name))["items"]![0]!["id"];
        var prescription = (await client.GetOkAsync($"/api/v1/patients/{patient}/prescriptions"))["items"]![0]!;
        using var refused = await client.SendAsync(HttpMethod.Post, $"/api/v1/patients/{patient}/prescriptions/{prescription["id"]}/change-dose", new { doseMg }, (long)prescription["version"]!);
        return string.Join(", ", (await refused.ReadAsync())["findings"]!.AsArray().Select(f => $"{f!["rule"]} {f["effect"]}"));
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var command = owner.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Ct);
    }
}
