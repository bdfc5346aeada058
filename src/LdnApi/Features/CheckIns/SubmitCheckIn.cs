using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.CheckIns;

/// <summary>Records a patient's report of a day, then evaluates the patient in the light of it.</summary>
public static class SubmitCheckIn
{
    public sealed record Command(PatientId PatientId, CheckInBody CheckIn) : ICommand<Result<CheckInResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/check-ins", Post)
        .Accepts<CheckInBody>("application/json")
        .WithName(nameof(SubmitCheckIn))
        .WithSummary("Submit a check-in")
        .WithDescription("A report of self-harm thoughts raises its follow-up even when the rest is refused; the refusal then names it as `followUps`.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<CheckInResponse>, ProblemHttpResult>> Post(
        PatientId patientId, Submission<CheckInBody> submission, IMediator mediator, CancellationToken ct) =>
        (await submission.Body.ThenAsync(body => mediator.Send(new Command(patientId, body), ct))).ToCreated(c => $"/api/v1/patients/{patientId}/check-ins/{c.Id}");

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<CheckInResponse>>
    {
        public Task<Result<CheckInResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            return command.CheckIn.DayFor(patient, now).ThenAsync(day =>
            {
                var checkIn = command.CheckIn.ToRecord(patient, day, now);
                db.Append(checkIn);
                return Sourced.OrTakenAsync(async () => CheckInResponse.Of(checkIn, await monitor.ReviewAsync(patient, now, ct)));
            });
        }
    }
}
