using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>Orders held against the order-time rules: the written cases, then what they leave out.</summary>
public sealed class OrderRuleTests
{
    public static TheoryData<string, string> Doses => Vectors.Cases("dose.json", "dose");
    public static TheoryData<string, string> Interactions => Vectors.Cases("interactions.json", "dose");
    public static TheoryData<string, string> Courses => [.. Vectors.Cases("course.json", "course").Where(c => JsonNode.Parse(c.Data.Item2)!["expected"]!["orderRules"] is not null)];

    private static readonly DateOnly Today = Vectors.DayZero.AddDays(60);
    private static readonly OrderContext Order = new(Today, 3.0m) { PreviousDoseMg = 3.0m, DaysSinceLastIncrease = 30, AgeYears = 40 };

    [Fact]
    public void All_cases_are_there() => Assert.Equal((46, 36, 2), (Doses.Count, Interactions.Count, Courses.Count));

    [Theory]
    [MemberData(nameof(Doses))]
    [MemberData(nameof(Interactions))]
    public void An_order_has_the_expected_findings_and_fate(string id, string json)
    {
        var c = JsonNode.Parse(json)!;

        Assert.NotEmpty(id);
        if (DoseOf(c) is not { } dose || dose.Value <= 0)
        {
            Assert.Equal(400, (int)c["expected"]!["status"]!);
            Assert.Throws<ArgumentOutOfRangeException>(() => OrderRules.Check(Order with { DoseMg = DoseOf(c)?.Value ?? 0 }, RuleSettings.Default));
            return;
        }

        var findings = OrderRules.Check(ContextOf(c, dose), RuleSettings.Default);
        var unmet = OrderRules.Unmet(findings, [.. (c["overrides"]?.AsArray() ?? []).Select(r => (string)r!)]);

        Assert.Equal(
            c["expected"]!["findings"]!.AsArray().Select(f => $"{f!["rule"]} {f["effect"]} {f["hint"]}"),
            findings.Select(f => $"{f.Rule} {NameOf(f.Effect)} {f.Hint}"));
        Assert.Equal((int)c["expected"]!["status"]!, unmet.Count > 0 ? 422 : 200);
    }

    [Theory]
    [MemberData(nameof(Courses))]
    public void The_dose_steps_of_a_course_are_found_by_the_rules_that_are_named(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var facts = Vectors.FactsOf(c);

        Assert.NotEmpty(id);
        Assert.All(c["expected"]!["orderRules"]!.AsArray(), expected =>
        {
            var day = Vectors.Day(expected!["day"]);
            var open = RuleEngine.Evaluate(facts, RuleSettings.Default, day, day.AddDays(-1)).Open.Select(o => new OpenFamily(o.Family));
            var order = OrderContext.Of(facts, RuleSettings.Default, day, facts.Doses.Single(d => d.On == day).DoseMg, [.. open]);

            Assert.Subset(OrderRules.Check(order, RuleSettings.Default).Select(f => f.Rule).ToHashSet(), expected["rules"]!.AsArray().Select(r => (string)r!).ToHashSet());
        });
    }

    [Fact]
    public void A_context_is_worked_out_from_the_facts()
    {
        var start = Today.AddDays(-40);
        var facts = new PatientFacts(null, null,
            [new DoseFact(start, 1.5m), new DoseFact(start.AddDays(10), 3.0m), new DoseFact(start.AddDays(20), 1.5m), new DoseFact(Today.AddDays(-5), 0), new DoseFact(Today, 4.5m)],
            [CheckIn(Today.AddDays(-8), 6), CheckIn(Today.AddDays(-7), 6), CheckIn(Today.AddDays(-1), 4), CheckIn(Today, 9)], [], [], [])
        {
            BirthDate = Today.AddYears(-18).AddDays(1),
        };

        var order = OrderContext.Of(facts, RuleSettings.Default, Today, 4.5m, []);

        Assert.Equal((1.5m, 30, 5, 17), (order.PreviousDoseMg, order.DaysSinceLastIncrease, order.DoseFreeDays, order.AgeYears));
        Assert.Equal([Today.AddDays(-7), Today.AddDays(-1)], order.SymptomaticDays);
    }

