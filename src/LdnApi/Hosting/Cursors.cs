using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Common;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace LdnApi.Hosting;

/// <summary>
/// Makes a cursor continue the list it came from and no other. It carries the place and the filters, encrypted and authenticated (AES-GCM) together with the
/// clinic and the address, so that it can be neither read, forged nor used elsewhere, and the cursor alone goes on. No slice knows of it.
/// </summary>
public sealed class Cursors(byte[] key)
{
    private const string Parameter = "cursor";
    private const string Limit = "limit";
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeaderLength = NonceLength + TagLength;

    /// <summary>Nobody reads it but us, and a name in another script is not to be six times as long.</summary>
    private static readonly JsonSerializerOptions Compact = new(WireJson.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Opens the cursor of a request, if it has one: what follows sees the place, and the filters as the first page had them.</summary>
    public Task OpenAsync(HttpContext http, RequestDelegate next) =>
        http.Request.Query.TryGetValue(Parameter, out var sent) && FiltersOf(http, out var names) && Caller.Of(http) is { } caller
            ? ContinueAsync(http, next, sent, names, caller)
            : next(http);

    private async Task ContinueAsync(HttpContext http, RequestDelegate next, StringValues sent, IReadOnlyList<string> names, Caller caller)
    {
        var request = http.Request;
        if (sent is not [{ } cursor] || Open(cursor, Context(caller, request)) is not { } continued || Contradicts(request.Query, continued.Filters, names))
        {
            await Cursor.Bad.ToHttp().ExecuteAsync(http);
            return;
        }

        var query = new QueryBuilder(continued.Filters.Where(f => f.Key != Limit || !request.Query.ContainsKey(Limit)).Select(f => KeyValuePair.Create(f.Key, f.Value)))
        {
            { Parameter, continued.Place },
        };
        if (request.Query.TryGetValue(Limit, out var limit))
        {
            query.Add(Limit, limit.AsEnumerable()!);
        }

        request.QueryString = query.ToQueryString();
        await next(http);
    }

    /// <summary>Opens the cursor of a search, which is in its body, and seals that of a page that is answered.</summary>
    public static async ValueTask<object?> Seal(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var cursors = http.RequestServices.GetRequiredService<Cursors>();
        var search = context.Arguments.OfType<ISearch>().SingleOrDefault();
        if (search?.Cursor is not null)
        {
            search = cursors.Continue(search, Context(http.RequestServices.GetRequiredService<Caller>(), http.Request));
            if (search is null)
            {
                return Cursor.BadIn("$.cursor").ToHttp();
            }

            context.Arguments[context.Arguments.ToList().FindIndex(a => a is ISearch)] = search;
        }

        var result = await next(context);
        if ((result is INestedHttpResult nested ? nested.Result : result) is IValueHttpResult { Value: IPage { NextCursor: { } place } page })
        {
            var filters = search is null ? FiltersOf(http) : [.. MembersOf(search).Select(m => new Filter(m.Key, m.Value!.ToJsonString(Compact)))];
            page.NextCursor = cursors.Close(new Content(place, filters), Context(http.RequestServices.GetRequiredService<Caller>(), http.Request));
        }

        return result;
    }

    /// <summary>The search of the first page, at the place where it goes on; null when the cursor is none of its.</summary>
    private ISearch? Continue(ISearch sent, byte[] context)
    {
        if (Open(sent.Cursor!, context) is not { } continued)
        {
            return null;
        }

        var whole = new JsonObject(continued.Filters.Select(f => KeyValuePair.Create(f.Key, JsonNode.Parse(f.Value))));
        foreach (var (name, value) in MembersOf(sent))
        {
            if (name != Limit && !JsonNode.DeepEquals(whole[name], value))
            {
                return null;
            }

            whole[name] = value!.DeepClone();
        }

        whole[Parameter] = continued.Place;
        return (ISearch?)whole.Deserialize(sent.GetType(), WireJson.Options);
    }

    private static JsonObject MembersOf(ISearch search)
    {
        var members = JsonSerializer.SerializeToNode(search, search.GetType(), WireJson.Options)!.AsObject();
        members.Remove(Parameter);
        return members;
    }

    /// <summary>The list, however its path is spelled: an id may be in capitals, a slash may follow.</summary>
    private static byte[] Context(Caller caller, HttpRequest request) => Encoding.UTF8.GetBytes(
        $"{caller.Clinic} {(request.HttpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText} {string.Join(' ', request.RouteValues.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Value}".ToLowerInvariant()))}");

    /// <summary>The query parameters of a list beside the cursor, the limit included.</summary>
    /// <returns>Whether the operation takes a cursor at all.</returns>
    private static bool FiltersOf(HttpContext http, out IReadOnlyList<string> names)
    {
        var all = AddressParameters.Of(http)?.OfQuery.Select(p => p.Name).ToArray() ?? [];
        names = [.. all.Where(name => name != Parameter)];
        return names.Count < all.Length;
    }

    /// <summary>As they were sent. What the operation does not know is no filter, and might be of any length.</summary>
    private static List<Filter> FiltersOf(HttpContext http)
    {
        FiltersOf(http, out var names);
        return [.. names.SelectMany(name => http.Request.Query[name], (name, value) => new Filter(name, value!))];
    }

    /// <summary>A filter may be repeated beside the cursor, not changed or added. The limit may.</summary>
    private static bool Contradicts(IQueryCollection query, IReadOnlyList<Filter> filters, IReadOnlyList<string> names) => names.Any(name =>
        name != Limit && query.TryGetValue(name, out var sent) && !sent.SequenceEqual(filters.Where(f => f.Key == name).Select(f => f.Value)));

    private string Close(Content content, byte[] context)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(content, Compact);
        var whole = new byte[HeaderLength + plain.Length];
        RandomNumberGenerator.Fill(whole.AsSpan(0, NonceLength));
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(whole.AsSpan(0, NonceLength), plain, whole.AsSpan(HeaderLength), whole.AsSpan(NonceLength, TagLength), context);
        return Base64Url.EncodeToString(whole);
    }

    private Content? Open(string cursor, byte[] context)
    {
        if (cursor.Length > Cursor.MaxLength || !Base64Url.IsValid(cursor) || Base64Url.DecodeFromChars(cursor) is not { Length: > HeaderLength } whole)
        {
            return null;
        }

        var plain = new byte[whole.Length - HeaderLength];
        using var aes = new AesGcm(key, TagLength);
        try
        {
            aes.Decrypt(whole.AsSpan(0, NonceLength), whole.AsSpan(HeaderLength), whole.AsSpan(NonceLength, TagLength), plain, context);
            return JsonSerializer.Deserialize<Content>(plain, WireJson.Options);
        }
        catch (Exception e) when (e is AuthenticationTagMismatchException or JsonException)
        {
            return null; // JSON: written by another version of the API
        }
    }

    private sealed record Filter(string Key, string Value);

    private sealed record Content(string Place, IReadOnlyList<Filter> Filters);
}

