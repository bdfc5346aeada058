using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Medicines;

namespace LdnApi.Clinical.Rules;

/// <summary>Says why a family's verdict is what it is: clause by clause, with the records behind it and what would have flipped it.</summary>
internal sealed class FamilyExplainer(PatientFacts facts, PatientTimeline timeline, FamilyFold fold)
{
    private readonly RuleSettings _settings = timeline.Settings;
    private readonly int _day = fold.Open?.DecidedOn ?? timeline.Last;

    public FamilyEvaluation Explain() => fold switch
    {
        CourseFold course => OfCourse(course),
        SevereFold => OfSevere(),
        SuicidalityFold => OfSuicidality(),
        Gad7Fold gad7 => OfGad7(gad7),
        MissingFold missing => OfMissing(missing),
        SeriousFold => OfSerious(),
        _ => OfOpioid(),
    };

    private FamilyEvaluation OfCourse(CourseFold course)
    {
        var history = timeline.History;
        var window = _settings.PersistWindowDays.For(history);
        var verdict = VerdictOf(timeline.DayZero is { } zero ? CountInTherapy(Math.Max(zero, timeline.Last - window + 1)) : 0);
        var numbers = course.Open is null ? course.At(timeline.Last) : course.Decided!;
        var known = timeline.DayZero is not null;
        var from = timeline.SymptomaticFrom(timeline.DayZero is { } z && _day >= z ? timeline.Baseline : facts.BaselineAnxiety);
        var share = numbers.ReportedInWindow == 0 ? (decimal?)null : decimal.Round((decimal)numbers.SymptomaticInWindow / numbers.ReportedInWindow, 4);
        Clause[] clauses =
        [
            new("in-therapy-window", "COURSE", Holds(timeline.IsInTherapy(_day)), timeline.DayZero is { } start ? _day - start : null, null, "days"),
            new("anxiety-of-the-day", "COURSE", numbers.Anxiety is null ? ClauseState.Unknown : Holds(numbers.IsSymptomatic), numbers.Anxiety, from, "score"),
            new("anxiety-history", "R-01", facts.AnxietyHistory is { } h ? Holds(h) : ClauseState.Unknown, null, null, "flag"),
            AtLeast("symptomatic-days-since-increase", "R-02", known ? numbers.SymptomaticSinceEpoch : null, _settings.AdjustmentMinOf7),
            Below("days-since-increase-in-adjustment", "R-02", known ? numbers.SinceIncrease : null, _settings.AdjustmentDays.For(history)),
            AtLeast("symptomatic-days-in-week", "R-03", known ? numbers.SymptomaticInWeek : null, _settings.EmergingMinOf7),
            AtLeast("symptomatic-days-in-window", "R-04", known ? numbers.SymptomaticInWindow : null, _settings.PersistMinDays.For(history)),
            AtLeast("symptomatic-days-in-window-sparse", "R-04", known ? numbers.SymptomaticInWindow : null, _settings.SparseMinDays.For(history)),
            new("symptomatic-share-of-reported", "R-04", share is null ? ClauseState.Unknown : Holds(share >= _settings.SparseRatio), share, _settings.SparseRatio, "ratio"),
            AtLeast("episode-span", "R-04", known ? numbers.Span : null, window),
            AtLeast("days-since-increase", "R-04", known ? numbers.SinceIncrease : null, _settings.AdjustmentDays.For(history)),
            AtLeast("episode-span-cap", "R-04", known ? numbers.Span : null, _settings.AdjustmentCapDays.For(history)),
            new("mean-of-symptomatic-days", "R-04", numbers.MeanAnxiety is { } mean ? Holds(mean >= _settings.PersistentUrgentMean) : ClauseState.Unknown,
                numbers.MeanAnxiety is { } m ? decimal.Round(m, 4) : null, _settings.PersistentUrgentMean, "score"),
            AtLeast("anxiety-event-duration", "R-08", known ? numbers.LongestEvent : null, window),
        ];
        var rule = course.Open?.Label switch
        {
            FollowUpLabel.Early => "R-01",
            FollowUpLabel.Adjustment => "R-02",
            FollowUpLabel.Emerging => "R-03",
            FollowUpLabel.Persistent => numbers.IsSymptomatic && numbers.IsPersistent(_settings, history) ? "R-04" : "R-08",
            _ => known && numbers.SinceIncrease < _settings.AdjustmentDays.For(history) ? "R-02" : "R-03",
        };
        var evidence = CheckIns(_day - window + 1, c => timeline.IsSymptomatic(c.On.DayNumber))
            .Concat(course.AnxietyEvents.Where(e => e.OnsetOn!.Value.DayNumber <= _day && !(e.ResolvedOn?.DayNumber <= _day)).Select(OfEvent))
            .Concat(known ? [new Evidence("dose", null, null, DateOnly.FromDayNumber(timeline.EpochStart(_day)), timeline.DoseOn(timeline.EpochStart(_day)))] : []);
        return Build(verdict, rule, clauses, ScoreDistance(), evidence, [.. FactorsOf(course, numbers)], ActionsOf(course.Open?.Label));
    }

