using System.ComponentModel.DataAnnotations;
using System.Globalization;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Mapster;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.FollowUps;

/// <summary>The order of the queue.</summary>
public enum FollowUpOrder
{
    DueAt,
    OpenedOn,
}

/// <summary>The clinic's queue: what needs a person, soonest due first. Snoozed ones are left out unless a status is named.</summary>
public static class ListFollowUps
{
    public sealed record Filter
    {
        /// <summary>Only those of this status; absent: all that are not closed and not snoozed.</summary>
        [WireEnum(typeof(FollowUpStatus))]
        public string? Status { get; init; }

        /// <summary>Only those of this priority.</summary>
        [WireEnum(typeof(FollowUpPriority))]
        public string? Priority { get; init; }

        /// <summary>Only those of this family of rules.</summary>
        [WireEnum(typeof(RuleFamily))]
        public string? Family { get; init; }

        /// <summary>Only those of the person with this subject.</summary>
        [StringLength(255)]
        public string? Assignee { get; init; }

        public PatientId? PatientId { get; init; }

        /// <summary>Only those whose time has passed, or only those whose has not.</summary>
        public bool? Overdue { get; init; }

        /// <summary>The order; <c>due-at</c> when absent.</summary>
        [WireEnum(typeof(FollowUpOrder))]
        public string? Sort { get; init; }

        [Range(1, Common.Cursor.MaxLimit)]
        public int? Limit { get; init; }

        [StringLength(Common.Cursor.MaxLength)]
        public string? Cursor { get; init; }
    }

    public sealed record Query(Filter Filter) : IQuery<Result<Page<FollowUpItem>>>;

    public static void Map(IEndpointRouteBuilder followUps) => followUps
        .MapGet("", Get)
        .WithName(nameof(ListFollowUps))
        .WithSummary("List the follow-up queue")
        .WithDescription("Without `status`: all that are not closed and not snoozed. `sort` is `due-at` (default) or `opened-on`.")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<FollowUpItem>>, ProblemHttpResult>> Get([AsParameters] Filter filter, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(filter), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<Page<FollowUpItem>>>
    {
        private sealed record Key(DateTimeOffset? DueAt, DateOnly? OpenedOn, Guid Id);

        public Task<Result<Page<FollowUpItem>>> Handle(Query query, CancellationToken ct)
        {
            var f = query.Filter;
            var byDue = f.Sort is null || f.Sort == WireNames.NameOf(FollowUpOrder.DueAt);
            return Common.Cursor.Decode<Key>(f.Cursor).ThenAsync<Page<FollowUpItem>>(async after =>
            {
                var (now, limit) = (clock.GetUtcNow(), f.Limit ?? Common.Cursor.DefaultLimit);
                if (f is { Status: null, Priority: null, Family: null, Assignee: null, PatientId: null, Overdue: null, Cursor: null } && byDue)
                {
                    return (await TopAsync(now, limit + 1, ct)).ToPage(limit, x => new Key(x.DueAt, null, x.Id.Value));
                }

                var found = Filtered(db.FollowUps.AsNoTracking(), f, now);
                if (after is not null)
                {
                    var id = new FollowUpId(after.Id);
                    found = byDue
                        ? found.Where(x => x.DueAt > after.DueAt || (x.DueAt == after.DueAt && x.Id > id))
                        : found.Where(x => x.OpenedOn > after.OpenedOn || (x.OpenedOn == after.OpenedOn && x.Id > id));
                }

                var ordered = byDue ? found.OrderBy(x => x.DueAt).ThenBy(x => x.Id) : found.OrderBy(x => x.OpenedOn).ThenBy(x => x.Id);
                var items = await ordered.Take(limit + 1).ProjectToType<FollowUpItem>().ToListAsync(ct);
                return items.ToPage(limit, x => byDue ? new Key(x.DueAt, null, x.Id.Value) : new Key(null, x.OpenedOn, x.Id.Value));
            });
        }

        /// <summary>What a dashboard asks all day long. The limit stands in the text: with one that it does not know PostgreSQL would plan the statement anew each time.</summary>
        private async Task<List<FollowUpItem>> TopAsync(DateTimeOffset now, int limit, CancellationToken ct)
        {
            var batch = new RecordBatch(db);
            var top = batch.All<FollowUp, FollowUpItem>(
                string.Create(CultureInfo.InvariantCulture, $"status <> '{nameof(FollowUpStatus.Closed)}' AND (snoozed_until IS NULL OR snoozed_until <= $2) ORDER BY due_at, id LIMIT {limit}"), now.UtcDateTime);
            await batch.ReadAsync(ct);
            return top;
        }

        private static IQueryable<FollowUp> Filtered(IQueryable<FollowUp> found, Filter f, DateTimeOffset now)
        {
            found = WireNames.TryParse<FollowUpStatus>(f.Status, out var status)
                ? found.Where(x => x.Status == status)
                : found.Where(x => x.Status != FollowUpStatus.Closed && (x.SnoozedUntil == null || x.SnoozedUntil <= now));
            found = WireNames.TryParse<FollowUpPriority>(f.Priority, out var priority) ? found.Where(x => x.Priority == priority) : found;
            found = WireNames.TryParse<RuleFamily>(f.Family, out var family) ? found.Where(x => x.Family == family) : found;
            found = f.Assignee is { } assignee ? found.Where(x => x.Assignee == assignee) : found;
            found = f.PatientId is { } patient ? found.Where(x => x.PatientId == patient) : found;
            return f.Overdue switch
            {
                true => found.Where(x => x.Status != FollowUpStatus.Closed && x.DueAt < now),
                false => found.Where(x => x.Status == FollowUpStatus.Closed || x.DueAt >= now),
                null => found,
            };
        }
    }
}

/// <summary>One follow-up with its reasons and its log.</summary>
public static class GetFollowUp
{
    public sealed record Query(FollowUpId Id) : IQuery<Result<FollowUpResponse>>;

