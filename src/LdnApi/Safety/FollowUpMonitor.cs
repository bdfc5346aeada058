using System.Diagnostics;
using LdnApi.Auth;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>A follow-up that a write opened, raised, closed or otherwise changed.</summary>
/// <param name="EvaluationId">The evaluation that opened it or last raised it.</param>
public sealed record ChangedFollowUp(
    FollowUpId Id, RuleFamily Family, FollowUpLabel Label, FollowUpPriority Priority, FollowUpStatus Status, DateOnly OpenedOn, DateTimeOffset DueAt, EvaluationId? EvaluationId)
{
    public static ChangedFollowUp Of(FollowUp f) => new(f.Id, f.Family, f.Label, f.Priority, f.Status, f.OpenedOn, f.DueAt, f.EvaluationId);
}

/// <summary>What a review rests on, asked for together with whatever else a batch reads.</summary>
/// <param name="Settings">The thresholds in force.</param>
/// <param name="Last">The evaluation before this one; empty for the first.</param>
/// <param name="FollowUps">All the patient has, closed ones too.</param>
/// <param name="AskedAt">A timestamp of <see cref="Stopwatch"/>: from here the evaluation is timed.</param>
internal sealed record ReviewBasis(
    Patient Patient, AskedFacts Facts, Func<RuleSettingsVersion> Settings, IReadOnlyList<EvaluationEntry> Last, IReadOnlyList<FollowUp> FollowUps, long AskedAt);

/// <summary>Evaluates a patient when evidence arrives or time passes, and brings the follow-ups in line.</summary>
public sealed class FollowUpMonitor(LdnDbContext db, ClinicSettings settings, ProductMetrics metrics, Caller caller)
{
    /// <summary>Live: today counts as soon as it is reported. Call in the command's transaction, with the patient locked and the evidence saved.</summary>
    /// <remarks>That the patient was evaluated is saved with whatever the command saves last.</remarks>
    /// <returns>The follow-ups that changed.</returns>
    public async Task<IReadOnlyList<ChangedFollowUp>> ReviewAsync(Patient patient, DateTimeOffset now, CancellationToken ct)
    {
        var batch = new RecordBatch(db);
        var basis = Ask(batch, patient);
        await batch.ReadAsync(ct);
        return await ReviewAsync(basis, now, ct);
    }

    /// <summary>The same on what was read before the evidence was saved, once the evidence has been added to it.</summary>
    internal Task<IReadOnlyList<ChangedFollowUp>> ReviewAsync(ReviewBasis basis, DateTimeOffset now, CancellationToken ct)
    {
        var today = basis.Patient.DayAt(now);
        return ReviewAsync(EvaluationKind.Write, basis, today, today.AddDays(-1), now, ct);
    }

    /// <summary>The nightly run: a day that has ended counts as a whole.</summary>
    public async Task<IReadOnlyList<ChangedFollowUp>> ReviewEndedDayAsync(Patient patient, DateOnly day, DateTimeOffset now, CancellationToken ct)
    {
        var batch = new RecordBatch(db);
        var basis = Ask(batch, patient);
        await batch.ReadAsync(ct);
        return await ReviewAsync(EvaluationKind.Nightly, basis, day, day, now, ct);
    }

    internal ReviewBasis Ask(RecordBatch batch, Patient patient) => new(
        patient, AskedFacts.ThroughDigest(batch, patient), settings.AskCurrent(batch), batch.All<EvaluationEntry>("patient_id = $2 ORDER BY ordinal DESC LIMIT 1", patient.Id.Value),
        batch.All<FollowUp>("patient_id = $2 ORDER BY ordinal", patient.Id.Value), Stopwatch.GetTimestamp());

