using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LdnApi.Common;
using LdnApi.Hosting.Observability;
using LdnApi.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>One process is one API, but for the tests: a meter of one host that ends takes the counters of the same name from the others. These wait until the others are gone.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

/// <summary>What the dashboards and the alerts in deploy/ ask for is what the API serves, and each alert says what to do.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed partial class DashboardTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    internal static readonly string Root = Path.GetFullPath("../..", Path.GetDirectoryName(ThisFile())!);

    private static readonly string[] OfPrometheus = ["up"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_metric_of_a_dashboard_or_an_alert_is_served()
    {
        var asked = Dashboards().Concat(Alerts().Select(a => a.Expression)).SelectMany(MetricsOf).Except(OfPrometheus).Distinct().Order().ToList();
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await WalkAsync(client);

        var served = Served().Matches(await client.GetStringAsync("/metrics", Ct)).Select(m => m.Groups[1].Value).ToHashSet();

        Assert.True(asked.Count > 15, string.Join(' ', asked));
        Assert.Empty(asked.Except(served));
    }

    [Fact]
    public void Every_alert_has_its_line_in_the_operations_page()
    {
        var page = File.ReadAllText(Path.Combine(Root, "deploy/OPERATIONS.md"));
        var alerts = Alerts();

        Assert.True(alerts.Count > 8);
        Assert.All(alerts, alert => Assert.Contains($"| `{alert.Name}` |", page, StringComparison.Ordinal));
        Assert.All(RunbookLine().Matches(page[page.IndexOf("**Alerts**", StringComparison.Ordinal)..]), line => Assert.Contains(alerts, alert => alert.Name == line.Groups[1].Value));
    }

    [Fact]
    public async Task Open_and_overdue_follow_ups_of_all_clinics_are_counted_by_priority()
    {
        var before = await OutstandingAsync();
        foreach (var clinic in new[] { LdnApiHost.NewClinic(), LdnApiHost.NewClinic() })
        {
            using var client = api.ClientOf(clinic);
            await CrisisAsync(client);
        }

        var open = await OutstandingAsync();
        api.Clock.Advance(TimeSpan.FromDays(2));
        var overdue = await OutstandingAsync();

        Assert.Equal((before["open"] + 2, before["overdue"]), (open["open"], open["overdue"]));
        Assert.Equal(before["open"] + 2, overdue["overdue"]);
    }

    /// <summary>What only reads is done again when it is asked again: a key sent with it keeps nothing and counts for nothing.</summary>
    [Fact]
    public async Task Only_answers_that_are_kept_are_counted_as_kept()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var changing = new ChangingRoutes(client, DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime));
        var readings = new List<Call>();
        foreach (var name in ChangingRoutes.Calculations)
        {
            readings.Add(await changing.ReadyAsync(name));
        }

        var before = await KeptAsync();
        foreach (var call in readings)
        {
            using var read = await call.SendAsync(client, null, "a-key-for-nothing");
            Assert.Equal(200, (int)read.StatusCode);
        }

        var after = await KeptAsync();
        await client.PostOkAsync("/api/v1/patients", new { name = new { family = "Hopper" }, timeZone = "UTC" }, key: "a-key-for-nothing");

        Assert.Equal((3, before, before + 1), (readings.Count, after, await KeptAsync()));

        async Task<double> KeptAsync() =>
            double.Parse(Regex.Match(await client.GetStringAsync("/metrics", Ct), @"^ldnapi_answers_stored_total(?:{[^}]*})? (\S+)", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task The_age_of_the_oldest_entry_outside_the_chain_grows_until_it_is_chained()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await api.Services.GetRequiredService<AuditLinker>().RunAsync(Ct);
        await LdnApiHost.RegisterAsync(client);
        api.Clock.Advance(TimeSpan.FromSeconds(90));

        var waiting = await OutstandingAsync();
        await api.Services.GetRequiredService<AuditLinker>().RunAsync(Ct);
        var chained = await OutstandingAsync();

        Assert.Equal((90, 0), (waiting["age"], chained["age"]));
    }

    /// <summary>Without this, a reader that found no names would pass the first test.</summary>
    [Fact]
    public void The_reader_finds_metrics_and_nothing_else() =>
        Assert.Equal(["a_bucket", "b_total", "c"], MetricsOf("""histogram_quantile(0.95, sum by (le, d) (rate(a_bucket{e=~"f|g",h!=""}[5m]))) / max(b_total) > 0 and absent(c)""").Order());

    private async Task<Dictionary<string, double>> OutstandingAsync()
    {
        await api.Services.GetRequiredService<OutstandingWork>().RunAsync(Ct);
        using var client = api.CreateClient();
        var page = await client.GetStringAsync("/metrics", Ct);
        return new() { ["open"] = Of("ldnapi_follow_ups_open"), ["overdue"] = Of("ldnapi_follow_ups_overdue"), ["age"] = Of("ldnapi_audit_oldest_unlinked_seconds") };

        double Of(string metric) => Regex.Matches(page, $@"^{metric}(?:{{[^}}]*priority=""(?:immediate|urgent)""[^}}]*}}|{{(?![^}}]*priority)[^}}]*}})? (\S+)", RegexOptions.Multiline)
            .Sum(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Everything that leaves a trace in a metric: reads, writes, a repeat, a refusal, a follow-up, a night.</summary>
    private async Task WalkAsync(HttpClient client)
    {
        await CrisisAsync(client);
        using var refused = await client.GetAsync("/api/v1/patients/none", Ct);
        foreach (var _ in new[] { 1, 2 })
        {
            await client.PostOkAsync("/api/v1/patients", new { name = new { family = "Hopper" }, timeZone = "UTC" }, key: "the-same-request");
        }

        api.Clock.Advance(TimeSpan.FromDays(1));
        await api.RunNightlyAsync();
        await api.Services.GetRequiredService<OutstandingWork>().RunAsync(Ct);
    }

    /// <summary>A patient of whom somebody must hear at once.</summary>
    private async Task CrisisAsync(HttpClient client)
    {
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = $"{api.Clock.GetUtcNow():yyyy-MM-dd}", scores = new { anxiety = 10 } });
    }

    private static IEnumerable<string> Dashboards() =>
        from file in Directory.EnumerateFiles(Path.Combine(Root, "deploy/grafana"), "*.json")
        from panel in JsonNode.Parse(File.ReadAllText(file))!["panels"]!.AsArray()
        from target in panel!["targets"]!.AsArray()
        select (string)target!["expr"]!;

    private static List<(string Name, string Expression)> Alerts() =>
        [.. Alert().Matches(File.ReadAllText(Path.Combine(Root, "deploy/prometheus/alerts.yml"))).Select(m => (m.Groups[1].Value, m.Groups[2].Value))];

    /// <summary>The names in an expression that are neither functions, nor labels, nor keywords.</summary>
    private static IEnumerable<string> MetricsOf(string expression) =>
        Name().Matches(Around().Replace(expression, " ")).Select(m => m.Value).Except(["by", "and", "or", "unless", "without", "on", "ignoring"]);

    private static string ThisFile([CallerFilePath] string file = "") => file;

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring) \([^)]*\)|""[^""]*""", RegexOptions.CultureInvariant)]
    private static partial Regex Around();

    [GeneratedRegex(@"\b[a-z][a-z0-9_]*\b(?!\s*\()", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"^([a-z][a-z0-9_]*)[ {]", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Served();

    [GeneratedRegex(@"- alert: (\w+)\n\s+expr: (.+)\n", RegexOptions.CultureInvariant)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^\| `([A-Z]\w+)` \|", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex RunbookLine();
}
