using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.AdverseEvents;

/// <summary>Reads one adverse event.</summary>
public static class GetAdverseEvent
{
    public sealed record Query(PatientId PatientId, AdverseEventId Id) : IQuery<Result<AdverseEventResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(AdverseEvent);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/adverse-events/{adverseEventId}", Get)
        .WithName(nameof(GetAdverseEvent))
        .WithSummary("Read an adverse event")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<AdverseEventResponse>, ProblemHttpResult>> Get(PatientId patientId, AdverseEventId adverseEventId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, adverseEventId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<AdverseEventResponse>>
    {
        public async Task<Result<AdverseEventResponse>> Handle(Query query, CancellationToken ct) =>
            await db.AdverseEvents.AsNoTracking().SingleOrDefaultAsync(c => c.PatientId == query.PatientId && c.Id == query.Id, ct) is { } found
                ? AdverseEventResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's adverse events, latest recorded first.</summary>
public static class ListAdverseEvents
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<AdverseEventResponse>>>, IFindsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/adverse-events", Get)
        .WithName(nameof(ListAdverseEvents))
        .WithSummary("List a patient's adverse events, latest recorded first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<AdverseEventResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<AdverseEventResponse>>>
    {
        private static readonly Func<LdnDbContext, PatientId, int, IAsyncEnumerable<AdverseEvent>> First = EF.CompileAsyncQuery((LdnDbContext db, PatientId patient, int limit) =>
            db.AdverseEvents.AsNoTracking().Where(c => c.PatientId == patient).OrderByDescending(c => c.RecordedAt).ThenByDescending(c => c.Id).Take(limit));

        private static readonly Func<LdnDbContext, PatientId, DateTimeOffset, AdverseEventId, int, IAsyncEnumerable<AdverseEvent>> Next = EF.CompileAsyncQuery(
            (LdnDbContext db, PatientId patient, DateTimeOffset at, AdverseEventId id, int limit) =>
                db.AdverseEvents.AsNoTracking().Where(c => c.PatientId == patient && (c.RecordedAt < at || (c.RecordedAt == at && c.Id < id)))
                    .OrderByDescending(c => c.RecordedAt).ThenByDescending(c => c.Id).Take(limit));

        private sealed record Key(DateTimeOffset RecordedAt, Guid Id);

        public Task<Result<Page<AdverseEventResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<AdverseEventResponse>>(async after =>
            {
                var found = after is null ? First(db, query.PatientId, query.Limit + 1) : Next(db, query.PatientId, after.RecordedAt, new AdverseEventId(after.Id), query.Limit + 1);
                var page = await found.Select(e => AdverseEventResponse.Of(e)).ToListAsync(ct);
                return page.Count > 0 || await db.IsOursAsync(query.PatientId, ct) ? page.ToPage(query.Limit, e => new Key(e.RecordedAt, e.Id.Value)) : Patient.NotFound;
            });
        }
    }
}
