using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CsCheck;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>The guardrails of a titration through HTTP and PostgreSQL: one by one, and against whatever sequence of calls.</summary>
public sealed class TitrationGuardrailTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly string[] Actions = ["start", "advance", "advance", "advance", "hold", "resume", "step-back", "lengthen", "restart", "taper", "stop"];
    private static readonly object[] Reasons = [.. new[] { "R-10", "R-11", "R-12" }.Select(rule => new { rule, reason = "as the test says" })];

    private static readonly Gen<Act> Acts = Gen.Frequency(
        (3, Gen.Select(Gen.Int[0, 2], Gen.Int[0, 9]).Select((days, score) => new Act("report", days, score, 0, false))),
        (7, Gen.Select(Gen.Int[0, 5], Gen.Int[0, Actions.Length - 1], Gen.Int[0, 4], Gen.Bool).Select((days, action, back, overrides) => new Act(Actions[action], days, 0, back, overrides))),
        (1, Gen.Select(Gen.Int[0, 2], Gen.Int[1, 9]).Select((days, length) => new Act("opioid", days, length, 0, false))),
        (1, Gen.Int[0, 2].Select(days => new Act("resolve", days, 0, 0, false))));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task Raising_the_dose_under_an_open_severe_follow_up_takes_a_reason_that_is_kept()
    {
        var clinic = await Clinic.OpenAsync(api, 14);
        await clinic.PostAsync("/start", new { reason = "first dose", on = Today.AddDays(-14) });
        await clinic.ReportAsync(Today, 8);

        using var refused = await clinic.PostAsync("/advance", new { reason = "time is up" });
        var unchanged = await clinic.ScheduleAsync();
        using var wrong = await clinic.PostAsync("/advance", new { reason = "time is up", overrides = new[] { new { rule = "R-11", reason = "not the one" } } });
        using var accepted = await clinic.PostAsync("/advance", new { reason = "time is up", overrides = new[] { new { rule = "R-10", reason = "seen today, explained by an exam" } } });

        var problem = await refused.ReadAsync();
        Assert.Equal((422, "safety-check-failed"), ((int)refused.StatusCode, (string?)problem["code"]));
        Assert.Contains(problem["findings"]!.AsArray(), f => (string)f!["rule"]! == "R-10" && (string)f["effect"]! == "override-required");
        Assert.Equal((2, 422), ((int)unchanged["version"]!, (int)wrong.StatusCode));
        var change = (await accepted.ReadAsync())["changes"]!.AsArray()[^1]!;
        Assert.Equal((1.5m, 3.0m), ((decimal)change["fromDoseMg"]!, (decimal)change["toDoseMg"]!));
        Assert.Equal(("R-10", "seen today, explained by an exam"), ((string)change["overrides"]![0]!["rule"]!, (string)change["overrides"]![0]!["reason"]!));
    }

    /// <summary>Saying that it was done before the follow-up opened does not get round it.</summary>
    [Fact]
    public async Task A_raise_that_is_dated_back_takes_a_reason_too()
    {
        var clinic = await Clinic.OpenAsync(api, 20);
        await clinic.PostAsync("/start", new { reason = "first dose", on = Today.AddDays(-20) });
        await clinic.ReportAsync(Today, 8);

        using var refused = await clinic.PostAsync("/advance", new { reason = "was done on time", on = Today.AddDays(-6) });

        Assert.Equal((422, "safety-check-failed"), ((int)refused.StatusCode, (string?)(await refused.ReadAsync())["code"]));
    }

    [Theory]
    [InlineData("step-back", 0.75)]
    [InlineData("hold", null)]
    [InlineData("lengthen", null)]
    public async Task Going_down_and_waiting_are_free_under_a_severe_follow_up(string action, double? doseMg)
    {
        var clinic = await Clinic.OpenAsync(api, 3);
        await clinic.PostAsync("/start", new { reason = "first dose", on = Today.AddDays(-3) });
        await clinic.ReportAsync(Today, 9);

        using var done = await clinic.PostAsync($"/{action}", action == "lengthen" ? new { reason = "nervous", days = 7 } : new { reason = "nervous" });

        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal((decimal?)doseMg, (decimal?)(await done.ReadAsync())["changes"]!.AsArray()[^1]!["toDoseMg"]);
    }

    [Fact]
    public async Task An_opioid_blocks_every_dose_and_no_reason_helps()
    {
        var clinic = await Clinic.OpenAsync(api, 0);
        await clinic.OpioidAsync(Today, 9);

        using var blocked = await clinic.PostAsync("/start", new { reason = "first dose", overrides = new[] { new { rule = "R-19", reason = "please" } } });

        var problem = await blocked.ReadAsync();
        Assert.Equal((422, "safety-check-failed"), ((int)blocked.StatusCode, (string?)problem["code"]));
        Assert.Contains(problem["findings"]!.AsArray(), f => (string)f!["rule"]! == "R-19" && (string)f["effect"]! == "block");
        Assert.Equal("planned", (string)(await clinic.ScheduleAsync())["status"]!);
    }

    /// <summary>Beside an opioid a held plan may go on down, but not towards more.</summary>
    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 422)]
    public async Task A_hold_ends_downwards_only_beside_an_opioid(bool isTaper, int status)
    {
        var clinic = await Clinic.OpenAsync(api, 9);
        await clinic.PostAsync("/start", new { reason = "first dose", on = Today.AddDays(-9) });
        if (isTaper)
        {
            await clinic.PostAsync("/taper", new { reason = "no benefit", on = Today.AddDays(-5), steps = new[] { new { doseMg = 0.5, days = 7 } } });
        }

        await clinic.PostAsync("/hold", new { reason = "away", on = Today.AddDays(-3) });
        await clinic.OpioidAsync(Today, 9);

        using var resumed = await clinic.PostAsync("/resume", new { reason = "back" });

        Assert.Equal(status, (int)resumed.StatusCode);
    }

    /// <summary>
    /// Whatever is called, in whatever order: nothing but 200, 409 and 422; what is refused changes nothing; no dose rises beside an opioid, nor while a severe
    /// or course follow-up is open unless the reason was given and is kept.
    /// </summary>
    [Fact]
    public async Task No_sequence_of_calls_breaks_a_guardrail() => await Acts.Array[12, 24].SampleAsync(
        async acts =>
        {
            var clinic = await Clinic.OpenAsync(api, 0);
            foreach (var act in acts)
            {
                api.Clock.Advance(TimeSpan.FromDays(act.Days));
                await clinic.LiveAsync(act, Today);
            }
        },
        iter: 12, threads: 1);

    private sealed record Act(string What, int Days, int Number, int Back, bool Overrides);

    /// <summary>A patient with a planned titration, and what a test knows of them without asking the rules.</summary>
    private sealed class Clinic(HttpClient client, PatientId patient, string plan, string prescription)
    {
        private readonly List<(DateOnly From, DateOnly To)> _opioids = [];
        private readonly HashSet<DateOnly> _reported = [];
        private long _version = 1;

        public static async Task<Clinic> OpenAsync(LdnApiHost api, int startedDaysAgo)
        {
            var client = api.ClientOf(LdnApiHost.NewClinic());
            var patient = await LdnApiHost.RegisterAsync(client, "UTC");
            var start = DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime).AddDays(-startedDaysAgo);
            var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = start });
            var plan = await client.PostOkAsync(
                ApiClient.Of(patient, "/titration-schedules"),
                new { prescriptionId = (string)prescription["id"]!, startsOn = start, steps = new object[] { new { doseMg = 1.5, days = 14 }, new { doseMg = 3.0, days = 7 }, new { doseMg = 5.0, days = 7 }, new { doseMg = 30 } } });
            return new Clinic(client, patient, ApiClient.Of(patient, $"/titration-schedules/{plan["id"]}"), ApiClient.Of(patient, $"/prescriptions/{prescription["id"]}"));
        }

        public Task<JsonNode> ScheduleAsync() => client.GetOkAsync(plan);

        public async Task<HttpResponseMessage> PostAsync(string action, object body)
        {
            var response = await client.SendAsync(HttpMethod.Post, plan + action, body, _version);
            _version += response.IsSuccessStatusCode ? 1 : 0;
            return response;
        }

        public Task<JsonNode> ReportAsync(DateOnly date, int anxiety) => client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date, scores = new { anxiety } });

        public async Task OpioidAsync(DateOnly from, int days)
        {
            var code = new { system = "http://www.nlm.nih.gov/research/umls/rxnorm", code = "7804", display = "oxycodone" };
            await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { code, atc = "N02AA05", startedOn = from, stoppedOn = from.AddDays(days) });
            _opioids.Add((from, from.AddDays(days - 1)));
        }

        public async Task LiveAsync(Act act, DateOnly today)
        {
            switch (act.What)
            {
                case "report":
                    if (_reported.Add(today))
                    {
                        await ReportAsync(today, act.Number);
                    }

                    break;
                case "opioid":
                    await OpioidAsync(today, act.Number);
                    break;
                case "resolve":
                    if (await OpenAsync() is [{ } open, ..])
                    {
                        await client.PostOkAsync($"/api/v1/follow-ups/{open["id"]}/resolve", new { outcome = "other" }, (long)open["version"]!);
                    }

                    break;
                default:
                    await MoveAsync(act, today);
                    break;
            }
        }

        private async Task<JsonArray> OpenAsync() => (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}"))["items"]!.AsArray();

        private async Task MoveAsync(Act act, DateOnly today)
        {
            var on = today.AddDays(-act.Back);
            var open = (await OpenAsync()).Select(f => (string)f!["family"]!).ToList();
            var (before, dosesBefore) = (await ScheduleAsync(), (await client.GetOkAsync(prescription))["doses"]!.AsArray());

            using var response = await PostAsync($"/{act.What}", BodyOf(act, on, (decimal?)before["currentDoseMg"], dosesBefore));

            var after = await ScheduleAsync();
            var allowed = before["allowed"]!.AsArray().Select(a => (string)a!).ToList();
            Assert.Contains((int)response.StatusCode, allowed.Contains(act.What) ? [200, 409, 422] : new[] { 409 });
            if (!response.IsSuccessStatusCode)
            {
                Assert.True(JsonNode.DeepEquals(before, after), $"{act} was refused and changed something");
                Assert.True(JsonNode.DeepEquals(dosesBefore, (await client.GetOkAsync(prescription))["doses"]), $"{act} was refused and changed a dose");
                return;
            }

            var change = after["changes"]!.AsArray()[^1]!;
            Assert.Equal((act.What, "dr-gray"), ((string)change["action"]!, (string)change["recordedBy"]!));
            if ((decimal?)change["toDoseMg"] is { } dose)
            {
                var last = dosesBefore.Where(d => DayOf(d!["on"]) < on && (decimal)d["doseMg"]! > 0).Select(d => (decimal?)d!["doseMg"]).LastOrDefault();
                var raised = last is null || dose > last;
                var reasons = change["overrides"]!.AsArray().Select(o => (string)o!["rule"]!).ToList();
                Assert.True(dose < 25, $"{act}: a standard dose went through");
                Assert.False(raised && (open.Contains("severe") || open.Contains("course")) && !reasons.Contains("R-10"), $"{act}: raised to {dose} mg in spite of {string.Join(", ", open)}");
                Assert.False(raised && dose > 4.5m && reasons.Count == 0, $"{act}: above the usual range without a reason");
                Assert.False(raised && _opioids.Exists(o => o.From <= on && on <= o.To), $"{act}: raised beside an opioid");
            }
        }

        private static object BodyOf(Act act, DateOnly on, decimal? dose, JsonArray doses)
        {
            var overrides = act.Overrides ? Reasons : null;
            return act.What switch
            {
                "lengthen" => new { reason = "as the test says", on, days = 3 },
                "taper" => new { reason = "as the test says", on, steps = new[] { new { doseMg = dose > 0 ? decimal.Round(dose.Value / 2, 3) : 1, days = 3 } } },
                "restart" => new { reason = "as the test says", on, lastDoseOn = doses.Count > 0 ? DayOf(doses[^1]!["on"]) : on, overrides },
                "start" or "advance" or "step-back" => new { reason = "as the test says", on, overrides },
                _ => new { reason = "as the test says", on },
            };
        }

        private static DateOnly DayOf(JsonNode? day) => DateOnly.ParseExact((string)day!, "yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
