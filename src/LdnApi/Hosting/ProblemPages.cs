using System.Collections.Frozen;
using Markdig;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Hosting;

/// <summary>The page that each problem's <c>type</c> names: docs/problems, as HTML, for everyone.</summary>
public static class ProblemPages
{
    private const string Prefix = "problems/";

    /// <summary>Code → its page in Markdown.</summary>
    public static readonly FrozenDictionary<string, string> Markdown = typeof(ProblemPages).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..^".md".Length], Read);

    public static void MapProblemPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/problems", Index).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/problems/{code}", Page).AllowAnonymous().ExcludeFromDescription();
    }

    private static ContentHttpResult Index(HttpContext http) =>
        Html(http, "Problems", "# Problems\n\n" + string.Join('\n', Markdown.Keys.Order(StringComparer.Ordinal).Select(code => $"- [`{code}`](/problems/{code})")));

    private static Results<ContentHttpResult, NotFound> Page(string code, HttpContext http) =>
        Markdown.TryGetValue(code, out var page) ? Html(http, code, page) : TypedResults.NotFound();

    private static ContentHttpResult Html(HttpContext http, string title, string markdown)
    {
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        http.Response.Headers.CacheControl = "public, max-age=3600";
        return TypedResults.Content(
            $"<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title} · LdnApi</title></head>\n<body>\n{Markdig.Markdown.ToHtml(markdown)}</body>\n</html>\n",
            "text/html; charset=utf-8");
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(ProblemPages).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
