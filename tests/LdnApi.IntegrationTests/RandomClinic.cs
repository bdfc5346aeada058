using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>
/// A clinic that lives through some weeks by the dice: reports on time, late, corrected and retracted, doses, events, questionnaires, medicines, changed
/// patients, clinicians' acts, nights, and changes of the settings. The same seed lives the same life.
/// </summary>
internal sealed class RandomClinic(LdnApiHost api, int seed, ClinicId? clinic = null)
{
    private static readonly string[] Zones = ["UTC", "Pacific/Auckland", "America/Los_Angeles", "Europe/Dublin"];
    private static readonly string[] Terms = ["anxiety", "restlessness", "insomnia", "headache", "palpitations"];

    private readonly Random _dice = new(seed);
    private readonly List<PatientId> _patients = [];
    private readonly Dictionary<PatientId, (string Id, long Version)> _prescriptions = [];
    private readonly List<(PatientId Patient, string Id, long Version)> _checkIns = [];
    private readonly List<(PatientId Patient, string Id, long Version)> _events = [];
    private readonly HttpClient _client = api.ClientOf(clinic ?? LdnApiHost.NewClinic());
    private int _settings = 1;

    public HttpClient Client => _client;

    /// <summary>Some refusals are a part of life: only what was accepted counts.</summary>
    public int Refused { get; private set; }

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    public async Task LiveAsync(int patients, int days, bool changesSettings = false)
    {
        NextDay();
        for (var i = 0; i < patients; i++)
        {
            _patients.Add(await LdnApiHost.RegisterAsync(
                _client, Pick(Zones), _dice.Next(3) switch { 0 => true, 1 => false, _ => null }, _dice.Next(2) == 0 ? _dice.Next(4) : null));
        }

        for (var day = 0; day < days; day++)
        {
            foreach (var hour in new[] { 1, 9, 17 })
            {
                api.Clock.SetUtcNow(new DateTimeOffset(Today, new TimeOnly(hour, _dice.Next(60), _dice.Next(60)), TimeSpan.Zero));
                await api.RunNightlyAsync();
                foreach (var patient in _patients)
                {
                    for (var n = _dice.Next(3); n > 0; n--)
                    {
                        await StepAsync(patient);
                    }
                }
            }

            if (changesSettings && _dice.Next(6) == 0)
            {
                await ChangeSettingsAsync();
            }

            NextDay();
        }

        await api.RunNightlyAsync();
    }

    private void NextDay() => api.Clock.SetUtcNow(new DateTimeOffset(Today.AddDays(1), new TimeOnly(0, 5), TimeSpan.Zero));

    private async Task StepAsync(PatientId patient)
    {
        switch (_dice.Next(20))
        {
            case < 8:
                await CheckInAsync(patient, Today.AddDays(-1 - _dice.Next(2)));
                break;
            case 8:
                await CheckInAsync(patient, Today.AddDays(-2 - _dice.Next(20))); // late
                break;
            case 9 when OneOf(_checkIns, patient) is { } i and >= 0:
                Remember(_checkIns, patient, await SendAsync(
                    $"/check-ins/{_checkIns[i].Id}/correct", patient, new { reason = "typed wrongly", checkIn = Report(Today.AddDays(-1 - _dice.Next(9))) }, _checkIns[i].Version));
                break;
            case 10 when OneOf(_checkIns, patient) is { } i and >= 0:
                await SendAsync($"/check-ins/{_checkIns[i].Id}/retract", patient, new { reason = "another patient's" }, _checkIns[i].Version);
                _checkIns.RemoveAt(i);
                break;
            case 11 or 12:
                await DoseAsync(patient);
                break;
            case 13:
                Remember(_events, patient, await SendAsync("/adverse-events", patient, new
                {
                    term = Pick(Terms),
                    severity = Pick(["mild", "moderate", "severe"]),
                    onsetOn = Today.AddDays(-1 - _dice.Next(12)),
                    seriousness = _dice.Next(6) == 0 ? new[] { "hospitalization" } : [],
                }));
                break;
            case 14 when OneOf(_events, patient) is { } i and >= 0:
                await (_dice.Next(2) == 0
                    ? SendAsync($"/adverse-events/{_events[i].Id}/retract", patient, new { reason = "another patient's" }, _events[i].Version)
                    : SendAsync($"/adverse-events/{_events[i].Id}/resolve", patient, new { resolvedOn = Today.AddDays(-1) }, _events[i].Version));
                _events.RemoveAt(i);
                break;
            case 15:
                await SendAsync("/assessments", patient, new { instrument = "gad-7", answers = Enumerable.Range(0, 7).Select(_ => _dice.Next(4)), takenOn = Today.AddDays(-1 - _dice.Next(9)) });
                break;
            case 16:
                await SendAsync("/medications", patient, new { atc = Pick(["N02AX02", "N06AB04", "N06BA04"]), startedOn = Today.AddDays(-1 - _dice.Next(5)), stoppedOn = (DateOnly?)null });
                break;
            case 17 when _dice.Next(4) == 0:
                await MoveAsync(patient);
                break;
            default:
                await ActAsync(patient);
                break;
        }
    }

