using System.Text.Json.Serialization;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>The plan by which one prescription's dose is brought to its target, and how far it has come.</summary>
public sealed class TitrationSchedule : IClinicalRecord
{
    public const string OneRunning = "one_running_schedule_per_prescription";

    public required ClinicId ClinicId { get; init; }
    public required TitrationScheduleId Id { get; init; }
    public required PatientId PatientId { get; init; }
    public required PrescriptionId PrescriptionId { get; init; }
    public string? Preset { get; init; }

    /// <summary>Steps, dates, holds and state: decided by the clinical module.</summary>
    public required TitrationPlan Plan { get; set; }

    /// <summary>A copy of the plan's state, so that the database can see it.</summary>
    public required TitrationStatus Status { get; set; }

    public required DateTimeOffset RecordedAt { get; init; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<TitrationSchedule>
    {
        public void Configure(EntityTypeBuilder<TitrationSchedule> schedule)
        {
            schedule.HasKey(s => new { s.ClinicId, s.Id });
            schedule.Property(s => s.Preset).HasMaxLength(60);
            schedule.Property(s => s.Plan).IsJson();
            schedule.Ignore(s => s.RecordId).Ignore(s => s.Subject).Ignore(s => s.ChangeReason);
            schedule.HasOne<Patient>().WithMany().HasForeignKey(s => new { s.ClinicId, s.PatientId }).OnDelete(DeleteBehavior.Restrict);
            schedule.HasOne<Prescription>().WithMany().HasForeignKey(s => new { s.ClinicId, s.PatientId, s.PrescriptionId })
                .HasPrincipalKey(p => new { p.ClinicId, p.PatientId, p.Id }).OnDelete(DeleteBehavior.Restrict);
            schedule.HasIndex(s => new { s.ClinicId, s.PrescriptionId }).IsUnique()
                .HasFilter("status IN ('Planned', 'Active', 'Held')").HasDatabaseName(OneRunning);
        }
    }
}
