using System.Globalization;

namespace LdnApi.Hosting;

/// <summary>That an endpoint is on its way out: metadata that the answers, the contract and nothing else read.</summary>
/// <param name="Since">From when it should not be used any more (RFC 9745).</param>
/// <param name="Sunset">When it will be gone (RFC 8594).</param>
/// <param name="Guide">A page that says what to use instead.</param>
public sealed record Deprecation(DateTimeOffset Since, DateTimeOffset Sunset, Uri Guide)
{
    /// <summary>The least time between the two: see docs/change-policy.md.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(180);

    public void Announce(IHeaderDictionary headers)
    {
        headers["Deprecation"] = string.Create(CultureInfo.InvariantCulture, $"@{Since.ToUnixTimeSeconds()}"); // RFC 9651: a date
        headers["Sunset"] = Sunset.UtcDateTime.ToString("R", CultureInfo.InvariantCulture);
        headers.Append("Link", $"<{Guide}>; rel=\"deprecation\"; type=\"text/html\"");
    }
}

public static class Deprecations
{
    /// <summary>Every answer of the endpoint says so from now on, refusals too, and so does the contract.</summary>
    /// <exception cref="ArgumentException">The notice is shorter than promised.</exception>
    public static TBuilder IsDeprecated<TBuilder>(this TBuilder endpoint, DateTimeOffset since, DateTimeOffset sunset, Uri guide) where TBuilder : IEndpointConventionBuilder =>
        sunset - since >= Deprecation.Notice
            ? endpoint.WithMetadata(new Deprecation(since, sunset, guide))
            : throw new ArgumentException($"At least {Deprecation.Notice.TotalDays} days lie between deprecation and sunset.", nameof(sunset));
}
