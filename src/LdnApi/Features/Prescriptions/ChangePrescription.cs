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

namespace LdnApi.Features.Prescriptions;

/// <summary>What may be done to a prescription.</summary>
public enum PrescriptionAction
{
    Activate,
    Hold,
    Resume,
    Stop,
    Complete,
    Cancel,
    ChangeDose,
}

/// <summary>Moves a prescription through its states. The dose taken changes only here and by a titration.</summary>
public static class ChangePrescription
{
    /// <param name="On">The clinical day from which it holds; today when absent. May lie in the past, not in the future.</param>
    /// <param name="Overrides">Where the action orders a dose.</param>
    [ValidatableType]
    public sealed record Request(
        DateOnly? On = null, [property: NotBlank(500)] string? Reason = null,
        [property: MaxLength(OrderSafety.MaxOverrides)] IReadOnlyList<OverrideBody>? Overrides = null);

    /// <param name="DoseMg">The new dose, mg per day in total. This or <c>doseQuantity</c>.</param>
    /// <param name="DoseQuantity">The amount each time; the prescription's <c>timesPerDay</c> stays.</param>
    public sealed record DoseRequest(
        [property: DoseMg] decimal? DoseMg = null, DateOnly? On = null, [property: NotBlank(500)] string? Reason = null, DoseQuantityBody? DoseQuantity = null,
        [property: MaxLength(OrderSafety.MaxOverrides)] IReadOnlyList<OverrideBody>? Overrides = null);

    public sealed record Command(
        PatientId PatientId, PrescriptionId Id, IfMatch Read, PrescriptionAction Action, DateOnly? On, string? Reason, IReadOnlyList<OverrideBody>? Overrides,
        decimal? DoseMg = null, DoseQuantityBody? DoseQuantity = null) : ICommand<Result<PrescriptionResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        foreach (var (action, summary) in new[]
        {
            (PrescriptionAction.Activate, "Activate a prescription: the dose is taken from its start day on"),
            (PrescriptionAction.Hold, "Hold a prescription: no dose from this day on"),
            (PrescriptionAction.Resume, "Resume a prescription with the dose it had"),
            (PrescriptionAction.Stop, "Stop a prescription, and its titration: no dose from this day on"),
            (PrescriptionAction.Complete, "Complete a prescription, which stops its titration: no dose from this day on"),
            (PrescriptionAction.Cancel, "Cancel a draft, and its titration"),
        })
        {
            var endpoint = patient.MapPost(
                $"/prescriptions/{{prescriptionId}}/{WireNames.NameOf(action)}",
                (PatientId patientId, PrescriptionId prescriptionId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
                    PostAsync(new Command(patientId, prescriptionId, ifMatch, action, request.On, request.Reason, request.Overrides), mediator, ct))
                .WithName($"{action}Prescription").WithSummary(summary).NeedsScope(Scopes.Prescribe);
            if (OrdersDose(action))
            {
                endpoint.IsHeldAgainstOrderRules();
            }
        }

        patient.MapPost("/prescriptions/{prescriptionId}/change-dose", PostDose)
            .WithName("ChangePrescriptionDose").WithSummary("Change the dose from a day on")
            .WithDescription("A decrease is always free.").IsHeldAgainstOrderRules().NeedsScope(Scopes.Prescribe);
    }

    private static Task<Results<Ok<PrescriptionResponse>, ProblemHttpResult>> PostDose(
        PatientId patientId, PrescriptionId prescriptionId, IfMatch ifMatch, DoseRequest request, IMediator mediator, CancellationToken ct) =>
        PostAsync(
            new Command(patientId, prescriptionId, ifMatch, PrescriptionAction.ChangeDose, request.On, request.Reason, request.Overrides, request.DoseMg, request.DoseQuantity), mediator, ct);

    private static async Task<Results<Ok<PrescriptionResponse>, ProblemHttpResult>> PostAsync(Command command, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(command, ct)).ToOk();

    private static bool OrdersDose(PrescriptionAction action) => action is PrescriptionAction.Activate or PrescriptionAction.Resume or PrescriptionAction.ChangeDose;

