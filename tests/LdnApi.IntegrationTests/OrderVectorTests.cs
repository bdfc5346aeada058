using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>
/// The written orders through HTTP and PostgreSQL. Each is given today, by the clock of the test, to a patient whose past was made for it: doses,
/// reports and follow-ups, medicines, conditions, laboratory values, procedures.
/// </summary>
public sealed class OrderVectorTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string RxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm";
    private static readonly JsonNode[] Cases = [.. new[] { "dose.json", "interactions.json" }.SelectMany(Read).Where(c => (string?)c["kind"] == "dose")];

    public static TheoryData<string> Ids => [.. Cases.Select(c => (string)c["id"]!)];

    /// <summary>Orders that begin a therapy and go through.</summary>
    public static TheoryData<string> Starts => [.. Cases.Where(c => c["previousDoseMg"] is null && (int)c["expected"]!["status"]! == 200).Select(c => (string)c["id"]!)];

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public void All_cases_are_there() => Assert.Equal((82, 28), (Ids.Count, Starts.Count));

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task An_order_has_the_expected_findings_and_fate(string id)
    {
        var c = Cases.Single(x => (string)x["id"]! == id);
        var expected = c["expected"]!;
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await RegisterAsync(client, c);
        var taken = await TakeDosesAsync(client, patient, c);
        await LiveAsync(client, patient, c);
        var before = await client.GetOkAsync(ApiClient.Of(patient, "/prescriptions"));

        // A first dose, and a lower one after a gap, is a prescription of its own; else the dose is changed, or taken again after a hold.
        using var answer = taken is null || IsNew(c)
            ? await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), Order(c, "startsOn"))
            : await client.SendAsync(
                HttpMethod.Post, $"{taken.Value.Url}/{(c["doseFreeDays"] is null ? "change-dose" : "resume")}", c["doseFreeDays"] is null ? Order(c, "on") : new { on = Today }, taken.Value.Version);

        var body = await answer.ReadAsync();
        Assert.Equal((int)expected["status"]!, answer.IsSuccessStatusCode ? 200 : (int)answer.StatusCode);
        Assert.Equal(Findings(expected), Findings(body));
        if (answer.IsSuccessStatusCode)
        {
            Assert.Equal(DailyMg(c), (decimal)body["doseMg"]!);
            Assert.Equal(c["overrides"]?.AsArray().Count ?? 0, body["overrides"]!.AsArray().Count);
        }
        else
        {
            Assert.Equal((int)answer.StatusCode == 400 ? "invalid-request" : "safety-check-failed", (string)body["code"]!);
            Assert.True(JsonNode.DeepEquals(before, await client.GetOkAsync(ApiClient.Of(patient, "/prescriptions")))); // nothing is stored
        }
    }

    /// <summary>What was found when the draft was written is found again when the first dose is taken.</summary>
    [Theory]
    [MemberData(nameof(Starts))]
    public async Task A_draft_that_went_through_is_held_against_the_rules_again_when_it_is_activated(string id)
    {
        var c = Cases.Single(x => (string)x["id"]! == id);
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await RegisterAsync(client, c);
        await LiveAsync(client, patient, c);
        var draft = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), Order(c, "startsOn"));

        var active = await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{draft["id"]}/activate"), new { }, 1);

        Assert.Equal(Findings(c["expected"]!).Where(f => !f.StartsWith("unit-check", StringComparison.Ordinal)), Findings(active)); // it is mg by now
    }

    private static IEnumerable<JsonNode> Read(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", file)))!.AsArray().Select(c => c!);

    private static IEnumerable<string> Findings(JsonNode answer) =>
        (answer["findings"]?.AsArray() ?? []).Select(f => $"{f!["rule"]} {((string)f["effect"]!).Replace("-required", "", StringComparison.Ordinal)} {f["hint"]}");

    private static bool IsNew(JsonNode c) => c["doseFreeDays"] is not null && (decimal)c["doseMg"]! != (decimal)c["previousDoseMg"]!;

    private static decimal DailyMg(JsonNode c) => (decimal)c["doseMg"]! * ((int?)c["timesPerDay"] ?? 1) / ((string?)c["unit"] == "ug" ? 1000 : 1);

    /// <summary>An amount each time where the case says how often or in what unit, else the day's total.</summary>
    private JsonObject Order(JsonNode c, string day)
    {
        var each = c["timesPerDay"] is not null || c["unit"] is not null;
        var order = new JsonObject
        {
            [day] = Today.ToString("O", null),
            [each ? "doseQuantity" : "doseMg"] = each ? new JsonObject { ["value"] = c["doseMg"]!.DeepClone(), ["unit"] = (string?)c["unit"] ?? "mg" } : c["doseMg"]?.DeepClone(),
        };
        if (c["overrides"] is JsonArray rules)
        {
            order["overrides"] = new JsonArray([.. rules.Select(r => new JsonObject { ["rule"] = (string)r!, ["reason"] = "as the case says" })]);
        }

        return order;
    }

    private async Task<PatientId> RegisterAsync(HttpClient client, JsonNode c)
    {
        var made = await client.PostOkAsync("/api/v1/patients", new
        {
            name = new { family = "Lovelace" },
            timeZone = "UTC",
            anxietyHistory = (bool?)c["history"],
            sensitivity = (string?)c["sensitivity"] ?? "standard",
            birthDate = (int?)c["ageYears"] is { } years ? Today.AddYears(-years) : (DateOnly?)null,
            conditions = (c["conditions"]?.AsArray() ?? []).Select(code => new { system = "urn:ldnapi:condition", code = (string)code! }),
        });
        return new PatientId(Guid.Parse((string)made["id"]!));
    }

    /// <summary>The dose before, begun as long ago as the last increase; held, or stopped, for as long as there was none.</summary>
    private async Task<(string Url, long Version)?> TakeDosesAsync(HttpClient client, PatientId patient, JsonNode c)
    {
        if ((decimal?)c["previousDoseMg"] is not { } previous)
        {
            return null;
        }

        var startsOn = Today.AddDays(-(int)c["daysSinceLastIncrease"]!);
        var draft = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = previous, startsOn, timesPerDay = (int?)c["timesPerDay"] ?? 1 });
        var url = ApiClient.Of(patient, $"/prescriptions/{draft["id"]}");
        var active = await client.PostOkAsync($"{url}/activate", new { on = startsOn }, 1);
        if ((int?)c["doseFreeDays"] is { } days)
        {
            active = await client.PostOkAsync($"{url}/{(IsNew(c) ? "stop" : "hold")}", new { on = Today.AddDays(-days) }, 2);
        }

        return (url, (long)active["version"]!);
    }

    private async Task LiveAsync(HttpClient client, PatientId patient, JsonNode c)
    {
        foreach (var day in c["symptomaticDays"]?.AsArray() ?? [])
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = DateOf(day), scores = new { anxiety = 5 } });
        }

        if ((bool?)c["openSevere"] == true)
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today.AddDays(-12), scores = new { anxiety = 7 } });
        }

        if ((bool?)c["openCourse"] == true)
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "nervousness", severity = "mild", onsetOn = Today.AddDays(-20) });
        }

        foreach (var m in c["medications"]?.AsArray() ?? [])
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new
            {
                atc = (string?)m!["atc"],
                code = m["rxnorm"] is { } code ? new { system = RxNorm, code = (string)code! } : null,
                startedOn = DateOf(m["startedDay"]),
                stoppedOn = m["stoppedDay"] is { } stopped ? DateOf(stopped) : (DateOnly?)null,
                longActing = (bool?)m["longActing"] ?? false,
            });
        }

        foreach (var (name, value) in c["labs"]?.AsObject() ?? [])
        {
            const decimal upperLimit = 40;
            await client.PostOkAsync(ApiClient.Of(patient, "/observations"), name == "egfr"
                ? new { code = name, effectiveOn = Today, value = (decimal)value! }
                : new { code = name[..3], effectiveOn = Today, value = (decimal)value! * upperLimit, referenceHigh = upperLimit });
        }

        if ((int?)c["procedureInDays"] is { } days)
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/procedures"), new { plannedOn = Today.AddDays(days) });
        }

        DateOnly DateOf(JsonNode? day) => Today.AddDays((int)day! - (int)c["day"]!);
    }
}
