using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using System.Text.RegularExpressions;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>Nobody overwrites what they have not read, and nobody is sent what they have.</summary>
[Collection(nameof(SpansAreRead))]
public sealed partial class ConcurrencyTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public void Every_route_that_changes_something_is_tried() =>
        Assert.Equal(ChangingRoutes.Of(api).Select(r => r.Name).Order(), ChangingRoutes.Names.Order());

    /// <summary>From the endpoints themselves: whatever changes a record that exists owes the version that was read.</summary>
    [Fact]
    public async Task Every_change_of_a_record_needs_its_version_refuses_a_stale_one_and_answers_the_new()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var tried = 0;
        foreach (var (name, method, pattern) in ChangingRoutes.Of(api))
        {
            var call = await new ChangingRoutes(client, Today).ReadyAsync(name);
            Assert.Equal((name, ChangesARecord(name, method, pattern)), (name, call.IfMatch is not null));
            if (call.IfMatch is not { } read)
            {
                continue;
            }

            using var blind = await call.SendAsync(client, null);
            using var stale = await call.SendAsync(client, read + 7);
            using var before = await client.GetAsync(call.Record, Ct);
            using var changed = await call.SendAsync(client, read);
            using var after = await client.GetAsync(call.Record, Ct);

            Assert.Equal((name, 428, "precondition-required"), (name, (int)blind.StatusCode, (string?)(await blind.ReadAsync())["code"]));
            var problem = await stale.ReadAsync();
            Assert.Equal((name, 412, "version-mismatch", read), (name, (int)stale.StatusCode, (string?)problem["code"], (long?)problem["currentVersion"]));
            Assert.Equal((name, $"\"{read}\""), (name, before.Headers.ETag?.Tag)); // neither refusal changed anything
            Assert.True(changed.IsSuccessStatusCode, $"{name}: {await changed.Content.ReadAsStringAsync(Ct)}");
            Assert.Equal((name, changed.Headers.ETag), (name, after.Headers.ETag));
            Assert.Equal($"\"{(await changed.ReadAsync())["version"]}\"", changed.Headers.ETag?.Tag);
            Assert.NotEqual(before.Headers.ETag, changed.Headers.ETag);
            tried++;
        }

        Assert.True(tried > 30);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("W/\"1\"")]
    [InlineData("\"1\", \"2\"")]
    [InlineData("*")]
    [InlineData("\"-1\"")]
    [InlineData("\"99999999999999999999\"")]
    [InlineData("\"one\"")]
    public async Task If_Match_is_one_strong_tag_of_ours_or_400(string ifMatch)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);
        using var request = new HttpRequestMessage(HttpMethod.Put, ApiClient.Of(patient)) { Content = ApiClient.Json("""{ "name": { "family": "King" }, "timeZone": "UTC" }""") };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch);

        using var response = await client.SendAsync(request, Ct);

        Assert.Equal((400, "invalid-request"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    [Theory]
    [InlineData("UpdatePatient")]
    [InlineData("CorrectCheckIn")]
    [InlineData("AcknowledgeFollowUp")]
    [InlineData("ChangeRuleSettings")]
    [InlineData("RestoreRuleSettings")]
    [InlineData("ReplaceTitrationTemplate")]
    [InlineData("PatchTitrationTemplate")]
    public async Task Of_changes_sent_at_once_on_one_version_exactly_one_wins_and_the_others_are_told_the_new_one(string name)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var call = await new ChangingRoutes(client, Today).ReadyAsync(name);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => call.SendAsync(client, call.IfMatch)));

        var won = Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        var now = (long)(await won.ReadAsync())["version"]!;
        foreach (var lost in answers.Where(a => a != won))
        {
            var problem = await lost.ReadAsync();
            Assert.Equal((412, "version-mismatch", now), ((int)lost.StatusCode, (string?)problem["code"], (long?)problem["currentVersion"]));
        }
    }

    /// <summary>From the endpoints themselves: 304 comes from the versions, without the record; only what tells more than its record is read anew.</summary>
    [Fact]
    public async Task Every_record_that_the_caller_has_is_304_without_being_read()
    {
        var clinic = LdnApiHost.NewClinic();
        using var statements = new SentStatements(api.Database.App);
        using var client = api.ClientOf(clinic);
        var readable = api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is ["GET"])
            .Select(e => (Pattern: e.RoutePattern.RawText!, Answer: e.Metadata.OfType<IProducesResponseTypeMetadata>().FirstOrDefault(m => m.Type?.IsAssignableTo(typeof(IVersioned)) == true)?.Type))
            .Where(e => e.Answer is not null).ToDictionary(e => e.Pattern, e => e.Answer!);
        foreach (var record in ChangingRoutes.Of(api).Where(r => ChangesARecord(r.Name, r.Method, r.Pattern)).GroupBy(r => r.Method == "POST" ? r.Pattern[..r.Pattern.LastIndexOf('/')] : r.Pattern))
        {
            var call = await new ChangingRoutes(client, Today).ReadyAsync(record.First().Name);
            using var first = await client.GetAsync(call.Record, Ct);
            var tag = first.Headers.ETag!.Tag;
            var isLive = readable[record.Key].IsAssignableTo(typeof(ILive));
            readable.Remove(record.Key);

            foreach (var (ifNoneMatch, known) in new[] { (tag, true), ($"W/{tag}", true), ($"\"x\", {tag}", true), ("*", true), ("\"7000\"", false), ("nonsense", false) })
            {
                statements.Texts.Clear();
                using var request = new HttpRequestMessage(HttpMethod.Get, call.Record);
                request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
                using var again = await client.SendAsync(request, Ct);

                var is304 = known && !isLive;
                Assert.Equal((record.Key, ifNoneMatch, is304 ? 304 : 200, first.Headers.ETag), (record.Key, ifNoneMatch, (int)again.StatusCode, again.Headers.ETag));
                Assert.Equal(is304 ? "" : await first.Content.ReadAsStringAsync(Ct), await again.Content.ReadAsStringAsync(Ct));
                Assert.NotEmpty(statements.Texts);
                Assert.All(is304 ? statements.Texts : [], sql => Assert.Matches("EXISTS|max\\(r.version\\)|SELECT t.version\\s|append_audit_entries", sql));
            }
        }

        Assert.Empty(readable);
    }

    [Fact]
    public async Task A_known_version_of_another_kind_patient_or_clinic_is_not_304()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        var call = await new ChangingRoutes(client, Today).ReadyAsync("CorrectCheckIn");
        var another = await LdnApiHost.RegisterAsync(client);
        var id = call.Record.Split('/')[^1];

        foreach (var (who, url) in new[] { (client, call.Record.Replace("check-ins", "adverse-events", StringComparison.Ordinal)), (client, ApiClient.Of(another, $"/check-ins/{id}")), (theirs, call.Record) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
            using var response = await who.SendAsync(request, Ct);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    /// <summary>A replay is no record that someone reads and then changes: it gets on by itself.</summary>
    private static bool ChangesARecord(string name, string method, string pattern) =>
        !ChangingRoutes.Calculations.Contains(name) && !ChangingRoutes.Upserts.Contains(name) && name != "CancelReplay"
        && (method != "POST" || RecordAndVerb().IsMatch(pattern));

    /// <summary>A record by its id, or the one that a clinic has of its kind; then what is done to it.</summary>
    [GeneratedRegex("(\\{(?!patientId)[^}]+\\}|/rule-settings)/[^/{]+$")]
    private static partial Regex RecordAndVerb();
}
