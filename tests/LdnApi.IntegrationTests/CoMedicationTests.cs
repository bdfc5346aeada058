using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Co-medications, observations and procedures through HTTP, and the follow-up that an opioid raises.</summary>
public sealed class CoMedicationTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string RxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task A_co_medication_is_recorded_read_listed_amended_stopped_and_retracted()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var made = await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { code = new { system = RxNorm, code = "36437", display = "sertraline" }, startedOn = Today.AddDays(-90) });
        var url = ApiClient.Of(patient, $"/medications/{made["id"]}");

        var amended = await client.PostOkAsync($"{url}/amend", new { reason = "raised last week", medication = new { atc = "N06AB06", startedOn = Today.AddDays(-90), changedOn = Today.AddDays(-7) } }, 1);
        var stopped = await client.PostOkAsync($"{url}/stop", new { stoppedOn = Today }, 2);
        var read = await client.GetOkAsync(url);
        var retracted = await client.PostOkAsync($"{url}/retract", new { reason = "another patient's" }, 3);
        using var again = await client.SendAsync(HttpMethod.Post, $"{url}/stop", new { stoppedOn = Today }, 4);
        var list = (await client.GetOkAsync(ApiClient.Of(patient, "/medications")))["items"]!.AsArray();

        Assert.Equal(("36437", "neurotransmitter"), ((string)made["code"]!["code"]!, (string)made["classes"]![0]!));
        Assert.Equal(("N06AB06", null, "amended"), ((string)amended["atc"]!, amended["code"], (string)amended["status"]!));
        Assert.Equal(($"{Today:yyyy-MM-dd}", $"{Today.AddDays(-7):yyyy-MM-dd}"), ((string)stopped["stoppedOn"]!, (string)read["changedOn"]!));
        Assert.Equal("entered-in-error", (string)retracted["status"]!);
        Assert.Equal((409, "entered-in-error"), ((int)again.StatusCode, (string?)(await again.ReadAsync())["state"]));
        Assert.Equal((string)made["id"]!, (string)Assert.Single(list)!["id"]!);
    }

    [Theory]
    [InlineData("""{ }""", 400, "$.code")]
    [InlineData("""{ "atc": "N02A" }""", 400, "$.atc")]
    [InlineData("""{ "atc": "n02ax02" }""", 400, "$.atc")]
    [InlineData("""{ "code": { "system": "http://snomed.info/sct", "code": "386858008" } }""", 400, "$.code.system")]
    [InlineData("""{ "code": { "system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "tramadol" } }""", 400, "$.code.code")]
    [InlineData("""{ "atc": "N02AX02", "startedOn": "2026-03-01", "stoppedOn": "2026-03-01" }""", 422, "$.stoppedOn")]
    [InlineData("""{ "atc": "N06AB06", "changedOn": "2199-01-01" }""", 422, "$.changedOn")]
    public async Task A_co_medication_that_the_rules_could_not_know_or_that_ends_before_it_begins_is_refused(string json, int status, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/medications"), ApiClient.Json(json));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
        Assert.Empty((await client.GetOkAsync(ApiClient.Of(patient, "/medications")))["items"]!.AsArray());
    }

    [Fact]
    public async Task An_amendment_that_breaks_a_rule_names_the_place_in_its_own_body()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var made = await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N06AB06", startedOn = Today });
        var url = ApiClient.Of(patient, $"/medications/{made["id"]}");

        using var amended = await client.SendAsync(HttpMethod.Post, $"{url}/amend", new { reason = "as asked", medication = new { startedOn = Today } }, 1);
        using var stopped = await client.SendAsync(HttpMethod.Post, $"{url}/stop", new { stoppedOn = Today }, 1);

        Assert.Equal((400, "$.medication.code"), ((int)amended.StatusCode, (await amended.ReadAsync())["errors"]!.AsObject().Single().Key));
        Assert.Equal((422, "$.stoppedOn"), ((int)stopped.StatusCode, (await stopped.ReadAsync())["errors"]!.AsObject().Single().Key));
    }

    [Fact]
    public async Task An_opioid_during_the_therapy_is_followed_up_in_the_same_request_and_only_a_clinician_closes_it()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-10));

        var opioid = await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N02AX02", startedOn = Today.AddDays(-2) });
        var raised = opioid["followUps"]!.AsArray().Single(f => (string)f!["family"]! == "opioid")!;
        var stopped = await client.PostOkAsync(ApiClient.Of(patient, $"/medications/{opioid["id"]}/stop"), new { stoppedOn = Today }, 1);
        var followUp = await client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}");
        await client.PostOkAsync($"/api/v1/follow-ups/{raised["id"]}/resolve", new { outcome = "treatment-stopped" }, (long)followUp["version"]!);
        api.Clock.Advance(TimeSpan.FromMinutes(5));
        var earlier = await client.PostOkAsync(ApiClient.Of(patient, $"/medications/{opioid["id"]}/amend"), new { reason = "stopped a day earlier", medication = new { atc = "N02AX02", startedOn = Today.AddDays(-2), stoppedOn = Today.AddDays(-1) } }, 2);
        var second = await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N07BC02", startedOn = Today });

        Assert.Equal(("immediate", $"{Today.AddDays(-2):yyyy-MM-dd}"), ((string)raised["priority"]!, (string)raised["openedOn"]!));
        Assert.DoesNotContain(stopped["followUps"]!.AsArray(), f => (string)f!["status"]! == "closed");
        Assert.Equal(("medication", (string)opioid["id"]!), ((string)followUp["evidence"]![0]!["kind"]!, (string)followUp["evidence"]![0]!["id"]!));
        Assert.Empty(earlier["followUps"]!.AsArray()); // less than was known is no news
        Assert.Equal(["opioid long-acting-opioid"], [string.Join(' ', second["classes"]!.AsArray().Select(c => (string)c!))]);
        Assert.NotEqual((string)raised["id"]!, (string)second["followUps"]!.AsArray().Single()!["id"]!);
    }

    [Fact]
    public async Task A_past_day_knows_only_the_medicines_that_were_known_then()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var yesterday = Today;
        await client.PrescribeAsync(patient, yesterday);
        api.Clock.Advance(TimeSpan.FromDays(1));
        await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { code = new { system = RxNorm, code = "10689" } });

        Assert.Equal("not-raised", await VerdictAsync($"?asOf={yesterday:yyyy-MM-dd}"));
        Assert.Equal("raised", await VerdictAsync(""));

        async Task<string> VerdictAsync(string query) =>
            (string)(await client.GetOkAsync(ApiClient.Of(patient, $"/evaluation{query}")))["families"]!.AsArray().Single(f => (string)f!["family"]! == "opioid")!["verdict"]!;
    }

    [Fact]
    public async Task An_observation_is_recorded_read_listed_and_retracted()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var alt = await client.PostOkAsync(ApiClient.Of(patient, "/observations"), new { code = "alt", effectiveOn = Today, value = 204, referenceHigh = 40 });
        var screen = await client.PostOkAsync(ApiClient.Of(patient, "/observations"), new { code = "opioid-screen", effectiveOn = Today.AddDays(-1), interpretation = "positive" });
        var url = ApiClient.Of(patient, $"/observations/{alt["id"]}");
        var read = await client.GetOkAsync(url);

        await client.PostOkAsync($"{url}/retract", new { reason = "another sample" }, 1);

        var list = (await client.GetOkAsync(ApiClient.Of(patient, "/observations")))["items"]!.AsArray();
        Assert.Equal((5.1m, "final"), ((decimal)read["timesUpperLimit"]!, (string)read["status"]!));
        Assert.Equal([((string)alt["id"]!, "entered-in-error"), ((string)screen["id"]!, "final")], list.Select(o => ((string)o!["id"]!, (string)o["status"]!)));
    }

    [Theory]
    [InlineData("""{ "code": "alt", "effectiveOn": "2026-03-01", "value": 40 }""", 400, "$.referenceHigh")]
    [InlineData("""{ "code": "alt", "effectiveOn": "2026-03-01", "value": 40, "referenceHigh": 0 }""", 400, "$.referenceHigh")]
    [InlineData("""{ "code": "egfr", "effectiveOn": "2026-03-01", "value": 29, "referenceHigh": 40 }""", 400, "$.referenceHigh")]
    [InlineData("""{ "code": "egfr", "effectiveOn": "2026-03-01" }""", 400, "$.value")]
    [InlineData("""{ "code": "egfr", "effectiveOn": "2026-03-01", "value": 29.0004 }""", 400, "$.value")]
    [InlineData("""{ "code": "opioid-screen", "effectiveOn": "2026-03-01", "value": 1 }""", 400, "$.value")]
    [InlineData("""{ "code": "naloxone-challenge", "effectiveOn": "2026-03-01" }""", 400, "$.interpretation")]
    [InlineData("""{ "code": "ast", "effectiveOn": "2026-03-01", "value": 40, "referenceHigh": 40, "interpretation": "negative" }""", 400, "$.interpretation")]
    [InlineData("""{ "code": "egfr", "effectiveOn": "2199-01-01", "value": 90 }""", 422, "$.effectiveOn")]
    public async Task An_observation_without_what_its_code_needs_is_refused(string json, int status, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/observations"), ApiClient.Json(json));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
    }

    [Fact]
    public async Task A_planned_procedure_is_read_listed_and_cancelled_once()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var made = await client.PostOkAsync(ApiClient.Of(patient, "/procedures"), new { plannedOn = Today.AddDays(9), text = "arthroscopy" });
        var url = ApiClient.Of(patient, $"/procedures/{made["id"]}");

        var cancelled = await client.PostOkAsync($"{url}/cancel", new { reason = "put off" }, 1);
        using var again = await client.SendAsync(HttpMethod.Post, $"{url}/retract", new { reason = "put off" }, 2);

        Assert.Equal(("preparation", "not-done"), ((string)made["status"]!, (string)cancelled["status"]!));
        Assert.Equal(409, (int)again.StatusCode);
        Assert.True(JsonNode.DeepEquals(cancelled, (await client.GetOkAsync(ApiClient.Of(patient, "/procedures")))["items"]!.AsArray().Single()));
    }

    [Theory]
    [InlineData("/medications", """{ "atc": "N06AB06" }""")]
    [InlineData("/observations", """{ "code": "egfr", "effectiveOn": "2026-03-01", "value": 90 }""")]
    [InlineData("/procedures", """{ "plannedOn": "2026-04-01" }""")]
    public async Task Another_clinic_finds_none_of_it_and_a_reader_cannot_write(string resource, string json)
    {
        var clinic = LdnApiHost.NewClinic();
        using var ours = api.ClientOf(clinic);
        using var reader = api.ClientOf(clinic, scope: "clinical.read");
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(ours, "UTC");
        var made = await ours.PostOkAsync(ApiClient.Of(patient, resource), ApiClient.Json(json));

        using var foreign = await theirs.GetAsync(ApiClient.Of(patient, $"{resource}/{made["id"]}"), Ct);
        using var forbidden = await reader.SendAsync(HttpMethod.Post, ApiClient.Of(patient, resource), ApiClient.Json(json));

        Assert.Equal((404, 403), ((int)foreign.StatusCode, (int)forbidden.StatusCode));
        Assert.Equal(1, (long)(await reader.GetOkAsync(ApiClient.Of(patient, $"{resource}/{made["id"]}")))["version"]!);
    }
}
