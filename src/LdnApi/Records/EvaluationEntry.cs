using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>
/// That a patient was evaluated: when, of which days, under which settings and rules. What was known then is every version of a smaller ordinal, so
/// each evaluation can be done again exactly. Append-only.
/// </summary>
public sealed class EvaluationEntry : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required EvaluationId Id { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>Its place in what happened to the patient: see <see cref="Ordinals"/>.</summary>
    public long Ordinal { get; private init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The last clinical day looked at.</summary>
    public required DateOnly AsOf { get; init; }

    /// <summary>The last day that counted as a whole.</summary>
    public required DateOnly LastCompletedDay { get; init; }

    /// <summary>The version of the clinic's rule settings.</summary>
    public required long SettingsVersion { get; init; }

    public required string RuleSetVersion { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<EvaluationEntry>
    {
        public void Configure(EntityTypeBuilder<EvaluationEntry> evaluation)
        {
            evaluation.HasKey(e => new { e.ClinicId, e.Id });
            evaluation.Property(e => e.Ordinal).HasDefaultValueSql(Ordinals.Next);
            evaluation.Property(e => e.RuleSetVersion).HasMaxLength(40);
            evaluation.HasOne<Patient>().WithMany().HasForeignKey(e => new { e.ClinicId, e.PatientId }).OnDelete(DeleteBehavior.Restrict);
            evaluation.HasIndex(e => new { e.ClinicId, e.PatientId, e.Ordinal });
            evaluation.HasIndex(e => new { e.ClinicId, e.At });
        }
    }
}

/// <summary>
/// One counter for everything that happens to patients. Two clocks may disagree, and one may stand still; the writes about one patient follow each other
/// under the patient's lock, so the number a row draws says what came before it.
/// </summary>
internal static class Ordinals
{
    public const string Sequence = "ordinals";
    public const string Next = "nextval('ordinals')";
}
