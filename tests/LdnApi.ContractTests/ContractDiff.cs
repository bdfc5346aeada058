using System.Text.Json.Nodes;

namespace LdnApi.ContractTests;

/// <summary>What of a contract would break a client that was written against an earlier one, and which operations differ at all.</summary>
/// <remarks>
/// A request may only be allowed more, an answer (a refusal and 304, too) may only promise more. Enum names of answers are open-ended, so a new one breaks nothing; a new refusal
/// breaks nothing either. Words (descriptions, examples) are no part of it.
/// </remarks>
internal sealed class ContractDiff(Contract before, Contract after)
{
    // The scope is said in the description too; another one is a break, which Compare looks for by itself.
    private static readonly string[] Words = ["description", "summary", "example", "examples", "title", "x-required-scope"];
    private readonly HashSet<(string Before, string After, bool Sent)> _compared = [];
    private readonly List<string> _breaking = [];

    /// <summary>One line for each break: the place, and what a client notices.</summary>
    public IReadOnlyList<string> Breaking()
    {
        foreach (var old in before.Operations)
        {
            if (Same(old) is { } now)
            {
                Compare(old, now);
            }
            else
            {
                Break($"{old.Id} ({old.Method} {old.Path})", "is gone");
            }
        }

        return [.. _breaking.Distinct()];
    }

    /// <summary>Operations that are new, gone, or mean something else.</summary>
    public IReadOnlyList<Contract.Operation> Changed() =>
    [
        .. after.Operations.Where(o => before.Operations.All(b => !IsSame(b, o))),
        .. before.Operations.Where(b => Same(b) is null),
        .. after.Operations.Where(o => before.Operations.SingleOrDefault(b => IsSame(b, o)) is { } b && Meaning(before, b.Json) != Meaning(after, o.Json)),
    ];

    private static bool IsSame(Contract.Operation a, Contract.Operation b) => a.Method == b.Method && a.Path == b.Path;

    private Contract.Operation? Same(Contract.Operation old) => after.Operations.SingleOrDefault(o => IsSame(old, o));

    private void Compare(Contract.Operation old, Contract.Operation now)
    {
        if (old.Id != now.Id)
        {
            Break(old.Id, $"is called {now.Id} now");
        }

        if (old.Json["security"]?.ToJsonString() != now.Json["security"]?.ToJsonString() || (old.Scope is not null && old.Scope != now.Scope))
        {
            Break(old.Id, "asks for another right");
        }

        foreach (var parameter in old.Parameters)
        {
            if (now.Parameters.SingleOrDefault(p => Key(p) == Key(parameter)) is not { } kept)
            {
                Break($"{old.Id} {Key(parameter)}", "is gone");
                continue;
            }

            if (!IsRequired(parameter) && IsRequired(kept))
            {
                Break($"{old.Id} {Key(parameter)}", "is required now");
            }

            Schema(parameter["schema"]!, kept["schema"]!, $"{old.Id} {Key(parameter)}", sent: true);
        }

        foreach (var added in now.Parameters.Where(p => IsRequired(p) && old.Parameters.All(o => Key(o) != Key(p))))
        {
            Break($"{old.Id} {Key(added)}", "is new and required");
        }

        Bodies(old, now);
        foreach (var (status, response) in old.Responses)
        {
            if (!now.Responses.TryGetValue(status, out var kept))
            {
                Break($"{old.Id} {status}", "is gone");
                continue;
            }

            foreach (var header in (response["headers"]?.AsObject() ?? []).Where(h => kept["headers"]?[h.Key] is null))
            {
                Break($"{old.Id} {status} {header.Key}", "is gone");
            }

            Content(response["content"]?.AsObject() ?? [], kept["content"]?.AsObject() ?? [], $"{old.Id} {status}", sent: false);
        }
    }

