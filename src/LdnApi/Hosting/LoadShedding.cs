using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.Extensions.Options;

namespace LdnApi.Hosting;

/// <summary>How much one instance works on at a time, under <c>Limits</c>.</summary>
public sealed class LoadOptions
{
    /// <summary>Requests that are worked on at once: twice the connections, because not all of them are at the database.</summary>
    [Range(1, 100_000)]
    public int ConcurrentRequests { get; set; } = 2 * ConnectionOptions.PoolSize;

    /// <summary>Requests that may wait for their turn.</summary>
    [Range(0, 1_000_000)]
    public int QueuedRequests { get; set; } = 512;

    /// <summary>Seconds that one may wait.</summary>
    [Range(0.01, 300)]
    public double QueueSeconds { get; set; } = 2;
}

/// <summary>
/// Refuses early what would only be answered too late: under overload the requests that are taken stay fast, and the others know at once. A request holds its place only while
/// it is worked on, not while its body arrives or its answer leaves, so slow clients take no places.
/// </summary>
public sealed class LoadShedding(IOptions<LoadOptions> options) : IDisposable
{
    private static readonly Problem Overloaded = new(
        "overloaded", StatusCodes.Status503ServiceUnavailable, "There is more to do here than can be done just now.")
    { RetryAfterSeconds = 2 };

    private readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.Value.ConcurrentRequests,
        QueueLimit = options.Value.QueuedRequests,
    });

    /// <summary>Outside the audit: what is refused here is no look at anyone, and must not become a write.</summary>
    public static async ValueTask<object?> Admit(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        using var place = await http.RequestServices.GetRequiredService<LoadShedding>().TakeAsync(http.RequestAborted);
        if (place is { IsAcquired: true })
        {
            return await next(context);
        }

        http.RequestServices.GetRequiredService<AuditTrail>().IsClosed = true;
        return Overloaded.ToHttp();
    }

    public void Dispose() => _places.Dispose();

    /// <returns>Null when it waited in vain.</returns>
    private async Task<RateLimitLease?> TakeAsync(CancellationToken aborted)
    {
        if (_places.AttemptAcquire() is { IsAcquired: true } free)
        {
            return free;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        patience.CancelAfter(TimeSpan.FromSeconds(options.Value.QueueSeconds));
        try
        {
            return await _places.AcquireAsync(1, patience.Token);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return null;
        }
    }
}

public static class LoadSheddingSetup
{
    public static IServiceCollection AddLdnLoadShedding(this IServiceCollection services)
    {
        services.AddOptions<LoadOptions>().BindConfiguration("Limits").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<LoadShedding>();
        return services;
    }
}
