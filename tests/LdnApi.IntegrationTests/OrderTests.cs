using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Orders that rules stop, and the reasons that let some of them through.</summary>
public sealed class OrderTests : IClassFixture<LdnApiHost>, IDisposable
{
    private static readonly object[] Reason10 = [new { rule = "R-10", reason = "asked for by the patient, seen today" }];
    private static readonly object[] Reason11 = [new { rule = "R-11", reason = "well at 4.5 mg for a year" }];
    private readonly LdnApiHost _api;
    private readonly HttpClient _client;

    public OrderTests(LdnApiHost api) => (_api, _client) = (api, api.ClientOf(LdnApiHost.NewClinic()));

    private DateOnly Today => DateOnly.FromDateTime(_api.Clock.GetUtcNow().UtcDateTime);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task An_override_is_kept_with_its_reason_author_and_moment_and_read_again()
    {
        var (patient, url, version) = await TakingAsync(4.5m);

        await _client.PostOkAsync($"{url}/change-dose", new { doseMg = 5.0m, overrides = Reason11 }, version);

        var kept = (await _client.GetOkAsync(url))["overrides"]!.AsArray().Single()!;
        Assert.Equal(("R-11", "well at 4.5 mg for a year", 5.0m, "dr-gray"), ((string)kept["rule"]!, (string)kept["reason"]!, (decimal)kept["doseMg"]!, (string)kept["recordedBy"]!));
        Assert.Equal((Today, _api.Clock.GetUtcNow()), (DateOnly.Parse((string)kept["on"]!, null), DateTimeOffset.Parse((string)kept["recordedAt"]!, null)));
        Assert.Null((await _client.GetOkAsync(url))["findings"]);
        Assert.Equal((string)kept["reason"]!, (string)(await _client.GetOkAsync($"{url}/history"))["items"]![0]!["record"]!["overrides"]![0]!["reason"]!);
        Assert.Single((await _client.GetOkAsync(ApiClient.Of(patient, "/prescriptions")))["items"]!.AsArray());
    }

    [Theory]
    [InlineData("""[{ "rule": "R-11" }]""", 400)]
    [InlineData("""[{ "rule": "R-11", "reason": "" }]""", 400)]
    [InlineData("""[{ "rule": "R-11", "reason": "   " }]""", 400)]
    [InlineData("""[{ "rule": "R-12", "reason": "another rule's" }]""", 422)]
    [InlineData("""[]""", 422)]
    public async Task An_override_without_its_reason_or_of_another_rule_lets_nothing_through(string overrides, int status)
    {
        var (_, url, version) = await TakingAsync(4.5m);

        using var refused = await _client.SendAsync(HttpMethod.Post, $"{url}/change-dose", ApiClient.Json($$"""{ "doseMg": 5, "overrides": {{overrides}} }"""), version);

        Assert.Equal(status, (int)refused.StatusCode);
        Assert.Equal((version, 4.5m), ((long)(await _client.GetOkAsync(url))["version"]!, (decimal)(await _client.GetOkAsync(url))["doseMg"]!));
    }

    [Fact]
    public async Task What_is_not_needed_is_not_kept()
    {
        var (_, url, version) = await TakingAsync(3.0m);

        var changed = await _client.PostOkAsync($"{url}/change-dose", new { doseMg = 3.5m, overrides = Reason11 }, version);

        Assert.Empty(changed["overrides"]!.AsArray());
        Assert.Empty(changed["findings"]!.AsArray());
    }

    [Fact]
    public async Task A_refused_order_names_each_finding_with_value_threshold_and_actions_and_leaves_its_key_free()
    {
        var (_, url, version) = await TakingAsync(4.5m);

        using var refused = await _client.SendAsync(HttpMethod.Post, $"{url}/change-dose", new { doseMg = 45m }, version, key: "a-slip-of-the-pen");
        var corrected = await _client.PostOkAsync($"{url}/change-dose", new { doseMg = 4.0m }, version, key: "a-slip-of-the-pen");

        var finding = (await refused.ReadAsync())["findings"]![0]!;
        Assert.Equal(("R-13", "block", "decimal-slip"), ((string)finding["rule"]!, (string)finding["effect"]!, (string)finding["hint"]!));
        Assert.Equal((45m, 25m, "mg"), ((decimal)finding["evidence"]![0]!["value"]!, (decimal)finding["evidence"]![0]!["threshold"]!, (string)finding["evidence"]![0]!["unit"]!));
        Assert.Equal("correct-entry", (string)finding["actions"]![0]!);
        Assert.Equal(4.0m, (decimal)corrected["doseMg"]!);
    }

