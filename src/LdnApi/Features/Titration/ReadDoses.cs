using LdnApi.Auth;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Titration;

/// <summary>The dose of a day: as planned, as prescribed, as taken.</summary>
public static class GetDose
{
    public sealed record Query(PatientId PatientId, TitrationScheduleId Id, DateOnly? On) : IQuery<Result<DayDose>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/titration-schedules/{titrationScheduleId}/dose", Get)
        .WithName(nameof(GetDose))
        .WithSummary("Read the planned, prescribed and actual dose of a day")
        .WithDescription(
            "`on` is a clinical day, today when absent. The actual dose is what the check-ins of the day report (`dose`), a missed one being 0; "
            + "without a report the dose counts as taken as prescribed, and `actualFrom` says so. A day that has not come has none.")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<DayDose>, ProblemHttpResult>> Get(
        PatientId patientId, TitrationScheduleId titrationScheduleId, DateOnly? on, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, titrationScheduleId, on), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<DayDose>>
    {
        public async Task<Result<DayDose>> Handle(Query query, CancellationToken ct)
        {
            if (query.On is { } asked && !Days.IsSane(asked))
            {
                return Problem.Invalid("on", "Must be a day from 1900 to 2199.");
            }

            var today = await db.TodayOfAsync(query.PatientId, clock, ct);
            return await db.DayDosesAsync(query.PatientId, query.Id, query.On ?? today, query.On ?? today, today, ct) is { } days ? days[0] : Problem.NotFound;
        }
    }
}

/// <summary>The doses of some days, and how well what was taken agrees with what was prescribed.</summary>
public static class ListDoses
{
    private const int LongestDays = 366;
    private const int UsualDays = 28;

    /// <param name="Adherence">As far as the patient reported it.</param>
    public sealed record Response(DateOnly From, DateOnly To, IReadOnlyList<DayDose> Days, Adherence Adherence);

    public sealed record Query(PatientId PatientId, TitrationScheduleId Id, DateOnly? From, DateOnly? To) : IQuery<Result<Response>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/titration-schedules/{titrationScheduleId}/doses", Get)
        .WithName(nameof(ListDoses))
        .WithSummary("Read the doses of some days, planned, prescribed and actual, with the adherence")
        .WithDescription($"`to` is today when absent, `from` {UsualDays} days up to it; at most {LongestDays} days.")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(
        PatientId patientId, TitrationScheduleId titrationScheduleId, DateOnly? from, DateOnly? to, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, titrationScheduleId, from, to), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var today = await db.TodayOfAsync(query.PatientId, clock, ct);
            var to = query.To ?? today;
            if (!Days.IsSane(to))
            {
                return Problem.Invalid("to", "Must be a day from 1900 to 2199.");
            }

            var from = query.From ?? to.AddDays(1 - UsualDays);
            if (!Days.IsSane(from) || to < from || to.DayNumber - from.DayNumber >= LongestDays)
            {
                return Problem.Invalid("from", $"Must be a day not after to, at most {LongestDays} days with it, from 1900 to 2199.");
            }

            return await db.DayDosesAsync(query.PatientId, query.Id, from, to, today, ct) is { } days ? new Response(from, to, days, Adherence.Of(days)) : Problem.NotFound;
        }
    }
}

internal static class DayDoses
{
    public static async Task<DateOnly> TodayOfAsync(this LdnDbContext db, PatientId patient, TimeProvider clock, CancellationToken ct) =>
        (await db.Patients.AsNoTracking().SingleAsync(p => p.Id == patient, ct)).DayAt(clock.GetUtcNow());

    /// <summary>The doses of each day of a period; null when the patient has no such schedule.</summary>
    public static async Task<List<DayDose>?> DayDosesAsync(
        this LdnDbContext db, PatientId patient, TitrationScheduleId id, DateOnly from, DateOnly to, DateOnly today, CancellationToken ct)
    {
        if (await db.TitrationSchedules.AsNoTracking().SingleOrDefaultAsync(s => s.PatientId == patient && s.Id == id, ct) is not { } schedule)
        {
            return null;
        }

        var prescription = await db.Prescriptions.AsNoTracking().SingleAsync(p => p.PatientId == patient && p.Id == schedule.PrescriptionId, ct);
        var reports = await db.CheckIns.AsNoTracking()
            .Where(c => c.PatientId == patient && c.On >= from && c.On <= to && c.Status != RecordStatus.EnteredInError
                && (c.DoseTakenAt != null || c.DoseTakenMg != null || c.DoseMissed != null))
            .OrderBy(c => c.ChangedAt).ThenBy(c => c.Id)
            .Select(c => new { c.On, Dose = new Administration(c.DoseTakenAt, c.DoseTakenMg, c.DoseMissed == true) })
            .ToListAsync(ct);
        var byDay = reports.ToLookup(r => r.On, r => r.Dose);
        return [.. Enumerable.Range(from.DayNumber, to.DayNumber - from.DayNumber + 1).Select(DateOnly.FromDayNumber).Select(day =>
            DayDose.Of(day, today, schedule.Plan.PlannedDoseOn(day), prescription.DoseOn(day), prescription.TimesPerDay, [.. byDay[day]]))];
    }
}
