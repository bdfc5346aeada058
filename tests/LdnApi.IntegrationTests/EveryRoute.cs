using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Sandbox;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>An endpoint of the API: its name, its method and its address.</summary>
internal sealed record Route(string Name, HttpMethod Method, string Pattern, string Scope)
{
    public override string ToString() => Name;
}

/// <summary>
/// For every route, reading or changing, a request that succeeds on records made for it. What changes is in <see cref="ChangingRoutes"/>; what is read hangs
/// on a record that some route changes, and is found through it.
/// </summary>
internal sealed class EveryRoute(LdnApiHost api, HttpClient client)
{
    private readonly ChangingRoutes _changing = new(client, DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime));

    public static IReadOnlyList<Route> Of(LdnApiHost api) =>
    [
        .. from endpoint in api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           let scope = endpoint.Metadata.GetMetadata<RequiredScope>()
           where scope is not null
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
           select new Route(endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, new HttpMethod(method), endpoint.RoutePattern.RawText!, scope.Name),
    ];

    /// <summary>A clinic in which the route may be used.</summary>
    public static ClinicId ClinicFor(Route route) => route.Name.Contains("Sandbox", StringComparison.Ordinal) ? SandboxStories.Clinic : LdnApiHost.NewClinic();

    /// <summary>The route with ids of nothing.</summary>
    public static string Nowhere(Route route) => System.Text.RegularExpressions.Regex.Replace(route.Pattern, "{[^}]+}", _ => Guid.NewGuid().ToString());

    public async Task<Call> ReadyAsync(Route route)
    {
        if (ChangingRoutes.Names.Contains(route.Name))
        {
            return await _changing.ReadyAsync(route.Name);
        }

        var followUp = await _changing.ReadyAsync("AcknowledgeFollowUp"); // with a patient, a prescription and a check-in, so that no list is empty
        var record = route.Pattern[..(route.Pattern.LastIndexOf('}') + 1)];
        var url = record.Length == 0 ? "" : record.EndsWith("{followUpId}", StringComparison.Ordinal) ? followUp.Record : await RecordAsync(record);
        var query = route.Name == "DraftAdverseEvent" ? $"?followUpId={followUp.Record.Split('/')[^1]}" : "";
        return new Call(HttpMethod.Get, $"{url}{route.Pattern[record.Length..]}{query}", null);
    }

    /// <summary>The address of a record like those at an address: that which the first route that changes such ones would change.</summary>
    private async Task<string> RecordAsync(string pattern)
    {
        var changes = ChangingRoutes.Of(api).First(r => r.Pattern == pattern || (r.Pattern.StartsWith($"{pattern}/", StringComparison.Ordinal) && !r.Pattern[(pattern.Length + 1)..].Contains('/')));
        return (await _changing.ReadyAsync(changes.Name)).Record;
    }
}
