using System.Reflection;

namespace LdnApi.Common;

/// <summary>
/// What must be so before a record is made or changed (RFC 9110 section 13.1), where the sender may not have read it: each part may be left out, and with neither
/// the record is made or changed as it is. Where a record must have been read there is <see cref="IfMatch"/>.
/// </summary>
/// <param name="Version">Only this version is changed.</param>
/// <param name="MustBeThere">Nothing is made.</param>
/// <param name="MustBeNew">Nothing is changed.</param>
public sealed record Preconditions(long? Version = null, bool MustBeThere = false, bool MustBeNew = false)
{
    public const string Any = "*";

    /// <summary>There is one, and there must be none.</summary>
    public static readonly Problem AlreadyThere = new("already-exists", StatusCodes.Status412PreconditionFailed, "There is one already.");

    /// <exception cref="UnreadableException">400 when a header is neither one strong ETag of ours nor <c>*</c>.</exception>
    public static ValueTask<Preconditions> BindAsync(HttpContext http, ParameterInfo _) => ValueTask.FromResult(
        Read(NullIfEmpty(http.Request.Headers.IfMatch.ToString()), NullIfEmpty(http.Request.Headers.IfNoneMatch.ToString()))
        ?? throw new UnreadableException("If-Match must be the one ETag you read, as it was sent, or *; If-None-Match must be *.", place: IfMatch.VersionOf(http.Request.Headers.IfMatch) is null && http.Request.Headers.IfMatch.ToString() is not ("" or Any) ? "If-Match" : "If-None-Match"));

    /// <returns>Null for what is no precondition.</returns>
    public static Preconditions? Read(string? ifMatch, string? ifNoneMatch)
    {
        var version = IfMatch.VersionOf(ifMatch);
        return (ifMatch is null or Any || version is not null) && ifNoneMatch is null or Any
            ? new Preconditions(version, ifMatch is not null, ifNoneMatch is not null)
            : null;
    }

    /// <param name="current">The record's version; null while there is none.</param>
    public Problem? Refusal(long? current) => current is { } version
        ? Version is { } read && read != version ? Problem.StaleAt(version)
            : MustBeNew ? AlreadyThere with { Members = new Dictionary<string, object?> { [Problem.VersionMember] = version } }
            : null
        : MustBeThere ? Problem.Stale with { Detail = "There is none." } : null;

    private static string? NullIfEmpty(string header) => header.Length == 0 ? null : header;
}
