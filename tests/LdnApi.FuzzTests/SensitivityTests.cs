using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.ContractTests;

namespace LdnApi.FuzzTests;

/// <summary>A fuzzer that finds nothing proves nothing: each defect here is put into a small server, and found.</summary>
public sealed class SensitivityTests
{
    [Fact]
    public async Task A_server_that_keeps_its_contract_has_no_findings()
    {
        var report = await FuzzAsync(Defect.None);

        Assert.Empty(report.Findings.Select(f => f.ToString()));
        Assert.Empty(report.NeverSucceeded);
        Assert.True(report.Requests > 300);
    }

    [Theory]
    [InlineData(Defect.FailsOnLongNames, Judge.ServerError)]
    [InlineData(Defect.ForgetsItsRefusals, Judge.UndeclaredStatus)]
    [InlineData(Defect.AnswersHtml, Judge.UndeclaredMediaType)]
    [InlineData(Defect.AnswersNumberAsText, Judge.BrokenSchema)]
    [InlineData(Defect.AddsAMember, Judge.BrokenSchema)]
    [InlineData(Defect.SendsNoLocation, Judge.MissingHeader)]
    [InlineData(Defect.ListsEverybodysThings, Judge.AnotherClinic)]
    [InlineData(Defect.ReadsAnybodysThing, Judge.OpenDoor)]
    [InlineData(Defect.AsksForNoToken, Judge.OpenDoor)]
    [InlineData(Defect.AsksForNoScope, Judge.OpenDoor)]
    [InlineData(Defect.TakesAnyLength, Judge.AcceptedBroken)]
    [InlineData(Defect.RepeatsWhatWasSent, Judge.Echo)]
    public async Task A_defect_is_found(Defect defect, string kind) => Assert.Contains(kind, (await FuzzAsync(defect)).Findings.Select(f => f.Kind));

    [Fact]
    public async Task The_same_seed_sends_the_same_requests()
    {
        var (first, second) = (new Things(Defect.None), new Things(Defect.None));

        await FuzzAsync(first);
        await FuzzAsync(second);

        Assert.Equal(first.Received, second.Received);
    }

    private static Task<Report> FuzzAsync(Defect defect) => FuzzAsync(new Things(defect));

    private static async Task<Report> FuzzAsync(Things server)
    {
        using var client = new HttpClient(server);
        var fuzzer = new Fuzzer(Contract.Parse(Things.Document), client, seed: 7, new DateOnly(2026, 3, 14));
        return await fuzzer.RunAsync([ActorOf("alpha"), ActorOf("beta")], perOperation: 60, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        static Actor ActorOf(string clinic) => new($"qz{clinic}", $"{clinic} write read", scope => $"{clinic} {(scope == "write" ? "read" : "write")}", [("no token", null), ("garbage", "garbage")], _ => Task.FromResult<Ready?>(null));
    }
}

/// <summary>What is wrong with the small server.</summary>
public enum Defect
{
    None,
    FailsOnLongNames,
    ForgetsItsRefusals,
    AnswersHtml,
    AnswersNumberAsText,
    AddsAMember,
    SendsNoLocation,
    ListsEverybodysThings,
    ReadsAnybodysThing,
    AsksForNoToken,
    AsksForNoScope,
    TakesAnyLength,
    RepeatsWhatWasSent,
}

/// <summary>A server of things that have a name, a count and an owner.</summary>
internal sealed class Things(Defect defect) : HttpMessageHandler
{
    public const string Document = """
        {
          "openapi": "3.1.2", "info": { "title": "Things", "version": "1" },
          "paths": {
            "/things": {
              "post": { "operationId": "MakeThing", "x-required-scope": "write",
                "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ThingBody" }, "example": { "name": "one", "count": 1 } } } },
                "responses": { "201": { "description": "Created", "headers": { "Location": { "required": true, "schema": { "type": "string" } } }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                  "400": { "$ref": "#/components/responses/Refused" }, "401": { "$ref": "#/components/responses/Refused" }, "403": { "$ref": "#/components/responses/Refused" }, "415": { "$ref": "#/components/responses/Refused" } } },
              "get": { "operationId": "ListThings", "x-required-scope": "read", "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 50 } }],
                "responses": { "200": { "description": "OK", "content": { "application/json": { "schema": { "type": "object", "required": ["items"], "properties": { "items": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } } } } } } },
                  "400": { "$ref": "#/components/responses/Refused" }, "401": { "$ref": "#/components/responses/Refused" }, "403": { "$ref": "#/components/responses/Refused" } } } },
            "/things/{thingId}": {
              "get": { "operationId": "GetThing", "x-required-scope": "read", "parameters": [{ "name": "thingId", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } }],
                "responses": { "200": { "description": "OK", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                  "400": { "$ref": "#/components/responses/Refused" }, "401": { "$ref": "#/components/responses/Refused" }, "403": { "$ref": "#/components/responses/Refused" }, "404": { "$ref": "#/components/responses/Refused" } } } } },
          "components": {
            "responses": { "Refused": { "description": "No", "content": { "application/problem+json": { "schema": { "type": "object", "required": ["status"], "properties": { "status": { "type": "integer" }, "detail": { "type": "string" } } } } } } },
            "schemas": {
              "ThingBody": { "type": "object", "required": ["name"], "additionalProperties": false, "properties": { "name": { "type": "string", "minLength": 1, "maxLength": 40 }, "count": { "type": "integer", "minimum": 0, "maximum": 9 } } },
              "Thing": { "type": "object", "required": ["id", "name"], "additionalProperties": false, "properties": { "id": { "type": "string", "format": "uuid" }, "name": { "type": "string" }, "count": { "type": ["integer", "null"] } } } } }
        }
        """;

