using System.Globalization;
using System.Text.Json.Nodes;
using LdnApi.Common;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>A patient of a vector, lived through the API. Every case has a clinic and a stretch of time of its own.</summary>
internal sealed class VectorPatient : IAsyncDisposable
{
    private const int LongestCaseDays = 400;
    private static readonly DateOnly Beginning = new(2027, 1, 4);
    private static DateOnly s_next = Beginning;
    private static DateOnly s_dayZero;

    private readonly LdnApiHost _api;
    private readonly HttpClient _client;
    private readonly JsonNode _case;
    private readonly Dictionary<string, (string Id, long Version)> _checkIns = [];
    private (string Id, long Version) _prescription;
    private bool _onHold;

    private VectorPatient(LdnApiHost api, JsonNode c) => (_api, _case, _client) = (api, c, api.ClientOf(LdnApiHost.NewClinic()));

    public static JsonArray Cases { get; } = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "course.json")))!.AsArray();

    public PatientId Id { get; private set; }

    public int FirstDay { get; private set; }

    /// <summary>The rules that the last change of the dose found.</summary>
    public string[] Findings { get; private set; } = [];

    /// <summary>Time only goes forward, so each case begins after the one before it. Cases of one class run one after another.</summary>
    public static async Task<VectorPatient> StartAsync(LdnApiHost api, JsonNode c)
    {
        s_dayZero = s_next.AddDays(30);
        s_next = s_next.AddDays(LongestCaseDays / 4);
        var patient = new VectorPatient(api, c);
        patient.FirstDay = (c["checkIns"]?.AsArray() ?? []).Select(v => (int)v!["day"]!).Append(0).Min();
        patient.GoTo(patient.FirstDay);
        patient.Id = await LdnApiHost.RegisterAsync(patient._client, "UTC", (bool?)c["history"], (int?)c["intakeScore"]);
        if (c["submissions"] is not null)
        {
            await patient.TakeDoseAsync(0);
        }

        return patient;
    }

    public static int DayOf(JsonNode? date) => DateOnly.ParseExact((string)date!, "yyyy-MM-dd", CultureInfo.InvariantCulture).DayNumber - s_dayZero.DayNumber;

    public static JsonNode Course(JsonNode evaluation) => evaluation["families"]!.AsArray().Single(f => (string)f!["family"]! == "course")!;

    public static string Upper(JsonNode? name) => ((string)name!).ToUpperInvariant();

    public static string[] Lines(JsonNode events) =>
        [.. events.AsArray().Select(e => $"{e!["day"]} {e["family"]} {e["type"]} {e["label"]} {e["priority"]}").Order(StringComparer.Ordinal)];

    public static string[] EventsOf(JsonNode evaluation) =>
        [.. evaluation["events"]!.AsArray().Select(e => $"{DayOf(e!["on"])} {Upper(e["family"])} {Upper(e["type"])} {Upper(e["label"])} {e["priority"]}").Order(StringComparer.Ordinal)];

    public void GoTo(int day)
    {
        var morning = new DateTimeOffset(s_dayZero.AddDays(day), new TimeOnly(9, 0), TimeSpan.Zero);
        if (_api.Clock.GetUtcNow() < morning)
        {
            _api.Clock.SetUtcNow(morning);
        }
    }

    /// <summary>A day: the night's evaluation, the dose, the reports that become known, then the clinician.</summary>
    public async Task LiveAsync(int day)
    {
        GoTo(day);
        await _api.RunNightlyAsync();
        await TakeDoseAsync(day);
        if (day >= 0 && day < _case["series"]!.AsArray().Count && _case["series"]![day] is { } score)
        {
            await CheckInAsync(new JsonObject { ["id"] = $"series-{day}", ["day"] = day, ["anxiety"] = (int)score });
        }

        foreach (var checkIn in _case["checkIns"]!.AsArray().Where(v => ((int?)v!["recordedDay"] ?? (int)v["day"]!) == day))
        {
            await CheckInAsync(checkIn!);
        }

        foreach (var adverseEvent in _case["adverseEvents"]!.AsArray().Where(e => (int)e!["onsetDay"]! == day))
        {
            await ReportAsync(adverseEvent!);
        }

        foreach (var assessment in _case["assessments"]!.AsArray().Where(a => (int)a!["day"]! == day))
        {
            await AssessAsync(assessment!);
        }

        foreach (var adverseEvent in _case["adverseEvents"]!.AsArray().Where(e => (int?)e!["resolvedDay"] == day))
        {
            var (id, version) = _checkIns[(string)adverseEvent!["id"]!];
            await _client.PostOkAsync(ApiClient.Of(Id, $"/adverse-events/{id}/resolve"), new { resolvedOn = s_dayZero.AddDays(day) }, version);
        }

        foreach (var action in _case["clinicianActions"]!.AsArray().Where(a => (int)a!["day"]! == day))
        {
            await ActAsync((string)action!["family"]!, (string)action["action"]!);
        }
    }

    public async Task PlayAsync(JsonNode submission)
    {
        GoTo((int)submission["on"]!);
        switch ((string)submission["kind"]!)
        {
            case "check-in":
                await CheckInAsync(submission["value"]!);
                break;
            case "correct":
                var (id, version) = _checkIns[(string)submission["target"]!];
                await _client.PostOkAsync(ApiClient.Of(Id, $"/check-ins/{id}/correct"), new { reason = "mistyped", checkIn = Body(submission["value"]!) }, version);
                break;
            case "retract":
                var (retracted, last) = _checkIns[(string)submission["target"]!];
                await _client.PostOkAsync(ApiClient.Of(Id, $"/check-ins/{retracted}/retract"), new { reason = "another patient's" }, last);
                break;
            default:
                await ActAsync((string)submission["family"]!, (string)submission["action"]!);
                break;
        }
    }

    public Task<JsonNode> EvaluationAsync(int? asOf) =>
        _client.GetOkAsync(ApiClient.Of(Id, "/evaluation" + (asOf is { } day ? $"?asOf={s_dayZero.AddDays(day):yyyy-MM-dd}" : "")));

    /// <summary>All of the patient's follow-ups, closed ones included, in the order of their opening.</summary>
    public async Task<List<JsonNode>> FollowUpsAsync()
    {
        var all = new List<JsonNode>();
        foreach (var status in new[] { "open", "acknowledged", "in-progress", "closed" })
        {
            var page = await _client.GetOkAsync($"/api/v1/follow-ups?patientId={Id}&status={status}&sort=opened-on&limit=200");
            foreach (var item in page["items"]!.AsArray())
            {
                all.Add(await _client.GetOkAsync($"/api/v1/follow-ups/{item!["id"]}"));
            }
        }

        return all;
    }

    public async Task<int> CheckInsAsync() => (await _client.GetOkAsync(ApiClient.Of(Id, "/check-ins?limit=200")))["items"]!.AsArray().Count;

    /// <summary>A patient whose case is over is no longer due, so that the nights of the next case are its own.</summary>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await using var owner = NpgsqlDataSource.Create(_api.Database.Owner);
        await using var command = owner.CreateCommand($"UPDATE nightly_evaluations SET due_at = '2190-01-01Z' WHERE patient_id = '{Id}'");
        await command.ExecuteNonQueryAsync();
    }

    private async Task TakeDoseAsync(int day)
    {
        if (_case["doses"]!.AsArray().SingleOrDefault(d => (int)d!["day"]! == day) is not { } dose)
        {
            return;
        }

        var (mg, on) = ((decimal)dose["mg"]!, s_dayZero.AddDays(day));
        if (_prescription.Id is null)
        {
            _prescription = await _client.PrescribeAsync(Id, on, mg);
            return;
        }

        if (_onHold && mg > 0)
        {
            await ChangeAsync("resume", new { on });
            _onHold = false;
        }
        else if (mg == 0)
        {
            await ChangeAsync("hold", new { on });
            _onHold = true;
        }
        else
        {
            await ChangeAsync("change-dose", new { on, doseMg = mg });
        }
    }

    private async Task ChangeAsync(string action, object body)
    {
        var changed = await _client.OrderOkAsync(ApiClient.Of(Id, $"/prescriptions/{_prescription.Id}/{action}"), body, _prescription.Version);
        Findings = [.. changed["findings"]!.AsArray().Select(f => (string)f!["rule"]!)];
        _prescription = (_prescription.Id, (long)changed["version"]!);
    }

    private async Task CheckInAsync(JsonNode value)
    {
        var name = (string)value["id"]!;
        var sent = await _client.PostOkAsync(ApiClient.Of(Id, "/check-ins"), Body(value), key: $"check-in-{name}");
        _checkIns[name] = ((string)sent["id"]!, (long)sent["version"]!);
    }

    private static object Body(JsonNode v) => new
    {
        date = s_dayZero.AddDays((int)v["day"]!),
        scores = v["anxiety"] is null && v["nervousness"] is null && v["restlessness"] is null && v["agitation"] is null ? null : new
        {
            anxiety = (int?)v["anxiety"],
            nervousness = (int?)v["nervousness"],
            restlessness = (int?)v["restlessness"],
            agitation = (int?)v["agitation"],
        },
        selfHarmThoughts = (bool?)v["selfHarmThoughts"],
    };

    private async Task ReportAsync(JsonNode e)
    {
        var sent = await _client.PostOkAsync(ApiClient.Of(Id, "/adverse-events"), new
        {
            term = (string)e["term"]!,
            severity = (string)e["severity"]!,
            ctcaeGrade = (int?)e["ctcaeGrade"],
            onsetOn = s_dayZero.AddDays((int)e["onsetDay"]!),
        });
        _checkIns[(string)e["id"]!] = ((string)sent["id"]!, (long)sent["version"]!);
    }

    private async Task AssessAsync(JsonNode a)
    {
        // A case that gives only the total: any answers that come to it.
        var answers = a["answers"]?.AsArray().Select(v => v is null ? (int?)null : v.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.True => 1,
            System.Text.Json.JsonValueKind.False => 0,
            _ => (int)v,
        }).ToArray() ?? [.. Enumerable.Range(0, 7).Select(i => (int?)Math.Clamp((int)a["total"]! - (3 * i), 0, 3))];
        await _client.PostOkAsync(ApiClient.Of(Id, "/assessments"), new { instrument = (string)a["instrument"]!, answers, takenOn = s_dayZero.AddDays((int)a["day"]!) });
    }

    private async Task ActAsync(string family, string action)
    {
        var open = (await _client.GetOkAsync($"/api/v1/follow-ups?patientId={Id}&family={family.ToLowerInvariant()}"))["items"]!.AsArray().Single()!;
        object body = action switch
        {
            "resolve" => new { outcome = "other" },
            "dismiss" => new { reason = "as the case says" },
            _ => new { },
        };
        await _client.PostOkAsync($"/api/v1/follow-ups/{open["id"]}/{action}", body, (long)open["version"]!);
    }
}
