using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.ContractTests;

namespace LdnApi.FuzzTests;

/// <summary>Who sends a request.</summary>
internal enum Right
{
    /// <summary>The clinic's token, with every scope.</summary>
    Full,

    /// <summary>The same without the scope that the operation needs.</summary>
    WithoutScope,

    /// <summary>No token, a forged one, an expired one, one of no clinic.</summary>
    None,
}

/// <summary>One request, and what is known of it beforehand.</summary>
/// <param name="What">A word for what is tried.</param>
/// <param name="Fits">Whether path, query and body are what the contract says: true, false, or null when nobody can tell.</param>
/// <param name="OfAnotherClinic">It names a record of another clinic in its path.</param>
internal sealed record Probe(
    Contract.Operation Operation, string What, string Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body, string? MediaType, Right Right, string? Token,
    bool? Fits, bool OfAnotherClinic)
{
    public HttpRequestMessage ToRequest()
    {
        var request = new HttpRequestMessage(new HttpMethod(Operation.Method), new Uri($"http://localhost{Url}"));
        if (Token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Token}");
        }

        if (Body is not null)
        {
            request.Content = new ByteArrayContent(Body);
            if (MediaType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", MediaType);
            }
        }

        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    public string Sent => Url + string.Join(' ', Headers.Select(h => h.Value)) + (Body is null ? "" : Encoding.UTF8.GetString(Body));

    public override string ToString() =>
        $"{Operation.Method} {(Url.Length > 300 ? Url[..300] + "…" : Url)} ({What}; {Right}{string.Concat(Headers.Select(h => $"; {h.Key}: {h.Value}"))})"
        + (Body is null ? "" : $" {MediaType} {(Body.Length > 400 ? Encoding.UTF8.GetString(Body, 0, 400) + "…" : Encoding.UTF8.GetString(Body))}");
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string? MediaType, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public int Code => (int)Status;

    public bool Succeeded => Code is >= 200 and < 300;

    public JsonNode? Json { get; } = Parse(MediaType, Text);

    public static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        var text = mediaType == "text/event-stream" ? "" : await response.Content.ReadAsStringAsync(ct); // a stream does not end
        return new Answer(response.StatusCode, mediaType, response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase), text);
    }

    private static JsonNode? Parse(string? mediaType, string text)
    {
        try
        {
            return mediaType?.EndsWith("json", StringComparison.Ordinal) == true ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What is wrong, with the request that shows it.</summary>
internal sealed record Finding(string Kind, string Detail, Probe Probe, Answer Answer)
{
    public override string ToString() => $"[{Kind}] {Probe.Operation}: {Detail}\n    {Probe}\n    → {Answer.Code} {(Answer.Text.Length > 400 ? Answer.Text[..400] + "…" : Answer.Text)}";
}
