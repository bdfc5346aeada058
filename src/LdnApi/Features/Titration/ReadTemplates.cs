using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;
using Mapster;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Titration;

/// <summary>Reads one of the clinic's templates.</summary>
public static class GetTemplate
{
    public sealed record Query(TitrationTemplateId Id) : IQuery<Result<TemplateResponse>>;

    public static void Map(IEndpointRouteBuilder templates) => templates
        .MapGet("/{titrationTemplateId}", Get)
        .WithName("GetTitrationTemplate")
        .WithSummary("Read a titration template")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<TemplateResponse>, ProblemHttpResult>> Get(TitrationTemplateId titrationTemplateId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(titrationTemplateId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, KnownVersions known) : IQueryHandler<Query, Result<TemplateResponse>>
    {
        public async Task<Result<TemplateResponse>> Handle(Query query, CancellationToken ct)
        {
            var templates = db.TitrationTemplates.AsNoTracking().Where(t => t.Id == query.Id);
            if (known.Asked && await templates.Select(t => (long?)t.Version).SingleOrDefaultAsync(ct) is { } version && known.Includes(version))
            {
                return Problem.NotModified(version); // the version is enough
            }

            return await templates.SingleOrDefaultAsync(ct) is { } found ? TemplateResponse.Of(found) : Problem.NotFound;
        }
    }
}

/// <summary>The clinic's templates, oldest first.</summary>
public static class ListTemplates
{
    public sealed record Filter
    {
        /// <summary>Only those; active and retired ones when absent.</summary>
        [WireEnum(typeof(TemplateStatus))]
        public string? Status { get; init; }

        [Range(1, Common.Cursor.MaxLimit)]
        public int? Limit { get; init; }

        [StringLength(Common.Cursor.MaxLength)]
        public string? Cursor { get; init; }
    }

    public sealed record Query(Filter Filter) : IQuery<Result<Page<TemplateResponse>>>;

    public static void Map(IEndpointRouteBuilder templates) => templates
        .MapGet("", Get)
        .WithName("ListTitrationTemplates")
        .WithSummary("List the clinic's titration templates")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<TemplateResponse>>, ProblemHttpResult>> Get([AsParameters] Filter filter, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(filter), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<TemplateResponse>>>
    {
        private sealed record Key(Guid Id);

        public Task<Result<Page<TemplateResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Common.Cursor.Decode<Key>(query.Filter.Cursor).ThenAsync<Page<TemplateResponse>>(async after =>
            {
                var last = new TitrationTemplateId(after?.Id ?? Guid.Empty);
                var found = db.TitrationTemplates.AsNoTracking().Where(t => t.Id > last);
                found = WireNames.TryParse<TemplateStatus>(query.Filter.Status, out var status) ? found.Where(t => t.Status == status) : found;
                var limit = query.Filter.Limit ?? Common.Cursor.DefaultLimit;
                var items = await found.OrderBy(t => t.Id).Take(limit + 1).ProjectToType<TemplateResponse>().ToListAsync(ct);
                return items.ToPage(limit, t => new Key(t.Id.Value));
            });
        }
    }
}

/// <summary>Every version of a template, newest first: what a schedule was made from stays readable.</summary>
public static class GetTemplateHistory
{
    public sealed record Query(TitrationTemplateId Id, int Limit, string? Cursor) : IQuery<Result<Page<HistoryEntry<TemplateResponse>>>>;

    public static void Map(IEndpointRouteBuilder templates) => templates
        .MapGet("/{titrationTemplateId}/history", Get)
        .WithName("GetTitrationTemplateHistory")
        .WithSummary("Read every version of a titration template")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<HistoryEntry<TemplateResponse>>>, ProblemHttpResult>> Get(
        TitrationTemplateId titrationTemplateId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(titrationTemplateId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<HistoryEntry<TemplateResponse>>>>
    {
        private sealed record Key(long Version);

        public Task<Result<Page<HistoryEntry<TemplateResponse>>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<HistoryEntry<TemplateResponse>>>(async after =>
            {
                if (await db.TitrationTemplates.AsNoTracking().SingleOrDefaultAsync(t => t.Id == query.Id, ct) is not { } template)
                {
                    return Problem.NotFound;
                }

                var versions = template.Earlier.Select(v => new TemplateResponse(template.Id, v.Name, v.Source, v.Steps, v.Status, v.ChangedAt, v.ChangedBy, v.Version))
                    .Append(TemplateResponse.Of(template)).Reverse().Where(v => after is null || v.Version < after.Version).Take(query.Limit + 1).ToList();
                return versions.ToPage(query.Limit, v => new Key(v.Version)).Select(v => new HistoryEntry<TemplateResponse>(v.Version, v.ChangedAt, v.ChangedBy, null, v));
            });
        }
    }
}

/// <summary>The presets that come with the API.</summary>
public static class ListPresets
{
    public sealed record Response(IReadOnlyList<TitrationPreset> Presets);

    public sealed record Query : IQuery<Result<Response>>;

    public static void Map(IEndpointRouteBuilder api) => api
        .MapGet("/titration-presets", Get)
        .WithName("ListTitrationPresets")
        .WithSummary("List the titration presets with their sources")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).ToOk();

    public sealed class Handler : IQueryHandler<Query, Result<Response>>
    {
        public Task<Result<Response>> Handle(Query query, CancellationToken ct) => Task.FromResult<Result<Response>>(new Response(TitrationPresets.All));
    }
}
