using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Medications;

/// <summary>Records a co-medication, then evaluates the patient in the light of it.</summary>
public static class RecordMedication
{
    public sealed record Command(PatientId PatientId, MedicationBody Medication) : ICommand<Result<MedicationResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/medications", Post)
        .WithName(nameof(RecordMedication))
        .WithSummary("Record a co-medication")
        .WithDescription("An opioid during the therapy raises a follow-up at once.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<MedicationResponse>, ProblemHttpResult>> Post(
        PatientId patientId, MedicationBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, request), ct)).ToCreated(m => $"/api/v1/patients/{patientId}/medications/{m.Id}");

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<MedicationResponse>>
    {
        public async Task<Result<MedicationResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (command.Medication.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            var medication = new Medication { ClinicId = patient.ClinicId, Id = EntityId.New<MedicationId>(), PatientId = patient.Id, RecordedAt = now, KnownAt = now };
            command.Medication.CopyTo(medication, now);
            db.Medications.Add(medication);
            return await db.SaveSourcedAsync(ct) is { } taken ? taken : MedicationResponse.Of(medication, await monitor.ReviewAsync(patient, now, ct));
        }
    }
}
