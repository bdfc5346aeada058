using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Patients;

/// <summary>Takes a patient into the clinic's care.</summary>
public static class RegisterPatient
{
    public sealed record Command(PatientBody Patient) : ICommand<Result<PatientResponse>>;

    public static void Map(IEndpointRouteBuilder patients) => patients
        .MapPost("", Post)
        .WithName(nameof(RegisterPatient))
        .WithSummary("Register a patient")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<PatientResponse>, ProblemHttpResult>> Post(PatientBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(request), ct)).ToCreated(patient => $"/api/v1/patients/{patient.Id}");

    public sealed class Handler(LdnDbContext db, Caller caller, AuditTrail trail, TimeProvider clock) : ICommandHandler<Command, Result<PatientResponse>>
    {
        public async Task<Result<PatientResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = new Patient { ClinicId = caller.Clinic, Id = EntityId.New<PatientId>(), TimeZone = command.Patient.TimeZone, RegisteredAt = now };
            if (command.Patient.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            if (await db.IndexIdentifiersAsync(patient.Id, command.Patient.IdentifierValues, ct) is { } other)
            {
                trail.Concerns(other); // the refusal says that there is one
                return PatientIdentifier.Taken;
            }

            command.Patient.CopyTo(patient);
            db.Patients.Add(patient);
            db.NightlyEvaluations.Add(NightlyEvaluation.FirstOf(patient, now));
            await db.SaveChangesAsync(ct);
            return PatientResponse.Of(patient);
        }
    }
}
