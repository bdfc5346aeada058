using System.Net;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Dose, mood and follow-up on one axis.</summary>
public sealed class TimelineTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task Each_day_says_what_was_prescribed_taken_and_felt()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var (prescription, version) = await client.PrescribeAsync(patient, Today.AddDays(-6));
        await client.OrderOkAsync(ApiClient.Of(patient, $"/prescriptions/{prescription}/change-dose"), new { doseMg = 3.0m, on = Today.AddDays(-2), reason = "as planned" }, version);
        await ReportAsync(client, patient, new { date = Today.AddDays(-5), scores = new { anxiety = 2, restlessness = 4, mood = 7, sleepQuality = 5 }, dose = new { takenAt = "21:00", doseMg = 1.5m } });
        await ReportAsync(client, patient, new { date = Today.AddDays(-1), scores = new { anxiety = 3 }, dose = new { missed = true } });

        var timeline = await client.GetOkAsync(ApiClient.Of(patient, $"/timeline?from={Today.AddDays(-7):yyyy-MM-dd}"));

        var days = timeline["days"]!.AsArray();
        Assert.Equal(8, days.Count);
        Assert.Equal([0m, 1.5m, 1.5m, 1.5m, 1.5m, 3m, 3m, 3m], days.Select(d => (decimal)d!["prescribedDoseMg"]!));
        Assert.Equal([null, 0, 1, 2, 3, 0, 1, 2], days.Select(d => (int?)d!["daysSinceIncrease"]));
        Assert.Equal([null, null, 4, null, null, null, 3, null], days.Select(d => (int?)d!["anxiety"]));
        Assert.Equal((1.5m, "check-ins", 7, 5), ((decimal)days[2]!["actualDoseMg"]!, (string?)days[2]!["actualFrom"], (int)days[2]!["mood"]!, (int)days[2]!["sleepQuality"]!));
        Assert.Equal((0m, "check-ins"), ((decimal)days[6]!["actualDoseMg"]!, (string?)days[6]!["actualFrom"]));
        Assert.Equal((3m, "prescription"), ((decimal)days[7]!["actualDoseMg"]!, (string?)days[7]!["actualFrom"]));
    }

    [Fact]
    public async Task Questionnaires_events_follow_ups_and_holds_lie_on_the_same_axis_and_what_was_retracted_does_not()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var schedule = await StartAsync(client, patient, Today.AddDays(-20));
        await client.PostOkAsync(ApiClient.Of(patient, $"/titration-schedules/{schedule}/hold"), new { reason = "restless", on = Today.AddDays(-10) }, ifMatch: 2);
        var held = await client.GetOkAsync(ApiClient.Of(patient, "/timeline"));
        await client.OrderOkAsync(ApiClient.Of(patient, $"/titration-schedules/{schedule}/resume"), new { reason = "better", on = Today.AddDays(-3) }, ifMatch: 3);
        await client.PostOkAsync(ApiClient.Of(patient, "/assessments"), new { instrument = "gad-7", takenOn = Today.AddDays(-4), answers = new[] { 2, 2, 2, 2, 2, 1, 0 } });
        await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "anxiety", severity = "severe", onsetOn = Today.AddDays(-9) });
        var wrong = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "headache", severity = "mild", onsetOn = Today.AddDays(-8) });
        await client.PostOkAsync(ApiClient.Of(patient, $"/adverse-events/{wrong["id"]}/retract"), new { reason = "another patient's" }, ifMatch: 1);

        var timeline = await client.GetOkAsync(ApiClient.Of(patient, "/timeline"));

        Assert.Equal(90, timeline["days"]!.AsArray().Count);
        Assert.Equal((11, $"{Today.AddDays(-4):yyyy-MM-dd}"), ((int)Only(timeline, "assessments")["total"]!, (string?)Only(timeline, "assessments")["takenOn"]));
        Assert.Equal("anxiety", (string?)Only(timeline, "adverseEvents")["term"]);
        Assert.Contains(timeline["followUps"]!.AsArray(), f => (string?)f!["family"] == "severe" && (string?)f["status"] == "open");
        Assert.Equal((schedule, $"{Today.AddDays(-10):yyyy-MM-dd}", null), ((string?)Only(held, "holds")["titrationScheduleId"], (string?)Only(held, "holds")["from"], (string?)Only(held, "holds")["to"]));
        Assert.Equal($"{Today.AddDays(-3):yyyy-MM-dd}", (string?)Only(timeline, "holds")["to"]);
        Assert.Empty((await client.GetOkAsync(ApiClient.Of(patient, $"/timeline?to={Today.AddDays(-30):yyyy-MM-dd}")))["holds"]!.AsArray());

        static JsonNode Only(JsonNode timeline, string kind) => Assert.Single(timeline[kind]!.AsArray())!;
    }

    [Theory]
    [InlineData("from=2026-03-15")]
    [InlineData("from=2025-03-13&to=2026-03-14")]
    [InlineData("from=2026-03-02&to=2026-03-01")]
    [InlineData("to=1899-12-31")]
    [InlineData("from=soon")]
    public async Task A_period_that_is_none_or_too_long_is_refused(string period)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var response = await client.GetAsync(ApiClient.Of(patient, $"/timeline?{period}"), Ct);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid-request"), (response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    [Fact]
    public async Task The_last_day_is_the_one_where_the_patient_lives()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var ahead = await LdnApiHost.RegisterAsync(client, "Pacific/Kiritimati"); // UTC+14: 23:00 here

        var timeline = await client.GetOkAsync(ApiClient.Of(ahead, "/timeline"));

        var today = DateOnly.FromDateTime(api.Clock.GetUtcNow().AddHours(14).UtcDateTime);
        Assert.Equal(($"{today:yyyy-MM-dd}", 90), ((string?)timeline["to"], timeline["days"]!.AsArray().Count));
    }

    private static Task<JsonNode> ReportAsync(HttpClient client, PatientId patient, object report) => client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), report);

    private static async Task<string> StartAsync(HttpClient client, PatientId patient, DateOnly startsOn)
    {
        var prescription = await client.OrderOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn });
        var schedule = await client.PostOkAsync(ApiClient.Of(patient, "/titration-schedules"), new { prescriptionId = (string)prescription["id"]!, startsOn, preset = "seed-standard" });
        await client.OrderOkAsync(ApiClient.Of(patient, $"/titration-schedules/{schedule["id"]}/start"), new { reason = "first dose taken", on = startsOn }, ifMatch: 1);
        return (string)schedule["id"]!;
    }
}
