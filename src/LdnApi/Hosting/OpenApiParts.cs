using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Clinical.Orders;
using LdnApi.Common;
using LdnApi.Safety;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LdnApi.Hosting;

/// <summary>What operations share, written once and referred to: refusals with their examples, headers, tags.</summary>
internal sealed class OpenApiParts : IDocumentFilter
{
    public const string IfMatch = "IfMatch";
    public const string IfNoneMatch = "IfNoneMatch";
    public const string UpsertIfMatch = "UpsertIfMatch";
    public const string UpsertIfNoneMatch = "UpsertIfNoneMatch";
    public const string IdempotencyKey = "IdempotencyKey";
    public const string Purpose = "PurposeOfUse";
    public const string RequestId = "RequestId";
    public const string Replayed = "Replayed";
    public const string ETag = "ETag";
    public const string Location = "Location";
    public const string RateLimit = "RateLimit";
    public const string RateLimitPolicy = "RateLimitPolicy";
    public const string Deprecated = "Deprecation";
    public const string Sunset = "Sunset";
    public const string Age = "Age";

    private const string RetryAfter = "RetryAfter";

    /// <summary>422 of what orders a dose.</summary>
    public const string OrderRefused = "OrderRefused";

    private const string Challenge = "Challenge";
    private const string StrongETag = "^\"[0-9]{1,19}\"$";
    private const string ETagList = "^(\\*|(W/)?\"[!#-~]*\"( ?, ?(W/)?\"[!#-~]*\")*)$"; // RFC 9110, 13.1.2

    private static readonly Tag[] Tags =
    [
        new("Patients", "The clinic's patients."),
        new("Co-medications", "Other medicines: what orders are held against, and what may explain a course."),
        new("Observations", "Laboratory values and tests that orders are held against."),
        new("Procedures", "Procedures before which naltrexone is held."),
        new("Prescriptions", "Orders of low-dose naltrexone and the doses that came of them."),
        new("Titration", "How a dose is brought to its target, step by step."),
        new("Check-ins", "The patient's own daily report."),
        new("Assessments", "Questionnaires, scored by the server."),
        new("Adverse events", "What went wrong on treatment, whether or not it caused it."),
        new("Evaluation", "What the rules say, raised or not, and why."),
        new("Insights", "What the records of a patient say together."),
        new("Follow-ups", "What needs a person."),
        new("Rules", "What the system looks for."),
        new("Audit", "Who read or changed which patient's data."),
        new("Sandbox", "Made-up patients to try things with."),
    ];

    private static readonly Dictionary<string, Header> Headers = new()
    {
        [RequestId] = new("X-Request-Id", "The id that was sent, or one made here. Logs carry it.", Text(), Always: true),
        [Replayed] = new(HttpHeaders.ReplayedName, "`true` when this is the answer to an earlier request with the same key.", Text(oneOf: "true")),
        [ETag] = new("ETag", "The version, to be named in If-Match.", Text(StrongETag)),
        [Location] = new("Location", "Where the record now lives.", Text(format: "uri-reference")),
        [RateLimit] = new("RateLimit", "What is left of the client's allowance: `r` requests, whole again in `t` seconds.", Text("^\"client\";r=[0-9]+;t=[0-9]+$"), Always: true),
        [RateLimitPolicy] = new("RateLimit-Policy", "The client's allowance: `q` requests in `w` seconds.", Text("^\"client\";q=[0-9]+;w=[0-9]+$"), Always: true),
        [RetryAfter] = new("Retry-After", "Seconds to wait before the same request is sent again.", Text("^[0-9]{1,9}$")),
        [Deprecated] = new("Deprecation", "Since when this should not be used any more (RFC 9745).", Text("^@[0-9]{1,12}$")),
        [Sunset] = new("Sunset", "When this will be gone (RFC 8594).", Text()),
        [Age] = new("Age", "There when the answer comes from a replica: what was written in the last so many seconds may be missing (RFC 9111). A request with `Cache-Control: no-cache`, or `max-age` in seconds, asks for a younger one.", Text("^[0-9]{1,9}$")),
        [Challenge] = new("WWW-Authenticate", "`Bearer`. What is wrong with a token is not said.", Text()),
    };