    private void Bodies(Contract.Operation old, Contract.Operation now)
    {
        if (now.Body.Count > 0 && IsRequired(after.Resolve(now.Json["requestBody"]!)) && (old.Body.Count == 0 || !IsRequired(before.Resolve(old.Json["requestBody"]!))))
        {
            Break($"{old.Id} body", "is required now");
        }

        Content(ToJson(old.Body), ToJson(now.Body), $"{old.Id} body", sent: true);

        static JsonObject ToJson(IReadOnlyDictionary<string, JsonObject> content) => new(content.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value.DeepClone())));
    }

    private void Content(JsonObject old, JsonObject now, string place, bool sent)
    {
        foreach (var (mediaType, content) in old)
        {
            if (now[mediaType] is not { } kept)
            {
                Break($"{place} {mediaType}", "is gone");
            }
            else if (content!["schema"] is { } schema)
            {
                Schema(schema, kept["schema"]!, place, sent);
            }
        }
    }

    /// <param name="sent">By the client: it may then only be allowed more. Otherwise answered: it may only promise more.</param>
    private void Schema(JsonNode oldSchema, JsonNode newSchema, string place, bool sent)
    {
        if (oldSchema["$ref"] is { } a && newSchema["$ref"] is { } b)
        {
            if (!_compared.Add(((string)a!, (string)b!, sent)))
            {
                return;
            }

            place = ((string)a!).Split('/')[^1];
        }

        var (old, now) = (Flat(before, oldSchema), Flat(after, newSchema));
        var (oldTypes, newTypes) = (Types(old), Types(now));
        if (sent ? !oldTypes.IsSubsetOf(newTypes) : !newTypes.IsSubsetOf(oldTypes))
        {
            Break(place, $"is {string.Join(" or ", newTypes)}, was {string.Join(" or ", oldTypes)}");
            return;
        }

        if ((string?)old["format"] != (string?)now["format"])
        {
            Break(place, $"has the format {now["format"] ?? "none"}, had {old["format"] ?? "none"}");
        }

        if (sent)
        {
            if (old["default"] is { } standard && standard.ToJsonString() != now["default"]?.ToJsonString())
            {
                Break(place, $"is {now["default"]?.ToJsonString() ?? "nothing"} by default, was {standard.ToJsonString()}");
            }

            Narrowed(old, now, place);
        }

        Members(old, now, place, sent);
        if (old["items"] is { } oldItems && now["items"] is { } newItems)
        {
            Schema(oldItems, newItems, $"{place}[]", sent);
        }

        if (old["additionalProperties"] is JsonObject oldOthers && now["additionalProperties"] is JsonObject newOthers)
        {
            Schema(oldOthers, newOthers, $"{place}.*", sent);
        }
    }

    private void Narrowed(JsonObject old, JsonObject now, string place)
    {
        if (now["enum"] is JsonArray names)
        {
            var kept = names.Select(n => n?.ToJsonString()).ToHashSet();
            if (old["enum"] is not JsonArray was)
            {
                Break(place, "takes certain names only");
            }
            else if (was.Where(n => !kept.Contains(n?.ToJsonString())).ToArray() is { Length: > 0 } gone)
            {
                Break(place, $"takes no more {string.Join(", ", gone.Select(n => n?.ToJsonString()))}");
            }
        }

        foreach (var (limit, upper) in new[] { ("maximum", true), ("exclusiveMaximum", true), ("maxLength", true), ("maxItems", true), ("minimum", false), ("exclusiveMinimum", false), ("minLength", false), ("minItems", false) })
        {
            if (now[limit] is { } set && (old[limit] is not { } was || (upper ? (decimal)set < (decimal)was : (decimal)set > (decimal)was)) && !(limit == "minLength" && (decimal)set == 0))
            {
                Break(place, $"{limit} is {set}, was {old[limit] ?? "none"}");
            }
        }

        if (now["additionalProperties"]?.ToJsonString() == "false" && old["additionalProperties"]?.ToJsonString() != "false")
        {
            Break(place, "takes no other members now");
        }

        foreach (var rule in new[] { "pattern", "multipleOf" }.Where(r => now[r] is not null && now[r]!.ToJsonString() != old[r]?.ToJsonString()))
        {
            Break(place, $"{rule} is {now[rule]}, was {old[rule] ?? "none"}");
        }
    }

    private void Members(JsonObject old, JsonObject now, string place, bool sent)
    {
        var (oldMembers, newMembers) = (old["properties"]?.AsObject() ?? [], now["properties"]?.AsObject() ?? []);
        var (oldRequired, newRequired) = (Required(old), Required(now));
        foreach (var (name, member) in oldMembers)
        {
            if (newMembers[name] is { } kept)
            {
                Schema(member!, kept, $"{place}.{name}", sent);
            }
            else
            {
                Break($"{place}.{name}", "is gone");
            }
        }

        foreach (var name in sent ? newRequired.Except(oldRequired) : oldRequired.Except(newRequired).Where(newMembers.ContainsKey))
        {
            Break($"{place}.{name}", sent ? "is required now" : "may be absent now");
        }
    }

    /// <summary>A schema without its reference, and "X or null" as X that may be null.</summary>
    private static JsonObject Flat(Contract contract, JsonNode schema)
    {
        var own = contract.Resolve(schema);
        if (own["oneOf"] is not JsonArray { Count: 2 } either || either.SingleOrDefault(e => (string?)(e!["type"] as JsonValue) == "null") is not { } nothing)
        {
            return own;
        }

        var flat = contract.Resolve(either.Single(e => e != nothing)!).DeepClone().AsObject();
        flat["type"] = new JsonArray([.. Types(flat).Append("null").Select(t => (JsonNode)t)]);
        return flat;
    }

    private static HashSet<string> Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray several => [.. several.Select(t => (string)t!)],
        { } one => [(string)one!],
        null => [],
    };

    private static HashSet<string> Required(JsonObject schema) => [.. (schema["required"]?.AsArray() ?? []).Select(r => (string)r!)];

    private static bool IsRequired(JsonObject part) => (bool?)part["required"] == true;

    private static string Key(JsonObject parameter) => $"{parameter["in"]} {parameter["name"]}";

    /// <summary>An operation with everything it refers to, without words.</summary>
    private static string Meaning(Contract contract, JsonNode operation)
    {
        SortedDictionary<string, string> parts = [];
        Stack<JsonNode> open = new([operation]);
        while (open.TryPop(out var node))
        {
            foreach (var reference in References(node).Where(r => parts.TryAdd(r, "")))
            {
                var part = contract.Resolve(new JsonObject { ["$ref"] = reference });
                parts[reference] = Wordless(part);
                open.Push(part);
            }
        }

        return Wordless(operation) + string.Concat(parts.Select(p => p.Key + p.Value));
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m.Key == "$ref" ? [(string)m.Value!] : References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    private static string Wordless(JsonNode node)
    {
        var copy = node.DeepClone();
        Strip(copy, inProperties: false);
        return copy.ToJsonString();

        // A member of a shape may be called "description": under "properties" the names are no keywords.
        static void Strip(JsonNode? node, bool inProperties)
        {
            if (node is JsonObject o)
            {
                foreach (var word in inProperties ? [] : Words)
                {
                    o.Remove(word);
                }

                foreach (var (name, child) in o)
                {
                    Strip(child, inProperties: name == "properties" && !inProperties);
                }
            }
            else if (node is JsonArray a)
            {
                foreach (var child in a)
                {
                    Strip(child, inProperties: false);
                }
            }
        }
    }

    private void Break(string place, string what) => _breaking.Add($"{place} {what}.");
}
