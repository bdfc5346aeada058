using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Rules;

/// <summary>Cancels a replay that is not over. Its worker finds out with the next patient, and keeps nothing more.</summary>
public static class CancelReplay
{
    public sealed record Command(ReplayId Id) : ICommand<Result<ReplayResponse>>;

    public static void Map(IEndpointRouteBuilder rules) => rules
        .MapPost("/rules/replays/{replayId}/cancel", Post)
        .WithName(nameof(CancelReplay))
        .WithSummary("Cancel a replay that is not over")
        .NeedsScope(Scopes.RulesManage);

    private static async Task<Results<Ok<ReplayResponse>, ProblemHttpResult>> Post(ReplayId replayId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(replayId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : ICommandHandler<Command, Result<ReplayResponse>>
    {
        public async Task<Result<ReplayResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var cancelled = await db.RuleReplays
                .Where(r => r.Id == command.Id && (r.Status == ReplayStatus.Queued || r.Status == ReplayStatus.Running))
                .ExecuteUpdateAsync(replay => replay.SetProperty(r => r.Status, ReplayStatus.Cancelled).SetProperty(r => r.EndedAt, now), ct);
            return await db.RuleReplays.AsNoTracking().SingleOrDefaultAsync(r => r.Id == command.Id, ct) switch
            {
                null => Problem.NotFound,
                { } replay when cancelled == 0 => Problem.InvalidTransition(WireNames.NameOf(replay.Status)),
                { } replay => ReplayResponse.Of(replay, []),
            };
        }
    }
}
