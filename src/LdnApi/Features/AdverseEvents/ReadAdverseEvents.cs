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
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<AdverseEventResponse>>>, IConcernsPatient;

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
        private sealed record Key(DateTimeOffset RecordedAt, Guid Id);

        public Task<Result<Page<AdverseEventResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<AdverseEventResponse>>(async after =>
            {
                var found = db.AdverseEvents.AsNoTracking().Where(c => c.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new AdverseEventId(after.Id);
                    found = found.Where(c => c.RecordedAt < after.RecordedAt || (c.RecordedAt == after.RecordedAt && c.Id < id));
                }

                var page = await found.OrderByDescending(c => c.RecordedAt).ThenByDescending(c => c.Id).Take(query.Limit + 1).ToListAsync(ct);
                return page.ConvertAll(c => AdverseEventResponse.Of(c)).ToPage(query.Limit, c => new Key(c.RecordedAt, c.Id.Value));
            });
        }
    }
}
