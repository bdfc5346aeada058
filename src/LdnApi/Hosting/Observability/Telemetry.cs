using System.Reflection;
using LdnApi.Common;
using LdnApi.Nightly;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LdnApi.Hosting.Observability;

/// <summary>
/// Metrics at <c>/metrics</c>. Traces, metrics and logs over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says whereto; without it nothing is traced, and nothing
/// of it runs. The other variables of the OpenTelemetry specification (protocol, headers, sampler, resource attributes) hold as well.
/// </summary>
public static class Telemetry
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static IServiceCollection AddLdnTelemetry(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        services.TryAddSingleton<ProductMetrics>();
        services.AddSingleton<OutstandingWork>();
        services.AddHostedService(provider => provider.GetRequiredService<OutstandingWork>());
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, environment))
            .WithMetrics(metrics => metrics
                .AddMeter(
                    ProductMetrics.MeterName, NightlyMetrics.MeterName, "Npgsql", "System.Runtime",
                    "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting")
                .AddPrometheusExporter());
        if (!string.IsNullOrEmpty(configuration[EndpointVariable]))
        {
            telemetry
                .WithTracing(traces => traces
                    .AddAspNetCoreInstrumentation(o => o.Filter = http => http.Request.Path.StartsWithSegments(Endpoints.BasePath, StringComparison.Ordinal))
                    .AddSource("Npgsql")
                    .AddProcessor(new ExportedSpans()))
                .WithLogging(null, o => o.IncludeFormattedMessage = true)
                .UseOtlpExporter();
        }

        return services;
    }

    private static void Describe(ResourceBuilder resource, IHostEnvironment environment) => resource
        .AddService("ldnapi", serviceVersion: typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion)
        .AddAttributes([new("deployment.environment.name", environment.EnvironmentName.ToLowerInvariant())])
        .AddEnvironmentVariableDetector(); // last, so that an operator's names win
}
