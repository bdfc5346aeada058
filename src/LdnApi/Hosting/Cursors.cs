using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;

namespace LdnApi.Hosting;

/// <summary>
/// Makes a cursor continue the list it came from and no other. It carries the place and the filters, encrypted and authenticated (AES-GCM) together with the
/// clinic and the address, so that it can be neither read, forged nor used elsewhere, and <c>?cursor=</c> alone goes on. No slice knows of it.
/// </summary>
public sealed class Cursors(byte[] key)
{
    private const string Parameter = "cursor";
    private const string Limit = "limit";
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeaderLength = NonceLength + TagLength;

    /// <summary>Opens the cursor of a request: what follows sees the place, and the filters as the first page had them.</summary>
    public async Task OpenAsync(HttpContext http, RequestDelegate next)
    {
        var request = http.Request;
        if (!HttpMethods.IsGet(request.Method) || !request.Path.StartsWithSegments(Endpoints.BasePath)
            || !request.Query.TryGetValue(Parameter, out var sent) || Caller.From(http.User) is not { } caller)
        {
            await next(http);
            return;
        }

        if (sent is not [{ } cursor] || Open(cursor, Context(caller, request)) is not { } continued || Contradicts(request.Query, continued.Filters))
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

    /// <summary>Seals the cursor of a page that is answered.</summary>
    public static async ValueTask<object?> Seal(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var result = await next(context);
        if ((result is INestedHttpResult nested ? nested.Result : result) is IValueHttpResult { Value: IPage { NextCursor: { } place } page })
        {
            var http = context.HttpContext;
            var filters = http.Request.Query.Where(p => p.Key != Parameter).SelectMany(p => p.Value, (p, value) => new Filter(p.Key, value!)).ToList();
            page.NextCursor = http.RequestServices.GetRequiredService<Cursors>()
                .Close(new Content(place, filters), Context(http.RequestServices.GetRequiredService<Caller>(), http.Request));
        }

        return result;
    }

    private static byte[] Context(Caller caller, HttpRequest request) => Encoding.UTF8.GetBytes($"{caller.Clinic} {request.Path}");

    /// <summary>A filter may be repeated beside the cursor, not changed or added. The limit may.</summary>
    private static bool Contradicts(IQueryCollection query, IReadOnlyList<Filter> filters) => query.Any(p =>
        p.Key is not (Parameter or Limit) && !p.Value.SequenceEqual(filters.Where(f => f.Key == p.Key).Select(f => f.Value)));

    private string Close(Content content, byte[] context)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(content, WireJson.Options);
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
