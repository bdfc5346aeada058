using System.Net;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Common;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>What would come of a titration, asked over HTTP. Nothing comes of the question itself.</summary>
public sealed class SimulationTests(LdnApiHost api) : IClassFixture<LdnApiHost>, IAsyncLifetime
{
    private HttpClient _client = null!;
    private PatientId _patient;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    private string Hypothetical => ApiClient.Of(_patient, "/titration-schedules/simulate");

    public async ValueTask InitializeAsync()
    {
        _client = api.ClientOf(LdnApiHost.NewClinic());
        _patient = await LdnApiHost.RegisterAsync(_client, "UTC");
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_plan_that_does_not_exist_is_worked_out_with_a_hold_and_with_smaller_steps()
    {
        var result = await _client.PostOkAsync(Hypothetical, new { preset = "seed-standard", startsOn = Today.AddDays(2), strengthsMg = new[] { 0.5m, 1.5m, 3.0m, 4.5m } });

        var plan = result["plan"]!;
        Assert.Contains("no pharmacokinetic prediction", (string)result["notice"]!);
        Assert.Equal((Days.Format(Today.AddDays(2)), Days.Format(Today.AddDays(30)), 28, 4.5m),
            ((string)plan["from"]!, (string)plan["targetOn"]!, (int)plan["daysToTarget"]!, (decimal)plan["targetDoseMg"]!));
        Assert.Equal(["4.5 28", "3.0 14", "1.5 14"], plan["capsules"]!.AsArray().Select(c => $"{c!["strengthMg"]!.ToJsonString()} {c["count"]}"));
        Assert.Equal([(14, null, 14), (null, 0.5m, 56)],
            result["alternatives"]!.AsArray().Select(a => ((int?)a!["holdDays"], (decimal?)a["maxStepMg"], (int)a["daysLater"]!)));
        Assert.Equal([1.5m, 2.0m, 2.5m, 3.0m, 3.5m, 4.0m, 4.5m], result["alternatives"]![1]!["plan"]!["steps"]!.AsArray().Select(s => (decimal)s!["doseMg"]!));
        Assert.Null(plan["supplyGaps"]);
    }

    [Fact]
    public async Task A_running_titration_is_worked_out_from_today_with_its_supply_its_gap_and_its_refills()
    {
        var plan = await PlanAsync(Today.AddDays(-4), "start");

        var result = (await _client.PostOkAsync($"{plan}/simulate", new { supply = new[] { new { strengthMg = 1.5m, count = 20 } }, refillDays = 28, alternatives = Array.Empty<object>() }));

        var (simulated, gap) = (result["plan"]!, result["plan"]!["supplyGaps"]!.AsArray().Single()!);
        Assert.Equal((Days.Format(Today), Days.Format(Today.AddDays(24))), ((string)simulated["from"]!, (string)simulated["targetOn"]!));
        Assert.Equal(Days.Format(Today.AddDays(15)), (string)gap["from"]!); // ten days of one capsule, five of two
        var refill = simulated["refills"]![0]!;
        Assert.Equal((Days.Format(Today.AddDays(15)), Days.Format(Today.AddDays(8)), (9 * 2) + (19 * 3)),
            ((string)refill["on"]!, (string)refill["orderBy"]!, (int)refill["capsules"]![0]!["count"]!));
        Assert.Empty(result["alternatives"]!.AsArray());
    }

    [Fact]
    public async Task Guardrails_are_those_of_an_order_and_speak_of_each_step_to_come()
    {
        await _client.PostOkAsync(ApiClient.Of(_patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } });

        var result = await _client.PostOkAsync(Hypothetical, new { steps = new object[] { new { doseMg = 3.0, days = 5 }, new { doseMg = 4.5, days = 14 }, new { doseMg = 50 } }, alternatives = new[] { new { maxStepMg = 1.5 } } });

        Assert.Equal(
            ["3 R-10 override-required, R-14 warning", "4.5 R-10 override-required, R-16 warning", "50 R-13 block, R-10 override-required, R-15 warning"],
            result["plan"]!["guardrails"]!.AsArray().Select(h =>
                $"{h!["doseMg"]!.ToJsonString()} {string.Join(", ", h["findings"]!.AsArray().Select(f => $"{f!["rule"]} {f["effect"]}"))}"));
        Assert.NotEmpty(result["alternatives"]![0]!["plan"]!["guardrails"]!.AsArray());
    }

    /// <summary>Not a row in any table but that of who looked, whatever is asked and under whatever key.</summary>
    [Fact]
    public async Task A_simulation_stores_nothing()
    {
        var plan = await PlanAsync(Today.AddDays(-4), "start");
        var before = await RowsAsync();

        await _client.PostOkAsync($"{plan}/simulate", new { strengthsMg = new[] { 1.5m } }, key: "simulate-1");
        await _client.PostOkAsync(Hypothetical, new { preset = "ms-slow" }, key: "simulate-2");
        using var refused = await _client.SendAsync(HttpMethod.Post, Hypothetical, new { preset = "by-moonlight" });

        Assert.Equal(before, await RowsAsync());
        Assert.True(before.Values.Sum() > 4);
        Assert.Equal(2, (int)(await _client.GetOkAsync(plan))["version"]!);
    }

