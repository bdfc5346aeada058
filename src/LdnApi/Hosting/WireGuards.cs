using LdnApi.Common;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace LdnApi.Hosting;

/// <summary>What is refused before any endpoint looks at it, and the headers that every answer has.</summary>
public static class WireGuards
{
    /// <summary>Bytes of a body, unless the endpoint states less.</summary>
    public const int MaxBodyBytes = 4 * 1024 * 1024;

    private const string NoText = "Has characters that are no text.";

    private static readonly Func<ILogger, string, string, IDisposable?> RequestScope =
        LoggerMessage.DefineScope<string, string>("traceId:{TraceId} X-Request-Id:{RequestId}");

    /// <summary>First of all, so that every answer has them, and every line of the log the ids that the answer has.</summary>
    public static void UseWireHeaders(this IApplicationBuilder app)
    {
        var log = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(WireGuards));
        app.Use((http, next) => WithHeadersAsync(http, next, log));
    }

    private static async Task WithHeadersAsync(HttpContext http, RequestDelegate next, ILogger log)
    {
        var deprecation = http.GetEndpoint()?.Metadata.GetMetadata<Deprecation>(); // an error takes the endpoint away
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers; // here, because an error clears what was set before it
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["X-Request-Id"] = http.TraceIdentifier;
            headers.XFrameOptions = "DENY";
            if (headers.CacheControl.Count == 0 || http.Request.Path.StartsWithSegments(Endpoints.BasePath))
            {
                headers.CacheControl = "no-store";
            }

            if (headers.ContentSecurityPolicy.Count == 0)
            {
                headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
            }

            if (http.Request.IsHttps)
            {
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            deprecation?.Announce(headers);
            return Task.CompletedTask;
        });
        if (http.Request.Headers["X-Request-Id"] is [{ Length: > 0 and <= 128 } id] && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            http.TraceIdentifier = id;
        }

        using var scope = RequestScope(log, ProblemSetup.TraceIdOf(http), http.TraceIdentifier);
        await next(http);
    }

    public static void UseWireGuards(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        Check(http.Request);
        return next(http);
    });

    /// <summary>
    /// The framework takes anything that ends in +json for JSON; here it is what the contract names. A byte order mark is no JSON (RFC 8259, 8.1): the framework's reader passes
    /// over it, so it is looked for before. After authorization: nobody else's body is read.
    /// </summary>
    public static void UseJsonGuard(this IApplicationBuilder app) => app.Use((http, next) => http.Request.HasJsonContentType() ? CheckJsonAsync(http, next) : next(http));

    private static async Task CheckJsonAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is { } accepted
            && !accepted.ContentTypes.Contains(http.Request.GetTypedHeaders().ContentType!.MediaType.Value, StringComparer.OrdinalIgnoreCase))
        {
            throw new UnreadableException("Not a media type that is accepted here.", StatusCodes.Status415UnsupportedMediaType);
        }

        var body = http.Request.BodyReader;
        var begun = (await body.ReadAsync(http.RequestAborted)).Buffer;
        var marked = begun.FirstSpan is [0xEF, ..];
        body.AdvanceTo(begun.Start);
        if (marked)
        {
            throw new UnreadableException("Must be JSON, without a byte order mark.", place: "$");
        }

        http.Request.Body = body.AsStream(leaveOpen: true); // the server ends the body itself, and before what hangs on the response does
        await next(http);
    }

    /// <exception cref="UnreadableException">413, 415 or 400.</exception>
    private static void Check(HttpRequest request)
    {
        if (request.ContentLength > MaxBodyBytes)
        {
            throw new UnreadableException($"The body is larger than {MaxBodyBytes} bytes.", StatusCodes.Status413PayloadTooLarge);
        }

        // A charset that .NET does not know would be a 500, and we decompress nothing.
        if (request.Headers.ContentEncoding.Count > 0
            || (MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.Charset.HasValue
                && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new UnreadableException("Only plain UTF-8 is accepted.", StatusCodes.Status415UnsupportedMediaType);
        }

        if (request.ContentType?.Contains('"') == true)
        {
            request.ContentType = request.ContentType.Replace("\"", "", StringComparison.Ordinal); // quoted utf-8 is right, but the framework cannot read it
        }

        if (!WireJson.IsText(request.Path.Value ?? ""))
        {
            throw new UnreadableException(NoText, place: "path");
        }

        if (request.Query.FirstOrDefault(q => !WireJson.IsText(q.Key) || q.Value.Any(v => v is not null && !WireJson.IsText(v))).Key is { } broken)
        {
            var known = AddressParameters.Of(request.HttpContext)?.OfQuery.FirstOrDefault(p => p.Name.Equals(broken, StringComparison.OrdinalIgnoreCase));
            throw new UnreadableException(NoText, place: known?.Name ?? "query");
        }
    }
}
