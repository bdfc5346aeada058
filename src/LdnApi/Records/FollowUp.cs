using System.Text.Json.Serialization;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>How a clinician's work on a follow-up ended.</summary>
public enum FollowUpOutcome
{
    ReassuredAndMonitoring,
    DoseHeld,
    DoseReduced,
    TitrationSlowed,
    TreatmentStopped,
    ReferredToMentalHealth,
    EmergencyCare,
    NotRelatedToTreatment,
    Other,
}

/// <summary>A rule's request that a provider look at a patient (FHIR Flag). It does not diagnose.</summary>
public sealed class FollowUp : IClinicalRecord
{
    /// <summary>The index of what is not closed, soonest due first: it does not grow with what is done.</summary>
    internal const string Queue = "follow_up_queue";

    public required ClinicId ClinicId { get; init; }
    public required FollowUpId Id { get; init; }
    public required PatientId PatientId { get; init; }
    public required RuleFamily Family { get; init; }
    public required FollowUpLabel Label { get; set; }
    public required FollowUpPriority Priority { get; set; }
    public required FollowUpStatus Status { get; set; }

    /// <summary>Clinical day of the present opening, worked out again when late facts arrive.</summary>
    public required DateOnly OpenedOn { get; set; }

    public required DateOnly FirstOpenedOn { get; set; }
    public required DateOnly LastEvidenceOn { get; set; }
    public DateOnly? ClosedOn { get; set; }
    public CloseReason? CloseReason { get; set; }

    /// <summary>The moment by which a person must have acted: the opening or last rise plus the time of the priority.</summary>
    public required DateTimeOffset DueAt { get; set; }

    /// <summary>For a serious adverse event: first received + 15 days.</summary>
    public DateOnly? RegulatoryDueOn { get; set; }

    public int Recurrence { get; set; }

    /// <summary>Acknowledged, and the facts no longer say the same: a clinician decides.</summary>
    public bool EvidenceChanged { get; set; }

    public FollowUpId? MergedInto { get; set; }

    /// <summary>The evaluation that opened it or last raised it; null for one from before evaluations were kept.</summary>
    public EvaluationId? EvaluationId { get; set; }

    /// <summary>The rules under which the clauses were worked out.</summary>
    public required string RuleSetVersion { get; set; }

    /// <summary>The version of the clinic's settings under which the clauses were worked out.</summary>
    public long SettingsVersion { get; set; } = RuleSettingsVersion.First;