    private async Task<IReadOnlyList<ChangedFollowUp>> ReviewAsync(
        EvaluationKind kind, ReviewBasis basis, DateOnly day, DateOnly lastCompletedDay, DateTimeOffset now, CancellationToken ct)
    {
        var patient = basis.Patient;

        // A day that has been looked at stays looked at: the night, which speaks of the day just ended, must not take back what the present day has begun to say,
        // nor must a patient who has travelled west.
        var inForce = basis.Settings();
        var entry = new EvaluationEntry
        {
            ClinicId = patient.ClinicId,
            Id = EntityId.New<EvaluationId>(),
            PatientId = patient.Id,
            At = now,
            AsOf = basis.Last is [{ AsOf: var looked }] && looked > day ? looked : day,
            LastCompletedDay = lastCompletedDay,
            SettingsVersion = inForce.Version,
            RuleSetVersion = RuleCatalogue.RuleSetVersion,
        };
        db.Append(entry);

        var facts = basis.Facts.Facts();
        if (basis.Facts.CheckInsRead >= CheckInDigest.RenewFrom)
        {
            await CheckInDigest.KeepAsync(db, patient.Id, facts.CheckIns, ct);
        }

        var evaluation = RuleEngine.Decide(facts, inForce.Settings, entry.AsOf, lastCompletedDay);
        List<FollowUp> followUps = [.. basis.FollowUps.Select(f => db.Tracked<FollowUp>().SingleOrDefault(tracked => tracked.Id == f.Id) ?? f)];
        var changes = FollowUpReconciler.Reconcile([.. followUps.Select(FollowUp.ToStored)], evaluation);

        var changed = new Dictionary<FollowUpId, FollowUp>();
        foreach (var change in changes)
        {
            var followUp = Apply(followUps, patient, evaluation, entry, change);
            followUp.RegulatoryDueOn = followUp.Family == RuleFamily.Serious ? SafetyReport.DueOn(facts.AdverseEvents, followUp.OpenedOn) ?? followUp.RegulatoryDueOn : null;
            changed[followUp.Id] = followUp;
            await db.SaveChangesAsync(ct); // each entry of the log makes one version
        }

        foreach (var followUp in followUps.Where(f => f.Status != FollowUpStatus.Closed))
        {
            if (evaluation.Of(followUp.Family) is { Verdict: Verdict.Raised } found && !followUp.IsAnnotatedAs(found))
            {
                await AnnotateAsync(followUp, found, ct);
            }
        }

        metrics.Evaluated(kind, Stopwatch.GetElapsedTime(basis.AskedAt), evaluation.Open.Select(f => f.Family));
        return [.. changed.Values.Select(ChangedFollowUp.Of)];
    }

    /// <summary>What may explain it came or went. It is shown, and is no turn of the follow-up: neither its log nor its version moves.</summary>
    private async Task AnnotateAsync(FollowUp followUp, FamilyEvaluation found, CancellationToken ct)
    {
        followUp.Annotate(found);
        await db.FollowUps.Where(f => f.Id == followUp.Id).ExecuteUpdateAsync(
            set => set.SetProperty(f => f.Annotations, followUp.Annotations)
                .SetProperty(f => f.ContributingFactors, followUp.ContributingFactors)
                .SetProperty(f => f.RecommendedActions, followUp.RecommendedActions), ct);
        if (db.Entry(followUp) is { State: not EntityState.Detached } tracked)
        {
            tracked.State = EntityState.Unchanged;
        }
    }

    private FollowUp Apply(List<FollowUp> followUps, Patient patient, RuleDecision evaluation, EvaluationEntry entry, FollowUpChange change)
    {
        var index = FollowUpReconciler.IndexOf(followUps.ConvertAll(FollowUp.ToStored), change);
        var current = index < 0 ? null : followUps[index];
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
                DueAt = entry.At + FollowUpPriorities.TimeAllowed(after.Priority),
                RuleSetVersion = entry.RuleSetVersion,
                SettingsVersion = entry.SettingsVersion,
            };
            db.FollowUps.Add(current);
            followUps.Add(current);
        }
        else if (db.Entry(current).State == EntityState.Detached)
        {
            db.Attach(current); // it is about to change
        }

        if (change.Type is FollowUpChangeType.Reopen || (change.Type is FollowUpChangeType.Upgrade && after.Priority > current.Priority))
        {
            current.DueAt = entry.At + FollowUpPriorities.TimeAllowed(after.Priority);
        }

        if (change.Type is FollowUpChangeType.Upgrade or FollowUpChangeType.Reopen)
        {
            current.SnoozedUntil = null; // a snooze ends at once when label or priority rises
        }

        current.Take(after);
        current.MergedInto = change.MergedInto is { } into ? new FollowUpId(into) : null;
        current.ChangeReason = null; // the rules act now, not the person who may have acted just before
        if (change.Type is FollowUpChangeType.Open or FollowUpChangeType.Reopen or FollowUpChangeType.Upgrade)
        {
            current.EvaluationId = entry.Id;
            if (change.Type is not FollowUpChangeType.Upgrade)
            {
                metrics.Opened(change.Family, after.Priority);
            }
        }

        if (change.Type is not (FollowUpChangeType.Close or FollowUpChangeType.MarkEvidenceChanged))
        {
            current.RuleSetVersion = entry.RuleSetVersion;
            current.SettingsVersion = entry.SettingsVersion;
            current.Explain(family);
        }

        db.FollowUpEvents.Add(new FollowUpEvent
        {
            ClinicId = patient.ClinicId,
            Id = Guid.CreateVersion7(),
            FollowUpId = current.Id,
            PatientId = patient.Id,
            Family = change.Family,
            EvaluationId = entry.Id,
            Type = FollowUpLog.Of(change),
            On = change.On,
            RecordedAt = entry.At,
            RecordedBy = caller.Subject,
            Label = change.Label,
            Priority = change.Priority,
        });
        return current;
    }
}
