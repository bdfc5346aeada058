using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LdnApi.ContractTests;

/// <summary>
/// The gate: openapi.json against the document of the last release (the newest in docs/releases). After a release nothing that a client has may break;
/// before the first, a break is owed a line under "Breaking". Whatever changes is owed a line in the changelog.
/// </summary>
public sealed partial class ReleaseTests
{
    private static readonly string Top = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(OpenApiTests.Committed)!));
    private static readonly string Newest = Directory.GetFiles(Path.Combine(Top, "docs/releases"), "openapi-*.json").OrderByDescending(Order).First();
    private static readonly string Unreleased = Heading().Split(File.ReadAllText(Path.Combine(Top, "CHANGELOG.md"))).First(part => part.StartsWith("Unreleased", StringComparison.Ordinal));
    private static readonly ContractDiff Diff = new(Contract.Parse(File.ReadAllText(Newest)), Contract.Parse(File.ReadAllText(OpenApiTests.Committed)));

    [Fact]
    public void Nothing_breaks_a_client_of_the_last_release()
    {
        var isPreview = Path.GetFileName(Newest).Contains("-preview", StringComparison.Ordinal);
        var breaking = Diff.Breaking().Where(b => !(isPreview && IsNamed(b.Split(' ', '.', '[')[0], Section("Breaking")))).ToArray();

        Assert.True(breaking.Length == 0, $"Against {Path.GetFileName(Newest)}:\n{string.Join('\n', breaking)}\n"
            + (isPreview ? "Name each in CHANGELOG.md, Unreleased, under \"### Breaking\", or keep to what was." : "Keep to what was: v1 only grows. Deprecate, and add beside it."));
    }

    [Fact]
    public void Every_change_of_the_contract_has_a_line_in_the_changelog()
    {
        var silent = Diff.Changed().Where(o => !IsNamed(Word(o), Unreleased)).Select(o => $"{o.Method} {o.Path}: no line says \"{Word(o)}\"").ToArray();

        Assert.True(silent.Length == 0, $"Owed in CHANGELOG.md, Unreleased:\n{string.Join('\n', silent)}");

        static string Word(Contract.Operation operation) => operation.Path.Split('/').Last(part => !part.StartsWith('{'));
    }

    [Theory]
    [MemberData(nameof(Breaks))]
    public void A_break_is_found(string name, Action<JsonNode> change, string finding)
    {
        var document = Document();
        change(document);

        var found = new ContractDiff(Contract.Parse(Document().ToJsonString()), Contract.Parse(document.ToJsonString())).Breaking();

        Assert.True(found.Contains(finding), $"{name}: {string.Join('\n', found)}");
    }

    [Theory]
    [MemberData(nameof(Growth))]
    public void Growth_is_no_break_but_a_change(string name, Action<JsonNode> change, bool isChange)
    {
        var document = Document();
        change(document);

        var diff = new ContractDiff(Contract.Parse(Document().ToJsonString()), Contract.Parse(document.ToJsonString()));

        Assert.Empty(diff.Breaking());
        Assert.True(isChange == (diff.Changed().Count > 0), name);
    }

    public static TheoryData<string, Action<JsonNode>, string> Breaks() => new()
    {
        { "operation gone", d => d["paths"]!["/things"]!.AsObject().Remove("get"), "ListThings (GET /things) is gone." },
        { "operation renamed", d => d["paths"]!["/things"]!["post"]!["operationId"] = "AddThing", "MakeThing is called AddThing now." },
        { "another scope", d => d["paths"]!["/things"]!["post"]!["x-required-scope"] = "more", "MakeThing asks for another right." },
        { "parameter gone", d => d["paths"]!["/things"]!["get"]!["parameters"]!.AsArray().RemoveAt(0), "ListThings query kind is gone." },
        { "parameter required", d => d["paths"]!["/things"]!["get"]!["parameters"]![0]!["required"] = true, "ListThings query kind is required now." },
        { "new required parameter", d => d["paths"]!["/things"]!["get"]!["parameters"]!.AsArray().Add(Json("""{ "name": "day", "in": "query", "required": true, "schema": { "type": "string" } }""")), "ListThings query day is new and required." },
        { "parameter's limit tightened", d => d["paths"]!["/things"]!["get"]!["parameters"]![0]!["schema"]!["maxLength"] = 5, "ListThings query kind maxLength is 5, was 10." },
        { "success gone", d => d["paths"]!["/things"]!["post"]!["responses"]!.AsObject().Remove("201"), "MakeThing 201 is gone." },
        { "refusal gone", d => d["paths"]!["/things"]!["get"]!["responses"]!.AsObject().Remove("503"), "ListThings 503 is gone." },
        { "not modified gone", d => d["paths"]!["/things"]!["get"]!["responses"]!.AsObject().Remove("304"), "ListThings 304 is gone." },
        { "header of a refusal gone", d => d["paths"]!["/things"]!["get"]!["responses"]!["503"]!["headers"]!.AsObject().Remove("Retry-After"), "ListThings 503 Retry-After is gone." },
        { "member of a problem gone", d => Shape(d, "Problem")["properties"]!.AsObject().Remove("code"), "Problem.code is gone." },
        { "another default", d => d["paths"]!["/things"]!["get"]!["parameters"]![0]!["schema"]!["default"] = "b", "ListThings query kind is \"b\" by default, was \"a\"." },
        { "default gone", d => d["paths"]!["/things"]!["get"]!["parameters"]![0]!["schema"]!.AsObject().Remove("default"), "ListThings query kind is nothing by default, was \"a\"." },
        { "header gone", d => d["paths"]!["/things"]!["post"]!["responses"]!["201"]!["headers"]!.AsObject().Remove("ETag"), "MakeThing 201 ETag is gone." },
        { "media type gone", d => d["paths"]!["/things"]!["post"]!["requestBody"]!["content"]!.AsObject().Remove("text/csv"), "MakeThing body text/csv is gone." },
        { "body required", d => d["paths"]!["/things"]!["post"]!["requestBody"]!["required"] = true, "MakeThing body is required now." },
        { "sent member required", d => Shape(d, "ThingBody")["required"]!.AsArray().Add("mg"), "ThingBody.mg is required now." },
        { "sent member gone", d => Shape(d, "ThingBody")["properties"]!.AsObject().Remove("mg"), "ThingBody.mg is gone." },
        { "sent member of another type", d => Member(d, "ThingBody", "mg")["type"] = "integer", "ThingBody.mg is integer, was number or null." },
        { "null no more taken", d => Member(d, "ThingBody", "mg")["type"] = "number", "ThingBody.mg is number, was number or null." },
        { "null no more taken beside a reference", d => Shape(d, "ThingBody")["properties"]!["kind"] = Json("""{ "$ref": "#/components/schemas/Kind" }"""), "ThingBody.kind is string, was string or null." },
        { "sent enum narrowed", d => Shape(d, "Kind")["enum"]!.AsArray().RemoveAt(1), "ThingBody.kind takes no more \"b-c\"." },
        { "sent maximum lowered", d => Member(d, "ThingBody", "mg")["maximum"] = 5, "ThingBody.mg maximum is 5, was 10." },
        { "sent pattern added", d => Member(d, "ThingBody", "name")["pattern"] = "^a", "ThingBody.name pattern is ^a, was none." },
        { "list shortened", d => Member(d, "ThingBody", "tags")["maxItems"] = 2, "ThingBody.tags maxItems is 2, was 3." },
        { "other members no more taken", d => Shape(d, "ThingBody")["additionalProperties"] = false, "ThingBody takes no other members now." },
        { "answered member gone", d => Shape(d, "Thing")["properties"]!.AsObject().Remove("name"), "Thing.name is gone." },
        { "answered member may be absent", d => Shape(d, "Thing")["required"]!.AsArray().RemoveAt(1), "Thing.name may be absent now." },
        { "answered member may be null", d => Member(d, "Thing", "name")["type"] = new JsonArray("string", "null"), "Thing.name is string or null, was string." },
        { "answered member of another format", d => Member(d, "Thing", "on")["format"] = "date-time", "Thing.on has the format date-time, had date." },
    };

    public static TheoryData<string, Action<JsonNode>, bool> Growth() => new()
    {
        { "the same", _ => { }, false },
        { "other words", d => Member(d, "Thing", "name")["description"] = "Another word for it.", false },
        { "a new operation", d => d["paths"]!["/things"]!["delete"] = Json("""{ "operationId": "DropThing", "responses": { "204": { "description": "Done" } } }"""), true },
        { "a new member that may be sent", d => Shape(d, "ThingBody")["properties"]!["more"] = Json("""{ "type": "string" }"""), true },
        { "a new member that is answered", d => Shape(d, "Thing")["properties"]!["more"] = Json("""{ "type": "string" }"""), true },
        { "a new parameter", d => d["paths"]!["/things"]!["get"]!["parameters"]!.AsArray().Add(Json("""{ "name": "day", "in": "query", "schema": { "type": "string" } }""")), true },
        { "a wider limit", d => Member(d, "ThingBody", "mg")["maximum"] = 20, true },
        { "a new name of an enum", d => Shape(d, "Kind")["enum"]!.AsArray().Add("d"), true },
        { "a new refusal", d => d["paths"]!["/things"]!["get"]!["responses"]!["429"] = Json("""{ "description": "Too many" }"""), true },
    };

    private static JsonNode Document() => Json("""
        {
          "openapi": "3.1.2", "info": { "title": "t", "version": "1" },
          "paths": { "/things": {
            "get": { "operationId": "ListThings",
              "parameters": [{ "name": "kind", "in": "query", "schema": { "type": "string", "maxLength": 10, "default": "a" } }],
              "responses": {
                "304": { "description": "Not modified" },
                "503": { "description": "Away", "headers": { "Retry-After": { "schema": { "type": "integer" } } }, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } },
                "200": { "description": "OK", "content": { "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } } } } } } },
            "post": { "operationId": "MakeThing", "x-required-scope": "write",
              "requestBody": { "content": { "text/csv": { "schema": { "type": "string" } }, "application/json": { "schema": { "$ref": "#/components/schemas/ThingBody" } } } },
              "responses": { "201": { "description": "Created", "headers": { "ETag": { "schema": { "type": "string" } } }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } } } } },
          "components": { "schemas": {
            "Kind": { "type": "string", "enum": ["a", "b-c"] },
            "Problem": { "type": "object", "required": ["status"], "properties": { "status": { "type": "integer" }, "code": { "type": "string" } } },
            "ThingBody": { "type": "object", "required": ["name"], "properties": {
              "name": { "type": "string", "maxLength": 10 }, "mg": { "type": ["number", "null"], "maximum": 10 },
              "kind": { "oneOf": [{ "$ref": "#/components/schemas/Kind" }, { "type": "null" }] }, "tags": { "type": "array", "maxItems": 3, "items": { "type": "string" } } } },
            "Thing": { "type": "object", "required": ["id", "name"], "properties": { "id": { "type": "string", "format": "uuid" }, "name": { "type": "string" }, "on": { "type": "string", "format": "date" } } } } }
        }
        """);

    private static JsonNode Json(string json) => JsonNode.Parse(json)!;

    private static JsonObject Shape(JsonNode document, string name) => document["components"]!["schemas"]![name]!.AsObject();

    private static JsonNode Member(JsonNode document, string shape, string name) => Shape(document, shape)["properties"]![name]!;

    /// <summary>1.0.0 comes after 1.0.0-preview.2, which comes after 1.0.0-preview.1.</summary>
    private static (Version, int) Order(string file) =>
        Version_().Match(Path.GetFileName(file)) is { Success: true } match
            ? (new Version(match.Groups[1].Value), match.Groups[2].Success ? int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture) : int.MaxValue)
            : throw new InvalidOperationException($"{file} is no openapi-MAJOR.MINOR.PATCH(-preview.N).json");

    private static string Section(string name) =>
        Unreleased.Split("\n### ").FirstOrDefault(s => s.StartsWith(name, StringComparison.Ordinal)) ?? "";

    private static bool IsNamed(string word, string text) => text.Contains(word, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^## ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^openapi-(\d+\.\d+\.\d+)(?:-preview\.(\d+))?\.json$")]
    private static partial Regex Version_();
}
