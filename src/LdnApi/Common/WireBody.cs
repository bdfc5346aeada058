using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LdnApi.Common;

/// <summary>Reads and validates a body, or one item of a batch, into a value or a problem that names the place and the rule.</summary>
public static partial class WireBody
{
    public static Result<T> Read<T>(JsonElement json) where T : class
    {
        try
        {
            var body = json.Deserialize<T>(WireJson.Options);
            if (body is null)
            {
                return Problem.Invalid("$", "Must be an object.");
            }

            var errors = new Dictionary<string, string[]>();
            Validate(body, "$", errors);
            return errors.Count == 0 ? body : Problem.Invalid(errors);
        }
        catch (JsonException e)
        {
            return Problem.Invalid(ErrorsOf(e));
        }
    }

    /// <summary>The place and the rule that a body broke, told from the serializer's words. The value itself is never repeated.</summary>
    public static IReadOnlyDictionary<string, string[]> ErrorsOf(JsonException e)
    {
        var path = e.Path ?? "$";
        return e.Message switch
        {
            // By how it begins: further on it quotes the sender's own names of members.
            var message when message.StartsWith("JSON deserialization for type", StringComparison.Ordinal) =>
                Quoted().Matches(message[(message.LastIndexOf("including", StringComparison.Ordinal) + 1)..]).ToDictionary(m => $"{path}.{m.Groups[1].Value}", _ => new[] { "Must be given." }),
            var message when message.StartsWith("The JSON property", StringComparison.Ordinal) => At("Is no member of this object."),
            var message when message.StartsWith("Duplicate", StringComparison.Ordinal) => At("Must be given once."),
            _ => At("Must have the type and form that the contract states."),
        };

        Dictionary<string, string[]> At(string rule) => new() { [path] = [rule] };
    }

    [GeneratedRegex("'([^']+)'", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Quoted();

    /// <summary>The text of a string; null for anything else, half a surrogate pair included.</summary>
    public static string? TextOf(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // System.Text.Json's word for text that is no UTF-16
        }
    }

    private static void Validate(object value, string path, Dictionary<string, string[]> errors)
    {
        foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0))
        {
            var name = $"{path}.{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}";
            var member = property.GetValue(value);
            var context = new ValidationContext(value) { MemberName = property.Name, DisplayName = JsonNamingPolicy.CamelCase.ConvertName(property.Name) };
            var broken = property.GetCustomAttributes<ValidationAttribute>().Select(a => a.GetValidationResult(member, context)?.ErrorMessage).OfType<string>().ToArray();
            if (broken.Length > 0)
            {
                errors[name] = broken;
            }
            else if (member is IEnumerable list and not string)
            {
                var index = 0;
                foreach (var item in list)
                {
                    if (item is not null && IsOurs(item.GetType()))
                    {
                        Validate(item, $"{name}[{index}]", errors);
                    }

                    index++;
                }
            }
            else if (member is not null && IsOurs(property.PropertyType))
            {
                Validate(member, name, errors);
            }
        }
    }

    private static bool IsOurs(Type type) => type.IsClass && type.Namespace?.StartsWith("LdnApi.", StringComparison.Ordinal) == true;
}

/// <summary>A body in which a sign of self-harm is looked for even when the rest cannot be accepted.</summary>
public interface ICarriesSelfHarmSign
{
    /// <summary>Whether the raw JSON, valid or not, carries the sign.</summary>
    static abstract bool CarriesSign(JsonElement json);
}

/// <summary>A body as it came: accepted, or with the problem and whether it carried a sign of self-harm all the same.</summary>
public sealed record Submission<T>(T? Body, Problem? Problem, bool CarriesSign, string Digest) where T : class, ICarriesSelfHarmSign
{
    public const int MaxBytes = 64 * 1024;

    /// <exception cref="UnreadableException">415 for anything but JSON, 413 over the limit, 400 for what is not JSON at all.</exception>
    public static async ValueTask<Submission<T>> BindAsync(HttpContext http, ParameterInfo _)
    {
        if (!http.Request.HasJsonContentType())
        {
            throw new UnreadableException("The body must be application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        var bytes = await RawBody.ReadAsync(http, MaxBytes);
        try
        {
            using var json = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = WireJson.MaxDepth });
            return WireBody.Read<T>(json.RootElement).Match(
                body => new Submission<T>(body, null, T.CarriesSign(json.RootElement), DigestOf(bytes)),
                problem => new Submission<T>(null, problem, T.CarriesSign(json.RootElement), DigestOf(bytes)));
        }
        catch (JsonException e)
        {
            throw new UnreadableException("Must be JSON.", place: "$", inner: e);
        }
    }

    private static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>The bytes of a body, up to a limit.</summary>
public static class RawBody
{
    /// <exception cref="UnreadableException">413 over the limit.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext http, int maxBytes)
    {
        using var copy = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            if (copy.Length + read > maxBytes)
            {
                throw new UnreadableException($"The body is larger than {maxBytes} bytes.", StatusCodes.Status413PayloadTooLarge);
            }

            copy.Write(buffer, 0, read);
        }

        return copy.ToArray() is [0xEF, 0xBB, 0xBF, .. var text] ? text : copy.ToArray(); // a byte order mark is passed over, as the framework does (RFC 8259, 8.1)
    }
}
