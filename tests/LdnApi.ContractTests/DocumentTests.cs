using System.Reflection;
using System.Text.Json.Nodes;
using LdnApi.Clinical.Rules;
using LdnApi.Common;

namespace LdnApi.ContractTests;

/// <summary>Walks openapi.json: what it promises is complete, and true of itself and of the code's enums.</summary>
public sealed class DocumentTests
{
    private static readonly Contract Contract = Contract.Parse(File.ReadAllText(OpenApiTests.Committed));
    private static readonly HashSet<string> Sent = Reachable(Contract.Operations.SelectMany(o => o.Body.Values.Select(b => b["schema"]!)));
    private static readonly Dictionary<string, Type> Enums = new[] { typeof(Program).Assembly, typeof(RuleEngine).Assembly }
        .SelectMany(a => a.GetTypes()).Where(t => t.IsEnum).DistinctBy(t => t.Name).ToDictionary(t => t.Name);

    [Fact]
    public void Every_operation_has_an_id_a_summary_and_a_tag_that_is_described()
    {
        var tags = Contract.Root["tags"]!.AsArray().Where(t => t!["description"] is not null).Select(t => (string)t!["name"]!).ToHashSet();

        Assert.Equal(Contract.Operations.Count, Contract.Operations.Select(o => o.Id).Distinct().Count());
        AssertNone(Contract.Operations.Where(o => o.Json["operationId"] is null).Select(o => $"{o}: no operationId"));
        AssertNone(Contract.Operations.Where(o => string.IsNullOrWhiteSpace((string?)o.Json["summary"])).Select(o => $"{o}: no summary"));
        AssertNone(Contract.Operations.Where(o => o.Json["tags"] is not JsonArray { Count: 1 } named || !tags.Contains((string)named[0]!)).Select(o => $"{o}: not one described tag"));
    }

    [Fact]
    public void Every_schema_says_what_it_allows() => AssertNone(
        AllSchemas().Where(s => s.Schema is not JsonObject schema || !new[] { "type", "$ref", "oneOf", "allOf", "anyOf", "enum" }.Any(schema.ContainsKey)).Select(s => $"{s.Place}: anything goes"));

    [Fact]
    public void Every_body_and_every_answer_has_an_example() => AssertNone(
        MediaTypes().Where(m => m.Media["example"] is null && m.Media["examples"] is not JsonObject { Count: > 0 }).Select(m => $"{m.Place}: no example"));

    [Fact]
    public void Every_example_is_what_its_schema_says()
    {
        var examples = MediaTypes().SelectMany(m => Examples(m.Media).Select(e => (m.Place, Schema: m.Media["schema"]!, Example: e)))
            .Concat(Parameters().Where(p => p.Json["example"] is not null).Select(p => (p.Place, Schema: p.Json["schema"]!, Example: p.Json["example"])))
            .ToArray();

        Assert.NotEmpty(examples);
        AssertNone(examples.SelectMany(e => Contract.Judge(e.Schema, e.Example).Select(wrong => $"{e.Place} {wrong}")));
    }

    [Fact]
    public void Every_enum_is_the_code_s() => AssertNone(AllSchemas()
        .Where(s => s.Schema is JsonObject o && o["enum"] is JsonArray { Count: > 1 })
        .Where(s => !NamesFor(s.Place).Any(names => names.SequenceEqual(s.Schema!["enum"]!.AsArray().Where(n => n is not null).Select(n => (string)n!))))
        .Select(s => $"{s.Place}: not the names of the code's enum"));

    [Fact]
    public void Everything_that_a_client_may_send_is_bounded() => AssertNone(
        Sent.SelectMany(name => Walk(Contract.Schemas[name]!, name)).Concat(Parameters().SelectMany(p => Walk(p.Json["schema"]!, p.Place)))
            .Where(s => s.Schema is JsonObject)
            .SelectMany(s => Unbounded(s.Schema!.AsObject()).Select(what => $"{s.Place}: {what}")));

    [Fact]
    public void Every_parameter_and_every_number_is_described_with_its_unit() => AssertNone(
        Parameters().Where(p => p.Json["description"] is null && p.Json["schema"]!["description"] is null).Select(p => p.Place)
            .Concat(from schema in Contract.Schemas
                    from property in schema.Value!["properties"]?.AsObject() ?? []
                    where Types(property.Value!).Overlaps(["integer", "number"]) && property.Value!["description"] is null
                    select $"{schema.Key}.{property.Key}")
            .Select(place => $"{place}: not described"));

    [Fact]
    public void What_is_created_can_be_found_and_what_has_a_version_sends_it()
    {
        AssertNone(Contract.Operations.Where(o => o.Responses.TryGetValue("201", out var made) && made["headers"]?["Location"] is null).Select(o => $"{o}: 201 without Location"));
        AssertNone(
            from operation in Contract.Operations
            from response in operation.Responses
            where response.Key[0] == '2' && response.Value["content"]?["application/json"]?["schema"] is { } schema
                && Contract.Resolve(schema)["properties"]?["version"] is not null && Contract.Resolve(schema)["properties"]?["id"] is not null
                && response.Value["headers"]?["ETag"] is null
            select $"{operation}: {response.Key} without ETag");
    }

