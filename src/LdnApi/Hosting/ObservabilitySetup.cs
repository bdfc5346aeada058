namespace LdnApi.Hosting;

/// <summary>Where <c>/metrics</c> is, and which lines are never logged. Neither says anything about a patient.</summary>
public static class ObservabilitySetup
{
    public static IServiceCollection AddLdnObservability(this IServiceCollection services)
    {
        services.PostConfigure<LoggerFilterOptions>(KeepAddressesOut);
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
        app.MapPrometheusScrapingEndpoint("/metrics").AllowAnonymous();
    }
}
