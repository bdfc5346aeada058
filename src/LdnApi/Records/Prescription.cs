using System.Text.Json.Serialization;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

public enum PrescriptionStatus
{
    Draft,
    Active,
    OnHold,
    Stopped,
    Completed,
    Cancelled,
    EnteredInError,
}

public enum DoseForm
{
    Capsule,
    Tablet,
    OralLiquid,
    SublingualTablet,
    Troche,
    Topical,
}

public enum AdministrationRoute
{
    Oral,
    Sublingual,
    Topical,
}

/// <summary>Who made the preparation and of what.</summary>
public sealed record Compounding(string? Pharmacy, string? Filler, string? Lot, DateOnly? BeyondUseDate);

/// <summary>The dose actually taken from a day on, mg per day in total; 0 = none.</summary>
/// <param name="DoseMg">mg per day in total; 0 = none.</param>
public sealed record DoseChange(DateOnly On, decimal DoseMg, string? Reason);

/// <summary>A reason for which an order went through although a rule wanted one. Appended, never rewritten.</summary>
/// <param name="DoseMg">The dose that was ordered, mg per day.</param>
/// <param name="On">The clinical day from which it was to be taken.</param>
/// <param name="RecordedBy">The subject of the person's token.</param>
public sealed record OrderOverride(string Rule, string Reason, decimal DoseMg, DateOnly On, DateTimeOffset RecordedAt, string RecordedBy);

/// <summary>An order of low-dose naltrexone and the doses that came of it.</summary>
public sealed class Prescription : IClinicalRecord, ISourced
{
    public required ClinicId ClinicId { get; init; }
    public required PrescriptionId Id { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>mg per day in total: the present dose, or the one to start with.</summary>
    public required decimal DoseMg { get; set; }

    public DoseForm? Form { get; set; }
    public decimal? StrengthMg { get; set; }
    public AdministrationRoute? Route { get; set; }
    public int TimesPerDay { get; set; } = 1;
    public TimeOnly? TimeOfDay { get; set; }
    public required DateOnly StartsOn { get; set; }
    public DateOnly? EndsOn { get; set; }
    public string? Indication { get; set; }
    public Compounding? Compounding { get; set; }
    public string? Prescriber { get; set; }
    public string? SourceSystem { get; init; }
    public string? SourceId { get; init; }
    public PrescriptionStatus Status { get; set; } = PrescriptionStatus.Draft;

    /// <summary>In order of day, one a day at most. Empty until the prescription is activated.</summary>
    public List<DoseChange> Doses { get; set; } = [];

    /// <summary>In the order in which they were given.</summary>
    public List<OrderOverride> Overrides { get; set; } = [];

    public required DateTimeOffset RecordedAt { get; init; }

    [JsonInclude]
    public long Version { get; private set; } = 1;

    [JsonIgnore]
    public Guid RecordId => Id.Value;

    [JsonIgnore]
    public PatientId Subject => PatientId;

    [JsonIgnore]
    public string? ChangeReason { get; set; }

    /// <summary>Whether no dose will come of it any more.</summary>
    [JsonIgnore]
    public bool HasEnded => Status is PrescriptionStatus.Stopped or PrescriptionStatus.Completed or PrescriptionStatus.Cancelled or PrescriptionStatus.EnteredInError;

    /// <summary>The dose of a day, mg; 0 before the start, after the end and while on hold.</summary>
    public decimal DoseOn(DateOnly day) =>
        EndsOn is { } end && day > end ? 0 : Doses.LastOrDefault(d => d.On <= day)?.DoseMg ?? 0;

    /// <summary>The last dose above zero up to a day, mg; null when there is none.</summary>
    public decimal? LastDoseUpTo(DateOnly day) => Doses.LastOrDefault(d => d.On <= day && d.DoseMg > 0)?.DoseMg;

    /// <summary>Records the dose taken from a day on. An entry of that day is replaced; later entries stay.</summary>
    public void SetDose(DateOnly on, decimal doseMg, string? reason) =>
        Doses = [.. Doses.Where(d => d.On != on).Append(new DoseChange(on, doseMg, reason)).OrderBy(d => d.On)];

    /// <summary>Takes the dose that a titration orders from a day on; 0 ends the prescription.</summary>
    /// <param name="lastDoseOn">The last day with a dose, when days without one came before.</param>
    public void Take(DateOnly on, decimal doseMg, DateOnly? lastDoseOn, string reason)
    {
        if (lastDoseOn is { } last)
        {
            SetDose(last.AddDays(1), 0, reason);
        }

        if (DoseOn(on) != doseMg)
        {
            SetDose(on, doseMg, reason);
        }

        StartsOn = Status == PrescriptionStatus.Draft ? on : StartsOn;
        Status = doseMg > 0 ? PrescriptionStatus.Active : PrescriptionStatus.Completed;
        DoseMg = doseMg > 0 ? doseMg : DoseMg;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Prescription>
    {
        public void Configure(EntityTypeBuilder<Prescription> prescription)
        {
            prescription.HasKey(p => new { p.ClinicId, p.Id });
            prescription.Property(p => p.StrengthMg).HasPrecision(7, 3);
            prescription.Property(p => p.Indication).HasMaxLength(500);
            prescription.Property(p => p.Prescriber).HasMaxLength(200);
            prescription.Property(p => p.Compounding).IsJson();
            prescription.Property(p => p.Doses).IsJson();
            prescription.Property(p => p.Overrides).IsJson();
            prescription.HasSource("prescription");
            prescription.Ignore(p => p.HasEnded).Ignore(p => p.RecordId).Ignore(p => p.Subject).Ignore(p => p.ChangeReason);
            prescription.HasOne<Patient>().WithMany().HasForeignKey(p => new { p.ClinicId, p.PatientId }).OnDelete(DeleteBehavior.Restrict);
            prescription.HasIndex(p => new { p.ClinicId, p.PatientId, p.StartsOn, p.Id });
            prescription.HasAlternateKey(p => new { p.ClinicId, p.PatientId, p.Id });
            prescription.ToTable(t => t.HasCheckConstraint("dose_is_positive", "dose_mg > 0"));
        }
    }
}
