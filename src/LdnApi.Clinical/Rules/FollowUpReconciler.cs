namespace LdnApi.Clinical.Rules;

/// <summary>
/// Brings stored follow-ups in line with the fold over the facts known now. The fold may say of the past something else than was announced then;
/// what was announced stays in the log, and what an acknowledging clinician has seen is not taken away.
/// </summary>
public static class FollowUpReconciler
{
    /// <summary>What must be done, in order. Done, it leaves nothing to do, and at most one follow-up of a family that is not closed.</summary>
    /// <param name="stored">The patient's follow-ups in the order in which they were made.</param>
    /// <param name="fold">The fold over the facts known now.</param>
    public static IReadOnlyList<FollowUpChange> Reconcile(IReadOnlyList<StoredFollowUp> stored, RuleFold fold)
    {
        var changes = new List<FollowUpChange>();
        foreach (var family in Enum.GetValues<RuleFamily>())
        {
            var ofFamily = stored
                .Where(f => f.Family == family && f.CloseReason != CloseReason.Merged)
                .OrderBy(f => f.FirstOpenedOn).ThenBy(f => f.Status != FollowUpStatus.Closed).ThenBy(f => f.ClosedOn)
                .ToList();
            var unmatched = new List<StoredFollowUp>(ofFamily);
            var chains = ChainsOf(fold, family);
            foreach (var chain in chains)
            {
                // What is not closed, and is not closed by the end of a spell, stands for the one that is open now.
                var matches = unmatched.Where(f => chain.IsOf(f) && (chain.IsOpen || !chains[^1].IsOpen || f.Status == FollowUpStatus.Closed || chain.Closes(f))).ToList();
                if (!chain.IsOpen && matches.Count > 1)
                {
                    matches = [chain.OwnOf(matches)];
                }

                unmatched.RemoveAll(matches.Contains);
                changes.AddRange(chain.IsOpen ? Open(chain, matches, fold) : Closed(chain, matches, fold));
            }

            changes.AddRange(unmatched.Where(f => f.Status != FollowUpStatus.Closed).SelectMany(f => Withdraw(f, fold)));
        }

        // Whoever looks on sees one open follow-up a family at any time: closings come first.
        return [.. changes.Where(c => c.Type == FollowUpChangeType.Close && c.FollowUpId is not null), .. changes.Where(c => c.Type != FollowUpChangeType.Close || c.FollowUpId is null)];
    }

    /// <summary>The follow-up after a change. Its id is <see cref="Guid.Empty"/> when the change brought it about.</summary>
    public static StoredFollowUp Apply(StoredFollowUp? current, FollowUpChange change)
    {
        if (change.Type == FollowUpChangeType.Open)
        {
            return new StoredFollowUp(Guid.Empty, change.Family, FollowUpStatus.Open, change.Label, change.Priority, change.OpenedOn, change.OpenedOn,
                change.LastEvidenceOn, null, null, change.Recurrence, EvidenceChanged: false);
        }

        var f = current ?? throw new InvalidOperationException($"{change.Type} needs a follow-up.");
        return change.Type switch
        {
            FollowUpChangeType.Close => f with { Status = FollowUpStatus.Closed, ClosedOn = change.On, CloseReason = change.CloseReason, EvidenceChanged = false },
            FollowUpChangeType.MarkEvidenceChanged => f with { EvidenceChanged = true },
            _ => f with
            {
                Label = change.Label,
                Priority = change.Priority,
                OpenedOn = change.OpenedOn,
                FirstOpenedOn = change.OpenedOn < f.FirstOpenedOn || (change.Recurrence == 0 && change.Type == FollowUpChangeType.Adjust) ? change.OpenedOn : f.FirstOpenedOn,
                LastEvidenceOn = change.LastEvidenceOn,
                Recurrence = change.Recurrence,
                EvidenceChanged = change.Type == FollowUpChangeType.AddEvidence && f.EvidenceChanged,
                Status = change.Type == FollowUpChangeType.Reopen || NeedsNewAcknowledgement(f, change) ? FollowUpStatus.Open : f.Status,
                ClosedOn = change.Type == FollowUpChangeType.Reopen ? null : f.ClosedOn,
                CloseReason = change.Type == FollowUpChangeType.Reopen ? null : f.CloseReason,
            },
        };
    }

