using LdnApi.Auth;
using LdnApi.Common;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>A sign of self-harm is kept and raises its follow-up whatever the request that carries it is refused for, on every route that can carry one.</summary>
public sealed class SelfHarmNetTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string Correction = """{ "reason": "told on the phone", "checkIn": { "date": "2026-03-14", "selfHarmThoughts": true } }""";
    private const string Amendment = """{ "reason": "told on the phone", "adverseEvent": { "term": "suicidal-ideation", "severity": "severe" } }""";
    private const string Batch = """{ "items": [{ "date": "2026-03-13", "note": "well" }, { "date": "2026-03-14", "selfHarmThoughts": true }] }""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Each route that takes such a report, and a report that it would take.</summary>
    private static readonly Dictionary<string, string> Reports = new()
    {
        ["SubmitCheckIn"] = """{ "date": "2026-03-14", "selfHarmThoughts": true }""",
        ["SubmitCheckIns"] = Batch,
        ["ImportCheckIns"] = "date,selfHarmThoughts\n2026-03-13,\n2026-03-14,true\n",
        ["CorrectCheckIn"] = Correction,
        ["RecordAssessment"] = """{ "instrument": "phq-9", "answers": [0, 0, 0, 0, 0, 0, 0, 0, 2], "takenOn": "2026-03-14" }""",
        ["ReportAdverseEvent"] = """{ "term": "suicidal-ideation", "severity": "severe" }""",
        ["AmendAdverseEvent"] = Amendment,
    };

    public static TheoryData<string> Names => new(Reports.Keys);

    /// <summary>By what their bodies can say.</summary>
    [Fact]
    public void Every_route_that_can_carry_a_sign_is_tried() => Assert.Equal(
        api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<System.Reflection.MethodInfo>()?.GetParameters().Any(p => Tells(p.ParameterType, [])) == true)
            .Select(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName).Order(),
        Reports.Keys.Order());

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_header_that_is_refused_loses_no_sign(string route)
    {
        foreach (var (name, value) in new[] { ("Idempotency-Key", "short"), ("X-Purpose-Of-Use", "CURIOSITY"), ("If-Match", "nonsense") })
        {
            if (name == "If-Match" && route is not ("CorrectCheckIn" or "AmendAdverseEvent"))
            {
                continue; // not looked at
            }

            await AssertKeptAsync(route, Reports[route], 400, "invalid-request", request =>
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_report_that_is_taken_raises_its_follow_up_and_keeps_nothing_beside_it(string route)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (request, patient) = await RequestAsync(client, route, Reports[route]);

        using var response = await client.SendAsync(request, Ct);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Ct));
        Assert.Equal(0, await SignsAsync(client, patient));
        Assert.Equal(1, await RaisedAsync(client, patient));
    }

    [Theory]
    [InlineData("CorrectCheckIn", Correction, null, 428, "precondition-required")]
    [InlineData("CorrectCheckIn", Correction, "\"7\"", 412, "version-mismatch")]
    [InlineData("CorrectCheckIn", """{ "checkIn": { "date": "2026-03-14", "selfHarmThoughts": true } }""", "\"1\"", 400, "invalid-request")]
    [InlineData("CorrectCheckIn", """{ "reason": "r", "checkIn": { "date": "2026-03-14", "selfHarmThoughts": true, "selfHarmThoughts": false } }""", "\"1\"", 400, "invalid-request")]
    [InlineData("CorrectCheckIn", """{ "reason": "r", "checkIn": { "date": "2199-01-01", "selfHarmThoughts": true } }""", "\"1\"", 422, "date-in-future")]
    [InlineData("AmendAdverseEvent", Amendment, null, 428, "precondition-required")]
    [InlineData("AmendAdverseEvent", Amendment, "\"7\"", 412, "version-mismatch")]
    [InlineData("AmendAdverseEvent", """{ "reason": "r", "adverseEvent": { "term": "suicide-attempt", "severity": "mild", "ctcaeGrade": 2 } }""", "\"1\"", 422, "impossible-grade")]
    [InlineData("AmendAdverseEvent", """{ "reason": "r", "adverseEvent": { "term": "suicidal-ideation", "severity": "unheard-of" } }""", "\"1\"", 400, "invalid-request")]
    [InlineData("AmendAdverseEvent", """{ "reason": "r", "adverseEvent": { "term": "suicidal-ideation", "severity": "severe", "receivedOn": "2026-03-01" } }""", "\"1\"", 422, "first-receipt-fixed")]
    [InlineData("SubmitCheckIns", """{ "items": [{ "date": "2026-03-14", "selfHarmThoughts": true }], "more": 1 }""", null, 400, "invalid-request")]
    [InlineData("ImportCheckIns", "date,selfHarmThoughts,mystery\n2026-03-14,true,7\n", null, 400, "invalid-request")]
    [InlineData("RecordAssessment", """{ "instrument": "c-ssrs", "answers": [0, 1], "takenOn": "2199-01-01" }""", null, 422, "date-in-future")]
    public async Task A_refused_report_correction_or_amendment_raises_its_follow_up(string route, string body, string? ifMatch, int status, string code) =>
        await AssertKeptAsync(route, body, status, code, request =>
        {
            request.Headers.Remove("If-Match");
            if (ifMatch is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            }
        });

    [Theory]
    [InlineData("CorrectCheckIn")]
    [InlineData("AmendAdverseEvent")]
    public async Task A_record_that_is_not_there_or_was_retracted_loses_no_sign(string route)
    {
        await AssertKeptAsync(route, Reports[route], 404, "not-found", request =>
            request.RequestUri = new Uri(request.RequestUri!.ToString().Replace(request.RequestUri.ToString().Split('/')[^2], Guid.CreateVersion7().ToString(), StringComparison.Ordinal), UriKind.Relative));

        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (request, patient) = await RequestAsync(client, route, Reports[route]);
        await client.PostOkAsync(request.RequestUri!.ToString().Replace("/correct", "/retract").Replace("/amend", "/retract"), new { reason = "another patient's" }, 1);
        request.Headers.Remove("If-Match");
        request.Headers.TryAddWithoutValidation("If-Match", "\"2\"");

        using var refused = await client.SendAsync(request, Ct);

        Assert.Equal((409, "suicidality"), ((int)refused.StatusCode, (string?)(await refused.ReadAsync())["followUps"]?.AsArray().Single()!["family"]));
        Assert.Equal(1, await SignsAsync(client, patient));
    }

    [Fact]
    public async Task What_is_refused_without_a_sign_raises_nothing()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (request, patient) = await RequestAsync(client, "CorrectCheckIn", """{ "reason": "r", "checkIn": { "date": "2199-01-01", "selfHarmThoughts": false } }""");

        using var refused = await client.SendAsync(request, Ct);

        Assert.Equal(422, (int)refused.StatusCode);
        Assert.Null((await refused.ReadAsync())["followUps"]);
        Assert.Equal((0, 0), (await SignsAsync(client, patient), await RaisedAsync(client, patient)));
    }

    /// <summary>A sign is data of a patient: it cannot be left with another clinic's, nor by one who may not write.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Nobody_leaves_a_sign_where_they_may_not_write(string route)
    {
        var clinic = LdnApiHost.NewClinic();
        using var owner = api.ClientOf(clinic);
        using var stranger = api.ClientOf(LdnApiHost.NewClinic());
        using var reader = api.ClientOf(clinic, scope: Scopes.ClinicalRead);
        var (request, patient) = await RequestAsync(owner, route, Reports[route]);
        var again = await AgainAsync(request);

        using var foreign = await stranger.SendAsync(request, Ct);
        using var read = await reader.SendAsync(again, Ct);

        Assert.Equal((404, 403), ((int)foreign.StatusCode, (int)read.StatusCode));
        Assert.Null((await foreign.ReadAsync())["followUps"]);
        Assert.Equal((0, 0), (await SignsAsync(owner, patient), await RaisedAsync(owner, patient)));
    }

    private async Task AssertKeptAsync(string route, string body, int status, string code, Action<HttpRequestMessage> change)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (request, patient) = await RequestAsync(client, route, body);
        change(request);
        var repeat = await AgainAsync(request);

        using var refused = await client.SendAsync(request, Ct);
        using var again = await client.SendAsync(repeat, Ct);

        var problem = await refused.ReadAsync();
        Assert.Equal((route, status, code, status), (route, (int)refused.StatusCode, (string?)problem["code"], (int)again.StatusCode));
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Equal(("suicidality", "immediate", "open"), ((string?)problem["followUps"]?.AsArray().Single()!["family"], (string?)problem["followUps"]![0]!["priority"], (string?)problem["followUps"]![0]!["status"]));
        Assert.Equal((1, 1), (await SignsAsync(client, patient), await RaisedAsync(client, patient)));
    }

    /// <summary>A request to the route that says this, about a patient with nothing on record but what the request would change.</summary>
    private async Task<(HttpRequestMessage Request, PatientId Patient)> RequestAsync(HttpClient client, string route, string body)
    {
        var call = await new ChangingRoutes(client, DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime)).ReadyAsync(route);
        var request = new HttpRequestMessage(call.Method, new Uri(call.Url, UriKind.Relative)) { Content = ApiClient.Json(body, route == "ImportCheckIns" ? "text/csv" : "application/json") };
        if (call.IfMatch is { } version)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{version}\"");
        }

        Assert.True(PatientId.TryParse(call.Url.Split('/')[4], out var patient));
        return (request, patient);
    }

    /// <summary>A message can be sent but once.</summary>
    private static async Task<HttpRequestMessage> AgainAsync(HttpRequestMessage request)
    {
        var again = new HttpRequestMessage(request.Method, request.RequestUri) { Content = ApiClient.Json(await request.Content!.ReadAsStringAsync(Ct), request.Content.Headers.ContentType!.MediaType!) };
        foreach (var (name, values) in request.Headers)
        {
            again.Headers.TryAddWithoutValidation(name, values);
        }

        return again;
    }

    private static async Task<int> SignsAsync(HttpClient client, PatientId patient) =>
        (await client.GetOkAsync(ApiClient.Of(patient, "/check-ins")))["items"]!.AsArray().Count(c => (string?)c!["source"]?["system"] == LdnApi.Safety.KeepSign.SourceSystem);

    private static async Task<int> RaisedAsync(HttpClient client, PatientId patient) =>
        (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family=suicidality"))["items"]!.AsArray().Count;

    /// <summary>Whether a check-in, an assessment or an adverse event can be said with a value of the type.</summary>
    private static bool Tells(Type type, HashSet<Type> seen) =>
        type.IsAssignableTo(typeof(ISubmission))
        || type == typeof(Features.CheckIns.CheckInBody) || type == typeof(Features.Assessments.AssessmentBody) || type == typeof(Features.AdverseEvents.AdverseEventBody)
        || (type.Namespace?.StartsWith("LdnApi.Features", StringComparison.Ordinal) == true && seen.Add(type) && type.GetProperties().Any(p => Tells(p.PropertyType, seen)))
        || (type.IsGenericType && type.GetGenericArguments().Any(a => Tells(a, seen)));
}
