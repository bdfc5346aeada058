using System.Text.Json;
using System.Text.Json.Nodes;

namespace LdnApi.IntegrationTests;

/// <summary>What came from another system says so, and comes in once.</summary>
public sealed class SourceTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly Dictionary<string, object> Bodies = new()
    {
        ["check-ins"] = new { date = "2026-03-05", scores = new { anxiety = 3 } },
        ["medications"] = new { atc = "N06AB06", startedOn = "2026-01-01" },
        ["observations"] = new { code = "egfr", effectiveOn = "2026-03-01", value = 70 },
        ["procedures"] = new { plannedOn = "2026-09-01" },
    };

    public static TheoryData<string> Kinds => new(Bodies.Keys);

    private static JsonNode From(string kind, string? id)
    {
        var body = JsonSerializer.SerializeToNode(Bodies[kind])!;
        body["source"] = id is null ? null : new JsonObject { ["system"] = "urn:ehr", ["id"] = id };
        return body;
    }

    private HttpClient Client() => api.ClientOf(LdnApiHost.NewClinic());

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_record_keeps_its_source_and_another_of_it_is_409_even_when_the_first_was_retracted(string kind)
    {
        using var client = Client();
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = ApiClient.Of(patient, $"/{kind}");
        var made = await client.PostOkAsync(url, From(kind, "7"));
        var retract = $"{url}/{made["id"]}/retract";

        using var again = await client.SendAsync(HttpMethod.Post, url, From(kind, "7"));
        var elsewhere = await client.PostOkAsync(ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/{kind}"), From(kind, "7"));
        await client.PostOkAsync(url, From(kind, "8"));
        await client.PostOkAsync(url, From(kind, null));
        await client.PostOkAsync(retract, new { reason = "another patient's" }, 1);
        using var fedAgain = await client.SendAsync(HttpMethod.Post, url, From(kind, "7"));

        var read = await client.GetOkAsync($"{url}/{made["id"]}");
        var history = (await client.GetOkAsync($"{url}/{made["id"]}/history"))["items"]!.AsArray();
        Assert.Equal((409, "source-id-taken"), ((int)again.StatusCode, (string?)(await again.ReadAsync())["code"]));
        Assert.Equal((409, "source-id-taken"), ((int)fedAgain.StatusCode, (string?)(await fedAgain.ReadAsync())["code"]));
        Assert.All(new[] { made, elsewhere, read }.Concat(history.Select(v => v!["record"]!)), r => Assert.Equal("""{"system":"urn:ehr","id":"7"}""", r["source"]!.ToJsonString()));
        Assert.Equal(3, (await client.GetOkAsync(url))["items"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("check-ins", "correct", "checkIn")]
    [InlineData("medications", "amend", "medication")]
    public async Task A_change_that_does_not_repeat_the_source_keeps_it_and_none_may_take_anothers(string kind, string verb, string member)
    {
        using var client = Client();
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/{kind}");
        var first = $"{url}/{(await client.PostOkAsync(url, From(kind, "1")))["id"]}";
        await client.PostOkAsync(url, From(kind, "2"));
        JsonObject To(string? id) => new() { ["reason"] = "after a call", [member] = From(kind, id) };

        var kept = await client.PostOkAsync($"{first}/{verb}", To(null), 1);
        using var anothers = await client.SendAsync(HttpMethod.Post, $"{first}/{verb}", To("2"), 2);
        var moved = await client.PostOkAsync($"{first}/{verb}", To("3"), 2);

        Assert.Equal(("1", "3"), ((string?)kept["source"]!["id"], (string?)moved["source"]!["id"]));
        Assert.Equal((409, "source-id-taken"), ((int)anothers.StatusCode, (string?)(await anothers.ReadAsync())["code"]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_source_without_its_id_is_400_with_the_place(string kind)
    {
        using var client = Client();
        var body = From(kind, "7");
        body["source"]!["id"] = "";

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/{kind}"), body);

        Assert.Equal((400, "$.source.id"), ((int)response.StatusCode, (await response.ReadAsync())["errors"]?.AsObject().Single().Key));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task One_source_sent_many_times_at_once_is_one_record(string kind)
    {
        using var client = Client();
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/{kind}");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.SendAsync(HttpMethod.Post, url, From(kind, "7"))));

        Assert.Equal([201, .. Enumerable.Repeat(409, 7)], answers.Select(a => (int)a.StatusCode).Order());
    }
}
