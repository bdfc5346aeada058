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

    /// <summary>Every value of a member, however often it is given: a body that is refused for that may still carry a sign.</summary>
    public static IEnumerable<JsonElement> ValuesOf(JsonElement json, string member) =>
        json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().Where(m => m.NameEquals(member)).Select(m => m.Value) : [];

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
    /// <summary>Bytes of the body.</summary>
    static virtual int MaxBytes => 64 * 1024;

    /// <summary>Whether the raw JSON, valid or not, carries the sign.</summary>
    static abstract bool CarriesSign(JsonElement json);
}

/// <summary>What was sent, and whether a sign of self-harm was in it, whatever became of it.</summary>
public interface ISubmission
{
    bool CarriesSign { get; }

    /// <summary>Tells it from any other; the same when it is sent again.</summary>
    string Digest { get; }
}

/// <summary>A body as it came: accepted, or with the problem and whether it carried a sign of self-harm all the same.</summary>
public sealed record Submission<T>(Result<T> Body, bool CarriesSign, string Digest) : ISubmission where T : class, ICarriesSelfHarmSign
{
    /// <exception cref="UnreadableException">415 for anything but JSON, 413 over the limit, 400 for what is not JSON at all.</exception>
    public static async ValueTask<Submission<T>> BindAsync(HttpContext http, ParameterInfo _)
    {
        if (!http.Request.HasJsonContentType())
        {
            throw new UnreadableException("The body must be application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        var bytes = await RawBody.ReadAsync(http, T.MaxBytes);
        try
        {
            using var json = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = WireJson.MaxDepth });
            return new Submission<T>(WireBody.Read<T>(json.RootElement), T.CarriesSign(json.RootElement), RawBody.DigestOf(bytes));
        }
        catch (JsonException e)
        {
            throw new UnreadableException("Must be JSON.", place: "$", inner: e);
        }
    }
}

/// <summary>
/// A submission that replaces a version which must have been read. A sign of self-harm in it counts even when that version is not named, so that its <c>If-Match</c>
/// must not be refused before the body is looked at.
/// </summary>
public sealed record Amendment<T>(Result<IfMatch> Read, Submission<T> Submission) : ISubmission where T : class, ICarriesSelfHarmSign
{
    public bool CarriesSign => Submission.CarriesSign;

    public string Digest => Submission.Digest;

    public static async ValueTask<Amendment<T>> BindAsync(HttpContext http, ParameterInfo parameter) =>
        new(IfMatch.Of(http.Request.Headers.IfMatch.ToString()), await Submission<T>.BindAsync(http, parameter));

    /// <summary>The version and what replaces it, or why not.</summary>
    public Task<Result<TOut>> ThenAsync<TOut>(Func<IfMatch, T, Task<Result<TOut>>> next) => Read.ThenAsync(read => Submission.Body.ThenAsync(body => next(read, body)));
}

/// <summary>The bytes of a body, up to a limit.</summary>
public static class RawBody
{
    public static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

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

        return copy.ToArray();
    }
}
