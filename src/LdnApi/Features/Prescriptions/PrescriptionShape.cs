using LdnApi.Common;
using LdnApi.Records;
using Mapster;

namespace LdnApi.Features.Prescriptions;

/// <summary>A prescription as read.</summary>
/// <param name="DoseMg">mg per day in total: the dose now, or the one to start with.</param>
/// <param name="Doses">The dose actually taken from each day on; 0 = none.</param>
/// <param name="StrengthMg">mg per unit of the preparation.</param>
/// <param name="TimesPerDay">Intakes a day over which the dose is shared.</param>
public sealed record PrescriptionResponse(
    PrescriptionId Id, PatientId PatientId, decimal DoseMg, DoseForm? Form, decimal? StrengthMg, AdministrationRoute? Route, int TimesPerDay, TimeOnly? TimeOfDay,
    DateOnly StartsOn, DateOnly? EndsOn, string? Indication, Compounding? Compounding, string? Prescriber, PrescriptionStatus Status,
    IReadOnlyList<DoseChange> Doses, DateTimeOffset RecordedAt, long Version) : IVersioned
{
    internal static PrescriptionResponse Of(Prescription prescription) => prescription.Adapt<PrescriptionResponse>();
}
