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
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<CheckInResponse>>>, IFindsPatient;

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
                var batch = new RecordBatch(db);
                var page = after is null
                    ? batch.All<CheckIn>("""patient_id = $2 ORDER BY "on" DESC, id DESC LIMIT $3""", query.PatientId.Value, query.Limit + 1)
                    : batch.All<CheckIn>("""patient_id = $2 AND ("on", id) < ($4, $5) ORDER BY "on" DESC, id DESC LIMIT $3""", query.PatientId.Value, query.Limit + 1, after.On, after.Id);
                await batch.ReadAsync(ct);
                return page.Count > 0 || await db.IsOursAsync(query.PatientId, ct)
                    ? page.ToPage(query.Limit, c => new Key(c.On, c.Id.Value)).Select(c => CheckInResponse.Of(c))
                    : Patient.NotFound;
            });
        }
    }
}
