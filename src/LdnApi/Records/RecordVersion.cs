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
    /// <summary>The longest reason that a request may give, and what is written before or after it: an outcome, the follow-up that led to it.</summary>
    public const int MaxReasonLength = 2100;

    public required ClinicId ClinicId { get; init; }
    public required Guid RecordId { get; init; }
    public required long Version { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>The kind of record: <c>patient</c>, <c>check-in</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>Its place in what happened to the patient: see <see cref="Ordinals"/>.</summary>
    public long Ordinal { get; private init; }

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

    public HistoryEntry<T> ToEntry<T>(T record) => new(Version, RecordedAt, RecordedBy, Reason, record);

    /// <summary>The record as it was in this version, of whatever kind it is.</summary>
    public IClinicalRecord Read() => (IClinicalRecord)JsonSerializer.Deserialize(Body, Kinds.Single(k => k.Value == Kind).Key, WireJson.Stored)!;

    public static string KindOf(Type type) => Kinds[type];

    private static readonly Dictionary<Type, string> Kinds = new()
    {
        [typeof(Patient)] = "patient",
        [typeof(Prescription)] = "prescription",
        [typeof(Medication)] = "medication",
        [typeof(Observation)] = "observation",
        [typeof(Procedure)] = "procedure",
        [typeof(TitrationSchedule)] = "titration-schedule",
        [typeof(CheckIn)] = "check-in",
        [typeof(Assessment)] = "assessment",
        [typeof(AdverseEvent)] = "adverse-event",
        [typeof(FollowUp)] = "follow-up",
    };

    internal sealed class Mapping : IEntityTypeConfiguration<RecordVersion>
    {
        public void Configure(EntityTypeBuilder<RecordVersion> version)
        {
            version.HasKey(v => new { v.ClinicId, v.RecordId, v.Version });
            version.Property(v => v.Ordinal).HasDefaultValueSql(Ordinals.Next);
            version.Property(v => v.Kind).HasMaxLength(40);
            version.Property(v => v.RecordedBy).HasMaxLength(255);
            version.Property(v => v.Reason).HasMaxLength(MaxReasonLength);
            version.Property(v => v.Body).HasColumnType("jsonb");
            version.HasOne<Patient>().WithMany().HasForeignKey(v => new { v.ClinicId, v.PatientId }).OnDelete(DeleteBehavior.Restrict);
            version.HasIndex(v => new { v.ClinicId, v.PatientId, v.Ordinal });
        }
    }
}

/// <summary>How the versions of one record are read.</summary>
public static class RecordVersions
{
    private sealed record Key(long Version);

    /// <summary>A page of one record's versions, newest first.</summary>
    /// <returns>The page; <see cref="Problem.NotFound"/> when there is no such record.</returns>
    public static Task<Result<Page<T>>> PageAsync<T>(
        this IQueryable<RecordVersion> versions, Guid recordId, int limit, string? cursor, Func<RecordVersion, T> of, CancellationToken ct)
    {
        return Cursor.Decode<Key>(cursor).ThenAsync<Page<T>>(async after =>
        {
            var before = after?.Version ?? long.MaxValue;
            var found = await versions.Where(v => v.RecordId == recordId && v.Version < before).OrderByDescending(v => v.Version).Take(limit + 1).ToListAsync(ct);
            return found.Count == 0 ? Problem.NotFound : found.ToPage(limit, v => new Key(v.Version)).Select(of);
        });
    }
}
