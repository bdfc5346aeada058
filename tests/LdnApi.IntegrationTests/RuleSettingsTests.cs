using System.Net;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>A clinic's thresholds: versions with author and reason, bounds, the way back, and what a change does to the queue.</summary>
public sealed class RuleSettingsTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string Url = "/api/v1/rule-settings";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task A_clinic_starts_with_the_defaults_each_with_bounds_unit_and_source()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        var settings = await client.GetOkAsync(Url);
        var history = (await client.GetOkAsync($"{Url}/history"))["items"]!.AsArray();

        var window = settings["parameters"]!.AsArray().Single(p => (string)p!["name"]! == "persistWindowDays")!;
        Assert.Equal((1, 14, 7, 14, 7, 7, 28, "days"), (
            (int)settings["version"]!, (int)window["value"]!, (int)window["withHistory"]!, (int)window["default"]!, (int)window["defaultWithHistory"]!,
            (int)window["minimum"]!, (int)window["maximum"]!, (string)window["unit"]!));
        Assert.All(settings["parameters"]!.AsArray(), p => Assert.NotEqual("", (string)p!["source"]!));
        Assert.Equal((1, null), ((int)history.Single()!["version"]!, (string?)history[0]!["recordedBy"]));
    }

    [Fact]
    public async Task A_change_is_a_new_version_with_author_and_reason_and_what_is_left_out_stays()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic(), "dr-noether");
        await ChangeAsync(client, 1, "Fewer calls", new { symptomaticNrs = 5 });

        var changed = await ChangeAsync(client, 2, "Longer window", new { persistWindowDays = new { standard = 21, withHistory = 14 }, sparseRatio = 0.8 });

        var history = (await client.GetOkAsync($"{Url}/history?limit=2"))["items"]!.AsArray();
        var rest = await client.GetOkAsync($"{Url}/history?limit=2&cursor={(string)(await client.GetOkAsync($"{Url}/history?limit=2"))["nextCursor"]!}");
        var rule = (await client.GetOkAsync("/api/v1/rules"))["rules"]!.AsArray().Single(r => (string)r!["id"]! == "R-04")!;
        var threshold = rule["thresholds"]!.AsArray().Single(t => (string)t!["setting"]! == "persistWindowDays")!;
        Assert.Equal((3, 5, 21, 0.8m), ((int)changed["version"]!, (int)changed["settings"]!["symptomaticNrs"]!, (int)changed["settings"]!["persistWindowDays"]!["standard"]!, (decimal)changed["settings"]!["sparseRatio"]!));
        Assert.Equal(["3 dr-noether Longer window", "2 dr-noether Fewer calls"], history.Select(v => $"{v!["version"]} {v["recordedBy"]} {v["reason"]}"));
        Assert.Equal((1, null), ((int)rest["items"]!.AsArray().Single()!["version"]!, (string?)rest["nextCursor"]));
        Assert.Equal((14, 21, 14), ((int)threshold["default"]!, (int)threshold["value"]!, (int)threshold["valueWithHistory"]!));
    }

    [Fact]
    public async Task An_earlier_version_is_brought_back_in_one_call_as_a_new_version()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await ChangeAsync(client, 1, "Fewer calls", new { symptomaticNrs = 5 });
        await ChangeAsync(client, 2, "Still fewer", new { symptomaticNrs = 6 });

        var restored = await client.PostOkAsync($"{Url}/restore", new { restoredVersion = 2, reason = "Too few calls" }, 3);
        using var unknown = await client.SendAsync(HttpMethod.Post, $"{Url}/restore", new { restoredVersion = 9, reason = "Typed wrong" }, 4);

        Assert.Equal((4, 5, 2, "Too few calls"), ((int)restored["version"]!, (int)restored["settings"]!["symptomaticNrs"]!, (int)restored["restoredFrom"]!, (string)restored["reason"]!));
        Assert.Equal((422, "unknown-settings-version"), ((int)unknown.StatusCode, (string?)(await unknown.ReadAsync())["code"]));
        Assert.Equal(4, (int)(await client.GetOkAsync(Url))["version"]!);
    }

    [Theory]
    [InlineData("""{ "symptomaticNrs": 7 }""", 422, "settings-out-of-bounds", "$.settings.symptomaticNrs")]
    [InlineData("""{ "persistMinDays": { "standard": 15, "withHistory": 4 } }""", 422, "settings-out-of-bounds", "$.settings.persistMinDays.standard")]
    [InlineData("""{ "persistWindowDays": { "standard": 14, "withHistory": 6 } }""", 422, "settings-out-of-bounds", "$.settings.persistWindowDays.withHistory")]
    [InlineData("""{ "persistMinDays": { "standard": 8, "withHistory": 7 } }""", 422, "settings-out-of-bounds", "$.settings.persistMinDays.withHistory")]
    [InlineData("""{ "deltaNrs": { "standard": 1, "withHistory": 2 } }""", 422, "settings-out-of-bounds", "$.settings.deltaNrs.withHistory")]
    [InlineData("""{ "severeNrs": 8, "criticalNrs": 7 }""", 422, "settings-out-of-bounds", "$.settings.severeNrs")]
    [InlineData("""{ "adjustmentDays": { "standard": 28, "withHistory": 7 } }""", 422, "settings-out-of-bounds", "$.settings.adjustmentDays.standard")]
    [InlineData("""{ "sparseRatio": 1.01 }""", 422, "settings-out-of-bounds", "$.settings.sparseRatio")]
    [InlineData("""{ "missingDays": -2147483648 }""", 422, "settings-out-of-bounds", "$.settings.missingDays")]
    [InlineData("""{ "missingDays": 3000000000 }""", 400, "invalid-request", "$.settings.missingDays")]
    [InlineData("""{ "missingDays": "3" }""", 400, "invalid-request", "$.settings.missingDays")]
    [InlineData("""{ "missingDays": null }""", 400, "invalid-request", "$.settings.missingDays")]
    [InlineData("""{ "persistMinDays": { "standard": 8 } }""", 400, "invalid-request", "$.settings.persistMinDays.withHistory")]
    [InlineData("""{ "panicNrs": 3 }""", 400, "invalid-request", "$.settings.panicNrs")]
    [InlineData("""{ "missingDays": 3, "missingDays": 4 }""", 400, "invalid-request", "$.settings")]
    [InlineData("""{ "\ud800": 4 }""", 400, "invalid-request", null)]
    [InlineData("5", 400, "invalid-request", "$.settings")]
    [InlineData("null", 400, "invalid-request", "$.settings")]
    public async Task Settings_that_may_not_be_are_refused_with_the_place_and_the_rule(string draft, int status, string code, string? path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.SendAsync(HttpMethod.Put, Url, ApiClient.Json($$"""{ "reason": "A try", "settings": {{draft}} }"""), 1);

        var problem = await response.ReadAsync();
        Assert.Equal((status, code), ((int)response.StatusCode, (string?)problem["code"]));
        Assert.Contains(problem["errors"]!.AsObject(), e => path is null ? e.Key.StartsWith("$.settings", StringComparison.Ordinal) : e.Key == path);
        Assert.Equal(1, (int)(await client.GetOkAsync(Url))["version"]!);
    }

    [Fact]
    public async Task A_change_owes_a_reason_and_the_version_that_was_read()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await ChangeAsync(client, 1, "Fewer calls", new { symptomaticNrs = 5 });

        using var unexplained = await client.SendAsync(HttpMethod.Put, Url, ApiClient.Json("""{ "settings": { "symptomaticNrs": 4 } }"""), 2);
        using var blind = await client.SendAsync(HttpMethod.Put, Url, ApiClient.Json("""{ "reason": "A try", "settings": { "symptomaticNrs": 4 } }"""));
        using var stale = await client.SendAsync(HttpMethod.Put, Url, ApiClient.Json("""{ "reason": "A try", "settings": { "symptomaticNrs": 4 } }"""), 1);

        Assert.Equal((400, 428, 412), ((int)unexplained.StatusCode, (int)blind.StatusCode, (int)stale.StatusCode));
        Assert.Equal(2, (int)(await stale.ReadAsync())["currentVersion"]!);
    }

    [Fact]
    public async Task Of_changes_that_arrive_together_one_is_kept_and_the_others_are_stale()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        var answers = await Task.WhenAll(Enumerable.Range(2, 5).Select(score => client.SendAsync(
            HttpMethod.Put, Url, new { reason = "Together", settings = new { symptomaticNrs = score } }, 1)));

        Assert.Equal([200, 412, 412, 412, 412], answers.Select(a => (int)a.StatusCode).Order());
        Assert.Equal(2, (int)(await client.GetOkAsync(Url))["version"]!);
    }

    [Fact]
    public async Task Reading_needs_clinical_read_and_changing_needs_rules_manage()
    {
        var clinic = LdnApiHost.NewClinic();
        using var reader = api.ClientOf(clinic, scope: Scopes.ClinicalRead);
        using var manager = api.ClientOf(clinic, scope: Scopes.RulesManage);

        using var read = await reader.GetAsync(Url, Ct);
        using var change = await reader.SendAsync(HttpMethod.Put, Url, new { reason = "A try", settings = new { symptomaticNrs = 5 } }, 1);
        using var restore = await reader.SendAsync(HttpMethod.Post, $"{Url}/restore", new { restoredVersion = 1, reason = "A try" }, 1);
        using var blindRead = await manager.GetAsync(Url, Ct);
        using var allowed = await manager.SendAsync(HttpMethod.Put, Url, new { reason = "A try", settings = new { symptomaticNrs = 5 } }, 1);

        Assert.Equal((200, 403, 403, 403, 200), ((int)read.StatusCode, (int)change.StatusCode, (int)restore.StatusCode, (int)blindRead.StatusCode, (int)allowed.StatusCode));
    }

    [Fact]
    public async Task Another_clinic_keeps_its_own_settings()
    {
        using var ours = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());

        await ChangeAsync(ours, 1, "Fewer calls", new { symptomaticNrs = 5 });

        Assert.Equal((1, 4), ((int)(await theirs.GetOkAsync(Url))["version"]!, (int)(await theirs.GetOkAsync(Url))["settings"]!["symptomaticNrs"]!));
    }

    [Fact]
    public async Task Every_evaluation_uses_and_names_the_settings_in_force_and_a_past_day_those_of_then()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var then = Today;
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = then, scores = new { anxiety = 7 } });
        api.Clock.Advance(TimeSpan.FromDays(1));

        await ChangeAsync(client, 1, "Eight is severe", new { severeNrs = 8 });
        var past = await client.GetOkAsync(ApiClient.Of(patient, $"/evaluation?asOf={then:yyyy-MM-dd}"));
        var present = await client.GetOkAsync(ApiClient.Of(patient, "/evaluation"));

        Assert.Equal((1, "raised"), ((int)past["settingsVersion"]!, VerdictOf(past)));
        Assert.Equal((2, "insufficient-data"), ((int)present["settingsVersion"]!, VerdictOf(present)));

        static string VerdictOf(JsonNode evaluation) => (string)evaluation["families"]!.AsArray().Single(f => (string)f!["family"]! == "severe")!["verdict"]!;
    }

    [Fact]
    public async Task A_follow_up_carries_the_evaluation_that_raised_it_from_the_answer_to_the_queue_and_its_log()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ChangeAsync(client, 1, "Six is severe", new { severeNrs = 6 });

        var raised = (await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 6 } }))["followUps"]!.AsArray().Single()!;
        var queued = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}"))["items"]!.AsArray().Single()!;
        var followUp = await client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}");
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 6 } });
        var later = await client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}");
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 9 } });
        var risen = await client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}");

        var id = (string)raised["evaluationId"]!;
        Assert.Equal((id, id, id, 2), ((string)queued["evaluationId"]!, (string)followUp["evaluationId"]!, (string)followUp["events"]![0]!["evaluationId"]!, (int)followUp["settingsVersion"]!));
        Assert.Equal((id, true), ((string)later["evaluationId"]!, (string)risen["evaluationId"]! != id));
    }

    [Fact]
    public async Task After_a_change_everyone_is_due_and_the_background_run_brings_the_queue_in_line()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (calm, severe) = (await LdnApiHost.RegisterAsync(client, "UTC"), await LdnApiHost.RegisterAsync(client, "Pacific/Auckland"));
        await client.PostOkAsync(ApiClient.Of(calm, "/check-ins"), new { date = Today, scores = new { anxiety = 6 } });
        await client.PostOkAsync(ApiClient.Of(severe, "/check-ins"), new { date = Today, scores = new { anxiety = 7 } });

        var lower = await ChangeAsync(client, 1, "Six is severe", new { severeNrs = 6 });
        await api.RunNightlyAsync();
        var raised = await QueueAsync(client);
        var higher = await ChangeAsync(client, 2, "Eight is severe", new { severeNrs = 8 });
        await api.RunNightlyAsync();

        Assert.Equal((2, 2, 0), ((int)lower["patientsDue"]!, (int)higher["patientsDue"]!, (int)(await client.GetOkAsync(Url))["patientsDue"]!));
        Assert.Equal(new[] { $"{calm} severe", $"{severe} severe" }.Order(StringComparer.Ordinal), raised);
        Assert.Empty(await QueueAsync(client));
    }

    [Fact]
    public async Task A_snooze_is_no_longer_than_the_clinic_allows()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var raised = (await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } }))["followUps"]![0]!;
        await ChangeAsync(client, 1, "Look at it sooner", new { maxSnoozeDays = 2 });

        using var refused = await client.SendAsync(HttpMethod.Post, $"/api/v1/follow-ups/{raised["id"]}/snooze", new { days = 3 }, 1);
        using var allowed = await client.SendAsync(HttpMethod.Post, $"/api/v1/follow-ups/{raised["id"]}/snooze", new { days = 2 }, 1);

        Assert.Equal((422, "snooze-too-long", 200), ((int)refused.StatusCode, (string?)(await refused.ReadAsync())["code"], (int)allowed.StatusCode));
    }

    private static async Task<JsonNode> ChangeAsync(HttpClient client, long version, string reason, object settings)
    {
        using var response = await client.SendAsync(HttpMethod.Put, Url, new { reason, settings }, version);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadAsync();
    }

    private static async Task<IEnumerable<string>> QueueAsync(HttpClient client) =>
        (await client.GetOkAsync("/api/v1/follow-ups"))["items"]!.AsArray().Select(f => $"{f!["patientId"]} {f["family"]}").Order(StringComparer.Ordinal);
}
