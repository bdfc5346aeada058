using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>Every verdict is explained clause by clause, and what is missing is never read as calm.</summary>
public sealed class ReasonTests
{
    private static readonly DateOnly Start = Vectors.DayZero;

    [Theory]
    [InlineData("00000000000000" + "55505550550000", "symptomatic-days-in-window", ClauseState.True, 8)]
    [InlineData("00000000000000" + "55505550500000", "symptomatic-days-in-window", ClauseState.False, 7)]
    [InlineData("00000000000000" + "5550555050000.", "symptomatic-days-in-window", ClauseState.Unknown, 7)] // the missing day could be the eighth
    [InlineData("00000000000000" + "5550555000000.", "symptomatic-days-in-window", ClauseState.False, 6)]   // and here it could not
    [InlineData("00000000000000" + "5550555050000.", "anxiety-of-the-day", ClauseState.Unknown, null)]
    [InlineData("00000000000000" + "55505550500003", "anxiety-of-the-day", ClauseState.False, 3)]
    [InlineData("00000000000000" + "5550", "symptomatic-days-in-week", ClauseState.False, 3)]
    [InlineData("00000000000000" + "555.", "symptomatic-days-in-week", ClauseState.Unknown, 3)]
    [InlineData("00000000005" + "............5", "episode-span", ClauseState.Unknown, 1)]  // days without a report may have bridged the fortnight
    [InlineData("00000000000" + "5...........5", "episode-span", ClauseState.False, 1)]    // and here they would not fill it
    [InlineData("00000000005" + "00000000....5", "episode-span", ClauseState.False, 1)]    // nor across a calm week
    [InlineData("05", "symptomatic-days-in-window", ClauseState.False, 1)]                                  // days before the therapy are not missing
    public void A_clause_is_unknown_when_what_is_missing_could_decide_it(string series, string name, ClauseState holds, int? value)
    {
        var onlyPersistent = RuleSettings.Default with { AdjustmentMinOf7 = 8, EmergingMinOf7 = 4 + (name == "symptomatic-days-in-week" ? 0 : 4) };
        var day = Start.AddDays(series.Length - 1);

        var clause = RuleEngine.Decide(Vectors.FactsOf(series), onlyPersistent, day, day).Of(RuleFamily.Course).Clauses.Single(c => c.Name == name);

        Assert.Equal((holds, (decimal?)value), (clause.Holds, clause.Value));
    }

    [Theory]
    [InlineData(null, ClauseState.Unknown)]
    [InlineData(true, ClauseState.True)]
    [InlineData(false, ClauseState.False)]
    public void A_history_that_is_not_known_is_said_not_to_be_known(bool? history, ClauseState expected)
    {
        var course = Of(RuleFamily.Course, Vectors.FactsOf("0000", history), 3);

        Assert.Equal(expected, course.Clauses.Single(c => c.Name == "anxiety-history").Holds);
        Assert.Equal(history is null ? ["history-unknown"] : [], course.ContributingFactors);
    }

    [Theory]
    [InlineData("", ClauseState.Unknown)]          // nobody was asked
    [InlineData("nnnnnn", ClauseState.Unknown)]    // six days of seven
    [InlineData("nnnnnnn", ClauseState.False)]
    [InlineData("y", ClauseState.True)]
    public void Self_harm_that_was_not_asked_about_is_not_read_as_denied(string answers, ClauseState expected)
    {
        var facts = Vectors.FactsOf("0000000");
        facts = facts with { CheckIns = [.. facts.CheckIns.Select((c, i) => i < answers.Length ? c with { SelfHarmThoughts = answers[i] == 'y' } : c)] };

        Assert.Equal(expected, Clause(RuleFamily.Suicidality, facts, 6, "self-harm-thoughts-reported").Holds);
    }

    [Theory]
    [InlineData("000000.", ClauseState.Unknown)]
    [InlineData("0000000", ClauseState.False)]
    public void A_week_with_a_missing_day_is_not_known_to_be_free_of_severe_anxiety(string series, ClauseState expected) =>
        Assert.Equal(expected, Clause(RuleFamily.Severe, Vectors.FactsOf(series), 6, "highest-anxiety-in-week").Holds);

