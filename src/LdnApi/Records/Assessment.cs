using System.Text.Json.Serialization;
using LdnApi.Clinical.Assessments;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>A questionnaire and the patient's answers. Scored by the server.</summary>
public sealed class Assessment : IClinicalRecord, ISourced
{
    public required ClinicId ClinicId { get; init; }
    public required AssessmentId Id { get; init; }
    public required PatientId PatientId { get; init; }
    public required Instrument Instrument { get; init; }
    public required DateOnly TakenOn { get; init; }

    /// <summary>One a question, in order; null = not answered.</summary>
    public required List<int?> Answers { get; init; }

    /// <summary>Null when an answer is missing.</summary>
    public int? Total { get; init; }

    public string? Band { get; init; }

    /// <summary>PHQ-9 item 9, or any yes of the C-SSRS screener.</summary>
    public required bool SelfHarmPositive { get; init; }

    public string? SourceSystem { get; init; }
    public string? SourceId { get; init; }
    public RecordStatus Status { get; set; }
    public required DateTimeOffset RecordedAt { get; init; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Assessment>
    {
        public void Configure(EntityTypeBuilder<Assessment> assessment)
        {
            assessment.HasKey(a => new { a.ClinicId, a.Id });
            assessment.Property(a => a.Answers).IsJson();
            assessment.Property(a => a.Band).HasMaxLength(40);
            assessment.HasSource("assessment");
            assessment.Ignore(a => a.RecordId).Ignore(a => a.Subject).Ignore(a => a.ChangeReason);
            assessment.HasOne<Patient>().WithMany().HasForeignKey(a => new { a.ClinicId, a.PatientId }).OnDelete(DeleteBehavior.Restrict);
            assessment.HasIndex(a => new { a.ClinicId, a.PatientId, a.TakenOn, a.Id });
        }
    }
}
