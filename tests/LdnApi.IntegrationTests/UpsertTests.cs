using System.Net;
using System.Text.Json.Nodes;

namespace LdnApi.IntegrationTests;

/// <summary>What an EHR sends of patients, by its own numbers, without having read ours: one patient for each number, and nothing lost that it does not know.</summary>
public sealed class UpsertTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string NewNumber() => $"{Guid.CreateVersion7()}";

    private static object Known(string family = "Lovelace") => new { name = new { family }, timeZone = "UTC" };

    private static JsonObject Item(string number, object patient, string? ifMatch = null, string? ifNoneMatch = null)
    {
        var item = new JsonObject { ["identifier"] = new JsonObject { ["system"] = "urn:ehr", ["value"] = number }, ["patient"] = System.Text.Json.JsonSerializer.SerializeToNode(patient) };
        foreach (var (name, value) in new[] { ("ifMatch", ifMatch), ("ifNoneMatch", ifNoneMatch) }.Where(p => p.Item2 is not null))
        {
            item[name] = value;
        }

        return item;
    }

    private static async Task<HttpResponseMessage> PutAsync(HttpClient client, string number, object patient, string? ifMatch = null, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/patients") { Content = ApiClient.Json(Item(number, patient).ToJsonString()) };
        foreach (var (name, value) in new[] { ("If-Match", ifMatch), ("If-None-Match", ifNoneMatch) }.Where(p => p.Item2 is not null))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, Ct);
    }

    private static Task<JsonNode> BatchAsync(HttpClient client, params JsonObject[] items) =>
        client.PostOkAsync("/api/v1/patients/batch", new { items });

    [Fact]
    public async Task What_is_sent_first_makes_the_patient_then_changes_it_and_what_changes_nothing_makes_no_version()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var number = NewNumber();

        using var made = await PutAsync(client, number, Known());
        using var changed = await PutAsync(client, number, Known("King"));
        using var same = await PutAsync(client, number, Known("King"));

        var id = (string)(await made.ReadAsync())["id"]!;
        Assert.Equal((201, "\"1\"", $"/api/v1/patients/{id}"), ((int)made.StatusCode, made.Headers.ETag?.Tag, made.Headers.Location?.ToString()));
        Assert.Equal((200, "\"2\"", null), ((int)changed.StatusCode, changed.Headers.ETag?.Tag, changed.Headers.Location));
        Assert.Equal((200, "\"2\""), ((int)same.StatusCode, same.Headers.ETag?.Tag));
        Assert.Equal((id, "King"), ((string)(await same.ReadAsync())["id"]!, (string)(await same.ReadAsync())["name"]!["family"]!));
        Assert.Equal(2, (await client.GetOkAsync($"/api/v1/patients/{id}/history"))["items"]!.AsArray().Count);
        Assert.Equal(id, (string)(await client.FindAsync("urn:ehr", number))["items"]!.AsArray().Single()!["id"]!);
    }

    /// <summary>Each is taken for the whole of the batch, and PostgreSQL has room for a few thousand locks in all.</summary>
    [Fact]
    public async Task A_full_batch_may_name_as_many_identifiers_as_patients_may_have()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var number = NewNumber();
        JsonObject Full(int n, string? ifMatch) => Item($"{number}-{n}", new { name = new { family = "King" }, timeZone = "UTC", identifiers = Enumerable.Range(1, 19).Select(i => new { system = $"urn:lab:{i}", value = $"{number}-{n}" }) }, ifMatch);

        var done = await BatchAsync(client, [Full(1, null), .. Enumerable.Range(2, 999).Select(n => Full(n, "*"))]);

        Assert.Equal((1, 0, 999), ((int)done["created"]!, (int)done["updated"]!, (int)done["rejected"]!));
        Assert.All(done["items"]!.AsArray().Skip(1), i => Assert.Equal("version-mismatch", (string)i!["problem"]!["code"]!));
        Assert.Equal((string)done["items"]![0]!["id"]!, (string)(await client.FindAsync("urn:lab:19", $"{number}-1"))["items"]!.AsArray().Single()!["id"]!);
    }

    [Fact]
    public async Task What_the_sender_leaves_out_stays_and_its_identifiers_are_added()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var number = NewNumber();
        var before = await client.PostOkAsync("/api/v1/patients", new
        {
            name = new { family = "Lovelace", given = new[] { "Ada" } },
            timeZone = "UTC",
            identifiers = new[] { new { system = "urn:insurer", value = number }, new { system = "urn:ehr", value = number } },
            birthDate = "1980-05-17",
            gender = "female",
            anxietyHistory = true,
            sensitivity = "sensitive",
            conditions = new[] { new { system = "http://snomed.info/sct", code = "197480006" } },
            baselineAnxiety = 4,
            active = false,
        });

        using var response = await PutAsync(client, number, new { name = new { family = "King" }, timeZone = "UTC", gender = (string?)null, identifiers = new[] { new { system = "urn:lab", value = number } } });

        var expected = before.DeepClone();
        expected["name"]!["family"] = "King";
        expected["identifiers"]!.AsArray().Add(new JsonObject { ["system"] = "urn:lab", ["value"] = number });
        expected["version"] = 2;
        Assert.Equal(expected.ToJsonString(), (await response.ReadAsync()).ToJsonString());
    }

    [Theory]
    [InlineData(false, null, "*", 201, null)]
    [InlineData(true, null, "*", 412, "already-exists")]
    [InlineData(true, "\"1\"", null, 200, null)]
    [InlineData(true, "*", null, 200, null)]
    [InlineData(true, "\"7\"", null, 412, "version-mismatch")]
    [InlineData(false, "\"1\"", null, 412, "version-mismatch")]
    [InlineData(false, "*", null, 412, "version-mismatch")]
    [InlineData(true, "\"1\"", "*", 412, "already-exists")]
    [InlineData(false, "\"1\"", "*", 412, "version-mismatch")]
    [InlineData(true, "W/\"1\"", null, 400, "invalid-request")]
    [InlineData(true, "\"1\", \"2\"", null, 400, "invalid-request")]
    [InlineData(true, null, "\"1\"", 400, "invalid-request")]
    public async Task Preconditions_are_those_of_HTTP_alone_and_in_a_batch(bool isThere, string? ifMatch, string? ifNoneMatch, int status, string? code)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (alone, item) = (NewNumber(), NewNumber());
        foreach (var number in isThere ? new[] { alone, item } : [])
        {
            using var made = await PutAsync(client, number, Known());
        }

        using var response = await PutAsync(client, alone, Known("King"), ifMatch, ifNoneMatch);
        var result = (await BatchAsync(client, Item(item, Known("King"), ifMatch, ifNoneMatch)))["items"]![0]!;

        var body = await response.ReadAsync();
        long? current = isThere && status == 412 ? 1 : null;
        Assert.Equal((status, code, current), ((int)response.StatusCode, (string?)body["code"], (long?)body["currentVersion"]));
        Assert.Equal((status, code, current), ((int)result["status"]!, (string?)result["problem"]?["code"], (long?)result["problem"]?["currentVersion"]));
        Assert.Equal(response.Headers.ETag?.Tag, (string?)result["etag"]);
        var families = new[] { alone, item }.Select(async n => (await client.FindAsync("urn:ehr", n))["items"]!.AsArray().Select(p => (string)p!["name"]!["family"]!).SingleOrDefault());
        Assert.All(await Task.WhenAll(families), family => Assert.Equal(status < 300 ? "King" : isThere ? "Lovelace" : null, family));
    }

    [Theory]
    [InlineData("", "{}", "$.identifier")]
    [InlineData("", """{ "identifier": {} }""", "$.identifier.system")]
    [InlineData("", """{ "identifier": { "system": "urn:ehr" } }""", "$.identifier.value")]
    [InlineData("", """{ "identifier": { "system": "urn:ehr", "value": "" } }""", "$.identifier.value")]
    [InlineData("", """{ "identifier": { "system": " ", "value": "7" } }""", "$.identifier.system")]
    [InlineData("", """{ "identifier": "urn:ehr|7" }""", "$.identifier")]
    [InlineData("?identifier=urn:ehr|7", "{}", "$.identifier")]
    public async Task What_names_no_one_identifier_in_its_body_is_400(string query, string json, string place)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var body = JsonNode.Parse(json)!;
        body["patient"] = System.Text.Json.JsonSerializer.SerializeToNode(Known());

        using var response = await client.SendAsync(HttpMethod.Put, $"/api/v1/patients{query}", body);

        var problem = await response.ReadAsync();
        Assert.Equal((400, "invalid-request"), ((int)response.StatusCode, (string?)problem["code"]));
        Assert.Contains(place, problem["errors"]!.AsObject().Select(e => e.Key));
        Assert.Empty((await client.GetOkAsync("/api/v1/patients"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Identifiers_of_two_patients_are_409_and_neither_is_changed()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (first, second) = (NewNumber(), NewNumber());
        using var one = await PutAsync(client, first, Known());
        using var two = await PutAsync(client, second, Known("Byron"));

        using var both = await PutAsync(client, first, new { name = new { family = "King" }, timeZone = "UTC", identifiers = new[] { new { system = "urn:ehr", value = second } } });

        Assert.Equal((409, "identifier-taken"), ((int)both.StatusCode, (string?)(await both.ReadAsync())["code"]));
        Assert.Equal(["Lovelace", "Byron"], (await client.GetOkAsync("/api/v1/patients"))["items"]!.AsArray().Select(p => (string)p!["name"]!["family"]!));
    }

    [Fact]
    public async Task A_patient_has_no_more_identifiers_than_can_be_written_of_one()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var number = NewNumber();
        object With(int from, int count) => new { name = new { family = "King" }, timeZone = "UTC", identifiers = Enumerable.Range(from, count).Select(i => new { system = $"urn:{i}", value = number }) };

        using var made = await PutAsync(client, number, With(1, 19));
        using var one = await PutAsync(client, number, With(19, 2));

        Assert.Equal(201, (int)made.StatusCode);
        Assert.Equal((422, "too-many-identifiers"), ((int)one.StatusCode, (string?)(await one.ReadAsync())["code"]));
    }

    [Fact]
    public async Task One_identifier_sent_many_times_at_once_is_one_patient_whichever_way_it_came()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var number = NewNumber();
        var registration = new { name = new { family = "Registered" }, timeZone = "UTC", identifiers = new[] { new { system = "urn:ehr", value = number } } };

        var upserts = Enumerable.Range(0, 6).Select(i => PutAsync(client, number, Known($"Sent {i}")));
        var registrations = Enumerable.Range(0, 3).Select(_ => client.SendAsync(HttpMethod.Post, "/api/v1/patients", registration));
        var batches = Enumerable.Range(0, 3).Select(async i => (await BatchAsync(client, Item(number, Known($"Batch {i}"))))["items"]![0]!);
        var sent = (await Task.WhenAll(upserts.ToList())).Select(r => (int)r.StatusCode).ToList();
        var registered = (await Task.WhenAll(registrations.ToList())).Select(r => (int)r.StatusCode).ToList();
        var batched = (await Task.WhenAll(batches.ToList())).Select(r => (int)r["status"]!).ToList();

        Assert.All(sent.Concat(batched), status => Assert.Contains(status, new[] { 200, 201 }));
        Assert.All(registered, status => Assert.Contains(status, new[] { 201, 409 }));
        Assert.Single(sent.Concat(batched).Concat(registered), 201);
        Assert.Single((await client.GetOkAsync("/api/v1/patients"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Batches_of_the_same_patients_in_any_order_at_once_all_come_through()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var numbers = Enumerable.Range(0, 12).Select(_ => NewNumber()).ToArray();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i =>
            BatchAsync(client, [.. (i % 2 == 0 ? numbers : numbers.Reverse()).Select(n => Item(n, Known($"Sent {i}")))])));

        Assert.Equal((12, 60, 0), (answers.Sum(a => (int)a["created"]!), answers.Sum(a => (int)a["updated"]!), answers.Sum(a => (int)a["rejected"]!)));
        Assert.Equal(12, (await client.GetOkAsync("/api/v1/patients"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task Each_item_of_a_batch_has_its_own_outcome_and_the_refused_leave_nothing_behind()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (known, other, fresh, future) = (NewNumber(), NewNumber(), NewNumber(), NewNumber());
        using var one = await PutAsync(client, known, Known());
        using var two = await PutAsync(client, other, Known("Byron"));

        var answer = await BatchAsync(
            client,
            Item(known, new { name = new { family = "King" }, timeZone = "UTC", identifiers = new[] { new { system = "urn:ehr", value = other } } }),
            Item(known, new { name = new { family = "Tomorrow" }, timeZone = "UTC", birthDate = "2199-01-01" }),
            Item(future, new { name = new { family = "Tomorrow" }, timeZone = "UTC", birthDate = "2199-01-01" }),
            Item(fresh, Known("Fresh"), ifNoneMatch: "*"),
            Item(other, Known("Byron")),
            Item(known, Known("Countess"), ifMatch: "\"1\""),
            Item(known, Known("Late"), ifMatch: "\"1\""),
            new JsonObject { ["identifier"] = new JsonObject { ["system"] = "urn:ehr", ["value"] = "" }, ["patient"] = new JsonObject { ["name"] = new JsonObject { ["family"] = "No zone" } } },
            new JsonObject { ["patient"] = 7 });

        Assert.Equal((1, 2, 6), ((int)answer["created"]!, (int)answer["updated"]!, (int)answer["rejected"]!));
        Assert.Equal(
            ["1 409 identifier-taken ", "2 422 date-in-future $.patient.birthDate", "3 422 date-in-future $.patient.birthDate", "4 201 \"1\"", "5 200 \"1\"", "6 200 \"2\"", "7 412 version-mismatch ",
                "8 400 invalid-request $.patient.timeZone", "9 400 invalid-request $.patient"],
            answer["items"]!.AsArray().Select(i => $"{i!["number"]} {i["status"]} {i["etag"] ?? $"{i["problem"]!["code"]} {string.Join(',', i["problem"]!["errors"]?.AsObject().Select(e => e.Key) ?? [])}"}"));
        Assert.Equal(["Countess", "Byron", "Fresh"], (await client.GetOkAsync("/api/v1/patients"))["items"]!.AsArray().Select(p => (string)p!["name"]!["family"]!));
        Assert.Empty((await client.FindAsync("urn:ehr", future))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_batch_repeated_under_its_key_is_answered_again_and_done_once()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (fresh, refused) = (NewNumber(), NewNumber());
        var body = new { items = new[] { Item(fresh, Known(), ifNoneMatch: "*"), Item(refused, Known(), ifMatch: "\"3\"") } };

        using var first = await client.SendAsync(HttpMethod.Post, "/api/v1/patients/batch", body, key: "batch-of-the-night");
        using var again = await client.SendAsync(HttpMethod.Post, "/api/v1/patients/batch", body, key: "batch-of-the-night");
        using var anew = await client.SendAsync(HttpMethod.Post, "/api/v1/patients/batch", body);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, true), (first.StatusCode, again.StatusCode, again.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal(await first.Content.ReadAsStringAsync(Ct), await again.Content.ReadAsStringAsync(Ct));
        Assert.Equal([201, 412], (await first.ReadAsync())["items"]!.AsArray().Select(i => (int)i!["status"]!));
        Assert.Equal([412, 412], (await anew.ReadAsync())["items"]!.AsArray().Select(i => (int)i!["status"]!));
    }

    [Fact]
    public async Task A_batch_has_1_to_1000_items()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        JsonObject[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => Item($"{i}", Known($"Sent {i}")))];

        using var none = await client.SendAsync(HttpMethod.Post, "/api/v1/patients/batch", new { items = Many(0) });
        using var tooMany = await client.SendAsync(HttpMethod.Post, "/api/v1/patients/batch", new { items = Many(1001) });
        var full = await BatchAsync(client, Many(1000));
        var again = await BatchAsync(client, Many(10));

        Assert.Equal((400, 400), ((int)none.StatusCode, (int)tooMany.StatusCode));
        Assert.Equal((1000, 0, 0), ((int)full["created"]!, (int)full["updated"]!, (int)full["rejected"]!));
        Assert.Equal((0, 10, 0), ((int)again["created"]!, (int)again["updated"]!, (int)again["rejected"]!));
        Assert.All(again["items"]!.AsArray(), i => Assert.Equal("\"1\"", (string)i!["etag"]!));
    }

    [Fact]
    public async Task Another_clinics_identifier_is_another_patients()
    {
        using var ours = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        var number = NewNumber();

        using var first = await PutAsync(ours, number, Known());
        using var second = await PutAsync(theirs, number, Known("Theirs"), ifNoneMatch: "*");
        var third = await BatchAsync(theirs, Item(number, Known("Still theirs"), ifMatch: "\"1\""));

        Assert.Equal((201, 201, 1), ((int)first.StatusCode, (int)second.StatusCode, (int)third["updated"]!));
        Assert.Equal("Lovelace", (string)(await ours.FindAsync("urn:ehr", number))["items"]!.AsArray().Single()!["name"]!["family"]!);
    }
}
