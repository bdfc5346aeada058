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

/// <summary>The dose of a day: what the plan means and what is taken.</summary>
public static class GetDose
{
    /// <param name="PlannedDoseMg">mg; null where the plan does not say.</param>
    /// <param name="ActualDoseMg">mg; 0 = none.</param>
    public sealed record Response(DateOnly On, decimal? PlannedDoseMg, decimal ActualDoseMg);

    public sealed record Query(PatientId PatientId, TitrationScheduleId Id, DateOnly? On) : IQuery<Result<Response>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/titration-schedules/{titrationScheduleId}/dose", Get)
        .WithName(nameof(GetDose))
        .WithSummary("Read the planned and actual dose of a day")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(
        PatientId patientId, TitrationScheduleId titrationScheduleId, DateOnly? on, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, titrationScheduleId, on), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            if (query.On is { } asked && !Days.IsSane(asked))
            {
                return Problem.Invalid("on", "Must be a day from 1900 to 2199.");
            }

            if (await db.TitrationSchedules.AsNoTracking().SingleOrDefaultAsync(s => s.PatientId == query.PatientId && s.Id == query.Id, ct) is not { } schedule)
            {
                return Problem.NotFound;
            }

            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            var prescription = await db.Prescriptions.AsNoTracking().SingleAsync(p => p.PatientId == query.PatientId && p.Id == schedule.PrescriptionId, ct);
            var on = query.On ?? patient.DayAt(clock.GetUtcNow());
            return new Response(on, schedule.Plan.PlannedDoseOn(on), prescription.DoseOn(on));
        }
    }
}