/// <summary>The key of the cursors, under <c>Cursors</c>.</summary>
public sealed class CursorOptions
{
    public const int KeyLength = 32;

    /// <summary>32 random bytes in base64, the same for every instance. Without it, in Development, each start makes its own: cursors then end with the program.</summary>
    public string? Key { get; set; }

    /// <summary>Of 32 random bytes hardly two are equal; a text or zeros are not random.</summary>
    internal bool IsStrong
    {
        get
        {
            var bytes = new byte[Key?.Length ?? 0];
            return Convert.TryFromBase64String(Key ?? "", bytes, out var length) && length == KeyLength && bytes[..length].Distinct().Count() >= KeyLength / 2;
        }
    }

    public byte[]? Bytes => Key is null ? null : Convert.FromBase64String(Key);
}

public static class CursorSetup
{
    public static IServiceCollection AddLdnCursors(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddOptions<CursorOptions>().BindConfiguration("Cursors")
            .Validate(o => o.Key is null ? environment.IsDevelopment() : o.IsStrong,
                "Set Cursors:Key to 32 random bytes in base64 (openssl rand -base64 32), the same for every instance.")
            .ValidateOnStart();
        return services.AddSingleton(provider => new Cursors(
            provider.GetRequiredService<IOptions<CursorOptions>>().Value.Bytes ?? RandomNumberGenerator.GetBytes(CursorOptions.KeyLength)));
    }

    /// <summary>After authorization, which says whose cursor it is, and before an endpoint reads its parameters.</summary>
    public static void UseLdnCursors(this IApplicationBuilder app)
    {
        var cursors = app.ApplicationServices.GetRequiredService<Cursors>();
        app.Use(cursors.OpenAsync);
    }
}
