using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LdnApi.Features.Patients;

/// <summary>Replaces what is written of a patient. History, baseline and zone are evidence: the patient is evaluated again.</summary>
public static class UpdatePatient
{
    public sealed record Command(PatientId PatientId, IfMatch Read, PatientBody Patient) : ICommand<Result<PatientResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPut("", Put)
        .WithName(nameof(UpdatePatient))
        .WithSummary("Replace a patient's details")
        .WithDescription("What is left out is cleared, identifiers too; the history keeps what was.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<PatientResponse>, ProblemHttpResult>> Put(
        PatientId patientId, IfMatch ifMatch, PatientBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, ifMatch, request), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<PatientResponse>>
    {
        public async Task<Result<PatientResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (patient.Version != command.Read.Version)
            {
                return Problem.StaleAt(patient.Version);
            }

            if (command.Patient.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            command.Patient.CopyTo(patient);
            await db.IndexIdentifiersAsync(patient, ct);
            var nightly = await db.NightlyEvaluations.SingleAsync(n => n.PatientId == patient.Id, ct);
            nightly.DueAt = NightlyEvaluation.NextAfter(now, patient.TimeZone);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { ConstraintName: PatientIdentifier.UniqueIndex })
            {
                return PatientIdentifier.Taken;
            }

            await monitor.ReviewAsync(patient, now, ct);
            return PatientResponse.Of(patient);
        }
    }
}
