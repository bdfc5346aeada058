using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Validation;

namespace LdnApi.Features.Titration;

/// <summary>Does something to a titration: the later dates are worked out again, the dose taken follows, and who did it and why is kept.</summary>
public static class MoveTitration
{
    /// <param name="Reason">Why.</param>
    /// <param name="On">The clinical day on which it happened; today when absent. Not in the future.</param>
    /// <param name="FollowUpId">The follow-up that led to it.</param>
    /// <param name="Overrides">Where the action orders a dose; kept with the prescription.</param>
    [ValidatableType]
    public sealed record Request(
        [property: NotBlank(500)] string Reason, DateOnly? On = null, FollowUpId? FollowUpId = null,
        [property: MaxLength(OrderSafety.MaxOverrides)] IReadOnlyList<OverrideBody>? Overrides = null);

    /// <param name="Days">By how many days the present step is made longer.</param>
    public sealed record LengthenRequest(
        [property: NotBlank(500)] string Reason, [property: Range(1, 365)] int Days, DateOnly? On = null, FollowUpId? FollowUpId = null);

    /// <param name="LastDoseOn">
    /// The last day on which a dose was taken. Owed unless the prescription is on hold, which says so itself: the days after it are recorded as days without a dose.
    /// </param>
    public sealed record RestartRequest(
        [property: NotBlank(500)] string Reason, DateOnly? LastDoseOn = null, DateOnly? On = null, FollowUpId? FollowUpId = null,
        [property: MaxLength(OrderSafety.MaxOverrides)] IReadOnlyList<OverrideBody>? Overrides = null);

    /// <param name="Steps">Doses that fall from step to step, the first below the present one, each with its days. The first is taken at once; after the last there is no dose.</param>
    public sealed record TaperRequest(
        [property: NotBlank(500)] string Reason, [property: MinLength(1), MaxLength(StepBody.MaxCount)] IReadOnlyList<StepBody> Steps,
        DateOnly? On = null, FollowUpId? FollowUpId = null);

    public sealed record Command(
        PatientId PatientId, TitrationScheduleId Id, IfMatch Read, TitrationAction Action, string Reason, DateOnly? On, FollowUpId? FollowUpId, int Days = 0,
        DateOnly? LastDoseOn = null, IReadOnlyList<TitrationStep>? Taper = null, IReadOnlyList<OverrideBody>? Overrides = null) : ICommand<Result<ScheduleResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        foreach (var (action, summary) in new[]
        {
            (TitrationAction.Start, "Start a titration with its first step; activates a draft prescription"),
            (TitrationAction.Advance, "Go on to the next step; from the last, complete the titration; from the last of a taper, take no dose any more"),
            (TitrationAction.Hold, "Hold: stay at the present dose, the later dates wait"),
            (TitrationAction.Resume, "Resume after a hold; the later dates move by its length"),
            (TitrationAction.StepBack, "Go back to the step before and take it in full again; from the first step, to half of it"),
            (TitrationAction.Stop, "Stop a titration; the dose stays until the prescription changes"),
        })
        {
            var endpoint = patient.MapPost(
                PathOf(action),
                (PatientId patientId, TitrationScheduleId titrationScheduleId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) => PostAsync(
                    new Command(patientId, titrationScheduleId, ifMatch, action, request.Reason, request.On, request.FollowUpId, Overrides: request.Overrides), mediator, ct))
                .WithName($"{action}Titration").WithSummary(summary).NeedsScope(Scopes.Prescribe);
            if (action is not (TitrationAction.Hold or TitrationAction.Stop))
            {
                endpoint.IsHeldAgainstOrderRules();
            }
        }

