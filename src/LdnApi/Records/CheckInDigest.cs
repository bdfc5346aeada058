using LdnApi.Clinical.Rules;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>
/// A patient's check-ins as far as the rules need them, in one row: an evaluation need not read a year of rows again. It holds what was known when it drew its ordinal.
/// What was reported, corrected or retracted since has a version of a greater ordinal and is read itself, so nothing that writes a check-in need know of it.
/// </summary>
public sealed class CheckInDigest : IBelongToClinic
{
    /// <summary>How the body is written. It rises with any change of that; a digest of another format counts as none.</summary>
    public const int PresentFormat = 1;

    /// <summary>So many check-ins changed since it was made, and it is made anew.</summary>
    public const int RenewFrom = 20;

    /// <summary>For a batch that asks with the patient as <c>$2</c>: the digest.</summary>
    public static readonly string Present = $"patient_id = $2 AND format = {PresentFormat}";

    /// <summary>For a batch that asks with the patient as <c>$2</c>: the check-ins, retracted ones among them, of which a version was written since; all of them without a digest.</summary>
    /// <remarks>The ordinal stands bare beside the digest's: row-level security lets no <c>coalesce</c> near an index, and every version of the patient would be read.</remarks>
    public static readonly string ChangedSince =
        $"""
        id = ANY (ARRAY(
            SELECT record_id FROM record_versions WHERE clinic_id = $1 AND patient_id = $2 AND kind = '{RecordVersion.KindOf(typeof(CheckIn))}'
                AND ordinal > (SELECT coalesce(max(ordinal), 0) FROM check_in_digests WHERE clinic_id = $1 AND {Present})))
        """;

    public required ClinicId ClinicId { get; init; }
    public required PatientId PatientId { get; init; }
    public required int Format { get; init; }

    /// <summary>Its place in what happened to the patient: see <see cref="Ordinals"/>.</summary>
    public long Ordinal { get; private init; }

    public required byte[] Body { get; init; }

    /// <summary>Keeps the accepted check-ins. Call it with the patient locked, and with no check-in written since they were read.</summary>
    public static Task KeepAsync(LdnDbContext db, PatientId patient, IEnumerable<CheckInFact> checkIns, CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO check_in_digests (clinic_id, patient_id, format, body) VALUES ({db.Clinic.Value}, {patient.Value}, {PresentFormat}, {Write(checkIns)})
        ON CONFLICT (clinic_id, patient_id) DO UPDATE SET ordinal = EXCLUDED.ordinal, format = EXCLUDED.format, body = EXCLUDED.body
        """, ct);

    /// <summary>The present check-ins: those it holds, but for what changed since, and those as they are now.</summary>
    /// <param name="body">Null without a digest.</param>
    /// <param name="changed">Ids of the check-ins that changed since, those retracted among them.</param>
    /// <param name="present">Of those that changed the accepted ones.</param>
    /// <param name="dayAt">The clinical day of a moment, where the patient lives now.</param>
    public static CheckInFact[] Together(byte[]? body, IReadOnlySet<Guid> changed, IEnumerable<CheckInFact> present, Func<DateTimeOffset, DateOnly> dayAt) =>
        [.. Read(body ?? [], dayAt).Where(c => !changed.Contains(c.Id)), .. present];

    public static byte[] Write(IEnumerable<CheckInFact> checkIns)
    {
        using var body = new MemoryStream();
        using var writer = new BinaryWriter(body);
        foreach (var c in checkIns)
        {
            writer.Write(c.Id.ToByteArray());
            writer.Write7BitEncodedInt64(c.Version);
            writer.Write(c.On.DayNumber);
            writer.Write(c.Known.At!.Value.UtcTicks); // the day of it is another after a move
            Whole(c.Anxiety);
            Whole(c.Nervousness);
            Whole(c.Restlessness);
            Whole(c.Agitation);
            Flag(c.SelfHarmThoughts);
            Whole(c.SleepQuality);
            Whole(c.CaffeineMg);
            writer.Write7BitEncodedInt64(c.DoseTakenAt is { } at ? at.Ticks + 1 : 0);
            writer.Write(c.DoseTakenMg ?? decimal.MinusOne);
            Flag(c.DoseMissed);
        }

        return body.ToArray();

        void Whole(int? value) => writer.Write7BitEncodedInt(value is { } number ? number + 1 : 0);

        void Flag(bool? value) => Whole(value is { } yes ? (yes ? 1 : 0) : null);
    }

    private static IEnumerable<CheckInFact> Read(byte[] body, Func<DateTimeOffset, DateOnly> dayAt)
    {
        using var reader = new BinaryReader(new MemoryStream(body));
        while (reader.BaseStream.Position < body.Length)
        {
            yield return new CheckInFact(
                new Guid(reader.ReadBytes(16)), reader.Read7BitEncodedInt64(), DateOnly.FromDayNumber(reader.ReadInt32()), KnownAt(new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero)),
                Whole(), Whole(), Whole(), Whole(), Flag(), Whole(), Whole(), reader.Read7BitEncodedInt64() is > 0 and var ticks ? new TimeOnly(ticks - 1) : null,
                reader.ReadDecimal() is >= 0 and var mg ? mg : null, Flag());
        }

        int? Whole() => reader.Read7BitEncodedInt() is > 0 and var number ? number - 1 : null;

        bool? Flag() => Whole() is { } yes ? yes == 1 : null;

        Known KnownAt(DateTimeOffset instant) => new(dayAt(instant), instant);
    }

    internal sealed class Mapping : IEntityTypeConfiguration<CheckInDigest>
    {
        public void Configure(EntityTypeBuilder<CheckInDigest> digest)
        {
            digest.ToTable("check_in_digests");
            digest.HasKey(d => new { d.ClinicId, d.PatientId });
            digest.Property(d => d.Ordinal).HasDefaultValueSql(Ordinals.Next);
            digest.HasOne<Patient>().WithMany().HasForeignKey(d => new { d.ClinicId, d.PatientId }).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
