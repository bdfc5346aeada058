using System.Text.Json.Nodes;
using LdnApi.Features.History;
using LdnApi.Records;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>Nothing is erased: every version of every record can be read, with its author, moment and reason.</summary>
public sealed class HistoryTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public void Every_kind_of_record_has_a_history()
    {
        var kinds = typeof(IClinicalRecord).Assembly.GetTypes().Where(t => t.IsClass && t.IsAssignableTo(typeof(IClinicalRecord)));
        var answered = api.Services.GetRequiredService<EndpointDataSource>().Endpoints.Select(e => e.Metadata.GetMetadata<HistoryOf>()?.Record).OfType<Type>();

        Assert.Equal(kinds.OrderBy(t => t.Name), answered.OrderBy(t => t.Name));
    }

    /// <summary>Whatever changes a record leaves the version before it readable, and the newest is the record as it is read.</summary>
    [Fact]
    public async Task Every_change_adds_a_version_and_keeps_the_one_before()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var (name, _, _) in ChangingRoutes.Of(api))
        {
            var call = await new ChangingRoutes(client, Today).ReadyAsync(name);
            if (call.IfMatch is null || call.Url.StartsWith("/api/v1/rule-settings", StringComparison.Ordinal))
            {
                continue; // what makes something new; the settings are no record of a patient and have a history of their own
            }

            var before = await client.GetOkAsync(call.Record);
            using var changed = await call.SendAsync(client, call.IfMatch);
            var after = await client.GetOkAsync(call.Record);
            var history = (await client.GetOkAsync($"{call.Record}/history"))["items"]!.AsArray();

            Assert.True(changed.IsSuccessStatusCode, name);
            Assert.Equal(Enumerable.Range(1, history.Count).Reverse(), history.Select(v => (int)v!["version"]!));
            Assert.True(JsonNode.DeepEquals(after, history[0]!["record"]), name);
            Assert.True(history.Skip(1).Any(v => JsonNode.DeepEquals(before, v!["record"])), name);
            Assert.All(history, v => Assert.Equal("dr-gray", (string)v!["recordedBy"]!));
        }
    }

    [Fact]
    public async Task A_version_says_when_it_became_known_and_why()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var call = await new ChangingRoutes(client, Today).ReadyAsync("CorrectCheckIn");
        api.Clock.Advance(TimeSpan.FromMinutes(5));
        var known = api.Clock.GetUtcNow();

        await client.PostOkAsync(call.Url, call.Body!, call.IfMatch);

        var history = (await client.GetOkAsync($"{call.Record}/history"))["items"]!.AsArray();
        Assert.Equal(("typed wrongly", known), ((string)history[0]!["reason"]!, DateTimeOffset.Parse((string)history[0]!["recordedAt"]!, null)));
        Assert.Null(history[1]!["reason"]);
    }

    [Fact]
    public async Task A_follow_up_keeps_its_evidence_and_its_log_as_they_were_at_each_turn()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var call = await new ChangingRoutes(client, Today).ReadyAsync("ResolveFollowUp");
        var opened = await client.GetOkAsync(call.Record);
        await client.PostOkAsync(call.Url, call.Body!, call.IfMatch);

        var history = (await client.GetOkAsync($"{call.Record}/history"))["items"]!.AsArray();

        Assert.Equal("dose-held: for two weeks", (string)history[0]!["reason"]!);
        Assert.True(JsonNode.DeepEquals(opened, history[^(int)opened["version"]!]!["record"]));
        Assert.All(history, v => Assert.Equal((int)v!["version"]!, v["record"]!["events"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_patients_history_keeps_an_identifier_that_was_taken_away()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var wrong = new { system = "urn:mrn", value = "not-hers" };
        var patient = await client.PostOkAsync("/api/v1/patients", new { name = new { family = "Lovelace" }, timeZone = "UTC", identifiers = new[] { wrong } });
        var url = $"/api/v1/patients/{patient["id"]}";

        using var replaced = await client.SendAsync(HttpMethod.Put, url, new { name = new { family = "Lovelace" }, timeZone = "UTC" }, 1);

        Assert.Empty((await client.FindAsync("urn:mrn", "not-hers"))["items"]!.AsArray());
        Assert.Equal(
            [0, 1], (await client.GetOkAsync($"{url}/history"))["items"]!.AsArray().Select(v => v!["record"]!["identifiers"]!.AsArray().Count));
    }

    [Fact]
    public async Task The_longest_reason_is_kept_whole()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var routes = new ChangingRoutes(client, Today);
        var resolve = await routes.ReadyAsync("ResolveFollowUp");
        var hold = await routes.ReadyAsync("HoldTitration");

        await client.PostOkAsync(hold.Url, new { reason = new string('r', 500), followUpId = resolve.Record.Split('/')[^1] }, hold.IfMatch);
        await client.PostOkAsync(resolve.Url, new { outcome = "referred-to-mental-health", note = new string('n', 2000) }, resolve.IfMatch);

        Assert.StartsWith(new string('r', 500) + " (follow-up ", await LatestReasonAsync(hold));
        Assert.Equal("referred-to-mental-health: " + new string('n', 2000), await LatestReasonAsync(resolve));

        async Task<string> LatestReasonAsync(Call call) => (string)(await client.GetOkAsync($"{call.Record}/history"))["items"]!.AsArray().First(v => v!["reason"] is not null)!["reason"]!;
    }

    [Fact]
    public async Task A_long_history_is_paged_without_loss()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"));
        for (var version = 1; version < 8; version++)
        {
            using var put = await client.SendAsync(HttpMethod.Put, url, new { name = new { family = $"Name {version}" }, timeZone = "UTC" }, version);
        }

        var seen = new List<int>();
        string? cursor = null;
        do
        {
            var page = await client.GetOkAsync($"{url}/history?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page["items"]!.AsArray().Select(v => (int)v!["version"]!));
            cursor = (string?)page["nextCursor"];
        }
        while (cursor is not null);

        Assert.Equal([8, 7, 6, 5, 4, 3, 2, 1], seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/prescriptions/{0}")]
    [InlineData("/check-ins/{0}")]
    public async Task A_record_that_is_not_there_has_no_history(string record)
    {
        using var ours = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(record.Length == 0 ? theirs : ours);

        using var response = await ours.GetAsync(ApiClient.Of(patient, string.Format(null, record, Guid.NewGuid()) + "/history"), Ct);

        Assert.Equal((404, "not-found"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }
}
