using System.Text.Json.Nodes;
using LdnApi.Clinical.Time;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>A past day, evaluated as it was known then, is what was announced then, whatever became known, was corrected or done since.</summary>
public sealed class PastDayTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const int Days = 24;
    private const string Zone = "America/New_York";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_past_day_says_what_was_announced_then(int seed)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var story = new Story(api, client, new Random(seed));
        await story.BeginAsync();
        var told = new List<(DateOnly Day, string Evaluation, JsonNode[] Queue)>();
        for (var i = 0; i < Days; i++)
        {
            var day = await story.LiveADayAsync();
            await api.RunNightlyAsync();
            told.Add((day, await EvaluationAsync(day), await QueueAsync()));
        }

        Assert.True(told.Select(t => t.Evaluation).Distinct().Count() > Days / 2); // something happened
        Assert.All(story.Kinds, k => Assert.True(k.Value > 0, $"{k.Key} did not happen."));
        foreach (var (day, evaluation, queue) in told)
        {
            // What was acknowledged stays although the facts no longer say it: of that family the evaluation may say less.
            var seen = queue.Where(f => (bool)f["evidenceChanged"]!).Select(f => (string)f["family"]!).ToArray();
            Assert.Equal(Lines(queue, seen), Lines(JsonNode.Parse(evaluation)!["open"]!.AsArray(), seen));
            Assert.Equal(evaluation, await EvaluationAsync(day));
        }

        async Task<string> EvaluationAsync(DateOnly day) => (await client.GetOkAsync(ApiClient.Of(story.Patient, $"/evaluation?asOf={day:yyyy-MM-dd}"))).ToJsonString();

        async Task<JsonNode[]> QueueAsync()
        {
            var items = new List<JsonNode>();
            foreach (var status in new[] { "open", "acknowledged" })
            {
                items.AddRange((await client.GetOkAsync($"/api/v1/follow-ups?patientId={story.Patient}&status={status}"))["items"]!.AsArray().Select(f => f!));
            }

            return [.. items];
        }
    }

    /// <summary>Who moves from Auckland to Los Angeles has later days there; the days before are still those of Auckland.</summary>
    [Fact]
    public async Task A_past_day_ends_where_the_patient_lived_then()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "Pacific/Auckland");
        var day = ClinicalDay.Of(api.Clock.GetUtcNow(), "Pacific/Auckland");
        var next = ClinicalDay.InstantOf(day.AddDays(1), new TimeOnly(6, 0), "Pacific/Auckland");
        api.Clock.SetUtcNow(next);
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = day, scores = new { anxiety = 9 } }); // in the morning after: not known that day

        var before = await OpenAsync();
        api.Clock.Advance(TimeSpan.FromDays(3));
        var moved = new { name = new { family = "Test" }, timeZone = "America/Los_Angeles" };
        using var put = await client.SendAsync(HttpMethod.Put, ApiClient.Of(patient), moved, 1);
        var after = await OpenAsync();

        Assert.True(put.IsSuccessStatusCode);
        Assert.Equal(("[]", "[]"), (before, after));

        async Task<string> OpenAsync() => (await client.GetOkAsync(ApiClient.Of(patient, $"/evaluation?asOf={day:yyyy-MM-dd}")))["open"]!.ToJsonString();
    }

    private static string[] Lines(IEnumerable<JsonNode?> followUps, string[] except) =>
    [
        .. followUps.Where(f => !except.Contains((string)f!["family"]!))
            .Select(f => $"{f!["family"]} {f["label"]} {f["priority"]} {f["openedOn"]} {f["recurrence"]}").Order(StringComparer.Ordinal),
    ];

    /// <summary>A patient's days, made up: reports on time and late, corrected and taken back, events, medicines, doses, and what clinicians do about it.</summary>
    private sealed class Story(LdnApiHost api, HttpClient client, Random random)
    {
        private readonly List<Stored> _reports = [];
        private readonly List<Stored> _events = [];
        private readonly List<Stored> _medicines = [];
        private (string Id, long Version) _prescription;

        public PatientId Patient { get; private set; }

        public Dictionary<string, int> Kinds { get; } = new[] { "report", "late", "correct", "retract", "event", "medicine", "act" }.ToDictionary(k => k, _ => 0);

        private DateOnly Today => ClinicalDay.Of(api.Clock.GetUtcNow(), Zone);

        public async Task BeginAsync()
        {
            Morning(Today.AddDays(1));
            Patient = await LdnApiHost.RegisterAsync(client, Zone, anxietyHistory: random.Next(2) == 0 ? null : false, baselineAnxiety: 1);
            _prescription = await client.PrescribeAsync(Patient, Today, 3.0m);
        }

        /// <returns>The day; the clock then stands at 03:00 of the next.</returns>
        public async Task<DateOnly> LiveADayAsync()
        {
            var day = Today;
            await MaybeAsync(0.7, "report", () => ReportAsync(day));
            await MaybeAsync(0.35, "late", () => ReportAsync(day.AddDays(-random.Next(1, 7))));
            await MaybeAsync(0.25, "correct", CorrectAsync);
            await MaybeAsync(0.15, "retract", RetractAsync);
            await MaybeAsync(0.15, "event", () => EventAsync(day));
            await MaybeAsync(0.15, "medicine", () => MedicineAsync(day));
            await MaybeAsync(0.1, "lower", () => LowerAsync(day));
            await MaybeAsync(0.45, "act", ActAsync);
            await MaybeAsync(0.3, "report", () => ReportAsync(day));
            api.Clock.SetUtcNow(ClinicalDay.InstantOf(day.AddDays(1), new TimeOnly(3, 0), Zone));
            return day;
        }

        private void Morning(DateOnly day) => api.Clock.SetUtcNow(ClinicalDay.InstantOf(day, new TimeOnly(8, 0), Zone));

        private async Task MaybeAsync(double chance, string kind, Func<Task<bool>> act)
        {
            api.Clock.Advance(TimeSpan.FromMinutes(10));
            if (random.NextDouble() < chance && await act())
            {
                Kinds[kind] = Kinds.GetValueOrDefault(kind) + 1;
            }
        }

        private object Body(DateOnly date) => new
        {
            date,
            scores = new { anxiety = Math.Min(10, random.Next(0, 6) + random.Next(0, 4)), sleepQuality = random.Next(0, 9) },
            caffeineMg = random.Next(0, 700),
        };

        private async Task<bool> ReportAsync(DateOnly date)
        {
            _reports.Add(Stored.Of(await client.PostOkAsync(ApiClient.Of(Patient, "/check-ins"), Body(date)), date));
            return true;
        }

        private Task<bool> CorrectAsync() => ChangeAsync(_reports, async r =>
            r.Read(await client.PostOkAsync(ApiClient.Of(Patient, $"/check-ins/{r.Id}/correct"), new { reason = "mistyped", checkIn = Body(r.On) }, r.Version)));

        private Task<bool> RetractAsync() => ChangeAsync(_reports, async r =>
        {
            await client.PostOkAsync(ApiClient.Of(Patient, $"/check-ins/{r.Id}/retract"), new { reason = "another patient's" }, r.Version);
            _reports.Remove(r);
        });

        private async Task<bool> EventAsync(DateOnly day)
        {
            if (_events.Count > 0 && random.Next(3) == 0)
            {
                return await ChangeAsync(_events, async e =>
                {
                    await client.PostOkAsync(ApiClient.Of(Patient, $"/adverse-events/{e.Id}/resolve"), new { resolvedOn = day }, e.Version);
                    _events.Remove(e);
                });
            }

            var onset = day.AddDays(-random.Next(0, 12));
            var (term, severity) = (Pick("restlessness", "worry", "headache", "insomnia"), Pick("mild", "moderate", "severe"));
            _events.Add(Stored.Of(await client.PostOkAsync(ApiClient.Of(Patient, "/adverse-events"), new { term, severity, onsetOn = onset }), onset));
            return true;
        }

        private async Task<bool> MedicineAsync(DateOnly day)
        {
            if (_medicines.Count > 0 && random.Next(2) == 0)
            {
                return await ChangeAsync(_medicines, async m =>
                {
                    await client.PostOkAsync(ApiClient.Of(Patient, $"/medications/{m.Id}/stop"), new { stoppedOn = day }, m.Version);
                    _medicines.Remove(m);
                });
            }

            var startedOn = day.AddDays(-random.Next(1, 40));
            _medicines.Add(Stored.Of(await client.PostOkAsync(ApiClient.Of(Patient, "/medications"), new { atc = Pick("N02AX02", "N06AB06", "N06BA04"), startedOn }), startedOn));
            return true;
        }

        private async Task<bool> LowerAsync(DateOnly day)
        {
            var changed = await client.PostOkAsync(ApiClient.Of(Patient, $"/prescriptions/{_prescription.Id}/change-dose"), new { on = day, doseMg = 1.5 }, _prescription.Version);
            _prescription = (_prescription.Id, (long)changed["version"]!);
            return true;
        }

        private async Task<bool> ActAsync()
        {
            var queue = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={Patient}&limit=200"))["items"]!.AsArray();
            if (queue.Count == 0)
            {
                return false;
            }

            var followUp = queue[random.Next(queue.Count)]!;
            var (verb, body) = random.Next((string)followUp["status"]! == "open" ? 3 : 2) switch
            {
                0 => ("resolve", (object)new { outcome = "other" }),
                1 => ("dismiss", new { reason = "explained" }),
                _ => ("acknowledge", new { }),
            };
            await client.PostOkAsync($"/api/v1/follow-ups/{followUp["id"]}/{verb}", body, (long)followUp["version"]!);
            return true;
        }

        private async Task<bool> ChangeAsync(List<Stored> records, Func<Stored, Task> change)
        {
            if (records.Count == 0)
            {
                return false;
            }

            await change(records[random.Next(records.Count)]);
            return true;
        }

        private string Pick(params string[] of) => of[random.Next(of.Length)];

        private sealed class Stored
        {
            public required string Id { get; init; }
            public required DateOnly On { get; init; }
            public long Version { get; private set; }

            public static Stored Of(JsonNode record, DateOnly on)
            {
                var stored = new Stored { Id = (string)record["id"]!, On = on };
                stored.Read(record);
                return stored;
            }

            public void Read(JsonNode record) => Version = (long)record["version"]!;
        }
    }
}
