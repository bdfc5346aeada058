using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Titration;

/// <summary>Starts, advances, holds, resumes, steps back, lengthens or stops a titration; the later dates are worked out again and the dose taken follows.</summary>
public static class MoveTitration
{
    /// <param name="Reason">Why.</param>
    /// <param name="On">The clinical day on which it happened; today when absent. Not in the future.</param>
    /// <param name="FollowUpId">The follow-up that led to it.</param>
    public sealed record Request(
        [property: StringLength(500, MinimumLength = 1)] string Reason, DateOnly? On = null, FollowUpId? FollowUpId = null);

    /// <param name="Days">By how many days the present step is made longer.</param>
    public sealed record LengthenRequest(
        [property: StringLength(500, MinimumLength = 1)] string Reason, [property: Range(1, 365)] int Days, DateOnly? On = null, FollowUpId? FollowUpId = null);

    public sealed record Command(
        PatientId PatientId, TitrationScheduleId Id, IfMatch Read, TitrationAction Action, string Reason, DateOnly? On, FollowUpId? FollowUpId, int Days)
        : ICommand<Result<ScheduleResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        foreach (var (action, summary) in new[]
        {
            (TitrationAction.Start, "Start a titration with its first step; activates a draft prescription"),
            (TitrationAction.Advance, "Go on to the next step; from the last, complete the titration"),
            (TitrationAction.Hold, "Hold: stay at the present dose, the later dates wait"),
            (TitrationAction.Resume, "Resume after a hold; the later dates move by its length"),
            (TitrationAction.StepBack, "Go back to the step before and take it in full again"),
            (TitrationAction.Stop, "Stop a titration; the dose stays until the prescription changes"),
        })
        {
            patient.MapPost($"/titration-schedules/{{titrationScheduleId}}/{WireNames.NameOf(action)}", PostOf(action))
                .WithName($"{action}Titration").WithSummary(summary).NeedsScope(Scopes.Prescribe);
        }

        patient.MapPost("/titration-schedules/{titrationScheduleId}/lengthen", PostLengthen)
            .WithName("LengthenTitration").WithSummary("Make the present step longer").NeedsScope(Scopes.Prescribe);
    }

    private static Func<PatientId, TitrationScheduleId, IfMatch, Request, IMediator, CancellationToken, Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>>> PostOf(
        TitrationAction action) => async (patientId, titrationScheduleId, ifMatch, request, mediator, ct) =>
            (await mediator.Send(new Command(patientId, titrationScheduleId, ifMatch, action, request.Reason, request.On, request.FollowUpId, 0), ct)).ToOk();

    private static async Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>> PostLengthen(
        PatientId patientId, TitrationScheduleId titrationScheduleId, IfMatch ifMatch, LengthenRequest request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(
            patientId, titrationScheduleId, ifMatch, TitrationAction.Lengthen, request.Reason, request.On, request.FollowUpId, request.Days), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<ScheduleResponse>>
    {
        public async Task<Result<ScheduleResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            var today = patient.DayAt(now);
            if (await db.TitrationSchedules.SingleOrDefaultAsync(s => s.PatientId == patient.Id && s.Id == command.Id, ct) is not { } schedule)
            {
                return Problem.NotFound;
            }

            if (schedule.Version != command.Read.Version)
            {
                return Problem.StaleAt(schedule.Version);
            }

            if (!schedule.Plan.Allowed.Contains(command.Action))
            {
                return Problem.InvalidTransition(WireNames.NameOf(schedule.Plan.Status), [.. schedule.Plan.Allowed.Select(WireNames.NameOf)]);
            }

            var on = command.On ?? today;
            var prescription = await db.Prescriptions.SingleAsync(p => p.PatientId == patient.Id && p.Id == schedule.PrescriptionId, ct);
            if (Refusal(command, schedule, prescription, on, today) is { } refusal)
            {
                return refusal;
            }

            if (command.FollowUpId is { } followUp && !await db.FollowUps.AnyAsync(f => f.PatientId == patient.Id && f.Id == followUp, ct))
            {
                return Problem.Refused("unknown-follow-up", "The patient has no such follow-up.", "$.followUpId", "Must be a follow-up of this patient.");
            }

            var before = schedule.Plan.CurrentDoseMg;
            schedule.Plan = schedule.Plan.After(command.Action, on, command.Days);
            schedule.Status = schedule.Plan.Status;
            schedule.ChangeReason = command.FollowUpId is { } because ? $"{command.Reason} (follow-up {because})" : command.Reason;
            if (schedule.Plan.CurrentDoseMg is { } dose && dose != before)
            {
                prescription.DoseMg = dose;
                prescription.SetDose(on, dose, command.Reason);
                prescription.ChangeReason = $"titration: {WireNames.NameOf(command.Action)}";
                if (prescription.Status == PrescriptionStatus.Draft)
                {
                    (prescription.Status, prescription.StartsOn) = (PrescriptionStatus.Active, on);
                }
            }

            await db.SaveChangesAsync(ct);
            await monitor.ReviewAsync(patient, now, ct);
            return ScheduleResponse.Of(schedule, today);
        }

        private static Problem? Refusal(Command command, TitrationSchedule schedule, Prescription prescription, DateOnly on, DateOnly today)
        {
            var changesDose = command.Action is TitrationAction.Start or TitrationAction.Advance or TitrationAction.StepBack;
            return on > today ? Problem.Refused("date-in-future", "A day lies in the future.", "$.on", "Must not be after today, where the patient lives.")
                : on < schedule.Plan.EarliestAction || (changesDose && prescription.Doses.Count > 0 && on < prescription.Doses[^1].On)
                    ? Problem.Refused("before-last-change", "Something has happened since that day.", "$.on", "Must not be before the last change.")
                : changesDose && prescription.Status is not (PrescriptionStatus.Draft or PrescriptionStatus.Active)
                    ? Problem.InvalidTransition(WireNames.NameOf(prescription.Status)) with { Detail = "The prescription must be a draft or active." }
                : null;
        }
    }
}
