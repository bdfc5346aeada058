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

/// <summary>Whose judgement it is, who entered it and when.</summary>
/// <param name="Assessor">The person who judged.</param>
/// <param name="RecordedBy">The subject of the token with which it was entered.</param>
public sealed record Judgement(string Assessor, string RecordedBy, DateTimeOffset RecordedAt, string? Note);

/// <summary>The Naranjo scale as answered; score and category are worked out.</summary>
/// <param name="Answers">Question 1 first.</param>
/// <param name="Score">Points, −4 to 13.</param>
public sealed record NaranjoAssessment(IReadOnlyList<NaranjoAnswer> Answers, int Score, NaranjoCategory Category, Judgement By);

/// <summary>A WHO-UMC category, chosen by a person.</summary>
/// <param name="Specific">The assessor holds the event to be specific for the medicine; null = not said.</param>
public sealed record WhoUmcAssessment(WhoUmcCategory Category, bool? Specific, Judgement By);

/// <summary>What a clinician says to a de- or rechallenge that was proposed.</summary>
public enum ChallengeVerdict
{
    Confirmed,
    Refuted,
}

/// <summary>A proposed de- or rechallenge with its evidence as it stood when a clinician confirmed or refuted it.</summary>
public sealed record ChallengeAssessment(ChallengeVerdict Verdict, Challenge Evidence, Judgement By);

/// <summary>What persons have judged of the cause. Nothing in it is ever set by a rule.</summary>
public sealed record Causality(
    NaranjoAssessment? Naranjo = null, WhoUmcAssessment? WhoUmc = null, ChallengeAssessment? Dechallenge = null, ChallengeAssessment? Rechallenge = null);

/// <summary>An untoward medical occurrence in a patient on treatment, whether or not the treatment caused it (ICH E2A).</summary>
public sealed class AdverseEvent : IClinicalRecord, ISourced
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

    /// <summary>Days from the latest start, increase or restart of the dose to the onset; worked out. Null without a dose by then.</summary>
    public int? DaysSinceIncrease { get; set; }

    /// <summary>Other medicines taken when it began.</summary>
    public List<MedicationId> ConcomitantMedicationIds { get; set; } = [];

    public string? Narrative { get; set; }
    public Reporter? Reporter { get; set; }
    public Causality? Causality { get; set; }

    /// <summary>Clinical day on which it first became known: the regulatory clock runs from it, and nothing moves it. Null only in versions kept before it was.</summary>
    public DateOnly? ReceivedOn { get; init; }

    public string? SourceSystem { get; set; }
    public string? SourceId { get; set; }
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

    [JsonIgnore]
    public bool IsSerious => Seriousness.Count > 0;

    [JsonIgnore]
    public DateOnly FirstReceivedOn => ReceivedOn ?? DateOnly.FromDateTime(RecordedAt.UtcDateTime);

    /// <summary>The day by which a serious event is to be reported; null for any other.</summary>
    [JsonIgnore]
    public DateOnly? RegulatoryDueOn => IsSerious && Status != RecordStatus.EnteredInError ? SafetyReport.DueOn(FirstReceivedOn) : null;

    /// <summary>What a valid safety report still lacks. The patient is known by the record's number, the event by its term.</summary>
    public IReadOnlyList<MinimumCriterion> MissingCriteria() =>
    [
        .. Reporter is null ? [MinimumCriterion.Reporter] : Array.Empty<MinimumCriterion>(),
        .. SuspectPrescriptionId is null ? [MinimumCriterion.SuspectMedicine] : Array.Empty<MinimumCriterion>(),
    ];

    internal sealed class Mapping : IEntityTypeConfiguration<AdverseEvent>
    {
        public void Configure(EntityTypeBuilder<AdverseEvent> adverseEvent)
        {
            adverseEvent.HasKey(e => new { e.ClinicId, e.Id });
            adverseEvent.Property(e => e.Text).HasMaxLength(200);
            adverseEvent.Property(e => e.Narrative).HasMaxLength(4000);
            adverseEvent.Property(e => e.Coding).IsJson();
            adverseEvent.Property(e => e.Seriousness).IsJson();
            adverseEvent.Property(e => e.ConcomitantMedicationIds).IsJson();
            adverseEvent.Property(e => e.Reporter).IsJson();
            adverseEvent.Property(e => e.Causality).IsJson();
            adverseEvent.HasSource("adverse_event");
            adverseEvent.Ignore(e => e.RecordId).Ignore(e => e.Subject).Ignore(e => e.ChangeReason).Ignore(e => e.IsSerious).Ignore(e => e.FirstReceivedOn).Ignore(e => e.RegulatoryDueOn);
            adverseEvent.HasOne<Patient>().WithMany().HasForeignKey(e => new { e.ClinicId, e.PatientId }).OnDelete(DeleteBehavior.Restrict);
            adverseEvent.HasOne<Prescription>().WithMany().HasForeignKey(e => new { e.ClinicId, e.PatientId, e.SuspectPrescriptionId })
                .HasPrincipalKey(p => new { p.ClinicId, p.PatientId, p.Id }).OnDelete(DeleteBehavior.Restrict);
            adverseEvent.HasIndex(e => new { e.ClinicId, e.PatientId, e.RecordedAt, e.Id });
        }
    }
}
