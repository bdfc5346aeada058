using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenTelemetry;

namespace LdnApi.Hosting.Observability;

/// <summary>
/// What may leave with a span: what stands on the list and nothing else. Off it are whatever a caller wrote (address, query, host, user agent, trace state), the
/// text of statements, and what an exception says; a statement is named by its verb and its first table, an exception by its type.
/// </summary>
public sealed partial class ExportedSpans : BaseProcessor<Activity>
{
    public static readonly IReadOnlySet<string> Kept = new HashSet<string>(StringComparer.Ordinal)
    {
        "http.request.method", "http.response.status_code", "http.route", "network.protocol.version", "url.scheme", "error.type",
        "db.system.name", "db.namespace", "db.query.summary", "db.response.status_code", "db.npgsql.prepared",
        "otel.status_code",
    };

    private const string Npgsql = "Npgsql";
    private const string ExceptionType = "exception.type";

    /// <summary>An event cannot be changed once it is there, so an exception is bared of its text before it becomes one.</summary>
    private readonly ActivityListener _exceptions = new()
    {
        ShouldListenTo = _ => true,
        ExceptionRecorder = (Activity _, Exception exception, ref TagList tags) =>
            tags = new TagList([new(ExceptionType, exception.GetType().FullName), new("exception.message", null), new("exception.stacktrace", null)]), // what is there already is not added
    };

    public ExportedSpans() => ActivitySource.AddActivityListener(_exceptions);

    public override void OnEnd(Activity data)
    {
        if (data.Events.Any(e => e.Tags.Any(tag => tag.Key != ExceptionType && tag.Value is not null)))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded; // an event that came another way: the span stays here
            return;
        }

        if (data.Source.Name == Npgsql)
        {
            if (data.ParentId is null)
            {
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded; // background work asks every second: there is nothing to follow
                return;
            }

            if (data.GetTagItem("db.query.text") is string text)
            {
                data.DisplayName = Summarize(text);
                data.SetTag("db.query.summary", data.DisplayName);
            }
        }

        foreach (var name in data.TagObjects.Select(tag => tag.Key).Where(name => !Kept.Contains(name)).ToArray())
        {
            data.SetTag(name, null);
        }

        data.SetStatus(data.Status); // without the description, which repeats what an exception says
        data.TraceStateString = ""; // null would stand for that of the span above
    }

    protected override void Dispose(bool disposing)
    {
        _exceptions.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The verb and the first table of a statement: "SELECT patients". The setting of the clinic that goes ahead is passed over, and nothing is taken from a quote on: it may be anything.</summary>
    public static string Summarize(string statement)
    {
        var end = statement.IndexOf(';', StringComparison.Ordinal);
        var own = end > 0 && statement[..end].Contains("ldn.clinic_id", StringComparison.Ordinal) ? statement[(end + 1)..] : statement;
        var quote = own.IndexOfAny(['\'', '"']);
        var plain = quote < 0 ? own : own[..quote];
        return Verb().Match(plain) is { Success: true } verb ? $"{verb.Groups[1]} {Table().Match(plain).Groups[1]}".TrimEnd() : "statement";
    }

    [GeneratedRegex(@"\A\s*(SELECT|INSERT|UPDATE|DELETE|WITH|COPY|SET|LOCK)\b", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Verb();

    [GeneratedRegex(@"(?:\A\s*(?:UPDATE|COPY)|\b(?:FROM|INTO))\s+([a-z_]{1,63})\b", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Table();
}
