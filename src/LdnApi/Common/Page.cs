using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;

namespace LdnApi.Common;

/// <summary>One page of a list. Without a <c>nextCursor</c> it is the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    public Page<TOut> Select<TOut>(Func<T, TOut> of) => new([.. Items.Select(of)], NextCursor);
}

/// <summary>One version of a record.</summary>
/// <param name="RecordedAt">The moment from which it was known.</param>
/// <param name="RecordedBy">Who: the token's subject, or a background task.</param>
/// <param name="Record">The record as it was.</param>
public sealed record HistoryEntry<T>(long Version, DateTimeOffset RecordedAt, string RecordedBy, string? Reason, T Record);

/// <summary>Which page is asked for.</summary>
public sealed record Paging(
    [property: Range(1, Common.Cursor.MaxLimit)] int? Limit,
    [property: StringLength(1000)] string? Cursor)
{
    internal int Size => Limit ?? Common.Cursor.DefaultLimit;
}

/// <summary>Where the next page begins: the sort key and id of the last item, and what list it belongs to.</summary>
public static class Cursor
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    private static readonly Problem Bad = Problem.Invalid("cursor", "Must be the nextCursor of a page of this very list, as it was sent.");

    public static string Encode<TKey>(string list, TKey key) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new Content<TKey>(list, key), WireJson.Options)).Replace('+', '-').Replace('/', '_').TrimEnd('=');

    /// <param name="list">Name of the list with its filters and order: a cursor of another list is refused.</param>
    public static Result<TKey?> Decode<TKey>(string list, string? cursor) where TKey : class
    {
        if (cursor is null)
        {
            return (TKey?)null;
        }

        try
        {
            var padded = cursor.Replace('-', '+').Replace('_', '/').PadRight((cursor.Length + 3) / 4 * 4, '=');
            var content = JsonSerializer.Deserialize<Content<TKey>>(Convert.FromBase64String(padded), WireJson.Stored);
            return content is not null && content.List == list ? content.Key : Bad;
        }
        catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException)
        {
            return Bad;
        }
    }

    /// <summary>Cuts a query's answer, of one item more than the limit, into a page.</summary>
    public static Page<T> ToPage<T, TKey>(this List<T> items, int limit, string list, Func<T, TKey> keyOf)
    {
        var more = items.Count > limit;
        var kept = more ? items.GetRange(0, limit) : items;
        return new Page<T>(kept, more ? Encode(list, keyOf(kept[^1])) : null);
    }

    private sealed record Content<TKey>(string List, TKey Key);
}
