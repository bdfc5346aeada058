using LdnApi.Common;
using LdnApi.Pipeline;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>
/// A sign of self-harm counts even when the report, correction or amendment that carries it is refused, for whatever reason: it is kept by itself, the follow-up is
/// raised in the same request, and the refusal names it.
/// </summary>
public sealed class SelfHarmNet(IMediator mediator, IdempotencyKey key, AuditTrail trail)
{
    /// <summary>A filter under every route: whatever takes an <see cref="ISubmission"/> is caught. Outermost, so that a header that is refused loses no sign.</summary>
    public static async ValueTask<object?> Catch(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.Arguments.OfType<ISubmission>().SingleOrDefault() is not { } submission)
        {
            return await next(context);
        }

        object? result;
        try
        {
            result = await next(context);
        }
        catch (UnreadableException header)
        {
            result = Problem.Invalid(header.Place ?? "$", header.Message).ToHttp();
        }

        var net = context.HttpContext.RequestServices.GetRequiredService<SelfHarmNet>();
        return (result is INestedHttpResult nested ? nested.Result : result) is ProblemHttpResult refusal && submission.CarriesSign
            ? await net.KeepAsync(context.Arguments.OfType<PatientId>().Single(), submission, refusal, context.HttpContext.RequestAborted)
            : result;
    }

    /// <returns>The refusal, with the follow-up as the member <c>followUps</c>.</returns>
    private async Task<ProblemHttpResult> KeepAsync(PatientId patient, ISubmission submission, ProblemHttpResult refusal, CancellationToken ct)
    {
        key.Value = null; // the key stays free for the corrected report
        trail.RefusedWith = refusal.StatusCode;
        var kept = await mediator.Send(new KeepSign.Command(patient, submission.Digest), ct);
        if (kept.Refusal is null)
        {
            refusal.ProblemDetails.Extensions["followUps"] = kept.Match(followUps => followUps, _ => []);
        }

        return refusal;
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
