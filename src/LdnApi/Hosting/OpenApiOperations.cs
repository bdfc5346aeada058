using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Features.Audit;
using LdnApi.Features.History;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LdnApi.Hosting;

/// <summary>What the pipeline and <see cref="HttpHeaders"/> add to every operation: headers, problems, scopes, examples.</summary>
internal sealed class OpenApiOperations : IOperationFilter
{
    private const string Json = "application/json";

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.Parameters ??= [];
        operation.Responses ??= [];
        var method = context.ApiDescription.HttpMethod;
        OpenApiResponse[] successes = [.. operation.Responses.Where(r => r.Key.StartsWith('2')).Select(r => (OpenApiResponse)r.Value)];
        var takesIfMatch = context.MethodInfo.GetParameters().Any(p => p.ParameterType == typeof(IfMatch) || IsOf(p.ParameterType, typeof(Amendment<>)));
        var takesPreconditions = context.MethodInfo.GetParameters().Any(p => p.ParameterType == typeof(Preconditions));
        var answersVersion = context.ApiDescription.SupportedResponseTypes.Any(r => r.Type?.IsAssignableTo(typeof(IVersioned)) == true);

        DescribeParameters(operation, context);
        foreach (var status in ProblemsOf(context, method, takesIfMatch, takesPreconditions, operation.RequestBody is not null))
        {
            operation.Responses[OpenApiParts.KeyOf(status)] = new OpenApiResponseReference(OpenApiParts.NameOf(status), context.Document);
        }

        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<HeldAgainstOrderRules>().Any())
        {
            operation.Description = $"{operation.Description} Held against the order-time rules: a block, or a finding that needs an override and has none, is 422 `safety-check-failed` with the findings, and nothing is stored.".Trim();
            operation.Responses[OpenApiParts.KeyOf(StatusCodes.Status422UnprocessableEntity)] = new OpenApiResponseReference(OpenApiParts.OrderRefused, context.Document);
        }

        Take(OpenApiParts.Purpose);
        Send(OpenApiParts.RequestId);
        Send(OpenApiParts.RateLimit);
        Send(OpenApiParts.RateLimitPolicy);
        if (takesIfMatch)
        {
            Take(OpenApiParts.IfMatch);
        }

        if (takesPreconditions)
        {
            Take(OpenApiParts.UpsertIfMatch);
            Take(OpenApiParts.UpsertIfNoneMatch);
        }

        if (method == "POST" && !context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<OnlyReads>().Any())
        {
            Take(OpenApiParts.IdempotencyKey);
            Send(OpenApiParts.Replayed);
        }

        if (answersVersion)
        {
            Send(OpenApiParts.ETag);
        }

        if (MayBeSecondsOld(context))
        {
            Send(OpenApiParts.Age);
        }

        if (operation.Responses.TryGetValue("201", out var created))
        {
            ((OpenApiResponse)created).Headers![OpenApiParts.HeaderOf(OpenApiParts.Location)] = new OpenApiHeaderReference(OpenApiParts.Location, context.Document);
        }

        if (answersVersion && method == "GET" && !context.ApiDescription.SupportedResponseTypes.Any(r => r.Type?.IsAssignableTo(typeof(ILive)) == true))
        {
            Take(OpenApiParts.IfNoneMatch);
            operation.Responses["304"] = new OpenApiResponse { Description = "You have the current version", Headers = successes[0].Headers };
        }

        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<Deprecation>().SingleOrDefault() is { } deprecation)
        {
            operation.Deprecated = true;
            operation.Description = $"{operation.Description} Deprecated: will be gone on {deprecation.Sunset:yyyy-MM-dd}; see [what to use instead]({deprecation.Guide}).".Trim();
            Send(OpenApiParts.Deprecated);
            Send(OpenApiParts.Sunset);
        }

        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<RequiredScope>().SingleOrDefault() is { } scope)
        {
            operation.Description = $"{operation.Description} Needs the scope `{scope.Name}`.".Trim();
            operation.AddExtension("x-required-scope", new JsonNodeExtension(scope.Name)); // a bearer scheme has no place for scopes of its own
        }

        AddExamples(operation, context, successes);
        if (operation.Responses.GetValueOrDefault("202") is OpenApiResponse accepted)
        {
            accepted.Description = "Accepted: it is followed at its Location";
            accepted.Headers![OpenApiParts.HeaderOf(OpenApiParts.Location)] = new OpenApiHeaderReference(OpenApiParts.Location, context.Document);
        }

        void Take(string parameter) => operation.Parameters.Add(new OpenApiParameterReference(parameter, context.Document));

        void Send(string header)
        {
            foreach (var success in successes)
            {
                (success.Headers ??= new Dictionary<string, IOpenApiHeader>())[OpenApiParts.HeaderOf(header)] = new OpenApiHeaderReference(header, context.Document);
            }
        }
    }

    /// <summary>The statuses of the refusals that an operation can give. One that a slice alone knows of is declared there with <c>ProducesProblem</c>.</summary>
    private static SortedSet<int> ProblemsOf(OperationFilterContext context, string? method, bool takesIfMatch, bool takesPreconditions, bool takesBody)
    {
        var takesDay = context.ApiDescription.ParameterDescriptions.Any(p => p.Name is "asOf");
        SortedSet<int> statuses = [StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden,
            StatusCodes.Status429TooManyRequests, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable];
        statuses.UnionWith(context.ApiDescription.SupportedResponseTypes.Select(r => r.StatusCode).Where(s => s >= 400));
        statuses.UnionWith(context.ApiDescription.RelativePath!.Contains('{') ? [StatusCodes.Status404NotFound] : []);
        statuses.UnionWith(takesIfMatch ? [StatusCodes.Status412PreconditionFailed, StatusCodes.Status428PreconditionRequired] : []);
        statuses.UnionWith(takesPreconditions ? [StatusCodes.Status412PreconditionFailed] : []);
        statuses.UnionWith(takesBody ? [StatusCodes.Status408RequestTimeout] : []);
        statuses.UnionWith(method is "GET"
            ? takesDay ? [StatusCodes.Status422UnprocessableEntity] : []
            : [StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status422UnprocessableEntity]);
        return statuses;
    }

    private static bool MayBeSecondsOld(OperationFilterContext context) => context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<HistoryOf>().Any()
        || context.MethodInfo.DeclaringType!.GetNestedType(nameof(ListAuditEntries.Query))?.IsAssignableTo(typeof(IMayBeSecondsOld)) == true;

    private static bool IsOf(Type type, Type generic) => type.IsGenericType && type.GetGenericTypeDefinition() == generic;

    private static void DescribeParameters(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var bound in operation.Parameters!.Where(p => p.Name is "ifMatch" or "preconditions" or "submission" or "amendment" or "patch" or "file" or "_").ToArray())
        {
            operation.Parameters!.Remove(bound);
        }

        foreach (var described in context.ApiDescription.ParameterDescriptions)
        {
            if (operation.Parameters!.OfType<OpenApiParameter>().SingleOrDefault(p => string.Equals(p.Name, described.Name, StringComparison.OrdinalIgnoreCase)) is { } parameter)
            {
                Describe(parameter, described.Type, (described.ParameterDescriptor as IParameterInfoParameterDescriptor)?.ParameterInfo.GetCustomAttributes(true) ?? []);
            }
        }
    }

    private static void Describe(OpenApiParameter parameter, Type? type, IReadOnlyList<object> attributes)
    {
        parameter.Name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
        var plain = type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
        if (plain is not null && EntityId.Types.Contains(plain))
        {
            parameter.Schema = OpenApiSetup.Uuid();
            parameter.Description ??= $"Id of the {JsonNamingPolicy.KebabCaseLower.ConvertName(plain.Name[..^2]).Replace('-', ' ')}.";
        }

        if (parameter is { Name: "limit", Schema: OpenApiSchema limit })
        {
            limit.Default = Cursor.DefaultLimit;
            parameter.Description = "Items on a page at most.";
        }

        if (parameter.Name == "cursor")
        {
            parameter.Description = "The `nextCursor` of the page before. It keeps filters, order and limit: given alone, it goes on with the same list.";
        }

        if (attributes.OfType<WireEnumAttribute>().FirstOrDefault() is { } wire && parameter.Schema is OpenApiSchema schema)
        {
            schema.Enum = [.. WireNames.NamesOf(wire.EnumType).Select(n => (JsonNode)JsonValue.Create(n))];
        }
    }

    private static void AddExamples(OpenApiOperation operation, OperationFilterContext context, IReadOnlyList<OpenApiResponse> successes)
    {
        if (OpenApiPatches.PatchedBy(context) is { } patched)
        {
            var patch = (OpenApiMediaType)operation.RequestBody!.Content![MergePatch.MediaType];
            (patch.Schema, patch.Example) = (OpenApiPatches.SchemaOf(patched, context), Examples.PatchOf(patched));
        }

        var body = context.ApiDescription.ParameterDescriptions.FirstOrDefault(p => p.Source.Id == "Body")?.Type
            ?? context.MethodInfo.GetParameters().FirstOrDefault(p => IsOf(p.ParameterType, typeof(Submission<>)) || IsOf(p.ParameterType, typeof(Amendment<>)))?.ParameterType.GetGenericArguments()[0];
        foreach (var (mediaType, content) in operation.RequestBody?.Content?.Where(c => c.Key != MergePatch.MediaType) ?? [])
        {
            ((OpenApiMediaType)content).Example = mediaType == "text/csv" ? JsonValue.Create(Examples.Csv) : Examples.JsonOf(body!);
        }

        var answered = context.ApiDescription.SupportedResponseTypes.FirstOrDefault(r => r.StatusCode is 200 or 201)?.Type;
        foreach (var (mediaType, content) in successes.SelectMany(s => s.Content ?? new Dictionary<string, IOpenApiMediaType>()))
        {
            if (mediaType == Json)
            {
                ((OpenApiMediaType)content).Example = Examples.JsonOf(answered!);
            }
        }
    }
}
