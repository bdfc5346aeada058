using System.Globalization;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>
/// Real people before their first naltrexone: two trials of the NIDA (CTN-0094), opioid use by day. The naltrexone there is a 380 mg depot for opioid
/// use disorder; what is tried here is the opioid-free interval, with an order of 1.5 mg on the day of each first injection.
/// </summary>
/// <remarks>
/// Assumed: a row of doses whose unit is "injection" is naltrexone (all are of the arm "Inpatient NR-NTX"). A day counts as one with an opioid when the
/// timeline or a urine test of that day says heroin, opioid, buprenorphine, methadone, oxycodone or codeine; kratom has no code. Heroin is taken as diamorphine, an
/// unnamed opioid as morphine. Days in a row with one substance are one medicine, stopped on the day after the last. Of each person the last 30 days are
/// imported. Day 0 of the study is put where the first injection falls on the day of the test's clock.
/// </remarks>
public sealed class TrialImportTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const int ImportedDays = 30;
    private static readonly string Folder = Path.Combine(Environment.GetEnvironmentVariable("LDN_SHARED") ?? FromRoot("../shared"), "data", "naltrexone-trials");

    private static readonly Dictionary<string, string> Atc = new()
    {
        ["Heroin"] = "N07BC06",
        ["Opioid"] = "N02AA01",
        ["Buprenorphine"] = "N07BC01",
        ["Methadone"] = "N07BC02",
        ["Oxycodone"] = "N02AA05",
        ["Codeine"] = "R05DA04",
    };

    [Fact]
    public async Task Of_those_who_received_naltrexone_the_api_blocks_as_many_as_had_an_opioid_in_the_days_before()
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Folder, "dose_by_day.csv")), $"The trials are not here. LDN_SHARED names the folder that holds data/naltrexone-trials; now {Folder}.");
        var first = (await ReadAsync("dose_by_day.csv")).Where(r => r["unit"] == "injection").GroupBy(r => r["who"])
            .ToDictionary(g => g.Key, g => g.Min(r => int.Parse(r["study_day"], CultureInfo.InvariantCulture)));
        var use = (await ReadAsync("substance_use_by_day_ctn51.csv")).Where(r => first.ContainsKey(r["who"]) && Atc.ContainsKey(r["what"]))
            .Select(r => (Who: r["who"], What: r["what"], Before: first[r["who"]] - int.Parse(r["study_day"], CultureInfo.InvariantCulture))).Distinct().ToList();

        // Straight from the files: days before the first injection, 0 = that very day.
        var inWeek = use.Where(u => u.Before is >= 1 and <= 7).Select(u => u.Who).ToHashSet();
        var longActingInFortnight = use.Where(u => u.What is "Methadone" or "Buprenorphine" && u.Before is >= 1 and <= 14).Select(u => u.Who).ToHashSet();
        var onTheDay = use.Where(u => u.Before == 0).Select(u => u.Who).ToHashSet();
        Assert.Equal((96, 49, 61, 4), (first.Count, inWeek.Count, inWeek.Union(longActingInFortnight).Count(), onTheDay.Count));

        // Through the API.
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var found = new Dictionary<string, JsonArray>();
        foreach (var who in first.Keys)
        {
            found[who] = await OrderAsync(client, [.. use.Where(u => u.Who == who && u.Before is >= 0 and <= ImportedDays).Select(u => (u.What, u.Before))]);
        }

        Assert.Equal(inWeek.Order(), With("R-20", f => Evidence(f).Any(days => days < 7)));
        Assert.Equal(inWeek.Union(longActingInFortnight).Order(), With("R-20", f => (string)f["effect"]! == "block"));
        Assert.Equal(onTheDay.Order(), With("R-19", f => (string)f["effect"]! == "block"));

        IEnumerable<string> With(string rule, Func<JsonNode, bool> holds) =>
            found.Where(p => p.Value.Any(f => (string)f!["rule"]! == rule && holds(f))).Select(p => p.Key).Order();
    }

    private static IEnumerable<decimal> Evidence(JsonNode finding) => finding["evidence"]!.AsArray().Select(e => (decimal)e!["value"]!);

    private async Task<JsonArray> OrderAsync(HttpClient client, IReadOnlyCollection<(string What, int Before)> use)
    {
        var today = DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        foreach (var (what, from, to) in Spells(use))
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = Atc[what], startedOn = today.AddDays(-from), stoppedOn = today.AddDays(1 - to) });
        }

        using var answer = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = today });
        return (await answer.ReadAsync())["findings"]!.AsArray();
    }

    /// <summary>Days in a row with one substance: from and to, in days before the injection.</summary>
    private static IEnumerable<(string What, int From, int To)> Spells(IReadOnlyCollection<(string What, int Before)> use)
    {
        foreach (var (what, before) in use.Where(u => !use.Contains((u.What, u.Before + 1))))
        {
            yield return (what, before, Enumerable.Range(0, before + 1).Select(n => before - n).TakeWhile(day => use.Contains((what, day))).Last());
        }
    }

    private static async Task<List<Dictionary<string, string>>> ReadAsync(string file)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Folder, file), TestContext.Current.CancellationToken);
        var header = lines[0].Split(',');
        return [.. lines.Skip(1).Select(l => header.Zip(l.Split(',')).ToDictionary(p => p.First, p => p.Second))];
    }

    private static string FromRoot(string path, [System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../..", path));
}
