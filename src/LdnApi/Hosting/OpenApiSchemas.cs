using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Features.CheckIns;
using LdnApi.Features.Patients;
using LdnApi.Features.Rules;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace LdnApi.Hosting;

/// <summary>What reflection does not see of a shape: the house's own constraints, defaults, and null beside a reference.</summary>
internal sealed class OpenApiSchemas : ISchemaFilter
{
    /// <summary>Batches, which take each item as it came and judge it by itself.</summary>
    private static readonly Dictionary<Type, Type> ItemsJudgedOneByOne = new()
    {
        [typeof(SubmitCheckIns.Request)] = typeof(CheckInBody),
        [typeof(UpsertPatients.Request)] = typeof(UpsertPatients.Item),
    };

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema own)
        {
            return;
        }

        if (context.MemberInfo is PropertyInfo member)
        {
            Constrain(own, member);
        }
        else if (own.Properties is { } properties)
        {
            foreach (var property in context.Type.GetProperties())
            {
                var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
                if (properties.TryGetValue(name, out var reference) && reference is OpenApiSchemaReference && IsNullable(property))
                {
                    // Only a schema of its own can say null: $ref alone would promise that it never is.
                    properties[name] = new OpenApiSchema { Description = reference.Description, OneOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }] };
                }
            }

            SetDefaults(own, properties, context.Type);
            MarkWhatTheServerSets(properties, context.Type);
        }

        if (ItemsJudgedOneByOne.TryGetValue(context.Type, out var item))
        {
            ((OpenApiSchema)own.Properties!["items"]).Items = context.SchemaGenerator.GenerateSchema(item, context.SchemaRepository);
        }

        if (context.Type == typeof(ChangeRuleSettings.Request) || context.Type == typeof(ReplayRules.Request))
        {
            DescribeDraft((OpenApiSchema)own.Properties!["settings"]);
        }

        if (context.Type.IsAssignableTo(typeof(ProblemDetails)))
        {
            DescribeProblem(own, context);
        }
    }

    /// <summary>Settings that are sent: any of those that there are, each within its bounds.</summary>
    private static void DescribeDraft(OpenApiSchema draft)
    {
        (draft.Type, draft.AdditionalPropertiesAllowed) = (JsonSchemaType.Object, false);
        draft.Properties = RuleSettingCatalogue.All.ToDictionary(s => s.Name, s => (IOpenApiSchema)(s.Of(RuleSettings.Default).WithHistory is null ? Value(s) : new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = s.Meaning,
            AdditionalPropertiesAllowed = false,
            Required = new HashSet<string> { "standard", "withHistory" },
            Properties = new Dictionary<string, IOpenApiSchema> { ["standard"] = Value(s), ["withHistory"] = Value(s) },
        }));

        static OpenApiSchema Value(RuleSettingDescription s) => new()
        {
            Type = s.Unit == "ratio" ? JsonSchemaType.Number : JsonSchemaType.Integer,
            Minimum = s.Minimum.ToString(CultureInfo.InvariantCulture),
            Maximum = s.Maximum.ToString(CultureInfo.InvariantCulture),
            Description = $"{s.Meaning} Unit: {s.Unit}.",
        };
    }

    private static void Constrain(OpenApiSchema own, PropertyInfo member)
    {
        if (member.GetCustomAttribute<DoseMgAttribute>() is not null)
        {
            var dose = own.Items as OpenApiSchema ?? own;
            (dose.ExclusiveMinimum, dose.Minimum, dose.Maximum, dose.MultipleOf) = ("0", null, "999.999", 0.001m);
        }

        if (member.GetCustomAttribute<MeasuredAttribute>() is not null)
        {
            (own.Minimum, own.Maximum, own.MultipleOf) = ("0", "99999.999", 0.001m);
        }

        if (member.GetCustomAttribute<IanaTimeZoneAttribute>() is not null)
        {
            (own.MaxLength, own.Pattern) = (IanaTimeZoneAttribute.MaxLength, IanaTimeZoneAttribute.Pattern);
        }

        if (member.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
        {
            own.Enum = [.. allowed.Values.Select(v => JsonSerializer.SerializeToNode(v)!)];
        }

        if (member.GetCustomAttribute<WireEnumAttribute>() is { } wire)
        {
            own.Enum = [.. WireNames.NamesOf(wire.EnumType).Select(n => (JsonNode)JsonValue.Create(n))];
        }

        if (member.GetCustomAttribute<EachLengthAttribute>() is { } each && own.Items is OpenApiSchema text)
        {
            (text.MinLength, text.MaxLength) = (each.Minimum, each.Maximum);
        }

        if (member.GetCustomAttribute<EachRangeAttribute>() is { } range && own.Items is OpenApiSchema number)
        {
            (number.Minimum, number.Maximum) = (range.Minimum.ToString(CultureInfo.InvariantCulture), range.Maximum.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>What has a default may be left out.</summary>
    private static void SetDefaults(OpenApiSchema own, IDictionary<string, IOpenApiSchema> properties, Type type)
    {
        foreach (var optional in type.GetConstructors().SelectMany(c => c.GetParameters()).Where(p => p.HasDefaultValue))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(optional.Name!);
            own.Required?.Remove(name);
            if (optional.DefaultValue is { } value && properties.TryGetValue(name, out var property))
            {
                var json = JsonSerializer.SerializeToNode(value, optional.ParameterType, WireJson.Options);
                switch (property)
                {
                    case OpenApiSchema plain:
                        plain.Default = json;
                        break;
                    case OpenApiSchemaReference reference:
                        reference.Default = json;
                        break;
                }
            }
        }
    }

    private static void MarkWhatTheServerSets(IDictionary<string, IOpenApiSchema> properties, Type type)
    {
        if (!type.IsAssignableTo(typeof(IVersioned)))
        {
            return;
        }

        foreach (var name in new[] { "id", "version" })
        {
            if (properties.TryGetValue(name, out var property) && property is OpenApiSchema plain)
            {
                plain.ReadOnly = true;
            }
        }

        var version = (OpenApiSchema)properties["version"];
        (version.Minimum, version.Description) = ("1", "Counts from 1; each change adds 1.");
    }

    private static void DescribeProblem(OpenApiSchema own, SchemaFilterContext context)
    {
        own.Description = "Why the request was refused (RFC 9457).";
        (own.AdditionalPropertiesAllowed, own.AdditionalProperties) = (true, null);
        own.Required = new HashSet<string> { "code", "status", "title", "traceId", "type" };
        own.Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("A page that explains the problem.", format: "uri-reference"),
            ["title"] = Text("One sentence for a person."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "400", Maximum = "599", Description = "The HTTP status." },
            ["detail"] = Text("More about this very refusal."),
            ["instance"] = Text("The path that was asked.", format: "uri-reference"),
            ["code"] = Text("Stable name of the problem.", pattern: "^[a-z0-9]+(-[a-z0-9]+)*$"),
            ["traceId"] = Text("Quote it when asking for help."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "JSON path in the names of the wire → what is wrong there. Never the value that was sent.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text("The rule that was broken.") },
            },
            ["state"] = Text("The present state, where it does not allow the action."),
            ["allowed"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text("An action."), Description = "What the present state allows." },
            ["currentVersion"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "1", Description = "The version as it is now, where another was read." },
            [Problem.RetryAfterMember] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "1", Description = "Seconds to wait before the same request is sent again, as the header `Retry-After` says." },
            ["followUps"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "Follow-ups that were raised although the report was refused: it carried a sign of self-harm.",
                Items = context.SchemaGenerator.GenerateSchema(typeof(Safety.ChangedFollowUp), context.SchemaRepository),
            },
        };
    }

    private static OpenApiSchema Text(string description, string? format = null, string? pattern = null) =>
        new() { Type = JsonSchemaType.String, Format = format, Pattern = pattern, Description = description };

    private static bool IsNullable(PropertyInfo property) => new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
}