        patient.MapPost(PathOf(TitrationAction.Lengthen), PostLengthen)
            .WithName("LengthenTitration").WithSummary("Make the present step longer").NeedsScope(Scopes.Prescribe);
        patient.MapPost(PathOf(TitrationAction.Restart), PostRestart)
            .WithName("RestartTitration").WithSummary("Begin again with the first step after days without a dose; activates a prescription on hold").IsHeldAgainstOrderRules().NeedsScope(Scopes.Prescribe);
        patient.MapPost(PathOf(TitrationAction.Taper), PostTaper)
            .WithName("TaperTitration").WithSummary("Go down by planned steps to no dose; at the end the prescription is completed").IsHeldAgainstOrderRules().NeedsScope(Scopes.Prescribe);
    }

    private static string PathOf(TitrationAction action) => $"/titration-schedules/{{titrationScheduleId}}/{WireNames.NameOf(action)}";

    private static async Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>> PostAsync(Command command, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(command, ct)).ToOk();

    private static async Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>> PostLengthen(
        PatientId patientId, TitrationScheduleId titrationScheduleId, IfMatch ifMatch, LengthenRequest request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(
            patientId, titrationScheduleId, ifMatch, TitrationAction.Lengthen, request.Reason, request.On, request.FollowUpId, Days: request.Days), ct)).ToOk();

    private static async Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>> PostRestart(
        PatientId patientId, TitrationScheduleId titrationScheduleId, IfMatch ifMatch, RestartRequest request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(
            patientId, titrationScheduleId, ifMatch, TitrationAction.Restart, request.Reason, request.On, request.FollowUpId, LastDoseOn: request.LastDoseOn,
            Overrides: request.Overrides), ct)).ToOk();

    private static async Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>> PostTaper(
        PatientId patientId, TitrationScheduleId titrationScheduleId, IfMatch ifMatch, TaperRequest request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(
            patientId, titrationScheduleId, ifMatch, TitrationAction.Taper, request.Reason, request.On, request.FollowUpId,
            Taper: [.. request.Steps.Select(s => new TitrationStep(s.DoseMg, s.Days))]), ct)).ToOk();

    private static readonly Problem BeforeLastChange = Problem.Refused(
        "before-last-change", "Something has happened since that day.", "$.on", "Must not be before the last change.");

    private static readonly Problem NoGap = Problem.Refused(
        "no-gap", "No day without a dose is known.", "$.lastDoseOn", "Must name the last day on which a dose was taken, with a day or more between it and the restart.");

    public sealed class Handler(LdnDbContext db, OrderSafety safety, FollowUpMonitor monitor, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<ScheduleResponse>>
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
            if ((RefusalOf(command, schedule.Plan, prescription, on, today) ?? OrderRefusalOf(command, schedule.Plan, prescription, on)) is { } refusal)
            {
                return refusal;
            }

            if (command.FollowUpId is { } followUp && !await db.FollowUps.AnyAsync(f => f.PatientId == patient.Id && f.Id == followUp, ct))
            {
                return Problem.Refused("unknown-follow-up", "The patient has no such follow-up.", "$.followUpId", "Must be a follow-up of this patient.");
            }

            var plan = schedule.Plan.After(command.Action, on, command.Days, command.Taper);
            var ordered = schedule.Plan.OrdersDose(command.Action) ? plan.CurrentDoseMg : null;
            var change = new TitrationChange(
                command.Action, on, now, caller.Subject, command.Reason, command.FollowUpId, prescription.LastDoseUpTo(on), ordered,
                command.Action == TitrationAction.Lengthen ? command.Days : null, command.LastDoseOn);
            if (ordered is { } dose)
            {
                prescription.Take(on, dose, command.LastDoseOn, command.Reason);
                prescription.ChangeReason = $"titration: {WireNames.NameOf(command.Action)}";
            }

            var checkedDose = CheckedDoseOf(command.Action, plan, ordered is not null, ordered ?? prescription.DoseOn(on));
            var findings = checkedDose is { } asked
                ? await safety.CheckAsync(patient, prescription, on, asked, command.Overrides, now, ct)
                : new List<Finding>();
            return await findings.ThenAsync<ScheduleResponse>(async found =>
            {
                schedule.Move(plan, change with { Overrides = OverridesOf(found, prescription, checkedDose) });
                await db.SaveChangesAsync(ct);
                await monitor.ReviewAsync(patient, now, ct);
                return ScheduleResponse.Of(schedule, today) with { Findings = found };
            });
        }

        /// <summary>
        /// The dose that the order-time rules are asked of: the one that is ordered, or the one that is prescribed already when a held plan goes on towards more.
        /// </summary>
        /// <param name="doseMg">The dose of the day when it is done, mg per day.</param>
        private static decimal? CheckedDoseOf(TitrationAction action, TitrationPlan plan, bool isOrdered, decimal doseMg) =>
            doseMg > 0 && (isOrdered || (action == TitrationAction.Resume && plan.TaperFrom is null)) ? doseMg : null;

        /// <summary>The reasons that let the order through, given now or for the same dose before.</summary>
        private static List<OrderOverride> OverridesOf(List<Finding> findings, Prescription prescription, decimal? doseMg) =>
        [
            .. findings.Where(f => f.Effect == FindingEffect.OverrideRequired)
                .Select(f => prescription.Overrides.FindLast(o => o.Rule == f.Rule && o.DoseMg == doseMg)).OfType<OrderOverride>(),
        ];

        private static Problem? RefusalOf(Command command, TitrationPlan plan, Prescription prescription, DateOnly on, DateOnly today) =>
            on > today ? Problem.Refused("date-in-future", "A day lies in the future.", "$.on", "Must not be after today, where the patient lives.")
            : on < plan.EarliestAction ? BeforeLastChange
            : command.Taper is { } taper && (!plan.CanTaperBy(taper) || taper[0].DoseMg >= prescription.LastDoseUpTo(on))
                ? Problem.Refused("not-a-taper", "The doses do not go down.", "$.steps", "Each dose must be below the one before, the present dose included, and needs days.")
            : null;

        /// <summary>What the prescription does not let an action order.</summary>
        private static Problem? OrderRefusalOf(Command command, TitrationPlan plan, Prescription prescription, DateOnly on)
        {
            if (!plan.OrdersDose(command.Action))
            {
                return null;
            }

            var isRestart = command.Action == TitrationAction.Restart;
            var gapFrom = prescription.Status == PrescriptionStatus.OnHold ? prescription.Doses[^1].On : command.LastDoseOn?.AddDays(1);
            return prescription.HasEnded || (prescription.Status == PrescriptionStatus.OnHold && !isRestart)
                    ? Problem.InvalidTransition(WireNames.NameOf(prescription.Status)) with { Detail = "The prescription must be a draft or active; a restart also takes one on hold." }
                : on > prescription.EndsOn ? Problem.Refused("prescription-ended", "The prescription has ended by then.", "$.on", "Must not be after the prescription's last day.")
                : prescription.Doses.Count > 0 && on < prescription.Doses[^1].On ? BeforeLastChange
                : !isRestart ? null
                : prescription.Status == PrescriptionStatus.OnHold && command.LastDoseOn is not null
                    ? Problem.Refused("gap-known", "The prescription's hold says when the last dose was.", "$.lastDoseOn", "Must be absent while the prescription is on hold.")
                : gapFrom is null || gapFrom >= on ? NoGap
                : command.LastDoseOn < prescription.Doses[^1].On
                    ? Problem.Refused("before-last-change", "The dose has changed since that day.", "$.lastDoseOn", "Must not be before the last change of the dose.")
                : null;
        }
    }
}