    [Fact]
    public void Without_a_questionnaire_nothing_is_known_of_its_total()
    {
        var gad7 = Of(RuleFamily.Gad7, Vectors.FactsOf("0000"), 3);

        Assert.Equal(Verdict.InsufficientData, gad7.Verdict);
        Assert.Equal(new NeededEvidence(NeededEvidenceKind.CompleteGad7, 1, 0, 1, null, null), gad7.StillNeeded);
        Assert.All(gad7.Clauses.Where(c => c.Name.StartsWith("gad7", StringComparison.Ordinal)), c => Assert.Equal(ClauseState.Unknown, c.Holds));
    }

    [Theory]
    [InlineData("000", 1, 3, 0, 2)]                  // from Day 0, although the window is longer
    [InlineData("0000" + "00..............", 4, 0, 6, 19)]
    [InlineData(".....0.0.0....", 1, 3, 0, 13)]
    public void Insufficient_data_says_how_many_reported_days_of_which_window_are_still_needed(string series, int count, int present, int from, int to)
    {
        var course = Of(RuleFamily.Course, Vectors.FactsOf(series), series.Length - 1);

        Assert.Equal(Verdict.InsufficientData, course.Verdict);
        Assert.Equal(new NeededEvidence(NeededEvidenceKind.ReportedDays, count, present, 4, Start.AddDays(from), Start.AddDays(to)), course.StillNeeded);
    }

    [Fact]
    public void The_deciding_window_of_severe_and_suicidality_is_the_last_week_even_before_the_therapy()
    {
        var facts = Vectors.FactsOf("0000......") with { Doses = [] };

        var evaluation = RuleEngine.Evaluate(facts, RuleSettings.Default, Start.AddDays(9), Start.AddDays(9));

        Assert.All(
            [RuleFamily.Severe, RuleFamily.Suicidality],
            family => Assert.Equal(new NeededEvidence(NeededEvidenceKind.ReportedDays, 3, 1, 4, Start.AddDays(3), Start.AddDays(9)), evaluation.Of(family).StillNeeded));
    }

    [Fact]
    public void What_is_raised_or_decided_needs_nothing_more()
    {
        Assert.Null(Of(RuleFamily.Course, Vectors.FactsOf("555"), 2).StillNeeded);
        Assert.Null(Of(RuleFamily.Course, Vectors.FactsOf("0000"), 3).StillNeeded);
        Assert.Null(Of(RuleFamily.Missing, Vectors.FactsOf("."), 0).StillNeeded);
        Assert.Null(Of(RuleFamily.Serious, Vectors.FactsOf("."), 0).StillNeeded);
    }

    [Fact]
    public void The_records_of_a_verdict_are_there_once_with_id_version_day_and_value_and_each_clause_names_its_own()
    {
        var dose = new DoseFact(Start, 1.5m, Vectors.IdOf("prescription"), 3);
        var facts = Vectors.FactsOf("2505") with
        {
            BaselineAnxiety = 1,
            Doses = [dose],
            Patient = new PatientRecordFact(Vectors.IdOf("patient"), 2, Start.AddDays(-3)),
            CheckIns = [.. Vectors.FactsOf("2505").CheckIns, Vectors.Report(1, 3) with { Id = Vectors.IdOf("a lower one of the same day") }],
        };

        var course = Of(RuleFamily.Course, facts, 3);

        Assert.Equal(
            [
                ("check-in", Vectors.IdOf("series-0"), 1L, 0, 2m), ("check-in", Vectors.IdOf("series-1"), 1L, 1, 5m), ("check-in", Vectors.IdOf("series-2"), 1L, 2, 0m),
                ("check-in", Vectors.IdOf("series-3"), 1L, 3, 5m), ("dose", Vectors.IdOf("prescription"), 3L, 0, 1.5m), ("patient", Vectors.IdOf("patient"), 2L, -3, 0m),
            ],
            course.Evidence.Select(e => (e.Kind, e.Id!.Value, e.Version!.Value, e.On.DayNumber - Start.DayNumber, e.Value!.Value)));
        Assert.Equal([Vectors.IdOf("series-3")], course.Clauses.Single(c => c.Name == "anxiety-of-the-day").Records);
        Assert.Equal([Vectors.IdOf("series-3"), Vectors.IdOf("patient")], course.Clauses.Single(c => c.Name == "anxiety-over-baseline").Records);
        Assert.Equal(4m, course.Clauses.Single(c => c.Name == "anxiety-over-baseline").Value);
        Assert.Equal([Vectors.IdOf("prescription")], course.Clauses.Single(c => c.Name == "days-since-increase").Records);
        Assert.All(course.Clauses, c => Assert.Subset(course.Evidence.Select(e => e.Id!.Value).ToHashSet(), c.Records.ToHashSet()));
    }

