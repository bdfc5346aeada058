using System.Text.Json.Serialization;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>Whether a fact counts (FHIR Observation status). What is entered in error stays readable and counts no more.</summary>
public enum RecordStatus
{
    Final,
    Amended,
    EnteredInError,
}

/// <summary>The patient's own report of a day: scores 0–10, null = not answered.</summary>
public sealed class CheckIn : IClinicalRecord, ISourced
{
    public required ClinicId ClinicId { get; init; }
    public required CheckInId Id { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>Calendar day in the patient's zone; never rewritten by a later move.</summary>
    public required DateOnly On { get; set; }

    /// <summary>The moment described, when the report names one.</summary>
    public DateTimeOffset? OccurredAt { get; set; }

    public int? Anxiety { get; set; }
    public int? Nervousness { get; set; }
    public int? Restlessness { get; set; }
    public int? Agitation { get; set; }
    public int? Irritability { get; set; }
    public int? Mood { get; set; }
    public int? SleepQuality { get; set; }
    public bool? VividDreams { get; set; }
    public int? CaffeineMg { get; set; }
    public TimeOnly? DoseTakenAt { get; set; }
    public decimal? DoseTakenMg { get; set; }
    public bool? DoseMissed { get; set; }
    public bool? SelfHarmThoughts { get; set; }
    public string? Note { get; set; }
    public string? SourceSystem { get; set; }
    public string? SourceId { get; set; }
    public RecordStatus Status { get; set; }

    /// <summary>When the first version became known.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>When the present version became known.</summary>
    public required DateTimeOffset ChangedAt { get; set; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<CheckIn>
    {
        public void Configure(EntityTypeBuilder<CheckIn> checkIn)
        {
            checkIn.HasKey(c => new { c.ClinicId, c.Id });
            checkIn.Property(c => c.DoseTakenMg).HasPrecision(7, 3);
            checkIn.Property(c => c.Note).HasMaxLength(4000);
            checkIn.Ignore(c => c.RecordId).Ignore(c => c.Subject).Ignore(c => c.ChangeReason);
            checkIn.HasOne<Patient>().WithMany().HasForeignKey(c => new { c.ClinicId, c.PatientId }).OnDelete(DeleteBehavior.Restrict);
            checkIn.HasIndex(c => new { c.ClinicId, c.PatientId, c.On, c.Id });
            checkIn.HasSource("check_in");
            checkIn.ToTable(t => t.HasCheckConstraint("scores_are_0_to_10", string.Join(" AND ",
                new[] { "anxiety", "nervousness", "restlessness", "agitation", "irritability", "mood", "sleep_quality" }.Select(s => $"({s} IS NULL OR {s} BETWEEN 0 AND 10)"))));
        }
    }
}
