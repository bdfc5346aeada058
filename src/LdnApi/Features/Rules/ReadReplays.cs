using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Replays;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Rules;

/// <summary>How far a replay is, and what came of it.</summary>
public static class GetReplay
{
    public sealed record Query(ReplayId Id) : IQuery<Result<ReplayResponse>>;

    public static void Map(IEndpointRouteBuilder rules) => rules
        .MapGet("/rules/replays/{replayId}", Get)
        .WithName(nameof(GetReplay))
        .WithSummary("Read a replay: its progress, then its result")
        .NeedsScope(Scopes.RulesManage);

    private static async Task<Results<Ok<ReplayResponse>, ProblemHttpResult>> Get(ReplayId replayId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(replayId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<ReplayResponse>>
    {
        public async Task<Result<ReplayResponse>> Handle(Query query, CancellationToken ct)
        {
            if (await db.RuleReplays.AsNoTracking().SingleOrDefaultAsync(r => r.Id == query.Id, ct) is not { } replay)
            {
                return Problem.NotFound;
            }

            var first = await db.RuleReplayFindings.AsNoTracking().Where(f => f.ReplayId == query.Id)
                .OrderBy(f => f.PatientId).ThenBy(f => f.Number).Take(ReplayResponse.FirstDifferences).ToListAsync(ct);
            return ReplayResponse.Of(replay, first.Select(ReplayResult.Read));
        }
    }
}

/// <summary>What a replay found different, patient by patient. While it runs: what it has found so far.</summary>
public static class ListReplayDifferences
{
    public sealed record Filter
    {
        /// <summary>Only differences of this kind.</summary>
        [WireEnum(typeof(ReplayDifferenceKind))]
        public string? Kind { get; init; }

        [Range(1, Common.Cursor.MaxLimit)]
        public int? Limit { get; init; }

        [StringLength(Common.Cursor.MaxLength)]
        public string? Cursor { get; init; }
    }

    public sealed record Query(ReplayId Id, Filter Filter) : IQuery<Result<Page<ReplayedDifference>>>;

    public static void Map(IEndpointRouteBuilder rules) => rules
        .MapGet("/rules/replays/{replayId}/differences", Get)
        .WithName(nameof(ListReplayDifferences))
        .WithSummary("List the follow-ups that would have been others, with the reasons of both sides")
        .NeedsScope(Scopes.RulesManage);

    private static async Task<Results<Ok<Page<ReplayedDifference>>, ProblemHttpResult>> Get(
        ReplayId replayId, [AsParameters] Filter filter, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(replayId, filter), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<ReplayedDifference>>>
    {
        private sealed record Key(Guid PatientId, int Number);

        public Task<Result<Page<ReplayedDifference>>> Handle(Query query, CancellationToken ct) =>
            Cursor.Decode<Key>(query.Filter.Cursor).ThenAsync<Page<ReplayedDifference>>(async after =>
            {
                if (!await db.RuleReplays.AnyAsync(r => r.Id == query.Id, ct))
                {
                    return Problem.NotFound;
                }

                var found = db.RuleReplayFindings.AsNoTracking().Where(f => f.ReplayId == query.Id);
                found = WireNames.TryParse<ReplayDifferenceKind>(query.Filter.Kind, out var kind) ? found.Where(f => f.Kind == kind) : found;
                if (after is not null)
                {
                    var id = new PatientId(after.PatientId);
                    found = found.Where(f => f.PatientId > id || (f.PatientId == id && f.Number > after.Number));
                }

                var limit = query.Filter.Limit ?? Cursor.DefaultLimit;
                var page = await found.OrderBy(f => f.PatientId).ThenBy(f => f.Number).Take(limit + 1).ToListAsync(ct);
                return page.ConvertAll(ReplayResult.Read).ToPage(limit, d => new Key(d.PatientId.Value, d.Number));
            });
    }
}
