using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Patients;

/// <summary>Replaces what is written of a patient. History, baseline and zone are evidence: the patient is evaluated again.</summary>
public static class UpdatePatient
{
    public sealed record Command(PatientId PatientId, IfMatch Read, IRevision<PatientBody> Revision) : ICommand<Result<PatientResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        patient.MapPut("", Put)
            .WithName(nameof(UpdatePatient)).WithSummary("Replace a patient's details")
            .WithDescription("What is left out is cleared, identifiers too; the history keeps what was.")
            .NeedsScope(Scopes.ClinicalWrite);
        patient.MapPatch("", Patch)
            .Accepts<PatientBody>(MergePatch.MediaType)
            .WithName("PatchPatient").WithSummary("Change some of a patient's details")
            .WithDescription("What is left out stays, null clears, a list is replaced whole. A patch that changes nothing makes no version.")
            .NeedsScope(Scopes.ClinicalWrite);
    }

    private static async Task<Results<Ok<PatientResponse>, ProblemHttpResult>> Put(
        PatientId patientId, IfMatch ifMatch, PatientBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, ifMatch, new Replacement<PatientBody>(request)), ct)).ToOk();

    private static async Task<Results<Ok<PatientResponse>, ProblemHttpResult>> Patch(
        PatientId patientId, IfMatch ifMatch, MergePatch<PatientBody> patch, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, ifMatch, patch), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, AuditTrail trail, TimeProvider clock) : ICommandHandler<Command, Result<PatientResponse>>
    {
        public async Task<Result<PatientResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (patient.Version != command.Read.Version)
            {
                return Problem.StaleAt(patient.Version);
            }

            return await command.Revision.Apply(PatientBody.Of(patient)).ThenAsync(body => ReviseAsync(patient, body, now, ct));
        }

        private async Task<Result<PatientResponse>> ReviseAsync(Patient patient, PatientBody body, DateTimeOffset now, CancellationToken ct)
        {
            if (body.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            if (await db.IndexIdentifiersAsync(patient.Id, body.IdentifierValues, ct) is { } other)
            {
                trail.Concerns(other); // the refusal says that there is one
                return PatientIdentifier.Taken;
            }

            db.Attach(patient);
            body.CopyTo(patient);
            db.ChangeTracker.DetectChanges();
            if (!db.ChangeTracker.HasChanges())
            {
                return PatientResponse.Of(patient);
            }

            var nightly = await db.NightlyEvaluations.SingleAsync(n => n.PatientId == patient.Id, ct);
            nightly.DueAt = NightlyEvaluation.NextAfter(now, patient.TimeZone);
            await db.SaveChangesAsync(ct);
            await monitor.ReviewAsync(patient, now, ct);
            return PatientResponse.Of(patient);
        }
    }
}
