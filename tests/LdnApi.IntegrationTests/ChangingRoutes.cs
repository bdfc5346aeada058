using System.Text.Json.Nodes;
using LdnApi.Common;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>A request that succeeds.</summary>
/// <param name="IfMatch">The version that it changes; null where it makes something new.</param>
internal sealed record Call(HttpMethod Method, string Url, object? Body, long? IfMatch = null)
{
    public Task<HttpResponseMessage> SendAsync(HttpClient client, long? ifMatch, string? key = null) => client.SendAsync(Method, Url, Body, ifMatch, key);

    /// <summary>The record that is changed: the URL without the verb of an action.</summary>
    public string Record => Method == HttpMethod.Post ? Url[..Url.LastIndexOf('/')] : Url;
}

/// <summary>
/// For every route that changes something, a request that succeeds, made ready on a patient of its own. Tests that hold for all of them go through this
/// list and compare it with the API's own: a new route needs its line here, and has nothing else to do.
/// </summary>
internal sealed class ChangingRoutes(HttpClient client, DateOnly today)
{
    private static readonly Dictionary<string, Func<ChangingRoutes, Task<Call>>> Calls = new()
    {
        ["RegisterPatient"] = _ => Task.FromResult(Post("/api/v1/patients", new { name = new { family = "Lovelace", given = new[] { "Ada" } }, timeZone = "UTC", birthDate = "1980-05-17" })),
        ["UpdatePatient"] = async s => new Call(HttpMethod.Put, ApiClient.Of(await s.PatientAsync()), new { name = new { family = "King" }, timeZone = "UTC" }, 1),
        ["PatchPatient"] = async s => new Call(HttpMethod.Patch, ApiClient.Of(await s.PatientAsync()), ApiClient.Patch("""{ "name": { "family": "King" } }"""), 1),
        ["UpsertPatient"] = _ => Task.FromResult(new Call(HttpMethod.Put, "/api/v1/patients", new { identifier = new { system = "urn:ehr", value = $"{Guid.CreateVersion7()}" }, patient = new { name = new { family = "King" }, timeZone = "UTC" } })),
        ["UpsertPatients"] = _ => Task.FromResult(Post("/api/v1/patients/batch", new { items = new object[] { new { identifier = new { system = "urn:ehr", value = $"{Guid.CreateVersion7()}" }, patient = new { name = new { family = "King" }, timeZone = "UTC" } }, new { patient = "none" } } })),
        ["SearchPatients"] = async s => await s.SearchAsync(),
        ["RecordMedication"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/medications"), new { atc = "N06AB06", code = new { system = "http://www.nlm.nih.gov/research/umls/rxnorm", code = "36437", display = "sertraline" }, startedOn = s.Start }),
        ["AmendMedication"] = async s => Act(await s.MadeAsync("RecordMedication"), "amend", new { reason = "after a call", medication = new { atc = "N06AB06", changedOn = s.Today } }),
        ["StopMedication"] = async s => Act(await s.MadeAsync("RecordMedication"), "stop", new { stoppedOn = s.Today }),
        ["RetractMedication"] = async s => Act(await s.MadeAsync("RecordMedication"), "retract", new { reason = "another patient's" }),
        ["RecordObservation"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/observations"), new { code = "alt", effectiveOn = s.Start, value = 52, referenceHigh = 40 }),
        ["RetractObservation"] = async s => Act(await s.MadeAsync("RecordObservation"), "retract", new { reason = "another patient's" }),
        ["PlanProcedure"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/procedures"), new { plannedOn = s.Today.AddDays(30), text = "arthroscopy" }),
        ["CancelProcedure"] = async s => Act(await s.MadeAsync("PlanProcedure"), "cancel", new { reason = "put off" }),
        ["RetractProcedure"] = async s => Act(await s.MadeAsync("PlanProcedure"), "retract", new { reason = "another patient's" }),
        ["WritePrescription"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/prescriptions"), new { doseMg = 1.5, startsOn = s.Start, compounding = new { pharmacy = "Corner", lot = "7" } }),
        ["ActivatePrescription"] = async s => Act(await s.PrescriptionAsync(), "activate", new { reason = "first dose" }),
        ["HoldPrescription"] = async s => Act(await s.PrescriptionAsync("activate"), "hold", new { reason = "nervous" }),
        ["ResumePrescription"] = async s => Act(await s.PrescriptionAsync("activate", "hold"), "resume", new { }),
        ["StopPrescription"] = async s => Act(await s.PrescriptionAsync("activate"), "stop", new { reason = "moved away" }),
        ["CompletePrescription"] = async s => Act(await s.PrescriptionAsync("activate"), "complete", new { }),
        ["CancelPrescription"] = async s => Act(await s.PrescriptionAsync(), "cancel", new { reason = "never begun" }),
        ["ChangePrescriptionDose"] = async s => Act(await s.PrescriptionAsync("activate"), "change-dose", new { doseMg = 3.0, reason = "tolerated" }),
        ["PlanTitration"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/titration-schedules"), s.PlanOf((await s.PrescriptionAsync()).Record["id"])),
        ["StartTitration"] = async s => Act(await s.TitrationAsync(), "start", s.OnStart),
        ["AdvanceTitration"] = async s => Act(await s.TitrationAsync("start"), "advance", new { reason = "tolerated" }),
        ["HoldTitration"] = async s => Act(await s.TitrationAsync("start"), "hold", new { reason = "nervous" }),
        ["ResumeTitration"] = async s => Act(await s.TitrationAsync("start", "hold"), "resume", new { reason = "calm again" }),
        ["StepBackTitration"] = async s => Act(await s.TitrationAsync("start", "advance"), "step-back", new { reason = "too much" }),
        ["LengthenTitration"] = async s => Act(await s.TitrationAsync("start"), "lengthen", new { reason = "slowly", days = 7 }),
        ["RestartTitration"] = async s => Act(await s.TitrationAsync("start", "advance"), "restart", new { reason = "was away", lastDoseOn = s.Today.AddDays(-3) }),
        ["TaperTitration"] = async s => Act(await s.TitrationAsync("start", "advance"), "taper", new { reason = "no benefit", steps = new[] { new { doseMg = 1.5, days = 14 } } }),
        ["SimulatePlan"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/titration-schedules/simulate"), new { preset = "seed-standard", strengthsMg = new[] { 1.5 } }),
        ["SimulateTitration"] = async s => Post($"{(await s.TitrationAsync("start")).Url}/simulate", new { strengthsMg = new[] { 1.5 } }),
        ["CreateTitrationTemplate"] = _ => Task.FromResult(Post("/api/v1/titration-templates", new { name = $"slow {Guid.CreateVersion7()}", steps = new[] { new { doseMg = 0.5 } } })),
        ["ReplaceTitrationTemplate"] = async s => new Call(HttpMethod.Put, (await s.MadeAsync("CreateTitrationTemplate")).Url, new { name = "slower", steps = new[] { new { doseMg = 0.25 } } }, 1),
        ["PatchTitrationTemplate"] = async s => new Call(HttpMethod.Patch, (await s.MadeAsync("CreateTitrationTemplate")).Url, ApiClient.Patch("""{ "name": "slowest" }"""), 1),
        ["RetireTitrationTemplate"] = async s => Act(await s.MadeAsync("CreateTitrationTemplate"), "retire", new { }),
        ["StopTitration"] = async s => Act(await s.TitrationAsync("start"), "stop", new { reason = "enough" }),
        ["SubmitCheckIn"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/check-ins"), new { date = s.Today, scores = new { anxiety = 3 }, dose = new { takenAt = "21:00", doseMg = 1.5 } }),
        ["SubmitCheckIns"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/check-ins/batch"), new { items = new object[] { new { date = s.Today, scores = new { anxiety = 3 } }, new { date = "never" } } }),
        ["ImportCheckIns"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/check-ins/import"), ApiClient.Csv($"date,anxiety\n{s.Today:yyyy-MM-dd},3\n")),
        ["CorrectCheckIn"] = async s => Act(await s.MadeAsync("SubmitCheckIn"), "correct", new { reason = "typed wrongly", checkIn = new { date = s.Today, scores = new { anxiety = 2 } } }),
        ["RetractCheckIn"] = async s => Act(await s.MadeAsync("SubmitCheckIn"), "retract", new { reason = "another patient's" }),
        ["RecordAssessment"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/assessments"), new { instrument = "gad-7", answers = new int?[] { 1, 1, null, 1, 1, 1, 1 }, takenOn = s.Today }),
        ["RetractAssessment"] = async s => Act(await s.MadeAsync("RecordAssessment"), "retract", new { reason = "another patient's" }),
        ["ReportAdverseEvent"] = async s => Post(ApiClient.Of(await s.PatientAsync(), "/adverse-events"), new { term = "restlessness", severity = "mild", onsetOn = s.Start, reporter = new { role = "patient" } }),
        ["AmendAdverseEvent"] = async s => Act(await s.MadeAsync("ReportAdverseEvent"), "amend", new { reason = "after a call", adverseEvent = new { term = "restlessness", severity = "moderate", onsetOn = s.Start } }),
        ["ResolveAdverseEvent"] = async s => Act(await s.MadeAsync("ReportAdverseEvent"), "resolve", new { resolvedOn = s.Today }),
        ["AssessCausality"] = async s => Act(await s.MadeAsync("ReportAdverseEvent"), "assess-causality", new { assessor = "Dr Gray", naranjo = new { answers = Enumerable.Repeat("unknown", 10) }, whoUmc = new { category = "possible" } }),
        ["RetractAdverseEvent"] = async s => Act(await s.MadeAsync("ReportAdverseEvent"), "retract", new { reason = "another patient's" }),
        ["AcknowledgeFollowUp"] = async s => Act(await s.FollowUpAsync(), "acknowledge", new { note = "called" }),
        ["AssignFollowUp"] = async s => Act(await s.FollowUpAsync(), "assign", new { assignee = "dr-gray" }),
        ["StartFollowUp"] = async s => Act(await s.FollowUpAsync("acknowledge"), "start", new { }),
        ["SnoozeFollowUp"] = async s => Act(await s.FollowUpAsync(), "snooze", new { days = 2 }),
        ["ResolveFollowUp"] = async s => Act(await s.FollowUpAsync(), "resolve", new { outcome = "dose-held", note = "for two weeks" }),
        ["DismissFollowUp"] = async s => Act(await s.FollowUpAsync(), "dismiss", new { reason = "explained by a bereavement" }),
        ["ChangeRuleSettings"] = async s => new Call(HttpMethod.Put, "/api/v1/rule-settings", new { reason = "fewer calls", settings = new { symptomaticNrs = 5 } }, await s.SettingsAsync()),
        ["RestoreRuleSettings"] = async s => new Call(HttpMethod.Post, "/api/v1/rule-settings/restore", new { restoredVersion = 1, reason = "too few calls" }, await s.SettingsAsync()),
        ["ReplayRules"] = _ => Task.FromResult(Post("/api/v1/rules/replay", new { settings = new { symptomaticNrs = 5 } })),
        ["CancelReplay"] = async s => Post($"{await s.QueuedReplayAsync()}/cancel", null),
        ["MakeSandboxPatients"] = _ => Task.FromResult(Post("/api/v1/sandbox/patients", null)),
    };

    /// <summary>A POST that finds or works something out and stores nothing: a repeat does it again.</summary>
    public static readonly IReadOnlyList<string> Calculations = ["SearchPatients", "SimulatePlan", "SimulateTitration"];

    /// <summary>What may be sent without having read anything: preconditions are the sender's choice.</summary>
    public static readonly IReadOnlyList<string> Upserts = ["UpsertPatient"];

    private PatientId? _patient;

    private DateOnly Today { get; } = today;

    private DateOnly Start => Today.AddDays(-20);

    private object OnStart => new { reason = "first dose", on = Start };

    public static IEnumerable<string> Names => Calls.Keys;

    /// <summary>Every endpoint of the API that changes something: its name, its method and its address.</summary>
    public static IReadOnlyList<(string Name, string Method, string Pattern)> Of(LdnApiHost api) =>
    [
        .. from endpoint in api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
           where method is "POST" or "PUT" or "PATCH" or "DELETE"
           select (endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, method, endpoint.RoutePattern.RawText!),
    ];

    /// <summary>A request to a route that succeeds, with whatever it needs made before.</summary>
    public Task<Call> ReadyAsync(string name) => Calls[name](this);

    private static Call Post(string url, object? body) => new(HttpMethod.Post, url, body);

    private static Call Act((string Url, JsonNode Record) on, string verb, object body) => new(HttpMethod.Post, $"{on.Url}/{verb}", body, (long)on.Record["version"]!);

    private async Task<PatientId> PatientAsync() => _patient ??= await LdnApiHost.RegisterAsync(client, "UTC");

    private async Task<Call> SearchAsync()
    {
        await PatientAsync();
        return Post("/api/v1/patients/search", new { name = "Love" });
    }

    private object PlanOf(JsonNode? prescription) => new { prescriptionId = (string)prescription!, startsOn = Start, preset = "seed-standard" };

    /// <summary>What a request made: its address and what was answered.</summary>
    private async Task<(string Url, JsonNode Record)> MadeAsync(string name)
    {
        var call = await ReadyAsync(name);
        var made = await client.OrderOkAsync(call.Url, call.Body ?? new { }, call.IfMatch);
        return ($"{call.Url}/{made["id"]}", made);
    }

    private async Task<Uri> QueuedReplayAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/rules/replay") { Content = ApiClient.Json("{}") };
        request.Headers.Add("Prefer", "respond-async");
        using var answered = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answered.Headers.Location ?? new Uri($"/api/v1/rules/replays/{(await answered.ReadAsync())["replayId"]}", UriKind.Relative); // one is played at a time
    }

    private async Task<long> SettingsAsync() => (long)(await client.GetOkAsync("/api/v1/rule-settings"))["version"]!;

    private async Task<(string Url, JsonNode Record)> PrescriptionAsync(params string[] verbs)
    {
        var (url, record) = await MadeAsync("WritePrescription");
        foreach (var verb in verbs)
        {
            record = await client.OrderOkAsync($"{url}/{verb}", verb == "activate" ? OnStart : new { on = Start.AddDays(1) }, (long)record["version"]!);
        }

        return (url, record);
    }

    private async Task<(string Url, JsonNode Record)> TitrationAsync(params string[] verbs)
    {
        var (url, record) = await MadeAsync("PlanTitration");
        foreach (var verb in verbs)
        {
            record = await client.OrderOkAsync($"{url}/{verb}", verb == "start" ? OnStart : new { reason = "next", on = Start.AddDays(14) }, (long)record["version"]!);
        }

        return (url, record);
    }

    private async Task<(string Url, JsonNode Record)> FollowUpAsync(params string[] verbs)
    {
        await PrescriptionAsync("activate");
        var made = await client.PostOkAsync(ApiClient.Of(await PatientAsync(), "/check-ins"), new { date = Today, scores = new { anxiety = 9 } });
        var url = $"/api/v1/follow-ups/{made["followUps"]!.AsArray().First(f => (string)f!["status"]! == "open")!["id"]}";
        var record = await client.GetOkAsync(url);
        foreach (var verb in verbs)
        {
            record = await client.PostOkAsync($"{url}/{verb}", new { }, (long)record["version"]!);
        }

        return (url, record);
    }
}
