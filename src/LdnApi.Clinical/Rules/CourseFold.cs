using LdnApi.Clinical.AdverseEvents;

namespace LdnApi.Clinical.Rules;

/// <summary>The course of anxiety over the days of the therapy: .</summary>
internal sealed class CourseFold : FamilyFold
{
    /// <summary>R-09: days from the onset of another event on which it accompanies, the onset included.</summary>
    public const int AccompanyingDays = 4;

    /// <summary>R-29: days within which it must come back after the increase.</summary>
    public const int RechallengeDays = 14;

    private readonly AdverseEventFact[] _anxietyEvents;
    private readonly FollowUpPriority?[] _lasting; // R-08, of each day
    private readonly HashSet<int> _accompanyingOnsets;
    private int _floor;                // days below it count towards no window: Day 0, or the day after a clinician resolved it
    private int? _episodeStart;
    private int? _lastSymptomatic;
    private FollowUpPriority _unaccompanied; // what the priority would be without R-09
    private (int On, FollowUpLabel Label, FollowUpPriority Priority)? _dismissed;

    public CourseFold(PatientTimeline timeline) : base(RuleFamily.Course, timeline)
    {
        _floor = timeline.DayZero ?? int.MaxValue;
        _anxietyEvents = [.. timeline.AdverseEvents.Where(e => e.OnsetOn is { } onset && AdverseEventTerms.IsAnxiety(e.Term) && timeline.IsInTherapy(onset.DayNumber))];
        _lasting = _anxietyEvents.Length == 0 ? [] : new FollowUpPriority?[timeline.Last - timeline.First + 1];
        _accompanyingOnsets = [.. timeline.AdverseEvents.Where(Accompanies).Select(e => e.OnsetOn!.Value.DayNumber)];
        LayEvents();
    }

    /// <summary>The first day of the episode in which the open follow-up was opened for the first time.</summary>
    public int LineageStart { get; private set; }

    /// <summary>R-29: the increase after which the open follow-up was opened again.</summary>
    public int? RechallengedOn { get; private set; }

    /// <summary>The numbers of the day on which the open follow-up last rose.</summary>
    public CourseDay Decided { get; private set; }

    public override bool IsHeldBack =>
        Timeline.Last <= _dismissed?.On + Timeline.Settings.DismissSuppressDays
        || (_floor > Timeline.DayZero && _floor > Timeline.Last - Timeline.Settings.PersistWindowDays.For(Timeline.History) + 1);

    /// <summary>The numbers of a day that has just been worked off.</summary>
    public CourseDay At(int day)
    {
        var window = CountFrom(day - Timeline.Settings.PersistWindowDays.For(Timeline.History) + 1, day);
        return new CourseDay(
            Anxiety: Timeline.AnxietyOn(day),
            IsSymptomatic: Timeline.IsSymptomatic(day),
            Window: window,
            Week: CountFrom(day - 6, day),
            SinceEpoch: CountFrom(Math.Max(day - 6, Timeline.EpochStart(day)), day),
            Span: EpisodeAt(day) is { } start ? day - start + 1 : 0,
            SinceIncrease: Timeline.SinceIncrease(day),
            Floor: _floor);
    }

    /// <summary>The first day of the episode; where there is none, of the longest anxiety event, else of the follow-up.</summary>
    public int EpisodeStart(int day) =>
        EpisodeAt(day) ?? OngoingEvents(day).Select(e => e.OnsetOn!.Value.DayNumber).Append(Open?.OpenedOn ?? day).Min();

    /// <summary>The span that the episode of a day would have, were every day without a report a symptomatic one; no longer than any threshold asks.</summary>
    public int LongestSpan(CourseDay numbers, int day)
    {
        var most = Timeline.Settings.AdjustmentCapDays.For(Timeline.History);
        int? start = null;
        for (var d = day; d >= numbers.Floor && d > day - most && (start ?? day) - d <= Timeline.Settings.EpisodeGapDays; d--)
        {
            start = Timeline.IsInTherapy(d) && (Timeline.IsSymptomatic(d) || !Timeline.IsReported(d)) ? d : start;
        }

        return Math.Max(numbers.Span, start is { } first ? day - first + 1 : 0);
    }

    /// <summary>R-08: how long the longest anxiety event has lasted on a day. Days.</summary>
    public int LongestEvent(CourseDay numbers, int day) =>
        OngoingEvents(day).Select(e => day - Math.Max(e.OnsetOn!.Value.DayNumber, numbers.Floor) + 1).DefaultIfEmpty(0).Max();