    private readonly List<(string Owner, string Id, JsonObject Thing)> _things = [];

    /// <summary>What came, ids left out: they are the server's.</summary>
    public List<string> Received { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : Encoding.UTF8.GetString(await request.Content.ReadAsByteArrayAsync(cancellationToken));
        Received.Add($"{request.Method} {request.Headers.Authorization} {body}");
        var token = request.Headers.TryGetValues("Authorization", out var sent) ? sent.Single().Replace("Bearer ", "", StringComparison.Ordinal).Split(' ') : [];
        if (token.Length < 2 && defect != Defect.AsksForNoToken)
        {
            return Refuse(401);
        }

        var scope = request.Method == HttpMethod.Post ? "write" : "read";
        if (defect is not (Defect.AsksForNoScope or Defect.AsksForNoToken) && !token.Contains(scope))
        {
            return Refuse(403);
        }

        var owner = token.FirstOrDefault("");
        return request.Method == HttpMethod.Post ? Make(owner, body, request.Content?.Headers.ContentType?.ToString() ?? "")
            : request.RequestUri!.AbsolutePath == "/things" ? List(owner, request.RequestUri.Query)
            : Read(owner, request.RequestUri.AbsolutePath.Split('/')[^1]);
    }

    private HttpResponseMessage Make(string owner, string? text, string mediaType)
    {
        if (mediaType != "application/json")
        {
            return Refuse(415);
        }

        JsonObject? body = null;
        try
        {
            body = JsonNode.Parse(text ?? "", null, new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return Refuse(400);
        }

        var name = body?["name"] is JsonValue n && n.GetValueKind() == JsonValueKind.String ? (string)n! : null;
        var countIsGood = body?["count"] is null ? body?.ContainsKey("count") != true : body["count"] is JsonValue c && c.GetValueKind() == JsonValueKind.Number && c.TryGetValue<decimal>(out var count) && count is >= 0 and <= 9 && count == decimal.Truncate(count);
        if (defect == Defect.FailsOnLongNames && name?.Length > 200)
        {
            return Refuse(500);
        }

        var lengthIsGood = defect == Defect.TakesAnyLength ? name?.Length > 0 : name?.EnumerateRunes().Count() is >= 1 and <= 40;
        if (body is null || name is null || !lengthIsGood || !countIsGood || body.Any(m => m.Key is not ("name" or "count")))
        {
            return defect == Defect.ForgetsItsRefusals ? Refuse(418) : Refuse(400, defect == Defect.RepeatsWhatWasSent ? name : null);
        }

        var id = Guid.CreateVersion7().ToString();
        var thing = new JsonObject { ["id"] = id, ["name"] = name, ["count"] = body["count"]?.DeepClone() };
        _things.Add((owner, id, thing));
        var made = Answer(HttpStatusCode.Created, thing);
        if (defect != Defect.SendsNoLocation)
        {
            made.Headers.Location = new Uri($"/things/{id}", UriKind.Relative);
        }

        return made;
    }

    private HttpResponseMessage List(string owner, string query)
    {
        var limit = query.Contains("limit=", StringComparison.Ordinal) ? query.Split("limit=")[^1] : "50";
        return query.Split("limit=").Length <= 2 && int.TryParse(limit.Split('&')[0], out var most) && most is >= 1 and <= 50
            ? Answer(HttpStatusCode.OK, new JsonObject { ["items"] = new JsonArray([.. _things.Where(t => t.Owner == owner || defect == Defect.ListsEverybodysThings).TakeLast(most).Select(t => t.Thing.DeepClone())]) })
            : Refuse(400);
    }

    private HttpResponseMessage Read(string owner, string id) =>
        !Guid.TryParseExact(id, "D", out var parsed) ? Refuse(400)
        : _things.Find(t => t.Id == parsed.ToString() && (t.Owner == owner || defect == Defect.ReadsAnybodysThing)) is { Thing: { } thing } ? Answer(HttpStatusCode.OK, thing)
        : Refuse(404);

    private HttpResponseMessage Answer(HttpStatusCode status, JsonObject json)
    {
        var sent = json.DeepClone().AsObject();
        if (defect == Defect.AddsAMember && sent.ContainsKey("id"))
        {
            sent["secret"] = true;
        }

        if (defect == Defect.AnswersNumberAsText && sent["count"] is { } count)
        {
            sent["count"] = count.ToJsonString();
        }

        return new HttpResponseMessage(status)
        {
            Content = defect == Defect.AnswersHtml ? new StringContent("<p>things</p>", Encoding.UTF8, "text/html") : new StringContent(sent.ToJsonString(), Encoding.UTF8, "application/json"),
        };
    }

    private static HttpResponseMessage Refuse(int status, string? detail = null) => new((HttpStatusCode)status)
    {
        Content = new StringContent(new JsonObject { ["status"] = status, ["detail"] = detail ?? "No." }.ToJsonString(), Encoding.UTF8, "application/problem+json"),
    };
}