    private static readonly Refusal[] Refusals =
    [
        new(400, "BadRequest", "Breaks the contract: syntax, type, schema or text", [Problem.Invalid("$.scores.anxiety", "The field anxiety must be between 0 and 10.")]),
        new(401, "Unauthorized", "No token, or not a good one", [ProblemSetup.Of(401)], Challenge),
        new(403, "Forbidden", "The token lacks the scope", [ProblemSetup.Of(403)]),
        new(404, "NotFound", "No such record in this clinic", [Problem.NotFound]),
        new(408, "RequestTimeout", "The body came too slowly", [ProblemSetup.Of(408)]),
        new(409, "Conflict", "The present state does not allow it", [Problem.InvalidTransition("on-hold", "resume", "stop")]),
        new(412, "PreconditionFailed", "Changed since it was read", [Problem.StaleAt(7)]),
        new(413, "PayloadTooLarge", "The body is too large", [ProblemSetup.Of(413)]),
        new(415, "UnsupportedMediaType", "Not the media type that is accepted here", [ProblemSetup.Of(415)]),
        new(422, "UnprocessableContent", "Well-formed, but refused by a rule",
            [Problem.Refused("date-in-future", "A day lies in the future.", "$.date", "Must not be after today, where the patient lives.")]),
        new(428, "PreconditionRequired", "If-Match is missing", [ProblemSetup.Of(428)]),
        new(429, "TooManyRequests", "The client's allowance is spent", [RateLimits.Refusal], RetryAfter),
        new(500, "ServerError", "A bug; nothing was stored", [ProblemSetup.Of(500)]),
        new(503, "ServiceUnavailable", "Not just now: the database is away, or it took too long", [ProblemSetup.Unavailable, ProblemSetup.Of(503)], RetryAfter),
    ];

    public static string NameOf(int status) => Refusals.Single(r => r.Status == status).Name;

    public static string KeyOf(int status) => status.ToString(CultureInfo.InvariantCulture);

    public static string HeaderOf(string name) => Headers[name].Name;

    public void Apply(OpenApiDocument document, DocumentFilterContext context)
    {
        document.Tags = new HashSet<OpenApiTag>(Tags.Select(t => new OpenApiTag { Name = t.Name, Description = t.Description }));
        var parts = document.Components ??= new OpenApiComponents();
        var isDeprecatedAnywhere = document.Paths.Values.SelectMany(p => p.Operations!.Values).Any(o => o.Deprecated); // a part that nothing uses is a linter's finding
        parts.Headers = Headers.Where(h => isDeprecatedAnywhere || h.Key is not (Deprecated or Sunset)).ToDictionary(h => h.Key, h => (IOpenApiHeader)new OpenApiHeader { Description = h.Value.Description, Schema = h.Value.Schema, Required = h.Value.Always });
        parts.Parameters = new Dictionary<string, IOpenApiParameter>
        {
            [IfMatch] = Parameter("If-Match", "The ETag of the version you read.", StrongETag, required: true, example: "\"1\""),
            [IfNoneMatch] = Parameter("If-None-Match", "The ETags you have, or `*`: 304 when one of them is still the current one.", ETagList, required: false, example: "\"1\""),
            [UpsertIfMatch] = Parameter("If-Match", "Only the version of this ETag is changed; `*`: whichever there is. Nothing is made.", "^(\\*|\"[0-9]{1,18}\")$", required: false, example: "\"1\""),
            [UpsertIfNoneMatch] = Parameter("If-None-Match", "`*`: one is made only if there is none. Nothing is changed.", "^\\*$", required: false, example: "*"),
            [Purpose] = Parameter(Audit.PurposeName, $"Why patient data is read or changed, for the audit trail: {string.Join(", ", PurposeOfUse.All.Select(p => $"`{p.Key}` {p.Value}"))}. Absent: not stated.",
                $"^({string.Join('|', PurposeOfUse.All.Keys)})$", required: false, example: "TREAT"),
            [IdempotencyKey] = Parameter(HttpHeaders.IdempotencyKeyName, $"{HttpHeaders.MinKeyLength}–{HttpHeaders.MaxKeyLength} visible ASCII characters. Repeat a request under its key and it is done once.",
                $"^[!-~]{{{HttpHeaders.MinKeyLength},{HttpHeaders.MaxKeyLength}}}$", required: false, example: "0195d000-0000-7000-8000-00000000000a"),
        };
        var problem = context.SchemaGenerator.GenerateSchema(typeof(ProblemDetails), context.SchemaRepository);
        parts.Responses = Refusals.ToDictionary(r => r.Name, r => (IOpenApiResponse)ResponseOf(r, problem, document));
        var refused = Refusals.Single(r => r.Status == StatusCodes.Status422UnprocessableEntity);
        parts.Responses[OrderRefused] = ResponseOf(refused with { Examples = [.. refused.Examples, OrderSafety.CheckFailed([Examples.Finding])] }, OrderProblem(document, context), document);
    }

