namespace LdnApi.Clinical.Rules;

/// <summary>An entry of a follow-up's log, really made or played.</summary>
/// <param name="On">The clinical day it speaks of.</param>
/// <param name="At">The moment it happened.</param>
/// <param name="Moment">Its place among all that happened to the patient: entries made by one evaluation have the same.</param>
public sealed record LogEntry(FollowUpEventType Type, DateOnly On, DateTimeOffset At, FollowUpLabel Label, FollowUpPriority Priority, long Moment);

/// <summary>A follow-up by its log, which begins with its opening.</summary>
/// <param name="Id">Null for one that was only played.</param>
public sealed record LoggedFollowUp(Guid? Id, RuleFamily Family, IReadOnlyList<LogEntry> Log)
{
    public LogEntry Opening => Log[0];

    /// <summary>The clinical days from the first opening to the last closing; without an end while it is not closed.</summary>
    internal (DateOnly From, DateOnly To) Days => (
        Log.Where(e => FollowUpLog.Opens(e.Type)).Min(e => e.On),
        Log.Last(e => FollowUpLog.Opens(e.Type) || FollowUpLog.Closes(e.Type)) is var last && FollowUpLog.Closes(last.Type) ? last.On : DateOnly.MaxValue);
}

/// <summary>How a follow-up under draft settings differs from what really happened.</summary>
public enum ReplayDifferenceKind
{
    /// <summary>The draft raises it; really there was none.</summary>
    Added,

    /// <summary>Really there was one; the draft does not raise it.</summary>
    Removed,

    /// <summary>The draft announces it at an earlier moment.</summary>
    Earlier,

    /// <summary>The draft announces it at a later moment.</summary>
    Later,

    /// <summary>Announced at the same moment, but its label, priority, closing or re-opening differs afterwards.</summary>
    Changed,

    /// <summary>Only the entries that add evidence differ: nobody would notice.</summary>
    EvidenceOnly,
}

/// <summary>One difference.</summary>
/// <param name="Parted">The moment at which the two went apart: <see cref="LogEntry.Moment"/>.</param>
/// <param name="Until">The last moment at which they differ: of an opening that of the later side.</param>
public sealed record ReplayDifference(ReplayDifferenceKind Kind, RuleFamily Family, long Parted, DateTimeOffset Until, LoggedFollowUp? Live, LoggedFollowUp? Draft);

/// <summary>What a week asked of the clinic.</summary>
/// <param name="Opened">Follow-ups opened or re-opened, so that someone was told; a spell found wholly in the past is none.</param>
/// <param name="Raised">Follow-ups that rose in label or priority.</param>
/// <param name="Net">Follow-ups that the week added to the queue: opened less closed.</param>
/// <param name="ByPriority">Of those opened and raised, how many of each priority.</param>
public sealed record WeekLoad(int Opened, int Raised, int Net, IReadOnlyDictionary<FollowUpPriority, int> ByPriority)
{
    public static readonly WeekLoad None = new(0, 0, 0, new Dictionary<FollowUpPriority, int>());

    public WeekLoad Plus(WeekLoad other) => new(
        Opened + other.Opened, Raised + other.Raised, Net + other.Net,
        ByPriority.Concat(other.ByPriority).GroupBy(p => p.Key).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Sum(p => p.Value)));
}

/// <summary>A week from Monday (UTC), as it really was and as it would have been.</summary>
public sealed record ReplayedWeek(DateOnly From, WeekLoad Live, WeekLoad Draft)
{
    /// <summary>The same weeks of several patients together.</summary>
    public static IReadOnlyList<ReplayedWeek> Sum(IEnumerable<ReplayedWeek> weeks) =>
    [
        .. weeks.GroupBy(w => w.From).OrderBy(g => g.Key).Select(g => new ReplayedWeek(
            g.Key, g.Select(w => w.Live).Aggregate((a, b) => a.Plus(b)), g.Select(w => w.Draft).Aggregate((a, b) => a.Plus(b)))),
    ];
}

