using System.Globalization;
using System.Reflection;
using System.Text.Json;
using LdnApi.Clinical.Time;
using LdnApi.Common;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing.Patterns;

namespace LdnApi.Hosting;

/// <summary>One value that an operation takes beside its body.</summary>
/// <param name="Name">As it is on the wire.</param>
/// <param name="Member">As the code calls it.</param>
public sealed record AddressParameter(string Name, string Member, AddressPart Part, Type Type, bool IsRequired);

/// <summary>Where a value stands.</summary>
public enum AddressPart
{
    Path,
    Query,
    Header,
}

/// <summary>
/// What an operation takes in its address, and whether it can be read. Read before the framework does: its refusals name .NET types, not the rule, and it takes
/// 03/04/2026 for a day, which half the world would not mean as the 4th of March.
/// </summary>
public sealed record AddressParameters(IReadOnlyList<AddressParameter> All)
{
    private static readonly string DayRule = $"Must be a calendar day, YYYY-MM-DD, from {Days.Format(Days.Earliest)} to {Days.Format(Days.Latest)}.";

    private static readonly Dictionary<Type, (Func<string, bool> Fits, string Rule)> Readable = new()
    {
        [typeof(DateOnly)] = (text => Days.TryParse(text, out _), DayRule),
        [typeof(DateTimeOffset)] = (IsInstant, "Must be an instant with its offset, as 2026-03-14T09:00:00Z; a + is sent as %2B."),
        [typeof(int)] = (text => text.Length <= 11 && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), "Must be a whole number."),
        [typeof(bool)] = (text => text.Length <= 5 && bool.TryParse(text, out _), "Must be true or false."),
    };

    public IEnumerable<AddressParameter> OfQuery => All.Where(p => p.Part == AddressPart.Query);

    public static AddressParameters? Of(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<AddressParameters>();

    /// <summary>Every endpoint of the group says what it takes.</summary>
    public static void Describe(EndpointBuilder endpoint)
    {
        if (endpoint is RouteEndpointBuilder route && endpoint.Metadata.OfType<MethodInfo>().FirstOrDefault() is { } method)
        {
            endpoint.Metadata.Add(new AddressParameters([.. ValuesOf(method, route.RoutePattern)]));
        }
    }

    public static Task CheckAsync(HttpContext http, RequestDelegate next) =>
        Of(http)?.Errors(http.Request) is { Count: > 0 } errors ? Problem.Invalid(errors).ToHttp().ExecuteAsync(http) : next(http);

    private static IEnumerable<AddressParameter> ValuesOf(MethodInfo method, RoutePattern route)
    {
        var nullability = new NullabilityInfoContext();
        var members = method.GetParameters().SelectMany(p => p.GetCustomAttribute<AsParametersAttribute>() is null
            ? [(p.Name!, p.ParameterType, Header: p.GetCustomAttribute<FromHeaderAttribute>()?.Name, IsNullable: nullability.Create(p).WriteState == NullabilityState.Nullable)]
            : p.ParameterType.GetProperties().Select(m => (m.Name, m.PropertyType, Header: (string?)null, IsNullable: nullability.Create(m).ReadState == NullabilityState.Nullable)));
        foreach (var (member, declared, header, isNullable) in members)
        {
            var type = Nullable.GetUnderlyingType(declared) ?? declared;
            if (type == typeof(string) || Readable.ContainsKey(type) || EntityId.Types.Contains(type))
            {
                var name = header ?? JsonNamingPolicy.CamelCase.ConvertName(member);
                var part = header is not null ? AddressPart.Header : route.Parameters.Any(p => p.Name == name) ? AddressPart.Path : AddressPart.Query;
                yield return new AddressParameter(name, member, part, type, !isNullable);
            }
        }
    }

    private static bool IsInstant(string text) => ClinicalDay.TryParseInstant(text, out var instant) && Days.IsSane(DateOnly.FromDateTime(instant.UtcDateTime));

    private Dictionary<string, string[]> Errors(HttpRequest request)
    {
        var errors = new Dictionary<string, string[]>();
        foreach (var parameter in All.Where(p => p.Part != AddressPart.Header))
        {
            var sent = parameter.Part == AddressPart.Path ? request.RouteValues[parameter.Name]?.ToString() : request.Query[parameter.Name].ToString();
            if ((string.IsNullOrEmpty(sent) ? parameter.IsRequired ? "Must be given." : null : Broken(parameter.Type, sent)) is { } rule)
            {
                errors[parameter.Name] = [rule];
            }
        }

        return errors;
    }

    private static string? Broken(Type type, string text) =>
        type == typeof(DateOnly) && IsInstant(text) ? "Must be a calendar day, YYYY-MM-DD: a moment was sent."
        : Readable.TryGetValue(type, out var known) ? known.Fits(text) ? null : known.Rule
        : type == typeof(string) || EntityId.TryParse<PatientId>(text, out _) ? null : "Must be a UUID: 32 hexadecimal digits in five groups.";
}

public static class AddressParametersSetup
{
    /// <summary>After the cursors, which put the filters of the first page back.</summary>
    public static void UseAddressParameters(this IApplicationBuilder app) => app.Use((http, next) => AddressParameters.CheckAsync(http, next));
}
