using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Common;
using LdnApi.Records;
using Mapster;

namespace LdnApi.Features.Prescriptions;

/// <summary>An amount taken at one time, in the unit in which it is written (FHIR doseQuantity).</summary>
/// <param name="Value">Above 0, with no more than 3 decimals.</param>
/// <param name="Unit">UCUM: <c>mg</c> or <c>ug</c>. Micrograms are converted, and the finding <c>unit-check</c> says so.</param>
public sealed record DoseQuantityBody([property: DoseMg] decimal Value, DoseUnit Unit);

/// <summary>The dose that a request orders, mg per day in total.</summary>
internal readonly record struct OrderedDose(decimal MgPerDay, bool IsFromMicrograms)
{
    /// <summary>A total per day, or an amount each time: one of the two.</summary>
    public static Result<OrderedDose> Of(decimal? doseMg, DoseQuantityBody? each, int timesPerDay) => (doseMg, each) switch
    {
        ({ } total, null) => new OrderedDose(total, false),
        (null, { } amount) => new OrderedDose(new DoseQuantity(amount.Value, amount.Unit).MgPerDay(timesPerDay), amount.Unit == DoseUnit.Ug),
        _ => Problem.Invalid("$.doseMg", "Must be there, above 0, unless doseQuantity is, and not with it."),
    };
}

/// <summary>A prescription as read.</summary>
/// <param name="DoseMg">mg per day in total: the dose now, or the one to start with.</param>
/// <param name="Doses">The dose actually taken from each day on; 0 = none.</param>
/// <param name="StrengthMg">mg per unit of the preparation.</param>
/// <param name="TimesPerDay">Intakes a day over which the dose is shared.</param>
/// <param name="Overrides">Why orders went through although a rule wanted a reason: who gave it and when.</param>
public sealed record PrescriptionResponse(
    PrescriptionId Id, PatientId PatientId, decimal DoseMg, DoseForm? Form, decimal? StrengthMg, AdministrationRoute? Route, int TimesPerDay, TimeOnly? TimeOfDay,
    DateOnly StartsOn, DateOnly? EndsOn, string? Indication, Compounding? Compounding, string? Prescriber, Source? Source, PrescriptionStatus Status,
    IReadOnlyList<DoseChange> Doses, IReadOnlyList<OrderOverride> Overrides, DateTimeOffset RecordedAt, long Version) : IVersioned
{
    /// <summary>After a write: what the order-time rules say of the order, worst first. Empty where no dose was ordered.</summary>
    [AdaptIgnore]
    public IReadOnlyList<Finding>? Findings { get; init; }

    internal static PrescriptionResponse Of(Prescription prescription) => prescription.Adapt<PrescriptionResponse>();
}
