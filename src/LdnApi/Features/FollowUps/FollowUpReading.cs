using System.Globalization;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.FollowUps;

internal static class FollowUpReading
{
    /// <summary>The follow-up with its log and, while it is open, with what it offers.</summary>
    public static async Task<FollowUpResponse> ReadAsync(this LdnDbContext db, FollowUp followUp, DateOnly today, CancellationToken ct)
    {
        var events = await db.FollowUpEvents.AsNoTracking().Where(e => e.FollowUpId == followUp.Id).OrderBy(e => e.Ordinal).ToListAsync(ct);
        return FollowUpResponse.Of(followUp, events, followUp.Status == FollowUpStatus.Closed ? [] : await db.OffersOfAsync(followUp, today, ct));
    }

    private static async Task<List<OfferedRequest>> OffersOfAsync(this LdnDbContext db, FollowUp followUp, DateOnly today, CancellationToken ct)
    {
        var running = await db.TitrationSchedules.AsNoTracking()
            .Where(s => s.PatientId == followUp.PatientId && (s.Status == TitrationStatus.Active || s.Status == TitrationStatus.Held))
            .OrderBy(s => s.Id).ToListAsync(ct);
        var active = await db.Prescriptions.AsNoTracking()
            .Where(p => p.PatientId == followUp.PatientId && p.Status == PrescriptionStatus.Active).ToListAsync(ct);
        return
        [
            .. from schedule in running
               join prescription in active on schedule.PrescriptionId equals prescription.Id
               let dose = prescription.DoseOn(today)
               from action in TitrationOffers.For(followUp.Family, schedule.Plan, today, dose)
               select OfferOf(action, schedule, dose, followUp, today),
        ];
    }

    /// <param name="doseMg">What is prescribed for today, mg per day.</param>
    private static OfferedRequest OfferOf(TitrationAction action, TitrationSchedule schedule, decimal doseMg, FollowUp followUp, DateOnly today)
    {
        var days = action == TitrationAction.Lengthen ? TitrationOffers.LengthenDays : 0;
        var after = schedule.Plan.After(action, today, days);
        var reason = $"{WireNames.NameOf(followUp.Family)} follow-up: {WireNames.NameOf(followUp.Label)}, {WireNames.NameOf(followUp.Priority)}";
        return new OfferedRequest(
            action,
            action switch
            {
                TitrationAction.Hold => "Stay at the present dose; the later dates wait.",
                TitrationAction.StepBack => "Go back to the lower dose before; the later dates move.",
                _ => $"Stay {days} days longer at the present dose; the later dates move.",
            },
            HttpMethods.Post,
            $"/api/v1/patients/{schedule.PatientId}/titration-schedules/{schedule.Id}/{WireNames.NameOf(action)}",
            new Dictionary<string, string>
            {
                ["If-Match"] = string.Create(CultureInfo.InvariantCulture, $"\"{schedule.Version}\""),
                ["Content-Type"] = "application/json",
            },
            new OfferedBody(reason, followUp.Id, days > 0 ? days : null),
            schedule.Plan.OrdersDose(action) ? after.CurrentDoseMg : doseMg, after.NextStepOn);
    }
}
