using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Options;

namespace LdnApi.IntegrationTests;

/// <summary>One client cannot use up the server, always sees what it has left, and is told when to come again.</summary>
public sealed partial class RateLimitTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const int Allowance = 5;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_allowance_is_counted_down_refused_when_spent_and_a_clients_own()
    {
        using var tight = Tight();
        var (clinic, another) = (LdnApiHost.NewClinic().ToString(), LdnApiHost.NewClinic().ToString());
        using var gray = ClientOf(tight, api.Token(clinic));

        var left = new List<int>();
        for (var i = 0; i < Allowance; i++)
        {
            using var good = await gray.GetAsync("/api/v1/patients", Ct);
            Assert.Equal((HttpStatusCode.OK, "\"client\";q=5;w=3600"), (good.StatusCode, good.Headers.GetValues("RateLimit-Policy").Single()));
            left.Add(LeftOf(good));
        }

        using var refused = await gray.GetAsync("/api/v1/patients", Ct);
        using var colleague = await ClientOf(tight, api.Token(clinic, "dr-black")).GetAsync("/api/v1/patients", Ct);
        using var elsewhere = await ClientOf(tight, api.Token(another)).GetAsync("/api/v1/patients", Ct);
        var problem = await refused.ReadAsync();

        Assert.Equal([4, 3, 2, 1, 0], left);
        Assert.Equal((429, "rate-limited", 0), ((int)refused.StatusCode, (string?)problem["code"], LeftOf(refused)));
        Assert.InRange((int)refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 3600);
        Assert.Equal((int)refused.Headers.RetryAfter.Delta.Value.TotalSeconds, (int)problem["retryAfterSeconds"]!);
        Assert.Contains("At most 5 requests in 3600 s", (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (colleague.StatusCode, elsewhere.StatusCode));
    }

    [Fact]
    public async Task Bad_tokens_use_up_their_address_and_no_good_clients_allowance()
    {
        using var tight = Tight();
        using var nobody = tight.CreateClient();
        var statuses = new List<int>();
        for (var i = 0; i < Allowance + 1; i++)
        {
            using var answer = await nobody.GetAsync("/api/v1/patients", Ct);
            statuses.Add((int)answer.StatusCode);
        }

        using var good = await ClientOf(tight, api.Token(LdnApiHost.NewClinic().ToString())).GetAsync("/api/v1/patients", Ct);

        Assert.Equal([401, 401, 401, 401, 401, 429], statuses);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task The_clients_of_a_clinic_share_a_larger_allowance_so_that_it_starves_no_other()
    {
        using var tight = api.WithWebHostBuilder(b => b.UseSetting("RateLimits:ClinicRequests", "3").UseSetting("RateLimits:WindowSeconds", "3600"));
        var clinic = LdnApiHost.NewClinic().ToString();
        var statuses = new List<int>();
        foreach (var subject in (string[])["a", "b", "c", "d"])
        {
            using var answer = await ClientOf(tight, api.Token(clinic, subject)).GetAsync("/api/v1/patients", Ct);
            statuses.Add((int)answer.StatusCode);
        }

        using var elsewhere = await ClientOf(tight, api.Token(LdnApiHost.NewClinic().ToString())).GetAsync("/api/v1/patients", Ct);

        Assert.Equal([200, 200, 200, 429], statuses);
        Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/openapi.json")]
    [InlineData("/problems/rate-limited")]
    public async Task Open_pages_are_never_refused(string url)
    {
        using var tight = Tight();
        using var nobody = tight.CreateClient();
        for (var i = 0; i < Allowance + 3; i++)
        {
            using var answer = await nobody.GetAsync(url, Ct);
            Assert.Equal((HttpStatusCode.OK, false), (answer.StatusCode, answer.Headers.Contains("RateLimit")));
        }
    }

    [Fact]
    public async Task Every_answer_says_what_is_left()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var nobody = api.CreateClient();
        var patient = await LdnApiHost.RegisterAsync(client);
        using var found = await client.GetAsync(ApiClient.Of(patient), Ct);
        using var missing = await client.GetAsync($"/api/v1/patients/{Guid.NewGuid()}", Ct);
        using var stranger = await nobody.GetAsync("/api/v1/patients", Ct);
        using var large = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json(new string(' ', 5_000_000)));
        using var unreadable = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json("{"));

        Assert.Equal([200, 404, 401, 413, 400], new[] { found, missing, stranger, large, unreadable }.Select(a => (int)a.StatusCode));
        Assert.All([found, missing, stranger, large, unreadable], a => Assert.InRange(LeftOf(a), 1, LdnApiHost.Allowance));
    }

    [Theory]
    [InlineData("RateLimits:Requests", "0")]
    [InlineData("RateLimits:WindowSeconds", "0")]
    [InlineData("RateLimits:ClinicRequests", "0")]
    public void A_limit_that_means_nothing_keeps_the_api_from_starting(string setting, string value)
    {
        using var host = api.WithWebHostBuilder(b => b.UseSetting(setting, value));

        Assert.Throws<OptionsValidationException>(() => host.CreateClient());
    }

    [Theory]
    [InlineData("from-the-ehr.2026-03-14_0001", true)]
    [InlineData("0195d000-0000-7000-8000-000000000001", true)]
    [InlineData("with a space", false)]
    [InlineData("<script>", false)]
    [InlineData("", false)]
    public async Task A_sane_request_id_is_taken_over_and_any_other_replaced(string sent, bool taken)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var url in new[] { "/api/v1/patients", "/api/v1/nothing", "/health/live" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation("X-Request-Id", sent);

            using var answer = await client.SendAsync(request, Ct);

            Assert.Equal(taken, answer.Headers.GetValues("X-Request-Id").Single() == sent);
            Assert.NotEmpty(answer.Headers.GetValues("X-Request-Id").Single());
        }
    }

    private static HttpClient ClientOf(WebApplicationFactory<Program> host, string token)
    {
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    private static int LeftOf(HttpResponseMessage answer) => int.Parse(Left().Match(answer.Headers.GetValues("RateLimit").Single()).Groups[1].Value, null);

    private WebApplicationFactory<Program> Tight() =>
        api.WithWebHostBuilder(b => b.UseSetting("RateLimits:Requests", $"{Allowance}").UseSetting("RateLimits:WindowSeconds", "3600"));

    [GeneratedRegex("^\"client\";r=([0-9]+);t=[0-9]+$")]
    private static partial Regex Left();
}