    /// <summary>Which of the follow-ups, oldest first, a change is about; −1 when it brings a new one about.</summary>
    public static int IndexOf(IReadOnlyList<StoredFollowUp> stored, FollowUpChange change)
    {
        for (var i = stored.Count - 1; i >= 0; i--)
        {
            // A change without an id follows the opening of a spell that is over: its follow-up is the latest of the family.
            if (change.FollowUpId is { } id ? stored[i].Id == id : change.Type != FollowUpChangeType.Open && stored[i].Family == change.Family)
            {
                return i;
            }
        }

        return -1;
    }

    private static bool NeedsNewAcknowledgement(StoredFollowUp f, FollowUpChange change) =>
        f.Family == RuleFamily.Severe && change.Type == FollowUpChangeType.Upgrade && change.Priority > f.Priority;

    private static IEnumerable<FollowUpChange> Open(Chain chain, List<StoredFollowUp> matches, RuleFold fold)
    {
        var open = fold.Open.Single(o => o.Family == chain.Family);
        if (matches.Exists(f => f.Status != FollowUpStatus.Closed))
        {
            matches.RemoveAll(f => f.CloseReason is CloseReason.ClinicianResolved or CloseReason.Dismissed); // what a clinician closed stays closed
        }

        var keep = matches.FirstOrDefault();
        foreach (var other in matches.Skip(1).Where(f => f.Status != FollowUpStatus.Closed))
        {
            yield return Change(FollowUpChangeType.Close, other, fold.AsOf) with { CloseReason = CloseReason.Merged, MergedInto = keep!.Id };
        }

        var wanted = new FollowUpChange(FollowUpChangeType.Open, keep?.Id, chain.Family, open.OpenedOn, open.Label, open.Priority,
            open.OpenedOn, open.LastEvidenceOn, open.Recurrence, null, Notify: true, null);
        if (keep is null)
        {
            yield return wanted;
        }
        else if (keep.Status == FollowUpStatus.Closed)
        {
            yield return wanted with { Type = FollowUpChangeType.Reopen };
        }
        else
        {
            foreach (var change in Align(keep, open, wanted, chain.LastRoseOn, fold.AsOf))
            {
                yield return change;
            }
        }
    }

    private static IEnumerable<FollowUpChange> Align(StoredFollowUp f, OpenFollowUp open, FollowUpChange wanted, DateOnly roseOn, DateOnly asOf)
    {
        var higher = open.Label > f.Label || open.Priority > f.Priority;
        var lower = open.Label < f.Label || open.Priority < f.Priority;
        if (lower && f.Status != FollowUpStatus.Open)
        {
            // Acknowledged: what was seen stays, and may only rise.
            if (!higher)
            {
                return f.EvidenceChanged ? [] : [Change(FollowUpChangeType.MarkEvidenceChanged, f, asOf)];
            }

            var rise = wanted with { Type = FollowUpChangeType.Upgrade, On = roseOn, Label = Max(open.Label, f.Label), Priority = Max(open.Priority, f.Priority) };
            return [rise, Change(FollowUpChangeType.MarkEvidenceChanged, Apply(f, rise), asOf)];
        }

        var moved = open.OpenedOn != f.OpenedOn || open.Recurrence != f.Recurrence;
        return higher ? [wanted with { Type = FollowUpChangeType.Upgrade, On = roseOn }]
            : lower || moved ? [wanted with { Type = FollowUpChangeType.Adjust, On = asOf, Notify = false }]
            : f.EvidenceChanged ? [wanted with { Type = FollowUpChangeType.ClearEvidenceChanged, On = asOf, Notify = false }]
            : open.LastEvidenceOn != f.LastEvidenceOn ? [wanted with { Type = FollowUpChangeType.AddEvidence, On = open.LastEvidenceOn, Notify = false }]
            : [];
    }

