using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>R-08, an anxiety event that lasts, and R-09, another event that accompanies: each sentence, and its boundary.</summary>
public sealed class LastingEventTests
{
    private static readonly DateOnly Start = Vectors.DayZero;

    [Theory]
    [InlineData(Severity.Mild, null, FollowUpPriority.Routine)]
    [InlineData(Severity.Mild, 1, FollowUpPriority.Routine)]
    [InlineData(Severity.Mild, 2, FollowUpPriority.Soon)]      // CTCAE 2 counts as moderate
    [InlineData(Severity.Moderate, null, FollowUpPriority.Soon)]
    [InlineData(Severity.Moderate, 1, FollowUpPriority.Soon)]
    [InlineData(Severity.Mild, 3, FollowUpPriority.Urgent)]    // CTCAE 3 as severe
    [InlineData(Severity.Severe, null, FollowUpPriority.Urgent)]
    [InlineData(Severity.Severe, 1, FollowUpPriority.Urgent)]
    public void Its_severity_or_grade_decides_the_priority(Severity severity, int? grade, FollowUpPriority expected)
    {
        var course = CourseOf(Facts(Event(AdverseEventTerm.Restlessness, onset: 2, severity, grade)), 15);

        Assert.Equal((FollowUpLabel.Persistent, expected, "R-08"), (course.Label, course.Priority, course.Rule));
    }

    [Theory]
    [InlineData(false, 14, false)] // thirteen days
    [InlineData(false, 15, true)]  // fourteen
    [InlineData(true, 7, false)]   // with a history six
    [InlineData(true, 8, true)]    // seven
    public void It_must_have_lasted_the_length_of_the_window_on_a_day_without_a_report_too(bool history, int day, bool expected) =>
        Assert.Equal(expected, CourseOf(Facts(Event(AdverseEventTerm.Worry, onset: 2)) with { AnxietyHistory = history }, day).Verdict == Verdict.Raised);

    [Theory]
    [InlineData(AdverseEventTerm.Anxiety, true)]
    [InlineData(AdverseEventTerm.Nervousness, true)]
    [InlineData(AdverseEventTerm.Jitteriness, true)]
    [InlineData(AdverseEventTerm.Restlessness, true)]
    [InlineData(AdverseEventTerm.Agitation, true)]
    [InlineData(AdverseEventTerm.Worry, true)]
    [InlineData(AdverseEventTerm.Panic, true)]
    [InlineData(AdverseEventTerm.Akathisia, true)]
    [InlineData(AdverseEventTerm.Irritability, false)]
    [InlineData(AdverseEventTerm.DepressedMood, false)]
    [InlineData(AdverseEventTerm.Insomnia, false)]
    public void It_must_be_anxiety(AdverseEventTerm term, bool expected) =>
        Assert.Equal(expected, CourseOf(Facts(Event(term, onset: 0)), 20).Verdict == Verdict.Raised);

    [Theory]
    [InlineData(-1, null, 30, false)] // begun before the therapy
    [InlineData(0, null, 13, true)]
    [InlineData(0, 13, 13, false)]    // resolved on the day
    [InlineData(0, 14, 13, true)]     // resolved the day after
    [InlineData(45, null, 58, true)]  // begun within the days that are followed after the last dose, and lasted within them
    [InlineData(47, null, 70, false)] // too late to last within them
    [InlineData(61, null, 80, false)] // begun after them
    public void Its_onset_and_its_length_must_lie_in_the_therapy(int onset, int? resolved, int day, bool expected)
    {
        var worry = Event(AdverseEventTerm.Worry, onset) with { ResolvedOn = resolved is { } r ? Start.AddDays(r) : null };
        var facts = Facts(worry) with { Doses = [new DoseFact(Start, 1.5m), new DoseFact(Start.AddDays(30), 0)] }; // the last dose on Day 29, followed to Day 59

        Assert.Equal(expected, CourseOf(facts, day).Verdict == Verdict.Raised);
    }