    public List<Clause> Clauses { get; set; } = [];
    public List<Evidence> Evidence { get; set; } = [];
    public List<string> ContributingFactors { get; set; } = [];
    public List<Annotation> Annotations { get; set; } = [];
    public List<string> RecommendedActions { get; set; } = [];
    public string? Assignee { get; set; }
    public DateTimeOffset? SnoozedUntil { get; set; }
    public FollowUpOutcome? Outcome { get; set; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    /// <summary>Its place in what happened to the patient: the order in which follow-ups were made.</summary>
    [JsonIgnore]
    public long Ordinal { get; private init; }

    /// <summary>Takes over what the rules say of it.</summary>
    public void Take(StoredFollowUp after)
    {
        Label = after.Label;
        Priority = after.Priority;
        Status = after.Status;
        OpenedOn = after.OpenedOn;
        FirstOpenedOn = after.FirstOpenedOn;
        LastEvidenceOn = after.LastEvidenceOn;
        ClosedOn = after.ClosedOn;
        CloseReason = after.CloseReason;
        Recurrence = after.Recurrence;
        EvidenceChanged = after.EvidenceChanged;
    }

    /// <summary>Takes over why the rules ask for it.</summary>
    public void Explain(FamilyEvaluation found)
    {
        (Clauses, Evidence) = ([.. found.Clauses], [.. found.Evidence]);
        Annotate(found);
    }

    /// <summary>Takes over what else may explain it, and what may then be done.</summary>
    public void Annotate(FamilyEvaluation found) =>
        (Annotations, ContributingFactors, RecommendedActions) = ([.. found.Annotations], [.. found.ContributingFactors], [.. found.RecommendedActions]);

    /// <summary>Whether the same explains it as before; with which values does not matter.</summary>
    public bool IsAnnotatedAs(FamilyEvaluation found) =>
        Annotations.Select(a => a.Rule).SequenceEqual(found.Annotations.Select(a => a.Rule)) && ContributingFactors.SequenceEqual(found.ContributingFactors);

    public static StoredFollowUp ToStored(FollowUp f) => new(
        f.Id.Value, f.Family, f.Status, f.Label, f.Priority, f.OpenedOn, f.FirstOpenedOn, f.LastEvidenceOn, f.ClosedOn, f.CloseReason, f.Recurrence, f.EvidenceChanged);

    /// <summary>That a family has at most one that is not closed is the constraint <c>one_open_follow_up_per_family</c>, which the migrations make: no model can say it.</summary>
    internal sealed class Mapping : IEntityTypeConfiguration<FollowUp>
    {
        public void Configure(EntityTypeBuilder<FollowUp> followUp)
        {
            followUp.HasKey(f => new { f.ClinicId, f.Id });
            followUp.Property(f => f.Ordinal).HasDefaultValueSql(Ordinals.Next);
            followUp.Property(f => f.RuleSetVersion).HasMaxLength(40);
            followUp.Property(f => f.Assignee).HasMaxLength(255);
            followUp.Property(f => f.Clauses).IsJson();
            followUp.Property(f => f.Evidence).IsJson();
            followUp.Property(f => f.Annotations).IsJson();
            followUp.Ignore(f => f.RecordId).Ignore(f => f.Subject).Ignore(f => f.ChangeReason);
            followUp.HasOne<EvaluationEntry>().WithMany().HasForeignKey(f => new { f.ClinicId, f.EvaluationId }).OnDelete(DeleteBehavior.Restrict);
            followUp.HasOne<Patient>().WithMany().HasForeignKey(f => new { f.ClinicId, f.PatientId }).OnDelete(DeleteBehavior.Restrict);
            followUp.HasIndex(f => new { f.ClinicId, f.DueAt, f.Id });
            followUp.HasIndex(f => new { f.ClinicId, f.DueAt, f.Id }, Queue).HasFilter($"status <> '{nameof(FollowUpStatus.Closed)}'").HasDatabaseName(Queue);
            followUp.HasIndex(f => new { f.ClinicId, f.OpenedOn, f.Id });
        }
    }
}

/// <summary>An entry of a follow-up's log: what really happened. Appended, never rewritten.</summary>
public sealed class FollowUpEvent : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required Guid Id { get; init; }
    public required FollowUpId FollowUpId { get; init; }
    public required PatientId PatientId { get; init; }
    public required RuleFamily Family { get; init; }
    public required FollowUpEventType Type { get; init; }

    /// <summary>Its place in what happened to the patient: see <see cref="Ordinals"/>.</summary>
    public long Ordinal { get; private init; }

    /// <summary>The evaluation that brought it about; null for an act of a clinician, and from before evaluations were kept.</summary>
    public EvaluationId? EvaluationId { get; init; }

    /// <summary>The clinical day it speaks of.</summary>
    public required DateOnly On { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>Who: the token's subject, or the background task.</summary>
    public required string RecordedBy { get; init; }

    public required FollowUpLabel Label { get; init; }
    public required FollowUpPriority Priority { get; init; }
    public string? Reason { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<FollowUpEvent>
    {
        public void Configure(EntityTypeBuilder<FollowUpEvent> entry)
        {
            entry.HasKey(e => new { e.ClinicId, e.Id });
            entry.Property(e => e.Ordinal).HasDefaultValueSql(Ordinals.Next);
            entry.Property(e => e.RecordedBy).HasMaxLength(255);
            entry.Property(e => e.Reason).HasMaxLength(RecordVersion.MaxReasonLength);
            entry.HasOne<EvaluationEntry>().WithMany().HasForeignKey(e => new { e.ClinicId, e.EvaluationId }).OnDelete(DeleteBehavior.Restrict);
            entry.HasOne<FollowUp>().WithMany().HasForeignKey(e => new { e.ClinicId, e.FollowUpId }).OnDelete(DeleteBehavior.Restrict);
            entry.HasIndex(e => new { e.ClinicId, e.FollowUpId });
            entry.HasIndex(e => new { e.ClinicId, e.PatientId, e.Type });
        }
    }
}
