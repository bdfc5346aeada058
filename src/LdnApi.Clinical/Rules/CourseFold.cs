using LdnApi.Clinical.AdverseEvents;

namespace LdnApi.Clinical.Rules;

/// <summary>The course of anxiety over the days of the therapy: .</summary>
internal sealed class CourseFold : FamilyFold
{
    private readonly AdverseEventFact[] _anxietyEvents;
    private readonly HashSet<int> _accompaniedOnsets;
    private int _floor;                // days below it count towards no window: Day 0, or the day after a clinician resolved it
    private int? _episodeStart;
    private int? _lastSymptomatic;
    private FollowUpPriority _unaccompanied; // what the priority would be without R-09
    private (int On, FollowUpLabel Label, FollowUpPriority Priority)? _dismissed;

    public CourseFold(PatientTimeline timeline) : base(RuleFamily.Course, timeline)
    {
        _floor = timeline.DayZero ?? int.MaxValue;
        _anxietyEvents = [.. timeline.AdverseEvents.Where(e => e.OnsetOn is { } onset && AdverseEventTerms.IsAnxiety(e.Term) && timeline.IsInTherapy(onset.DayNumber))];
        _accompaniedOnsets = [.. timeline.AdverseEvents.Where(Accompanies).Select(e => e.OnsetOn!.Value.DayNumber)];
    }

    public bool Accompanied { get; private set; }
    public bool Rechallenged { get; private set; }

    /// <summary>The numbers of the day on which the open follow-up last rose.</summary>
    public CourseDay? Decided { get; private set; }

    /// <summary>The anxiety events that count towards R-08.</summary>
    public IReadOnlyList<AdverseEventFact> AnxietyEvents => _anxietyEvents;

    /// <summary>The numbers of a day that has just been worked off.</summary>
    public CourseDay At(int day)
    {
        var settings = Timeline.Settings;
        var history = Timeline.History;
        var window = settings.PersistWindowDays.For(history);
        var span = _episodeStart is { } start ? day - start + 1 : 0;
        var inWindow = DaysFrom(day - window + 1, day);
        var symptomatic = inWindow.Where(Timeline.IsSymptomatic).ToArray();
        var epochOrWeek = Math.Max(day - 6, Timeline.EpochStart(day));
        return new CourseDay(
            Anxiety: Timeline.AnxietyOn(day),
            IsSymptomatic: Timeline.IsSymptomatic(day),
            SymptomaticInWindow: symptomatic.Length,
            ReportedInWindow: inWindow.Count(Timeline.IsReported),
            Span: span,
            SinceIncrease: Timeline.SinceIncrease(day),
            SymptomaticSinceEpoch: DaysFrom(epochOrWeek, day).Count(Timeline.IsSymptomatic),
            SymptomaticInWeek: DaysFrom(day - 6, day).Count(Timeline.IsSymptomatic),
            MeanAnxiety: symptomatic.Length == 0 ? null : symptomatic.Average(d => (decimal)Timeline.AnxietyOn(d)!.Value),
            LongestEvent: _anxietyEvents.Where(e => IsOngoing(e, day)).Select(e => DurationOf(e, day)).DefaultIfEmpty(0).Max());
    }

    public override void Evidence(int day)
    {
        if (!Timeline.IsInTherapy(day))
        {
            return;
        }

        if (Timeline.IsSymptomatic(day))
        {
            _episodeStart = _lastSymptomatic is { } last && day - last <= Timeline.Settings.EpisodeGapDays ? _episodeStart : day;
            _lastSymptomatic = day;
        }

        var today = Best(FromTable(day), FromEvents(day));
        var accompanied = Enumerable.Range(day - 3, 4).Any(_accompaniedOnsets.Contains);
        if (Open is null)
        {
            if (today is { } found)
            {
                TryOpen(day, found.Label, found.Priority, accompanied);
            }

            return;
        }

        _unaccompanied = today is { } t && t.Priority > _unaccompanied ? t.Priority : _unaccompanied;
        var label = today is { } l && l.Label > Open.Label ? l.Label : Open.Label;
        var priority = accompanied ? OneAbove(_unaccompanied) : _unaccompanied;
        if (label > Open.Label || priority > Open.Priority)
        {
            Accompanied |= accompanied;
            Rise(day, label, priority > Open.Priority ? priority : Open.Priority);
        }
        else if (today is not null)
        {
            Open.LastEvidenceOn = day;
        }

        if (today is null && Timeline.IsQuiet(day))
        {
            Close(day, RuleEventType.AutoClose);
        }
    }

    protected override void OnDecided(int day) => Decided = At(day);

    protected override void OnClosed(int day, ClinicianAction action, bool wasDismissal)
    {
        if (wasDismissal)
        {
            _dismissed = (day, LastClosed!.Value.Spell.Label, LastClosed.Value.Spell.Priority);
            return;
        }

        _floor = Math.Max(_floor, day + 1);
        (_episodeStart, _lastSymptomatic) = (null, null);
    }

    private void TryOpen(int day, FollowUpLabel label, FollowUpPriority priority, bool accompanied)
    {
        var settings = Timeline.Settings;
        var reopens = LastClosed is { } last && day - last.On <= settings.ReopenDays;
        var rechallenged = reopens && IsRechallenge(day, LastClosed!.Value.Spell);
        if (rechallenged && priority < FollowUpPriority.Soon)
        {
            priority = FollowUpPriority.Soon;
        }

        var announced = accompanied ? OneAbove(priority) : priority;
        if (_dismissed is { } dismissed && day <= dismissed.On + settings.DismissSuppressDays && label <= dismissed.Label && announced <= dismissed.Priority)
        {
            return;
        }

        (_unaccompanied, Accompanied, Rechallenged, _dismissed) = (priority, accompanied, rechallenged, null);
        Begin(day, label, announced, reopens ? LastClosed!.Value.Spell.Recurrence + 1 : null);
    }