    private static IEnumerable<FollowUpChange> Closed(Chain chain, List<StoredFollowUp> matches, RuleFold fold)
    {
        if (matches.FirstOrDefault() is not { } f)
        {
            // It opened and closed wholly in the past: both entries for the log, and nobody is told.
            var first = new FollowUpChange(FollowUpChangeType.Open, null, chain.Family, chain.OpenedOn, chain.Last.Label, chain.Last.Priority,
                chain.OpenedOn, chain.Last.On, chain.Recurrence, null, Notify: false, null);
            return [first, first with { Type = FollowUpChangeType.Close, On = chain.Last.On, CloseReason = ReasonOf(chain.Last.Type) }];
        }

        if (f.Status == FollowUpStatus.Closed)
        {
            return [];
        }

        return chain.Closes(f)
            ? [Change(FollowUpChangeType.Close, f, chain.Last.On) with { CloseReason = CloseReason.AutoResolved }]
            : Withdraw(f, fold);
    }

    /// <summary>The facts no longer say it. Nobody has acknowledged it yet: it is closed. Else, and always for suicidality, a clinician decides.</summary>
    private static IEnumerable<FollowUpChange> Withdraw(StoredFollowUp f, RuleFold fold) =>
        f.Status == FollowUpStatus.Open && f.Family != RuleFamily.Suicidality
            ? [Change(FollowUpChangeType.Close, f, fold.AsOf) with { CloseReason = CloseReason.EvidenceWithdrawn }]
            : f.EvidenceChanged ? [] : [Change(FollowUpChangeType.MarkEvidenceChanged, f, fold.AsOf)];

    private static FollowUpChange Change(FollowUpChangeType type, StoredFollowUp f, DateOnly on) => new(
        type, f.Id, f.Family, on, f.Label, f.Priority, f.OpenedOn, f.LastEvidenceOn, f.Recurrence, null, Notify: false, null);

    private static CloseReason ReasonOf(RuleEventType type) => type switch
    {
        RuleEventType.Resolve => CloseReason.ClinicianResolved,
        RuleEventType.Dismiss => CloseReason.Dismissed,
        _ => CloseReason.AutoResolved,
    };

    private static T Max<T>(T a, T b) where T : struct, Enum => Comparer<T>.Default.Compare(a, b) >= 0 ? a : b;

    /// <summary>An opening with its re-openings: what one stored follow-up stands for.</summary>
    private static List<Chain> ChainsOf(RuleFold fold, RuleFamily family)
    {
        var chains = new List<Chain>();
        foreach (var e in fold.Events.Where(e => e.Family == family))
        {
            if (e.Type == RuleEventType.Open)
            {
                chains.Add(new Chain(family, e.On));
            }

            chains[^1].Add(e);
        }

        return chains;
    }

    private sealed class Chain(RuleFamily family, DateOnly openedOn)
    {
        public RuleFamily Family { get; } = family;
        public DateOnly OpenedOn { get; } = openedOn;
        public DateOnly LastRoseOn { get; private set; } = openedOn;
        public int Recurrence { get; private set; }
        public RuleEvent Last { get; private set; } = null!;
        public bool IsOpen => Last.Type is RuleEventType.Open or RuleEventType.Reopen or RuleEventType.Upgrade;

        public void Add(RuleEvent e)
        {
            Last = e;
            LastRoseOn = IsOpen ? e.On : LastRoseOn;
            Recurrence += e.Type == RuleEventType.Reopen ? 1 : 0;
        }

        /// <summary>Of several that overlap a closed spell, the one that stands for it: closed on its day, else the one that is still to be closed.</summary>
        public StoredFollowUp OwnOf(List<StoredFollowUp> matches) =>
            matches.Find(f => f.ClosedOn == Last.On)
            ?? (Last.Type == RuleEventType.AutoClose ? matches.Find(f => f.Status != FollowUpStatus.Closed) : null)
            ?? matches[0];

        /// <summary>Whether the end of the spell closes a follow-up that stands for it.</summary>
        public bool Closes(StoredFollowUp f) => Last.Type == RuleEventType.AutoClose && Last.On >= f.OpenedOn;

        /// <summary>What was withdrawn stands for nothing, save the earlier spells of one whose last re-opening was withdrawn.</summary>
        public bool IsOf(StoredFollowUp f) => Overlaps(f) && (f.CloseReason != CloseReason.EvidenceWithdrawn || (!IsOpen && f.Recurrence > 0));

        private bool Overlaps(StoredFollowUp f) => f.FirstOpenedOn <= (IsOpen ? DateOnly.MaxValue : Last.On) && OpenedOn <= (f.ClosedOn ?? DateOnly.MaxValue);
    }
}