    /// <summary>The anxiety events of R-08 that are not resolved on a day.</summary>
    public IEnumerable<AdverseEventFact> OngoingEvents(int day) => _anxietyEvents.Where(e => IsOngoing(e, day));

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
        var accompanied = IsAccompanied(day);
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
        LayEvents();
    }

    private void TryOpen(int day, FollowUpLabel label, FollowUpPriority priority, bool accompanied)
    {
        var settings = Timeline.Settings;
        var reopens = LastClosed is { } last && day - last.On <= settings.ReopenDays;
        var rechallengedOn = reopens ? RechallengeBefore(day, LastClosed!.Value.Spell) : null;
        if (rechallengedOn is not null && priority < FollowUpPriority.Soon)
        {
            priority = FollowUpPriority.Soon;
        }

        var announced = accompanied ? OneAbove(priority) : priority;
        if (_dismissed is { } dismissed && day <= dismissed.On + settings.DismissSuppressDays && label <= dismissed.Label && announced <= dismissed.Priority)
        {
            return;
        }

        (_unaccompanied, RechallengedOn, _dismissed) = (priority, rechallengedOn, null);
        LineageStart = reopens ? LineageStart : EpisodeStart(day);
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
        return adjusting && d.SinceEpoch.Symptomatic >= Timeline.Settings.AdjustmentMinOf7 ? (FollowUpLabel.Adjustment, least)
            : !adjusting && d.Week.Symptomatic >= Timeline.Settings.EmergingMinOf7 ? (FollowUpLabel.Emerging, least)
            : history ? (FollowUpLabel.Early, FollowUpPriority.Soon)
            : null;
    }

    /// <summary>R-08: an anxiety event that lasts. Time alone can make it true.</summary>
    private (FollowUpLabel Label, FollowUpPriority Priority)? FromEvents(int day) =>
        _lasting.Length > 0 && _lasting[day - Timeline.First] is { } worst ? (FollowUpLabel.Persistent, worst) : null;

    /// <summary>Lays the anxiety events over the days on which they have lasted long enough and are not resolved.</summary>
    private void LayEvents()
    {
        Array.Clear(_lasting);
        foreach (var e in _anxietyEvents)
        {
            var priority = e.Severity == Severity.Severe || e.CtcaeGrade >= 3 ? FollowUpPriority.Urgent
                : e.Severity == Severity.Moderate || e.CtcaeGrade == 2 ? FollowUpPriority.Soon
                : FollowUpPriority.Routine;
            var last = e.ResolvedOn is { } resolved ? Math.Min(Timeline.Last, resolved.DayNumber - 1) : Timeline.Last;
            for (var day = Math.Max(e.OnsetOn!.Value.DayNumber, _floor) + Timeline.Settings.PersistWindowDays.For(Timeline.History) - 1; day <= last; day++)
            {
                ref var worst = ref _lasting[day - Timeline.First];
                worst = worst is { } w && w > priority ? w : priority;
            }
        }
    }

    private static bool IsOngoing(AdverseEventFact e, int day) => e.OnsetOn!.Value.DayNumber <= day && !(e.ResolvedOn?.DayNumber <= day);

    /// <summary>R-09: another event of at least moderate severity that is neither mood nor safety.</summary>
    public static bool Accompanies(AdverseEventFact e) =>
        e.OnsetOn is not null && (e.Severity >= Severity.Moderate || e.CtcaeGrade >= 2)
        && AdverseEventTerms.CategoryOf(e.Term) is AdverseEventCategory.Sleep or AdverseEventCategory.Digestive or AdverseEventCategory.Headache or AdverseEventCategory.Other;

    /// <summary>R-29: the latest increase of the last 14 days to at least the dose under which the closed one had opened.</summary>
    private int? RechallengeBefore(int day, Spell closed)
    {
        var offending = Timeline.DoseOn(closed.OpenedOn);
        for (var d = day; offending > 0 && d >= day - RechallengeDays && d > closed.OpenedOn; d--)
        {
            if (Timeline.DoseOn(d) >= offending && Timeline.DoseOn(d - 1) < offending)
            {
                return d;
            }
        }

        return null;
    }

    /// <summary>The start of the episode that a day belongs to; null when the last symptomatic day is too far back, or there is none.</summary>
    private int? EpisodeAt(int day) => day - _lastSymptomatic <= Timeline.Settings.EpisodeGapDays ? _episodeStart : null;

    private bool IsAccompanied(int day)
    {
        for (var onset = day - AccompanyingDays + 1; _accompanyingOnsets.Count > 0 && onset <= day; onset++)
        {
            if (_accompanyingOnsets.Contains(onset))
            {
                return true;
            }
        }

        return false;
    }

    private DayCounts CountFrom(int from, int day) => Timeline.CountInTherapy(Math.Max(from, _floor), day);

    private static FollowUpPriority OneAbove(FollowUpPriority priority) => priority < FollowUpPriority.Urgent ? priority + 1 : priority;

    private static (FollowUpLabel Label, FollowUpPriority Priority)? Best(
        (FollowUpLabel Label, FollowUpPriority Priority)? a, (FollowUpLabel Label, FollowUpPriority Priority)? b) =>
        a is not { } x ? b : b is not { } y ? a : (x.Label > y.Label ? x.Label : y.Label, x.Priority > y.Priority ? x.Priority : y.Priority);
}

/// <summary>The numbers that the rules of the course hold against their thresholds on one day.</summary>
/// <param name="Window">The days in which persistence is judged.</param>
/// <param name="Week">The last 7 days.</param>
/// <param name="SinceEpoch">Those of the last 7 days that lie after the start or the last increase.</param>
/// <param name="Span">Days since the episode began; 0 outside one.</param>
/// <param name="SinceIncrease">Days since the start or the last increase.</param>
/// <param name="Floor">Days below it count towards nothing.</param>
internal readonly record struct CourseDay(
    int? Anxiety, bool IsSymptomatic, DayCounts Window, DayCounts Week, DayCounts SinceEpoch, int Span, int SinceIncrease, int Floor)
{
    public decimal? MeanAnxiety => Window.Symptomatic == 0 ? null : (decimal)Window.SymptomaticSum / Window.Symptomatic;

    public bool IsDense(RuleSettings s, bool history) => Window.Symptomatic >= s.PersistMinDays.For(history);

    public bool IsSparse(RuleSettings s, bool history) =>
        Window.Symptomatic >= s.SparseMinDays.For(history) && Window.Symptomatic >= s.SparseRatio * Window.Reported && Span >= s.PersistWindowDays.For(history);

    public bool IsPastAdjustment(RuleSettings s, bool history) => SinceIncrease >= s.AdjustmentDays.For(history) || Span >= s.AdjustmentCapDays.For(history);

    public bool IsPersistent(RuleSettings s, bool history) => (IsDense(s, history) || IsSparse(s, history)) && IsPastAdjustment(s, history);
}
