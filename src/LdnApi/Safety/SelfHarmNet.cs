using LdnApi.Common;
using LdnApi.Pipeline;
using LdnApi.Records;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>
/// A sign of self-harm counts even when the report, correction or amendment that carries it is refused, for whatever reason: it is kept by itself, and the follow-up is
/// raised in the same request.
/// </summary>
public sealed class SelfHarmNet(IMediator mediator, IdempotencyKey key, AuditTrail trail)
{
    /// <param name="status">What the request is refused with.</param>
    /// <returns>The follow-up, for the refusal to name; a refusal where there is no such patient.</returns>
    public Task<Result<IReadOnlyList<ChangedFollowUp>>> KeepAsync(PatientId patient, ISubmission submission, int status, CancellationToken ct)
    {
        key.Value = null; // the key stays free for the corrected report
        trail.RefusedWith = status;
        return mediator.Send(new KeepSign.Command(patient, submission.Digest), ct);
    }
}

/// <summary>Keeps nothing but the sign of self-harm of a report that was refused. The same report again keeps it once.</summary>
public static class KeepSign
{
    /// <summary>The source that such check-ins name: whether it was a report or what was to replace one.</summary>
    public const string SourceSystem = "urn:ldnapi:refused-report";

    public sealed record Command(PatientId PatientId, string Digest) : ICommand<Result<IReadOnlyList<ChangedFollowUp>>>, IConcernsPatient;

    public static CheckIn ToRecord(Patient patient, string digest, DateTimeOffset now) => new()
    {
        ClinicId = patient.ClinicId,
        Id = EntityId.New<CheckInId>(),
        PatientId = patient.Id,
        On = patient.DayAt(now),
        SelfHarmThoughts = true,
        SourceSystem = SourceSystem,
        SourceId = digest,
        RecordedAt = now,
        ChangedAt = now,
    };

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<IReadOnlyList<ChangedFollowUp>>>
    {
        public async Task<Result<IReadOnlyList<ChangedFollowUp>>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (!await db.CheckIns.AnyAsync(c => c.PatientId == patient.Id && c.SourceSystem == SourceSystem && c.SourceId == command.Digest, ct))
            {
                db.CheckIns.Add(ToRecord(patient, command.Digest, now));
                await db.SaveChangesAsync(ct);
            }

            await monitor.ReviewAsync(patient, now, ct);
            var open = await db.FollowUps
                .Where(f => f.PatientId == patient.Id && f.Family == Clinical.Rules.RuleFamily.Suicidality && f.Status != Clinical.Rules.FollowUpStatus.Closed)
                .ToListAsync(ct);
            return open.ConvertAll(ChangedFollowUp.Of);
        }
    }
}
