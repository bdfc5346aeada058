using System.Net;
using System.Security.Claims;
using System.Text.RegularExpressions;
using LdnApi.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>
/// Every route tried without a token, with no scope, with each alone, with all, with all but one, and with what each role has; what it answers is held against
/// docs/access-matrix.md.
/// </summary>
public sealed partial class AccessMatrixTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string Heading = "## Every route";

    private static readonly string Table = FromRoot("docs/access-matrix.md");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private List<(string Name, string Method, string Pattern)> Routes =>
    [
        .. from endpoint in api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
           select (endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, method, endpoint.RoutePattern.RawText!),
    ];

    [Fact]
    public async Task Every_route_opens_to_the_scope_in_the_table_and_to_no_other()
    {
        var clinic = LdnApiHost.NewClinic().ToString();
        using var nobody = api.CreateClient();
        using var unscoped = api.ClientWith(api.Token(clinic, scope: "openid"));
        using var almost = api.ClientWith(api.Token(clinic, scope: string.Join(' ', Scopes.All.Keys.SelectMany(s => new[] { s + ".x", "x." + s, s.ToUpperInvariant(), s[..^1] }))));
        var roles = await RolesAsync();
        var sets = Scopes.All.Keys.Select(s => new HashSet<string>([s]))
            .Concat(Scopes.All.Keys.Select(s => Scopes.All.Keys.Where(other => other != s).ToHashSet()))
            .Concat(roles.Select(r => r.Scopes))
            .Append([.. Scopes.All.Keys])
            .DistinctBy(set => string.Join(' ', set.Order(StringComparer.Ordinal)))
            .Select(set => (Scopes: set, Client: api.ClientWith(api.Token(clinic, scope: string.Join(' ', set))))).ToList();
        var rows = new List<string>();
        var requests = 0;
        foreach (var (name, method, pattern) in Routes.OrderBy(r => r.Pattern, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal))
        {
            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, name),
                (await StatusAsync(nobody, method, pattern), await StatusAsync(unscoped, method, pattern), await StatusAsync(almost, method, pattern), name));
            var opening = new List<HashSet<string>>();
            foreach (var (scopes, client) in sets)
            {
                if (await StatusAsync(client, method, pattern) is not HttpStatusCode.Forbidden)
                {
                    opening.Add(scopes);
                }
            }

            var scope = Assert.Single(opening, set => set.Count == 1).Single(); // one alone is enough
            Assert.Equal(sets.Select(s => s.Scopes).Where(s => s.Contains(scope)), opening); // and needed
            requests += sets.Count + 3;
            rows.Add($"| {method} | `{pattern.TrimEnd('/')}` | {name} | `{scope}` | {string.Join(" | ", roles.Select(r => opening.Any(r.Scopes.SetEquals) ? "•" : ""))} |");
        }

        TestContext.Current.SendDiagnosticMessage("Access matrix: {0} routes, {1} sets of scopes, {2} requests", rows.Count, sets.Count, requests);
        await IsInTheTableAsync(rows, [.. roles.Select(r => r.Name)]);
    }

    [Fact]
    public async Task Every_scope_belongs_to_a_role_and_every_role_has_scopes_that_exist()
    {
        var roles = await RolesAsync();

        Assert.All(roles, r => Assert.NotEmpty(r.Scopes));
        Assert.Equal(Scopes.All.Keys.Order(StringComparer.Ordinal), roles.SelectMany(r => r.Scopes).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>Deny by default: the policy itself is asked, as for a route that somebody adds tomorrow and forgets to close.</summary>
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("no.such.scope", false)]
    [InlineData(Scopes.ClinicalRead, true)]
    public async Task A_route_without_a_scope_is_closed_to_all_scopes_together(string? needed, bool opens)
    {
        using var scope = api.Services.CreateScope();
        var services = scope.ServiceProvider;
        var policy = await services.GetRequiredService<IAuthorizationPolicyProvider>().GetFallbackPolicyAsync();
        Claim[] claims = [new("sub", "dr-gray"), new(Caller.ClinicClaim, LdnApiHost.NewClinic().ToString()), new("scope", LdnApiHost.AllScopes)];
        var http = new DefaultHttpContext { User = new Bearer(new ClaimsIdentity(claims, "Bearer")) };
        http.SetEndpoint(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/forgotten"), 0,
            needed is null ? EndpointMetadataCollection.Empty : new EndpointMetadataCollection(new RequiredScope(needed)), "forgotten"));

        var answer = await services.GetRequiredService<IAuthorizationService>().AuthorizeAsync(http.User, http, policy!);

        Assert.Equal(opens, answer.Succeeded);
    }

    /// <summary>Those that the page recommends, by the first words that it has for them.</summary>
    private static async Task<List<(string Name, HashSet<string> Scopes)>> RolesAsync()
    {
        var text = await File.ReadAllTextAsync(Table, Ct);
        return
        [
            .. text[text.IndexOf("## Roles", StringComparison.Ordinal)..text.IndexOf(Heading, StringComparison.Ordinal)].Split('\n').Where(l => l.StartsWith('|')).Skip(2)
                .Select(l => (l.Split('|', ',')[1].Trim(), Quoted().Matches(l).Select(m => m.Groups[1].Value).ToHashSet())),
        ];
    }

    private static async Task IsInTheTableAsync(List<string> rows, string[] roles)
    {
        var text = await File.ReadAllTextAsync(Table, Ct);
        var introduction = text.IndexOf("| Method", text.IndexOf(Heading, StringComparison.Ordinal), StringComparison.Ordinal) is var table and >= 0 ? text[..table] : text;
        var current = $"{introduction}| Method | Route | Operation | Scope | {string.Join(" | ", roles)} |\n|---|---|---|---|{string.Concat(roles.Select(_ => ":-:|"))}\n{string.Join('\n', rows)}\n";
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(Table, current, Ct);
            return;
        }

        Assert.Equal(current, text); // see whether it is meant, then UPDATE_DOCS=1 and the diff for review
    }

    /// <summary>A record that does not exist, no body: whoever is let in gets 4xx of another kind.</summary>
    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string method, string pattern)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Parameter().Replace(pattern, "0198f000-0000-7000-8000-0000000000ff"));
        using var response = await client.SendAsync(request, Ct);
        var isOurs = response.StatusCode != HttpStatusCode.Forbidden || (string?)(await response.ReadAsync())["code"] == "forbidden"; // a clinic that is no sandbox is past the door
        return isOurs ? response.StatusCode : HttpStatusCode.NotFound;
    }

    private static string FromRoot(string path, [System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(path, Path.GetFullPath("../..", Path.GetDirectoryName(file)!));

    [GeneratedRegex("{[^}]+}")]
    private static partial Regex Parameter();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