    private IEnumerable<string> FactorsOf(CourseFold course, CourseDay numbers)
    {
        if (facts.AnxietyHistory is null)
        {
            yield return "history-unknown";
        }

        if (course.Open is null)
        {
            yield break;
        }

        if (timeline.History)
        {
            yield return "underlying-condition";
        }

        if (numbers.SinceIncrease < _settings.AdjustmentDays.For(timeline.History))
        {
            yield return "dose-adjustment";
        }

        if (course.Accompanied)
        {
            yield return "accompanied";
        }

        if (course.Rechallenged)
        {
            yield return "positive-rechallenge";
        }

        if (Dechallenges().Any())
        {
            yield return "positive-dechallenge";
        }
    }

    /// <summary>R-28: decreases after which the median anxiety of days 3 to 13 lies at least 2 below that of the week before.</summary>
    private IEnumerable<int> Dechallenges()
    {
        for (var day = timeline.DayZero + 1 ?? int.MaxValue; day <= timeline.Last; day++)
        {
            if (timeline.DoseOn(day) < timeline.DoseOn(day - 1) && Median(day - 7, day - 1) - Median(day + 3, day + 13) >= 2)
            {
                yield return day;
            }
        }
    }

    private decimal? Median(int from, int to)
    {
        var values = Enumerable.Range(from, to - from + 1).Select(timeline.AnxietyOn).OfType<int>().Order().ToArray();
        return values.Length < 3 ? null : (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2m;
    }

    /// <summary>The lowest score of the last day, above the present one, with which the family is raised; null where no single score does it.</summary>
    private Distance? ScoreDistance()
    {
        var today = timeline.AnxietyOn(timeline.Last);
        for (var score = today + 1 ?? 0; fold.Open is null && score <= 10; score++)
        {
            var report = new CheckInFact(Guid.Empty, 1, AsOf, KnownLast, score);
            if (IfRaised(new Distance("anxiety", AsOf, today, score), facts with { CheckIns = [.. facts.CheckIns, report] }) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>A change is only named when the family is raised with it: what a clinician closed on that day may stay closed.</summary>
    private Distance? IfRaised(Distance change, PatientFacts changed) =>
        fold.Open is null && RuleEngine.Fold(new PatientTimeline(changed, _settings, AsOf), AsOf).Single(f => f.Family == fold.Family).Open is not null ? change : null;

    private DateOnly AsOf => DateOnly.FromDayNumber(timeline.Last);

    /// <summary>What is yet to come becomes known after everything that is known of the day.</summary>
    private Known KnownLast => new(AsOf, facts.Actions.Max(a => a.Known.At)?.AddTicks(1));

    private FamilyEvaluation OfSevere()
    {
        var score = timeline.AnxietyOn(_day);
        var worst = timeline.AdverseEvents.Where(e => AdverseEventTerms.IsAnxiety(e.Term) && IsOngoing(e)).ToArray();
        Clause[] clauses =
        [
            new("anxiety-of-the-day", "R-05", score is null ? ClauseState.Unknown : Holds(score >= _settings.SevereNrs), score, _settings.SevereNrs, "score"),
            new("anxiety-of-the-day-critical", "R-05", score is null ? ClauseState.Unknown : Holds(score >= _settings.CriticalNrs), score, _settings.CriticalNrs, "score"),
            new("severe-anxiety-event", "R-05", Holds(Array.Exists(worst, e => e.Severity == Severity.Severe || e.CtcaeGrade >= 3)), worst.Max(e => e.CtcaeGrade), 3, "grade"),
        ];
        var evidence = CheckIns(_day - 6, c => PatientTimeline.ScoreOf(c) >= _settings.SevereNrs)
            .Concat(worst.Where(e => e.Severity == Severity.Severe || e.CtcaeGrade >= 3).Select(OfEvent));
        return Build(WeekVerdict(), "R-05", clauses, ScoreDistance(), evidence, [], ["contact-patient-now", "hold-dose", "refer-mental-health"]);
    }

    private FamilyEvaluation OfSuicidality()
    {
        var checkIns = timeline.CheckIns.Where(c => c.SelfHarmThoughts && Recent(c.On)).ToArray();
        var assessments = timeline.Assessments.Where(a => a.SelfHarmPositive && Recent(a.On)).ToArray();
        var events = timeline.AdverseEvents.Where(e => AdverseEventTerms.IsSuicidality(e.Term) && Recent(e.OnsetOn ?? e.ReceivedOn)).ToArray();
        Clause[] clauses =
        [
            new("self-harm-thoughts-reported", "R-06", Holds(checkIns.Length > 0), checkIns.Length, 1, "reports"),
            new("self-harm-item-positive", "R-06", Holds(assessments.Length > 0), assessments.Length, 1, "assessments"),
            new("suicidal-event", "R-06", Holds(events.Length > 0), events.Length, 1, "events"),
        ];
        var evidence = checkIns.Select(c => new Evidence("check-in", c.Id, c.Version, c.On, 1))
            .Concat(assessments.Select(a => new Evidence("assessment", a.Id, a.Version, a.On, a.Total)))
            .Concat(events.Select(OfEvent));
        var report = new CheckInFact(Guid.Empty, 1, AsOf, KnownLast, null, SelfHarmThoughts: true);
        var distance = IfRaised(new Distance("selfHarmThoughts", AsOf, null, 1), facts with { CheckIns = [.. facts.CheckIns, report] });
        return Build(WeekVerdict(), "R-06", clauses, distance, evidence, [],
            ["emergency-protocol", "contact-patient-now"]);

        bool Recent(DateOnly on) => on.DayNumber <= timeline.Last && on.DayNumber >= (fold.Open?.OpenedOn ?? timeline.Last - 6);
    }

    private FamilyEvaluation OfGad7(Gad7Fold gad7)
    {
        var latest = gad7.LatestUpTo(_day);
        var baseline = latest is null ? null : gad7.BaselineOf(latest);
        Clause[] clauses =
        [
            AtLeast("gad7-total-severe", "R-07", latest?.Total, Gad7Rule.SevereTotal, "points"),
            AtLeast("gad7-total", "R-07", latest?.Total, Gad7Rule.PositiveTotal, "points"),
            new("gad7-baseline", "R-07", baseline is null ? ClauseState.Unknown : Holds(baseline < Gad7Rule.PositiveTotal), baseline, Gad7Rule.PositiveTotal, "points"),
            AtLeast("gad7-rise", "R-07", latest?.Total - baseline, Gad7Rule.MeaningfulRise, "points"),
        ];
        var repeat = gad7.AsksForRepeat(timeline.Last);
        var verdict = fold.Open is not null ? Verdict.Raised : latest is null ? Verdict.InsufficientData : Verdict.NotRaised;
        var evidence = timeline.Assessments.Where(a => a.Instrument is Instrument.Gad7 or Instrument.Gad2 && a.On.DayNumber <= _day)
            .TakeLast(5).Select(a => new Evidence("assessment", a.Id, a.Version, a.On, a.Total));
        return Build(verdict, "R-07", clauses, Gad7Distance(gad7), evidence, repeat ? ["gad2-positive"] : [],
            fold.Open is not null ? ["repeat-gad7", "hold-dose"] : [], repeat ? "repeat-gad7" : null);
    }

    /// <summary>The lowest total of a questionnaire on the last day that would raise it.</summary>
    private Distance? Gad7Distance(Gad7Fold gad7)
    {
        var asked = new AssessmentFact(Guid.Empty, 1, Instrument.Gad7, AsOf, KnownLast, 0);
        var baseline = gad7.BaselineOf(asked);
        var lowest = Enumerable.Range(0, 22).First(total => Gad7Rule.PriorityOf(total, baseline) is not null);
        return IfRaised(
            new Distance("gad7Total", AsOf, gad7.LatestUpTo(timeline.Last)?.Total, lowest), facts with { Assessments = [.. facts.Assessments, asked with { Total = lowest }] });
    }

    private FamilyEvaluation OfMissing(MissingFold missing)
    {
        Clause[] clauses =
        [
            AtLeast("days-without-report", "R-27", missing.GapOn(_day), _settings.MissingDays),
            Below("days-since-increase", "R-27", timeline.DayZero is null ? null : timeline.SinceIncrease(_day), _settings.MissingWatchDays + 1),
        ];
        return Build(fold.Open is null ? Verdict.NotRaised : Verdict.Raised, "R-27", clauses, null, [], [], ["contact-patient"]);
    }

    private FamilyEvaluation OfSerious()
    {
        var serious = timeline.AdverseEvents.Where(e => e.IsSerious && (fold.Open is not null || IsOngoing(e))).ToArray();
        Clause[] clauses = [new("serious-event", "R-32", Holds(serious.Length > 0), serious.Length, 1, "events")];
        return Build(fold.Open is null ? Verdict.NotRaised : Verdict.Raised, "R-32", clauses, null, serious.Select(OfEvent), [], ["contact-patient-now", "report-serious-event"]);
    }

    private FamilyEvaluation OfOpioid()
    {
        var opioids = timeline.Medications.Where(m => m.Is(MedicineClass.Opioid)).ToArray();
        var active = opioids.Count(m => m.IsActiveOn(DateOnly.FromDayNumber(_day)));
        Clause[] clauses =
        [
            new("in-therapy-window", "R-19", Holds(timeline.IsInTherapy(_day)), timeline.DayZero is { } start ? _day - start : null, null, "days"),
            new("active-opioids", "R-19", Holds(active > 0), active, 1, "medications"),
        ];
        var from = DateOnly.FromDayNumber(fold.Open?.OpenedOn ?? timeline.Last);
        var evidence = opioids.Where(m => !(m.StoppedOn <= from)).Select(m => new Evidence("medication", m.Id, m.Version, m.StartedOn ?? from, null));
        var another = new MedicationFact(Guid.Empty, 1, "N02A", null, AsOf, null, KnownLast);
        var distance = IfRaised(new Distance("activeOpioids", AsOf, active, active + 1), facts with { Medications = [.. facts.Medications, another] });
        return Build(fold.Open is null ? Verdict.NotRaised : Verdict.Raised, "R-19", clauses, distance, evidence, [], ["contact-patient-now", "stop-ldn"]);
    }

    private FamilyEvaluation Build(
        Verdict verdict, string rule, Clause[] clauses, Distance? distance, IEnumerable<Evidence> evidence, string[] factors, string[] actions, string? hint = null) => new(
            fold.Family, verdict, fold.Open?.Label, fold.Open?.Priority, rule, clauses, verdict == Verdict.Raised ? null : distance,
            [.. evidence], factors, [.. (verdict == Verdict.Raised ? actions : []).Concat(hint is null ? [] : [hint]).Distinct()], DateOnly.FromDayNumber(_day));

    private Verdict WeekVerdict() => VerdictOf(timeline.CountReported(timeline.Last - 6, timeline.Last));

    private Verdict VerdictOf(int reported) =>
        fold.Open is not null ? Verdict.Raised : reported < _settings.MinReportedDays ? Verdict.InsufficientData : Verdict.NotRaised;

    private int CountInTherapy(int from) => Enumerable.Range(from, Math.Max(0, timeline.Last - from + 1)).Count(d => timeline.IsInTherapy(d) && timeline.IsReported(d));

    private IEnumerable<Evidence> CheckIns(int from, Func<CheckInFact, bool> counts) => timeline.CheckIns
        .Where(c => c.On.DayNumber >= from && c.On.DayNumber <= _day && PatientTimeline.ScoreOf(c) is not null && counts(c))
        .Select(c => new Evidence("check-in", c.Id, c.Version, c.On, PatientTimeline.ScoreOf(c)));

    private bool IsOngoing(AdverseEventFact e) => (e.OnsetOn ?? e.ReceivedOn).DayNumber <= _day && !(e.ResolvedOn?.DayNumber <= _day && e.OnsetOn?.DayNumber != _day);

    private static Evidence OfEvent(AdverseEventFact e) => new("adverse-event", e.Id, e.Version, e.OnsetOn ?? e.ReceivedOn, e.CtcaeGrade);

    private static string[] ActionsOf(FollowUpLabel? label) => label switch
    {
        FollowUpLabel.Early => ["contact-patient", "hold-dose", "reassure-and-monitor"],
        FollowUpLabel.Adjustment => ["hold-dose", "relaxation-techniques", "sleep-hygiene", "avoid-stimulants"],
        FollowUpLabel.Emerging => ["repeat-gad7", "review-comedication", "consistent-timing"],
        FollowUpLabel.Persistent => ["reduce-slightly", "smaller-increments", "longer-interval", "repeat-gad7", "refer-mental-health"],
        _ => [],
    };

    private static ClauseState Holds(bool holds) => holds ? ClauseState.True : ClauseState.False;

    private static Clause AtLeast(string name, string rule, decimal? value, decimal threshold, string unit = "days") =>
        new(name, rule, value is { } v ? Holds(v >= threshold) : ClauseState.Unknown, value, threshold, unit);

    private static Clause Below(string name, string rule, decimal? value, decimal threshold) =>
        new(name, rule, value is { } v ? Holds(v < threshold) : ClauseState.Unknown, value, threshold, "days");
}
