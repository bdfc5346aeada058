using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Medications;

/// <summary>Amends, stops or retracts a co-medication: a new version, the old one stays in its history.</summary>
public static class ChangeMedication
{
    /// <param name="Reason">Why it is amended.</param>
    /// <param name="Medication">The whole record as it should be.</param>
    public sealed record AmendRequest([property: NotBlank(500)] string Reason, MedicationBody Medication);

    /// <param name="StoppedOn">The first clinical day without it.</param>
    public sealed record StopRequest(DateOnly StoppedOn, [property: NotBlank(500)] string? Reason = null);

    public sealed record RetractRequest([property: NotBlank(500)] string Reason);

    public sealed record Command(PatientId PatientId, MedicationId Id, IfMatch Read, AmendRequest? Amend, StopRequest? Stop, RetractRequest? Retract)
        : ICommand<Result<MedicationResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        var one = patient.MapGroup("/medications/{medicationId}");
        one.MapPost("/amend", PostAmend).WithName("AmendMedication").WithSummary("Amend a co-medication").NeedsScope(Scopes.ClinicalWrite);
        one.MapPost("/stop", PostStop).WithName("StopMedication").WithSummary("Record that a co-medication is stopped").NeedsScope(Scopes.ClinicalWrite);
        one.MapPost("/retract", PostRetract).WithName("RetractMedication").WithSummary("Retract a co-medication").NeedsScope(Scopes.ClinicalWrite);
    }

    private static Task<Results<Ok<MedicationResponse>, ProblemHttpResult>> PostAmend(
        PatientId patientId, MedicationId medicationId, IfMatch ifMatch, AmendRequest request, IMediator mediator, CancellationToken ct) =>
        Send(new Command(patientId, medicationId, ifMatch, request, null, null), mediator, ct);

    private static Task<Results<Ok<MedicationResponse>, ProblemHttpResult>> PostStop(
        PatientId patientId, MedicationId medicationId, IfMatch ifMatch, StopRequest request, IMediator mediator, CancellationToken ct) =>
        Send(new Command(patientId, medicationId, ifMatch, null, request, null), mediator, ct);

    private static Task<Results<Ok<MedicationResponse>, ProblemHttpResult>> PostRetract(
        PatientId patientId, MedicationId medicationId, IfMatch ifMatch, RetractRequest request, IMediator mediator, CancellationToken ct) =>
        Send(new Command(patientId, medicationId, ifMatch, null, null, request), mediator, ct);

    private static async Task<Results<Ok<MedicationResponse>, ProblemHttpResult>> Send(Command command, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(command, ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<MedicationResponse>>
    {
        public async Task<Result<MedicationResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (await db.Medications.SingleOrDefaultAsync(m => m.PatientId == patient.Id && m.Id == command.Id, ct) is not { } medication)
            {
                return Problem.NotFound;
            }

            if (medication.Version != command.Read.Version)
            {
                return Problem.StaleAt(medication.Version);
            }

            if (medication.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(medication.Status));
            }

            var amended = command.Amend?.Medication ?? (command.Stop is { } stop ? BodyOf(medication) with { StoppedOn = stop.StoppedOn } : null);
            if (amended?.Refusal(patient.DayAt(now), command.Amend is null ? "$" : "$.medication") is { } refusal)
            {
                return refusal;
            }

            amended?.CopyTo(medication, now);
            medication.Status = amended is null ? RecordStatus.EnteredInError : RecordStatus.Amended;
            medication.ChangeReason = command.Amend?.Reason ?? command.Retract?.Reason ?? command.Stop!.Reason ?? "stopped";
            return await db.SaveSourcedAsync(ct) is { } taken ? taken : MedicationResponse.Of(medication, await monitor.ReviewAsync(patient, now, ct));
        }

        private static MedicationBody BodyOf(Medication m) => new(
            m.Code is { } c ? new MedicationCode(c.System, c.Code, c.Display) : null, m.Atc, m.StartedOn, m.StoppedOn, m.LongActing, m.ChangedOn);
    }
}