    [Fact]
    public void Without_an_onset_it_cannot_be_said_to_have_lasted() =>
        Assert.DoesNotContain(Evaluate(Facts(Event(AdverseEventTerm.Worry, 0) with { OnsetOn = null }), 40).Events, e => e.Family == RuleFamily.Course);

    [Fact]
    public void After_a_clinician_resolved_the_course_it_must_last_anew()
    {
        var facts = Facts(Event(AdverseEventTerm.Worry, 0)) with { Actions = [Act(ClinicianActionKind.Resolve, 20)] };

        Assert.Equal(Verdict.InsufficientData, CourseOf(facts, 33).Verdict); // thirteen days from Day 21
        Assert.Equal(
            ["13 COURSE OPEN PERSISTENT routine", "20 COURSE RESOLVE PERSISTENT routine", "34 COURSE REOPEN PERSISTENT routine"],
            Vectors.Lines(Evaluate(facts, 34).Events.Where(e => e.Family == RuleFamily.Course)));
    }

    [Fact]
    public void An_event_that_lasts_keeps_a_quiet_course_open()
    {
        var facts = Vectors.FactsOf("555" + new string('0', 30)) with { AdverseEvents = [Event(AdverseEventTerm.Worry, 0) with { ResolvedOn = Start.AddDays(20) }] };

        Assert.Equal(
            ["13 COURSE REOPEN PERSISTENT routine", "2 COURSE OPEN ADJUSTMENT routine", "20 COURSE AUTO-CLOSE PERSISTENT routine", "9 COURSE AUTO-CLOSE ADJUSTMENT routine"],
            Vectors.Lines(Evaluate(facts, 32).Events.Where(e => e.Family == RuleFamily.Course)));
    }

    [Fact]
    public void With_a_history_a_mild_event_is_still_routine_and_a_symptomatic_day_soon()
    {
        var mild = Facts(Event(AdverseEventTerm.Worry, 0)) with { AnxietyHistory = true };

        Assert.Equal(FollowUpPriority.Routine, CourseOf(mild, 8).Priority);
        Assert.Equal(FollowUpPriority.Soon, CourseOf(mild with { CheckIns = [Vectors.Report(8, 4)] }, 8).Priority);
    }

    [Theory]
    [InlineData(AdverseEventTerm.Headache, Severity.Moderate, null, true)]
    [InlineData(AdverseEventTerm.Insomnia, Severity.Moderate, null, true)]
    [InlineData(AdverseEventTerm.VividDreams, Severity.Severe, null, true)]
    [InlineData(AdverseEventTerm.Nausea, Severity.Mild, 2, true)]        // CTCAE 2 counts as moderate
    [InlineData(AdverseEventTerm.Nausea, Severity.Mild, 1, false)]
    [InlineData(AdverseEventTerm.Headache, Severity.Mild, null, false)]
    [InlineData(AdverseEventTerm.Palpitations, Severity.Moderate, null, true)]
    [InlineData(AdverseEventTerm.Other, Severity.Moderate, null, true)]
    [InlineData(AdverseEventTerm.Irritability, Severity.Severe, null, false)] // mood
    [InlineData(AdverseEventTerm.SuicidalIdeation, Severity.Severe, null, false)]
    public void Another_event_of_at_least_moderate_severity_raises_the_priority_by_one(AdverseEventTerm term, Severity severity, int? grade, bool expected)
    {
        var facts = Vectors.FactsOf("555") with { AdverseEvents = [Event(term, onset: 2, severity, grade)] };

        var course = CourseOf(facts, 2);

        Assert.Equal(expected ? FollowUpPriority.Soon : FollowUpPriority.Routine, course.Priority);
        Assert.Equal(expected, course.ContributingFactors.Contains("accompanied"));
        Assert.Equal(expected ? 1 : 0, course.Clauses.Single(c => c.Name == "accompanying-events").Value);
    }

