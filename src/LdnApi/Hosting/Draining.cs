using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LdnApi.Hosting;

/// <summary>How long a stop may take, under <c>Shutdown</c>. The supervisor must allow their sum and a few seconds more.</summary>
public sealed class ShutdownOptions
{
    /// <summary>Seconds between being unready and refusing connections: a balancer must have asked meanwhile. 0 in Development.</summary>
    [Range(0, 300)]
    public double? GraceSeconds { get; set; }

    /// <summary>Seconds that requests in flight are given to finish after that.</summary>
    [Range(0, 3600)]
    public double RequestSeconds { get; set; } = 30;
}

/// <summary>
/// A stop in three steps: unready at once, while requests are still taken; after the grace no new connections, and what runs finishes; then the background work stops,
/// each piece between two transactions.
/// </summary>
internal sealed class Draining(IHostApplicationLifetime lifetime, IHostEnvironment environment, IOptions<ShutdownOptions> options, TimeProvider clock) : IHostedLifecycleService
{
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(5);

    public bool HasBegun => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Before any service stops, the web server included.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.Delay(GraceOf(options.Value, environment), clock, cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal static TimeSpan GraceOf(ShutdownOptions options, IHostEnvironment environment) =>
        options.GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : environment.IsDevelopment() ? TimeSpan.Zero : DefaultGrace;
}

public static class DrainingSetup
{
    /// <summary>For the background work, once the requests are done.</summary>
    private static readonly TimeSpan LastSteps = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddLdnDraining(this IServiceCollection services)
    {
        services.AddOptions<ShutdownOptions>().BindConfiguration("Shutdown").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<Draining>();
        services.AddHostedService(provider => provider.GetRequiredService<Draining>());
        services.AddOptions<HostOptions>().Configure<IOptions<ShutdownOptions>, IHostEnvironment>((host, options, environment) =>
            host.ShutdownTimeout = Draining.GraceOf(options.Value, environment) + TimeSpan.FromSeconds(options.Value.RequestSeconds) + LastSteps);
        return services;
    }

    /// <summary>While it stops, each answer closes its connection, so that none is in use when the server closes.</summary>
    public static void UseLdnDraining(this WebApplication app)
    {
        var draining = app.Services.GetRequiredService<Draining>();
        app.Use((http, next) =>
        {
            if (draining.HasBegun && HttpProtocol.IsHttp11(http.Request.Protocol))
            {
                http.Response.OnStarting(() =>
                {
                    http.Response.Headers.Connection = "close";
                    return Task.CompletedTask;
                });
            }

            return next(http);
        });
    }
}
