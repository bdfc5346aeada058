using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace LdnApi.Common;

/// <summary>One page of a list. Without a <c>nextCursor</c> it is the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor) : IPage
{
    /// <summary>As a slice makes it, the place where the list goes on; as it is sent, that place under the seal of the clinic, the list and its filters.</summary>
    public string? NextCursor { get; set; } = NextCursor;

    public Page<TOut> Select<TOut>(Func<T, TOut> of) => new([.. Items.Select(of)], NextCursor);
}

/// <summary>A page of whatever, for the one who seals its cursor.</summary>
public interface IPage
{
    string? NextCursor { get; set; }
}

/// <summary>One version of a record.</summary>
/// <param name="RecordedAt">The moment from which it was known.</param>
/// <param name="RecordedBy">Who: the token's subject, or a background task.</param>
/// <param name="Record">The record as it was.</param>
/// <param name="Version">Counts from 1.</param>
public sealed record HistoryEntry<T>(long Version, DateTimeOffset RecordedAt, string RecordedBy, string? Reason, T Record);

/// <summary>Which page is asked for.</summary>
public sealed record Paging
{
    /// <summary>Items on a page at most.</summary>
    [Range(1, Common.Cursor.MaxLimit)]
    public int? Limit { get; init; }

    /// <summary>The <c>nextCursor</c> of the page before. It keeps filters, order and limit: given alone, it goes on with the same list.</summary>
    [StringLength(Common.Cursor.MaxLength)]
    public string? Cursor { get; init; }

    internal int Size => Limit ?? Common.Cursor.DefaultLimit;
}

/// <summary>
/// A search, asked for in a body because what is searched by has no place in an address: a page of a list, as <see cref="Paging"/> is. Its members beside the cursor are
/// kept by the cursor.
/// </summary>
public interface ISearch
{
    string? Cursor { get; }
}

/// <summary>Where the next page begins: the sort key and id of the last item. What list and filters it belongs to is kept by the seal that Hosting puts on it.</summary>
public static class Cursor
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    /// <summary>Characters, sealed.</summary>
    public const int MaxLength = 6000;

    public static readonly Problem Bad = BadIn("cursor");

    public static Problem BadIn(string place) => Problem.Invalid(place, "Must be the nextCursor of a page of this very list, as it was sent.");

    /// <returns>The place; null for the first page; a problem when another version of the API wrote it in another form.</returns>
    public static Result<TKey?> Decode<TKey>(string? place) where TKey : class
    {
        try
        {
            return place is null ? null : JsonSerializer.Deserialize<TKey>(place, WireJson.Stored);
        }
        catch (JsonException)
        {
            return Bad;
        }
    }

    /// <summary>Cuts a query's answer, of one item more than the limit, into a page.</summary>
    public static Page<T> ToPage<T, TKey>(this List<T> items, int limit, Func<T, TKey> keyOf)
    {
        var more = items.Count > limit;
        var kept = more ? items.GetRange(0, limit) : items;
        return new Page<T>(kept, more ? JsonSerializer.Serialize(keyOf(kept[^1]), WireJson.Options) : null);
    }
}
