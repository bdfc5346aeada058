using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Medicines;

namespace LdnApi.Clinical.Rules;

/// <summary>Something that calls for a follow-up by itself.</summary>
/// <param name="From">The first day on which it counts.</param>
/// <param name="To">The last day on which it counts.</param>
internal sealed record TriggerItem(int From, int To, Known Known, FollowUpPriority Priority);

/// <summary>
/// A family in which single reports decide. After a clinician's closing, what was known by then raises it no more, and what becomes known later
/// counts on the day it became known — on the very day of the closing too, when it came after it.
/// </summary>
internal abstract class ItemFold : FamilyFold
{
    private readonly FollowUpLabel _label;
    private readonly TriggerItem[] _items;
    private readonly FollowUpPriority?[] _worst; // of each day
    private Known? _closure;

    protected ItemFold(RuleFamily family, FollowUpLabel label, PatientTimeline timeline, IEnumerable<TriggerItem> items) : base(family, timeline)
    {
        (_label, _items) = (label, [.. items]);
        _worst = _items.Length == 0 ? [] : new FollowUpPriority?[timeline.Last - timeline.First + 1];
        Lay(timeline.First);
    }

    public override void Evidence(int day)
    {
        var worst = WorstOn(day);
        if (worst is null)
        {
            if (Open is not null && MayClose(day))
            {
                Close(day, RuleEventType.AutoClose);
            }
        }
        else if (Open is null)
        {
            Begin(day, _label, worst.Value);
        }
        else if (worst > Open.Priority)
        {
            Open.Acknowledged = false; // a rise needs a new acknowledgement
            Rise(day, _label, worst.Value);
        }
        else
        {
            Open.LastEvidenceOn = day;
        }
    }

    /// <summary>What became known on this day after the closing of this day.</summary>
    public void EvidenceAfterClosing(int day)
    {
        if (Open is null && _closure?.On.DayNumber == day && WorstOn(day) is { } worst)
        {
            Begin(day, _label, worst);
        }
    }

    protected virtual bool MayClose(int day) => false;

    protected override void OnClosed(int day, ClinicianAction action, bool wasDismissal)
    {
        _closure = action.Known;
        Lay(day);
    }

    private FollowUpPriority? WorstOn(int day) => _worst.Length == 0 ? null : _worst[day - Timeline.First];

    /// <summary>Lays the items over the days on which they count, from a day on.</summary>
    private void Lay(int first)
    {
        Array.Clear(_worst, Math.Min(first - Timeline.First, _worst.Length), Math.Max(0, _worst.Length - (first - Timeline.First)));
        foreach (var item in _items)
        {
            var (from, to) = (item.From, item.To);
            if (_closure is { } closure && item.From <= closure.On.DayNumber)
            {
                (from, to) = item.Known.IsAfter(closure) ? (item.Known.On.DayNumber, Math.Max(item.To, item.Known.On.DayNumber)) : (1, 0);
            }

            for (var day = Math.Max(from, first); day <= Math.Min(to, Timeline.Last); day++)
            {
                ref var worst = ref _worst[day - Timeline.First];
                worst = worst is { } w && w >= item.Priority ? w : item.Priority;
            }
        }
    }
}

/// <summary>R-05: severe or critical anxiety on any day, whatever the baseline.</summary>
internal sealed class SevereFold(PatientTimeline timeline) : ItemFold(RuleFamily.Severe, FollowUpLabel.Severe, timeline, ItemsOf(timeline))
{
    protected override bool MayClose(int day) =>
        Open!.Acknowledged && Timeline.IsQuiet(day) && !Enumerable.Range(day - 6, 7).Any(d => Timeline.AnxietyOn(d) >= Timeline.Settings.SevereNrs);

    /// <summary>An anxiety event that calls for a follow-up by itself.</summary>
    public static bool IsSevere(AdverseEventFact e) => AdverseEventTerms.IsAnxiety(e.Term) && (e.Severity == Severity.Severe || e.CtcaeGrade >= 3);

