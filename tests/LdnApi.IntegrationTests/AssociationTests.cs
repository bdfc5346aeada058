using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>The association statistics of histories that are lived through the API.</summary>
public sealed class AssociationTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly JsonArray Cases = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "association.json")))!.AsArray();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task A_change_of_the_dose_answers_the_numbers_of_the_worked_example()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (patient, expected) = await LiveFirstExampleAsync(client);

        var answer = await client.GetOkAsync(ApiClient.Of(patient, "/association"));

        var change = answer["doseChanges"]![1]!;
        Assert.Equal((1.5m, 3.0m, $"{Today.AddDays(-6):yyyy-MM-dd}"), ((decimal)change["fromMg"]!, (decimal)change["toMg"]!, (string)change["on"]!));
        Assert.Equal((7, 7), ((int)change["before"]!["reported"]!, (int)change["after"]!["reported"]!));
        Near(expected["twoPhase"]!["tau"], change["association"]!["tau"]);
        Near(expected["twoPhase"]!["nap"], change["nap"]);
        Near(expected["twoPhase"]!["medianA"], change["medianBefore"]);
        Near(expected["twoPhase"]!["medianB"], change["medianAfter"]);
        Near(expected["twoPhase"]!["shift"], change["shift"]);
        Near(expected["tauB"]!["z"], change["association"]!["z"]);
        Near(expected["tauB"]!["p"], change["association"]!["p"]);
        Near(expected["exactPermutation"]!["p"], change["exactP"]);
        Near(expected["autocorrelation"]!["r1"], change["association"]!["autocorrelation"]);
        Assert.Equal(("strong", "low", 14), ((string?)change["association"]!["strength"], (string?)change["association"]!["confidence"], (int)change["association"]!["n"]!));
        Assert.Equal("This is an association, not proof. Co-medication, sleep or caffeine may explain it.", (string?)answer["caution"]);
    }

    [Fact]
    public async Task Dose_lags_and_trend_are_those_of_the_worked_example()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (patient, expected) = await LiveFirstExampleAsync(client);

        var answer = await client.GetOkAsync(ApiClient.Of(patient, "/association"));

        Near(expected["tauB"]!["tauB"], answer["dose"]!["association"]!["tau"]);
        Near(expected["tauB"]!["p"], answer["dose"]!["association"]!["p"]);
        Assert.All(expected["lags"]!.AsArray(), lag => Near(lag!["tauB"], answer["dose"]!["lags"]![(int)lag["lag"]!]!["tau"]));
        Assert.Equal((double)expected["bonferroniLag0"]!, Math.Round((double)answer["dose"]!["lags"]![0]!["bonferroniP"]!, 4));
        Assert.Equal(0, (int)answer["dose"]!["strongestLag"]!);
        Near(expected["mannKendall"]!["tauB"], answer["trend"]!["association"]!["tau"]);
        Near(expected["mannKendall"]!["p"], answer["trend"]!["association"]!["p"]);
        Near(expected["theilSen"], answer["trend"]!["slopePerDay"]);
    }

    [Fact]
    public async Task Lateness_of_ten_days_is_too_little_and_four_more_pairs_are_asked_for()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var c = Case("S2");
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var start = Today.AddDays(-9);
        var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = start, timeOfDay = "20:00" });
        await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{prescription["id"]}/activate"), new { on = start }, 1);
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new
        {
            items = c["x"]!.AsArray().Select((late, day) => new
            {
                date = start.AddDays(day),
                scores = new { anxiety = (int)c["y"]![day]! },
                dose = new { takenAt = new TimeOnly(20, 0).AddMinutes((int)late!) },
            }),
        });

        var timing = (await client.GetOkAsync(ApiClient.Of(patient, "/association")))["timing"]!;

        Assert.Equal(("20:00", "insufficient-data", 10), ((string?)timing["scheduledAt"], (string?)timing["sameDay"]!["status"], (int)timing["sameDay"]!["n"]!));
        Assert.Equal("""[{"what":"pairs","count":4}]""", timing["sameDay"]!["stillNeeded"]!.ToJsonString());
        Assert.Equal("""[{"what":"pairs","count":5}]""", timing["nextDay"]!["stillNeeded"]!.ToJsonString());
        Assert.Null(timing["sameDay"]!["tau"]);
    }

    [Fact]
    public async Task A_patient_of_whom_nothing_is_known_gets_no_number()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        var answer = await client.GetOkAsync(ApiClient.Of(patient, "/association"));

        Assert.Empty(answer["doseChanges"]!.AsArray());
        Assert.Equal("""{"association":{"status":"insufficient-data","stillNeeded":[{"what":"pairs","count":14},{"what":"distinct-values","count":2},{"what":"distinct-scores","count":2}],"n":0},"lags":[]}""",
            answer["dose"]!.ToJsonString());
    }

    [Fact]
    public async Task A_past_day_is_looked_at_as_it_was_known_then()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (patient, _) = await LiveFirstExampleAsync(client);
        var day = Today;
        api.Clock.Advance(TimeSpan.FromDays(1));
        var known = await client.GetOkAsync(ApiClient.Of(patient, "/association"));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = day.AddDays(-13), scores = new { anxiety = 9 } });

        var then = await client.GetOkAsync(ApiClient.Of(patient, $"/association?asOf={day:yyyy-MM-dd}"));
        var now = await client.GetOkAsync(ApiClient.Of(patient, "/association"));

        Assert.Equal(known["doseChanges"]![1]!["association"]!.ToJsonString(), then["doseChanges"]![1]!["association"]!.ToJsonString());
        Assert.NotEqual((double)then["doseChanges"]![1]!["association"]!["tau"]!, (double)now["doseChanges"]![1]!["association"]!["tau"]!);
    }

    [Theory]
    [InlineData("asOf=2199-01-01", 422, "date-in-future")]
    [InlineData("asOf=0001-01-01", 400, "invalid-request")]
    [InlineData("asOf=yesterday", 400, "invalid-request")]
    public async Task A_day_that_is_none_or_lies_in_the_future_is_refused(string query, int status, string code)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var response = await client.GetAsync(ApiClient.Of(patient, $"/association?{query}"), Ct);

        Assert.Equal((status, code), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    private static JsonNode Case(string id) => Cases.Single(c => (string)c!["id"]! == id)!;

    private static void Near(JsonNode? expected, JsonNode? found) => Assert.Equal((double)expected!, (double)found!, 1e-6);

    /// <summary>A week of 1.5 mg and a week of 3 mg up to today, with the scores of the first example.</summary>
    private async Task<(PatientId Patient, JsonNode Expected)> LiveFirstExampleAsync(HttpClient client)
    {
        var c = Case("S1");
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var start = Today.AddDays(-13);
        var (id, version) = await client.PrescribeAsync(patient, start);
        await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{id}/change-dose"), new { doseMg = 3.0m, on = start.AddDays(7) }, version);
        var scores = c["phaseA"]!.AsArray().Concat(c["phaseB"]!.AsArray());
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new { items = scores.Select((a, day) => new { date = start.AddDays(day), scores = new { anxiety = (int)a! } }) });
        return (patient, c["expected"]!);
    }
}
