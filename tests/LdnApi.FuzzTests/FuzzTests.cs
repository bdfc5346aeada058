using System.Globalization;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.ContractTests;
using LdnApi.IntegrationTests;
using LdnApi.Sandbox;

namespace LdnApi.FuzzTests;

/// <summary>
/// The whole API under requests that openapi.json tells how to make. It must give no 5xx, no status and no media type that it does not declare, no answer that
/// breaks its schema, nothing without the right, and nothing of another clinic. Again with the same requests: <c>LDN_FUZZ_SEED</c>; more of them: <c>LDN_FUZZ_PER_OPERATION</c>.
/// </summary>
public sealed class FuzzTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    [Fact]
    public async Task No_request_brings_out_anything_but_what_the_contract_says()
    {
        var ct = TestContext.Current.CancellationToken;
        api.Clock.SetUtcNow(new DateTimeOffset(2026, 4, 1, 9, 0, 0, TimeSpan.Zero)); // after every day in the document's examples
        using var client = api.CreateClient();
        var contract = Contract.Parse(await client.GetStringAsync("/openapi.json", ct));
        var fuzzer = new Fuzzer(contract, client, Setting("LDN_FUZZ_SEED", 20260314), DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime));

        var report = await fuzzer.RunAsync(
            [ActorOf(SandboxStories.Clinic, "qzAlpha"), ActorOf(LdnApiHost.NewClinic(), "qzBeta")],
            Setting("LDN_FUZZ_PER_OPERATION", 3), TimeSpan.FromMinutes(Setting("LDN_FUZZ_MINUTES", 20)), ct);

        TestContext.Current.SendDiagnosticMessage("{0}", report);
        if (Environment.GetEnvironmentVariable("LDN_FUZZ_REPORT") is { Length: > 0 } file)
        {
            await File.WriteAllLinesAsync(file, [report.ToString(), .. report.Refused.Select(r => $"fits, and is refused ×{r.Value}: {r.Key}"), .. report.Findings.Select(f => f.ToString())], ct);
        }

        Assert.True(report.Findings.Count == 0, $"{report}\n{string.Join('\n', report.Findings.Take(40))}");
        Assert.Empty(report.NeverSucceeded);
        Assert.Empty(report.Unsent); // every operation had its edges, hostile input, rights and foreign records; LDN_FUZZ_PER_OPERATION makes it shorter, LDN_FUZZ_MINUTES gives it time
    }

    private Actor ActorOf(ClinicId clinic, string marker)
    {
        var id = clinic.ToString();
        var full = api.Token(id, scope: LdnApiHost.AllScopes);
        return new Actor(
            marker, full, scope => api.Token(id, scope: string.Join(' ', Scopes.All.Keys.Where(s => s != scope))),
            [("no token", null), ("garbage", "garbage"), ("no signature", string.Join('.', full.Split('.')[..2]) + ".")], name => MakeReadyAsync(clinic, name));
    }

    /// <summary>What the list of changing routes makes ready, and of the reading ones what chance does not find.</summary>
    private async Task<Ready?> MakeReadyAsync(ClinicId clinic, string name)
    {
        using var client = api.ClientOf(clinic);
        var today = DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);
        if (name == "DraftAdverseEvent")
        {
            var patient = await LdnApiHost.RegisterAsync(client, "UTC");
            var checkIn = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = today, scores = new { anxiety = 8 } });
            return new Ready(ApiClient.Of(patient, $"/adverse-events/draft?checkInId={checkIn["id"]}"), [], null, null);
        }

        if (!ChangingRoutes.Names.Contains(name))
        {
            return null;
        }

        var call = await new ChangingRoutes(client, today).ReadyAsync(name);
        using var content = ApiClient.ContentOf(call.Body);
        return new Ready(
            call.Url, call.IfMatch is { } version ? [new("If-Match", $"\"{version}\"")] : [], content is null ? null : await content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), content?.Headers.ContentType?.MediaType);
    }
}
