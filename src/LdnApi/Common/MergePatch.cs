using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace LdnApi.Common;

/// <summary>What a record is to become.</summary>
public interface IRevision<T> where T : class
{
    /// <returns>The whole record as it is to be, valid; or the problem that names the place and the rule.</returns>
    Result<T> Apply(T current);
}

/// <summary>The whole of it, whatever it was (PUT).</summary>
public sealed record Replacement<T>(T Body) : IRevision<T> where T : class
{
    public Result<T> Apply(T current) => Body;
}

/// <summary>
/// What differs (PATCH): a JSON merge patch (RFC 7396). A member that is absent stays, <c>null</c> clears it, an object is merged, anything else replaces.
/// The outcome must be as valid as a whole body.
/// </summary>
public sealed record MergePatch<T>(JsonElement Json) : IRevision<T> where T : class
{
    public const int MaxBytes = 64 * 1024;

    /// <exception cref="UnreadableException">415 for another media type, 413 over the limit, 400 for what is not JSON at all.</exception>
    public static async ValueTask<MergePatch<T>> BindAsync(HttpContext http, ParameterInfo _)
    {
        if (http.Request.GetTypedHeaders().ContentType?.MediaType.Equals(MergePatch.MediaType, StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new UnreadableException($"The body must be {MergePatch.MediaType}.", StatusCodes.Status415UnsupportedMediaType);
        }

        return new MergePatch<T>(MergePatch.Parse(await RawBody.ReadAsync(http, MaxBytes)));
    }

    public Result<T> Apply(T current)
    {
        if (Json.ValueKind != JsonValueKind.Object)
        {
            return Problem.Invalid("$", "Must be an object.");
        }

        if (MergePatch.FindBrokenText(Json, "$") is { } broken)
        {
            return Problem.Invalid(broken, "Must have the type and form that the contract states.");
        }

        if (MergePatch.FindUnknown(Json, WireJson.Options.GetTypeInfo(typeof(T)), "$") is { } unknown)
        {
            return Problem.Invalid(unknown, "Is no member of this object.");
        }

        var merged = MergePatch.Merge(JsonSerializer.SerializeToNode(current, WireJson.Options), Json);
        return WireBody.Read<T>(JsonSerializer.SerializeToElement(merged));
    }
}

/// <summary>The parts of a merge patch that do not depend on what is patched.</summary>
public static class MergePatch
{
    public const string MediaType = "application/merge-patch+json";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = WireJson.MaxDepth, AllowDuplicateProperties = false };

    internal static JsonElement Parse(byte[] bytes)
    {
        try
        {
            var json = JsonElement.Parse(bytes, Strict);
            ReadNames(json);
            return json;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for a name that is no UTF-16
        {
            throw new UnreadableException("Must be JSON.", place: "$", inner: e);
        }
    }

    private static void ReadNames(JsonElement json)
    {
        foreach (var member in json.ValueKind == JsonValueKind.Object ? json.EnumerateObject() : default)
        {
            _ = member.Name;
            ReadNames(member.Value);
        }
    }

    /// <summary>Half a surrogate pair could not be merged.</summary>
    internal static string? FindBrokenText(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.String => WireBody.TextOf(json) is null ? path : null,
        JsonValueKind.Object => json.EnumerateObject().Select(m => FindBrokenText(m.Value, $"{path}.{m.Name}")).FirstOrDefault(found => found is not null),
        JsonValueKind.Array => json.EnumerateArray().Select((item, i) => FindBrokenText(item, $"{path}[{i}]")).FirstOrDefault(found => found is not null),
        _ => null,
    };

    /// <summary>A member to be cleared leaves no trace in the outcome, so that one of an unknown name must be looked for here.</summary>
    internal static string? FindUnknown(JsonElement patch, JsonTypeInfo type, string path)
    {
        foreach (var member in patch.EnumerateObject())
        {
            var at = $"{path}.{member.Name}";
            if (type.Properties.FirstOrDefault(p => p.Name == member.Name) is not { } known)
            {
                return at;
            }

            if (member.Value.ValueKind == JsonValueKind.Object && WireJson.Options.GetTypeInfo(known.PropertyType) is { Kind: JsonTypeInfoKind.Object } inner
                && FindUnknown(member.Value, inner, at) is { } unknown)
            {
                return unknown;
            }
        }

        return null;
    }

    /// <summary>The algorithm of RFC 7396 section 2.</summary>
    public static JsonNode? Merge(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            return JsonSerializer.SerializeToNode(patch);
        }

        var merged = target as JsonObject ?? [];
        foreach (var member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                merged.Remove(member.Name);
            }
            else
            {
                var before = merged[member.Name];
                merged.Remove(member.Name);
                merged[member.Name] = Merge(before, member.Value);
            }
        }

        return merged;
    }
}
