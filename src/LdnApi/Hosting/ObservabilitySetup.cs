namespace LdnApi.Hosting;

/// <summary>Where <c>/metrics</c> is, and which lines are never logged. Neither says anything about a patient.</summary>
public static class ObservabilitySetup
{
    public static IServiceCollection AddLdnObservability(this IServiceCollection services)
    {
        services.PostConfigure<LoggerFilterOptions>(KeepAddressesOut);
        return services;
    }

    /// <summary>
    /// The framework's own line for each request carries the query, where someone may name a patient, and Kestrel quotes the line of a request that it cannot read, be it one
    /// with a token: no setting, of whatever provider, brings them back.
    /// </summary>
    private static void KeepAddressesOut(LoggerFilterOptions options)
    {
        foreach (var provider in options.Rules.Select(r => r.ProviderName).Append(null).Distinct().ToArray())
        {
            options.Rules.Add(new LoggerFilterRule(provider, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning, null));
            options.Rules.Add(new LoggerFilterRule(provider, "Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.None, null));
        }
    }

    public static void MapLdnObservability(this IEndpointRouteBuilder app)
    {
        app.MapPrometheusScrapingEndpoint("/metrics").AllowAnonymous();
    }
}
