using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace LdnApi.IntegrationTests;

/// <summary>Who asks for a replica, and that one which is none or is not there is no loss. What a real standby answers is among the survival tests.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class ReplicaTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string Nobody = "Host=127.0.0.1;Port=1;Username=ldn_app;Password=qj3!xT9#pLw2";

    private static readonly string[] Named =
    [
        "GetAccessLog", "GetAdverseEventHistory", "GetAssessmentHistory", "GetAssociation", "GetCheckInHistory", "GetFollowUpHistory", "GetMedicationHistory", "GetObservationHistory", "GetPatientHistory",
        "GetPrescriptionHistory", "GetProcedureHistory", "GetTitrationScheduleHistory", "ListAuditEntries",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_all_routes_only_those_that_are_named_ask_for_the_replica()
    {
        await using var host = HostWith(Nobody);
        var asked = new List<string>();
        foreach (var route in EveryRoute.Of(api).Where(r => !r.Name.Contains("Sandbox", StringComparison.Ordinal)).OrderBy(r => r.Name, StringComparer.Ordinal))
        {
            using var client = ClientOf(host); // each in a clinic of its own
            var call = await new EveryRoute(api, client).ReadyAsync(route);
            var before = await CountAsync(client);
            using var answer = await client.SendAsync(call.Method, call.Url, call.Body, call.IfMatch);
            Assert.True(answer.IsSuccessStatusCode, $"{route}: {answer.StatusCode}");
            Assert.Null(answer.Headers.Age);
            asked.AddRange(Enumerable.Repeat(route.Name, await CountAsync(client) - before));
        }

        Assert.Equal(Named, asked); // each once
    }

    [Fact]
    public async Task The_contract_says_which_answers_may_have_an_age()
    {
        using var client = api.CreateClient();
        var document = await client.GetOkAsync("/openapi.json");

        Assert.Equal(Named,
            from path in document["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            where operation.Value!["responses"]!["200"]?["headers"]?["Age"] is not null
            orderby (string)operation.Value["operationId"]!
            select (string)operation.Value["operationId"]!);
    }

    [Theory]
    [InlineData(Nobody, null, "away")]
    [InlineData("Host=nowhere.invalid;Username=ldn_app;Password=qj3!xT9#pLw2", null, "away")]
    [InlineData(null, null, "too-old")] // a primary is no replica
    [InlineData(null, "no-cache", "declined")]
    [InlineData(null, "max-age=0", "declined")]
    public async Task What_cannot_be_had_there_comes_from_the_primary(string? replica, string? cacheControl, string outcome)
    {
        await using var host = HostWith(replica ?? api.Database.App);
        using var client = ClientOf(host);
        var patient = await LdnApiHost.RegisterAsync(client);
        if (cacheControl is not null)
        {
            client.DefaultRequestHeaders.Add("Cache-Control", cacheControl);
        }

        var before = await CountAsync(client, outcome);
        using var answer = await client.GetAsync(ApiClient.Of(patient, "/history"), Ct);

        Assert.Single((await answer.ReadAsync())["items"]!.AsArray());
        Assert.Null(answer.Headers.Age);
        Assert.Equal(before + 1, await CountAsync(client, outcome));
    }

    private WebApplicationFactory<Program> HostWith(string replica) =>
        api.WithWebHostBuilder(b => b.UseSetting("ConnectionStrings:LdnReplica", replica));

    private HttpClient ClientOf(WebApplicationFactory<Program> host)
    {
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token(LdnApiHost.NewClinic().ToString(), scope: LdnApiHost.AllScopes));
        return client;
    }

    private static async Task<int> CountAsync(HttpClient client, string outcome = "[^\"]+") =>
        Regex.Matches(await client.GetStringAsync("/metrics", Ct), $$"""^ldnapi_replica_reads_total{[^}]*outcome="{{outcome}}"[^}]*} (\d+)""", RegexOptions.Multiline)
            .Sum(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
}
