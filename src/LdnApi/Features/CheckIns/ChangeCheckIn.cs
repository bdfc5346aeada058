using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.CheckIns;

/// <summary>Corrects a check-in: a new version replaces it, the old one stays in its history.</summary>
public static class CorrectCheckIn
{
    /// <param name="Reason">Why it is corrected.</param>
    /// <param name="CheckIn">The whole report as it should have been.</param>
    public sealed record Request([property: NotBlank(500)] string Reason, CheckInBody CheckIn) : ICarriesSelfHarmSign
    {
        public static bool CarriesSign(JsonElement json) => WireBody.ValuesOf(json, "checkIn").Any(CheckInBody.CarriesSign);
    }

    public sealed record Command(PatientId PatientId, CheckInId Id, IfMatch Read, Request Correction) : ICommand<Result<CheckInResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/check-ins/{checkInId}/correct", Post)
        .Accepts<Request>("application/json")
        .WithName(nameof(CorrectCheckIn))
        .WithSummary("Correct a check-in")
        .WithDescription("Self-harm thoughts in it raise their follow-up even when the correction is refused; the refusal then names it as `followUps`.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<CheckInResponse>, ProblemHttpResult>> Post(
        PatientId patientId, CheckInId checkInId, Amendment<Request> amendment, IMediator mediator, CancellationToken ct) =>
        (await amendment.ThenAsync((read, request) => mediator.Send(new Command(patientId, checkInId, read, request), ct))).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<CheckInResponse>>
    {
        public async Task<Result<CheckInResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (await db.CheckIns.SingleOrDefaultAsync(c => c.PatientId == patient.Id && c.Id == command.Id, ct) is not { } checkIn)
            {
                return Problem.NotFound;
            }

            if (checkIn.Version != command.Read.Version)
            {
                return Problem.StaleAt(checkIn.Version);
            }

            if (checkIn.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(checkIn.Status));
            }

            return await command.Correction.CheckIn.DayFor(patient, now).ThenAsync<CheckInResponse>(async day =>
            {
                command.Correction.CheckIn.CopyTo(checkIn, day);
                checkIn.Status = RecordStatus.Amended;
                checkIn.ChangedAt = now;
                checkIn.ChangeReason = command.Correction.Reason;
                return await db.SaveSourcedAsync(ct) is { } taken ? taken : CheckInResponse.Of(checkIn, await monitor.ReviewAsync(patient, now, ct));
            });
        }
    }
}

/// <summary>Retracts a check-in that should never have been: it counts no more and stays readable.</summary>
public static class RetractCheckIn
{
    public sealed record Request([property: NotBlank(500)] string Reason);

    public sealed record Command(PatientId PatientId, CheckInId Id, IfMatch Read, string Reason) : ICommand<Result<CheckInResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/check-ins/{checkInId}/retract", Post)
        .WithName(nameof(RetractCheckIn))
        .WithSummary("Retract a check-in")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<CheckInResponse>, ProblemHttpResult>> Post(
        PatientId patientId, CheckInId checkInId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, checkInId, ifMatch, request.Reason), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<CheckInResponse>>
    {
        public async Task<Result<CheckInResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (await db.CheckIns.SingleOrDefaultAsync(c => c.PatientId == patient.Id && c.Id == command.Id, ct) is not { } checkIn)
            {
                return Problem.NotFound;
            }

            if (checkIn.Version != command.Read.Version)
            {
                return Problem.StaleAt(checkIn.Version);
            }

            if (checkIn.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(checkIn.Status));
            }

            checkIn.Status = RecordStatus.EnteredInError;
            checkIn.ChangedAt = now;
            checkIn.ChangeReason = command.Reason;
            await db.SaveChangesAsync(ct);
            return CheckInResponse.Of(checkIn, await monitor.ReviewAsync(patient, now, ct));
        }
    }
}
