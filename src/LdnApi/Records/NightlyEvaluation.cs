using LdnApi.Clinical.Time;
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

    /// <summary>A new patient's first evaluation.</summary>
    public static NightlyEvaluation FirstOf(Patient patient, DateTimeOffset now) => new()
    {
        ClinicId = patient.ClinicId,
        PatientId = patient.Id,
        DueAt = NextAfter(now, patient.TimeZone),
    };

    /// <summary>The next 03:00 in a zone: the day before it has then ended for everyone who stays up late.</summary>
    public static DateTimeOffset NextAfter(DateTimeOffset now, string timeZone)
    {
        var today = ClinicalDay.Of(now, timeZone);
        var due = ClinicalDay.InstantOf(today, At, timeZone);
        return due > now ? due : ClinicalDay.InstantOf(today.AddDays(1), At, timeZone);
    }

    private static readonly TimeOnly At = new(3, 0);

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
