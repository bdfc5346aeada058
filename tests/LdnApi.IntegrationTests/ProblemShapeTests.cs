using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LdnApi.Auth;
using LdnApi.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>Whatever refuses a request, in Production too, refuses it in one shape. From the endpoints themselves, so that no route is forgotten.</summary>
public sealed partial class ProblemShapeTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private List<(string Method, string Pattern, RouteEndpoint Endpoint)> Routes =>
    [
        .. from endpoint in api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<RequiredScope>() is not null
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
           select (method, endpoint.RoutePattern.RawText!, endpoint),
    ];

    [Fact]
    public async Task Without_a_token_or_its_scope_every_route_refuses_in_the_shape()
    {
        using var nobody = api.CreateClient();
        using var unscoped = api.ClientOf(LdnApiHost.NewClinic(), scope: "openid");
        foreach (var (method, pattern, _) in Routes)
        {
            await AssertProblemAsync(nobody, method, Filled(pattern), null, 401, "unauthenticated");
            await AssertProblemAsync(unscoped, method, Filled(pattern), null, 403, "forbidden");
        }
    }

    [Fact]
    public async Task Another_method_is_405_with_those_that_are_allowed()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var url in Routes.Select(r => Filled(r.Pattern.TrimEnd('/'))))
        {
            var allowed = Routes.Where(r => Parameter().Split(r.Pattern.TrimEnd('/')) is var parts && Regex.IsMatch(url, $"^{string.Join("[^/]+", parts.Select(Regex.Escape))}$"))
                .Select(r => r.Method).Distinct().Order().ToArray();
            foreach (var method in Methods.Except(allowed))
            {
                using var answer = await AssertProblemAsync(client, method, url, null, 405, "method-not-allowed");
                Assert.Equal(allowed, answer.Content.Headers.Allow.Order());
            }
        }
    }

    [Theory]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v1")]
    [InlineData("/api/v2/patients")]
    [InlineData("/nothing")]
    [InlineData("/problems/no-such-code")]
    public async Task An_address_that_is_none_is_404(string url)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        await AssertProblemAsync(client, "GET", url, null, 404, "not-found");
    }

    [Fact]
    public async Task An_id_that_cannot_be_read_is_400_and_not_repeated()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var (method, pattern, endpoint) in Routes)
        {
            if (pattern.Contains('{'))
            {
                var url = Parameter().Replace(pattern, "canary-7");
                using var answer = await AssertProblemAsync(client, method, url, BodyFor(endpoint), 400, "invalid-request", ifMatch: 1);
                Assert.DoesNotContain("canary-7", (string?)(await answer.ReadAsync())["detail"] ?? "", StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Each value that an operation takes in its address and that can be wrong, sent wrong.</summary>
    [Fact]
    public async Task A_value_that_cannot_be_read_is_400_and_named_with_its_rule()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var sent = 0;
        foreach (var (method, pattern, endpoint) in Routes)
        {
            foreach (var parameter in endpoint.Metadata.GetMetadata<AddressParameters>()!.All.Where(p => p.Part != AddressPart.Header && p.Type != typeof(string)))
            {
                foreach (var text in new[] { "canary-7", "1e3", "99999999999999", "1980-05-17T00:00:00Z" })
                {
                    if (parameter.Type == typeof(DateTimeOffset) && text.EndsWith('Z'))
                    {
                        continue;
                    }

                    var url = parameter.Part == AddressPart.Path
                        ? Parameter().Replace(pattern, m => m.Value.Trim('{', '}') == parameter.Name ? text : Guid.NewGuid().ToString())
                        : $"{Filled(pattern)}?{parameter.Name}={text}";
                    using var answer = await AssertProblemAsync(client, method, url, BodyFor(endpoint), 400, "invalid-request", ifMatch: 1);
                    var errors = (JsonObject)(await answer.ReadAsync())["errors"]!;
                    Assert.Equal((url, true), (url, errors.ContainsKey(parameter.Name)));
                    Assert.DoesNotContain(text, errors.ToJsonString(), StringComparison.Ordinal);
                    sent++;
                }
            }
        }

        Assert.True(sent > 200, $"{sent}");
    }

    [Theory]
    [InlineData("GET", "patients/0198f000-0000-7000-8000-00000000000a/evaluation?asOf=1980-05-17T00:00:00Z", null, "asOf", "Must be a calendar day, YYYY-MM-DD: a moment was sent.")]
    [InlineData("GET", "patients/0198f000-0000-7000-8000-00000000000a/evaluation?asOf=03/04/2026", null, "asOf", "Must be a calendar day, YYYY-MM-DD, from 1900-01-01 to 2199-12-31.")]
    [InlineData("GET", "patients?limit=abc", null, "limit", "Must be a whole number.")]
    [InlineData("GET", "patients?limit=0", null, "limit", "The field limit must be between 1 and 200.")]
    [InlineData("GET", "follow-ups?assignee=%00", null, "assignee", "Has characters that are no text.")]
    [InlineData("GET", "patients?birthDate=1980-05-17", null, "birthDate", "Has no place in an address: POST /patients/search.")]
    [InlineData("GET", "patients?name=Love&limit=1", null, "name", "Has no place in an address: POST /patients/search.")]
    [InlineData("GET", "patients?IDENTIFIER=urn:ehr%7C7", null, "identifier", "Has no place in an address: POST /patients/search.")]
    [InlineData("POST", "patients/search", """{ "identifier": { "system": "urn:ehr" } }""", "$.identifier.value", "Must be given.")]
    [InlineData("POST", "patients/search", """{ "limit": 0 }""", "$.limit", "The field limit must be between 1 and 200.")]
    [InlineData("POST", "patients/search", """{ "family": "Love" }""", "$.family", "Is no member of this object.")]
    [InlineData("POST", "patients/search", """{ "cursor": "forged" }""", "$.cursor", "Must be the nextCursor of a page of this very list, as it was sent.")]
    [InlineData("GET", "follow-ups?overdue=maybe", null, "overdue", "Must be true or false.")]
    [InlineData("GET", "audit?from=2026-03-14", null, "from", "Must be an instant with its offset, as 2026-03-14T09:00:00Z; a + is sent as %2B.")]
    [InlineData("GET", "patients/abc", null, "patientId", "Must be a UUID: 32 hexadecimal digits in five groups.")]
    [InlineData("PUT", "rule-settings", "", "$", "Must be a body of the form that the contract states, sent as a whole.")]
    [InlineData("PUT", "rule-settings", "null", "$", "Must be a body of the form that the contract states, sent as a whole.")]
    [InlineData("POST", "rules/replay", "", "$", "Must be a body of the form that the contract states, sent as a whole.")]
    [InlineData("POST", "rules/replay", "null", "$", "Must be a body of the form that the contract states, sent as a whole.")]
    [InlineData("POST", "rule-settings/restore", """{ "restoredVersion": 99999999999999, "reason": "back" }""", "$.restoredVersion", "The field restoredVersion must be between 1 and 2147483647.")]
    public async Task What_is_wrong_is_named_in_the_wires_words(string method, string path, string? body, string place, string rule)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var answer = await AssertProblemAsync(client, method, $"/api/v1/{path}", body is null ? null : () => ApiClient.Json(body), 400, "invalid-request", ifMatch: 1);

        var errors = (JsonObject)(await answer.ReadAsync())["errors"]!;
        Assert.Equal((place, rule), (errors.Single().Key, (string?)errors.Single().Value!.AsArray().Single()));
    }

    [Fact]
    public async Task A_media_type_that_is_not_taken_is_not_repeated()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var body = new StringContent("{}");
        body.Headers.Remove("Content-Type");
        body.Headers.TryAddWithoutValidation("Content-Type", "application/json,text/canary");

        using var answer = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", body);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "The body must be application/json."), (answer.StatusCode, (string?)(await answer.ReadAsync())["detail"]));
    }

    [Fact]
    public async Task A_body_of_another_type_too_large_or_unreadable_is_refused_in_the_shape()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var (method, pattern, endpoint) in Routes)
        {
            if (endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is not { } accepts)
            {
                continue;
            }

            var url = Filled(pattern);
            var mediaType = accepts.ContentTypes[0];
            await AssertProblemAsync(client, method, url, () => ApiClient.Json("{}", "text/plain"), 415, "unsupported-media-type", ifMatch: 1);
            await AssertProblemAsync(client, method, url, () => ApiClient.Json(new string(' ', WireGuards.MaxBodyBytes + 1), mediaType), 413, "payload-too-large", ifMatch: 1);
            await AssertProblemAsync(client, method, url, () => ApiClient.Json(mediaType == "text/csv" ? "\"" : "{ \"canary\": ", mediaType), 400, "invalid-request", ifMatch: 1);
        }
    }

    [Fact]
    public async Task A_database_that_is_away_is_503_and_says_when_to_come_again()
    {
        using var away = api.WithWebHostBuilder(host => host.UseSetting(
            "ConnectionStrings:Ldn", new NpgsqlConnectionStringBuilder(api.Database.App) { Port = 1, Timeout = 1 }.ConnectionString));
        using var client = away.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token(LdnApiHost.NewClinic().ToString(), scope: LdnApiHost.AllScopes));

        using var answer = await AssertProblemAsync(client, "GET", "/api/v1/patients", null, 503, "unavailable");

        Assert.Equal("5", answer.Headers.RetryAfter?.ToString());
    }

    [Fact]
    public async Task What_takes_too_long_is_given_up_with_503()
    {
        var clinic = LdnApiHost.NewClinic();
        using var patiently = api.ClientOf(clinic);
        var patient = await LdnApiHost.RegisterAsync(patiently, "UTC");
        using var hasty = api.WithWebHostBuilder(host => host.UseSetting("Limits:RequestSeconds", "1"));
        using var client = hasty.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token(clinic.ToString(), scope: LdnApiHost.AllScopes));
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await using var holding = await owner.BeginTransactionAsync(Ct);
        await using var hold = new NpgsqlCommand($"SELECT 1 FROM patients WHERE id = '{patient}' FOR UPDATE", owner);
        await hold.ExecuteScalarAsync(Ct);

        using var answer = await AssertProblemAsync(client, "POST", ApiClient.Of(patient, "/check-ins"), () => ApiClient.Json("""{ "date": "2026-03-14", "note": "slow" }"""), 503, "took-too-long");

        Assert.Equal("5", answer.Headers.RetryAfter?.ToString());
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/xml")]
    [InlineData("image/png")]
    public async Task The_shape_does_not_depend_on_what_the_client_accepts(string accept)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        client.DefaultRequestHeaders.Accept.ParseAdd(accept);

        await AssertProblemAsync(client, "GET", $"/api/v1/patients/{Guid.NewGuid()}", null, 404, "not-found");
        await AssertProblemAsync(client, "GET", "/api/v1/nothing", null, 404, "not-found");
        await AssertProblemAsync(client, "DELETE", "/api/v1/patients", null, 405, "method-not-allowed");
    }

    [Fact]
    public async Task Each_type_leads_to_a_page_that_needs_no_token()
    {
        using var nobody = api.CreateClient();
        foreach (var code in ProblemPages.Markdown.Keys)
        {
            using var page = await nobody.GetAsync($"/problems/{code}", Ct);
            var html = await page.Content.ReadAsStringAsync(Ct);

            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
            Assert.Contains($"<h1>{code}</h1>", html, StringComparison.Ordinal);
            Assert.Contains("<h2>What to do</h2>", html, StringComparison.Ordinal);
            Assert.Equal("default-src 'none'; frame-ancestors 'none'", page.Headers.GetValues("Content-Security-Policy").Single());
        }

        Assert.Equal(ProblemPages.Markdown.Count, Link().Count(await nobody.GetStringAsync("/problems", Ct)));
    }

    private static async Task<HttpResponseMessage> AssertProblemAsync(
        HttpClient client, string method, string url, Func<HttpContent>? body, int status, string code, long? ifMatch = null)
    {
        var answer = await client.SendAsync(new HttpMethod(method), url, body, ifMatch);
        var place = $"{method} {url}";
        Assert.Equal((place, status), (place, (int)answer.StatusCode));
        Assert.Equal((place, "application/problem+json"), (place, answer.Content.Headers.ContentType?.MediaType));
        Assert.True(answer.Headers.Contains("X-Request-Id") && answer.Headers.Contains("X-Content-Type-Options"), place);
        if (method != "HEAD")
        {
            var problem = (JsonObject)await answer.ReadAsync();
            Assert.Equal((place, code, $"/problems/{code}", status), (place, (string?)problem["code"], (string?)problem["type"], (int?)problem["status"]));
            Assert.True(problem["title"] is not null && problem["traceId"] is not null, place);
            Assert.Equal(url.Split('?')[0], (string?)problem["instance"]);
            Assert.DoesNotContain("   at ", problem.ToJsonString(), StringComparison.Ordinal);
            Assert.DoesNotMatch(FrameworkWords(), problem.ToJsonString());
            Assert.True(status != 400 || problem["errors"] is JsonObject { Count: > 0 }, place);
        }

        return answer;
    }

    private static string Filled(string pattern) => Parameter().Replace(pattern, _ => Guid.NewGuid().ToString());

    private static Func<HttpContent>? BodyFor(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is { } accepts ? () => ApiClient.Json("{}", accepts.ContentTypes[0]) : null;

    [GeneratedRegex("{[^}]+}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"Nullable|DateOnly|DateTimeOffset|Int32|Int64|Boolean|Guid|\b[A-Z]\w+Id\b|System\.|LdnApi\.|Failed to|Implicit|parameter|Expected")]
    private static partial Regex FrameworkWords();

    [GeneratedRegex("<a href=\"/problems/")]
    private static partial Regex Link();
}