    private object Report(DateOnly date) => new
    {
        date,
        scores = new { anxiety = _dice.Next(10) switch { < 3 => _dice.Next(4), < 9 => 4 + _dice.Next(3), _ => 7 + _dice.Next(4) } },
        selfHarmThoughts = _dice.Next(60) == 0,
    };

    private async Task CheckInAsync(PatientId patient, DateOnly date) => Remember(_checkIns, patient, await SendAsync("/check-ins", patient, Report(date)));

    private async Task DoseAsync(PatientId patient)
    {
        if (!_prescriptions.TryGetValue(patient, out var prescription))
        {
            var reasons = new[] { new { rule = "R-10", reason = "agreed" } };
            if (await SendAsync("/prescriptions", patient, new { doseMg = 1.5m, startsOn = Today.AddDays(-3), overrides = reasons }) is { } written
                && await SendAsync($"/prescriptions/{written["id"]}/activate", patient, new { on = Today.AddDays(-3), overrides = reasons }, (long)written["version"]!) is { } active)
            {
                _prescriptions[patient] = ((string)active["id"]!, (long)active["version"]!);
            }

            return;
        }

        var (action, body) = _dice.Next(3) switch
        {
            0 => ("change-dose", (object)new { doseMg = 0.5m * (1 + _dice.Next(9)), overrides = new[] { new { rule = "R-10", reason = "agreed" } } }),
            1 => ("hold", new { reason = "nervous" }),
            _ => ("resume", new { reason = "calm", overrides = new[] { new { rule = "R-10", reason = "agreed" } } }),
        };
        if (await SendAsync($"/prescriptions/{prescription.Id}/{action}", patient, body, prescription.Version) is { } changed)
        {
            _prescriptions[patient] = (prescription.Id, (long)changed["version"]!);
        }
    }

    private async Task MoveAsync(PatientId patient)
    {
        var read = await _client.GetOkAsync(ApiClient.Of(patient));
        using var moved = await _client.SendAsync(HttpMethod.Put, ApiClient.Of(patient), new
        {
            name = new { family = "Lovelace" },
            timeZone = Pick(Zones),
            anxietyHistory = _dice.Next(2) == 0,
            baselineAnxiety = _dice.Next(4),
        }, (long)read["version"]!);
        Refused += moved.IsSuccessStatusCode ? 0 : 1;
    }

    private async Task ActAsync(PatientId patient)
    {
        var open = (await _client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}"))["items"]!.AsArray();
        if (open.Count == 0)
        {
            return;
        }

        var followUp = open[_dice.Next(open.Count)]!;
        var (action, body) = _dice.Next(6) switch
        {
            0 => ("resolve", (object)new { outcome = "other" }),
            1 => ("dismiss", new { reason = "explained" }),
            2 => ("snooze", new { days = 1 }),
            3 => ("assign", new { assignee = "dr-gray" }),
            4 => ("start", new { }),
            _ => ("acknowledge", new { }),
        };
        using var answered = await _client.SendAsync(HttpMethod.Post, $"/api/v1/follow-ups/{followUp["id"]}/{action}", body, (long)followUp["version"]!);
        Refused += answered.IsSuccessStatusCode ? 0 : 1;
    }

    private async Task ChangeSettingsAsync()
    {
        using var changed = await _client.SendAsync(HttpMethod.Put, "/api/v1/rule-settings", new
        {
            reason = "by the dice",
            settings = new { symptomaticNrs = 3 + _dice.Next(3), severeNrs = 6 + _dice.Next(3), missingDays = 2 + _dice.Next(3), persistMinDays = new { standard = 6 + _dice.Next(4), withHistory = 3 } },
        }, _settings);
        _settings += changed.IsSuccessStatusCode ? 1 : 0;
        Refused += changed.IsSuccessStatusCode ? 0 : 1;
        await api.RunNightlyAsync();
    }

    private async Task<JsonNode?> SendAsync(string path, PatientId patient, object body, long? ifMatch = null)
    {
        using var response = await _client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, path), body, ifMatch);
        Assert.True((int)response.StatusCode < 500, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Refused += response.IsSuccessStatusCode ? 0 : 1;
        return response.IsSuccessStatusCode ? await response.ReadAsync() : null;
    }

    /// <summary>Keeps in mind what was made or changed; a refusal changed nothing.</summary>
    private static void Remember(List<(PatientId Patient, string Id, long Version)> records, PatientId patient, JsonNode? answered)
    {
        if (answered is not null)
        {
            var id = (string)answered["id"]!;
            records.RemoveAll(r => r.Id == id);
            records.Add((patient, id, (long)answered["version"]!));
        }
    }

    private int OneOf(List<(PatientId Patient, string, long)> records, PatientId patient)
    {
        var own = Enumerable.Range(0, records.Count).Where(i => records[i].Patient == patient).ToArray();
        return own.Length == 0 ? -1 : own[_dice.Next(own.Length)];
    }

    private T Pick<T>(T[] from) => from[_dice.Next(from.Length)];
}
