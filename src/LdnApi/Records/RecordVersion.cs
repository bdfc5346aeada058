using System.Text.Json;
using System.Text.Json.Serialization;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>A fact about a patient. It is corrected or retracted, never erased: every version of it is kept.</summary>
public interface IClinicalRecord : IBelongToClinic, IVersioned
{
    /// <summary>What identifies the record in its history.</summary>
    [JsonIgnore]
    Guid RecordId { get; }

    [JsonIgnore]
    PatientId Subject { get; }

    /// <summary>Why the present change is made; not a part of the record.</summary>
    [JsonIgnore]
    string? ChangeReason { get; }
}

/// <summary>One version of a clinical record, as it was: what, when it became known, from whom and why. Append-only.</summary>
public sealed class RecordVersion : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required Guid RecordId { get; init; }
    public required long Version { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>The kind of record: <c>patient</c>, <c>check-in</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>The moment from which this version was known.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    public required string RecordedBy { get; init; }
    public string? Reason { get; init; }

    /// <summary>The whole record in the wire's JSON.</summary>
    public required string Body { get; init; }

    public static RecordVersion Of(IClinicalRecord record, string by, DateTimeOffset at) => new()
    {
        ClinicId = record.ClinicId,
        RecordId = record.RecordId,
        Version = record.Version,
        PatientId = record.Subject,
        Kind = KindOf(record.GetType()),
        RecordedAt = at,
        RecordedBy = by,
        Reason = record.ChangeReason,
        Body = JsonSerializer.Serialize(record, record.GetType(), WireJson.Options),
    };

    /// <summary>The record as it was in this version.</summary>
    public T Read<T>() where T : IClinicalRecord => JsonSerializer.Deserialize<T>(Body, WireJson.Stored)!;

    public static string KindOf(Type type) => type.Name switch
    {
        nameof(Patient) => "patient",
        nameof(Prescription) => "prescription",
        nameof(TitrationSchedule) => "titration-schedule",
        nameof(CheckIn) => "check-in",
        nameof(Assessment) => "assessment",
        nameof(AdverseEvent) => "adverse-event",
        var other => throw new InvalidOperationException($"{other} has no history."),
    };

    internal sealed class Mapping : IEntityTypeConfiguration<RecordVersion>
    {
        public void Configure(EntityTypeBuilder<RecordVersion> version)
        {
            version.HasKey(v => new { v.ClinicId, v.RecordId, v.Version });
            version.Property(v => v.Kind).HasMaxLength(40);
            version.Property(v => v.RecordedBy).HasMaxLength(255);
            version.Property(v => v.Reason).HasMaxLength(500);
            version.Property(v => v.Body).HasColumnType("jsonb");
            version.HasOne<Patient>().WithMany().HasForeignKey(v => new { v.ClinicId, v.PatientId }).OnDelete(DeleteBehavior.Restrict);
            version.HasIndex(v => new { v.ClinicId, v.PatientId, v.RecordedAt });
        }
    }
}