    [Fact]
    public async Task Reading_is_enough_to_ask_and_another_clinics_titration_is_not_there()
    {
        var clinic = LdnApiHost.NewClinic();
        using var writer = api.ClientOf(clinic);
        using var reader = api.ClientOf(clinic, scope: Scopes.ClinicalRead);
        var theirs = await LdnApiHost.RegisterAsync(writer);
        var plan = await PlanAsync(Today, "start");

        await reader.PostOkAsync(ApiClient.Of(theirs, "/titration-schedules/simulate"), new { preset = "ms-slow" });
        using var foreign = await reader.SendAsync(HttpMethod.Post, $"{plan}/simulate", new { });

        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }

    [Fact]
    public async Task What_has_ended_has_nothing_to_come()
    {
        var plan = await PlanAsync(Today, "start", "stop");

        using var response = await _client.SendAsync(HttpMethod.Post, $"{plan}/simulate", new { });

        Assert.Equal((409, "stopped"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["state"]));
    }

    [Theory]
    [InlineData("""{ "strengthsMg": [1.5] }""", 400, "$.steps")]
    [InlineData("""{ "preset": "ms-slow", "strengthsMg": [0] }""", 400, "$.strengthsMg")]
    [InlineData("""{ "preset": "ms-slow", "strengthsMg": [1, 2, 3, 4, 5, 6], "supply": [{ "strengthMg": 7, "count": 1 }] }""", 400, "$.strengthsMg")]
    [InlineData("""{ "preset": "ms-slow", "supply": [{ "strengthMg": 1.5, "count": -1 }] }""", 400, "$.supply[0].count")]
    [InlineData("""{ "preset": "ms-slow", "refillDays": 0 }""", 400, "$.refillDays")]
    [InlineData("""{ "preset": "ms-slow", "days": 2000 }""", 400, "$.days")]
    [InlineData("""{ "preset": "ms-slow", "alternatives": [{ "holdDays": 0 }] }""", 400, "$.alternatives[0].holdDays")]
    [InlineData("""{ "preset": "ms-slow", "startsOn": "2199-12-30" }""", 400, "$.startsOn")]
    [InlineData("""{ "preset": "ms-slow", "alternatives": [{ "holdDays": 7 }, { "maxStepMg": 0.001 }] }""", 422, "$.alternatives[1].maxStepMg")]
    [InlineData("""{ "preset": "ms-slow", "prescriptionId": "0195d000-0000-7000-8000-000000000002" }""", 422, "$.prescriptionId")]
    public async Task A_question_that_means_nothing_is_refused_with_the_place(string json, int status, string path)
    {
        using var response = await _client.SendAsync(HttpMethod.Post, Hypothetical, ApiClient.Json(json));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
    }

    /// <summary>160 steps of half a milligram: more than a plan may have. Nobody has asked for them.</summary>
    [Fact]
    public async Task The_usual_smaller_steps_are_left_out_where_they_are_too_many()
    {
        var result = await _client.PostOkAsync(Hypothetical, new { steps = new object[] { new { doseMg = 1.0, days = 7 }, new { doseMg = 81.0 } } });

        Assert.Equal([14], result["alternatives"]!.AsArray().Select(a => (int?)a!["holdDays"]));
    }

    private async Task<string> PlanAsync(DateOnly start, params string[] actions)
    {
        var prescription = await _client.PostOkAsync(ApiClient.Of(_patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = start });
        var plan = await _client.PostOkAsync(ApiClient.Of(_patient, "/titration-schedules"), new { prescriptionId = (string)prescription["id"]!, startsOn = start, preset = "seed-standard" });
        var url = ApiClient.Of(_patient, $"/titration-schedules/{plan["id"]}");
        for (var i = 0; i < actions.Length; i++)
        {
            await _client.PostOkAsync($"{url}/{actions[i]}", new { reason = "as the test says", on = start }, i + 1);
        }

        return url;
    }

    private async Task<Dictionary<string, long>> RowsAsync()
    {
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var tables = owner.CreateCommand("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'audit%'");
        var names = new List<string>();
        await using (var reader = await tables.ExecuteReaderAsync(Ct))
        {
            while (await reader.ReadAsync(Ct))
            {
                names.Add(reader.GetString(0));
            }
        }

        var rows = new Dictionary<string, long>();
        foreach (var name in names)
        {
            await using var count = owner.CreateCommand($"SELECT count(*) FROM \"{name}\"");
            rows[name] = (long)(await count.ExecuteScalarAsync(Ct))!;
        }

        return rows;
    }
}
