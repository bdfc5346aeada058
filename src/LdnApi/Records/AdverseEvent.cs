using System.Text.Json.Serialization;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>FHIR adverse-event outcome.</summary>
public enum AdverseEventOutcome
{
    Recovering,
    Recovered,
    RecoveredWithSequelae,
    Ongoing,
    Fatal,
    Unknown,
}

/// <summary>What was done with the medicine.</summary>
public enum ActionTaken
{
    DoseNotChanged,
    DoseReduced,
    DoseHeld,
    Stopped,
    Unknown,
    NotApplicable,
}

/// <summary>Who told us.</summary>
public enum ReporterRole
{
    Patient,
    Caregiver,
    Physician,
    Pharmacist,
    OtherHealthProfessional,
}

/// <summary>The identifiable reporter: one of the four minimum criteria of a safety report (ICH E2B).</summary>
public sealed record Reporter(ReporterRole Role, string? Name);

/// <summary>An untoward medical occurrence in a patient on treatment, whether or not the treatment caused it (ICH E2A).</summary>
public sealed class AdverseEvent : IClinicalRecord
{
    public required ClinicId ClinicId { get; init; }
    public required AdverseEventId Id { get; init; }
    public required PatientId PatientId { get; init; }
    public required AdverseEventTerm Term { get; set; }

    /// <summary>The event in words; owed when the term is <c>other</c>.</summary>
    public string? Text { get; set; }

    public Coding? Coding { get; set; }
    public required Severity Severity { get; set; }

    /// <summary>CTCAE v5 grade, 1–5.</summary>
    public int? CtcaeGrade { get; set; }

    public List<SeriousnessCriterion> Seriousness { get; set; } = [];

    /// <summary>Calendar day on which it began, where the patient lives; null = unknown.</summary>
    public DateOnly? OnsetOn { get; set; }

    public DateOnly? ResolvedOn { get; set; }
    public AdverseEventOutcome? Outcome { get; set; }
    public ActionTaken? ActionTaken { get; set; }
    public PrescriptionId? SuspectPrescriptionId { get; set; }

    /// <summary>mg per day in total on the onset day; worked out from the prescriptions.</summary>
    public decimal? DoseAtOnsetMg { get; set; }

    public string? Narrative { get; set; }
    public Reporter? Reporter { get; set; }
    public RecordStatus Status { get; set; }
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>When the present term and severity became known: a later rise counts from here.</summary>
    public required DateTimeOffset SeverityKnownAt { get; set; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<AdverseEvent>
    {
        public void Configure(EntityTypeBuilder<AdverseEvent> adverseEvent)
        {
            adverseEvent.HasKey(e => new { e.ClinicId, e.Id });
            adverseEvent.Property(e => e.Text).HasMaxLength(200);
            adverseEvent.Property(e => e.Narrative).HasMaxLength(4000);
            adverseEvent.Property(e => e.DoseAtOnsetMg).HasPrecision(7, 3);
            adverseEvent.Property(e => e.Coding).IsJson();
            adverseEvent.Property(e => e.Seriousness).IsJson();
            adverseEvent.Property(e => e.Reporter).IsJson();
            adverseEvent.Ignore(e => e.RecordId).Ignore(e => e.Subject).Ignore(e => e.ChangeReason);
            adverseEvent.HasOne<Patient>().WithMany().HasForeignKey(e => new { e.ClinicId, e.PatientId }).OnDelete(DeleteBehavior.Restrict);
            adverseEvent.HasOne<Prescription>().WithMany().HasForeignKey(e => new { e.ClinicId, e.PatientId, e.SuspectPrescriptionId })
                .HasPrincipalKey(p => new { p.ClinicId, p.PatientId, p.Id }).OnDelete(DeleteBehavior.Restrict);
            adverseEvent.HasIndex(e => new { e.ClinicId, e.PatientId, e.RecordedAt, e.Id });
        }
    }
}
