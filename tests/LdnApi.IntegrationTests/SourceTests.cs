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
        ["assessments"] = new { instrument = "gad-2", answers = new[] { 1, 0 }, takenOn = "2026-03-05" },
        ["adverse-events"] = new { term = "anxiety", severity = "mild", onsetOn = "2026-03-05" },
        ["prescriptions"] = new { doseMg = 1.5, startsOn = "2026-03-14" },
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
        var retract = $"{url}/{made["id"]}/{(kind == "prescriptions" ? "cancel" : "retract")}";

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
    [InlineData("adverse-events", "amend", "adverseEvent")]
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
    [InlineData("adverse-events", "resolve", """{ "resolvedOn": "2026-03-06" }""")]
    [InlineData("adverse-events", "assess-causality", """{ "assessor": "Dr Gray", "whoUmc": { "category": "possible" } }""")]
    [InlineData("prescriptions", "activate", "{}")]
    public async Task What_becomes_of_a_record_leaves_its_source(string kind, string verb, string json)
    {
        using var client = Client();
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/{kind}");
        var made = await client.PostOkAsync(url, From(kind, "1"));

        var changed = await client.PostOkAsync($"{url}/{made["id"]}/{verb}", ApiClient.Json(json), 1);

        Assert.Equal(("1", 2), ((string?)changed["source"]!["id"], (int)changed["version"]!));
    }

    [Theory]
    [InlineData("adverse-events", """{ "term": "suicidal-ideation", "severity": "severe", "source": { "system": "urn:ehr", "id": "7" } }""")]
    [InlineData("assessments", """{ "instrument": "phq-9", "answers": [0,0,0,0,0,0,0,0,1], "takenOn": "2026-03-05", "source": { "system": "urn:ehr", "id": "7" } }""")]
    public async Task A_sign_of_self_harm_under_a_source_that_is_taken_raises_its_follow_up_and_nothing_else_of_the_report_is_kept(string kind, string json)
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = ApiClient.Of(patient, $"/{kind}");
        await client.PostOkAsync(url, From(kind, "7"));
        var table = kind.Replace('-', '_');

        using var refused = await client.SendAsync(HttpMethod.Post, url, ApiClient.Json(json));

        var problem = await refused.ReadAsync();
        Assert.Equal((409, "source-id-taken"), ((int)refused.StatusCode, (string?)problem["code"]));
        Assert.Equal(("suicidality", "immediate"), ((string?)problem["followUps"]!.AsArray().Single()!["family"], (string?)problem["followUps"]![0]!["priority"]));
        Assert.Equal((1L, 1L), (await api.CountAsync(table, clinic), await api.CountAsync("check_ins", clinic)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_record_whose_source_is_taken_leaves_nothing_behind(string kind)
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), $"/{kind}");
        await client.PostOkAsync(url, From(kind, "7"));
        var tables = new[] { "record_versions", "evaluations", "follow_ups", kind.Replace('-', '_') };
        async Task<long[]> CountsAsync() => await Task.WhenAll(tables.Select(async t => await api.CountAsync(t, clinic)));
        var before = await CountsAsync();

        using var refused = await client.SendAsync(HttpMethod.Post, url, From(kind, "7"), key: "feed-1-again");

        Assert.Equal(409, (int)refused.StatusCode);
        Assert.Equal(before, await CountsAsync());
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
