using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Common;
using LdnApi.Records;

namespace LdnApi.Features.Titration;

/// <summary>A titration schedule as read.</summary>
/// <param name="TemplateId">The clinic's template that the steps were copied from, in its version <paramref name="TemplateVersion"/>.</param>
/// <param name="TemplateVersion">The version of the template, from 1.</param>
/// <param name="NextStepOn">The day on which the next step is due.</param>
/// <param name="DaysUntilNextStep">Days from today, where the patient lives, until then; below 0 when it is overdue.</param>
/// <param name="Overdue">The next step was due before today, where the patient lives, and has not been taken.</param>
/// <param name="Allowed">What the present state allows. Whether a dose may be ordered is for the order-time rules to say.</param>
/// <param name="Changes">Everything done to the schedule, oldest first: what, when, by whom, why, and the follow-up that led to it.</param>
/// <param name="CurrentDoseMg">mg per day in total of the present step; absent before the first.</param>
public sealed record ScheduleResponse(
    TitrationScheduleId Id, PatientId PatientId, PrescriptionId PrescriptionId, string? Preset, TitrationTemplateId? TemplateId, long? TemplateVersion,
    TitrationStatus Status, DateOnly StartsOn, IReadOnlyList<DatedStep> Steps, decimal? CurrentDoseMg, DateOnly? NextStepOn, int? DaysUntilNextStep, bool Overdue,
    DateOnly? HeldOn, DateOnly? EndedOn, IReadOnlyList<TitrationAction> Allowed, IReadOnlyList<TitrationChange> Changes, DateTimeOffset RecordedAt,
    long Version) : IVersioned, ILive
{
    /// <summary>After a change: what the order-time rules say of the dose that it orders, worst first. Empty where none is ordered.</summary>
    public IReadOnlyList<Finding>? Findings { get; init; }

    internal static ScheduleResponse Of(TitrationSchedule s, DateOnly today) => new(
        s.Id, s.PatientId, s.PrescriptionId, s.Preset, s.TemplateId, s.TemplateVersion, s.Plan.Status, s.Plan.StartsOn, s.Plan.Dated(), s.Plan.CurrentDoseMg,
        s.Plan.NextStepOn, s.Plan.DaysUntilNextStep(today), s.Plan.IsOverdueOn(today), s.Plan.HeldOn, s.Plan.EndedOn, s.Plan.Allowed, s.Changes, s.RecordedAt, s.Version);
}