    public sealed class Handler(LdnDbContext db, OrderSafety safety, FollowUpMonitor monitor, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<PrescriptionResponse>>
    {
        public async Task<Result<PrescriptionResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (await db.Prescriptions.SingleOrDefaultAsync(p => p.PatientId == patient.Id && p.Id == command.Id, ct) is not { } prescription)
            {
                return Problem.NotFound;
            }

            if (prescription.Version != command.Read.Version)
            {
                return Problem.StaleAt(prescription.Version);
            }

            var allowed = AllowedIn(prescription.Status);
            if (!allowed.Contains(command.Action))
            {
                return Problem.InvalidTransition(WireNames.NameOf(prescription.Status), [.. allowed.Select(WireNames.NameOf)]);
            }

            var on = command.On ?? (command.Action == PrescriptionAction.Activate ? prescription.StartsOn : patient.DayAt(now));
            if (on > patient.DayAt(now) && command.Action != PrescriptionAction.Cancel)
            {
                return Problem.Refused("date-in-future", "A day lies in the future.", "$.on", "Must not be after today, where the patient lives.");
            }

            if (prescription.Doses.Count > 0 && on < prescription.Doses[^1].On)
            {
                return Problem.Refused("before-last-change", "The dose has changed since that day.", "$.on", "Must not be before the last change of the dose.");
            }

            var dose = command.Action == PrescriptionAction.ChangeDose
                ? OrderedDose.Of(command.DoseMg, command.DoseQuantity, prescription.TimesPerDay)
                : new OrderedDose(prescription.DoseMg, false);
            var findings = await dose.ThenAsync(async ordered =>
            {
                Perform(prescription, command, on, ordered.MgPerDay);
                return OrdersDose(command.Action)
                    ? await safety.CheckAsync(patient, prescription, on, ordered.MgPerDay, command.Overrides, now, ct, ordered.IsFromMicrograms)
                    : new List<Finding>();
            });
            return await findings.ThenAsync<PrescriptionResponse>(async found =>
            {
                prescription.ChangeReason = command.Reason;
                if (prescription.HasEnded)
                {
                    await StopTitrationAsync(prescription, command, on, now, patient.DayAt(now), ct);
                }

                await db.SaveChangesAsync(ct);
                await monitor.ReviewAsync(patient, now, ct);
                return PrescriptionResponse.Of(prescription) with { Findings = found };
            });
        }

        /// <summary>With its prescription ends the titration that is planned, active or held: no step of it can come any more.</summary>
        private async Task StopTitrationAsync(Prescription prescription, Command command, DateOnly on, DateTimeOffset now, DateOnly today, CancellationToken ct)
        {
            var running = await db.TitrationSchedules.SingleOrDefaultAsync(
                s => s.PatientId == prescription.PatientId && s.PrescriptionId == prescription.Id
                    && (s.Status == TitrationStatus.Planned || s.Status == TitrationStatus.Active || s.Status == TitrationStatus.Held), ct);
            if (running is null)
            {
                return;
            }

            // A cancellation may name a day to come, and the plan may have waited since the dose last changed.
            var day = on > today ? today : on;
            var ended = running.Plan.EarliestAction is { } earliest && earliest > day ? earliest : day;
            var reason = $"prescription: {WireNames.NameOf(command.Action)}" + (command.Reason is { } why ? $" ({why})" : "");
            running.Move(
                running.Plan.After(TitrationAction.Stop, ended),
                new TitrationChange(TitrationAction.Stop, ended, now, caller.Subject, reason, FromDoseMg: prescription.LastDoseUpTo(ended)));
        }

        private static void Perform(Prescription prescription, Command command, DateOnly on, decimal doseMg)
        {
            switch (command.Action)
            {
                case PrescriptionAction.Activate:
                    prescription.Status = PrescriptionStatus.Active;
                    prescription.StartsOn = on;
                    prescription.SetDose(on, prescription.DoseMg, command.Reason);
                    break;
                case PrescriptionAction.Hold:
                    prescription.Status = PrescriptionStatus.OnHold;
                    prescription.SetDose(on, 0, command.Reason);
                    break;
                case PrescriptionAction.Resume:
                    prescription.Status = PrescriptionStatus.Active;
                    prescription.SetDose(on, prescription.DoseMg, command.Reason);
                    break;
                case PrescriptionAction.ChangeDose:
                    prescription.DoseMg = doseMg;
                    prescription.SetDose(on, doseMg, command.Reason);
                    break;
                case PrescriptionAction.Stop or PrescriptionAction.Complete:
                    prescription.Status = command.Action == PrescriptionAction.Stop ? PrescriptionStatus.Stopped : PrescriptionStatus.Completed;
                    prescription.SetDose(on, 0, command.Reason);
                    break;
                case PrescriptionAction.Cancel:
                    prescription.Status = PrescriptionStatus.Cancelled;
                    break;
            }
        }

        private static PrescriptionAction[] AllowedIn(PrescriptionStatus status) => status switch
        {
            PrescriptionStatus.Draft => [PrescriptionAction.Activate, PrescriptionAction.Cancel],
            PrescriptionStatus.Active => [PrescriptionAction.Hold, PrescriptionAction.ChangeDose, PrescriptionAction.Stop, PrescriptionAction.Complete],
            PrescriptionStatus.OnHold => [PrescriptionAction.Resume, PrescriptionAction.Stop],
            PrescriptionStatus.Stopped or PrescriptionStatus.Completed or PrescriptionStatus.Cancelled or PrescriptionStatus.EnteredInError => [],
        };
    }
}
