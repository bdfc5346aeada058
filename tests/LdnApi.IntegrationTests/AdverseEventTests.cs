using System.Net;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Adverse events as a clinician works with them: report, duplicates, clock, cause.</summary>
public sealed class AdverseEventTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly JsonArray Naranjo = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "naranjo.json")))!.AsArray();

    public static TheoryData<string> NaranjoCases => new(Naranjo.Select(c => (string)c!["id"]!));

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Theory]
    [MemberData(nameof(NaranjoCases))]
    public async Task The_naranjo_answers_are_kept_and_scored(string id)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var c = Naranjo.Single(n => (string)n!["id"]! == id)!;
        var url = await ReportAsync(client, new { term = "anxiety", severity = "mild", onsetOn = Today });

        var assessed = (await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Gray", naranjo = new { answers = c["answers"]!.DeepClone() } }, 1))["causality"]!["naranjo"]!;

        Assert.Equal(c["answers"]!.ToJsonString(), assessed["answers"]!.ToJsonString());
        Assert.Equal(((int)c["expected"]!["score"]!, (string)c["expected"]!["category"]!), ((int)assessed["score"]!, (string)assessed["category"]!));
    }

    [Fact]
    public async Task A_who_umc_category_is_a_named_persons_and_leaves_the_naranjo_answers_as_they_were()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic(), "nurse-hall");
        var url = await ReportAsync(client, new { term = "anxiety", severity = "mild", onsetOn = Today });
        await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Gray", naranjo = new { answers = Enumerable.Repeat("yes", 10) } }, 1);

        var causality = (await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Moss", whoUmc = new { category = "probable" }, note = "by telephone" }, 2))["causality"]!;

        Assert.Equal(("probable", "Dr Moss", "nurse-hall", "by telephone"), (
            (string?)causality["whoUmc"]!["category"], (string?)causality["whoUmc"]!["by"]!["assessor"], (string?)causality["whoUmc"]!["by"]!["recordedBy"], (string?)causality["whoUmc"]!["by"]!["note"]));
        Assert.Equal(api.Clock.GetUtcNow(), DateTimeOffset.Parse((string)causality["whoUmc"]!["by"]!["recordedAt"]!, null));
        Assert.Equal("Dr Gray", (string?)causality["naranjo"]!["by"]!["assessor"]);
    }

    [Theory]
    [InlineData("""{ "assessor": "Dr Gray" }""", 400, "$")]
    [InlineData("""{ "whoUmc": { "category": "certain" } }""", 400, "$.assessor")]
    [InlineData("""{ "assessor": "", "whoUmc": { "category": "certain" } }""", 400, "$.assessor")]
    [InlineData("""{ "assessor": "Dr Gray", "whoUmc": { "category": "sure" } }""", 400, "$.whoUmc.category")]
    [InlineData("""{ "assessor": "Dr Gray", "whoUmc": { "category": "certain", "score": 9 } }""", 400, "$.whoUmc.score")]
    [InlineData("""{ "assessor": "Dr Gray", "naranjo": { "answers": ["yes"] } }""", 400, "$.naranjo.answers")]
    [InlineData("""{ "assessor": "Dr Gray", "naranjo": { "answers": ["yes","yes","yes","yes","yes","yes","yes","yes","yes","perhaps"] } }""", 400, "$.naranjo.answers[9]")]
    [InlineData("""{ "assessor": "Dr Gray", "dechallenge": { "on": "2026-03-01", "verdict": "confirmed" } }""", 422, "$.dechallenge.on")]
    [InlineData("""{ "assessor": "Dr Gray", "rechallenge": { "on": "2026-03-01", "verdict": "refuted" } }""", 422, "$.rechallenge.on")]
    public async Task A_judgement_that_says_nothing_names_nobody_or_answers_no_proposal_is_refused_with_the_place(string json, int status, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = await ReportAsync(client, new { term = "anxiety", severity = "mild", onsetOn = Today });

        using var response = await client.SendAsync(HttpMethod.Post, $"{url}/assess-causality", ApiClient.Json(json), 1);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(path, (await response.ReadAsync())["errors"]!.AsObject().Select(e => e.Key));
        Assert.Null((await client.GetOkAsync(url))["causality"]);
    }

    [Fact]
    public async Task The_cause_of_a_retracted_event_is_no_longer_assessed()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = await ReportAsync(client, new { term = "anxiety", severity = "mild" });
        await client.PostOkAsync($"{url}/retract", new { reason = "another patient's" }, 1);

        using var response = await client.SendAsync(HttpMethod.Post, $"{url}/assess-causality", new { assessor = "Dr Gray", whoUmc = new { category = "possible" } }, 2);

        Assert.Equal((409, "entered-in-error"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["state"]));
    }

    [Fact]
    public async Task De_and_rechallenge_are_proposed_with_their_evidence_and_recorded_when_a_clinician_confirms_them()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (url, start) = await LiveThroughChallengesAsync(client);

        var review = await client.GetOkAsync($"{url}/review");
        var (dechallenge, rechallenge) = (review["proposals"]![0]!, review["proposals"]![1]!);
        var before = await client.GetOkAsync(url);
        var assessed = (await client.PostOkAsync($"{url}/assess-causality", new
        {
            assessor = "Dr Gray",
            dechallenge = new { on = (string)dechallenge["on"]!, verdict = "confirmed" },
            rechallenge = new { on = (string)rechallenge["on"]!, verdict = "refuted" },
        }, (long)review["version"]!))["causality"]!;

        Assert.Equal(("dechallenge", $"{start.AddDays(14):yyyy-MM-dd}", 3.0m, 1.5m, "positive"),
            ((string)dechallenge["kind"]!, (string)dechallenge["on"]!, (decimal)dechallenge["fromMg"]!, (decimal)dechallenge["toMg"]!, (string)dechallenge["response"]!));
        Assert.Equal((6, 1, 7, 11), ((int)dechallenge["medianBefore"]!, (int)dechallenge["medianAfter"]!, (int)dechallenge["reportedBefore"]!, (int)dechallenge["reportedAfter"]!));
        Assert.Equal(("rechallenge", "positive", 3.0m, $"{start.AddDays(33):yyyy-MM-dd}"),
            ((string)rechallenge["kind"]!, (string)rechallenge["response"]!, (decimal)rechallenge["offendingDoseMg"]!, (string)rechallenge["returnedOn"]!));
        Assert.Null(before["causality"]);
        Assert.Equal(("confirmed", "Dr Gray"), ((string?)assessed["dechallenge"]!["verdict"], (string?)assessed["dechallenge"]!["by"]!["assessor"]));
        Assert.Equal(dechallenge.ToJsonString(), assessed["dechallenge"]!["evidence"]!.ToJsonString());
        Assert.Equal("refuted", (string?)assessed["rechallenge"]!["verdict"]);
    }

    [Fact]
    public async Task A_category_is_suggested_with_its_reasons_and_follows_what_the_clinician_says_of_the_challenges()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (url, start) = await LiveThroughChallengesAsync(client);

        var found = (await client.GetOkAsync($"{url}/review"))["suggestion"]!.ToJsonString();
        await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Gray", whoUmc = new { category = "probable", specific = true } }, 1);
        var specific = (await client.GetOkAsync($"{url}/review"))["suggestion"]!["category"];
        await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Gray", dechallenge = new { on = start.AddDays(14), verdict = "refuted" } }, 2);
        var refuted = await client.GetOkAsync($"{url}/review");

        Assert.Equal("""{"category":"probable","reasons":["no-other-cause-on-record","dechallenge-positive","rechallenge-positive","specificity-not-confirmed"]}""", found);
        Assert.Equal("certain", (string?)specific);
        Assert.Equal("""{"category":"possible","reasons":["no-other-cause-on-record","dechallenge-not-positive"]}""", refuted["suggestion"]!.ToJsonString());
        Assert.Equal("probable", (string?)(await client.GetOkAsync(url))["causality"]!["whoUmc"]!["category"]); // a suggestion changes nothing
    }

    [Fact]
    public async Task A_medicine_started_shortly_before_the_onset_is_named_as_another_possible_cause()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-20));
        await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N06AB06", startedOn = Today.AddDays(-30) });
        var reported = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "anxiety", severity = "mild", onsetOn = Today.AddDays(-3) });

        var review = await client.GetOkAsync(ApiClient.Of(patient, $"/adverse-events/{reported["id"]}/review"));

        Assert.Equal("""{"category":"possible","reasons":["co-medication-changed"]}""", review["suggestion"]!.ToJsonString());
    }

    [Fact]
    public async Task The_four_minimum_criteria_are_named_one_by_one()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var (prescription, _) = await client.PrescribeAsync(patient, Today.AddDays(-3));
        var bare = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "nausea", severity = "mild" });

        var review = await client.GetOkAsync(ApiClient.Of(patient, $"/adverse-events/{bare["id"]}/review"));
        var amended = await client.PostOkAsync(ApiClient.Of(patient, $"/adverse-events/{bare["id"]}/amend"), new
        {
            reason = "completed",
            adverseEvent = new { term = "nausea", severity = "mild", suspectPrescriptionId = prescription, reporter = new { role = "patient" } },
        }, 1);

        Assert.Equal((false, """["reporter","suspect-medicine"]"""), ((bool)bare["complete"]!, bare["missingCriteria"]!.ToJsonString()));
        Assert.Equal("""[{"criterion":"patient","met":true},{"criterion":"reporter","met":false},{"criterion":"suspect-medicine","met":false},{"criterion":"event","met":true}]""", review["minimumCriteria"]!.ToJsonString());
        Assert.Equal((true, "[]"), ((bool)amended["complete"]!, amended["missingCriteria"]!.ToJsonString()));
    }

    /// <summary>Whatever else was said of it: who died of it is followed up, and the report is due.</summary>
    [Theory]
    [InlineData("nausea", "fatal", null)]
    [InlineData("depressed-mood", null, 5)]
    public async Task A_fatal_event_is_serious_by_death(string term, string? outcome, int? ctcaeGrade)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5, startsOn = Today.AddDays(-9) });
        await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{prescription["id"]}/activate"), new { }, 1);

        var reported = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term, severity = "severe", outcome, ctcaeGrade, onsetOn = Today });

        Assert.Equal(("""["death"]""", $"{Today.AddDays(15):yyyy-MM-dd}"), (reported["seriousness"]!.ToJsonString(), (string)reported["regulatoryDueOn"]!));
        Assert.Contains(reported["followUps"]!.AsArray(), f => (string)f!["family"]! == "serious");
    }

    [Fact]
    public async Task An_event_is_not_known_before_it_begins()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        using var refused = await client.SendAsync(
            HttpMethod.Post, ApiClient.Of(patient, "/adverse-events"), new { term = "nausea", severity = "mild", onsetOn = Today.AddDays(-1), receivedOn = Today.AddDays(-2) });

        var problem = await refused.ReadAsync();
        Assert.Equal((422, "invalid-period"), ((int)refused.StatusCode, (string?)problem["code"]));
        Assert.NotNull(problem["errors"]!["$.receivedOn"]);
    }

    [Theory]
    [InlineData("retract", """{ "reason": "  " }""", "$.reason")]
    [InlineData("assess-causality", """{ "assessor": "\t", "whoUmc": { "category": "probable" } }""", "$.assessor")]
    public async Task A_blank_reason_is_none_and_a_blank_name_nobodys(string action, string body, string place)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = await ReportAsync(client, new { term = "nausea", severity = "mild", onsetOn = Today });

        using var refused = await client.SendAsync(HttpMethod.Post, $"{url}/{action}", JsonNode.Parse(body)!, 1);

        Assert.Equal(400, (int)refused.StatusCode);
        Assert.NotNull((await refused.ReadAsync())["errors"]![place]);
    }

    [Fact]
    public async Task The_clock_of_a_serious_event_runs_from_the_first_receipt_and_nothing_moves_it()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var (received, onset) = (Today.AddDays(-2), Today.AddDays(-3));
        var url = await ReportAsync(client, new { term = "palpitations", severity = "moderate", onsetOn = onset, receivedOn = received });
        var notSerious = await client.GetOkAsync($"{url}/review");
        api.Clock.Advance(TimeSpan.FromDays(10));

        var serious = new { term = "palpitations", severity = "severe", onsetOn = onset, seriousness = new[] { "hospitalization" } };
        var amended = await client.PostOkAsync($"{url}/amend", new { reason = "admitted", adverseEvent = serious }, 1);
        using var moved = await client.SendAsync(
            HttpMethod.Post, $"{url}/amend", new { reason = "later", adverseEvent = new { term = "palpitations", severity = "severe", receivedOn = Today } }, 2);
        var clock = (await client.GetOkAsync($"{url}/review"))["clock"]!;
        api.Clock.Advance(TimeSpan.FromDays(5));
        var overdue = (await client.GetOkAsync($"{url}/review"))["clock"]!;

        Assert.Null(notSerious["clock"]);
        Assert.Equal(($"{received:yyyy-MM-dd}", $"{received.AddDays(15):yyyy-MM-dd}"), ((string)amended["receivedOn"]!, (string)amended["regulatoryDueOn"]!));
        Assert.Equal((422, "first-receipt-fixed"), ((int)moved.StatusCode, (string?)(await moved.ReadAsync())["code"]));
        Assert.Equal((3, -2), ((int)clock["daysLeft"]!, (int)overdue["daysLeft"]!));
    }

    [Fact]
    public async Task A_second_serious_event_joins_the_open_follow_up_and_keeps_a_due_date_of_its_own()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-30));
        var (first, second) = (Today, Today.AddDays(4));
        var one = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "palpitations", severity = "severe", onsetOn = first, seriousness = new[] { "hospitalization" } });
        api.Clock.Advance(TimeSpan.FromDays(4));
        var two = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "headache", severity = "severe", onsetOn = second, seriousness = new[] { "disability" } });

        var followUp = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family=serious"))["items"]!.AsArray().Single()!;

        Assert.Equal(($"{first.AddDays(15):yyyy-MM-dd}", $"{second.AddDays(15):yyyy-MM-dd}"), ((string)one["regulatoryDueOn"]!, (string)two["regulatoryDueOn"]!));
        Assert.Equal($"{first.AddDays(15):yyyy-MM-dd}", (string)(await client.GetOkAsync($"/api/v1/follow-ups/{followUp["id"]}"))["regulatoryDueOn"]!);
    }

    [Fact]
    public async Task An_event_known_before_and_serious_only_later_is_due_from_when_it_was_first_received()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-30));
        var received = Today;
        var known = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "palpitations", severity = "mild", onsetOn = received });
        var other = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "headache", severity = "severe", onsetOn = received, seriousness = new[] { "hospitalization" } });
        var open = other["followUps"]!.AsArray().Single(f => (string)f!["family"]! == "serious")!;
        await client.PostOkAsync($"/api/v1/follow-ups/{open["id"]}/resolve", new { outcome = "other" }, 1);
        api.Clock.Advance(TimeSpan.FromDays(6));

        var amended = await client.PostOkAsync(ApiClient.Of(patient, $"/adverse-events/{known["id"]}/amend"), new
        {
            reason = "admitted",
            adverseEvent = new { term = "palpitations", severity = "severe", onsetOn = received, seriousness = new[] { "life-threatening" } },
        }, 1);

        var raised = amended["followUps"]!.AsArray().Single(f => (string)f!["family"]! == "serious" && (string)f["status"]! == "open")!;
        Assert.Equal($"{received.AddDays(15):yyyy-MM-dd}", (string)(await client.GetOkAsync($"/api/v1/follow-ups/{raised["id"]}"))["regulatoryDueOn"]!);
    }

    [Fact]
    public async Task Likely_duplicates_are_named_and_nothing_is_refused()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = ApiClient.Of(patient, "/adverse-events");
        var near = await client.PostOkAsync(url, new { term = "restlessness", severity = "mild", onsetOn = Today.AddDays(-9) });
        var nearest = await client.PostOkAsync(url, new { term = "anxiety", severity = "moderate", onsetOn = Today.AddDays(-3) });
        await client.PostOkAsync(url, new { term = "anxiety", severity = "mild", onsetOn = Today.AddDays(-10) });
        await client.PostOkAsync(url, new { term = "nausea", severity = "mild", onsetOn = Today.AddDays(-2) });
        var retracted = await client.PostOkAsync(url, new { term = "anxiety", severity = "mild", onsetOn = Today.AddDays(-2) });
        await client.PostOkAsync($"{url}/{retracted["id"]}/retract", new { reason = "another patient's" }, 1);

        var reported = await client.PostOkAsync(url, new { term = "agitation", severity = "mild", onsetOn = Today.AddDays(-2) });

        Assert.Equal(
            [$"{nearest["id"]} anxiety 1", $"{near["id"]} restlessness 7"],
            reported["possibleDuplicates"]!.AsArray().Select(d => $"{d!["id"]} {d["term"]} {d["daysApart"]}"));
        Assert.Equal("[]", near["possibleDuplicates"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{ "term": "insomnia", "severity": "severe", "ctcaeGrade": 4 }""", "impossible-grade", "ctcaeGrade")]
    [InlineData("""{ "term": "suicide-attempt", "severity": "mild", "ctcaeGrade": 2 }""", "impossible-grade", "ctcaeGrade")]
    [InlineData("""{ "term": "tremor", "severity": "severe", "ctcaeGrade": 4 }""", "impossible-grade", "ctcaeGrade")]
    [InlineData("""{ "term": "nausea", "severity": "mild", "receivedOn": "2199-01-01" }""", "date-in-future", "receivedOn")]
    public async Task What_cannot_be_is_refused_with_the_place_in_a_report_and_in_an_amendment(string json, string code, string member)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = ApiClient.Of(patient, "/adverse-events");
        var kept = await client.PostOkAsync(url, new { term = "nausea", severity = "mild" });

        using var report = await client.SendAsync(HttpMethod.Post, url, ApiClient.Json(json));
        using var amendment = await client.SendAsync(HttpMethod.Post, $"{url}/{kept["id"]}/amend", ApiClient.Json($$"""{ "reason": "graded", "adverseEvent": {{json}} }"""), 1);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (report.StatusCode, amendment.StatusCode));
        var (reported, amended) = (await report.ReadAsync(), await amendment.ReadAsync());
        Assert.Equal((code, code), ((string?)reported["code"], (string?)amended["code"]));
        Assert.NotNull(reported["errors"]![$"$.{member}"]);
        Assert.NotNull(amended["errors"]![$"$.adverseEvent.{member}"]);
    }

    [Fact]
    public async Task Severity_grade_and_seriousness_are_three_things_and_a_suicide_attempt_is_always_serious()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = ApiClient.Of(patient, "/adverse-events");

        var mild = await client.PostOkAsync(url, new { term = "headache", severity = "mild", ctcaeGrade = 3, seriousness = new[] { "hospitalization" } });
        var attempt = await client.PostOkAsync(url, new { term = "suicide-attempt", severity = "severe" });
        var threat = await client.PostOkAsync(url, new { term = "diarrhoea", severity = "severe", ctcaeGrade = 4 });

        Assert.Equal(("mild", 3, """["hospitalization"]"""), ((string?)mild["severity"], (int)mild["ctcaeGrade"]!, mild["seriousness"]!.ToJsonString()));
        Assert.Equal("""["other-medically-important"]""", attempt["seriousness"]!.ToJsonString());
        Assert.Equal(("[]", true), (threat["seriousness"]!.ToJsonString(), (bool)(await client.GetOkAsync($"{url}/{threat["id"]}/review"))["seriousnessInQuestion"]!));
    }

    [Fact]
    public async Task Every_judgement_stays_readable_in_the_history_with_author_and_reason()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic(), "nurse-hall");
        var url = await ReportAsync(client, new { term = "anxiety", severity = "mild" });
        await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Gray", whoUmc = new { category = "possible" } }, 1);
        await client.PostOkAsync($"{url}/assess-causality", new { assessor = "Dr Moss", whoUmc = new { category = "unlikely" }, note = "a bereavement" }, 2);

        var versions = (await client.GetOkAsync($"{url}/history"))["items"]!.AsArray();

        Assert.Equal(
            ["3 nurse-hall a bereavement unlikely", "2 nurse-hall causality assessed possible", "1 nurse-hall  "],
            versions.Select(v => $"{v!["version"]} {v["recordedBy"]} {v["reason"]} {v["record"]!["causality"]?["whoUmc"]!["category"]}"));
    }

    [Fact]
    public async Task Another_clinics_event_cannot_be_told_from_one_that_is_not()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var stranger = api.ClientOf(LdnApiHost.NewClinic());
        var url = await ReportAsync(client, new { term = "anxiety", severity = "mild" });

        using var review = await stranger.GetAsync($"{url}/review", TestContext.Current.CancellationToken);
        using var assessed = await stranger.SendAsync(HttpMethod.Post, $"{url}/assess-causality", new { assessor = "Dr Gray", whoUmc = new { category = "possible" } }, 1);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (review.StatusCode, assessed.StatusCode));
    }

    [Fact]
    public async Task A_check_in_becomes_a_draft_that_may_be_sent_as_it_stands()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var (prescription, version) = await client.PrescribeAsync(patient, Today.AddDays(-20));
        await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{prescription}/change-dose"), new { doseMg = 3.0m, on = Today.AddDays(-6) }, version);
        var taken = await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N06AB06", startedOn = Today.AddDays(-90) });
        await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "C09AA05", startedOn = Today.AddDays(-90), stoppedOn = Today.AddDays(-9) });
        var checkIn = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today.AddDays(-2), scores = new { anxiety = 3, restlessness = 5 } });

        var answer = await client.GetOkAsync(ApiClient.Of(patient, $"/adverse-events/draft?checkInId={checkIn["id"]}"));
        var before = (await client.GetOkAsync(ApiClient.Of(patient, "/adverse-events")))["items"]!.AsArray().Count;
        var reported = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), ApiClient.Json(answer["draft"]!.ToJsonString()));

        var draft = answer["draft"]!;
        Assert.Equal(("restlessness", "moderate", $"{Today.AddDays(-2):yyyy-MM-dd}", "patient"),
            ((string?)draft["term"], (string?)draft["severity"], (string?)draft["onsetOn"], (string?)draft["reporter"]!["role"]));
        Assert.Equal((prescription, $"{Today:yyyy-MM-dd}"), ((string?)draft["suspectPrescriptionId"], (string?)draft["receivedOn"]));
        Assert.Equal((3.0m, 4), ((decimal)answer["doseAtOnsetMg"]!, (int)answer["daysSinceIncrease"]!));
        Assert.Equal([(string)taken["id"]!], answer["concomitants"]!.AsArray().Select(c => (string)c!["id"]!));
        Assert.Equal("""["$.term","$.severity","$.seriousness"]""", answer["toReview"]!.ToJsonString());
        Assert.Equal(0, before);
        Assert.Equal((3.0m, 4, true), ((decimal)reported["doseAtOnsetMg"]!, (int)reported["daysSinceIncrease"]!, (bool)reported["complete"]!));
        Assert.Equal($$"""["{{taken["id"]}}"]""", reported["concomitantMedicationIds"]!.ToJsonString());
    }

    [Fact]
    public async Task A_course_becomes_a_draft_from_its_first_symptomatic_day_and_names_what_is_there_already()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-10));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new
        {
            items = Enumerable.Range(0, 5).Select(day => new { date = Today.AddDays(day - 4), scores = new { anxiety = 5, agitation = day == 3 ? 7 : 0 } }),
        });
        var there = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "anxiety", severity = "mild", onsetOn = Today.AddDays(-3) });
        var course = (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family=course"))["items"]!.AsArray().Single()!;

        var answer = await client.GetOkAsync(ApiClient.Of(patient, $"/adverse-events/draft?followUpId={course["id"]}"));

        Assert.Equal(("agitation", "severe", $"{Today.AddDays(-4):yyyy-MM-dd}"), ((string?)answer["draft"]!["term"], (string?)answer["draft"]!["severity"], (string?)answer["draft"]!["onsetOn"]));
        Assert.Contains("$.reporter", answer["toReview"]!.AsArray().Select(p => (string?)p));
        Assert.Equal([(string)there["id"]!], answer["possibleDuplicates"]!.AsArray().Select(d => (string)d!["id"]!));
    }

    [Fact]
    public async Task A_questionnaire_and_a_sign_of_self_harm_become_drafts_too()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var gad7 = await client.PostOkAsync(ApiClient.Of(patient, "/assessments"), new { instrument = "gad-7", answers = new[] { 3, 3, 3, 3, 2, 2, 2 }, takenOn = Today });
        var sign = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 }, selfHarmThoughts = true });

        var anxious = await DraftAsync(gad7, "gad-7");
        var suicidal = await DraftAsync(sign, "suicidality");

        Assert.Equal(("anxiety", "severe"), ((string?)anxious["term"], (string?)anxious["severity"]));
        Assert.Equal(("suicidal-ideation", "severe"), ((string?)suicidal["term"], (string?)suicidal["severity"]));

        async Task<JsonNode> DraftAsync(JsonNode written, string family)
        {
            var followUp = written["followUps"]!.AsArray().Single(f => (string)f!["family"]! == family)!;
            return (await client.GetOkAsync(ApiClient.Of(patient, $"/adverse-events/draft?followUpId={followUp["id"]}")))["draft"]!;
        }
    }

    [Fact]
    public async Task A_draft_needs_something_to_be_made_of()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var stranger = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var other = await LdnApiHost.RegisterAsync(stranger, "UTC");
        var calm = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 0 }, note = "sick in the morning" });
        var retracted = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 5 } });
        await client.PostOkAsync(ApiClient.Of(patient, $"/check-ins/{retracted["id"]}/retract"), new { reason = "another patient's" }, 1);
        var url = ApiClient.Of(patient, "/adverse-events/draft");

        Assert.Equal((400, "invalid-request"), await AnswerAsync(client, url));
        Assert.Equal((400, "invalid-request"), await AnswerAsync(client, $"{url}?checkInId={calm["id"]}&followUpId={calm["id"]}"));
        Assert.Equal((400, "invalid-request"), await AnswerAsync(client, $"{url}?checkInId={calm["id"]}&term=sickness"));
        Assert.Equal((404, "not-found"), await AnswerAsync(client, $"{url}?followUpId={calm["id"]}"));
        Assert.Equal((404, "not-found"), await AnswerAsync(stranger, ApiClient.Of(other, $"/adverse-events/draft?checkInId={calm["id"]}")));
        Assert.Equal((409, "invalid-transition"), await AnswerAsync(client, $"{url}?checkInId={retracted["id"]}"));
        Assert.Equal((422, "nothing-to-draft"), await AnswerAsync(client, $"{url}?checkInId={calm["id"]}"));
        Assert.Equal("nausea", (string?)(await client.GetOkAsync($"{url}?checkInId={calm["id"]}&term=nausea"))["draft"]!["term"]);
    }

    [Fact]
    public async Task A_concomitant_medicine_must_be_one_of_the_patients()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var other = await LdnApiHost.RegisterAsync(client, "UTC");
        var anothers = await client.PostOkAsync(ApiClient.Of(other, "/medications"), new { atc = "N06AB06" });

        using var response = await client.SendAsync(
            HttpMethod.Post, ApiClient.Of(patient, "/adverse-events"), new { term = "nausea", severity = "mild", concomitantMedicationIds = new[] { (string)anothers["id"]! } });

        var problem = await response.ReadAsync();
        Assert.Equal((422, "unknown-medication"), ((int)response.StatusCode, (string?)problem["code"]));
        Assert.NotNull(problem["errors"]!["$.concomitantMedicationIds"]);
    }

    private static async Task<(int, string?)> AnswerAsync(HttpClient client, string url)
    {
        using var response = await client.GetAsync(url, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]);
    }

    /// <returns>The address of the event.</returns>
    private static async Task<string> ReportAsync(HttpClient client, object report)
    {
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/adverse-events");
        return $"{url}/{(await client.PostOkAsync(url, report))["id"]}";
    }

    /// <summary>Anxious on 3 mg, better on half of it from day 14, anxious again on 3 mg from day 30; today is day 35.</summary>
    private async Task<(string Url, DateOnly Start)> LiveThroughChallengesAsync(HttpClient client)
    {
        var start = Today.AddDays(-35);
        var patient = await LdnApiHost.RegisterAsync(client, "UTC", anxietyHistory: false);
        var (id, version) = await client.PrescribeAsync(patient, start, 3.0m);
        foreach (var (day, doseMg) in new[] { (14, 1.5m), (30, 3.0m) })
        {
            version = (long)(await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{id}/change-dose"), new { doseMg, on = start.AddDays(day) }, version))["version"]!;
        }

        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new
        {
            items = Enumerable.Range(0, 36).Select(day => new { date = start.AddDays(day), scores = new { anxiety = day is < 14 or > 30 ? 6 : 1 } }),
        });
        var reported = await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "restlessness", severity = "moderate", onsetOn = start.AddDays(2) });
        return (ApiClient.Of(patient, $"/adverse-events/{reported["id"]}"), start);
    }
}
