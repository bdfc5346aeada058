using LdnApi.Auth;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>A follow-up that a write opened, raised, closed or otherwise changed.</summary>
public sealed record ChangedFollowUp(
    FollowUpId Id, RuleFamily Family, FollowUpLabel Label, FollowUpPriority Priority, FollowUpStatus Status, DateOnly OpenedOn, DateTimeOffset DueAt);

/// <summary>Evaluates a patient when evidence arrives or time passes, and brings the follow-ups in line.</summary>
public sealed class FollowUpMonitor(LdnDbContext db, PatientFactsReader reader, Caller caller)
{
    /// <summary>Live: today counts as soon as it is reported. Call in the command's transaction, with the patient locked and the evidence saved.</summary>
    /// <returns>The follow-ups that changed.</returns>
    public Task<IReadOnlyList<ChangedFollowUp>> ReviewAsync(Patient patient, DateTimeOffset now, CancellationToken ct)
    {
        var today = patient.DayAt(now);
        return ReviewAsync(patient, today, today.AddDays(-1), now, ct);
    }

    /// <summary>The nightly run: a day that has ended counts as a whole.</summary>
    public Task<IReadOnlyList<ChangedFollowUp>> ReviewEndedDayAsync(Patient patient, DateOnly day, DateTimeOffset now, CancellationToken ct) =>
        ReviewAsync(patient, day, day, now, ct);

    private async Task<IReadOnlyList<ChangedFollowUp>> ReviewAsync(
        Patient patient, DateOnly asOf, DateOnly lastCompletedDay, DateTimeOffset now, CancellationToken ct)
    {
        var facts = await reader.ReadAsync(patient, ct);
        var evaluation = RuleEngine.Decide(facts, RuleSettings.Default, asOf, lastCompletedDay);
        var followUps = await db.FollowUps.Where(f => f.PatientId == patient.Id).ToListAsync(ct);
        var changes = FollowUpReconciler.Reconcile([.. followUps.Select(FollowUp.ToStored)], evaluation);

        var changed = new Dictionary<FollowUpId, FollowUp>();
        foreach (var change in changes)
        {
            var followUp = Apply(followUps, patient, evaluation, change, now);
            followUp.RegulatoryDueOn = followUp.Family == RuleFamily.Serious ? SafetyReport.DueOn(facts.AdverseEvents, followUp.OpenedOn) ?? followUp.RegulatoryDueOn : null;
            changed[followUp.Id] = followUp;
            await db.SaveChangesAsync(ct); // closings before openings reach the database in that order: it allows one open follow-up a family
        }

        return [.. changed.Values.Select(f => new ChangedFollowUp(f.Id, f.Family, f.Label, f.Priority, f.Status, f.OpenedOn, f.DueAt))];
    }

    private FollowUp Apply(List<FollowUp> followUps, Patient patient, Evaluation evaluation, FollowUpChange change, DateTimeOffset now)
    {
        var current = followUps.Find(f => f.Id.Value == change.FollowUpId)
            ?? (change.FollowUpId is null && change.Type != FollowUpChangeType.Open ? followUps.FindLast(f => f.Family == change.Family) : null);
        var after = FollowUpReconciler.Apply(current is null ? null : FollowUp.ToStored(current), change);
        var family = evaluation.Of(change.Family);

        if (current is null)
        {
            current = new FollowUp
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<FollowUpId>(),
                PatientId = patient.Id,
                Family = change.Family,
                Label = after.Label,
                Priority = after.Priority,
                Status = after.Status,
                OpenedOn = after.OpenedOn,
                FirstOpenedOn = after.FirstOpenedOn,
                LastEvidenceOn = after.LastEvidenceOn,
                DueAt = now + FollowUpPriorities.TimeAllowed(after.Priority),
                RuleSetVersion = RuleCatalogue.RuleSetVersion,
            };
            db.FollowUps.Add(current);
            followUps.Add(current);
        }
        else if (change.Type is FollowUpChangeType.Reopen || (change.Type is FollowUpChangeType.Upgrade && after.Priority > current.Priority))
        {
            current.DueAt = now + FollowUpPriorities.TimeAllowed(after.Priority);
        }

        if (change.Type is FollowUpChangeType.Upgrade or FollowUpChangeType.Reopen)
        {
            current.SnoozedUntil = null; // a snooze ends at once when label or priority rises
        }

        current.Label = after.Label;
        current.Priority = after.Priority;
        current.Status = after.Status;
        current.OpenedOn = after.OpenedOn;
        current.FirstOpenedOn = after.FirstOpenedOn;
        current.LastEvidenceOn = after.LastEvidenceOn;
        current.ClosedOn = after.ClosedOn;
        current.CloseReason = after.CloseReason;
        current.Recurrence = after.Recurrence;
        current.EvidenceChanged = after.EvidenceChanged;
        current.MergedInto = change.MergedInto is { } into ? new FollowUpId(into) : null;
        current.RuleSetVersion = RuleCatalogue.RuleSetVersion;
        current.ChangeReason = null; // the rules act now, not the person who may have acted just before
        if (change.Type is not (FollowUpChangeType.Close or FollowUpChangeType.MarkEvidenceChanged))
        {
            current.Clauses = [.. family.Clauses];
            current.Evidence = [.. family.Evidence];
            current.ContributingFactors = [.. family.ContributingFactors];
            current.RecommendedActions = [.. family.RecommendedActions];
        }

        db.FollowUpEvents.Add(new FollowUpEvent
        {
            ClinicId = patient.ClinicId,
            Id = Guid.CreateVersion7(),
            FollowUpId = current.Id,
            PatientId = patient.Id,
            Family = change.Family,
            Type = EventOf(change),
            On = change.On,
            RecordedAt = now,
            RecordedBy = caller.Subject,
            Label = change.Label,
            Priority = change.Priority,
        });
        return current;
    }

    private static FollowUpEventType EventOf(FollowUpChange change) => change.Type switch
    {
        FollowUpChangeType.Open => FollowUpEventType.Opened,
        FollowUpChangeType.Reopen => FollowUpEventType.Reopened,
        FollowUpChangeType.Upgrade => FollowUpEventType.Upgraded,
        FollowUpChangeType.Adjust => FollowUpEventType.Adjusted,
        FollowUpChangeType.MarkEvidenceChanged => FollowUpEventType.EvidenceChanged,
        FollowUpChangeType.ClearEvidenceChanged => FollowUpEventType.EvidenceRestored,
        FollowUpChangeType.AddEvidence => FollowUpEventType.EvidenceAdded,
        FollowUpChangeType.Close => change.CloseReason switch
        {
            CloseReason.EvidenceWithdrawn => FollowUpEventType.EvidenceWithdrawn,
            CloseReason.Merged => FollowUpEventType.Merged,
            _ => FollowUpEventType.AutoClosed,
        },
    };
}