    [Theory]
    [InlineData(-2, false)] // four days before the opening
    [InlineData(-1, true)]  // three
    [InlineData(2, true)]   // on it
    [InlineData(5, true)]   // while it is open, on its own onset day
    public void Its_onset_must_lie_within_three_days(int onset, bool expected)
    {
        var facts = Vectors.FactsOf("555....") with { AdverseEvents = [Event(AdverseEventTerm.Headache, onset, Severity.Moderate)] };

        Assert.Equal(expected ? FollowUpPriority.Soon : FollowUpPriority.Routine, CourseOf(facts, 6).Priority);
        Assert.Equal(
            onset == 5 ? ["2 COURSE OPEN ADJUSTMENT routine", "5 COURSE UPGRADE ADJUSTMENT soon"] : [$"2 COURSE OPEN ADJUSTMENT {(expected ? "soon" : "routine")}"],
            Vectors.Lines(Evaluate(facts, 6).Events.Where(e => e.Family == RuleFamily.Course)));
    }

    [Fact]
    public void Two_events_raise_it_once()
    {
        var facts = Vectors.FactsOf("555..") with
        {
            AdverseEvents = [Event(AdverseEventTerm.Headache, 1, Severity.Severe), Event(AdverseEventTerm.Nausea, 2, Severity.Severe), Event(AdverseEventTerm.Insomnia, 4, Severity.Severe)],
        };

        Assert.Equal(FollowUpPriority.Soon, CourseOf(facts, 4).Priority);
        Assert.Equal(3, CourseOf(facts, 4).Clauses.Single(c => c.Name == "accompanying-events").Value);
    }

    [Fact]
    public void What_is_urgent_stays_urgent_and_says_that_it_is_accompanied()
    {
        // A mean of 6 over fourteen days is urgent by itself.
        var facts = Vectors.FactsOf(new string('6', 15)) with { AdverseEvents = [Event(AdverseEventTerm.Headache, 13, Severity.Severe)] };

        Assert.Equal((FollowUpPriority.Urgent, true), (CourseOf(facts, 14).Priority, CourseOf(facts, 14).ContributingFactors.Contains("accompanied")));
    }

    [Fact]
    public void A_higher_label_later_is_not_raised_again_by_an_event_that_is_past()
    {
        // Accompanied on Day 2: routine becomes soon. Persistent on Day 14 is soon by itself, and the headache is long over.
        var facts = Vectors.FactsOf(new string('5', 15)) with { AdverseEvents = [Event(AdverseEventTerm.Headache, 2, Severity.Moderate)] };

        Assert.Equal(
            ["14 COURSE UPGRADE PERSISTENT soon", "2 COURSE OPEN ADJUSTMENT soon"],
            Vectors.Lines(Evaluate(facts, 14).Events.Where(e => e.Family == RuleFamily.Course)));
    }

    [Theory]
    [InlineData(7, FollowUpPriority.Urgent)]
    [InlineData(9, FollowUpPriority.Immediate)]
    public void A_severe_follow_up_is_accompanied_too_and_keeps_its_priority(int score, FollowUpPriority expected)
    {
        var facts = Vectors.FactsOf($"00{score}") with { AdverseEvents = [Event(AdverseEventTerm.Headache, 2, Severity.Moderate)] };

        var severe = Evaluate(facts, 2).Of(RuleFamily.Severe);

        Assert.Equal((expected, true), (severe.Priority, severe.ContributingFactors.Contains("accompanied")));
    }

    private static PatientFacts Facts(AdverseEventFact e) => Vectors.FactsOf("") with { AdverseEvents = [e] };

    private static AdverseEventFact Event(AdverseEventTerm term, int onset, Severity severity = Severity.Mild, int? grade = null) =>
        new(Vectors.IdOf($"{term}"), 1, term, severity, grade, Start.AddDays(onset), null, new Known(Start.AddDays(onset)), Start.AddDays(onset));

    private static ClinicianAction Act(ClinicianActionKind kind, int day) => new(RuleFamily.Course, kind, new Known(Start.AddDays(day)));

    private static RuleDecision Evaluate(PatientFacts facts, int day) => RuleEngine.Decide(facts, RuleSettings.Default, Start.AddDays(day), Start.AddDays(day));

    private static FamilyEvaluation CourseOf(PatientFacts facts, int day) => Evaluate(facts, day).Of(RuleFamily.Course);
}
