using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Titration;

/// <summary>Reads one titration schedule.</summary>
public static class GetTitration
{
    public sealed record Query(PatientId PatientId, TitrationScheduleId Id) : IQuery<Result<ScheduleResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/titration-schedules/{titrationScheduleId}", Get)
        .WithName(nameof(GetTitration))
        .WithSummary("Read a titration schedule")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<ScheduleResponse>, ProblemHttpResult>> Get(
        PatientId patientId, TitrationScheduleId titrationScheduleId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, titrationScheduleId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<ScheduleResponse>>
    {
        public async Task<Result<ScheduleResponse>> Handle(Query query, CancellationToken ct)
        {
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            return await db.TitrationSchedules.AsNoTracking().SingleOrDefaultAsync(s => s.PatientId == query.PatientId && s.Id == query.Id, ct) is { } found
                ? ScheduleResponse.Of(found, patient.DayAt(clock.GetUtcNow()))
                : Problem.NotFound;
        }
    }
}

/// <summary>A patient's titration schedules, oldest first.</summary>
public static class ListTitrations
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<ScheduleResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/titration-schedules", Get)
        .WithName(nameof(ListTitrations))
        .WithSummary("List a patient's titration schedules")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<ScheduleResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<Page<ScheduleResponse>>>
    {
        private sealed record Key(Guid Id);

        public Task<Result<Page<ScheduleResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<ScheduleResponse>>(async after =>
            {
                var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
                var last = new TitrationScheduleId(after?.Id ?? Guid.Empty);
                var found = await db.TitrationSchedules.AsNoTracking().Where(s => s.PatientId == query.PatientId && s.Id > last)
                    .OrderBy(s => s.Id).Take(query.Limit + 1).ToListAsync(ct);
                var today = patient.DayAt(clock.GetUtcNow());
                return found.ConvertAll(s => ScheduleResponse.Of(s, today)).ToPage(query.Limit, s => new Key(s.Id.Value));
            });
        }
    }
}