    private (FollowUpLabel Label, FollowUpPriority Priority)? FromTable(int day)
    {
        if (!Timeline.IsSymptomatic(day))
        {
            return null;
        }

        var history = Timeline.History;
        var least = history ? FollowUpPriority.Soon : FollowUpPriority.Routine;
        var d = At(day);
        if (d.IsPersistent(Timeline.Settings, history))
        {
            return (FollowUpLabel.Persistent, history || d.MeanAnxiety >= Timeline.Settings.PersistentUrgentMean ? FollowUpPriority.Urgent : FollowUpPriority.Soon);
        }

        var adjusting = d.SinceIncrease < Timeline.Settings.AdjustmentDays.For(history);
        return adjusting && d.SymptomaticSinceEpoch >= Timeline.Settings.AdjustmentMinOf7 ? (FollowUpLabel.Adjustment, least)
            : !adjusting && d.SymptomaticInWeek >= Timeline.Settings.EmergingMinOf7 ? (FollowUpLabel.Emerging, least)
            : history ? (FollowUpLabel.Early, FollowUpPriority.Soon)
            : null;
    }

    /// <summary>R-08: an anxiety event that lasts. Time alone can make it true.</summary>
    private (FollowUpLabel Label, FollowUpPriority Priority)? FromEvents(int day)
    {
        FollowUpPriority? worst = null;
        foreach (var e in _anxietyEvents)
        {
            if (IsOngoing(e, day) && DurationOf(e, day) >= Timeline.Settings.PersistWindowDays.For(Timeline.History))
            {
                var priority = e.Severity == Severity.Severe || e.CtcaeGrade >= 3 ? FollowUpPriority.Urgent
                    : e.Severity == Severity.Moderate || e.CtcaeGrade == 2 ? FollowUpPriority.Soon
                    : FollowUpPriority.Routine;
                worst = worst is { } w && w > priority ? w : priority;
            }
        }

        return worst is { } found ? (FollowUpLabel.Persistent, found) : null;
    }

    private static bool IsOngoing(AdverseEventFact e, int day) => e.OnsetOn!.Value.DayNumber <= day && !(e.ResolvedOn?.DayNumber <= day);

    private int DurationOf(AdverseEventFact e, int day) => day - Math.Max(e.OnsetOn!.Value.DayNumber, _floor) + 1;

    /// <summary>R-09: another event of at least moderate severity that is neither mood nor safety.</summary>
    private static bool Accompanies(AdverseEventFact e) =>
        e.OnsetOn is not null && (e.Severity >= Severity.Moderate || e.CtcaeGrade >= 2)
        && AdverseEventTerms.CategoryOf(e.Term) is AdverseEventCategory.Sleep or AdverseEventCategory.Digestive or AdverseEventCategory.Headache or AdverseEventCategory.Other;

    /// <summary>R-29: back within 14 days of an increase to at least the dose under which the closed one had opened.</summary>
    private bool IsRechallenge(int day, Spell closed)
    {
        var offending = Timeline.DoseOn(closed.OpenedOn);
        return offending > 0 && Enumerable.Range(day - 14, 15).Any(d =>
            d > closed.OpenedOn && Timeline.DoseOn(d) >= offending && Timeline.DoseOn(d - 1) < Timeline.DoseOn(d) && Timeline.DoseOn(d - 1) < offending);
    }

    private IEnumerable<int> DaysFrom(int from, int day)
    {
        for (var d = Math.Max(from, _floor); d <= day; d++)
        {
            if (Timeline.IsInTherapy(d))
            {
                yield return d;
            }
        }
    }

    private static FollowUpPriority OneAbove(FollowUpPriority priority) => priority < FollowUpPriority.Urgent ? priority + 1 : priority;

    private static (FollowUpLabel Label, FollowUpPriority Priority)? Best(
        (FollowUpLabel Label, FollowUpPriority Priority)? a, (FollowUpLabel Label, FollowUpPriority Priority)? b) =>
        a is not { } x ? b : b is not { } y ? a : (x.Label > y.Label ? x.Label : y.Label, x.Priority > y.Priority ? x.Priority : y.Priority);
}

/// <summary>The numbers that the rules of the course hold against their thresholds on one day.</summary>
internal sealed record CourseDay(
    int? Anxiety, bool IsSymptomatic, int SymptomaticInWindow, int ReportedInWindow, int Span, int SinceIncrease,
    int SymptomaticSinceEpoch, int SymptomaticInWeek, decimal? MeanAnxiety, int LongestEvent)
{
    public bool IsDense(RuleSettings s, bool history) => SymptomaticInWindow >= s.PersistMinDays.For(history);

    public bool IsSparse(RuleSettings s, bool history) =>
        SymptomaticInWindow >= s.SparseMinDays.For(history) && SymptomaticInWindow >= s.SparseRatio * ReportedInWindow && Span >= s.PersistWindowDays.For(history);

    public bool IsPastAdjustment(RuleSettings s, bool history) => SinceIncrease >= s.AdjustmentDays.For(history) || Span >= s.AdjustmentCapDays.For(history);

    public bool IsPersistent(RuleSettings s, bool history) => (IsDense(s, history) || IsSparse(s, history)) && IsPastAdjustment(s, history);
}
