using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Replays;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LdnApi.Features.Rules;

/// <summary>Plays the clinic's history as it was known at each moment, with other thresholds. Nothing of the live data changes.</summary>
public static class ReplayRules
{
    private const string RespondAsync = "respond-async";

    /// <param name="Settings">The draft: settings that are left out are as the clinic has them now. Absent: those that were in force at each moment, which must give no difference.</param>
    /// <param name="From">The first day (UTC) of the period; absent = from the beginning. The draft holds from the beginning; only what it changes in the period is answered.</param>
    /// <param name="To">The last day (UTC) of the period; absent = up to now. Nothing that was recorded later counts.</param>
    public sealed record Request(JsonElement? Settings = null, DateOnly? From = null, DateOnly? To = null);

    /// <param name="Worker">Who plays it at once: it is theirs from the first moment, so that no other takes it; null = whoever comes first. No part of what is asked for.</param>
    public sealed record Command(Request Replay, [property: JsonIgnore] Guid? Worker) : ICommand<Result<ReplayResponse>>;

    public static void Map(IEndpointRouteBuilder rules) => rules
        .MapPost("/rules/replay", Post)
        .WithName(nameof(ReplayRules))
        .WithSummary("Replay the clinic's history under draft settings")
        .WithDescription("Every evaluation that really happened is made again with the draft, on what was known then; the follow-ups and their log come about as they would have. "
            + "A clinician's act belongs to the family's follow-up that the draft has open at that moment; without one it has no effect, and is counted. "
            + "A small history is answered at once (200), a large one is played in the background (202 with its `Location`): the limit is the server's, in evaluations; "
            + "`Prefer: respond-async` asks for the latter. A clinic plays one at a time. A repeat under the same `Idempotency-Key` answers how that replay stands. There are counts and no rates: what should have been raised, nobody knows.")
        .NeedsScope(Scopes.RulesManage);

    private static async Task<Results<Ok<ReplayResponse>, Accepted<ReplayResponse>, ProblemHttpResult>> Post(
        Request request, [FromHeader(Name = "Prefer"), StringLength(200), Description("`respond-async` (RFC 7240): played in the background, however small.")] string? prefer,
        IMediator mediator, ReplayRun run, Caller caller, AuditTrail trail, IConfiguration configuration, LdnDbContext db, TimeProvider clock, CancellationToken ct)
    {
        var knownAt = KnownAt(request.To, clock.GetUtcNow());
        var isAtOnce = prefer?.Split(',').Any(p => p.Trim() == RespondAsync) != true
            && await db.Evaluations.CountAsync(e => e.At <= knownAt, ct) <= configuration.GetValue("Replay:AtOnceEvaluations", 500);
        if (!isAtOnce)
        {
            trail.Request = trail.Request! with { SuccessStatus = StatusCodes.Status202Accepted };
        }

        Guid? worker = isAtOnce ? Guid.CreateVersion7() : null;
        var played = await (await mediator.Send(new Command(request, worker), ct)).ThenAsync<ReplayResponse>(async replay =>
        {
            if (worker is { } mine)
            {
                await run.AdvanceAsync(caller.Clinic, replay.Id, mine, TimeSpan.FromMinutes(1), ct);
            }

            return await mediator.Send(new GetReplay.Query(replay.Id), ct);
        });
        return played.Match<Results<Ok<ReplayResponse>, Accepted<ReplayResponse>, ProblemHttpResult>>(
            now => now.Status is ReplayStatus.Queued or ReplayStatus.Running ? TypedResults.Accepted($"/api/v1/rules/replays/{now.Id}", now) : TypedResults.Ok(now),
            problem => problem.ToHttp());
    }

    /// <summary>Nothing that was recorded later counts.</summary>
    private static DateTimeOffset KnownAt(DateOnly? to, DateTimeOffset now)
    {
        var ended = to is { } last && last < DateOnly.MaxValue ? new DateTimeOffset(last.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero).AddMicroseconds(-1) : now;
        return ended < now ? ended : now;
    }

    public sealed class Handler(LdnDbContext db, ClinicSettings settings, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<ReplayResponse>>
    {
        private static readonly Problem InProgress = new(
            "replay-in-progress", StatusCodes.Status409Conflict, "The clinic has a replay that is not over. Wait for it, or cancel it.");

        public async Task<Result<ReplayResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            var (from, to) = (command.Replay.From, command.Replay.To);
            if (to > today || from > today)
            {
                return Problem.Refused("date-in-future", "A day lies in the future.", to > today ? "$.to" : "$.from", "Must not be after today (UTC).");
            }

            if (to < from)
            {
                return Problem.Refused("invalid-period", "The period ends before it begins.", "$.to", "Must not be before from.");
            }

            if (await db.RuleReplays.Where(r => r.Status == ReplayStatus.Queued || r.Status == ReplayStatus.Running).Select(r => (ReplayId?)r.Id).FirstOrDefaultAsync(ct) is { } other)
            {
                return InProgress with { Members = new Dictionary<string, object?> { ["replayId"] = other } };
            }

            var draft = command.Replay.Settings is { } given
                ? RuleSettingsDraft.Over((await settings.CurrentAsync(ct)).Settings, given).Match<Result<RuleSettings?>>(s => s, problem => problem)
                : (RuleSettings?)null;
            return await draft.ThenAsync(played => KeepAsync(played, command, now, ct));
        }

        private async Task<Result<ReplayResponse>> KeepAsync(RuleSettings? played, Command command, DateTimeOffset now, CancellationToken ct)
        {
            var knownAt = KnownAt(command.Replay.To, now);
            var replay = new Replay
            {
                ClinicId = caller.Clinic,
                Id = EntityId.New<ReplayId>(),
                Settings = played,
                From = command.Replay.From,
                To = command.Replay.To,
                KnownAt = knownAt,
                RequestedAt = now,
                RequestedBy = caller.Subject,
                RuleSetVersion = RuleCatalogue.RuleSetVersion,
                Status = command.Worker is null ? ReplayStatus.Queued : ReplayStatus.Running,
                Worker = command.Worker,
                LeaseUntil = command.Worker is null ? null : now + ReplayRun.Handover,
                PatientsTotal = await db.Patients.CountAsync(p => p.RegisteredAt <= knownAt, ct),
            };
            db.RuleReplays.Add(replay);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { ConstraintName: Replay.OneAtATime })
            {
                return InProgress;
            }

            return ReplayResponse.Of(replay, []);
        }
    }
}
