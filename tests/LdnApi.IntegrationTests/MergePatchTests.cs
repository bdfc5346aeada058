using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>RFC 7396: absent stays, null clears, an object is merged, anything else replaces; the outcome is as valid as a whole.</summary>
public sealed class MergePatchTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private const string Whole = """
        { "name": { "family": "Lovelace", "given": ["Ada", "Augusta"] }, "timeZone": "UTC", "identifiers": [{ "system": "urn:mrn", "value": "1" }],
          "birthDate": "1980-05-17", "gender": "female", "anxietyHistory": true, "sensitivity": "sensitive", "baselineAnxiety": 3, "active": true }
        """;

    [Theory]
    [InlineData("""{ "birthDate": null }""", "birthDate", null)]
    [InlineData("""{ "birthDate": "1981-05-17" }""", "birthDate", "\"1981-05-17\"")]
    [InlineData("""{ "name": { "family": "King" } }""", "name", """{"family":"King","given":["Ada","Augusta"]}""")]
    [InlineData("""{ "name": { "given": null } }""", "name", """{"family":"Lovelace","given":[]}""")]
    [InlineData("""{ "name": { "given": ["Ada"] } }""", "name", """{"family":"Lovelace","given":["Ada"]}""")]
    [InlineData("""{ "sensitivity": null }""", "sensitivity", "\"standard\"")]
    [InlineData("""{ "anxietyHistory": null, "gender": null }""", "anxietyHistory", null)]
    [InlineData("""{ "active": false }""", "active", "false")]
    [InlineData("""{ "identifiers": [] }""", "identifiers", "[]")]
    [InlineData("""{ "identifiers": null }""", "identifiers", "[]")]
    [InlineData("""{ "identifiers": [{ "system": "urn:mrn", "value": "2" }] }""", "identifiers", """[{"system":"urn:mrn","value":"2"}]""")]
    public async Task A_patch_changes_what_it_names_and_nothing_else(string patch, string member, string? expected)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var before = await client.PostOkAsync("/api/v1/patients", ApiClient.Json(Whole));

        using var response = await client.SendAsync(HttpMethod.Patch, $"/api/v1/patients/{before["id"]}", ApiClient.Patch(patch), 1);

        var after = await response.ReadAsync();
        Assert.Equal((200, "\"2\""), ((int)response.StatusCode, response.Headers.ETag?.Tag));
        Assert.Equal(expected, after[member]?.ToJsonString());
        var named = JsonNode.Parse(patch)!.AsObject().Select(m => m.Key).Append("version").ToArray();
        Assert.All(before.AsObject().Where(m => !named.Contains(m.Key)), m => Assert.True(JsonNode.DeepEquals(m.Value, after[m.Key]), m.Key));
        Assert.True(JsonNode.DeepEquals(after, await client.GetOkAsync($"/api/v1/patients/{before["id"]}")));
    }

    [Theory]
    [InlineData("""{ "nickname": "Ada" }""", 400, "$.nickname")]
    [InlineData("""{ "nickname": null }""", 400, "$.nickname")]
    [InlineData("""{ "name": { "nickname": null } }""", 400, "$.name.nickname")]
    [InlineData("""{ "version": 7 }""", 400, "$.version")]
    [InlineData("""{ "name": null }""", 400, "$.name")]
    [InlineData("""{ "name": { "family": null } }""", 400, "$.name.family")]
    [InlineData("""{ "name": "Ada" }""", 400, "$.name")]
    [InlineData("""{ "baselineAnxiety": 11 }""", 400, "$.baselineAnxiety")]
    [InlineData("""{ "baselineAnxiety": "3" }""", 400, "$.baselineAnxiety")]
    [InlineData("""{ "baselineAnxiety": 1e400 }""", 400, "$.baselineAnxiety")]
    [InlineData("""{ "timeZone": "Mars/Olympus" }""", 400, "$.timeZone")]
    [InlineData("""{ "name": { "family": "\ud800" } }""", 400, "$.name.family")]
    [InlineData("""{ "birthDate": "2030-01-01" }""", 422, "$.birthDate")]
    [InlineData("""["a", "list"]""", 400, "$")]
    [InlineData("null", 400, "$")]
    [InlineData("""{ "active": true, "active": false }""", 400, "$")]
    public async Task A_patch_whose_outcome_is_not_valid_changes_nothing_and_is_told_the_place(string patch, int status, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = $"/api/v1/patients/{(await client.PostOkAsync("/api/v1/patients", ApiClient.Json(Whole)))["id"]}";

        using var response = await client.SendAsync(HttpMethod.Patch, url, ApiClient.Patch(patch), 1);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
        Assert.Equal(1, (int)(await client.GetOkAsync(url))["version"]!);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "active": true, "name": { "family": "Lovelace" } }""")]
    public async Task A_patch_that_changes_nothing_makes_no_version(string patch)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = $"/api/v1/patients/{(await client.PostOkAsync("/api/v1/patients", ApiClient.Json(Whole)))["id"]}";

        using var response = await client.SendAsync(HttpMethod.Patch, url, ApiClient.Patch(patch), 1);

        Assert.Equal((200, "\"1\""), ((int)response.StatusCode, response.Headers.ETag?.Tag));
        Assert.Single((await client.GetOkAsync($"{url}/history"))["items"]!.AsArray());
    }

    [Theory]
    [InlineData("application/json", "{}", 415, "unsupported-media-type")]
    [InlineData("application/json-patch+json", "[]", 415, "unsupported-media-type")]
    [InlineData("application/merge-patch+json", "{", 400, "invalid-request")]
    [InlineData("application/merge-patch+json", """{ "\ud800": null }""", 400, "invalid-request")]
    public async Task What_is_no_merge_patch_is_refused(string mediaType, string body, int status, string code)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);

        using var response = await client.SendAsync(HttpMethod.Patch, ApiClient.Of(patient), ApiClient.Json(body, mediaType), 1);

        Assert.Equal((status, code), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
        Assert.Equal(status == 415, response.Headers.TryGetValues("Accept-Patch", out var accepted) && accepted.Single() == "application/merge-patch+json");
    }

    /// <summary>The examples of RFC 7396, appendix A.</summary>
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""[1,2]""", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void The_examples_of_the_rfc_hold(string target, string patch, string outcome) =>
        Assert.Equal(outcome, MergePatch.Merge(JsonNode.Parse(target), System.Text.Json.JsonElement.Parse(patch))?.ToJsonString() ?? "null");
}
