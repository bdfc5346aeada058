using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.CheckIns;

/// <summary>Reads one check-in.</summary>
public static class GetCheckIn
{
    public sealed record Query(PatientId PatientId, CheckInId Id) : IQuery<Result<CheckInResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(CheckIn);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/check-ins/{checkInId}", Get)
        .WithName(nameof(GetCheckIn))
        .WithSummary("Read a check-in")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<CheckInResponse>, ProblemHttpResult>> Get(PatientId patientId, CheckInId checkInId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, checkInId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<CheckInResponse>>
    {
        public async Task<Result<CheckInResponse>> Handle(Query query, CancellationToken ct) =>
            await db.CheckIns.AsNoTracking().SingleOrDefaultAsync(c => c.PatientId == query.PatientId && c.Id == query.Id, ct) is { } found
                ? CheckInResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's check-ins, latest day first.</summary>
public static class ListCheckIns
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<CheckInResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/check-ins", Get)
        .WithName(nameof(ListCheckIns))
        .WithSummary("List a patient's check-ins, latest day first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<CheckInResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<CheckInResponse>>>
    {
        private sealed record Key(DateOnly On, Guid Id);

        public Task<Result<Page<CheckInResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<CheckInResponse>>(async after =>
            {
                var found = db.CheckIns.AsNoTracking().Where(c => c.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new CheckInId(after.Id);
                    found = found.Where(c => c.On < after.On || (c.On == after.On && c.Id < id));
                }

                var page = await found.OrderByDescending(c => c.On).ThenByDescending(c => c.Id).Take(query.Limit + 1).ToListAsync(ct);
                return page.ConvertAll(c => CheckInResponse.Of(c)).ToPage(query.Limit, c => new Key(c.Date, c.Id.Value));
            });
        }
    }
}
