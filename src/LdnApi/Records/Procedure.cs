using System.Text.Json.Serialization;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>FHIR procedure status, as far as it matters before the day.</summary>
public enum ProcedureStatus
{
    /// <summary>Planned.</summary>
    Preparation,

    /// <summary>It will not take place.</summary>
    NotDone,

    EnteredInError,
}

/// <summary>A procedure before which naltrexone is held (FHIR Procedure).</summary>
public sealed class Procedure : IClinicalRecord, ISourced
{
    public required ClinicId ClinicId { get; init; }
    public required ProcedureId Id { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>The procedure in words.</summary>
    public string? Text { get; init; }

    public required DateOnly PlannedOn { get; init; }
    public string? SourceSystem { get; init; }
    public string? SourceId { get; init; }
    public ProcedureStatus Status { get; set; }
    public required DateTimeOffset RecordedAt { get; init; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Procedure>
    {
        public void Configure(EntityTypeBuilder<Procedure> procedure)
        {
            procedure.HasKey(p => new { p.ClinicId, p.Id });
            procedure.Property(p => p.Text).HasMaxLength(200);
            procedure.HasSource("procedure");
            procedure.Ignore(p => p.RecordId).Ignore(p => p.Subject).Ignore(p => p.ChangeReason);
            procedure.HasOne<Patient>().WithMany().HasForeignKey(p => new { p.ClinicId, p.PatientId }).OnDelete(DeleteBehavior.Restrict);
            procedure.HasIndex(p => new { p.ClinicId, p.PatientId, p.PlannedOn, p.Id });
        }
    }
}
