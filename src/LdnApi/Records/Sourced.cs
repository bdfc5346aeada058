using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Npgsql;

namespace LdnApi.Records;

/// <summary>A record that another system may have sent, and may send again.</summary>
public interface ISourced
{
    string? SourceSystem { get; }

    string? SourceId { get; }
}

/// <summary>One record of a kind for each source of a patient. One that was retracted keeps its source: it does not come back with the next feed.</summary>
internal static class Sourced
{
    private const string IndexEnding = "_per_source_id";

    public static readonly Problem Taken = new(
        "source-id-taken", StatusCodes.Status409Conflict, "The patient has a record of this kind with this source and id.");

    public static Source? Source(this ISourced record) => record.SourceSystem is { } system ? new Source(system, record.SourceId!) : null;

    /// <param name="kind">The record in one word, for the name of the index.</param>
    public static void HasSource<T>(this EntityTypeBuilder<T> record, string kind) where T : class, ISourced, IClinicalRecord
    {
        record.Property(r => r.SourceSystem).HasMaxLength(200);
        record.Property(r => r.SourceId).HasMaxLength(200);
        record.HasIndex(nameof(IBelongToClinic.ClinicId), nameof(Medication.PatientId), nameof(ISourced.SourceSystem), nameof(ISourced.SourceId)).IsUnique()
            .HasFilter("source_id IS NOT NULL").HasDatabaseName($"one_{kind}{IndexEnding}");
    }

    /// <summary>Saves, or tells that the patient has a record of this source.</summary>
    public static async Task<Problem?> SaveSourcedAsync(this LdnDbContext db, CancellationToken ct)
    {
        try
        {
            await db.SaveChangesAsync(ct);
            return null;
        }
        catch (DbUpdateException e) when (SaysTaken(e.InnerException))
        {
            return Taken;
        }
    }

    /// <summary>The answer of what sends a record that was appended, or that the patient has a record of this source.</summary>
    public static async Task<Result<T>> OrTakenAsync<T>(Func<Task<T>> send)
    {
        try
        {
            return await send();
        }
        catch (PostgresException e) when (SaysTaken(e))
        {
            return Taken;
        }
    }

    private static bool SaysTaken(Exception? e) => e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: { } index }
        && index.EndsWith(IndexEnding, StringComparison.Ordinal);
}