    private static IEnumerable<TriggerItem> ItemsOf(PatientTimeline timeline)
    {
        foreach (var c in timeline.CheckIns)
        {
            if (PatientTimeline.ScoreOf(c) is { } score && score >= timeline.Settings.SevereNrs)
            {
                var day = c.On.DayNumber;
                yield return new TriggerItem(day, day, c.Known, score >= timeline.Settings.CriticalNrs ? FollowUpPriority.Immediate : FollowUpPriority.Urgent);
            }
        }

        foreach (var e in timeline.AdverseEvents)
        {
            if (IsSevere(e))
            {
                var onset = (e.OnsetOn ?? e.ReceivedOn).DayNumber; // on its onset day, and on each day on which it is not resolved
                var last = e.ResolvedOn is { } resolved ? Math.Max(onset, resolved.DayNumber - 1) : int.MaxValue;
                yield return new TriggerItem(onset, last, e.Known, e.CtcaeGrade >= 4 ? FollowUpPriority.Immediate : FollowUpPriority.Urgent);
            }
        }
    }
}

/// <summary>R-06: any structured sign of suicidality. Closed by a clinician only, never suppressed.</summary>
internal sealed class SuicidalityFold(PatientTimeline timeline) : ItemFold(RuleFamily.Suicidality, FollowUpLabel.Suicidality, timeline, ItemsOf(timeline))
{
    private static IEnumerable<TriggerItem> ItemsOf(PatientTimeline timeline) =>
        timeline.CheckIns.Where(c => c.SelfHarmThoughts == true).Select(c => On(c.On, c.Known))
            .Concat(timeline.Assessments.Where(a => a.SelfHarmPositive).Select(a => On(a.On, a.Known)))
            .Concat(timeline.AdverseEvents.Where(e => AdverseEventTerms.IsSuicidality(e.Term)).Select(e => On(e.OnsetOn ?? e.ReceivedOn, e.Known)));

    private static TriggerItem On(DateOnly day, Known known) => new(day.DayNumber, day.DayNumber, known, FollowUpPriority.Immediate);
}

/// <summary>R-32: an adverse event with any seriousness criterion, on the later of its onset and its first receipt.</summary>
internal sealed class SeriousFold(PatientTimeline timeline) : ItemFold(RuleFamily.Serious, FollowUpLabel.Serious, timeline, ItemsOf(timeline))
{
    private static IEnumerable<TriggerItem> ItemsOf(PatientTimeline timeline) =>
        from e in timeline.AdverseEvents
        where e.IsSerious && timeline.DayZero is not null
        let day = Math.Max((e.OnsetOn ?? e.ReceivedOn).DayNumber, e.ReceivedOn.DayNumber)
        where day >= timeline.DayZero
        select new TriggerItem(day, day, e.Known, FollowUpPriority.Urgent);
}

/// <summary>R-19: an opioid active on a day of the therapy, from the day it starts or Day 0. Closed by a clinician only.</summary>
internal sealed class OpioidFold(PatientTimeline timeline) : ItemFold(RuleFamily.Opioid, FollowUpLabel.Opioid, timeline, ItemsOf(timeline))
{
    /// <summary>One item for each stretch of days in the therapy on which an opioid is active.</summary>
    private static IEnumerable<TriggerItem> ItemsOf(PatientTimeline timeline)
    {
        foreach (var opioid in timeline.Medications.Where(m => m.Is(MedicineClass.Opioid)))
        {
            int? from = null;
            for (var day = timeline.First; day <= timeline.Last + 1; day++)
            {
                if (timeline.IsInTherapy(day) && opioid.IsActiveOn(DateOnly.FromDayNumber(day)))
                {
                    from ??= day;
                }
                else if (from is { } begun)
                {
                    yield return new TriggerItem(begun, day - 1, opioid.Known, FollowUpPriority.Immediate);
                    from = null;
                }
            }
        }
    }
}