/// <summary>Holds what was played against what really happened.</summary>
public static class ReplayComparison
{
    /// <summary>
    /// Every difference, in order of the moment at which it began. Two follow-ups are the same when they were announced at the same moment, else when
    /// their days overlap; the log of each side is in the order in which the follow-ups were made.
    /// </summary>
    public static IReadOnlyList<ReplayDifference> Of(IReadOnlyList<LoggedFollowUp> live, IReadOnlyList<LoggedFollowUp> draft)
    {
        var partners = new LoggedFollowUp?[live.Count];
        var free = new List<LoggedFollowUp>(draft);
        Pair((a, b) => a.Opening.Moment == b.Opening.Moment && a.Opening.On == b.Opening.On);
        Pair((a, b) => a.Days.From <= b.Days.To && b.Days.From <= a.Days.To);
        return
        [
            .. live.Select((real, i) => partners[i] is { } partner ? Between(real, partner) : Alone(ReplayDifferenceKind.Removed, real))
                .Concat(free.Select(played => Alone(ReplayDifferenceKind.Added, played)))
                .OfType<ReplayDifference>()
                .OrderBy(d => d.Parted).ThenBy(d => d.Family),
        ];

        void Pair(Func<LoggedFollowUp, LoggedFollowUp, bool> same)
        {
            for (var i = 0; i < live.Count; i++)
            {
                if (partners[i] is null && free.Find(f => f.Family == live[i].Family && same(live[i], f)) is { } found)
                {
                    partners[i] = found;
                    free.Remove(found);
                }
            }
        }
    }

    /// <summary>What the follow-ups asked of the clinic, by week; weeks in which nothing happened are left out.</summary>
    public static IReadOnlyList<ReplayedWeek> WeeksOf(IEnumerable<LoggedFollowUp> live, IEnumerable<LoggedFollowUp> draft) => ReplayedWeek.Sum(
    [
        .. from f in live from e in f.Log let load = LoadOf(e, f) where load is not null select new ReplayedWeek(WeekOf(e.At), load, WeekLoad.None),
        .. from f in draft from e in f.Log let load = LoadOf(e, f) where load is not null select new ReplayedWeek(WeekOf(e.At), WeekLoad.None, load),
    ]);

    /// <summary>The Monday (UTC) of a moment's week.</summary>
    public static DateOnly WeekOf(DateTimeOffset at)
    {
        var day = DateOnly.FromDateTime(at.UtcDateTime);
        return day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
    }

    private static WeekLoad? LoadOf(LogEntry entry, LoggedFollowUp followUp)
    {
        var one = new Dictionary<FollowUpPriority, int> { [entry.Priority] = 1 };
        return FollowUpLog.Opens(entry.Type) ? followUp.Log.Any(e => e.Moment == entry.Moment && FollowUpLog.Closes(e.Type)) ? WeekLoad.None with { Net = 1 } : new WeekLoad(1, 0, 1, one)
            : entry.Type == FollowUpEventType.Upgraded ? new WeekLoad(0, 1, 0, one)
            : FollowUpLog.Closes(entry.Type) ? WeekLoad.None with { Net = -1 }
            : null;
    }

    private static ReplayDifference Alone(ReplayDifferenceKind kind, LoggedFollowUp followUp) => new(
        kind, followUp.Family, followUp.Opening.Moment, followUp.Opening.At,
        kind == ReplayDifferenceKind.Removed ? followUp : null, kind == ReplayDifferenceKind.Added ? followUp : null);

    private static ReplayDifference? Between(LoggedFollowUp live, LoggedFollowUp draft)
    {
        var (real, played) = (live.Opening.Moment, draft.Opening.Moment);
        if (real != played)
        {
            var kind = played < real ? ReplayDifferenceKind.Earlier : ReplayDifferenceKind.Later;
            return new ReplayDifference(kind, live.Family, Math.Min(real, played), Latest(live.Opening, draft.Opening), live, draft);
        }

        if (live.Log.SequenceEqual(draft.Log))
        {
            return null;
        }

        LogEntry[] unlike = [.. live.Log.Except(draft.Log), .. draft.Log.Except(live.Log)];
        return live.Log.Where(IsNoticed).SequenceEqual(draft.Log.Where(IsNoticed))
            ? Unlike(ReplayDifferenceKind.EvidenceOnly, unlike)
            : Unlike(ReplayDifferenceKind.Changed, [.. unlike.Where(IsNoticed)]);

        ReplayDifference Unlike(ReplayDifferenceKind kind, LogEntry[] entries)
        {
            entries = entries.Length > 0 ? entries : [.. live.Log]; // the same entries in another order or number
            return new ReplayDifference(kind, live.Family, entries.Min(e => e.Moment), entries.Max(e => e.At), live, draft);
        }
    }

    private static bool IsNoticed(LogEntry entry) => entry.Type != FollowUpEventType.EvidenceAdded;

    private static DateTimeOffset Latest(LogEntry a, LogEntry b) => a.At > b.At ? a.At : b.At;
}