    [Fact]
    public void Every_verdict_has_clauses_with_unit_and_threshold_raised_or_not()
    {
        var facts = Vectors.FactsOf("55.0777") with
        {
            Assessments = [new AssessmentFact(Vectors.IdOf("gad-7"), 1, Instrument.Gad7, Start.AddDays(3), new Known(Start.AddDays(3)), 11)],
            AdverseEvents = [new AdverseEventFact(Vectors.IdOf("event"), 1, AdverseEventTerm.Panic, Severity.Severe, 3, Start.AddDays(4), null, new Known(Start.AddDays(4)), Start.AddDays(4), true)],
        };

        var evaluation = RuleEngine.Evaluate(facts, RuleSettings.Default, Start.AddDays(6), Start.AddDays(6));

        Assert.Equal(Enum.GetValues<RuleFamily>(), evaluation.Families.Select(f => f.Family));
        Assert.All(evaluation.Families, f => Assert.NotEmpty(f.Clauses));
        Assert.All(evaluation.Families.SelectMany(f => f.Clauses), c => Assert.True(c.Unit.Length > 0 && (c.Threshold is not null || c.Unit is "flag" or "days")));
        Assert.All(evaluation.Families.Where(f => f.Verdict == Verdict.Raised), f => Assert.Contains(f.Clauses, c => c.Holds == ClauseState.True));
        Assert.All(
            [(RuleFamily.Severe, "event"), (RuleFamily.Serious, "event"), (RuleFamily.Gad7, "gad-7")],
            p => Assert.Contains(Vectors.IdOf(p.Item2), evaluation.Of(p.Item1).Evidence.Select(e => e.Id!.Value)));
    }

    [Fact]
    public void A_severe_report_that_became_known_after_a_closing_is_named_as_what_raised_it()
    {
        var late = Vectors.Report(2, 8) with { Known = new Known(Start.AddDays(6)) };
        var facts = Vectors.FactsOf("7111111") with { Actions = [new ClinicianAction(RuleFamily.Severe, ClinicianActionKind.Resolve, new Known(Start.AddDays(4)))] };
        facts = facts with { CheckIns = [.. facts.CheckIns.Where(c => c.Id != late.Id), late] };

        var severe = Of(RuleFamily.Severe, facts, 6);

        Assert.Equal(Verdict.Raised, severe.Verdict);
        var clause = severe.Clauses.Single(c => c.Name == "severe-reports-known-later");
        Assert.Equal((ClauseState.True, 1m), (clause.Holds, clause.Value));
        Assert.Equal([late.Id], clause.Records);
    }

    private static FamilyEvaluation Of(RuleFamily family, PatientFacts facts, int day) =>
        RuleEngine.Decide(facts, RuleSettings.Default, Start.AddDays(day), Start.AddDays(day)).Of(family);

    private static Clause Clause(RuleFamily family, PatientFacts facts, int day, string name) => Of(family, facts, day).Clauses.Single(c => c.Name == name);
}