    [Fact]
    public void Before_the_first_dose_there_is_no_previous_one()
    {
        var order = OrderContext.Of(new PatientFacts(null, null, [], [], [], [], []), RuleSettings.Default, Today, 1.5m, []);

        Assert.Equal((null, null, 0, null), (order.PreviousDoseMg, order.DaysSinceLastIncrease, order.DoseFreeDays, order.AgeYears));
        Assert.Empty(OrderRules.Check(order, RuleSettings.Default));
    }

    /// <summary>It is the way out of every danger that the rules warn of.</summary>
    [Fact]
    public void A_decrease_is_free_whatever_else_holds()
    {
        var order = Order with
        {
            DoseMg = 5.0m,
            PreviousDoseMg = 6.0m,
            AgeYears = 17,
            Open = [new OpenFamily(RuleFamily.Severe)],
            Medications = [Medication("N02AX02", -10, null)],
            Conditions = [ClinicalCondition.AcuteHepatitis],
        };

        var findings = OrderRules.Check(order, RuleSettings.Default);

        Assert.Equal(["R-11", "R-19", "R-22", "age"], findings.Select(f => f.Rule));
        Assert.All(findings, f => Assert.Equal(FindingEffect.Warning, f.Effect));
        Assert.Empty(OrderRules.Unmet(findings, []));
    }

    [Fact]
    public void A_restart_at_a_lower_dose_begins_anew_and_needs_a_reason_while_a_follow_up_is_open() => Assert.Equal(
        [("R-10", FindingEffect.OverrideRequired)],
        Check(Order with { DoseMg = 1.5m, DoseFreeDays = 14, Open = [new OpenFamily(RuleFamily.Course)] }));

    [Theory]
    [InlineData(RuleFamily.Missing)]
    [InlineData(RuleFamily.Gad7)]
    public void Only_course_and_severe_stand_in_the_way_of_an_increase(RuleFamily family) =>
        Assert.Empty(Check(Order with { DoseMg = 4.5m, Open = [new OpenFamily(family)] }));

    [Fact]
    public void Another_prescription_under_which_a_dose_is_taken_is_another_naltrexone()
    {
        var other = new OtherPrescription(Guid.CreateVersion7(), 3, 1.5m);

        var finding = Assert.Single(OrderRules.Check(Order with { OtherPrescriptions = [other] }, RuleSettings.Default));

        Assert.Equal(("R-12", FindingEffect.OverrideRequired, null), (finding.Rule, finding.Effect, finding.Hint));
        Assert.Equal(other.Id, Assert.Single(finding.Evidence).Id);
    }

    [Fact]
    public void The_latest_test_counts_and_of_several_on_one_day_the_worst()
    {
        Assert.Equal([("R-19", FindingEffect.Block)], Check(Tested((-9, false), (-2, false), (-2, true))));
        Assert.Empty(Check(Tested((-9, true), (-2, false))));
        Assert.Empty(Check(Tested((1, true))));

        static OrderContext Tested(params (int Day, bool Positive)[] tests) => Order with
        {
            Observations = [.. tests.Select(t => Observation(ObservationCode.OpioidScreen, t.Day, null, t.Positive))],
        };
    }

    [Fact]
    public void A_failed_naloxone_challenge_and_withdrawal_block() => Assert.Equal(
        [("R-19", FindingEffect.Block)],
        Check(Order with { Conditions = [ClinicalCondition.OpioidWithdrawal], Observations = [Observation(ObservationCode.NaloxoneChallenge, -1, null, true)] }));

    [Theory]
    [InlineData("N02AA05", false, -9, "R-20 Warning")]
    [InlineData("N02AA05", true, -14, "")]
    [InlineData("N07BC02", false, -13, "R-20 Block")]
    [InlineData("R05DA09", true, -1, "")] // long-acting, but no opioid
    public void The_opioid_free_interval_depends_on_how_long_the_opioid_acts(string atc, bool longActing, int stopped, string expected) => Assert.Equal(
        expected,
        string.Join(", ", OrderRules.Check(Order with { Medications = [Medication(atc, -100, stopped, longActing)] }, RuleSettings.Default).Select(f => $"{f.Rule} {f.Effect}")));

