using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Pipeline;
using LdnApi.Records;
using Microsoft.AspNetCore.Http.Metadata;

namespace LdnApi.Hosting;

/// <summary>
/// Every request to the API that names a clinic leaves one entry. A change leaves it in its own transaction (the pipeline does), a read before its answer is sent,
/// a refusal as its answer begins.
/// </summary>
public static partial class Audit
{
    public const string PurposeName = "X-Purpose-Of-Use";

    private const string Patient = "patientId";

    /// <summary>Before authorization: what it refuses leaves an entry too.</summary>
    public static void UseLdnAudit(this WebApplication app)
    {
        var log = app.Logger;
        app.Use((http, next) =>
        {
            if (http.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<RequiredScope>() is not null)
            {
                Begin(http, endpoint);
                http.Response.OnStarting(() => RecordRefusalAsync(http, log));
            }

            return next(http);
        });
    }

    /// <summary>Around the filters that change what is answered, so that it sees what will be sent: a read is answered when its entry is on disk, or not at all.</summary>
    /// <exception cref="AuditUnavailableException">The read is not served.</exception>
    public static async ValueTask<object?> Record(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var trail = http.RequestServices.GetRequiredService<AuditTrail>();
        trail.Request!.Client = Bearer.Of(http)?.Client;
        NamePatient(http, trail); // again: a cursor has brought the filters of the first page back meanwhile
        if (http.Request.Headers.ContainsKey(PurposeName) && trail.Request.PurposeOfUse is null)
        {
            throw new UnreadableException($"Must be one of: {string.Join(", ", PurposeOfUse.All.Keys)}.", place: PurposeName);
        }

        var result = await next(context);
        var answer = result is INestedHttpResult nested ? nested.Result : result;
        var status = (answer as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK;
        if (!trail.IsClosed && status < StatusCodes.Status400BadRequest)
        {
            trail.Shows((answer as IValueHttpResult)?.Value);
            await WriteAsync(http, trail, status);
        }

        return result;
    }

    private static void Begin(HttpContext http, RouteEndpoint endpoint)
    {
        var trail = http.RequestServices.GetRequiredService<AuditTrail>();
        var success = endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().FirstOrDefault(m => m.StatusCode is >= 200 and < 300)?.StatusCode;
        trail.Request = new AuditedRequest(
            endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? endpoint.RoutePattern.RawText!, http.Request.Method,
            http.TraceIdentifier, PurposeOf(http.Request), success ?? StatusCodes.Status200OK);
        NamePatient(http, trail);
    }

    private static void NamePatient(HttpContext http, AuditTrail trail)
    {
        if (PatientId.TryParse(http.Request.RouteValues[Patient] as string ?? http.Request.Query[Patient], out var patient))
        {
            trail.Concerns(patient);
        }
    }

    private static string? PurposeOf(HttpRequest request) => request.Headers[PurposeName] is [{ } code] && PurposeOfUse.All.ContainsKey(code) ? code : null;

    private static async Task RecordRefusalAsync(HttpContext http, ILogger log)
    {
        var trail = http.RequestServices.GetRequiredService<AuditTrail>();
        if (trail.IsClosed || Caller.Of(http) is null)
        {
            return;
        }

        try
        {
            trail.Request!.Client = Bearer.Of(http)?.Client;
            await WriteAsync(http, trail, http.Response.StatusCode);
        }
        catch (AuditUnavailableException)
        {
            LogMissing(log, trail.Request!.Operation, http.Response.StatusCode); // it shows nothing, so it may go
        }
    }

    /// <summary>Once: what could not be written is not tried again as the refusal that comes of it.</summary>
    private static async Task WriteAsync(HttpContext http, AuditTrail trail, int status)
    {
        trail.IsClosed = true;
        await http.RequestServices.GetRequiredService<AuditWriter>().WriteAsync(trail.EntryOfAnswer(Caller.Of(http)!, status));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A refusal left no audit entry: {Operation}, {Status}")]
    private static partial void LogMissing(ILogger log, string operation, int status);
}
