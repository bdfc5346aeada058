using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Titration as a clinician meets it: every action in every state, who did what and why, doses planned and taken, what a follow-up offers.</summary>
public sealed class TitrationTests(LdnApiHost api) : IClassFixture<LdnApiHost>, IAsyncLifetime
{
    private static readonly string[] Actions = ["start", "advance", "hold", "resume", "step-back", "lengthen", "restart", "taper", "stop"];

    private HttpClient _client = null!;
    private PatientId _patient;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    /// <summary>The first dose was forty days ago.</summary>
    private DateOnly Start => Today.AddDays(-40);

    public async ValueTask InitializeAsync()
    {
        _client = api.ClientOf(LdnApiHost.NewClinic());
        _patient = await LdnApiHost.RegisterAsync(_client, "UTC");
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_template_is_made_read_listed_replaced_and_retired()
    {
        var made = await _client.PostOkAsync("/api/v1/titration-templates", Template("slow", 0.5m, 1.0m));
        var url = $"/api/v1/titration-templates/{made["id"]}";
        var read = await _client.GetOkAsync(url);
        using var replaced = await _client.SendAsync(HttpMethod.Put, url, Template("slower", 0.25m, 0.5m), 1);
        using var stale = await _client.SendAsync(HttpMethod.Put, url, Template("slowest", 0.1m, 0.2m), 1);
        using var unread = await _client.SendAsync(HttpMethod.Put, url, Template("slowest", 0.1m, 0.2m));
        using var staleRetirement = await _client.SendAsync(HttpMethod.Post, $"{url}/retire", null, 1);
        var retired = await _client.PostOkAsync($"{url}/retire", new { }, 2);
        using var late = await _client.SendAsync(HttpMethod.Put, url, Template("back", 0.1m, 0.2m), 3);

        Assert.Equal(("slow", "active", 0.5m, "dr-gray"), ((string)read["name"]!, (string)read["status"]!, (decimal)read["steps"]![0]!["doseMg"]!, (string)read["changedBy"]!));
        Assert.Equal(("slower", 2), ((string)(await replaced.ReadAsync())["name"]!, (int)(await replaced.ReadAsync())["version"]!));
        Assert.Equal((412, 428, 412), ((int)stale.StatusCode, (int)unread.StatusCode, (int)staleRetirement.StatusCode));
        Assert.Equal((409, "retired"), ((int)late.StatusCode, (string?)(await late.ReadAsync())["state"]));
        Assert.Equal("retired", (string)retired["status"]!);
        Assert.Single((await _client.GetOkAsync("/api/v1/titration-templates?status=retired"))["items"]!.AsArray());
        Assert.Empty((await _client.GetOkAsync("/api/v1/titration-templates?status=active"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Two_active_templates_do_not_share_a_name_and_a_retired_one_leaves_its_name()
    {
        var first = await _client.PostOkAsync("/api/v1/titration-templates", Template("slow", 0.5m));
        using var taken = await _client.SendAsync(HttpMethod.Post, "/api/v1/titration-templates", Template("slow", 1.0m));
        await _client.PostOkAsync($"/api/v1/titration-templates/{first["id"]}/retire", new { }, 1);
        using var free = await _client.SendAsync(HttpMethod.Post, "/api/v1/titration-templates", Template("slow", 1.0m));

        Assert.Equal((409, "template-name-taken"), ((int)taken.StatusCode, (string?)(await taken.ReadAsync())["code"]));
        Assert.Equal(HttpStatusCode.Created, free.StatusCode);
    }

    [Fact]
    public async Task A_template_needs_the_scope_to_prescribe_and_is_its_clinics_own()
    {
        var clinic = LdnApiHost.NewClinic();
        using var reader = api.ClientOf(clinic, scope: $"{Scopes.ClinicalRead} {Scopes.ClinicalWrite}");
        using var prescriber = api.ClientOf(clinic);
        using var refused = await reader.SendAsync(HttpMethod.Post, "/api/v1/titration-templates", Template("slow", 0.5m));
        var made = await prescriber.PostOkAsync("/api/v1/titration-templates", Template("slow", 0.5m));
        var prescription = await PrescribeAsync();

        using var foreign = await _client.GetAsync($"/api/v1/titration-templates/{made["id"]}", Ct);
        using var planned = await _client.SendAsync(
            HttpMethod.Post, ApiClient.Of(_patient, "/titration-schedules"), new { prescriptionId = prescription, startsOn = Start, templateId = (string)made["id"]! });

        Assert.Equal((403, 404), ((int)refused.StatusCode, (int)foreign.StatusCode));
        Assert.Equal("slow", (string)(await reader.GetOkAsync($"/api/v1/titration-templates/{made["id"]}"))["name"]!);
        Assert.Equal((422, "unknown-template"), ((int)planned.StatusCode, (string?)(await planned.ReadAsync())["code"]));
    }

    [Fact]
    public async Task A_schedule_copies_the_steps_of_a_template_as_they_are_when_it_is_made()
    {
        var template = await _client.PostOkAsync("/api/v1/titration-templates", Template("slow", 0.5m, 1.0m));
        var plan = await PlanAsync(new { templateId = (string)template["id"]! });
        using var replaced = await _client.SendAsync(HttpMethod.Put, $"/api/v1/titration-templates/{template["id"]}", Template("slow", 0.25m), 1);
        await _client.PostOkAsync($"/api/v1/titration-templates/{template["id"]}/retire", new { }, 2);

        var read = await _client.GetOkAsync(plan);
        using var refused = await _client.SendAsync(
            HttpMethod.Post, ApiClient.Of(_patient, "/titration-schedules"), new { prescriptionId = await PrescribeAsync(), startsOn = Start, templateId = (string)template["id"]! });

        Assert.Equal((0.5m, 1.0m, 1), ((decimal)read["steps"]![0]!["doseMg"]!, (decimal)read["steps"]![1]!["doseMg"]!, (int)read["templateVersion"]!));
        Assert.Equal((string)template["id"]!, (string)read["templateId"]!);
        Assert.Equal((422, "template-retired"), ((int)refused.StatusCode, (string?)(await refused.ReadAsync())["code"]));
    }

    [Theory]
    [InlineData("""{ "steps": [{ "doseMg": 1.5 }, { "doseMg": 3 }], "name": "no days" }""", "$.steps")]
    [InlineData("""{ "steps": [], "name": "no steps" }""", "$.steps")]
    [InlineData("""{ "steps": [{ "doseMg": 0 }], "name": "no dose" }""", "$.steps[0].doseMg")]
    [InlineData("""{ "steps": [{ "doseMg": 1.5, "days": 0 }], "name": "no day" }""", "$.steps[0].days")]
    [InlineData("""{ "steps": [{ "doseMg": 1.5 }], "name": "" }""", "$.name")]
    public async Task A_template_that_is_no_titration_is_refused_with_the_place(string json, string path)
    {
        using var response = await _client.SendAsync(HttpMethod.Post, "/api/v1/titration-templates", ApiClient.Json(json));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
    }

    [Theory]
    [InlineData("""{ "preset": "seed-standard", "steps": [{ "doseMg": 1.5 }] }""", "$.steps")]
    [InlineData("{}", "$.steps")]
    [InlineData("""{ "preset": "by-moonlight" }""", "$.preset")]
    [InlineData("""{ "preset": "seed-standard", "startsOn": "2199-12-20" }""", "$.startsOn")]
    public async Task A_plan_is_of_a_preset_or_a_template_or_steps_and_ends_within_the_calendar(string json, string path)
    {
        var body = JsonNode.Parse(json)!.AsObject();
        body["prescriptionId"] = await PrescribeAsync();
        body["startsOn"] ??= "2026-03-01";

        using var response = await _client.SendAsync(HttpMethod.Post, ApiClient.Of(_patient, "/titration-schedules"), ApiClient.Json(body.ToJsonString()));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
    }

    [Fact]
    public async Task The_presets_are_listed_with_their_sources() =>
        Assert.Equal(6, (await _client.GetOkAsync("/api/v1/titration-presets"))["presets"]!.AsArray().Count(p => ((string)p!["source"]!).Length > 0));

    /// <summary>Whatever the state does not allow is 409, and says what the state is and what it allows.</summary>
    [Theory]
    [InlineData("planned", "", "start stop")]
    [InlineData("active", "start", "advance hold step-back lengthen restart taper stop")]
    [InlineData("active", "start advance advance", "advance hold step-back restart taper stop")]
    [InlineData("held", "start hold", "resume step-back restart taper stop")]
    [InlineData("active", "start advance taper", "advance hold lengthen stop")]
    [InlineData("completed", "start advance advance advance", "")]
    [InlineData("stopped", "start stop", "")]
    public async Task What_the_state_does_not_allow_is_refused(string state, string sequence, string allowed)
    {
        var plan = await PlanAsync();
        var version = 1;
        foreach (var action in sequence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            await _client.PostOkAsync($"{plan}/{action}", BodyOf(action, version), version++);
        }

        var read = await _client.GetOkAsync(plan);

        Assert.Equal((state, allowed), ((string)read["status"]!, string.Join(' ', read["allowed"]!.AsArray().Select(a => (string)a!))));
        foreach (var action in Actions.Except(allowed.Split(' ')))
        {
            using var refused = await _client.SendAsync(HttpMethod.Post, $"{plan}/{action}", BodyOf(action, version), version);
            var problem = await refused.ReadAsync();
            Assert.Equal((409, "invalid-transition", state, action), ((int)refused.StatusCode, (string?)problem["code"], (string?)problem["state"], action));
            Assert.Equal(allowed, string.Join(' ', problem["allowed"]!.AsArray().Select(a => (string)a!)));
        }

        Assert.Equal(version, (int)(await _client.GetOkAsync(plan))["version"]!);
    }

    [Theory]
    [MemberData(nameof(ActionNames))]
    public async Task Every_action_needs_the_version_that_was_read_and_a_reason(string action)
    {
        var plan = await PlanAsync();

        using var unread = await _client.SendAsync(HttpMethod.Post, $"{plan}/{action}", BodyOf(action, 1));
        using var stale = await _client.SendAsync(HttpMethod.Post, $"{plan}/{action}", BodyOf(action, 1), 7);
        using var unreasoned = await _client.SendAsync(HttpMethod.Post, $"{plan}/{action}", new { }, 1);

        Assert.Equal((428, 412, 400), ((int)unread.StatusCode, (int)stale.StatusCode, (int)unreasoned.StatusCode));
        Assert.Equal(1, (int)(await stale.ReadAsync())["currentVersion"]!);
    }

    public static TheoryData<string> ActionNames => new(Actions);

    [Theory]
    [InlineData(-9, "before-last-change")]
    [InlineData(1, "date-in-future")]
    public async Task A_day_before_the_last_change_or_after_today_is_refused(int daysFromToday, string code)
    {
        var plan = await PlanAsync();
        await _client.PostOkAsync($"{plan}/start", new { reason = "first dose", on = Today.AddDays(-8) }, 1);

        using var response = await _client.SendAsync(HttpMethod.Post, $"{plan}/hold", new { reason = "nervous", on = Today.AddDays(daysFromToday) }, 2);

        Assert.Equal((422, code), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    [Fact]
    public async Task Nothing_is_done_inside_a_hold_that_has_ended()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Today.AddDays(-30));
        await MoveAsync(plan, "hold", 2, Today.AddDays(-25));
        var resumed = await MoveAsync(plan, "resume", 3, Today.AddDays(-10));

        foreach (var (action, day) in new[] { ("hold", -24), ("advance", -20), ("stop", -11) })
        {
            using var inside = await _client.SendAsync(HttpMethod.Post, $"{plan}/{action}", new { reason = "as the test says", on = Today.AddDays(day) }, 4);
            Assert.Equal((422, "before-last-change", action), ((int)inside.StatusCode, (string?)(await inside.ReadAsync())["code"], action));
        }

        var held = await MoveAsync(plan, "hold", 4, Today.AddDays(-10));
        Assert.Equal((Days.Format(Today.AddDays(-1)), "held"), ((string)resumed["nextStepOn"]!, (string)held["status"]!));
    }

    /// <summary>3.0 mg by the plan, 1.0 mg by the prescription: back to 1.5 mg would be a raise.</summary>
    [Fact]
    public async Task A_dose_that_was_changed_beside_the_plan_is_the_present_one()
    {
        var (plan, prescription) = await PlanWithPrescriptionAsync();
        await MoveAsync(plan, "start", 1, Start);
        await MoveAsync(plan, "advance", 2, Start.AddDays(14));
        await _client.PostOkAsync($"{prescription}/change-dose", new { doseMg = 1.0m, reason = "poor sleep" }, 3);
        var followUp = await AnxiousAsync();

        using var rising = await _client.SendAsync(HttpMethod.Post, $"{plan}/taper", new { reason = "no benefit", steps = new[] { new { doseMg = 1.5m, days = 7 } } }, 3);
        await MoveAsync(plan, "hold", 3, Today);
        var resumed = await MoveAsync(plan, "resume", 4, Today);

        Assert.Equal(["hold 1.0", "lengthen 1.0"], followUp["offers"]!.AsArray().Select(o => $"{o!["action"]} {o["doseMgAfter"]!.ToJsonString()}"));
        Assert.Equal((422, "not-a-taper"), ((int)rising.StatusCode, (string?)(await rising.ReadAsync())["code"]));
        Assert.Equal("active", (string)resumed["status"]!);
        Assert.Empty(resumed["findings"]!.AsArray());
        Assert.Equal(1.0m, (decimal)(await DoseAsync(plan, Today))["prescribedDoseMg"]!);
    }

    [Theory]
    [InlineData("cancel", "")]
    [InlineData("stop", "start")]
    [InlineData("complete", "start")]
    [InlineData("stop", "start hold")]
    public async Task With_its_prescription_ends_a_titration_and_says_why(string action, string before)
    {
        var (plan, prescription) = await PlanWithPrescriptionAsync();
        var version = 1;
        foreach (var move in before.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            await MoveAsync(plan, move, version, Start.AddDays(4 * version++));
        }

        await _client.PostOkAsync($"{prescription}/{action}", new { on = Start.AddDays(6), reason = "moved away" }, before.Length > 0 ? 2 : 1);
        var read = await _client.GetOkAsync(plan);
        var history = (await _client.GetOkAsync($"{plan}/history"))["items"]!.AsArray();

        var change = read["changes"]!.AsArray()[^1]!;
        Assert.Equal(("stopped", false, version + 1), ((string)read["status"]!, (bool)read["overdue"]!, (int)read["version"]!));
        Assert.Equal(("stop", $"prescription: {action} (moved away)", "dr-gray"), ((string)change["action"]!, (string)change["reason"]!, (string)change["recordedBy"]!));
        Assert.Equal(Days.Format(Start.AddDays(before.Contains("hold", StringComparison.Ordinal) ? 8 : 6)), (string)read["endedOn"]!); // not before the hold
        Assert.Equal(version + 1, history.Count);
        Assert.Empty(read["allowed"]!.AsArray());
    }

    [Fact]
    public async Task A_late_step_a_longer_one_and_a_hold_move_the_later_dates()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);
        var longer = await _client.PostOkAsync($"{plan}/lengthen", new { reason = "some nervousness", on = Start.AddDays(3), days = 7 }, 2);
        var late = await MoveAsync(plan, "advance", 3, Start.AddDays(24));
        var held = await MoveAsync(plan, "hold", 4, Start.AddDays(30));
        var resumed = await MoveAsync(plan, "resume", 5, Start.AddDays(36));

        Assert.Equal(Days.Format(Start.AddDays(21)), (string)longer["nextStepOn"]!);
        Assert.Equal(Days.Format(Start.AddDays(38)), (string)late["steps"]![2]!["plannedOn"]!);
        Assert.Null(held["nextStepOn"]);
        Assert.Equal((Days.Format(Start.AddDays(44)), 4, false), ((string)resumed["nextStepOn"]!, (int)resumed["daysUntilNextStep"]!, (bool)resumed["overdue"]!));
    }

    [Fact]
    public async Task A_step_that_has_not_been_taken_is_overdue_by_its_days()
    {
        var plan = await PlanAsync();
        var started = await MoveAsync(plan, "start", 1, Start);

        Assert.Equal((true, -26), ((bool)started["overdue"]!, (int)started["daysUntilNextStep"]!));
    }

    [Fact]
    public async Task Going_back_from_the_first_step_halves_the_dose()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);

        var back = await MoveAsync(plan, "step-back", 2, Start.AddDays(4));

        Assert.Equal((0.75m, 4), ((decimal)back["currentDoseMg"]!, back["steps"]!.AsArray().Count));
        Assert.Equal(0.75m, (decimal)(await DoseAsync(plan, Start.AddDays(4)))["prescribedDoseMg"]!);
    }

    [Fact]
    public async Task A_restart_after_a_hold_of_the_prescription_takes_the_first_dose_again()
    {
        var (plan, prescription) = await PlanWithPrescriptionAsync();
        await MoveAsync(plan, "start", 1, Start);
        await MoveAsync(plan, "advance", 2, Start.AddDays(14));
        await _client.PostOkAsync($"{prescription}/hold", new { on = Start.AddDays(16), reason = "surgery" }, 3);

        using var step = await _client.SendAsync(HttpMethod.Post, $"{plan}/advance", new { reason = "go on", on = Start.AddDays(20) }, 3);
        using var named = await _client.SendAsync(HttpMethod.Post, $"{plan}/restart", new { reason = "again", on = Start.AddDays(35), lastDoseOn = Start.AddDays(15) }, 3);
        using var noGap = await _client.SendAsync(HttpMethod.Post, $"{plan}/restart", new { reason = "again", on = Start.AddDays(16) }, 3);
        var again = await MoveAsync(plan, "restart", 3, Start.AddDays(35));

        Assert.Equal((409, "on-hold"), ((int)step.StatusCode, (string?)(await step.ReadAsync())["state"]));
        Assert.Equal((422, "gap-known"), ((int)named.StatusCode, (string?)(await named.ReadAsync())["code"]));
        Assert.Equal((422, "no-gap"), ((int)noGap.StatusCode, (string?)(await noGap.ReadAsync())["code"]));
        Assert.Equal((1.5m, "active"), ((decimal)again["currentDoseMg"]!, (string)(await _client.GetOkAsync(prescription))["status"]!));
        Assert.Equal([3.0m, 0m, 1.5m], await PrescribedAsync(plan, 15, 34, 35));
    }

    [Fact]
    public async Task A_restart_records_the_days_that_nobody_had_recorded()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);
        await MoveAsync(plan, "advance", 2, Start.AddDays(14));