    private static OpenApiResponse ResponseOf(Refusal refusal, IOpenApiSchema schema, OpenApiDocument document) => new()
    {
        Description = refusal.Description,
        Headers = refusal.Headers.Concat([RequestId, RateLimit, RateLimitPolicy]).ToDictionary(HeaderOf, h => (IOpenApiHeader)new OpenApiHeaderReference(h, document)),
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            ["application/problem+json"] = new OpenApiMediaType
            {
                Schema = schema,
                Examples = refusal.Examples.ToDictionary(e => e.Code, e => (IOpenApiExample)new OpenApiExample { Summary = e.Title, Value = ExampleOf(e) }),
            },
        },
    };

    /// <summary>A problem with one more member, written out: generated clients make more of a plain shape than of one put together.</summary>
    private static OpenApiSchemaReference OrderProblem(OpenApiDocument document, DocumentFilterContext context)
    {
        const string name = "OrderProblemDetails";
        var problem = (OpenApiSchema)context.SchemaRepository.Schemas[nameof(ProblemDetails)];
        context.SchemaRepository.Schemas[name] = new OpenApiSchema
        {
            Type = problem.Type,
            Description = "Why an order was refused (RFC 9457).",
            Required = problem.Required,
            AdditionalPropertiesAllowed = true,
            Properties = new Dictionary<string, IOpenApiSchema>(problem.Properties!)
            {
                ["findings"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Description = "What the order-time rules say of the order, worst first.",
                    Items = context.SchemaGenerator.GenerateSchema(typeof(Finding), context.SchemaRepository),
                },
            },
        };
        return new OpenApiSchemaReference(name, document);
    }

    private static OpenApiParameter Parameter(string name, string description, string pattern, bool required, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Required = required,
        Schema = Text(pattern),
        Example = JsonValue.Create(example),
    };

    private static OpenApiSchema Text(string? pattern = null, string? format = null, string? oneOf = null) =>
        new() { Type = JsonSchemaType.String, Pattern = pattern, Format = format, Enum = oneOf is null ? null : [JsonValue.Create(oneOf)] };

    private static JsonObject ExampleOf(Problem problem)
    {
        var example = new JsonObject
        {
            ["type"] = Problem.TypeOf(problem.Code),
            ["title"] = problem.Title,
            ["status"] = problem.Status,
            ["instance"] = $"{Endpoints.BasePath}/patients/0195d000-0000-7000-8000-000000000001",
            ["code"] = problem.Code,
            ["traceId"] = "00-6f0a2c7b5d1e4f3a8b9c0d1e2f3a4b5c-1a2b3c4d5e6f7a8b-00",
        };
        foreach (var (name, value) in problem.Members.Append(new("errors", problem.Errors)).Append(new(Problem.RetryAfterMember, problem.RetryAfterSeconds)).Where(m => m.Value is not null))
        {
            example[name] = JsonSerializer.SerializeToNode(value, WireJson.Options);
        }

        return example;
    }

    private sealed record Tag(string Name, string Description);

    private sealed record Header(string Name, string Description, OpenApiSchema Schema, bool Always = false);

    private sealed record Refusal(int Status, string Name, string Description, Problem[] Examples, params string[] Headers);
}
