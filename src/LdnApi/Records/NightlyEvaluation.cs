using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>When a patient's day just ended is next to be evaluated, and which was the last.</summary>
public sealed class NightlyEvaluation : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>The last clinical day evaluated as a whole; null before the first.</summary>
    public DateOnly? EvaluatedThrough { get; set; }

    /// <summary>03:00 in the patient's zone, as an instant.</summary>
    public required DateTimeOffset DueAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<NightlyEvaluation>
    {
        public void Configure(EntityTypeBuilder<NightlyEvaluation> nightly)
        {
            nightly.HasKey(n => new { n.ClinicId, n.PatientId });
            nightly.HasOne<Patient>().WithMany().HasForeignKey(n => new { n.ClinicId, n.PatientId }).OnDelete(DeleteBehavior.Restrict);
            nightly.HasIndex(n => n.DueAt);
        }
    }
}