    [Fact]
    public void Every_operation_names_the_refusals_that_any_can_give()
    {
        AssertNone(from operation in Contract.Operations from status in Owed(operation) where !operation.Responses.ContainsKey(status) select $"{operation}: no {status}");

        static IEnumerable<string> Owed(Contract.Operation operation) =>
            new[] { "400", "401", "403" }
                .Concat(operation.Path.Contains('{') ? ["404"] : [])
                .Concat(operation.Body.Count > 0 ? ["413", "415"] : [])
                .Concat(operation.Parameters.SingleOrDefault(p => (string)p["name"]! == "If-Match") is { } ifMatch ? (bool?)ifMatch["required"] == true ? ["412", "428"] : ["412"] : []);
    }

    /// <summary>Three POSTs read: a search and two calculations.</summary>
    [Fact]
    public void An_operation_takes_an_idempotency_key_when_it_is_a_post_that_changes_something()
    {
        var posts = Contract.Operations.Where(o => o.Method == "POST").ToList();
        var without = posts.Where(o => !o.Parameters.Any(p => (string)p["name"]! == "Idempotency-Key")).Select(o => o.Path.Split('/')[^1]);

        Assert.True(posts.Count > 30);
        Assert.Equal(["search", "simulate", "simulate"], without.Order());
    }

    private static IEnumerable<(string Place, JsonObject Media)> MediaTypes() =>
        from operation in Contract.Operations
        from content in operation.Body.Select(b => (Place: $"{operation} {b.Key}", Media: b.Value))
            .Concat(operation.Responses.SelectMany(r => (r.Value["content"]?.AsObject() ?? []).Select(c => (Place: $"{operation} {r.Key} {c.Key}", Media: c.Value!.AsObject()))))
        select content;

    private static IEnumerable<JsonNode?> Examples(JsonObject media) =>
        media["example"] is { } one ? [one] : (media["examples"]?.AsObject() ?? []).Select(e => Contract.Resolve(e.Value!)["value"]);

    private static IEnumerable<(string Place, JsonObject Json)> Parameters() =>
        from operation in Contract.Operations from parameter in operation.Parameters select ($"{operation} {parameter["name"]}", parameter);

    private static IEnumerable<(string Place, JsonNode? Schema)> AllSchemas() =>
        Contract.Schemas.SelectMany(s => Walk(s.Value, s.Key))
            .Concat(Parameters().SelectMany(p => Walk(p.Json["schema"], p.Place)))
            .Concat(MediaTypes().SelectMany(m => Walk(m.Media["schema"], m.Place)));

    private static IEnumerable<(string Place, JsonNode? Schema)> Walk(JsonNode? schema, string place)
    {
        yield return (place, schema);
        if (schema is not JsonObject own)
        {
            yield break;
        }

        var parts = (own["properties"]?.AsObject() ?? []).Select(p => ($"{place}.{p.Key}", p.Value))
            .Concat(own["items"] is { } items ? [($"{place}[]", items)] : [])
            .Concat(own["additionalProperties"] is JsonObject others ? [($"{place}.*", others)] : [])
            .Concat(new[] { "oneOf", "anyOf", "allOf" }.SelectMany(k => own[k]?.AsArray() ?? []).Select(part => (place, part)));
        foreach (var found in parts.SelectMany(p => Walk(p.Item2, p.Item1)))
        {
            yield return found;
        }
    }

    private static HashSet<string> Reachable(IEnumerable<JsonNode> schemas)
    {
        HashSet<string> names = [];
        Stack<JsonNode> open = new(schemas);
        while (open.TryPop(out var schema))
        {
            foreach (var (_, found) in Walk(schema, ""))
            {
                if (found?["$ref"] is { } reference && ((string)reference!).Split('/')[^1] is var name && names.Add(name))
                {
                    open.Push(Contract.Schemas[name]!);
                }
            }
        }

        return names;
    }

    /// <summary>The names that an enum may have there: those of the enum so called, or of any for a parameter or a member of text.</summary>
    private static IEnumerable<IEnumerable<string>> NamesFor(string place) =>
        Enums.TryGetValue(place, out var type) ? [WireNames.NamesOf(type)]
        : place.IndexOfAny(['.', ' ']) >= 0 ? Enums.Values.Select(WireNames.NamesOf)
        : [];

    private static IEnumerable<string> Unbounded(JsonObject schema)
    {
        var types = Types(schema);
        if (types.Contains("string") && !new[] { "maxLength", "enum", "pattern" }.Any(schema.ContainsKey) && (string?)schema["format"] is not "uuid")
        {
            yield return "text of any length";
        }

        if (types.Overlaps(["integer", "number"]) && (!schema.ContainsKey("maximum") || !(schema.ContainsKey("minimum") || schema.ContainsKey("exclusiveMinimum"))))
        {
            yield return "a number of any size";
        }

        if (types.Contains("array") && !schema.ContainsKey("maxItems"))
        {
            yield return "a list of any length";
        }

        if (types.Contains("object") && schema["additionalProperties"] is not JsonValue)
        {
            yield return "members of any name";
        }
    }

    private static HashSet<string> Types(JsonNode schema) => schema["type"] switch
    {
        JsonArray several => [.. several.Select(t => (string)t!)],
        { } one => [(string)one!],
        null => [],
    };

    private static void AssertNone(IEnumerable<string> findings)
    {
        var found = findings.Distinct().ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
