using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.AdverseEvents;

/// <summary>Records an adverse event, then evaluates the patient in the light of it.</summary>
public static class ReportAdverseEvent
{
    public sealed record Command(PatientId PatientId, AdverseEventBody Report) : ICommand<Result<AdverseEventResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/adverse-events", Post)
        .Accepts<AdverseEventBody>("application/json")
        .WithName(nameof(ReportAdverseEvent))
        .WithSummary("Report an adverse event")
        .WithDescription("A suicidal event raises its follow-up even when the rest is refused; the refusal then names it as `followUps`.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<AdverseEventResponse>, ProblemHttpResult>> Post(
        PatientId patientId, Submission<AdverseEventBody> submission, IMediator mediator, SelfHarmNet net, CancellationToken ct)
    {
        var result = submission.Body is { } body ? await mediator.Send(new Command(patientId, body), ct) : submission.Problem!;
        return result.Refusal is { } refusal && submission.CarriesSign
            ? (await net.CatchAsync(patientId, submission.Digest, refusal, ct)).ToHttp()
            : result.ToCreated(e => $"/api/v1/patients/{patientId}/adverse-events/{e.Id}");
    }

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, DoseAtOnset doses, TimeProvider clock) : ICommandHandler<Command, Result<AdverseEventResponse>>
    {
        public async Task<Result<AdverseEventResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (command.Report.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            var adverseEvent = new AdverseEvent
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<AdverseEventId>(),
                PatientId = patient.Id,
                Term = command.Report.Term,
                Severity = command.Report.Severity,
                RecordedAt = now,
                SeverityKnownAt = now,
            };
            command.Report.CopyTo(adverseEvent, now);
            if (!await doses.TryFillAsync(adverseEvent, ct))
            {
                return DoseAtOnset.UnknownPrescription;
            }

            db.AdverseEvents.Add(adverseEvent);
            await db.SaveChangesAsync(ct);
            return AdverseEventResponse.Of(adverseEvent, await monitor.ReviewAsync(patient, now, ct));
        }
    }
}

/// <summary>Works out the dose on the onset day from the patient's prescriptions.</summary>
public sealed class DoseAtOnset(LdnDbContext db)
{
    public static readonly Problem UnknownPrescription = Problem.Refused(
        "unknown-prescription", "The patient has no such prescription.", "$.suspectPrescriptionId", "Must be a prescription of this patient.");

    /// <returns>False when the suspect prescription is not one of the patient's.</returns>
    public async Task<bool> TryFillAsync(AdverseEvent adverseEvent, CancellationToken ct)
    {
        var prescriptions = await db.Prescriptions.AsNoTracking().Where(p => p.PatientId == adverseEvent.PatientId).ToListAsync(ct);
        adverseEvent.DoseAtOnsetMg = adverseEvent.OnsetOn is { } onset ? prescriptions.Sum(p => p.DoseOn(onset)) : null;
        return adverseEvent.SuspectPrescriptionId is not { } suspect || prescriptions.Exists(p => p.Id == suspect);
    }
}
