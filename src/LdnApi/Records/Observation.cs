using System.Text.Json.Serialization;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>How a test that is no measurement came out (FHIR Observation interpretation).</summary>
public enum Interpretation
{
    Positive,
    Negative,
}

/// <summary>A laboratory value or a test that orders are held against (FHIR Observation).</summary>
public sealed class Observation : IClinicalRecord, ISourced
{
    public required ClinicId ClinicId { get; init; }
    public required ObservationId Id { get; init; }
    public required PatientId PatientId { get; init; }
    public required ObservationCode Code { get; init; }

    /// <summary>The clinical day of the sample or test.</summary>
    public required DateOnly EffectiveOn { get; init; }

    /// <summary>ALT and AST in the unit of <see cref="ReferenceHigh"/>; eGFR in mL/min/1.73 m².</summary>
    public decimal? Value { get; init; }

    /// <summary>The laboratory's upper limit of normal.</summary>
    public decimal? ReferenceHigh { get; init; }

    public Interpretation? Interpretation { get; init; }
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

    /// <summary>The value as the rules take it: times the upper limit of normal where there is one.</summary>
    [JsonIgnore]
    public decimal? RuleValue => ReferenceHigh is { } limit ? Value / limit : Value;

    [JsonIgnore]
    public bool? IsPositive => Interpretation is { } found ? found == Records.Interpretation.Positive : null;

    internal sealed class Mapping : IEntityTypeConfiguration<Observation>
    {
        public void Configure(EntityTypeBuilder<Observation> observation)
        {
            observation.HasKey(o => new { o.ClinicId, o.Id });
            observation.Property(o => o.Value).HasPrecision(9, 3);
            observation.Property(o => o.ReferenceHigh).HasPrecision(9, 3);
            observation.HasSource("observation");
            observation.Ignore(o => o.RecordId).Ignore(o => o.Subject).Ignore(o => o.ChangeReason).Ignore(o => o.RuleValue).Ignore(o => o.IsPositive);
            observation.HasOne<Patient>().WithMany().HasForeignKey(o => new { o.ClinicId, o.PatientId }).OnDelete(DeleteBehavior.Restrict);
            observation.HasIndex(o => new { o.ClinicId, o.PatientId, o.EffectiveOn, o.Id });
        }
    }
}
