using LdnApi.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LdnApi.Hosting;

/// <summary>Health, and where <c>/metrics</c> is. Neither says anything about a patient.</summary>
public static class ObservabilitySetup
{
    public static IServiceCollection AddLdnObservability(this IServiceCollection services)
    {
        services.PostConfigure<LoggerFilterOptions>(KeepAddressesOut);
        services.AddHealthChecks().AddCheck<DatabaseCheck>("database", tags: ["ready"]);
        return services;
    }

    /// <summary>The framework's own line for each request carries the query, and a search names a patient there: no setting, of whatever provider, brings it back.</summary>
    private static void KeepAddressesOut(LoggerFilterOptions options)
    {
        foreach (var provider in options.Rules.Select(r => r.ProviderName).Append(null).Distinct().ToArray())
        {
            options.Rules.Add(new LoggerFilterRule(provider, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning, null));
        }
    }

    public static void MapLdnObservability(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") }).AllowAnonymous();
        app.MapPrometheusScrapingEndpoint("/metrics").AllowAnonymous();
    }

    /// <summary>Ready when the database answers.</summary>
    private sealed class DatabaseCheck(IServiceScopeFactory scopes) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Auth.BackgroundCaller>().Caller = Auth.Caller.Nobody;
            var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
            return await db.Database.CanConnectAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The database does not answer.");
        }
    }
}

/// <summary>For containers without a shell: the program asks itself.</summary>
public static class HealthSetup
{
    /// <returns>0 when the address answers 200.</returns>
    public static async Task<int> ProbeAsync(Uri url)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var response = await http.GetAsync(url);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return 1;
        }
    }
}
