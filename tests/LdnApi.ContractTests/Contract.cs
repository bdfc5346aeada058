using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace LdnApi.ContractTests;

/// <summary>The OpenAPI document as a reader of it sees it: operations, and schemas that can judge an instance.</summary>
public sealed class Contract
{
    private static int _count;
    private readonly JsonObject _root;
    private readonly string _id = $"https://contract.invalid/{Interlocked.Increment(ref _count)}";
    private readonly Dictionary<JsonNode, JsonSchema> _judges = [];

    private Contract(JsonObject root)
    {
        _root = root;
        var shared = new JsonObject { ["$id"] = _id, ["$defs"] = ForJudging(Part("schemas")) };
        SchemaRegistry.Global.Register(JsonSchema.FromText(shared.ToJsonString()));
        Operations =
        [
            .. from path in root["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               select new Operation(this, operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject()),
        ];
    }

    public IReadOnlyList<Operation> Operations { get; }

    public JsonObject Root => _root;

    /// <summary>The named schemas.</summary>
    public JsonObject Schemas => Part("schemas");

    public static Contract Parse(string json) => new(JsonNode.Parse(json)!.AsObject());

    /// <summary>Follows references until something is described.</summary>
    public JsonObject Resolve(JsonNode node)
    {
        while (node is JsonObject found && found["$ref"] is { } reference)
        {
            node = ((string)reference!).Split('/').Skip(1).Aggregate((JsonNode)_root, (at, name) => at[name.Replace("~1", "/").Replace("~0", "~")]!);
        }

        return node.AsObject();
    }

    /// <summary>What is wrong with an instance: empty when it is as the schema says. Formats count.</summary>
    public IReadOnlyList<string> Judge(JsonNode schema, JsonNode? instance)
    {
        if (!_judges.TryGetValue(schema, out var judge))
        {
            _judges[schema] = judge = JsonSchema.FromText(ForJudging(schema).ToJsonString());
        }

        var result = judge.Evaluate(JsonSerializer.SerializeToElement(instance), new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
        return result.IsValid
            ? []
            : [.. (result.Details ?? []).Where(d => !d.IsValid && d.Errors is not null).SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}")).DefaultIfEmpty("Not valid.")];
    }

    private JsonObject Part(string name) => _root["components"]?[name]?.AsObject() ?? [];

    /// <summary>References made absolute, so that a schema can be judged by on its own.</summary>
    private JsonNode ForJudging(JsonNode schema) => JsonNode.Parse(schema.ToJsonString().Replace("#/components/schemas/", $"{_id}#/$defs/", StringComparison.Ordinal))!;

    /// <summary>One method on one path.</summary>
    public sealed class Operation(Contract contract, string method, string path, JsonObject json)
    {
        public string Id => (string?)json["operationId"] ?? $"{method} {path}";

        public string Method => method;

        public string Path => path;

        public JsonObject Json => json;

        public IReadOnlyList<JsonObject> Parameters { get; } = [.. (json["parameters"]?.AsArray() ?? []).Select(p => contract.Resolve(p!))];

        /// <summary>Media type → schema, and example where there is one.</summary>
        public IReadOnlyDictionary<string, JsonObject> Body { get; } =
            (json["requestBody"] is { } body ? contract.Resolve(body)["content"]!.AsObject() : []).ToDictionary(c => c.Key, c => c.Value!.AsObject());

        /// <summary>Status → what is answered under it.</summary>
        public IReadOnlyDictionary<string, JsonObject> Responses { get; } = json["responses"]!.AsObject().ToDictionary(r => r.Key, r => contract.Resolve(r.Value!));

        /// <summary>The scope that a token must carry; null for an operation that is open to everyone.</summary>
        public string? Scope { get; } = (string?)json["x-required-scope"];

        public override string ToString() => Id;
    }
}
