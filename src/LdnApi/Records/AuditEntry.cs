using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>One look at patient data, or one change of it: who, what, whose, when, why and how it ended. Append-only.</summary>
public sealed class AuditEntry : IBelongToClinic
{
    public const int MaxSubjectLength = 255;
    public const int MaxRequestIdLength = 128;

    /// <summary>The index of what is not linked yet, in the order in which it will be.</summary>
    internal const string ToLink = "audit_entries_to_link";

    public required ClinicId ClinicId { get; init; }
    public required AuditEntryId Id { get; init; }
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The token's <c>sub</c>, or the name of a background task.</summary>
    public required string Subject { get; init; }

    /// <summary>The program that the token was issued to: its <c>client_id</c> or <c>azp</c>.</summary>
    public string? Client { get; init; }

    /// <summary>The operation of the contract, or the use case of a background task.</summary>
    public required string Operation { get; init; }

    /// <summary>Null for a background task.</summary>
    public string? Method { get; init; }

    /// <summary>Whose data was asked for, shown or changed. In order.</summary>
    public required Guid[] PatientIds { get; init; }

    /// <summary>A code of <see cref="Common.PurposeOfUse"/>; null when none was stated.</summary>
    public string? PurposeOfUse { get; init; }

    public string? RequestId { get; init; }

    /// <summary>HTTP status of the answer; null for a background task, which leaves no entry unless it succeeds.</summary>
    public int? Status { get; init; }

    /// <summary>Its place in the clinic's chain, from 1; null until it is linked: as it is written, or about a second later.</summary>
    public long? Number { get; init; }

    /// <summary>What binds it to the entry before it: see <see cref="HashAfter"/>.</summary>
    public byte[]? Hash { get; init; }

    /// <summary>
    /// SHA-256 of the hash before it (nothing for the first), then of its place and all it says: each value as a netstring in UTF-8, <c>~</c> for none;
    /// instants in microseconds, patients joined by commas.
    /// </summary>
    public byte[] HashAfter(byte[] previous, long number)
    {
        var said = new ArrayBufferWriter<byte>(512);
        said.Write(previous);
        Say(number);
        Say(ClinicId.Value);
        Say(Id.Value);
        Say(RecordedAt.UtcDateTime, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
        SayText(Subject);
        SayText(Client);
        SayText(Operation);
        SayText(Method);
        SayText(string.Join(',', PatientIds));
        SayText(PurposeOfUse);
        SayText(RequestId);
        SayText(Status?.ToString(CultureInfo.InvariantCulture));
        return SHA256.HashData(said.WrittenSpan);

        void Say<T>(T value, ReadOnlySpan<char> format = default) where T : IUtf8SpanFormattable
        {
            Span<byte> text = stackalloc byte[40];
            value.TryFormat(text, out var length, format, CultureInfo.InvariantCulture);
            Begin(length);
            said.Write(text[..length]);
            said.Write(","u8);
        }

        void SayText(string? value)
        {
            if (value is null)
            {
                said.Write("~"u8);
                return;
            }

            Begin(Encoding.UTF8.GetByteCount(value));
            Encoding.UTF8.GetBytes(value, said);
            said.Write(","u8);
        }

        void Begin(int length)
        {
            length.TryFormat(said.GetSpan(11), out var digits, default, CultureInfo.InvariantCulture);
            said.Advance(digits);
            said.Write(":"u8);
        }
    }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditEntry>
    {
        public void Configure(EntityTypeBuilder<AuditEntry> entry)
        {
            entry.HasKey(e => new { e.ClinicId, e.Id });
            entry.Property(e => e.Subject).HasMaxLength(MaxSubjectLength);
            entry.Property(e => e.Client).HasMaxLength(MaxSubjectLength);
            entry.Property(e => e.Operation).HasMaxLength(100);
            entry.Property(e => e.Method).HasMaxLength(10);
            entry.Property(e => e.PurposeOfUse).HasMaxLength(Common.PurposeOfUse.MaxLength);
            entry.Property(e => e.RequestId).HasMaxLength(MaxRequestIdLength);
            entry.HasIndex(e => new { e.ClinicId, e.RecordedAt, e.Id });
            entry.HasIndex(e => new { e.ClinicId, e.Number }).IsUnique();
            entry.HasIndex(e => new { e.ClinicId, e.RecordedAt, e.Id }, ToLink).HasFilter("number IS NULL").HasDatabaseName(ToLink);
            entry.Property(e => e.Number).Metadata.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore); // the app role may not
            entry.Property(e => e.Hash).Metadata.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore);
        }
    }
}

/// <summary>
/// Where the entries that name one patient alone are found, newest last: an index beside the trail, and no evidence. PostgreSQL fills it from each entry as that is written
/// (a trigger), because an index of the array would not be used: row-level security lets only leakproof operators near one.
/// </summary>
/// <remarks>Of entries from before <see cref="AuditList"/> it has a row for each patient.</remarks>
public sealed class AuditSubject : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>That of the entry.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    public required AuditEntryId EntryId { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditSubject>
    {
        public void Configure(EntityTypeBuilder<AuditSubject> subject) => subject.HasKey(s => new { s.ClinicId, s.PatientId, s.RecordedAt, s.EntryId });
    }
}

/// <summary>
/// One of the patients whom entries name together: the same queue is looked at all day, and its patients are written down once. Filled as <see cref="AuditSubject"/> is, and
/// no evidence either.
/// </summary>
public sealed class AuditList : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>Made of the patients, so that the same ones in the same order are the same list.</summary>
    public required Guid ListId { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditList>
    {
        public void Configure(EntityTypeBuilder<AuditList> list) => list.HasKey(l => new { l.ClinicId, l.PatientId, l.ListId });
    }
}

/// <summary>Where the entries that name a list of patients are found, newest last.</summary>
public sealed class AuditListEntry : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required Guid ListId { get; init; }

    /// <summary>That of the entry.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    public required AuditEntryId EntryId { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditListEntry>
    {
        public void Configure(EntityTypeBuilder<AuditListEntry> entry) => entry.HasKey(e => new { e.ClinicId, e.ListId, e.RecordedAt, e.EntryId });
    }
}

/// <summary>The end of a clinic's chain: kept beside it, so that a chain that was cut short does not look whole.</summary>
public sealed class AuditHead : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }

    /// <summary>Place of the last entry linked.</summary>
    public required long Number { get; init; }

    public required byte[] Hash { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<AuditHead>
    {
        public void Configure(EntityTypeBuilder<AuditHead> head) => head.HasKey(h => h.ClinicId);
    }
}