    public static void Map(IEndpointRouteBuilder followUps) => followUps
        .MapGet("/{followUpId}", Get)
        .WithName(nameof(GetFollowUp))
        .WithSummary("Read a follow-up with its clauses, evidence and log")
        .WithDescription("While it is open, `offers` holds requests that would hold, step back or lengthen the patient's running titrations, with the ETag of their present version. None is ever sent by the API itself.")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<FollowUpResponse>, ProblemHttpResult>> Get(FollowUpId followUpId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(followUpId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<FollowUpResponse>>
    {
        public async Task<Result<FollowUpResponse>> Handle(Query query, CancellationToken ct)
        {
            if (await db.FollowUps.AsNoTracking().SingleOrDefaultAsync(f => f.Id == query.Id, ct) is not { } followUp)
            {
                return Problem.NotFound;
            }

            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == followUp.PatientId, ct);
            return await db.ReadAsync(followUp, patient.DayAt(clock.GetUtcNow()), ct);
        }
    }
}

/// <summary>Every version of a follow-up, newest first: a closed episode keeps the reasons that it had at each turn.</summary>
public static class GetFollowUpHistory
{
    public sealed record Query(FollowUpId Id, int Limit, string? Cursor) : IQuery<Result<Page<HistoryEntry<FollowUpResponse>>>>, IMayBeSecondsOld;

    /// <summary>The endpoint, which Hosting completes as it does for every history.</summary>
    public static RouteHandlerBuilder Map(IEndpointRouteBuilder followUps) => followUps.MapGet("/{followUpId}/history", Get);

    private static async Task<Results<Ok<Page<HistoryEntry<FollowUpResponse>>>, ProblemHttpResult>> Get(
        FollowUpId followUpId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(followUpId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<HistoryEntry<FollowUpResponse>>>>
    {
        public async Task<Result<Page<HistoryEntry<FollowUpResponse>>>> Handle(Query query, CancellationToken ct)
        {
            var log = await db.FollowUpEvents.AsNoTracking().Where(e => e.FollowUpId == query.Id).OrderBy(e => e.Ordinal).ToListAsync(ct);
            var kind = RecordVersion.KindOf(typeof(FollowUp));
            return await db.RecordVersions.AsNoTracking().Where(v => v.Kind == kind) // each entry of the log makes one version
                .PageAsync(query.Id.Value, query.Limit, query.Cursor, v => v.ToEntry(FollowUpResponse.Of(v.Read<FollowUp>(), log.Take((int)v.Version))), ct);
        }
    }
}

/// <summary>Counts for a dashboard.</summary>
public static class SummarizeFollowUps
{
    /// <param name="Open">All that are not closed, snoozed ones included.</param>
    /// <param name="ByPriority">Of those, by priority.</param>
    /// <param name="Overdue">Of those, how many whose time has passed.</param>
    /// <param name="Snoozed">Of those, how many are left in peace for now.</param>
    /// <param name="Unassigned">Of those, how many are nobody's.</param>
    public sealed record Response(int Open, int Overdue, int Snoozed, int Unassigned, IReadOnlyDictionary<string, int> ByPriority, IReadOnlyDictionary<string, int> ByFamily);

    public sealed record Query : IQuery<Result<Response>>;

    public static void Map(IEndpointRouteBuilder followUps) => followUps
        .MapGet("/summary", Get)
        .WithName(nameof(SummarizeFollowUps))
        .WithSummary("Count the open follow-ups")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var groups = await db.FollowUps.AsNoTracking().Where(f => f.Status != FollowUpStatus.Closed)
                .GroupBy(f => new { f.Priority, f.Family, Overdue = f.DueAt < now, Snoozed = f.SnoozedUntil > now, Unassigned = f.Assignee == null })
                .Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct);
            return new Response(
                groups.Sum(g => g.Count), groups.Where(g => g.Key.Overdue).Sum(g => g.Count), groups.Where(g => g.Key.Snoozed).Sum(g => g.Count),
                groups.Where(g => g.Key.Unassigned).Sum(g => g.Count),
                groups.GroupBy(g => g.Key.Priority).OrderByDescending(g => g.Key).ToDictionary(g => WireNames.NameOf(g.Key), g => g.Sum(x => x.Count)),
                groups.GroupBy(g => g.Key.Family).OrderBy(g => g.Key).ToDictionary(g => WireNames.NameOf(g.Key), g => g.Sum(x => x.Count)));
        }
    }
}
