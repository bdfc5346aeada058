using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using LdnApi.Auth;
using LdnApi.Common;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace LdnApi.Hosting;

/// <summary>How much one client may ask for, under <c>RateLimits</c>. Each instance counts for itself.</summary>
public sealed class RateLimitOptions
{
    /// <summary>Requests that a client may make at once, and again after <see cref="WindowSeconds"/>.</summary>
    [Range(1, 10_000_000)]
    public int Requests { get; set; } = 6_000;

    /// <summary>Requests that all clients of a clinic together may make in the same time, so that one clinic does not starve another.</summary>
    [Range(1, 100_000_000)]
    public int ClinicRequests { get; set; } = 60_000;

    /// <summary>Seconds in which a spent allowance is whole again; it comes back evenly.</summary>
    [Range(1, 86_400)]
    public int WindowSeconds { get; set; } = 60;
}

/// <summary>
/// A token bucket for each client: the token's subject in its clinic, or without a good token the address. Every answer says what is left
/// (draft-ietf-httpapi-ratelimit-headers); one too many is 429. A larger one for each clinic stands behind them.
/// </summary>
public sealed class RateLimits(IOptions<RateLimitOptions> options) : IDisposable
{
    public static readonly Problem Refusal = new("rate-limited", StatusCodes.Status429TooManyRequests, "Too many requests.") { RetryAfterSeconds = 1 };

    private const string PolicyName = "client";

    private readonly RateLimitOptions _options = options.Value;
    private readonly PartitionedRateLimiter<HttpContext> _limiter = PartitionedRateLimiter.Create<HttpContext, Client>(http =>
        RateLimitPartition.GetTokenBucketLimiter(ClientOf(http), _ => BucketOf(options.Value.Requests, options.Value.WindowSeconds)));

    private readonly PartitionedRateLimiter<HttpContext> _clinics = PartitionedRateLimiter.Create<HttpContext, ClinicId>(http => Caller.Of(http) is { } caller
        ? RateLimitPartition.GetTokenBucketLimiter(caller.Clinic, _ => BucketOf(options.Value.ClinicRequests, options.Value.WindowSeconds))
        : RateLimitPartition.GetNoLimiter(default(ClinicId)));

    /// <summary>Counts a request, for its client and for its clinic.</summary>
    public PartitionedRateLimiter<HttpContext> CreateLimiter() => PartitionedRateLimiter.CreateChained(_limiter, _clinics);

    public void Dispose()
    {
        _limiter.Dispose();
        _clinics.Dispose();
    }

    /// <summary>Open pages are not counted: a probe must not find the door shut.</summary>
    public static bool AreCounted(HttpContext http) =>
        http.Request.Path.StartsWithSegments(Endpoints.BasePath) && http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null;

    public void Announce(HttpContext http)
    {
        var left = Math.Clamp(_limiter.GetStatistics(http)?.CurrentAvailablePermits ?? _options.Requests, 0, _options.Requests);
        var whole = Math.Ceiling((_options.Requests - left) * (double)_options.WindowSeconds / _options.Requests);
        http.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{PolicyName}\";q={_options.Requests};w={_options.WindowSeconds}");
        http.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{PolicyName}\";r={left};t={whole}");
    }

    public async ValueTask RefuseAsync(OnRejectedContext context, CancellationToken ct)
    {
        var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        var refusal = Refusal with
        {
            Detail = string.Create(CultureInfo.InvariantCulture, $"At most {_options.Requests} requests in {_options.WindowSeconds} s for one client, the token's subject in its clinic, and {_options.ClinicRequests} for all of a clinic."),
            RetryAfterSeconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)),
        };
        await refusal.ToHttp().ExecuteAsync(context.HttpContext);
    }

    private static Client ClientOf(HttpContext http) => Caller.Of(http) is { } caller ? new Client(caller, null) : new Client(null, http.Connection.RemoteIpAddress);

    private static TokenBucketRateLimiterOptions BucketOf(int requests, int windowSeconds)
    {
        var perPeriod = Math.Max(1, requests / windowSeconds); // about a second's worth: Retry-After is told in whole periods
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = requests,
            TokensPerPeriod = perPeriod,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)windowSeconds * perPeriod / requests),
            QueueLimit = 0,
        };
    }

    private readonly record struct Client(Caller? Caller, IPAddress? Address);
}

public static class RateLimitSetup
{
    public static IServiceCollection AddLdnRateLimits(this IServiceCollection services)
    {
        services.AddOptions<RateLimitOptions>().BindConfiguration("RateLimits").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<RateLimits>();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<RateLimits>((o, limits) => (o.GlobalLimiter, o.OnRejected) = (limits.CreateLimiter(), limits.RefuseAsync));
        return services;
    }

    /// <summary>After authentication, which says who the client is, and before anything that costs.</summary>
    public static void UseLdnRateLimits(this IApplicationBuilder app)
    {
        var limits = app.ApplicationServices.GetRequiredService<RateLimits>();
        app.UseWhen(RateLimits.AreCounted, counted =>
        {
            counted.Use((http, next) =>
            {
                http.Response.OnStarting(() =>
                {
                    limits.Announce(http);
                    return Task.CompletedTask;
                });
                return next(http);
            });
            counted.UseRateLimiter();
        });
    }
}
