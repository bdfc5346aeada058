using LdnApi.Common;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LdnApi.Hosting;

/// <summary>The shape of a merge patch, made from the whole: each member may be left out, and null clears what need not be there.</summary>
internal static class OpenApiPatches
{
    /// <summary>The type that an endpoint takes a patch of; null when it takes none.</summary>
    public static Type? PatchedBy(OperationFilterContext context) => context.MethodInfo.GetParameters()
        .Select(p => p.ParameterType).FirstOrDefault(t => t.IsGenericType && t.GetGenericTypeDefinition() == typeof(MergePatch<>))?.GetGenericArguments()[0];

    public static IOpenApiSchema SchemaOf(Type whole, OperationFilterContext context) =>
        PatchOf((OpenApiSchemaReference)context.SchemaGenerator.GenerateSchema(whole, context.SchemaRepository), context);

    private static OpenApiSchemaReference PatchOf(OpenApiSchemaReference whole, OperationFilterContext context)
    {
        var name = $"{whole.Reference.Id}Patch";
        if (!context.SchemaRepository.Schemas.ContainsKey(name))
        {
            var shape = context.SchemaRepository.Schemas[whole.Reference.Id!];
            context.SchemaRepository.AddDefinition(name, new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = $"A merge patch (RFC 7396) of {whole.Reference.Id}: absent = unchanged, null = cleared.",
                AdditionalPropertiesAllowed = false,
                Properties = shape.Properties!.ToDictionary(p => p.Key, p => MemberOf(p.Value, shape.Required?.Contains(p.Key) == true, context)),
            });
        }

        return new OpenApiSchemaReference(name, context.Document);
    }

    private static IOpenApiSchema MemberOf(IOpenApiSchema member, bool isOwed, OperationFilterContext context)
    {
        if (member is OpenApiSchemaReference reference)
        {
            IOpenApiSchema inner = context.SchemaRepository.Schemas[reference.Reference.Id!].Properties is { Count: > 0 }
                ? PatchOf(reference, context)
                : new OpenApiSchemaReference(reference.Reference.Id!, context.Document);
            return isOwed ? inner : new OpenApiSchema { Description = reference.Description, OneOf = [inner, new OpenApiSchema { Type = JsonSchemaType.Null }] };
        }

        var plain = (OpenApiSchema)member.CreateShallowCopy();
        plain.Default = null; // what is absent stays as it is
        plain.Type = isOwed || plain.Type is null ? plain.Type : plain.Type | JsonSchemaType.Null;
        return plain;
    }
}
