using System.Text.Json.Serialization;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>Another medicine that the patient takes, took or is to take (FHIR MedicationStatement).</summary>
public sealed class Medication : IClinicalRecord, ISourced
{
    /// <summary>The code system of <see cref="Code"/>.</summary>
    public const string RxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm";

    public required ClinicId ClinicId { get; init; }
    public required MedicationId Id { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>RxNorm, of the ingredient where the rules are to know it.</summary>
    public Coding? Code { get; set; }

    /// <summary>WHO ATC, fifth level.</summary>
    public string? Atc { get; set; }

    /// <summary>Null = unknown: taken before anything else that is known.</summary>
    public DateOnly? StartedOn { get; set; }

    /// <summary>The first day without it.</summary>
    public DateOnly? StoppedOn { get; set; }

    /// <summary>Extended-release, transdermal or otherwise long-acting.</summary>
    public bool LongActing { get; set; }

    /// <summary>The day on which its dose last changed.</summary>
    public DateOnly? ChangedOn { get; set; }

    public string? SourceSystem { get; set; }
    public string? SourceId { get; set; }
    public RecordStatus Status { get; set; }
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>When it became known what was taken and for how long at most: a shorter time later is no news.</summary>
    public required DateTimeOffset KnownAt { get; set; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Medication>
    {
        public void Configure(EntityTypeBuilder<Medication> medication)
        {
            medication.HasKey(m => new { m.ClinicId, m.Id });
            medication.Property(m => m.Code).IsJson();
            medication.Property(m => m.Atc).HasMaxLength(7);
            medication.HasSource("medication");
            medication.Ignore(m => m.RecordId).Ignore(m => m.Subject).Ignore(m => m.ChangeReason);
            medication.HasOne<Patient>().WithMany().HasForeignKey(m => new { m.ClinicId, m.PatientId }).OnDelete(DeleteBehavior.Restrict);
            medication.HasIndex(m => new { m.ClinicId, m.PatientId, m.RecordedAt, m.Id });
        }
    }
}
