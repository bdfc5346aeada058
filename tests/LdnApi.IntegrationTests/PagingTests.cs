using System.Text.Json.Nodes;
using LdnApi.Common;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>Every list of the API, taken from the endpoints themselves, is paged while it grows: nothing is lost and nothing repeated.</summary>
public sealed class PagingTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const int Before = 5;
    private const int Meanwhile = 3;

    private static readonly Dictionary<string, Func<HttpClient, DateOnly, Task<GrowingList>>> Lists = new()
    {
        ["/patients/"] = (client, today) => OfMade(client, "RegisterPatient", () => new ChangingRoutes(client, today)),
        ["/patients/search"] = async (client, today) => await OfMade(client, "RegisterPatient", () => new ChangingRoutes(client, today)) with { Url = "/api/v1/patients/search", IsSearch = true },
        ["/patients/{patientId}/medications"] = (client, today) => OfMade(client, today, "RecordMedication"),
        ["/patients/{patientId}/observations"] = (client, today) => OfMade(client, today, "RecordObservation"),
        ["/patients/{patientId}/procedures"] = (client, today) => OfMade(client, today, "PlanProcedure"),
        ["/patients/{patientId}/prescriptions"] = (client, today) => OfMade(client, today, "WritePrescription"),
        ["/patients/{patientId}/titration-schedules"] = (client, today) => OfMade(client, today, "PlanTitration"),
        ["/patients/{patientId}/check-ins"] = (client, today) => OfMade(client, today, "SubmitCheckIn"),
        ["/patients/{patientId}/assessments"] = (client, today) => OfMade(client, today, "RecordAssessment"),
        ["/patients/{patientId}/adverse-events"] = (client, today) => OfMade(client, today, "ReportAdverseEvent"),
        ["/titration-templates/"] = (client, today) => OfMade(client, today, "CreateTitrationTemplate"),
        ["/follow-ups/"] = (client, today) => Task.FromResult(new GrowingList("/api/v1/follow-ups", "id", _ => new ChangingRoutes(client, today).ReadyAsync("AcknowledgeFollowUp"))),
        ["/patients/{patientId}/history"] = (client, today) => OfVersions(client, today, "PatchPatient", i => ApiClient.Patch($$"""{ "baselineAnxiety": {{i}} }""")),
        ["/patients/{patientId}/medications/{medicationId}/history"] = (client, today) =>
            OfVersions(client, today, "AmendMedication", i => new { reason = "after a call", medication = new { atc = "N06AB06", changedOn = today.AddDays(-i) } }),
        ["/patients/{patientId}/observations/{observationId}/history"] = (client, today) => OfVersions(client, today, "RetractObservation", most: 1),
        ["/patients/{patientId}/procedures/{procedureId}/history"] = (client, today) => OfVersions(client, today, "RetractProcedure", most: 1),
        ["/patients/{patientId}/prescriptions/{prescriptionId}/history"] = (client, today) => OfVersions(client, today, "HoldPrescription", verb: i => i % 2 == 0 ? "hold" : "resume"),
        ["/patients/{patientId}/titration-schedules/{titrationScheduleId}/history"] = (client, today) => OfVersions(client, today, "LengthenTitration"),
        ["/patients/{patientId}/check-ins/{checkInId}/history"] = (client, today) =>
            OfVersions(client, today, "CorrectCheckIn", i => new { reason = "typed wrongly", checkIn = new { date = today, scores = new { anxiety = i } } }),
        ["/patients/{patientId}/assessments/{assessmentId}/history"] = (client, today) => OfVersions(client, today, "RetractAssessment", most: 1),
        ["/patients/{patientId}/adverse-events/{adverseEventId}/history"] = (client, today) =>
            OfVersions(client, today, "AmendAdverseEvent", i => new { reason = "after a call", adverseEvent = new { term = "restlessness", severity = "mild", onsetOn = today.AddDays(-i) } }),
        ["/follow-ups/{followUpId}/history"] = (client, today) => OfVersions(client, today, "AssignFollowUp", i => new { assignee = $"dr-{i}" }),
        ["/rule-settings/history"] = (client, today) => OfVersions(client, today, "ChangeRuleSettings", i => new { reason = "tried", settings = new { maxSnoozeDays = i + 1 } }),
        ["/rules/replays/{replayId}/differences"] = OfReplay,
        ["/audit"] = (client, _) => Task.FromResult(new GrowingList("/api/v1/audit", "id", _ => client.GetOkAsync("/api/v1/follow-ups"))),
        ["/patients/{patientId}/access-log"] = OfAccessLog,
        ["/titration-templates/{titrationTemplateId}/history"] = (client, today) => OfVersions(client, today, "PatchTitrationTemplate", i => ApiClient.Patch($$"""{ "source": "paper {{i}}" }""")),
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_list_is_tried() => Assert.Equal(
        api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.OfType<IProducesResponseTypeMetadata>().Any(m => m.Type is { IsGenericType: true } t && t.GetGenericTypeDefinition() == typeof(Page<>)))
            .Select(e => e.RoutePattern.RawText!["/api/v1".Length..]).Order(),
        Lists.Keys.Order());

    /// <summary>The clock stands still, so that the items tie in all but their id.</summary>
    [Theory]
    [MemberData(nameof(Patterns))]
    public async Task What_was_there_at_the_first_page_is_seen_once_and_what_came_later_at_most_once(string pattern)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var list = await Lists[pattern](client, DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime));
        var additions = Enumerable.Range(0, Math.Min(Before + Meanwhile, list.Most)).ToArray();
        foreach (var i in additions.Take(Before))
        {
            await list.AddAsync(i);
        }

        var meanwhile = new Queue<int>(additions.Skip(Before));
        var before = KeysOf(await list.PageAsync(client, 200), list.Key);
        var page = await list.PageAsync(client, 1);
        var seen = KeysOf(page, list.Key);
        while ((string?)page["nextCursor"] is { } cursor)
        {
            if (meanwhile.TryDequeue(out var i))
            {
                await list.AddAsync(i);
            }

            page = await list.PageAsync(client, null, cursor);
            seen.AddRange(KeysOf(page, list.Key));
            Assert.True(seen.Count < 100, "It does not end.");
        }

        Assert.Empty(meanwhile);
        Assert.True(before.Count > Math.Min(Before - 1, list.Most), $"{before.Count}");
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(before.Except(seen));
        Assert.Equal(before, seen.Intersect(before)); // in the same order
    }

    public static TheoryData<string> Patterns => new(Lists.Keys);

    private static List<string> KeysOf(JsonNode page, string key) => [.. page["items"]!.AsArray().Select(i => $"{i![key]}")];

    private static Task<GrowingList> OfMade(HttpClient client, DateOnly today, string name)
    {
        var routes = new ChangingRoutes(client, today);
        return OfMade(client, name, () => routes);
    }

    /// <summary>A list to whose own address is posted.</summary>
    private static async Task<GrowingList> OfMade(HttpClient client, string name, Func<ChangingRoutes> routes) => new(
        (await routes().ReadyAsync(name)).Url, "id", async _ =>
        {
            var call = await routes().ReadyAsync(name);
            await client.OrderOkAsync(call.Url, call.Body!);
        });

    /// <summary>A list that is whole when it is first read.</summary>
    private static async Task<GrowingList> OfReplay(HttpClient client, DateOnly today)
    {
        for (var i = 0; i < Before; i++)
        {
            var patient = await LdnApiHost.RegisterAsync(client, "UTC");
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = today, scores = new { anxiety = 6 } });
        }

        var replay = await client.PostOkAsync("/api/v1/rules/replay", new { settings = new { severeNrs = 6 } });
        return new GrowingList($"/api/v1/rules/replays/{replay["id"]}/differences", "patientId", _ => Task.CompletedTask, Most: 0);
    }

    private static async Task<GrowingList> OfAccessLog(HttpClient client, DateOnly today)
    {
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        return new GrowingList(ApiClient.Of(patient, "/access-log"), "id", _ => client.GetOkAsync(ApiClient.Of(patient)));
    }

    /// <summary>The history of a record that is changed again and again.</summary>
    /// <param name="body">What the i-th change says, where it must say something new.</param>
    /// <param name="verb">What the i-th action is, where it cannot be the same again.</param>
    /// <param name="most">How often it can be changed at all.</param>
    private static async Task<GrowingList> OfVersions(
        HttpClient client, DateOnly today, string name, Func<int, object>? body = null, Func<int, string>? verb = null, int most = int.MaxValue)
    {
        var call = await new ChangingRoutes(client, today).ReadyAsync(name);
        return new GrowingList($"{call.Record}/history", "version", async i =>
        {
            var change = call with { Body = body is null ? call.Body : body(i), Url = verb is null ? call.Url : $"{call.Record}/{verb(i)}" };
            using var response = await change.SendAsync(client, call.IfMatch + i);
            Assert.True(response.IsSuccessStatusCode, $"{name} {i}: {await response.Content.ReadAsStringAsync(Ct)}");
        }, most);
    }

    /// <param name="Key">What tells one item from another.</param>
    /// <param name="AddAsync">Makes it longer by one, or by a few.</param>
    /// <param name="IsSearch">Asked for in a body.</param>
    private sealed record GrowingList(string Url, string Key, Func<int, Task> AddAsync, int Most = int.MaxValue, bool IsSearch = false)
    {
        public Task<JsonNode> PageAsync(HttpClient client, int? limit, string? cursor = null) =>
            IsSearch ? client.PostOkAsync(Url, new { limit, cursor }) : client.GetOkAsync($"{Url}?{(cursor is null ? $"limit={limit}" : $"cursor={cursor}")}");
    }
}
