using System.Net;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace LdnApi.Hosting;

/// <summary>Which proxies are believed, under <c>Proxies</c>.</summary>
public sealed class ProxyOptions
{
    /// <summary>Addresses (<c>10.0.0.7</c>) and networks (<c>10.1.0.0/16</c>) whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are taken. Nobody else's are.</summary>
    public string[] Trusted { get; set; } = [];

    public static bool IsTrustable(string text) => text.Contains('/') ? System.Net.IPNetwork.TryParse(text, out var network) && network.PrefixLength > 0 : IPAddress.TryParse(text, out _);
}

/// <summary>Which pages may call from a browser, under <c>Cors</c>.</summary>
public sealed class CorsOriginOptions
{
    /// <summary>Origins as a browser names them: <c>https://ward.example.org</c>. Without any, no page of another origin can read an answer.</summary>
    public string[] Origins { get; set; } = [];

    public static bool IsOrigin(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        && uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) == text && !text.Contains('*');
}

/// <summary>From where a request comes, and whom that lets in: proxies that are named, origins that are named.</summary>
public static class CallerAddressSetup
{
    public static IServiceCollection AddLdnCallers(this IServiceCollection services)
    {
        services.AddOptions<ProxyOptions>().BindConfiguration("Proxies")
            .Validate(o => o.Trusted.All(ProxyOptions.IsTrustable), "Proxies:Trusted takes addresses and networks, such as 10.0.0.7 or 10.1.0.0/16, and not everybody.")
            .Validate<IConfiguration>((_, configuration) => !configuration.GetValue("ForwardedHeaders_Enabled", false),
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED believes everybody. Unset it, and name the proxies in Proxies:Trusted.")
            .ValidateOnStart();
        services.AddOptions<CorsOriginOptions>().BindConfiguration("Cors")
            .Validate(o => o.Origins.All(CorsOriginOptions.IsOrigin), "Cors:Origins takes origins as a browser names them, such as https://ward.example.org: no path, no asterisk, https but for localhost.")
            .ValidateOnStart();
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<CorsOriginOptions>>((cors, allowed) => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(allowed.Value.Origins)
            .WithMethods("GET", "POST", "PUT", "PATCH", "DELETE")
            .WithHeaders("Authorization", "Cache-Control", "Content-Type", "If-Match", "If-None-Match", HttpHeaders.IdempotencyKeyName, "Prefer", "X-Request-Id", Audit.PurposeName)
            .WithExposedHeaders("Age", "ETag", "Location", "Retry-After", "X-Request-Id", HttpHeaders.ReplayedName, "RateLimit", "RateLimit-Policy", "Deprecation", "Sunset", "Link")
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))));
        return services;
    }

    /// <summary>First of all: what follows asks for the address and the scheme. Without a named proxy the middleware would believe everybody, so it is left out.</summary>
    public static void UseLdnProxies(this IApplicationBuilder app)
    {
        var trusted = app.ApplicationServices.GetRequiredService<IOptions<ProxyOptions>>().Value.Trusted;
        if (trusted.Length == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // each hop back must be a named one
        };
        options.KnownProxies.Clear(); // loopback
        options.KnownIPNetworks.Clear();
        foreach (var text in trusted)
        {
            if (text.Contains('/'))
            {
                options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(text));
            }
            else
            {
                options.KnownProxies.Add(IPAddress.Parse(text));
            }
        }

        app.UseForwardedHeaders(options);
    }
}
