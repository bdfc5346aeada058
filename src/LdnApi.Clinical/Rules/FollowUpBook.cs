namespace LdnApi.Clinical.Rules;

/// <summary>
/// A patient's follow-ups as they come about while evaluations and clinicians' acts follow each other: the life-cycle without a database.
/// </summary>
public sealed class FollowUpBook
{
    private readonly List<StoredFollowUp> _followUps = [];
    private readonly List<ClinicianAction> _actions = [];

    /// <summary>In the order in which they were made.</summary>
    public IReadOnlyList<StoredFollowUp> FollowUps => _followUps;

    /// <summary>The acts that had an effect, as the fold knows them.</summary>
    public IReadOnlyList<ClinicianAction> Actions => _actions;

    /// <summary>Brings the follow-ups in line.</summary>
    /// <returns>What changed, in order, each with the number of its follow-up.</returns>
    public IReadOnlyList<(int FollowUp, FollowUpChange Change)> Review(RuleFold fold)
    {
        var changed = new List<(int, FollowUpChange)>();
        foreach (var change in FollowUpReconciler.Reconcile(_followUps, fold))
        {
            var index = FollowUpReconciler.IndexOf(_followUps, change);
            if (index < 0)
            {
                index = _followUps.Count;
                _followUps.Add(FollowUpReconciler.Apply(null, change) with { Id = new Guid(index + 1, 0, 0, new byte[8]) });
            }
            else
            {
                _followUps[index] = FollowUpReconciler.Apply(_followUps[index], change);
            }

            changed.Add((index, change));
        }

        return changed;
    }

    /// <summary>A clinician's act on the family's follow-up. One that there is no follow-up for, or that it does not allow, has no effect.</summary>
    /// <returns>The number of the follow-up; null without effect.</returns>
    public int? Act(RuleFamily family, FollowUpAction action, Known known)
    {
        var index = _followUps.FindIndex(f => f.Family == family && FollowUpActions.AllowedIn(f.Status).Contains(action));
        if (index < 0)
        {
            return null;
        }

        _followUps[index] = FollowUpActions.After(_followUps[index], action, known.On);
        if (FollowUpActions.KindOf(action) is { } kind)
        {
            _actions.Add(new ClinicianAction(family, kind, known));
        }

        return index;
    }
}
