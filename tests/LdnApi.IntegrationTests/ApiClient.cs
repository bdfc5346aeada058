using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>What a test says to the API, in the words of the wire.</summary>
internal static class ApiClient
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static string Of(PatientId patient, string rest = "") => $"/api/v1/patients/{patient}{rest}";

    public static async Task<HttpResponseMessage> SendAsync(this HttpClient client, HttpMethod method, string url, object? body, long? ifMatch = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Content = ContentOf(body);
        if (ifMatch is { } version)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{version}\"");
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await client.SendAsync(request, Ct);
    }

    /// <summary>A body as it is sent: one that is content already, or anything else as JSON.</summary>
    public static HttpContent? ContentOf(object? body) =>
        body is null ? null : body as HttpContent ?? (body as Func<HttpContent>)?.Invoke() ?? JsonContent.Create(body, options: WireJson.Options);

    /// <summary>Posts and answers the body; anything but a success fails the test with the problem.</summary>
    public static async Task<JsonNode> PostOkAsync(this HttpClient client, string url, object body, long? ifMatch = null, string? key = null)
    {
        using var response = await client.SendAsync(HttpMethod.Post, url, body, ifMatch, key);
        return await response.OkAsync();
    }

    public static async Task<JsonNode> GetOkAsync(this HttpClient client, string url)
    {
        using var response = await client.GetAsync(url, Ct);
        return await response.OkAsync();
    }

    /// <summary>The patients of an identifier in the clinic: one or none.</summary>
    public static async Task<JsonNode> FindAsync(this HttpClient client, string system, string value) =>
        await client.PostOkAsync("/api/v1/patients/search", new { identifier = new { system, value } });

    public static async Task<JsonNode> ReadAsync(this HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;

    public static StringContent Json(string text, string mediaType = "application/json") => new(text, Encoding.UTF8, mediaType);

    /// <summary>A CSV file whose content can be sent more than once.</summary>
    public static Func<HttpContent> Csv(string text) => () => Json(text, "text/csv");

    /// <summary>Posts an order; where rules want a reason, posts it again with one for each of them. A block fails the test.</summary>
    public static async Task<JsonNode> OrderOkAsync(this HttpClient client, string url, object body, long? ifMatch = null)
    {
        using var asked = await client.SendAsync(HttpMethod.Post, url, body, ifMatch);
        if ((int)asked.StatusCode != 422)
        {
            return await asked.OkAsync();
        }

        var order = JsonSerializer.SerializeToNode(body, WireJson.Options)!;
        order["overrides"] = new JsonArray([
            .. (await asked.ReadAsync())["findings"]!.AsArray().Where(f => (string)f!["effect"]! == "override-required")
                .Select(f => new JsonObject { ["rule"] = (string)f!["rule"]!, ["reason"] = "as the test says" }),
        ]);
        return await client.PostOkAsync(url, order, ifMatch);
    }

    /// <summary>A JSON merge patch.</summary>
    public static Func<HttpContent> Patch(string json) => () => Json(json, "application/merge-patch+json");

    /// <summary>Prescribes and takes the first dose on a day, which must not lie in the future.</summary>
    public static async Task<(string Id, long Version)> PrescribeAsync(this HttpClient client, PatientId patient, DateOnly startsOn, decimal doseMg = 1.5m)
    {
        var written = await client.OrderOkAsync(Of(patient, "/prescriptions"), new { doseMg, startsOn });
        var id = (string)written["id"]!;
        var active = await client.OrderOkAsync(Of(patient, $"/prescriptions/{id}/activate"), new { on = startsOn }, (long)written["version"]!);
        return (id, (long)active["version"]!);
    }

    private static async Task<JsonNode> OkAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {response.RequestMessage?.RequestUri} {text}");
        return JsonNode.Parse(text)!;
    }
}