    [Fact]
    public void A_planned_opioid_is_warned_of_and_not_yet_active() => Assert.Equal(
        [("R-26", FindingEffect.Warning)], Check(Order with { Medications = [Medication("N02AA01", 20, null)] }));

    [Fact]
    public void Medicines_that_matter_at_the_start_matter_only_there()
    {
        var medications = new[] { Medication("L04AX03", -10, null) };

        Assert.Equal([("R-25", FindingEffect.Info)], Check(Order with { DoseMg = 1.5m, PreviousDoseMg = null, Medications = medications }));
        Assert.Empty(Check(Order with { Medications = medications }));
    }

    [Fact]
    public void One_rule_is_one_finding_with_its_worst_effect_and_all_its_evidence()
    {
        var order = Order with
        {
            Conditions = [ClinicalCondition.Pregnancy],
            Observations = [Observation(ObservationCode.Ast, -1, 5.2m, null), Observation(ObservationCode.Egfr, -30, 12, null)],
        };

        var finding = Assert.Single(OrderRules.Check(order, RuleSettings.Default));

        Assert.Equal(("R-22", FindingEffect.Block), (finding.Rule, finding.Effect));
        Assert.Equal(
            [new("ast", 5.2m, 5, "times-uln", "observation", order.Observations[0].Id, 1, Today.AddDays(-1)), new("pregnancy", Kind: "condition"),
                new("egfr", 12, 30, "mL/min/1.73m2", "observation", order.Observations[1].Id, 1, Today.AddDays(-30))],
            finding.Evidence);
    }

    [Fact]
    public void An_override_lets_its_rule_through_and_no_other_and_a_block_has_none()
    {
        var findings = OrderRules.Check(Order with { DoseMg = 5.0m, PreviousDoseMg = 4.5m, Open = [new OpenFamily(RuleFamily.Severe)], Medications = [Medication("N02AA01", -10, null)] }, RuleSettings.Default);

        Assert.Equal(["R-10", "R-11", "R-19"], findings.Select(f => f.Rule).Order());
        Assert.Equal(["R-11", "R-19"], OrderRules.Unmet(findings, ["R-10", "R-19"]).Select(f => f.Rule).Order());
    }

    [Fact]
    public void Every_rule_that_finds_something_is_in_the_catalogue_with_that_effect() => Assert.All(
        Vectors.Read("dose.json", "dose").Concat(Vectors.Read("interactions.json", "dose")).Where(c => (int)c["expected"]!["status"]! != 400),
        c => Assert.All(OrderRules.Check(ContextOf(c, DoseOf(c)!.Value), RuleSettings.Default), f => Assert.Contains(f.Effect, OrderRuleCatalogue.Of(f.Rule).Effects)));

    [Theory]
    [InlineData(ClinicalCondition.OpioidDependence, "http://snomed.info/sct", "75544000")]
    [InlineData(ClinicalCondition.OpioidDependence, "http://hl7.org/fhir/sid/icd-10-cm", "F11.20")]
    [InlineData(ClinicalCondition.OpioidWithdrawal, "http://hl7.org/fhir/sid/icd-10", "F113")]
    [InlineData(ClinicalCondition.AcuteHepatitis, "http://hl7.org/fhir/sid/icd-10-cm", "B16.9")]
    [InlineData(ClinicalCondition.AcuteHepatitis, "http://snomed.info/sct", "37871000")]
    [InlineData(ClinicalCondition.LiverFailure, "http://snomed.info/sct", "59927004")]
    [InlineData(ClinicalCondition.Pregnancy, "http://snomed.info/sct", "77386006")]
    [InlineData(ClinicalCondition.Lactation, "urn:ldnapi:condition", "lactation")]
    [InlineData(ClinicalCondition.NaltrexoneHypersensitivity, "urn:ldnapi:condition", "naltrexone-hypersensitivity")]
    [InlineData(ClinicalCondition.AnxietyDisorder, "http://hl7.org/fhir/sid/icd-10", "F41.1")]
    public void A_coded_condition_means_what_the_list_says(ClinicalCondition condition, string system, string code) =>
        Assert.Contains(condition, ConditionList.MeaningOf(system, code));

