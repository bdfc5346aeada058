using System.Text.Json.Serialization;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>A thing done to a schedule: what, when, by whom and why. Appended, never rewritten.</summary>
/// <param name="On">The clinical day on which it took place.</param>
/// <param name="RecordedBy">The subject of the person's token.</param>
/// <param name="FollowUpId">The follow-up that led to it.</param>
/// <param name="FromDoseMg">The dose before, mg per day; absent before the first.</param>
/// <param name="ToDoseMg">The dose that was ordered, mg per day; absent when the dose stays.</param>
/// <param name="Days">By how many days the step was made longer.</param>
/// <param name="LastDoseOn">Of a restart: the last day on which a dose had been taken.</param>
public sealed record TitrationChange(
    TitrationAction Action, DateOnly On, DateTimeOffset RecordedAt, string RecordedBy, string Reason, FollowUpId? FollowUpId = null,
    decimal? FromDoseMg = null, decimal? ToDoseMg = null, int? Days = null, DateOnly? LastDoseOn = null)
{
    /// <summary>The reasons for which the dose went through although a rule wanted one.</summary>
    public IReadOnlyList<OrderOverride> Overrides { get; init; } = [];
}

/// <summary>The plan by which one prescription's dose is brought to its target, and how far it has come.</summary>
public sealed class TitrationSchedule : IClinicalRecord
{
    public const string OneRunning = "one_running_schedule_per_prescription";

    public required ClinicId ClinicId { get; init; }
    public required TitrationScheduleId Id { get; init; }
    public required PatientId PatientId { get; init; }
    public required PrescriptionId PrescriptionId { get; init; }
    public string? Preset { get; init; }

    /// <summary>The clinic's template that the steps were taken from, as it was then.</summary>
    public TitrationTemplateId? TemplateId { get; init; }

    public long? TemplateVersion { get; init; }

    /// <summary>Steps, dates, holds and state: decided by the clinical module.</summary>
    public required TitrationPlan Plan { get; set; }

    /// <summary>A copy of the plan's state, so that the database can see it.</summary>
    public required TitrationStatus Status { get; set; }

    /// <summary>Everything done to it, oldest first.</summary>
    public List<TitrationChange> Changes { get; set; } = [];

    public required DateTimeOffset RecordedAt { get; init; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    /// <summary>Takes a new state, and keeps what led to it.</summary>
    public void Move(TitrationPlan plan, TitrationChange change)
    {
        (Plan, Status, Changes) = (plan, plan.Status, [.. Changes, change]);
        ChangeReason = change.FollowUpId is { } because ? $"{change.Reason} (follow-up {because})" : change.Reason;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<TitrationSchedule>
    {
        public void Configure(EntityTypeBuilder<TitrationSchedule> schedule)
        {
            schedule.HasKey(s => new { s.ClinicId, s.Id });
            schedule.Property(s => s.Preset).HasMaxLength(60);
            schedule.Property(s => s.Plan).IsJson();
            schedule.Property(s => s.Changes).IsJson();
            schedule.Ignore(s => s.RecordId).Ignore(s => s.Subject).Ignore(s => s.ChangeReason);
            schedule.HasOne<Patient>().WithMany().HasForeignKey(s => new { s.ClinicId, s.PatientId }).OnDelete(DeleteBehavior.Restrict);
            schedule.HasOne<Prescription>().WithMany().HasForeignKey(s => new { s.ClinicId, s.PatientId, s.PrescriptionId })
                .HasPrincipalKey(p => new { p.ClinicId, p.PatientId, p.Id }).OnDelete(DeleteBehavior.Restrict);
            schedule.HasOne<TitrationTemplate>().WithMany().HasForeignKey(s => new { s.ClinicId, s.TemplateId }).OnDelete(DeleteBehavior.Restrict);
            schedule.HasIndex(s => new { s.ClinicId, s.PrescriptionId }).IsUnique()
                .HasFilter("status IN ('Planned', 'Active', 'Held')").HasDatabaseName(OneRunning);
        }
    }
}
