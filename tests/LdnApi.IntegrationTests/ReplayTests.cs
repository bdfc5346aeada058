using System.Text.Json.Nodes;
using LdnApi.Common;
using LdnApi.Sandbox;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>What really happened can be played again, exactly; and what would have happened can be held against it.</summary>
public sealed class ReplayTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public async Task Replaying_the_live_settings_reproduces_the_live_log_exactly(int seed, bool changesSettings)
    {
        var id = LdnApiHost.NewClinic();
        var clinic = new RandomClinic(api, seed, id);
        await clinic.LiveAsync(patients: 4, days: 30, changesSettings);

        var replay = await api.ReplayAsync(clinic.Client, new { });

        var log = await LogAsync(clinic.Client);
        TestContext.Current.SendDiagnosticMessage("{0} entries, refused {1}, {2}", log.Count, clinic.Refused, replay["result"]!["summary"]!.ToJsonString());
        Assert.True(log.Count > 50, "The clinic was too quiet to show anything.");
        AssertIdentical(replay, patients: 4);
        Assert.NotEqual(0, await api.CountAsync("check_in_digests", id)); // live evaluations read what was kept, a replay every version
        // Counted from the follow-ups as they are read: what the weeks say of both sides is what really happened.
        var announced = log.Where(e => e.Type is "opened" or "reopened").Count(e => !log.Exists(
            other => other.FollowUp == e.FollowUp && other.Evaluation == e.Evaluation && other.Type is "auto-closed" or "evidence-withdrawn" or "merged"));
        Assert.Equal((announced, announced), (SumOf(replay, "live"), SumOf(replay, "draft")));
    }

    [Fact]
    public async Task Replaying_the_live_settings_over_the_sandbox_clinic_gives_no_difference()
    {
        using var client = api.ClientOf(SandboxStories.Clinic);
        await client.PostOkAsync("/api/v1/sandbox/patients", new { });
        await api.RunNightlyAsync();
        var queue = (await client.GetOkAsync("/api/v1/follow-ups"))["items"]!.AsArray();
        await client.PostOkAsync($"/api/v1/follow-ups/{queue[0]!["id"]}/acknowledge", new { }, (long)queue[0]!["version"]!);
        api.Clock.Advance(TimeSpan.FromDays(4));
        await api.RunNightlyAsync();

        var inForce = await api.ReplayAsync(client, new { });
        var present = await api.ReplayAsync(client, new { settings = new { } });

        AssertIdentical(inForce, patients: SandboxStories.All.Count);
        AssertIdentical(present, patients: SandboxStories.All.Count);
        Assert.True(SumOf(present, "draft") >= 6);
    }

    [Fact]
    public async Task A_lower_threshold_adds_follow_ups_with_the_reasons_of_both_sides()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ReportAsync(client, patient, 6);

        var result = (await api.ReplayAsync(client, new { settings = new { severeNrs = 6 } }))["result"]!;

        var difference = result["differences"]!.AsArray().Single()!;
        Assert.Equal((1, 0, 0, 0, 0), CountsOf(result));
        Assert.Equal(("added", "severe", (string)patient.ToString(), Days.Format(Today)), ((string)difference["kind"]!, (string)difference["family"]!, (string)difference["patientId"]!, (string)difference["asOf"]!));
        Assert.Equal((6m, 7m, "false"), ClauseOf(difference["live"]!));
        Assert.Equal((6m, 6m, "true"), ClauseOf(difference["draft"]!));
        Assert.Equal(["opened"], difference["draft"]!["log"]!.AsArray().Select(e => (string)e!["type"]!));
        Assert.Equal("check-in", (string)difference["draft"]!["verdict"]!["evidence"]![0]!["kind"]!);
        Assert.Empty(difference["live"]!["log"]!.AsArray());
        Assert.False((bool)result["identical"]!);
    }

    [Fact]
    public async Task A_higher_threshold_removes_follow_ups_and_what_a_clinician_did_to_them_has_no_effect()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var raised = await ReportAsync(client, patient, 7);
        await client.PostOkAsync($"/api/v1/follow-ups/{raised["id"]}/acknowledge", new { }, 1);

        var result = (await api.ReplayAsync(client, new { settings = new { severeNrs = 8 } }))["result"]!;

        var difference = result["differences"]!.AsArray().Single()!;
        Assert.Equal((0, 1, 0, 0, 0), CountsOf(result));
        Assert.Equal(1, (int)result["summary"]!["actsWithoutEffect"]!);
        Assert.Equal(("removed", (string)raised["id"]!), ((string)difference["kind"]!, (string)difference["live"]!["followUpId"]!));
        Assert.Equal(["opened", "acknowledged"], difference["live"]!["log"]!.AsArray().Select(e => (string)e!["type"]!));
    }

    [Fact]
    public async Task A_follow_up_that_would_have_come_on_another_day_is_earlier_or_later()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ReportAsync(client, patient, 6);
        api.Clock.Advance(TimeSpan.FromDays(1));
        await ReportAsync(client, patient, 7);
        api.Clock.Advance(TimeSpan.FromDays(1));
        await ReportAsync(client, patient, 8);

        var earlier = (await api.ReplayAsync(client, new { settings = new { severeNrs = 6 } }))["result"]!;
        var later = (await api.ReplayAsync(client, new { settings = new { severeNrs = 8 } }))["result"]!;

        Assert.Equal((0, 0, 1, 0, 0), CountsOf(earlier));
        Assert.Equal((0, 0, 0, 1, 0), CountsOf(later));
        Assert.Equal((Today.AddDays(-1), Today.AddDays(-2)), OpenedOn(earlier));
        Assert.Equal((Today.AddDays(-1), Today), OpenedOn(later));

        static (DateOnly Live, DateOnly Draft) OpenedOn(JsonNode result)
        {
            var difference = result["differences"]!.AsArray().Single()!;
            return (DateOnly.Parse((string)difference["live"]!["log"]![0]!["on"]!, null), DateOnly.Parse((string)difference["draft"]!["log"]![0]!["on"]!, null));
        }
    }

    [Fact]
    public async Task A_follow_up_that_is_announced_at_the_same_moment_and_rises_differently_is_changed()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ReportAsync(client, patient, 7);
        await ReportAsync(client, patient, 8);

        var result = (await api.ReplayAsync(client, new { settings = new { criticalNrs = 8 } }))["result"]!;

        Assert.Equal((0, 0, 0, 0, 1), CountsOf(result));
        Assert.Equal(["opened", "upgraded"], result["differences"]![0]!["draft"]!["log"]!.AsArray().Select(e => (string)e!["type"]!));
    }

    [Fact]
    public async Task The_load_of_each_week_is_counted_for_both_sides()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (first, second) = (await LdnApiHost.RegisterAsync(client, "UTC"), await LdnApiHost.RegisterAsync(client, "UTC"));
        api.Clock.SetUtcNow(new DateTimeOffset(Today.AddDays(8 - (int)Today.DayOfWeek), new TimeOnly(9, 0), TimeSpan.Zero)); // a Monday
        var monday = Today;
        await ReportAsync(client, first, 7);
        await ReportAsync(client, second, 6);
        api.Clock.Advance(TimeSpan.FromDays(14));
        await ReportAsync(client, second, 7);

        var weeks = (await api.ReplayAsync(client, new { settings = new { severeNrs = 6 } }))["result"]!["weeks"]!.AsArray();

        Assert.Equal([Days.Format(monday), Days.Format(monday.AddDays(7)), Days.Format(monday.AddDays(14))], weeks.Select(w => (string)w!["from"]!));
        Assert.Equal(["1/1 2/2", "0/1 0/2", "1/2 0/2"], weeks.Select(w =>
            $"{w!["live"]!["opened"]}/{w["live"]!["openAtEnd"]} {w["draft"]!["opened"]}/{w["draft"]!["openAtEnd"]}"));
        Assert.Equal(2, (int)weeks[0]!["draft"]!["byPriority"]!["urgent"]!);
    }

    /// <summary>The score of the first day arrives two days late: until then nobody knew, and no draft could have told.</summary>
    [Fact]
    public async Task What_arrived_late_counts_from_the_day_on_which_it_arrived()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var then = Today;
        api.Clock.Advance(TimeSpan.FromDays(2));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = then, scores = new { anxiety = 6 } });
        api.Clock.Advance(TimeSpan.FromDays(1));

        var before = (await api.ReplayAsync(client, new { settings = new { severeNrs = 6 }, to = then.AddDays(1) }))["result"]!;
        var after = (await api.ReplayAsync(client, new { settings = new { severeNrs = 6 } }))["result"]!;

        var opened = after["differences"]!.AsArray().Single()!["draft"]!["log"]![0]!;
        Assert.Equal((0, 0, 0, 0, 0), CountsOf(before));
        Assert.Equal((Days.Format(then), Days.Format(then.AddDays(2))), ((string)opened["on"]!, ((string)opened["at"]!)[..10]));
    }

    [Fact]
    public async Task Only_what_the_draft_changes_in_the_period_is_answered()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await ReportAsync(client, await LdnApiHost.RegisterAsync(client, "UTC"), 6);
        api.Clock.Advance(TimeSpan.FromDays(9));
        var later = await LdnApiHost.RegisterAsync(client, "UTC");
        await ReportAsync(client, later, 6);

        var result = (await api.ReplayAsync(client, new { settings = new { severeNrs = 6 }, from = Today.AddDays(-3) }))["result"]!;

        Assert.Equal(later.ToString(), (string)result["differences"]!.AsArray().Single()!["patientId"]!);
    }

    [Fact]
    public async Task The_same_input_gives_the_same_hash_and_another_another()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ReportAsync(client, patient, 6);
        var draft = new { settings = new { severeNrs = 6 } };

        var first = HashOf(await api.ReplayAsync(client, draft));
        api.Clock.Advance(TimeSpan.FromMinutes(5));
        var again = HashOf(await api.ReplayAsync(client, draft));
        var another = HashOf(await api.ReplayAsync(client, new { settings = new { severeNrs = 5 } }));
        api.Clock.Advance(TimeSpan.FromDays(1));
        var ended = new { draft.settings, to = Today.AddDays(-1) };
        var past = HashOf(await api.ReplayAsync(client, ended));
        await ReportAsync(client, patient, 6);
        var pastAgain = HashOf(await api.ReplayAsync(client, ended));
        var present = HashOf(await api.ReplayAsync(client, draft));

        Assert.Matches("^[0-9a-f]{64}$", first);
        Assert.Equal((first, past), (again, pastAgain));
        Assert.Equal(4, new[] { first, another, past, present }.Distinct().Count());
    }

    [Fact]
    public async Task A_replay_changes_nothing_of_the_live_data()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ReportAsync(client, patient, 7);
        var before = await LiveAsync();

        await api.ReplayAsync(client, new { settings = new { severeNrs = 8, symptomaticNrs = 2 } });

        Assert.Equal(before, await LiveAsync());

        async Task<string> LiveAsync() => string.Join('\n', await Task.WhenAll(new[]
        {
            "/api/v1/follow-ups", $"/api/v1/follow-ups/{await FollowUpAsync()}", "/api/v1/rule-settings", "/api/v1/rule-settings/history", ApiClient.Of(patient, "/evaluation"),
        }.Select(async url => (await client.GetOkAsync(url)).ToJsonString()))) + await api.CountAsync("evaluations", clinic) + await api.CountAsync("record_versions", clinic);

        async Task<string> FollowUpAsync() => (string)(await client.GetOkAsync("/api/v1/follow-ups"))["items"]![0]!["id"]!;
    }

    [Fact]
    public async Task A_patient_whose_log_began_before_evaluations_were_kept_is_left_out_and_counted()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        await ReportAsync(client, await LdnApiHost.RegisterAsync(client, "UTC"), 7);
        await api.AsOwnerAsync($"UPDATE follow_up_events SET evaluation_id = NULL WHERE clinic_id = '{clinic}'");
        await LdnApiHost.RegisterAsync(client, "UTC");

        var replay = await api.ReplayAsync(client, new { });

        var summary = replay["result"]!["summary"]!;
        Assert.Equal((1, 1, 2, false), ((int)summary["patients"]!, (int)summary["notReplayable"]!, (int)replay["progress"]!["patientsDone"]!, (bool)replay["result"]!["identical"]!));
    }

    private async Task<JsonNode> ReportAsync(HttpClient client, PatientId patient, int anxiety) =>
        (await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety } }))["followUps"]!.AsArray().FirstOrDefault() ?? new JsonObject();

    private static void AssertIdentical(JsonNode replay, int patients)
    {
        var (result, summary) = (replay["result"]!, replay["result"]!["summary"]!);
        Assert.True((bool)result["identical"]!, result.ToJsonString());
        Assert.Equal((0, 0, 0, 0, 0), CountsOf(result));
        Assert.Equal((0, 0, 0, patients), ((int)summary["evidenceOnly"]!, (int)summary["actsWithoutEffect"]!, (int)summary["notReplayable"]!, (int)summary["patients"]!));
        Assert.All(result["weeks"]!.AsArray(), w => Assert.True(JsonNode.DeepEquals(w!["live"], w["draft"])));
    }

    private static (int Added, int Removed, int Earlier, int Later, int Changed) CountsOf(JsonNode result)
    {
        var summary = result["summary"]!;
        return ((int)summary["added"]!, (int)summary["removed"]!, (int)summary["earlier"]!, (int)summary["later"]!, (int)summary["changed"]!);
    }

    private static int SumOf(JsonNode replay, string side) => replay["result"]!["weeks"]!.AsArray().Sum(w => (int)w![side]!["opened"]!);

    private static string HashOf(JsonNode replay) => (string)replay["result"]!["hash"]!;

    private static (decimal Value, decimal Threshold, string Holds) ClauseOf(JsonNode side)
    {
        var clause = side["verdict"]!["clauses"]!.AsArray().First(c => (string)c!["rule"]! == "R-05")!;
        return ((decimal)clause["value"]!, (decimal)clause["threshold"]!, (string)clause["holds"]!);
    }

    private static async Task<List<(string FollowUp, string? Evaluation, string Type)>> LogAsync(HttpClient client)
    {
        var entries = new List<(string, string?, string)>();
        foreach (var status in new[] { "open", "acknowledged", "in-progress", "closed" })
        {
            foreach (var followUp in (await client.GetOkAsync($"/api/v1/follow-ups?status={status}&limit=200"))["items"]!.AsArray())
            {
                var id = (string)followUp!["id"]!;
                entries.AddRange((await client.GetOkAsync($"/api/v1/follow-ups/{id}"))["events"]!.AsArray().Select(e => (id, (string?)e!["evaluationId"], (string)e["type"]!)));
            }
        }

        return entries;
    }
}

/// <summary>Replays as a test asks for them.</summary>
internal static class Replaying
{
    public const string Url = "/api/v1/rules/replay";

    /// <summary>Asks for a replay and waits for its result.</summary>
    public static async Task<JsonNode> ReplayAsync(this LdnApiHost api, HttpClient client, object body)
    {
        using var asked = await client.SendAsync(HttpMethod.Post, Url, body);
        var replay = await asked.ReadAsync();
        Assert.True(asked.IsSuccessStatusCode, replay.ToJsonString());
        if ((int)asked.StatusCode == 202)
        {
            await api.RunReplaysAsync();
            replay = await client.GetOkAsync(asked.Headers.Location!.ToString());
        }

        Assert.Equal("completed", (string)replay["status"]!);
        return replay;
    }

    /// <summary>Does to the database what no request can do.</summary>
    public static async Task AsOwnerAsync(this LdnApiHost api, string sql)
    {
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var command = owner.CreateCommand(sql);
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }

    public static async Task<long> CountAsync(this LdnApiHost api, string table, ClinicId clinic)
    {
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var command = owner.CreateCommand($"SELECT count(*) FROM {table} WHERE clinic_id = '{clinic}'");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
