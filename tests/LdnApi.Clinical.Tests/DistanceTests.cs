using CsCheck;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>What a verdict says would have flipped it, flips it; and nothing less of the same does.</summary>
public sealed class DistanceTests
{
    private const int Days = 45;
    private static readonly DateOnly Start = Vectors.DayZero;

    private static readonly Gen<int?> Score = Gen.Frequency(
        (4, Gen.Int[0, 3].Select(s => (int?)s)), (3, Gen.Int[4, 6].Select(s => (int?)s)), (1, Gen.Int[7, 10].Select(s => (int?)s)), (4, Gen.Const((int?)null)));

    private static readonly Gen<CheckInFact?> Report =
        from score in Score
        from selfHarm in Gen.Frequency((6, Gen.Const((bool?)null)), (3, Gen.Const((bool?)false)), (1, Gen.Const((bool?)true)))
        from late in Gen.Frequency((5, Gen.Const(0)), (1, Gen.Int[1, 9]))
        select score is null && selfHarm is not true ? null : new CheckInFact(Guid.Empty, 1, Start, new Known(Start.AddDays(late)), score, SelfHarmThoughts: selfHarm);

    private static readonly Gen<AdverseEventFact> Event =
        from onset in Gen.Int[-3, Days]
        from received in Gen.Int[0, 4]
        from resolved in Gen.Frequency((1, Gen.Const((int?)null)), (2, Gen.Int[0, 25].Select(d => (int?)d)))
        from term in Gen.OneOf(Gen.Enum<AdverseEventTerm>(), Gen.Const(AdverseEventTerm.Restlessness))
        from severity in Gen.Enum<Severity>()
        from grade in Gen.Frequency((2, Gen.Const((int?)null)), (1, Gen.Int[1, 4].Select(g => (int?)g)))
        from serious in Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))
        from unknownOnset in Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)))
        select new AdverseEventFact(
            Guid.Empty, 1, term, severity, grade, unknownOnset ? null : Start.AddDays(onset), resolved is { } r ? Start.AddDays(onset + received + r) : null,
            new Known(Start.AddDays(onset + received)), Start.AddDays(onset + received), serious);

    private static readonly Gen<AssessmentFact> Assessment =
        from day in Gen.Int[-5, Days]
        from instrument in Gen.OneOf(Gen.Const(Instrument.Gad7), Gen.Enum<Instrument>())
        from total in Gen.Frequency((1, Gen.Const((int?)null)), (5, Gen.Int[0, 21].Select(t => (int?)t)))
        from positive in Gen.Frequency((6, Gen.Const(false)), (1, Gen.Const(true)))
        select new AssessmentFact(
            Guid.Empty, 1, instrument, Start.AddDays(day), new Known(Start.AddDays(day)), total, positive && instrument is Instrument.Phq9 or Instrument.CSsrs);

    /// <summary>With reports before the therapy and late ones, gaps, holds, events, questionnaires and clinicians' acts, with and without their instants.</summary>
    private static readonly Gen<PatientFacts> Facts =
        from history in Gen.OneOf(Gen.Const((bool?)true), Gen.Const((bool?)false), Gen.Const((bool?)null))
        from intake in Gen.OneOf(Gen.Const((int?)null), Gen.Int[0, 6].Select(b => (int?)b))
        from first in Gen.Int[-6, 0]
        from reports in Report.Array[0, Days + 6]
        from start in Gen.Frequency((5, Gen.Const(new DoseFact[] { new(Start, 1.5m) })), (1, Gen.Const(Array.Empty<DoseFact>())))
        from doses in Gen.Select(Gen.Int[1, Days], Gen.Int[0, 3]).Array[0, 5]
        from events in Event.Array[0, 3]
        from assessments in Assessment.Array[0, 4]
        from opioids in Gen.Select(Gen.Int[-30, Days], Gen.Frequency((1, Gen.Const((int?)null)), (3, Gen.Int[1, 30].Select(d => (int?)d)))).Array[0, 2]
        from actions in Gen.Select(Gen.Int[0, Days], Gen.Enum<RuleFamily>(), Gen.Enum<ClinicianActionKind>(), Gen.Bool).Array[0, 5]
        select new PatientFacts(
            history, intake,
            [.. start, .. doses.DistinctBy(d => d.Item1).Select(d => new DoseFact(Start.AddDays(d.Item1), d.Item2 * 1.5m))],
            [
                .. reports.Select((r, i) => (Report: r, Day: first + i)).Where(p => p.Report is not null).Select(p => p.Report! with
                {
                    Id = Vectors.IdOf($"report-{p.Day}"), On = Start.AddDays(p.Day), Known = At(p.Report.Known.On.DayNumber - Start.DayNumber + p.Day, 9),
                }),
            ],
            [.. events.Select((e, i) => e with { Id = Vectors.IdOf($"event-{i}") })],
            [.. assessments.Select((a, i) => a with { Id = Vectors.IdOf($"assessment-{i}") })],
            [.. actions.Select(a => new ClinicianAction(a.Item2, a.Item3, a.Item4 ? At(a.Item1, 17) : new Known(Start.AddDays(a.Item1))))])
        {
            Medications =
            [
                .. opioids.Select((o, i) => new MedicationFact(
                    Vectors.IdOf($"opioid-{i}"), 1, "N02AX02", null, Start.AddDays(o.Item1), o.Item2 is { } days ? Start.AddDays(o.Item1 + days) : null, At(o.Item1, 10))),
            ],
        };

    [Fact]
    public void The_smallest_change_named_by_a_verdict_flips_it_and_one_unit_less_does_not() => Gen.Select(Facts, Gen.Int[0, Days - 1], Gen.Bool).Sample(
        (facts, day, ended) =>
        {
            foreach (var family in Evaluate(facts, day, ended).Families)
            {
                if (family.Distance is { } distance)
                {
                    Assert.NotEqual(Verdict.Raised, family.Verdict);
                    Assert.Equal(Verdict.Raised, VerdictWith(distance));
                    if (OneUnitLess(distance) is { } less)
                    {
                        Assert.NotEqual(Verdict.Raised, VerdictWith(less));
                    }
                }

                Assert.Equal(family.Verdict != Verdict.Raised && family.Distance is null, family.NoDistance is not null);

                Verdict VerdictWith(Distance d) => Decide(Apply(facts, d, day), day, ended).Of(family.Family).Verdict;
            }
        });

    [Theory]
    [InlineData("44.", 2, null, 4)]   // a report of the day, which counts from nought
    [InlineData("443", 2, 3, 1)]      // one point more
    [InlineData("4430", 2, 3, 1)]     // of the day before, rather than four of today
    [InlineData("4433", 3, 3, 1)]     // of two days the later
    public void The_smallest_change_of_a_course_is_a_higher_score_of_one_day(string series, int day, int? from, int size)
    {
        var distance = Of(RuleFamily.Course, Vectors.FactsOf(series), series.Length - 1);

        Assert.Equal(new Distance("check-in", from is null ? null : Vectors.IdOf($"series-{day}"), "anxiety", Start.AddDays(day), from, 4, null, "points", size), distance);
    }

    [Fact]
    public void A_history_is_named_where_no_day_is_enough()
    {
        var distance = Of(RuleFamily.Course, Vectors.FactsOf("00000005", history: null), 7);

        Assert.Equal(new Distance("patient", null, "anxietyHistory", Start.AddDays(7), null, 1, null, "flag", 1), distance);
    }

    [Fact]
    public void The_day_of_a_dose_is_named_where_it_takes_less_than_a_score()
    {
        // Two symptomatic days before the increase on Day 16, one after it: two days earlier, and all three lie after it.
        var facts = Vectors.FactsOf("0000000000000044.4");
        var distance = Of(RuleFamily.Course, facts with { Doses = [.. facts.Doses, new DoseFact(Start.AddDays(16), 3.0m, Vectors.IdOf("prescription"), 4)] }, 17);

        Assert.Equal(("dose", (Guid?)Vectors.IdOf("prescription"), Start.AddDays(16), Start.AddDays(14)), (distance!.Kind, distance.Id, distance.On, distance.MovedTo));
        Assert.Equal((2, "days"), (distance.Size, distance.Unit));
    }

    [Fact]
    public void The_onset_of_an_event_is_named_where_it_takes_less_than_a_score()
    {
        var facts = Vectors.FactsOf(new string('0', 20)) with { AdverseEvents = [Worry(onset: 8)] };

        var distance = Of(RuleFamily.Course, facts, 19);

        Assert.Equal(("adverse-event", "onsetOn", Start.AddDays(8), Start.AddDays(6), 2), (distance!.Kind, distance.Fact, distance.On, distance.MovedTo, distance.Size));
    }

    [Fact]
    public void Where_nothing_on_record_is_enough_the_event_is_named_that_would_have_to_be()
    {
        var distance = Of(RuleFamily.Course, Vectors.FactsOf(new string('0', 20)), 19);

        Assert.Equal(new Distance("adverse-event", null, "severity", Start.AddDays(6), null, 0, null, "levels", 1), distance);
    }

    [Theory]
    [InlineData("0000026", 6, 7)]   // a point today
    [InlineData("0000062", 5, 7)]   // a point yesterday, rather than five today
    [InlineData("000000.", 6, 7)]   // a day without a report counts from nought, and of equals the later is named
    public void The_smallest_change_of_severe_is_one_score_of_the_week(string series, int day, int to)
    {
        var distance = Of(RuleFamily.Severe, Vectors.FactsOf(series), 6);

        Assert.Equal((Start.AddDays(day), (decimal?)to), (distance!.On, distance.To));
    }

    [Theory]
    [InlineData("", "on the day", 10)]         // none yet: a total that is positive by itself
    [InlineData("after 9", "after", 10)]       // a point more
    [InlineData("before 9, after 9", "after", 10)]
    [InlineData("before 4, after 7", "after", 8)]    // a rise of four
    public void The_smallest_change_of_the_gad7_is_a_total(string assessments, string changed, int to)
    {
        var facts = Vectors.FactsOf("0") with
        {
            Assessments = [.. assessments.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split(' ')).Select(a => Gad7(a[0], a[0] == "before" ? -1 : 5, int.Parse(a[1], null)))],
        };

        var distance = Of(RuleFamily.Gad7, facts, 6);

        Assert.Equal(("assessment", "total", to), (distance!.Kind, distance.Fact, (int)distance.To!));
        Assert.Equal(changed == "on the day" ? null : Vectors.IdOf(changed), distance.Id);
    }

    [Fact]
    public void The_smallest_change_of_missing_reports_is_the_report_that_ended_the_gap()
    {
        var distance = Of(RuleFamily.Missing, Vectors.FactsOf("0..0"), 3);

        Assert.Equal(new Distance("check-in", Vectors.IdOf("series-3"), "reported", Start.AddDays(3), 1, 0, null, "flag", 1), distance);
    }

    [Fact]
    public void The_smallest_change_of_suicidality_is_the_answer_of_the_last_day_and_of_serious_one_criterion()
    {
        var facts = Vectors.FactsOf("0000") with { AdverseEvents = [Worry(onset: 2)] };

        Assert.Equal(
            new Distance("check-in", Vectors.IdOf("series-3"), "selfHarmThoughts", Start.AddDays(3), null, 1, null, "flag", 1), Of(RuleFamily.Suicidality, facts, 3));
        Assert.Equal(new Distance("adverse-event", Vectors.IdOf("worry"), "seriousness", Start.AddDays(2), 0, 1, null, "flag", 1), Of(RuleFamily.Serious, facts, 3));
    }

    [Fact]
    public void Before_the_first_dose_and_after_the_therapy_the_course_cannot_be_raised_and_that_is_said()
    {
        var never = Vectors.FactsOf("55555") with { Doses = [] };
        var over = Vectors.FactsOf("0") with { Doses = [new DoseFact(Start, 1.5m), new DoseFact(Start.AddDays(1), 0)] };

        Assert.Equal(DistanceObstacle.BeforeFirstDose, Evaluate(never, 4, ended: true).Of(RuleFamily.Course).NoDistance);
        Assert.Equal(DistanceObstacle.OutsideTherapy, Evaluate(over, 90, ended: true).Of(RuleFamily.Course).NoDistance);
    }

    [Theory]
    [InlineData(false, null)] // without instants, a report of the day of a closing counts as seen by who closed it
    [InlineData(true, 9)]     // with them, a correction of yesterday's 8 comes after it
    public void What_a_clinician_closed_today_is_only_said_to_be_one_report_away_when_a_report_would_raise_it(bool instants, int? to)
    {
        var facts = Vectors.FactsOf("111118") with
        {
            Actions = [new ClinicianAction(RuleFamily.Severe, ClinicianActionKind.Resolve, instants ? At(6, 17) : new Known(Start.AddDays(6)))],
        };

        var severe = Evaluate(facts, 6, ended: true).Of(RuleFamily.Severe);

        Assert.Equal((decimal?)to, severe.Distance?.To);
        Assert.Equal(to is null ? DistanceObstacle.ClosedByClinician : null, severe.NoDistance);
    }

    [Fact]
    public void A_history_ten_times_as_long_costs_about_ten_times_the_memory_and_not_its_square()
    {
        var (shorter, longer) = (LongHistory(200), LongHistory(2000));

        var (brief, full) = (AllocatedBy(shorter), AllocatedBy(longer));

        Assert.NotNull(Of(RuleFamily.Course, longer, 1999));
        Assert.True(full < 30 * brief, $"200 days allocated {brief} bytes, 2,000 days {full}.");

        static long AllocatedBy(PatientFacts facts)
        {
            Evaluate(facts, facts.CheckIns.Count - 1, ended: true); // what is made once is made now
            var before = GC.GetAllocatedBytesForCurrentThread();
            Evaluate(facts, facts.CheckIns.Count - 1, ended: true);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        static PatientFacts LongHistory(int days) => Vectors.FactsOf(string.Concat(Enumerable.Range(0, days).Select(d => d % 3))) with
        {
            Doses = [.. Enumerable.Range(0, days / 50).Select(i => new DoseFact(Start.AddDays(i * 50), 1.5m + (i % 3)))],
            AdverseEvents = [.. Enumerable.Range(0, days / 50).Select(i => Worry(i * 50) with { Id = Vectors.IdOf($"worry-{i}"), ResolvedOn = Start.AddDays((i * 50) + 5) })],
        };
    }

    private static Distance? Of(RuleFamily family, PatientFacts facts, int day) => Evaluate(facts, day, ended: true).Of(family).Distance;

    private static AdverseEventFact Worry(int onset) =>
        new(Vectors.IdOf("worry"), 1, AdverseEventTerm.Worry, Severity.Mild, null, Start.AddDays(onset), null, new Known(Start.AddDays(onset)), Start.AddDays(onset));

    private static AssessmentFact Gad7(string name, int day, int total) =>
        new(Vectors.IdOf(name), 1, Instrument.Gad7, Start.AddDays(day), new Known(Start.AddDays(day)), total);

    private static Known At(int day, int hour) => new(Start.AddDays(day), new DateTimeOffset(Start.AddDays(day), new TimeOnly(hour, 0), TimeSpan.Zero));

    private static Evaluation Evaluate(PatientFacts facts, int day, bool ended) =>
        RuleEngine.Evaluate(facts, RuleSettings.Default, Start.AddDays(day), Start.AddDays(ended ? day : day - 1));

    private static RuleDecision Decide(PatientFacts facts, int day, bool ended) =>
        RuleEngine.Decide(facts, RuleSettings.Default, Start.AddDays(day), Start.AddDays(ended ? day : day - 1));

    /// <summary>The named change, carried out as whoever reads it would: it becomes known last.</summary>
    private static PatientFacts Apply(PatientFacts facts, Distance d, int day)
    {
        var last = new Known(Start.AddDays(day), facts.Actions.Max(a => a.Known.At)?.AddMinutes(1));
        var to = (int?)d.To;
        return (d.Kind, d.Fact) switch
        {
            ("patient", "anxietyHistory") => facts with { AnxietyHistory = true },
            ("patient", "baselineAnxiety") => facts with { BaselineAnxiety = to },
            ("check-in", "anxiety") => CheckIns(c => c with { Anxiety = to, Known = last }, new CheckInFact(Guid.Empty, 1, d.On, last, to)),
            ("check-in", "selfHarmThoughts") => CheckIns(c => c with { SelfHarmThoughts = true, Known = last }, new CheckInFact(Guid.Empty, 1, d.On, last, null, SelfHarmThoughts: true)),
            ("check-in", "reported") => facts with { CheckIns = [.. facts.CheckIns.Where(c => c.Id != d.Id)] },
            ("adverse-event", "onsetOn") => Events(e => e with { OnsetOn = d.MovedTo }),
            ("adverse-event", "resolvedOn") => Events(e => e with { ResolvedOn = d.MovedTo }),
            ("adverse-event", "severity") when d.Id is null => facts with { AdverseEvents = [.. facts.AdverseEvents, NewEvent(AdverseEventTerm.Anxiety) with { Severity = (Severity)to! }] },
            ("adverse-event", "severity") => Events(e => e with { Severity = (Severity)to!, Known = last }),
            ("adverse-event", "ctcaeGrade") => Events(e => e with { CtcaeGrade = to, Known = last }),
            ("adverse-event", "seriousness") when d.Id is null => facts with { AdverseEvents = [.. facts.AdverseEvents, NewEvent(AdverseEventTerm.Other) with { IsSerious = to == 1 }] },
            ("adverse-event", "seriousness") => Events(e => e with { IsSerious = to == 1, Known = last }),
            ("dose", "on") => facts with { Doses = [.. facts.Doses.Select(x => x.On == d.On ? x with { On = d.MovedTo!.Value } : x)] },
            ("assessment", "total") when d.Id is null => facts with { Assessments = [.. facts.Assessments, new AssessmentFact(Guid.Empty, 1, Instrument.Gad7, d.On, last, to)] },
            ("assessment", "total") => facts with { Assessments = [.. facts.Assessments.Select(a => a.Id == d.Id ? a with { Total = to, Known = last } : a)] },
            ("medication", "active") => facts with { Medications = [.. facts.Medications, new MedicationFact(Guid.Empty, 1, "N02AA01", null, d.On, null, last)] },
            ("medication", "stoppedOn") => facts with { Medications = [.. facts.Medications.Select(m => m.Id == d.Id ? m with { StoppedOn = d.MovedTo, Known = last } : m)] },
            _ => throw new InvalidOperationException($"{d.Kind} {d.Fact} is not a fact that this test can change."),
        };

        PatientFacts CheckIns(Func<CheckInFact, CheckInFact> change, CheckInFact otherwise) => facts with
        {
            CheckIns = d.Id is null ? [.. facts.CheckIns, otherwise] : [.. facts.CheckIns.Select(c => c.Id == d.Id ? change(c) : c)],
        };

        PatientFacts Events(Func<AdverseEventFact, AdverseEventFact> change) => facts with { AdverseEvents = [.. facts.AdverseEvents.Select(e => e.Id == d.Id ? change(e) : e)] };

        AdverseEventFact NewEvent(AdverseEventTerm term) => new(Guid.Empty, 1, term, Severity.Mild, null, d.On, null, last, Start.AddDays(day));
    }

    /// <summary>The same change by one unit less; null when that is no change, or not a matter of more or less.</summary>
    private static Distance? OneUnitLess(Distance d) =>
        d.Size == 1 ? null
        : d.MovedTo is { } to ? d with { MovedTo = to.AddDays(to > d.On ? -1 : 1) }
        : d with { To = d.To - (d.To > (d.From ?? -1) ? 1 : -1) };
}
