using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Rules;

/// <summary>The clinic's thresholds in force, each with default, bounds, unit and source.</summary>
public static class GetRuleSettings
{
    public sealed record Query : IQuery<Result<RuleSettingsResponse>>;

    public static void Map(IEndpointRouteBuilder api) => api
        .MapGet("/rule-settings", Get)
        .WithName(nameof(GetRuleSettings))
        .WithSummary("Read the clinic's rule settings with defaults and bounds")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<RuleSettingsResponse>, ProblemHttpResult>> Get(IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, ClinicSettings settings, TimeProvider clock) : IQueryHandler<Query, Result<RuleSettingsResponse>>
    {
        public async Task<Result<RuleSettingsResponse>> Handle(Query query, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            return RuleSettingsResponse.Of(await settings.CurrentAsync(ct), await db.NightlyEvaluations.CountAsync(n => n.DueAt <= now, ct));
        }
    }
}

/// <summary>Every version of the clinic's thresholds, newest first, with author and reason.</summary>
public static class ListRuleSettings
{
    public sealed record Query(int Limit, string? Cursor) : IQuery<Result<Page<RuleSettingsEntry>>>;

    public static void Map(IEndpointRouteBuilder api) => api
        .MapGet("/rule-settings/history", Get)
        .WithName(nameof(ListRuleSettings))
        .WithSummary("List every version of the clinic's rule settings, newest first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<RuleSettingsEntry>>, ProblemHttpResult>> Get([AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, Caller caller) : IQueryHandler<Query, Result<Page<RuleSettingsEntry>>>
    {
        private sealed record Key(long Version);

        public Task<Result<Page<RuleSettingsEntry>>> Handle(Query query, CancellationToken ct) =>
            Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<RuleSettingsEntry>>(async after =>
            {
                var before = after?.Version ?? long.MaxValue;
                var found = await db.RuleSettings.AsNoTracking().Where(s => s.Version < before).OrderByDescending(s => s.Version).Take(query.Limit + 1).ToListAsync(ct);
                if (found.Count <= query.Limit && before > RuleSettingsVersion.First)
                {
                    found.Add(RuleSettingsVersion.Defaults(caller.Clinic));
                }

                return found.ConvertAll(RuleSettingsEntry.Of).ToPage(query.Limit, v => new Key(v.Version));
            });
    }
}