        using var unnamed = await _client.SendAsync(HttpMethod.Post, $"{plan}/restart", new { reason = "was away", on = Start.AddDays(38) }, 3);
        using var eve = await _client.SendAsync(HttpMethod.Post, $"{plan}/restart", new { reason = "was away", on = Start.AddDays(38), lastDoseOn = Start.AddDays(37) }, 3);
        using var early = await _client.SendAsync(HttpMethod.Post, $"{plan}/restart", new { reason = "was away", on = Start.AddDays(38), lastDoseOn = Start.AddDays(13) }, 3);
        var again = await _client.PostOkAsync($"{plan}/restart", new { reason = "was away", on = Start.AddDays(38), lastDoseOn = Start.AddDays(20) }, 3);
        var evaluation = await _client.GetOkAsync(ApiClient.Of(_patient, "/evaluation"));

        Assert.Equal((422, 422, 422), ((int)unnamed.StatusCode, (int)eve.StatusCode, (int)early.StatusCode));
        Assert.Equal("$.lastDoseOn", (await early.ReadAsync())["errors"]!.AsObject().Single().Key);
        Assert.Equal([3.0m, 0m, 0m, 1.5m], await PrescribedAsync(plan, 20, 21, 37, 38));
        Assert.Equal(Days.Format(Start.AddDays(20)), (string)again["changes"]![2]!["lastDoseOn"]!);
        // A restart after such a gap begins an epoch: silence after it is missed again.
        Assert.Contains(evaluation["families"]!.AsArray(), f => (string)f!["family"]! == "missing" && (string)f["verdict"]! == "raised");
    }

    [Fact]
    public async Task A_taper_goes_down_to_no_dose_and_completes_the_prescription()
    {
        var (plan, prescription) = await PlanWithPrescriptionAsync();
        await MoveAsync(plan, "start", 1, Start);
        await MoveAsync(plan, "advance", 2, Start.AddDays(14));

        using var rising = await _client.SendAsync(HttpMethod.Post, $"{plan}/taper", new { reason = "no benefit", on = Start.AddDays(20), steps = new[] { new { doseMg = 3.0m, days = 7 } } }, 3);
        var taper = await _client.PostOkAsync($"{plan}/taper", new { reason = "no benefit", on = Start.AddDays(20), steps = new[] { new { doseMg = 1.5m, days = 7 }, new { doseMg = 0.5m, days = 7 } } }, 3);
        await MoveAsync(plan, "advance", 4, Start.AddDays(27));
        var ended = await MoveAsync(plan, "advance", 5, Start.AddDays(34));

        Assert.Equal((422, "not-a-taper"), ((int)rising.StatusCode, (string?)(await rising.ReadAsync())["code"]));
        Assert.Equal((1.5m, "taper"), ((decimal)taper["currentDoseMg"]!, (string)taper["steps"]![3]!["phase"]!));
        Assert.Equal(("completed", 0m), ((string)ended["status"]!, (decimal)ended["currentDoseMg"]!));
        Assert.Equal("completed", (string)(await _client.GetOkAsync(prescription))["status"]!);
        Assert.Equal([1.5m, 0.5m, 0m], await PrescribedAsync(plan, 20, 33, 34));
    }

    [Fact]
    public async Task Each_change_says_who_when_why_and_for_which_follow_up()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);
        var followUp = await AnxiousAsync();
        using var foreign = await _client.SendAsync(HttpMethod.Post, $"{plan}/hold", new { reason = "asked", followUpId = Guid.CreateVersion7() }, 2);

        await _client.PostOkAsync($"{plan}/lengthen", new { reason = "calm down first", days = 7, followUpId = (string)followUp["id"]! }, 2);
        var changes = (await _client.GetOkAsync(plan))["changes"]!.AsArray();

        Assert.Equal((422, "unknown-follow-up"), ((int)foreign.StatusCode, (string?)(await foreign.ReadAsync())["code"]));
        Assert.Equal(["start", "lengthen"], changes.Select(c => (string)c!["action"]!));
        Assert.Equal((1.5m, null), ((decimal?)changes[0]!["toDoseMg"], (decimal?)changes[1]!["toDoseMg"]));
        Assert.Equal(("dr-gray", "calm down first", 7, Days.Format(Today)),
            ((string)changes[1]!["recordedBy"]!, (string)changes[1]!["reason"]!, (int)changes[1]!["days"]!, (string)changes[1]!["on"]!));
        Assert.Equal((string)followUp["id"]!, (string)changes[1]!["followUpId"]!);
        Assert.NotNull(changes[1]!["recordedAt"]);
    }

    [Fact]
    public async Task The_actual_dose_is_what_the_check_ins_report_a_missed_one_included()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);
        await ReportAsync(Start.AddDays(1), new { missed = true });
        await ReportAsync(Start.AddDays(2), new { takenAt = "21:05", doseMg = 3.0m });
        await ReportAsync(Start.AddDays(3), new { takenAt = "21:30" });
        var retracted = await ReportAsync(Start.AddDays(4), new { missed = true });
        await _client.PostOkAsync(ApiClient.Of(_patient, $"/check-ins/{retracted["id"]}/retract"), new { reason = "another patient's" }, 1);
        var doses = await _client.GetOkAsync($"{plan}/doses?from={Days.Format(Start)}&to={Days.Format(Start.AddDays(4))}");

        Assert.Equal(
            [(1.5m, "prescription"), (0m, "check-ins"), (3.0m, "check-ins"), (1.5m, "check-ins"), (1.5m, "prescription")],
            doses["days"]!.AsArray().Select(d => ((decimal)d!["actualDoseMg"]!, (string)d["actualFrom"]!)));
        Assert.Equal("""{"days":5,"reported":3,"asPrescribed":1,"missed":1,"otherwise":1,"takenRatio":0.333}""", doses["adherence"]!.ToJsonString());
        var missed = await DoseAsync(plan, Start.AddDays(1));
        Assert.Equal((1.5m, 1.5m, 0m), ((decimal)missed["plannedDoseMg"]!, (decimal)missed["prescribedDoseMg"]!, (decimal)missed["actualDoseMg"]!));
        Assert.Null((await DoseAsync(plan, Today.AddDays(1)))["actualDoseMg"]);
    }

    [Theory]
    [InlineData("from=2026-03-10&to=2026-03-09")]
    [InlineData("from=2024-03-10&to=2026-03-09")]
    [InlineData("from=0001-01-01")]
    [InlineData("to=9999-12-31")]
    [InlineData("to=0001-01-01")]
    public async Task A_period_that_means_nothing_is_400(string query)
    {
        using var response = await _client.GetAsync($"{await PlanAsync()}/doses?{query}", Ct);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task An_open_follow_up_offers_what_the_schedule_allows_and_performs_none_of_it()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);
        await MoveAsync(plan, "advance", 2, Start.AddDays(14));
        var followUp = await AnxiousAsync();

        var offers = followUp["offers"]!.AsArray();

        Assert.Equal(["hold 3.0", "step-back 1.5", "lengthen 3.0"], offers.Select(o => $"{o!["action"]} {o["doseMgAfter"]!.ToJsonString()}"));
        Assert.Equal(3, (int)(await _client.GetOkAsync(plan))["version"]!); // reading it moved nothing
        using var taken = await SendAsync(offers[1]!);
        using var stale = await SendAsync(offers[0]!);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.PreconditionFailed), (taken.StatusCode, stale.StatusCode));
        var change = (await taken.ReadAsync())["changes"]!.AsArray()[^1]!;
        Assert.Equal(((string)followUp["id"]!, "step-back"), ((string)change["followUpId"]!, (string)change["action"]!));
    }

    [Fact]
    public async Task Each_offer_can_be_sent_as_it_stands_and_the_rest_follows_the_new_state()
    {
        var plan = await PlanAsync();
        await MoveAsync(plan, "start", 1, Start);
        await MoveAsync(plan, "advance", 2, Start.AddDays(14));
        var followUp = $"/api/v1/follow-ups/{(await AnxiousAsync())["id"]}";

        using var lengthened = await SendAsync(await OfferAsync(followUp, "lengthen"));
        using var held = await SendAsync(await OfferAsync(followUp, "hold"));
        var whileHeld = (await _client.GetOkAsync(followUp))["offers"]!.AsArray().Select(o => (string)o!["action"]!);
        using var back = await SendAsync(await OfferAsync(followUp, "step-back"));
        await MoveAsync(plan, "stop", 6, Today);

        Assert.All([lengthened, held, back], r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        Assert.Equal(["step-back"], whileHeld);
        Assert.Empty((await _client.GetOkAsync(followUp))["offers"]!.AsArray());
    }

    [Fact]
    public async Task A_closed_follow_up_and_a_titration_not_yet_begun_have_nothing_to_offer()
    {
        await PlanAsync();
        var open = await AnxiousAsync();
        var closed = await _client.PostOkAsync($"/api/v1/follow-ups/{open["id"]}/resolve", new { outcome = "dose-held" }, (long)open["version"]!);

        Assert.Empty(open["offers"]!.AsArray());
        Assert.Empty(closed["offers"]!.AsArray());
    }

    private static object Template(string name, params decimal[] doses) => new
    {
        name,
        steps = doses.Select((doseMg, i) => new { doseMg, days = i == doses.Length - 1 ? (int?)null : 14 }),
    };

    private object BodyOf(string action, int version)
    {
        var on = Start.AddDays(4 * version);
        return action switch
        {
            "lengthen" => new { reason = "as the test says", on, days = 7 },
            "taper" => new { reason = "as the test says", on, steps = new[] { new { doseMg = 0.5m, days = 7 } } },
            _ => new { reason = "as the test says", on },
        };
    }

    private async Task<string> PrescribeAsync() =>
        (string)(await _client.PostOkAsync(ApiClient.Of(_patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = Start }))["id"]!;

    private async Task<string> PlanAsync(object? of = null) => (await PlanWithPrescriptionAsync(of)).Plan;

    private async Task<(string Plan, string Prescription)> PlanWithPrescriptionAsync(object? of = null)
    {
        var prescription = await PrescribeAsync();
        var body = System.Text.Json.JsonSerializer.SerializeToNode(of ?? new { preset = "seed-standard" }, WireJson.Options)!.AsObject();
        body["prescriptionId"] = prescription;
        body["startsOn"] = Days.Format(Start);
        var plan = await _client.PostOkAsync(ApiClient.Of(_patient, "/titration-schedules"), body);
        return (ApiClient.Of(_patient, $"/titration-schedules/{plan["id"]}"), ApiClient.Of(_patient, $"/prescriptions/{prescription}"));
    }

    private Task<JsonNode> MoveAsync(string plan, string action, long version, DateOnly on) => _client.PostOkAsync($"{plan}/{action}", new { reason = "as the test says", on }, version);

    private Task<JsonNode> DoseAsync(string plan, DateOnly on) => _client.GetOkAsync($"{plan}/dose?on={Days.Format(on)}");

    private async Task<decimal[]> PrescribedAsync(string plan, params int[] days)
    {
        var doses = new List<decimal>();
        foreach (var day in days)
        {
            doses.Add((decimal)(await DoseAsync(plan, Start.AddDays(day)))["prescribedDoseMg"]!);
        }

        return [.. doses];
    }

    private Task<JsonNode> ReportAsync(DateOnly date, object dose) => _client.PostOkAsync(ApiClient.Of(_patient, "/check-ins"), new { date, dose });

    /// <summary>A day of 8: the severe follow-up that it raises.</summary>
    private async Task<JsonNode> AnxiousAsync()
    {
        var report = await _client.PostOkAsync(ApiClient.Of(_patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } });
        var raised = report["followUps"]!.AsArray().Single(f => (string)f!["family"]! == "severe")!;
        return await _client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}");
    }

    private async Task<JsonNode> OfferAsync(string followUp, string action) =>
        (await _client.GetOkAsync(followUp))["offers"]!.AsArray().Single(o => (string)o!["action"]! == action)!;

    /// <summary>Sends an offer as it came, and nothing else.</summary>
    private async Task<HttpResponseMessage> SendAsync(JsonNode offer)
    {
        using var request = new HttpRequestMessage(new HttpMethod((string)offer["method"]!), (string)offer["path"]!);
        request.Content = new StringContent(offer["body"]!.ToJsonString());
        foreach (var (name, value) in offer["headers"]!.AsObject())
        {
            if (name == "Content-Type")
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse((string)value!);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, (string)value!);
            }
        }

        return await _client.SendAsync(request, Ct);
    }
}
