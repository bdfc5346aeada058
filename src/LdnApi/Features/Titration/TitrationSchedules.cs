using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;

namespace LdnApi.Features.Titration;

/// <summary>A titration schedule as read.</summary>
/// <param name="NextStepOn">The day on which the next step is due.</param>
/// <param name="Overdue">The next step was due before today, where the patient lives, and has not been taken.</param>
public sealed record ScheduleResponse(
    TitrationScheduleId Id, PatientId PatientId, PrescriptionId PrescriptionId, string? Preset, TitrationStatus Status, DateOnly StartsOn,
    IReadOnlyList<DatedStep> Steps, decimal? CurrentDoseMg, DateOnly? NextStepOn, bool Overdue, DateOnly? HeldOn, DateOnly? EndedOn,
    IReadOnlyList<TitrationAction> Allowed, DateTimeOffset RecordedAt, long Version) : IVersioned
{
    internal static ScheduleResponse Of(TitrationSchedule s, DateOnly today) => new(
        s.Id, s.PatientId, s.PrescriptionId, s.Preset, s.Plan.Status, s.Plan.StartsOn, s.Plan.Dated(), s.Plan.CurrentDoseMg, s.Plan.NextStepOn,
        s.Plan.IsOverdueOn(today), s.Plan.HeldOn, s.Plan.EndedOn, s.Plan.Allowed, s.RecordedAt, s.Version);
}