    [Theory]
    [InlineData("http://hl7.org/fhir/sid/icd-10-cm", "F11.21")] // in remission
    [InlineData("http://hl7.org/fhir/sid/icd-10-cm", "F32.1")]
    [InlineData("http://snomed.info/sct", "F41")]
    [InlineData("urn:elsewhere", "pregnancy")]
    public void Another_code_means_nothing(string system, string code) => Assert.Empty(ConditionList.MeaningOf(system, code));

    private static IEnumerable<(string Rule, FindingEffect Effect)> Check(OrderContext order) => OrderRules.Check(order, RuleSettings.Default).Select(f => (f.Rule, f.Effect));

    private static CheckInFact CheckIn(DateOnly on, int score) => new(Guid.CreateVersion7(), 1, on, new Known(on), score);

    private static MedicationFact Medication(string atc, int started, int? stopped, bool longActing = false) => new(
        Guid.CreateVersion7(), 1, atc, null, Today.AddDays(started), stopped is { } day ? Today.AddDays(day) : null, new Known(Today), longActing);

    private static ObservationFact Observation(ObservationCode code, int day, decimal? value, bool? positive) =>
        new(Guid.CreateVersion7(), 1, code, Today.AddDays(day), value, positive, new Known(Today));

    /// <summary>The amount each time; null when it is none.</summary>
    private static DoseQuantity? DoseOf(JsonNode c) => c["doseMg"]?.GetValueKind() == JsonValueKind.Number
        ? new DoseQuantity((decimal)c["doseMg"]!, (string?)c["unit"] == "ug" ? DoseUnit.Ug : DoseUnit.Mg)
        : null;

    private static OrderContext ContextOf(JsonNode c, DoseQuantity dose)
    {
        var on = Vectors.Day(c["day"]);
        return new OrderContext(on, dose.MgPerDay((int?)c["timesPerDay"] ?? 1))
        {
            PreviousDoseMg = (decimal?)c["previousDoseMg"],
            DaysSinceLastIncrease = (int?)c["daysSinceLastIncrease"],
            DoseFreeDays = (int?)c["doseFreeDays"] ?? 0,
            HasHistory = (bool?)c["history"] == true,
            IsSensitive = (string?)c["sensitivity"] == "sensitive",
            AgeYears = (int?)c["ageYears"],
            IsFromMicrograms = dose.Unit == DoseUnit.Ug,
            SymptomaticDays = [.. (c["symptomaticDays"]?.AsArray() ?? []).Select(Vectors.Day)],
            Open = [.. Open("openCourse", RuleFamily.Course), .. Open("openSevere", RuleFamily.Severe)],
            Medications =
            [
                .. (c["medications"]?.AsArray() ?? []).Select(m => new MedicationFact(
                    Guid.CreateVersion7(), 1, (string?)m!["atc"], (string?)m["rxnorm"], Vectors.Day(m["startedDay"]), m["stoppedDay"] is { } stopped ? Vectors.Day(stopped) : null,
                    new Known(on), (bool?)m["longActing"] == true)),
            ],
            Conditions = [.. (c["conditions"]?.AsArray() ?? []).SelectMany(name => ConditionList.MeaningOf(ConditionList.LocalSystem, (string)name!))],
            Observations = [.. Lab("altTimesUln", ObservationCode.Alt), .. Lab("astTimesUln", ObservationCode.Ast), .. Lab("egfr", ObservationCode.Egfr)],
            Procedures = c["procedureInDays"] is { } days ? [new ProcedureFact(Guid.CreateVersion7(), 1, on.AddDays((int)days), new Known(on))] : [],
        };

        IEnumerable<OpenFamily> Open(string name, RuleFamily family) => (bool?)c[name] == true ? [new OpenFamily(family)] : [];

        IEnumerable<ObservationFact> Lab(string name, ObservationCode code) =>
            c["labs"]?[name] is { } value ? [new ObservationFact(Guid.CreateVersion7(), 1, code, on, (decimal)value, null, new Known(on))] : [];
    }

    private static string NameOf(FindingEffect effect) => effect == FindingEffect.OverrideRequired ? "override" : effect.ToString().ToLowerInvariant();
}
