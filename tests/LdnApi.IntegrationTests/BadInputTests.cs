using System.Net;
using System.Text;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Bad input gets a problem that names the place and the rule, loses nothing, and is never a 500.</summary>
public sealed class BadInputTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{ "date": "2026-03-13", "scores": { "anxiety": 11 } }""", 400, "invalid-request", "$.scores.anxiety")]
    [InlineData("""{ "date": "2026-03-13", "scores": { "anxiety": -1 } }""", 400, "invalid-request", "$.scores.anxiety")]
    [InlineData("""{ "date": "2026-03-13", "scores": { "anxiety": "5" } }""", 400, "invalid-request", "$.scores.anxiety")]
    [InlineData("""{ "date": "2026-03-13", "scores": { "anxiety": 1e400 } }""", 400, "invalid-request", "$.scores.anxiety")]
    [InlineData("""{ "date": "2026-03-13", "scores": { "anxiety": 5.5 } }""", 400, "invalid-request", "$.scores.anxiety")]
    [InlineData("""{ "date": "2026-03-13", "scores": { "panic": 5 } }""", 400, "invalid-request", "$.scores.panic")]
    [InlineData("""{ "date": "2026-03-13", "note": "a\u0000b" }""", 400, "invalid-request", "$.note")]
    [InlineData("""{ "date": "2026-03-13", "note": "\ud800" }""", 400, "invalid-request", "$.note")]
    [InlineData("""{ "date": "2026-03-13", "date": "2026-03-12", "note": "twice" }""", 400, "invalid-request", "$.date")]
    [InlineData("""{ "date": "2026-02-30", "note": "no such day" }""", 400, "invalid-request", "$.date")]
    [InlineData("""{ "date": "0001-01-01", "note": "the beginning" }""", 400, "invalid-request", "$.date")]
    [InlineData("""{ "date": "9999-12-31", "note": "the end" }""", 400, "invalid-request", "$.date")]
    [InlineData("""{ "recordedAt": "2026-03-13T10:00:00", "note": "no offset" }""", 400, "invalid-request", "$.recordedAt")]
    [InlineData("""{ "note": "no day" }""", 400, "invalid-request", "$.date")]
    [InlineData("""{ "date": "2026-03-13" }""", 400, "invalid-request", "$")]
    [InlineData("""{ "date": "2026-03-13", "dose": { "doseMg": 1.50001 } }""", 400, "invalid-request", "$.dose.doseMg")]
    [InlineData("""{ "date": "2026-03-15", "note": "tomorrow" }""", 422, "date-in-future", "$.date")]
    [InlineData("""{ "recordedAt": "2026-03-15T10:00:00Z", "note": "tomorrow" }""", 422, "date-in-future", "$.recordedAt")]
    public async Task A_check_in_that_breaks_a_rule_is_refused_with_the_place(string json, int status, string code, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), ApiClient.Json(json));

        var problem = await response.ReadAsync();
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((status, code), ((int)response.StatusCode, (string?)problem["code"]));
        Assert.Contains(path, problem["errors"]!.AsObject().Select(e => e.Key));
        Assert.NotNull(problem["traceId"]);
        Assert.Empty((await client.GetOkAsync(ApiClient.Of(patient, "/check-ins")))["items"]!.AsArray());
    }

    [Theory]
    [InlineData("""{ "name": { "family": "Ada" }, "timeZone": "Mars/Olympus" }""", "$.timeZone")]
    [InlineData("""{ "name": { "family": "Ada" }, "timeZone": "Eastern Standard Time" }""", "$.timeZone")]
    [InlineData("""{ "name": { "family": "" }, "timeZone": "UTC" }""", "$.name.family")]
    [InlineData("""{ "name": { "family": "Ada" }, "timeZone": "UTC", "gender": "FEMALE" }""", "$.gender", "Must have the type and form that the contract states.")]
    [InlineData("""{ "name": { "family": "Ada" }, "timeZone": "UTC", "version": 7 }""", "$.version", "Is no member of this object.")]
    [InlineData("""{ "name": { "family": "Ada" }, "timeZone": "UTC", "timeZone": "UTC" }""", "$.timeZone", "Must be given once.")]
    [InlineData("""{ "timeZone": "UTC" }""", "$.name", "Must be given.")]
    [InlineData("""{ "name": {}, "timeZone": "UTC" }""", "$.name.family", "Must be given.")]
    public async Task A_malformed_patient_is_refused_with_the_place_and_the_rule(string json, string path, string? rule = null)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json(json));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var errors = (await response.ReadAsync())["errors"]!.AsObject();
        Assert.Contains(path, errors.Select(e => e.Key));
        Assert.Equal(rule ?? (string)errors[path]![0]!, (string)errors[path]![0]!);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1.5")]
    [InlineData("1.0005")]
    [InlineData("1e40")]
    [InlineData("\"NaN\"")]
    public async Task A_dose_that_could_not_be_kept_exactly_is_refused(string dose)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), ApiClient.Json($$"""{ "doseMg": {{dose}}, "startsOn": "2026-03-01" }"""));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("$.doseMg", (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
    }

    [Theory]
    [InlineData("prescriptions", """{ "doseMg": 1.5, "startsOn": "2026-03-01", "overrides": [null] }""", "$.overrides")]
    [InlineData("titration-schedules/simulate", """{ "steps": [{ "doseMg": 1.5, "days": 14 }, null] }""", "$.steps")]
    [InlineData("titration-schedules/0195d000-0000-7000-8000-000000000006/taper", """{ "reason": "enough", "steps": [null] }""", "$.steps")]
    [InlineData("adverse-events", """{ "term": "anxiety", "severity": "mild", "seriousness": ["death", null] }""", "$.seriousness")]
    public async Task A_list_has_no_gaps(string resource, string json, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, $"/{resource}"), ApiClient.Json(json), 1);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith(path, (await response.ReadAsync())["errors"]!.AsObject().Single().Key, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adverse-events", """{ "term": "\ud800", "severity": "mild" }""")]
    [InlineData("assessments", """{ "instrument": "\ud800", "answers": [1, 1], "takenOn": "2026-03-01" }""")]
    public async Task Text_that_is_no_text_is_refused_where_a_sign_of_self_harm_is_looked_for(string resource, string json)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);

        using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, $"/{resource}"), ApiClient.Json(json));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("{", "application/json", 400)]
    [InlineData("", "application/json", 400)]
    [InlineData("{}", "text/plain", 415)]
    [InlineData("{}", "application/x+json", 415)]
    [InlineData("{}", "application/merge-patch+json", 415)]
    [InlineData("{}", "application/problem+json; charset=utf-8", 415)]
    [InlineData("{}", "Application/JSON; charset=utf-8", 400)]
    [InlineData("{}", "application/json; charset=klingon-8", 415)]
    [InlineData("{}", "application/json; charset=utf-16", 415)]
    public async Task A_body_that_cannot_be_read_is_a_problem(string body, string mediaType, int status)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", mediaType);

        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", content);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);

        using var checkIn = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), ApiClient.Json($$"""{ "note": "{{new string('a', 70_000)}}" }"""));
        using var any = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", ApiClient.Json($$"""{ "note": "{{new string('a', 5_000_000)}}" }"""));

        Assert.Equal((413, 413), ((int)checkIn.StatusCode, (int)any.StatusCode));
        Assert.Equal("payload-too-large", (string?)(await any.ReadAsync())["code"]);
    }

    [Fact]
    public async Task A_file_with_broken_rows_keeps_the_good_and_names_the_broken()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client);
        const string csv = "date,anxiety,note\n2026-03-10,5,fine\n2026-03-11,eleven,broken\n2026-03-12,11,broken\n2026-03-13,4,\"quoted, with a comma\"\n2026-03-14\n2030-01-01,4,future\n";

        var result = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json(csv, "text/csv"));

        Assert.Equal((2, 4), ((int)result["created"]!, (int)result["rejected"]!));
        Assert.Equal([2, 3, 5, 6], result["items"]!.AsArray().Where(i => (string)i!["outcome"]! == "rejected").Select(i => (int)i!["number"]!));
        Assert.Contains("$.scores.anxiety", result["items"]![1]!["errors"]!.AsObject().Select(e => e.Key));
        Assert.Equal(2, (await client.GetOkAsync(ApiClient.Of(patient, "/check-ins")))["items"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("status=nonsense")]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("limit=many")]
    [InlineData("cursor=forged")]
    [InlineData("patientId=7")]
    [InlineData("overdue=perhaps")]
    public async Task A_query_that_means_nothing_is_400(string query)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.GetAsync($"/api/v1/follow-ups?{query}", Ct);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("invalid-request", (string?)(await response.ReadAsync())["code"]);
    }

    [Fact]
    public async Task An_error_has_its_body_whatever_the_client_accepts()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");

        using var response = await client.GetAsync($"/api/v1/patients/{Guid.NewGuid()}", Ct);

        Assert.Equal("not-found", (string?)(await response.ReadAsync())["code"]);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }
}
