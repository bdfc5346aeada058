using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Whole diaries through the API: a real one under a real taper, where it is at hand, and the one of the walk-through.</summary>
public sealed class DiaryTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly string Shared = Environment.GetEnvironmentVariable("LDN_SHARED") ?? FromRoot("../shared");

    /// <summary>517 entries of 74 days with five dose reductions. Its drug is not naltrexone; the doses are scaled (150 = 4.5 mg).</summary>
    [Fact]
    public async Task A_real_diary_gives_the_daily_anxiety_and_the_events_that_are_expected_of_it()
    {
        var measurements = Path.Combine(Shared, "data", "diary", "measurements.csv");
        Assert.SkipUnless(File.Exists(measurements), $"The diary is not here. LDN_SHARED names the folder that holds data/diary; now {Shared}.");
        var expected = JsonNode.Parse(await File.ReadAllTextAsync(FromRoot("tests/vectors/diary_expected.json"), TestContext.Current.CancellationToken))!;
        var scenario = expected["scenarios"]!["noBaseline"]!;
        var dayZero = DateOnly.ParseExact((string)expected["dayZero"]!, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var doses = expected["doses"]!.AsArray().Select(d => (Day: (int)d!["day"]!, Mg: (decimal)d["mg"]!)).ToArray();
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "Europe/Amsterdam");
        var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = doses[0].Mg, startsOn = dayZero });
        var steps = doses.Select((d, i) => i == doses.Length - 1 ? (object)new { doseMg = d.Mg } : new { doseMg = d.Mg, days = doses[i + 1].Day - d.Day }).ToArray();
        var plan = await client.PostOkAsync(ApiClient.Of(patient, "/titration-schedules"), new { prescriptionId = (string)prescription["id"]!, startsOn = dayZero, steps });
        var url = ApiClient.Of(patient, $"/titration-schedules/{plan["id"]}");
        for (var i = 0; i < doses.Length; i++)
        {
            await client.PostOkAsync($"{url}/{(i == 0 ? "start" : "advance")}", new { reason = "as recorded", on = dayZero.AddDays(doses[i].Day) }, i + 1);
        }

        var result = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json(ToCsv(await File.ReadAllLinesAsync(measurements, TestContext.Current.CancellationToken)), "text/csv"));
        var lastDay = dayZero.AddDays((int)expected["days"]! - 1);
        var evaluation = await client.GetOkAsync(ApiClient.Of(patient, "/evaluation"));

        Assert.Equal(((int)expected["checkIns"]!, 0), ((int)result["created"]!, (int)result["rejected"]!));
        Assert.Equal(
            scenario["anxietyByDay"]!.AsArray().Where(d => d!["a"] is not null).Select(d => $"{d!["day"]} {d["a"]} {d["symptomatic"]}"),
            evaluation["days"]!.AsArray().Where(d => DayOf(d!["on"]) <= lastDay.DayNumber - dayZero.DayNumber).Select(d => $"{DayOf(d!["on"])} {d!["anxiety"]} {d["symptomatic"]}"));
        Assert.Equal(
            scenario["events"]!.AsArray().Select(e => $"{e!["day"]} {e["family"]} {e["type"]} {e["label"]} {e["priority"]}").Order(StringComparer.Ordinal),
            evaluation["events"]!.AsArray().Where(e => DayOf(e!["on"]) <= lastDay.DayNumber - dayZero.DayNumber)
                .Select(e => $"{DayOf(e!["on"])} {VectorPatient.Upper(e["family"])} {VectorPatient.Upper(e["type"])} {VectorPatient.Upper(e["label"])} {e["priority"]}").Order(StringComparer.Ordinal));

        int DayOf(JsonNode? date) => DateOnly.ParseExact((string)date!, "yyyy-MM-dd", CultureInfo.InvariantCulture).DayNumber - dayZero.DayNumber;
    }

    [Fact]
    public async Task The_diary_of_the_walk_through_ends_in_a_persistent_follow_up_with_its_clauses()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);
        var start = new DateOnly(2026, 2, 9);
        await client.PrescribeAsync(patient, start);
        var csv = await File.ReadAllTextAsync(FromRoot("docs/walkthrough/diary.csv"), TestContext.Current.CancellationToken);
        // The test's clock stands two weeks and a day before the diary ends, so the diary is moved.
        var moved = string.Join('\n', csv.Split('\n').Select(l => DateOnly.TryParseExact(l.Split(',')[0], "yyyy-MM-dd", out var day) ? Days.Format(day.AddDays(-21)) + l[10..] : l));

        var result = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json(moved, "text/csv"));

        var raised = result["followUps"]!.AsArray().Single(f => (string)f!["family"]! == "course")!;
        var followUp = await client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}");
        Assert.Equal(("persistent", "soon"), ((string)followUp["label"]!, (string)followUp["priority"]!));
        Assert.Contains(followUp["clauses"]!.AsArray(), c => (string)c!["name"]! == "symptomatic-days-in-window" && (string)c["holds"]! == "true");
        Assert.True(followUp["evidence"]!.AsArray().Count >= 8);
    }

    /// <summary>Restlessness, agitation and worry, −3 … 3 or 1 … 7, become scores of 0–10 as the expectation says: round((x − 1) · 10 / 6), half up.</summary>
    private static string ToCsv(string[] lines)
    {
        var header = lines[0].Split(',');
        var csv = new StringBuilder("date,restlessness,agitation,nervousness,sourceSystem,sourceId\n");
        foreach (var cells in lines.Skip(1).Select(l => l.Split(',')))
        {
            csv.Append(CultureInfo.InvariantCulture, $"{Cell("date")},{Score("pat_restl")},{Score("pat_agitate")},{Score("pat_worry")},diary,{Cell("measurement_id")}\n");

            string Cell(string column) => cells[Array.IndexOf(header, column)];
            string Score(string column) => Cell(column) is { Length: > 0 } value
                ? ((int)Math.Floor(((decimal.Parse(value, CultureInfo.InvariantCulture) - 1) * 10 / 6) + 0.5m)).ToString(CultureInfo.InvariantCulture)
                : "";
        }

        return csv.ToString();
    }

    private static string FromRoot(string path, [System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../..", path));
}
