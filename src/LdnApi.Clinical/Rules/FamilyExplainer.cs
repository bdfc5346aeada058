using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Medicines;

namespace LdnApi.Clinical.Rules;

/// <summary>Says why a family's verdict is what it is: clause by clause, with the records behind it and what would have flipped it.</summary>
internal sealed class FamilyExplainer(PatientTimeline timeline, FamilyFold fold, FlipSearch? search)
{
    private const int Week = 7;

    private readonly PatientFacts _facts = timeline.Facts;
    private readonly RuleSettings _settings = timeline.Settings;
    private readonly int _day = fold.Open?.DecidedOn ?? timeline.Last;
    private readonly List<Evidence> _evidence = [];

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
        var days = _settings.PersistWindowDays.For(history);
        var numbers = course.Open is null ? course.At(timeline.Last) : course.Decided;
        var span = (Value: numbers.Span, AtMost: course.LongestSpan(numbers, _day));
        var window = Use(timeline.Reports(_day - days + 1, _day));
        var today = Use(timeline.Reports(_day, _day));
        var sinceEpoch = Use([.. timeline.Reports(Math.Max(_day - Week + 1, timeline.EpochStart(_day)), _day), .. EpochDose()]);
        var record = Use(PatientRecord(_facts.AnxietyHistory is { } h ? (h ? 1 : 0) : null));
        var baseline = timeline.BaselineOn(_day);
        var events = course.OngoingEvents(_day).ToArray();
        var accompanying = Accompanying(course.Open?.OpenedOn);
        Clause[] clauses =
        [
            new("in-therapy-window", "COURSE", Holds(timeline.IsInTherapy(_day)), timeline.DayZero is { } start ? _day - start : null, null, "days", Use(EpochDose())),
            new("anxiety-of-the-day", "COURSE", AtLeast(numbers.Anxiety, _settings.SymptomaticNrs), numbers.Anxiety, _settings.SymptomaticNrs, "score", today),
            new("anxiety-over-baseline", "COURSE", AtLeast(numbers.Anxiety - baseline, _settings.DeltaNrs.For(history)), numbers.Anxiety - baseline, _settings.DeltaNrs.For(history),
                "points", [.. today, .. Use(BaselineRecords())]),
            new("anxiety-history", "R-01", _facts.AnxietyHistory is { } known ? Holds(known) : ClauseState.Unknown, null, null, "flag", record),
            Days("symptomatic-days-since-increase", "R-02", numbers.SinceEpoch, _settings.AdjustmentMinOf7, sinceEpoch),
            new("days-since-increase-in-adjustment", "R-02", Below(SinceIncrease(numbers), _settings.AdjustmentDays.For(history)), SinceIncrease(numbers),
                _settings.AdjustmentDays.For(history), "days", Use(EpochDose())),
            Days("symptomatic-days-in-week", "R-03", numbers.Week, _settings.EmergingMinOf7, Use(timeline.Reports(_day - Week + 1, _day))),
            Days("symptomatic-days-in-window", "R-04", numbers.Window, _settings.PersistMinDays.For(history), window),
            Days("symptomatic-days-in-window-sparse", "R-04", numbers.Window, _settings.SparseMinDays.For(history), window),
            Share(numbers.Window, window),
            Span("episode-span", days, window),
            new("days-since-increase", "R-04", AtLeast(SinceIncrease(numbers), _settings.AdjustmentDays.For(history)), SinceIncrease(numbers),
                _settings.AdjustmentDays.For(history), "days", Use(EpochDose())),
            Span("episode-span-cap", _settings.AdjustmentCapDays.For(history), window),
            Mean(numbers.Window, window),
            new("anxiety-event-duration", "R-08", Known(course.LongestEvent(numbers, _day)) is { } lasted ? AtLeast(lasted, days) : ClauseState.Unknown,
                Known(course.LongestEvent(numbers, _day)), days, "days", Use(events.Select(OfEvent))),
            new("accompanying-events", "R-09", AtLeast(accompanying.Length, 1), accompanying.Length, 1, "events", Use(accompanying.Select(OfEvent))),
        ];
        var rule = course.Open?.Label switch
        {
            FollowUpLabel.Early => "R-01",
            FollowUpLabel.Adjustment => "R-02",
            FollowUpLabel.Emerging => "R-03",
            FollowUpLabel.Persistent => numbers.IsSymptomatic && numbers.IsPersistent(_settings, history) ? "R-04" : "R-08",
            _ => SinceIncrease(numbers) < _settings.AdjustmentDays.For(history) ? "R-02" : "R-03",
        };
        var annotations = course.Open is null ? [] : new CourseAnnotations(timeline, course).All().ToArray();
        return Build(
            rule, clauses, timeline.DayZero is { } zero ? ReportedDays(Math.Max(zero, timeline.Last - days + 1), timeline.CountInTherapy) : ReportedDays(null, timeline.CountInTherapy),
            [.. FactorsOf(course, numbers, accompanying), .. annotations.Select(a => a.Factor)],
            [.. ActionsOf(course.Open?.Label), .. annotations.SelectMany(a => a.Actions)], annotations);

