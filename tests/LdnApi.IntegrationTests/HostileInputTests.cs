using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using LdnApi.Common;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>Input that means harm, beside what the fuzz run tries on every operation: refused clearly, or kept exactly as it was sent.</summary>
public sealed class HostileInputTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly DateOnly Today = new(2026, 3, 14);

    /// <summary>Any text at all: letters of every script, what cannot be seen, halves of pairs, what a database, a shell, a page or a spreadsheet would take for its own.</summary>
    private static readonly Gen<string> AnyText = Gen.Frequency(
        (4, Gen.String[1, 40]),
        (3, Gen.Char[' ', '~'].Array[1, 40].Select(c => new string(c))),
        (2, OneOf("\u202e", "\u200b", "\ufeff", "e\u0301", "\u00e9", "\u212b", "\ud83d\ude00", "\ud800", "\udc00", "\0", "\u0001", "\u001f", "\u007f", "\ufffe", "\uffff", "\u2028", "\r", "\n", "\t").Array[1, 6].Select(string.Concat)),
        (1, OneOf("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'; DROP TABLE patients; --", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "%00", "../../etc/passwd", "\\u0000", "\"", "null", "NaN", "İıſK")));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The words in which the serializer refuses carry the sender's own name for a member: none of those names may pass for the serializer's words.</summary>
    [Theory]
    [InlineData("missing required properties")]
    [InlineData("missing required properties including: 'a', 'a'")]
    [InlineData("could not be mapped")]
    [InlineData("Duplicate")]
    [InlineData("JSON deserialization for type 'X' was missing required properties including: 'a', 'a'.")]
    [InlineData("Duplicate property 'x' encountered")]
    [InlineData("'")]
    [InlineData("")]
    [InlineData("$.name")]
    [InlineData("a.b[0]")]
    [InlineData("__proto__")]
    [InlineData("\\ud800")]
    [InlineData("\\u0000")]
    public async Task A_member_of_any_name_is_refused_at_its_place(string name)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);
        var body = $$"""{ "name": { "family": "Ada" }, "timeZone": "UTC", "{{name}}": 1 }""";
        var twice = $$"""{ "{{name}}": 1, "{{name}}": 1 }""";

        using var one = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json(body));
        using var two = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json(twice));
        using var raw = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), ApiClient.Json($$"""{ "date": "2026-03-13", "{{name}}": 1 }"""));
        using var patch = await client.SendAsync(HttpMethod.Patch, ApiClient.Of(patient), ApiClient.Json(twice, MergePatch.MediaType), ifMatch: 1);

        Assert.All(await Task.WhenAll(new[] { one, two, raw, patch }.Select(CodeAsync)), code => Assert.Equal("400 invalid-request", code));
    }

    public static TheoryData<string, string, string> Bodies => new()
    {
        { "a member twice", """{"name":{"family":"Ada"},"timeZone":"UTC","timeZone":"UTC"}""", "400 invalid-request" },
        { "17 levels", Deep(17), "400 invalid-request" },
        { "100,000 levels", Deep(100_000), "400 invalid-request" },
        { "a comment", """{"name":{"family":"Ada"},"timeZone":"UTC"/**/}""", "400 invalid-request" },
        { "a comma too many", """{"name":{"family":"Ada"},"timeZone":"UTC",}""", "400 invalid-request" },
        { "two documents", """{"name":{"family":"Ada"},"timeZone":"UTC"}{}""", "400 invalid-request" },
        { "a number of a thousand digits", $$"""{"name":{"family":"Ada"},"timeZone":"UTC","baselineAnxiety":{{new string('9', 1000)}}}""", "400 invalid-request" },
        { "an exponent of a thousand digits", $$"""{"name":{"family":"Ada"},"timeZone":"UTC","baselineAnxiety":1e{{new string('9', 1000)}}}""", "400 invalid-request" },
        { "NaN", """{"name":{"family":"Ada"},"timeZone":"UTC","baselineAnxiety":NaN}""", "400 invalid-request" },
        { "a list for an object", """[{"name":{"family":"Ada"},"timeZone":"UTC"}]""", "400 invalid-request" },
        { "100,000 names", $$"""{"name":{"family":"Ada","given":["{{string.Join("\",\"", Enumerable.Repeat("a", 100_000))}}"]},"timeZone":"UTC"}""", "400 invalid-request" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task JSON_that_is_more_than_JSON_is_refused(string what, string json, string answer)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json(json));

        Assert.Equal((what, answer), (what, await CodeAsync(response)));
    }

    [Theory]
    [InlineData("latin1", "application/json", 400)]
    [InlineData("utf-16", "application/json", 400)]
    [InlineData("utf-8 with a byte order mark", "application/json", 400)]
    [InlineData("overlong", "application/json", 400)]
    [InlineData("surrogates", "application/json", 400)]
    [InlineData("utf-8", "application/json; charset=\"utf-8\"", 201)]
    [InlineData("utf-8", "application/json; charset=UTF-8", 201)]
    [InlineData("utf-8", "application/json; charset=utf-7", 415)]
    [InlineData("utf-8", "application/json; charset=\"utf-16\"", 415)]
    [InlineData("utf-8", "application/json; charset=", 415)]
    [InlineData("utf-8", "text/json", 415)]
    public async Task Text_is_UTF_8_and_nothing_else(string encoding, string mediaType, int status)
    {
        const string json = """{ "name": { "family": "Müller" }, "timeZone": "UTC" }""";
        var utf8 = Encoding.UTF8.GetBytes(json);
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var content = new ByteArrayContent(encoding switch
        {
            "latin1" => Encoding.Latin1.GetBytes(json),
            "utf-16" => Encoding.Unicode.GetBytes(json),
            "overlong" => [.. utf8.SelectMany(b => b == 'M' ? new byte[] { 0xC1, 0x8D } : [b])],
            "surrogates" => [.. utf8.SelectMany(b => b == 'M' ? new byte[] { 0xED, 0xA0, 0x80 } : [b])],
            "utf-8" => utf8,
            _ => [0xEF, 0xBB, 0xBF, .. utf8],
        });
        content.Headers.TryAddWithoutValidation("Content-Type", mediaType);

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", content);

        Assert.Equal(status, (int)response.StatusCode);
    }

    /// <summary>From the endpoints themselves: each is sent a body that it would take, but for the mark before it.</summary>
    [Fact]
    public async Task A_byte_order_mark_before_JSON_is_400_on_every_route_that_takes_a_body()
    {
        var marked = 0;
        foreach (var route in EveryRoute.Of(api))
        {
            using var client = api.ClientOf(EveryRoute.ClinicFor(route));
            var call = await new EveryRoute(api, client).ReadyAsync(route);
            using var content = ApiClient.ContentOf(call.Body);
            if (content?.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) != true)
            {
                continue;
            }

            using var body = new ByteArrayContent([0xEF, 0xBB, 0xBF, .. await content.ReadAsByteArrayAsync(Ct)]);
            body.Headers.ContentType = content.Headers.ContentType;
            using var refused = await client.SendAsync(call.Method, call.Url, body, call.IfMatch);
            using var taken = await call.SendAsync(client, call.IfMatch);

            Assert.Equal($"{route} 400 invalid-request", $"{route} {await CodeAsync(refused)}");
            Assert.Equal(["$"], (await refused.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
            Assert.True(taken.IsSuccessStatusCode, $"{route} {taken.StatusCode}");
            marked++;
        }

        Assert.True(marked > 50, $"{marked}");
    }

    /// <summary>Spreadsheets put it there.</summary>
    [Fact]
    public async Task A_byte_order_mark_before_CSV_is_passed_over()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins/import");

        var done = await client.PostOkAsync(url, ApiClient.Json($"\uFEFFdate,anxiety\n{Days.Format(Today)},3\n", "text/csv"));

        Assert.Equal(1, (int)done["created"]!);
    }

    /// <summary>Nothing is unpacked, so nothing can swell.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    [InlineData("identity")]
    [InlineData("gzip, gzip")]
    public async Task A_packed_body_is_415_for_JSON_and_CSV(string encoding)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[20_000_000], Ct); // 20 MB in 90 kB
        }

        foreach (var (url, mediaType) in new[] { ("/api/v1/patients", "application/json"), (ApiClient.Of(patient, "/check-ins/import"), "text/csv") })
        {
            using var content = new ByteArrayContent(packed.ToArray());
            content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
            using var response = await client.SendAsync(HttpMethod.Post, url, content);
            Assert.Equal("415 unsupported-media-type", await CodeAsync(response));
        }
    }

    [Theory]
    [InlineData("0198f000-0000-7000-8000-00000000000a%20")]
    [InlineData("%7b0198f000-0000-7000-8000-00000000000a%7d")]
    [InlineData("+198f000-0000-7000-8000-00000000000a")]
    [InlineData("0x98f000-0000-7000-8000-00000000000a")]
    [InlineData("0198f000000070008000000000000000a")]
    [InlineData("%C3%BC")]
    public async Task An_id_has_one_form(string segment)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.GetAsync($"/api/v1/patients/{segment}", Ct);

        Assert.Equal("400 invalid-request", await CodeAsync(response));
    }

    [Theory]
    [InlineData("cursor=%00")]
    [InlineData("limit=1&limit=2")]
    [InlineData("limit=%31%30%30%30%30%30%30%30%30%30%30")]
    [InlineData("limit=0x10")]
    [InlineData("limit=1e1")]
    [InlineData("limit=%D9%A1")]
    public async Task A_query_is_read_strictly(string query)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.GetAsync($"/api/v1/patients?{query}", Ct);

        Assert.Equal("400 invalid-request", await CodeAsync(response));
    }

    [Theory]
    [InlineData("0001-01-01")]
    [InlineData("03/04/1980")]
    [InlineData("4%20March%201980")]
    [InlineData("1980-3-4")]
    [InlineData("1980-05-17&asOf=1980-05-17")]
    [InlineData("infinity")]
    [InlineData("2026-02-29")]
    [InlineData("%D9%A2026-01-01")]
    public async Task A_day_in_a_query_is_read_strictly(string day)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.GetAsync(ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/evaluation?asOf={day}"), Ct);

        Assert.Equal("400 invalid-request", await CodeAsync(response));
    }

    [Fact]
    public void Any_text_is_kept_as_it_was_sent_or_refused() => AnyText.Array[1, 30].Sample(texts => Run(async () =>
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var items = string.Join(',', texts.Select((text, i) => $$"""{ "date": "{{Days.Format(Today.AddDays(-i))}}", "note": {{Escaped(text)}} }"""));

        var answer = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), ApiClient.Json($$"""{ "items": [{{items}}] }"""));

        var kept = await NotesAsync(client, patient);
        var results = answer["items"]!.AsArray();
        Assert.Equal(texts.Length, results.Count);
        Assert.All(texts.Index(), t =>
        {
            Assert.Equal(WireJson.IsText(t.Item) ? "created" : "rejected", (string)results[t.Index]!["outcome"]!);
            Assert.Equal(WireJson.IsText(t.Item) ? t.Item : null, kept.GetValueOrDefault(Today.AddDays(-t.Index)));
        });
    }), iter: 12);

    [Fact]
    public void Any_cell_of_a_file_is_kept_as_it_was_written_or_refused() => AnyText.Where(t => t.EnumerateRunes().All(r => r.Value != 0xFFFD)).Array[1, 30].Sample(texts => Run(async () =>
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var rows = texts.Select((text, i) => $"{Days.Format(Today.AddDays(-i))},5,\"{text.Replace("\"", "\"\"")}\"");

        var answer = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json($"date,anxiety,note\r\n{string.Join("\r\n", rows)}\r\n", "text/csv"));

        var kept = await NotesAsync(client, patient);
        var results = answer["items"]!.AsArray();
        Assert.Equal(texts.Length, results.Count);
        Assert.All(texts.Index(), t =>
        {
            Assert.Equal(WireJson.IsText(t.Item) ? "created" : "rejected", (string)results[t.Index]!["outcome"]!);
            Assert.Equal(WireJson.IsText(t.Item) ? t.Item : null, kept.GetValueOrDefault(Today.AddDays(-t.Index)));
        });
    }), iter: 12);

    /// <summary>Quotes, separators and line ends where nobody would put them.</summary>
    [Fact]
    public void Anything_at_all_called_CSV_is_taken_row_by_row_or_refused() =>
        OneOf("date", "anxiety", "note", "2026-03-10", "5", ",", ",", "\n", "\r\n", "\r", "\"", "\"\"", " ", ";", "\t", "\0", "\ufeff", "=1", "é", "#").Array[0, 40].Select(string.Concat)
            .Select(tail => (tail, Framed: "date,anxiety,note\n" + tail)).Array[1, 10].Sample(files => Run(async () =>
            {
                using var client = api.ClientOf(LdnApiHost.NewClinic());
                var patient = await LdnApiHost.RegisterAsync(client, "UTC");
                foreach (var file in files.SelectMany(f => new[] { f.tail, f.Framed }))
                {
                    using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json(file, "text/csv"));
                    Assert.Contains(await CodeAsync(response), new[] { "200 ", "400 invalid-request" });
                }
            }), iter: 12);

    [Theory]
    [InlineData("date,note,note\n2026-03-10,a,b\n", 400)]
    [InlineData("date,no such column\n2026-03-10,a\n", 400)]
    [InlineData("date,Note\n2026-03-10,a\n", 400)]
    [InlineData("date,note\n", 400)]
    [InlineData("", 400)]
    [InlineData("date,note\n2026-03-10,\"never closed\n", 200)]
    public async Task A_file_with_a_broken_frame_is_refused_or_says_which_row(string csv, int status)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json(csv, "text/csv"));

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_file_too_long_or_too_large_is_refused_whole()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var rows = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json("date,anxiety\n" + string.Concat(Enumerable.Repeat("2026-03-10,5\n", 5001)), "text/csv"));
        using var bytes = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json("date,note\n2026-03-10,\"" + new string('a', 3_000_000), "text/csv"));
        using var latin = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins/import"), new ByteArrayContent(Encoding.Latin1.GetBytes("date,note\n2026-03-10,Müller\n")) { Headers = { { "Content-Type", "text/csv" } } });

        Assert.Equal(("400 invalid-request", "413 payload-too-large", "400 invalid-request"), (await CodeAsync(rows), await CodeAsync(bytes), await CodeAsync(latin)));
        Assert.Empty(await NotesAsync(client, patient));
    }

    /// <summary>A cell that begins with = + - @ is harmless here and dangerous in a spreadsheet. Nothing is answered as CSV; whoever adds that must escape it.</summary>
    [Fact]
    public void Nothing_is_exported_as_CSV() => Assert.DoesNotContain(
        api.Services.GetRequiredService<EndpointDataSource>().Endpoints.SelectMany(e => e.Metadata.OfType<IProducesResponseTypeMetadata>()).SelectMany(m => m.ContentTypes),
        type => type.Contains("csv", StringComparison.OrdinalIgnoreCase) || type.Contains("excel", StringComparison.OrdinalIgnoreCase));

    [Theory]
    [InlineData("abc-1", "abc-1")]
    [InlineData("<script>", null)]
    [InlineData("a b", null)]
    [InlineData("é", null)]
    public async Task A_request_id_is_repeated_only_when_it_is_a_plain_word(string sent, string? repeated)
    {
        using var client = api.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", sent);

        using var response = await client.GetAsync("/health/live", Ct);

        Assert.Equal(repeated is not null, response.Headers.GetValues("X-Request-Id").Single() == sent);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static void Run(Func<Task> test) => test().GetAwaiter().GetResult();

    private static async Task<Dictionary<DateOnly, string?>> NotesAsync(HttpClient client, PatientId patient) =>
        (await client.GetOkAsync(ApiClient.Of(patient, "/check-ins?limit=200")))["items"]!.AsArray().ToDictionary(i => DateOnly.ParseExact((string)i!["date"]!, "yyyy-MM-dd", CultureInfo.InvariantCulture), i => (string?)i!["note"]);

    private static async Task<string> CodeAsync(HttpResponseMessage response) =>
        $"{(int)response.StatusCode} {(response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? (string?)(await response.ReadAsync())["code"] : "")}";

    /// <summary>As JSON in ASCII, so that half a pair gets through as such.</summary>
    private static string Escaped(string text) => $"\"{string.Concat(text.Select(c => $"\\u{(int)c:x4}"))}\"";

    private static string Deep(int levels) => string.Concat(Enumerable.Repeat("""{"name":""", levels)) + "1" + new string('}', levels);
}
