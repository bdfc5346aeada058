using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Hosting;
using LdnApi.Records;
using LdnApi.Safety;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.SurvivalTests;

/// <summary>Reads what is there in the end: the records through the API, as a user would; the trail, and what the rules say of the facts, past it.</summary>
internal sealed class Witness(ApiProcess api, string owner, string token, ClinicId clinic)
{
    public async Task<Observed> LookAsync(IReadOnlyList<PatientUnderTest> patients)
    {
        var rows = new List<Row>();
        var versions = new Dictionary<Guid, long>();
        foreach (var patient in patients)
        {
            var path = $"/api/v1/patients/{patient.Id}";
            rows.AddRange((await AllAsync($"{path}/check-ins")).Select(n => RowOf(Kind.CheckIn, (string?)n["note"], n)));
            rows.AddRange((await AllAsync($"{path}/adverse-events")).Select(n => RowOf(Kind.AdverseEvent, (string?)n["narrative"], n)));
            rows.AddRange((await AllAsync($"{path}/prescriptions")).Select(n => RowOf(Kind.Prescription, (string?)n["indication"], n)));
            var schedule = await GetAsync($"{path}/titration-schedules/{patient.Schedule}");
            rows.AddRange(schedule["changes"]!.AsArray().Select(c => RowOf(Kind.TitrationStep, (string?)c!["reason"], c)));
            foreach (var status in new[] { "open", "acknowledged", "in-progress", "closed" })
            {
                foreach (var item in await AllAsync($"/api/v1/follow-ups?patientId={patient.Id}&status={status}"))
                {
                    var followUp = await GetAsync($"/api/v1/follow-ups/{item["id"]}");
                    rows.AddRange(followUp["events"]!.AsArray().Where(e => (string?)e!["type"] == "acknowledged").Select(e => RowOf(Kind.Acknowledgement, (string?)e!["reason"], e)));
                }
            }

            var history = await AllAsync($"{path}/history");
            versions[patient.Id] = history.Max(v => (long)v["version"]!);
            rows.AddRange(history.Select(v => RowOf(Kind.PatientChange, (string?)v["record"]!["name"]!["given"]!.AsArray().Last(), v["record"]!)));

            Row RowOf(Kind kind, string? op, JsonNode node) => new(op, kind, patient.Id, Judge.Canonical(node));
        }

        await using var db = ContextAs(clinic);
        var entries = await db.AuditEntries.AsNoTracking().Where(e => e.Method == "POST" || e.Method == "PATCH").Select(e => new { e.RequestId, e.Status, e.PatientIds }).ToListAsync();
        var chains = await AuditVerification.VerifyAsync(owner, [], CancellationToken.None);
        return new Observed(
            [.. rows.Where(r => r.Op != Workload.SetUp)], [.. entries.Select(e => new Entry(e.RequestId, e.Status, e.PatientIds))], versions, await FollowUpsAsync(db, patients),
            [.. chains.Where(c => c is not { Broken: null, Misplaced: 0 }).Select(c => c.ToString())]);
    }

    /// <summary>Folds each patient's facts anew and holds the stored follow-ups against it.</summary>
    private static async Task<List<FollowUpState>> FollowUpsAsync(LdnDbContext db, IReadOnlyList<PatientUnderTest> patients)
    {
        var settings = new ClinicSettings(db, new Caller(db.Clinic, "witness"));
        var reader = new PatientFactsReader(db, settings);
        var states = new List<FollowUpState>();
        foreach (var id in patients.Select(p => new PatientId(p.Id)))
        {
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == id);
            if (await db.Evaluations.AsNoTracking().Where(e => e.PatientId == id).OrderByDescending(e => e.Ordinal).FirstOrDefaultAsync() is not { } last)
            {
                continue; // nothing has been written of this one
            }

            var evaluation = RuleEngine.Decide(await reader.ReadAsync(patient, default), (await settings.CurrentAsync(default)).Settings, last.AsOf, last.LastCompletedDay);
            var stored = await db.FollowUps.AsNoTracking().Where(f => f.PatientId == id).OrderBy(f => f.Ordinal).ToListAsync();
            var owed = FollowUpReconciler.Reconcile([.. stored.Select(FollowUp.ToStored)], evaluation);
            states.AddRange(Enum.GetValues<RuleFamily>().Select(family => new FollowUpState(
                id.Value, $"{family}", stored.Count(f => f.Family == family && f.Status != FollowUpStatus.Closed), owed.Where(o => o.Family == family).Select(o => $"{o.Type}").FirstOrDefault())));
        }

        return states;
    }

    private LdnDbContext ContextAs(ClinicId of)
    {
        var options = new DbContextOptionsBuilder<LdnDbContext>();
        LdnDbContext.Configure(options, owner);
        return new LdnDbContext(options.Options).For(new Caller(of, "witness"), TimeProvider.System);
    }

    private async Task<List<JsonNode>> AllAsync(string list)
    {
        var all = new List<JsonNode>();
        var query = $"{list}{(list.Contains('?', StringComparison.Ordinal) ? "&" : "?")}limit=200";
        while (true)
        {
            var page = await GetAsync(query);
            all.AddRange(page["items"]!.AsArray().Select(i => i!));
            if ((string?)page["nextCursor"] is not { } cursor)
            {
                return all;
            }

            query = $"{list.Split('?')[0]}?cursor={Uri.EscapeDataString(cursor)}";
        }
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token), CacheControl = new CacheControlHeaderValue { NoCache = true } }, // nothing from a replica: it would pass for lost
        };
        using var response = await api.Http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode} {body}");
        return JsonNode.Parse(body)!;
    }
}