    [Fact]
    public async Task A_reason_given_for_a_dose_holds_when_that_dose_is_taken_and_taken_again()
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var draft = await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 5.0m, startsOn = Today.AddDays(-30), overrides = Reason11 });
        var url = ApiClient.Of(patient, $"/prescriptions/{draft["id"]}");

        var active = await _client.PostOkAsync($"{url}/activate", new { }, 1);
        await _client.PostOkAsync($"{url}/hold", new { on = Today.AddDays(-3) }, 2);
        var resumed = await _client.PostOkAsync($"{url}/resume", new { }, 3);
        using var more = await _client.SendAsync(HttpMethod.Post, $"{url}/change-dose", new { doseMg = 5.5m }, 4);

        Assert.Equal(["R-11 override-required, R-14 warning", "R-11 override-required", "R-11 override-required"], [Findings(active), Findings(resumed), Findings(await more.ReadAsync())]);
        Assert.Equal((422, 1), ((int)more.StatusCode, resumed["overrides"]!.AsArray().Count));
    }

    [Fact]
    public async Task Raising_the_dose_of_an_anxious_patient_wants_a_reason_each_time()
    {
        var (patient, url, version) = await TakingAsync(1.5m);
        await _client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } });

        var raised = await _client.PostOkAsync($"{url}/change-dose", new { doseMg = 2.0m, overrides = Reason10 }, version);
        var back = await _client.PostOkAsync($"{url}/change-dose", new { doseMg = 1.5m }, version + 1);
        using var again = await _client.SendAsync(HttpMethod.Post, $"{url}/change-dose", new { doseMg = 2.0m }, version + 2);

        Assert.Equal(["R-10 override-required", ""], [Findings(raised), Findings(back)]);
        Assert.Equal((422, "R-10 override-required"), ((int)again.StatusCode, Findings(await again.ReadAsync())));
    }

    [Fact]
    public async Task A_follow_up_stands_in_the_way_while_it_is_open_also_of_an_order_dated_back_and_no_more_when_closed()
    {
        var (patient, url, version) = await TakingAsync(1.5m);
        var report = await _client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } });
        var severe = report["followUps"]!.AsArray().Single(f => (string)f!["family"]! == "severe")!;

        using var earlier = await _client.SendAsync(HttpMethod.Post, $"{url}/change-dose", new { doseMg = 2.0m, on = Today.AddDays(-8) }, version);
        await _client.PostOkAsync($"/api/v1/follow-ups/{severe["id"]}/resolve", new { outcome = "reassured-and-monitoring" }, 1);
        var today = await _client.PostOkAsync($"{url}/change-dose", new { doseMg = 2.5m }, version);

        Assert.Equal((422, "R-10 override-required"), ((int)earlier.StatusCode, Findings(await earlier.ReadAsync())));
        Assert.Equal("", Findings(today));
    }

    [Fact]
    public async Task Two_prescriptions_at_once_are_a_duplicate_and_their_doses_add_up()
    {
        var (patient, url, version) = await TakingAsync(3.0m);

        using var second = await _client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), new { doseMg = 2.0m, startsOn = Today });
        await _client.PostOkAsync($"{url}/stop", new { }, version);
        var instead = await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 3.5m, startsOn = Today });

        Assert.Equal((422, "R-11 override-required, R-12 override-required, R-15 warning"), ((int)second.StatusCode, Findings(await second.ReadAsync())));
        Assert.Equal("", Findings(instead));
    }

    [Fact]
    public async Task A_draft_that_was_written_before_an_opioid_was_known_is_not_activated()
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var draft = await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = Today });
        await _client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N02AA05", startedOn = Today.AddDays(-3), stoppedOn = Today.AddDays(-1) });
        var url = ApiClient.Of(patient, $"/prescriptions/{draft["id"]}");

        using var refused = await _client.SendAsync(HttpMethod.Post, $"{url}/activate", new { overrides = new[] { new { rule = "R-20", reason = "no" } } }, 1);

        Assert.Equal((422, "R-20 block"), ((int)refused.StatusCode, Findings(await refused.ReadAsync())));
        Assert.Equal(("draft", 1), ((string)(await _client.GetOkAsync(url))["status"]!, (int)(await _client.GetOkAsync(url))["version"]!));
    }

    [Theory]
    [InlineData("opioid-screen", "positive", "R-19 block")]
    [InlineData("naloxone-challenge", "positive", "R-19 block")]
    [InlineData("opioid-screen", "negative", "")]
    public async Task A_positive_screen_or_a_failed_challenge_blocks(string code, string interpretation, string findings)
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        await _client.PostOkAsync(ApiClient.Of(patient, "/observations"), new { code, effectiveOn = Today.AddDays(-1), interpretation });

        using var answer = await _client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = Today });

        Assert.Equal(findings, Findings(await answer.ReadAsync()));
    }

    [Fact]
    public async Task What_was_retracted_or_cancelled_counts_no_more()
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var screen = await _client.PostOkAsync(ApiClient.Of(patient, "/observations"), new { code = "opioid-screen", effectiveOn = Today, interpretation = "positive" });
        var opioid = await _client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N02AX02" });
        var surgery = await _client.PostOkAsync(ApiClient.Of(patient, "/procedures"), new { plannedOn = Today.AddDays(2) });
        using var refused = await _client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = Today });

        await _client.PostOkAsync(ApiClient.Of(patient, $"/observations/{screen["id"]}/retract"), new { reason = "another's" }, 1);
        await _client.PostOkAsync(ApiClient.Of(patient, $"/medications/{opioid["id"]}/retract"), new { reason = "another's" }, 1);
        await _client.PostOkAsync(ApiClient.Of(patient, $"/procedures/{surgery["id"]}/cancel"), new { reason = "put off" }, 1);

        Assert.Equal("R-19 block, R-26 warning", Findings(await refused.ReadAsync()));
        Assert.Equal("", Findings(await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = Today })));
    }

    [Theory]
    [InlineData("""{ "startsOn": "2026-03-14" }""", "$.doseMg")]
    [InlineData("""{ "startsOn": "2026-03-14", "doseMg": null }""", "$.doseMg")]
    [InlineData("""{ "startsOn": "2026-03-14", "doseMg": 1.5, "doseQuantity": { "value": 1.5, "unit": "mg" } }""", "$.doseMg")]
    [InlineData("""{ "startsOn": "2026-03-14", "doseQuantity": { "value": 1.5 } }""", "$.doseQuantity")]
    [InlineData("""{ "startsOn": "2026-03-14", "doseQuantity": { "value": 1.5, "unit": "g" } }""", "$.doseQuantity.unit")]
    [InlineData("""{ "startsOn": "2026-03-14", "doseQuantity": { "value": 0, "unit": "ug" } }""", "$.doseQuantity.value")]
    [InlineData("""{ "startsOn": "2026-03-14", "doseQuantity": { "value": 0.0005, "unit": "ug" } }""", "$.doseQuantity.value")]
    public async Task A_dose_is_a_total_per_day_or_an_amount_each_time_with_its_unit(string json, string path)
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");

        using var refused = await _client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/prescriptions"), ApiClient.Json(json));

        Assert.Equal(400, (int)refused.StatusCode);
        Assert.StartsWith(path, (await refused.ReadAsync())["errors"]!.AsObject().Single().Key);
    }

    [Fact]
    public async Task Micrograms_are_kept_to_the_last_digit()
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var draft = await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseQuantity = new { value = 1.125m, unit = "ug" }, timesPerDay = 3, startsOn = Today });
        var url = ApiClient.Of(patient, $"/prescriptions/{draft["id"]}");
        await _client.PostOkAsync($"{url}/activate", new { }, 1);

        var read = await _client.GetOkAsync(url);

        Assert.Equal((0.003375m, 0.003375m), ((decimal)read["doseMg"]!, (decimal)read["doses"]![0]!["doseMg"]!));
    }

    [Fact]
    public async Task A_titration_is_held_against_the_rules_at_each_step_and_a_block_moves_nothing()
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var start = Today.AddDays(-20);
        var draft = await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = start });
        var plan = await _client.PostOkAsync(ApiClient.Of(patient, "/titration-schedules"), new
        {
            prescriptionId = (string)draft["id"]!,
            startsOn = start,
            steps = new object[] { new { doseMg = 3.0m, days = 5 }, new { doseMg = 6.0m, days = 14 }, new { doseMg = 30.0m } },
        });
        var url = ApiClient.Of(patient, $"/titration-schedules/{plan["id"]}");

        var started = await _client.PostOkAsync($"{url}/start", new { reason = "first dose", on = start }, 1);
        using var unexplained = await _client.SendAsync(HttpMethod.Post, $"{url}/advance", new { reason = "tolerated", on = start.AddDays(5) }, 2);
        var advanced = await _client.PostOkAsync($"{url}/advance", new { reason = "tolerated", on = start.AddDays(5), overrides = Reason11 }, 2);
        using var blocked = await _client.SendAsync(HttpMethod.Post, $"{url}/advance", new { reason = "tolerated", overrides = new[] { new { rule = "R-13", reason = "please" } } }, 3);
        var unmoved = await _client.GetOkAsync(url);
        var held = await _client.PostOkAsync($"{url}/hold", new { reason = "wait" }, 3);
        var resumed = await _client.PostOkAsync($"{url}/resume", new { reason = "go on" }, 4);
        var back = await _client.PostOkAsync($"{url}/step-back", new { reason = "too much" }, 5);

        Assert.Equal("R-14 warning", Findings(started));
        Assert.Equal((422, "R-11 override-required, R-15 warning, R-16 warning"), ((int)unexplained.StatusCode, Findings(await unexplained.ReadAsync())));
        Assert.Equal("R-11 override-required, R-15 warning, R-16 warning", Findings(advanced));
        Assert.Equal((422, "R-13 block"), ((int)blocked.StatusCode, Findings(await blocked.ReadAsync()).Split(',')[0]));
        Assert.Equal((6.0m, 3), ((decimal)unmoved["currentDoseMg"]!, (int)unmoved["version"]!));
        Assert.Equal(["", "R-11 override-required", ""], [Findings(held), Findings(resumed), Findings(back)]);
        Assert.Equal("R-11", (string)(await _client.GetOkAsync(ApiClient.Of(patient, $"/prescriptions/{draft["id"]}")))["overrides"]!.AsArray().Single()!["rule"]!);
    }

    [Fact]
    public async Task A_held_titration_does_not_go_on_while_an_opioid_is_active_and_may_still_step_back()
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var start = Today.AddDays(-20);
        var draft = await _client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5m, startsOn = start });
        var plan = await _client.PostOkAsync(ApiClient.Of(patient, "/titration-schedules"), new { prescriptionId = (string)draft["id"]!, startsOn = start, preset = "seed-standard" });
        var url = ApiClient.Of(patient, $"/titration-schedules/{plan["id"]}");
        await _client.PostOkAsync($"{url}/start", new { reason = "first dose", on = start }, 1);
        await _client.PostOkAsync($"{url}/advance", new { reason = "tolerated", on = start.AddDays(14) }, 2);
        await _client.PostOkAsync($"{url}/hold", new { reason = "a broken arm" }, 3);
        await _client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N02AX02", startedOn = Today });

        using var resumed = await _client.SendAsync(HttpMethod.Post, $"{url}/resume", new { reason = "go on" }, 4);
        var back = await _client.PostOkAsync($"{url}/step-back", new { reason = "on the way to none" }, 4);

        Assert.Equal((422, "R-19 block"), ((int)resumed.StatusCode, Findings(await resumed.ReadAsync())));
        Assert.Equal(("R-19 warning", 1.5m), (Findings(back), (decimal)back["currentDoseMg"]!));
    }

    [Fact]
    public async Task The_catalogue_lists_the_order_time_rules_the_medicines_and_the_conditions()
    {
        var rules = await _client.GetOkAsync("/api/v1/rules");

        Assert.Equal(
            ["R-10", "R-11", "R-12", "R-13", "R-14", "R-15", "R-16", "R-18", "R-19", "R-20", "R-21", "R-22", "R-25", "R-26", "age", "unit-check"],
            rules["orderRules"]!.AsArray().Select(r => (string)r!["id"]!));
        Assert.Contains(rules["medicines"]!.AsArray(), l => (string)l!["class"]! == "opioid" && l["entries"]!.AsArray().Any(e => (string)e!["name"]! == "tramadol" && (string)e["rxNorm"]![0]! == "10689"));
        Assert.Contains(rules["conditions"]!["entries"]!.AsArray(), e => (string)e!["local"]! == "acute-hepatitis" && (string)e["snomedCt"]![0]! == "37871000");
    }

    private static string Findings(JsonNode answer) => string.Join(", ", answer["findings"]!.AsArray().Select(f => $"{f!["rule"]} {f["effect"]}"));

    /// <summary>A patient who has taken a dose for 60 days.</summary>
    private async Task<(PatientId Patient, string Url, long Version)> TakingAsync(decimal doseMg)
    {
        var patient = await LdnApiHost.RegisterAsync(_client, "UTC");
        var (id, version) = await _client.PrescribeAsync(patient, Today.AddDays(-60), doseMg);
        return (patient, ApiClient.Of(patient, $"/prescriptions/{id}"), version);
    }
}