        Clause Span(string name, int threshold, Guid[] records) => new(
            name, "R-04", Known(span.Value) is null ? ClauseState.Unknown : Between(span.Value, span.AtMost, threshold), Known(span.Value), threshold, "days", records);
    }

    private IEnumerable<string> FactorsOf(CourseFold course, CourseDay numbers, AdverseEventFact[] accompanying)
    {
        if (_facts.AnxietyHistory is null)
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

        if (_facts.IsSensitive)
        {
            yield return "individual-sensitivity";
        }

        if (accompanying.Length > 0)
        {
            yield return "accompanied";
        }
    }

    private FamilyEvaluation OfSevere()
    {
        var score = timeline.AnxietyOn(_day);
        var week = Enumerable.Range(_day - Week + 1, Week).Max(timeline.AnxietyOn);
        var isWhole = timeline.Count(_day - Week + 1, _day).Reported == Week;
        var late = timeline.CheckIns.Where(c => c.On.DayNumber < _day && c.Known.On.DayNumber == _day && PatientTimeline.ScoreOf(c) >= _settings.SevereNrs)
            .Select(c => new Evidence("check-in", c.Id, c.Version, c.On, PatientTimeline.ScoreOf(c))).ToArray();
        var severe = timeline.AdverseEvents.Where(e => SevereFold.IsSevere(e) && IsOngoing(e)).ToArray();
        var accompanying = Accompanying(fold.Open?.OpenedOn);
        var today = Use(timeline.Reports(_day, _day));
        Clause[] clauses =
        [
            new("anxiety-of-the-day", "R-05", AtLeast(score, _settings.SevereNrs), score, _settings.SevereNrs, "score", today),
            new("anxiety-of-the-day-critical", "R-05", AtLeast(score, _settings.CriticalNrs), score, _settings.CriticalNrs, "score", today),
            new("highest-anxiety-in-week", "R-05", AtLeast(week, _settings.SevereNrs) is ClauseState.True ? ClauseState.True : isWhole ? ClauseState.False : ClauseState.Unknown,
                week, _settings.SevereNrs, "score", Use(timeline.Reports(_day - Week + 1, _day))),
            new("severe-reports-known-later", "R-05", AtLeast(late.Length, 1), late.Length, 1, "reports", Use(late)),
            new("severe-anxiety-event", "R-05", AtLeast(severe.Length, 1), severe.Length, 1, "events", Use(severe.Select(OfEvent))),
            new("accompanying-events", "R-09", AtLeast(accompanying.Length, 1), accompanying.Length, 1, "events", Use(accompanying.Select(OfEvent))),
        ];
        return Build("R-05", clauses, ReportedDays(timeline.Last - Week + 1, timeline.Count), accompanying.Length > 0 ? ["accompanied"] : [],
            IfRaised("contact-patient-now", "hold-dose", "refer-mental-health"));
    }

    private FamilyEvaluation OfSuicidality()
    {
        var answers = timeline.CheckIns.Where(c => c.SelfHarmThoughts is not null && Recent(c.On, c.Known)).ToArray();
        var screens = timeline.Assessments.Where(a => a.Instrument is Instrument.Phq9 or Instrument.CSsrs && Recent(a.On, a.Known)).ToArray();
        var events = timeline.AdverseEvents.Where(e => AdverseEventTerms.IsSuicidality(e.Term) && Recent(e.OnsetOn ?? e.ReceivedOn, e.Known)).ToArray();
        var (yes, positive) = (answers.Count(c => c.SelfHarmThoughts == true), screens.Count(a => a.SelfHarmPositive));
        var answeredDays = answers.Where(c => c.On.DayNumber > timeline.Last - Week).Select(c => c.On).Distinct().Count();
        Clause[] clauses =
        [
            new("self-harm-thoughts-reported", "R-06", yes > 0 ? ClauseState.True : answeredDays == Week ? ClauseState.False : ClauseState.Unknown, yes, 1, "reports",
                Use(answers.Select(c => new Evidence("check-in", c.Id, c.Version, c.On, c.SelfHarmThoughts == true ? 1 : 0)))),
            new("self-harm-item-positive", "R-06", positive > 0 ? ClauseState.True : screens.Length > 0 ? ClauseState.False : ClauseState.Unknown, positive, 1, "assessments",
                Use(screens.Select(a => new Evidence("assessment", a.Id, a.Version, a.On, a.Total)))),
            new("suicidal-event", "R-06", AtLeast(events.Length, 1), events.Length, 1, "events", Use(events.Select(OfEvent))),
        ];
        return Build("R-06", clauses, ReportedDays(timeline.Last - Week + 1, timeline.Count), [], IfRaised("emergency-protocol", "contact-patient-now"));

        // Of the last week; of a raised family since it opened, by what it tells of or by when it became known.
        bool Recent(DateOnly on, Known known) =>
            on.DayNumber > timeline.Last - Week || (fold.Open is { } open && (on.DayNumber >= open.OpenedOn || known.On.DayNumber >= open.OpenedOn));
    }

    private FamilyEvaluation OfGad7(Gad7Fold gad7)
    {
        var latest = gad7.LatestUpTo(_day);
        var before = latest is null ? null : gad7.BaselineOf(latest);
        var (total, baseline) = (latest?.Total, before?.Total);
        Guid[] ofLatest = Use(Assessed(latest)), ofBaseline = Use(Assessed(before));
        var repeat = gad7.PositiveGad2(timeline.Last);
        Clause[] clauses =
        [
            new("gad7-total-severe", "R-07", AtLeast(total, Gad7Rule.SevereTotal), total, Gad7Rule.SevereTotal, "points", ofLatest),
            new("gad7-total", "R-07", AtLeast(total, Gad7Rule.PositiveTotal), total, Gad7Rule.PositiveTotal, "points", ofLatest),
            new("gad7-baseline", "R-07", Below(baseline, Gad7Rule.PositiveTotal), baseline, Gad7Rule.PositiveTotal, "points", ofBaseline),
            new("gad7-total-for-rise", "R-07", AtLeast(total, Gad7Rule.MildTotal), total, Gad7Rule.MildTotal, "points", ofLatest),
            new("gad7-rise", "R-07", AtLeast(total - baseline, Gad7Rule.MeaningfulRise), total - baseline, Gad7Rule.MeaningfulRise, "points", [.. ofLatest, .. ofBaseline]),
            new("gad2-total", "R-07", repeat is null ? ClauseState.False : ClauseState.True, repeat?.Total, Gad7Rule.Gad2Positive, "points", Use(Assessed(repeat))),
        ];
        var needed = latest is null ? new NeededEvidence(NeededEvidenceKind.CompleteGad7, 1, 0, 1, null, null) : null;
        return Build(
            "R-07", clauses, needed, repeat is null ? [] : ["gad2-positive"],
            [.. IfRaised("repeat-gad7", "hold-dose"), .. repeat is null ? [] : new[] { "repeat-gad7" }]);
    }

    private FamilyEvaluation OfMissing(MissingFold missing)
    {
        var day = fold.Open?.DecidedOn ?? missing.LastCompletedDay;
        var gap = MissingFold.GapOn(timeline, day);
        var since = gap is null ? (int?)null : timeline.SinceIncrease(day);
        var last = gap is null ? 0 : timeline.LastReported(day);
        Clause[] clauses =
        [
            new("days-without-report", "R-27", AtLeast(gap, _settings.MissingDays), gap, _settings.MissingDays, "days", Use(timeline.Reports(last, last))),
            new("days-since-increase", "R-27", Below(since, _settings.MissingWatchDays + 1), since, _settings.MissingWatchDays + 1, "days", Use(EpochDose())),
            new("anxiety-follow-up-open", "R-27", Holds(missing.AnxietyIsOpen), null, null, "flag", []),
        ];
        return Build("R-27", clauses, null, [], IfRaised("contact-patient"));
    }

    private FamilyEvaluation OfSerious()
    {
        var serious = timeline.AdverseEvents.Where(e => e.IsSerious && (fold.Open is not null || IsOngoing(e))).ToArray();
        Clause[] clauses = [new("serious-event", "R-32", AtLeast(serious.Length, 1), serious.Length, 1, "events", Use(serious.Select(OfEvent)))];
        return Build("R-32", clauses, null, [], IfRaised("contact-patient-now", "report-serious-event"));
    }

    private FamilyEvaluation OfOpioid()
    {
        var from = DateOnly.FromDayNumber(fold.Open?.OpenedOn ?? timeline.Last);
        var opioids = timeline.Medications.Where(m => m.Is(MedicineClass.Opioid) && !(m.StoppedOn <= from)).ToArray();
        var active = opioids.Where(m => m.IsActiveOn(DateOnly.FromDayNumber(_day))).ToArray();
        Use(opioids.Select(Taken)); // those that were stopped since are evidence too
        Clause[] clauses =
        [
            new("in-therapy-window", "R-19", Holds(timeline.IsInTherapy(_day)), timeline.DayZero is { } start ? _day - start : null, null, "days", Use(EpochDose())),
            new("active-opioids", "R-19", AtLeast(active.Length, 1), active.Length, 1, "medications", Use(active.Select(Taken))),
        ];
        return Build("R-19", clauses, null, [], IfRaised("contact-patient-now", "stop-ldn"));

        Evidence Taken(MedicationFact m) => new("medication", m.Id, m.Version, m.StartedOn ?? from, null);
    }

    private string[] IfRaised(params string[] actions) => fold.Open is null ? [] : actions;

    private FamilyEvaluation Build(
        string rule, Clause[] clauses, NeededEvidence? needed, string[] factors, string[] actions, IReadOnlyList<Annotation>? annotations = null)
    {
        var raised = fold.Open is not null;
        var distance = raised ? null : search?.For(fold.Family);
        return new FamilyEvaluation(
            fold.Family, raised ? Verdict.Raised : needed is null ? Verdict.NotRaised : Verdict.InsufficientData, fold.Open?.Label, fold.Open?.Priority, rule, clauses,
            distance, raised || search is null || distance is not null ? null : Obstacle(), raised ? null : needed, _evidence, [.. factors.Distinct()], annotations ?? [],
            [.. actions.Distinct()], DateOnly.FromDayNumber(_day));
    }

    private DistanceObstacle Obstacle() =>
        timeline.DayZero is null && fold is CourseFold or MissingFold or SeriousFold or OpioidFold ? DistanceObstacle.BeforeFirstDose
        : fold is CourseFold or OpioidFold && !timeline.IsInTherapy(timeline.Last) ? DistanceObstacle.OutsideTherapy
        : fold.IsHeldBack || _facts.Actions.Any(a => a.Family == fold.Family && a.On.DayNumber == timeline.Last && a.Kind != ClinicianActionKind.Acknowledge)
            ? DistanceObstacle.ClosedByClinician
        : DistanceObstacle.MoreThanOneChange;

    /// <summary>What is missing of the reported days that the deciding window needs; null when there are enough.</summary>
    private NeededEvidence? ReportedDays(int? from, Func<int, int, DayCounts> count)
    {
        var reported = from is { } first ? count(first, timeline.Last).Reported : 0;
        return reported >= _settings.MinReportedDays ? null : new NeededEvidence(
            NeededEvidenceKind.ReportedDays, _settings.MinReportedDays - reported, reported, _settings.MinReportedDays,
            from is { } day ? DateOnly.FromDayNumber(day) : null, from is null ? null : DateOnly.FromDayNumber(timeline.Last));
    }

    /// <summary>Keeps records as evidence, each once.</summary>
    /// <returns>Their ids.</returns>
    private Guid[] Use(IEnumerable<Evidence> records)
    {
        var used = records.ToArray();
        foreach (var record in used)
        {
            if (!IsUsed(record))
            {
                _evidence.Add(record);
            }
        }

        return [.. used.Where(e => e.Id is not null).Select(e => e.Id!.Value)];
    }

    private bool IsUsed(Evidence record)
    {
        foreach (var used in _evidence)
        {
            if (used.Kind == record.Kind && used.Id == record.Id && used.On == record.On)
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<Evidence> BaselineRecords() =>
        timeline.DayZero is { } start && _day >= start && timeline.Count(start - 14, start - 1).Reported >= 3 ? timeline.Reports(start - 14, start - 1)
        : _facts.BaselineAnxiety is { } intake ? PatientRecord(intake)
        : [];

    private Evidence[] PatientRecord(decimal? value) => _facts.Patient is { } p ? [new Evidence("patient", p.Id, p.Version, p.On, value)] : [];

    private IEnumerable<Evidence> EpochDose() => timeline.DayZero is { } start && _day >= start ? timeline.DoseRecords(timeline.EpochStart(_day)) : [];

    private AdverseEventFact[] Accompanying(int? openedOn) => openedOn is not { } opened ? [] :
    [
        .. timeline.AdverseEvents.Where(e =>
            CourseFold.Accompanies(e) && e.OnsetOn!.Value.DayNumber > opened - CourseFold.AccompanyingDays && e.OnsetOn.Value.DayNumber <= timeline.Last),
    ];

    private bool IsOngoing(AdverseEventFact e) => (e.OnsetOn ?? e.ReceivedOn).DayNumber <= _day && !(e.ResolvedOn?.DayNumber <= _day && e.OnsetOn?.DayNumber != _day);

    private static Evidence OfEvent(AdverseEventFact e) => new("adverse-event", e.Id, e.Version, e.OnsetOn ?? e.ReceivedOn, e.CtcaeGrade);

    private static IEnumerable<Evidence> Assessed(AssessmentFact? a) => a is null ? [] : [new Evidence("assessment", a.Id, a.Version, a.On, a.Total)];

    /// <summary>Before the first dose the numbers of the course say nothing.</summary>
    private int? Known(int value) => timeline.DayZero is null ? null : value;

    private int? SinceIncrease(CourseDay numbers) => Known(numbers.SinceIncrease);

    private Clause Days(string name, string rule, DayCounts days, int threshold, Guid[] records) => new(
        name, rule, Known(days.Symptomatic) is null ? ClauseState.Unknown : Between(days.Symptomatic, days.Symptomatic + days.Missing, threshold), Known(days.Symptomatic),
        threshold, "days", records);

    private Clause Share(DayCounts days, Guid[] records)
    {
        var share = days.Reported == 0 ? (decimal?)null : (decimal)days.Symptomatic / days.Reported;
        var atMost = (decimal)(days.Symptomatic + days.Missing) / Math.Max(1, days.Reported + days.Missing);
        return new Clause(
            "symptomatic-share-of-reported", "R-04", share is { } s ? Between(s, atMost, _settings.SparseRatio) : ClauseState.Unknown,
            share is { } r ? decimal.Round(r, 4) : null, _settings.SparseRatio, "ratio", records);
    }

    private Clause Mean(DayCounts days, Guid[] records)
    {
        var mean = days.Symptomatic == 0 ? (decimal?)null : (decimal)days.SymptomaticSum / days.Symptomatic;
        var atMost = (decimal)(days.SymptomaticSum + (days.Missing * 10)) / Math.Max(1, days.Symptomatic + days.Missing);
        return new Clause(
            "mean-of-symptomatic-days", "R-04", mean is { } m ? Between(m, atMost, _settings.PersistentUrgentMean) : ClauseState.Unknown,
            mean is { } r ? decimal.Round(r, 4) : null, _settings.PersistentUrgentMean, "score", records);
    }

    private static string[] ActionsOf(FollowUpLabel? label) => label switch
    {
        FollowUpLabel.Early => ["contact-patient", "hold-dose", "reassure-and-monitor"],
        FollowUpLabel.Adjustment => ["hold-dose", "relaxation-techniques", "sleep-hygiene", "avoid-stimulants"],
        FollowUpLabel.Emerging => ["repeat-gad7", "review-comedication", "consistent-timing"],
        FollowUpLabel.Persistent => ["reduce-slightly", "smaller-increments", "longer-interval", "repeat-gad7", "refer-mental-health"],
        _ => [],
    };

    private static ClauseState Holds(bool holds) => holds ? ClauseState.True : ClauseState.False;

    private static ClauseState AtLeast(decimal? value, decimal threshold) => value is { } v ? Holds(v >= threshold) : ClauseState.Unknown;

    private static ClauseState Below(decimal? value, decimal threshold) => value is { } v ? Holds(v < threshold) : ClauseState.Unknown;

    /// <summary>With what is missing the value could still be as high as <paramref name="atMost"/>.</summary>
    private static ClauseState Between(decimal value, decimal atMost, decimal threshold) =>
        value >= threshold ? ClauseState.True : atMost >= threshold ? ClauseState.Unknown : ClauseState.False;
}
