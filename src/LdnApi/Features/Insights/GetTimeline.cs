using LdnApi.Auth;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Time;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Insights;

/// <summary>Dose, mood and follow-up of a patient on one axis of days. Reading changes nothing.</summary>
public static class GetTimeline
{
    private const int LongestDays = 366;
    private const int UsualDays = 90;

    /// <summary>One day.</summary>
    /// <param name="PlannedDoseMg">mg per day that a titration means; absent where none says anything.</param>
    /// <param name="PrescribedDoseMg">mg per day in total; 0 = none.</param>
    /// <param name="ActualDoseMg">mg that the check-ins report, else as prescribed (see <paramref name="ActualFrom"/>); absent for a day that has not come.</param>
    /// <param name="DaysSinceIncrease">Days from the latest start, increase or restart of the dose; absent before the first.</param>
    /// <param name="Anxiety">Daily anxiety, 0–10: the highest of anxiety, nervousness, restlessness and agitation that was reported.</param>
    /// <param name="Mood">0 the worst, 10 the best: as reported last.</param>
    /// <param name="SleepQuality">0 the worst, 10 the best: as reported last.</param>
    public sealed record Day(
        DateOnly On, decimal? PlannedDoseMg, decimal PrescribedDoseMg, decimal? ActualDoseMg, DoseSource? ActualFrom, int? DaysSinceIncrease, int? Anxiety, int? Mood, int? SleepQuality);

    /// <param name="Total">Points; absent when an answer is missing.</param>
    public sealed record Questionnaire(AssessmentId Id, Instrument Instrument, DateOnly TakenOn, int? Total, string? Band);

    public sealed record AdverseEventBar(AdverseEventId Id, AdverseEventTerm Term, Severity Severity, bool IsSerious, DateOnly? OnsetOn, DateOnly? ResolvedOn);

    public sealed record Flag(FollowUpId Id, RuleFamily Family, FollowUpLabel Label, FollowUpPriority Priority, FollowUpStatus Status, DateOnly OpenedOn, DateOnly? ClosedOn);

    /// <summary>Days on which a titration waited.</summary>
    /// <param name="To">The day on which it went on; absent while it waits.</param>
    public sealed record Hold(TitrationScheduleId TitrationScheduleId, DateOnly From, DateOnly? To);

    /// <param name="Days">Every day from <paramref name="From"/> to <paramref name="To"/>.</param>
    /// <param name="AdverseEvents">Those that touch the days, and those whose onset is not known.</param>
    public sealed record Response(
        PatientId PatientId, DateOnly From, DateOnly To, IReadOnlyList<Day> Days, IReadOnlyList<Questionnaire> Assessments, IReadOnlyList<AdverseEventBar> AdverseEvents,
        IReadOnlyList<Flag> FollowUps, IReadOnlyList<Hold> Holds);

    public sealed record Query(PatientId PatientId, DateOnly? From, DateOnly? To) : IQuery<Result<Response>>, IFindsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/timeline", Get)
        .WithName(nameof(GetTimeline))
        .WithSummary("Read doses, scores, questionnaires, adverse events, follow-ups and holds on one axis of days")
        .WithDescription($"`to` is today when absent, `from` {UsualDays} days up to it; at most {LongestDays} days. What was retracted is left out.")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(PatientId patientId, DateOnly? from, DateOnly? to, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, from, to), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, ClinicSettings settings, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        /// <summary>What the axis needs of a check-in.</summary>
        private sealed record Report(
            CheckInId Id, long Version, DateOnly On, DateTimeOffset ChangedAt, int? Anxiety, int? Nervousness, int? Restlessness, int? Agitation, int? Mood, int? SleepQuality,
            TimeOnly? DoseTakenAt, decimal? DoseTakenMg, bool? DoseMissed)
        {
            public CheckInFact ToFact(Patient patient) => new(
                Id.Value, Version, On, new Known(patient.DayAt(ChangedAt), ChangedAt), Anxiety, Nervousness, Restlessness, Agitation, null, SleepQuality, null, DoseTakenAt, DoseTakenMg, DoseMissed);
        }

        /// <summary>What the axis needs of an adverse event.</summary>
        private sealed record Event(AdverseEventId Id, AdverseEventTerm Term, Severity Severity, List<SeriousnessCriterion> Seriousness, DateOnly? OnsetOn, DateOnly? ResolvedOn);

        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            if (query.To is { } asked && !Days.IsSane(asked))
            {
                return Problem.Invalid("to", "Must be a day from 1900 to 2199.");
            }

            // Where the patient lives it may be a day sooner or later than here; which, is known once the patient is read.
            var now = clock.GetUtcNow();
            var (earliest, latest) = (DateOnly.FromDateTime(now.UtcDateTime).AddDays(-1), DateOnly.FromDateTime(now.UtcDateTime).AddDays(1));
            var since = query.From ?? (query.To ?? earliest).AddDays(1 - UsualDays);
            if (!Days.IsSane(since) || (query.To ?? latest) < since || (query.To ?? earliest).DayNumber - since.DayNumber >= LongestDays)
            {
                return Problem.Invalid("from", $"Must be a day not after to, at most {LongestDays} days with it, from 1900 to 2199.");
            }

            var id = query.PatientId.Value;
            var batch = new RecordBatch(db);
            var patients = batch.All<Patient>("id = $2", id);
            var prescriptions = batch.All<Prescription>($"patient_id = $2 AND {PatientFactsReader.Counts}", id);
            var schedules = batch.All<TitrationSchedule>("patient_id = $2 ORDER BY id", id);
            var reports = batch.All<CheckIn, Report>($"""patient_id = $2 AND "on" BETWEEN $3 AND $4 AND {PatientFactsReader.Counts} ORDER BY changed_at, id""", id, since, query.To ?? latest);
            var assessments = batch.All<Assessment, Questionnaire>($"patient_id = $2 AND taken_on BETWEEN $3 AND $4 AND {PatientFactsReader.Counts} ORDER BY taken_on, id", id, since, query.To ?? latest);
            var events = batch.All<AdverseEvent, Event>($"patient_id = $2 AND {PatientFactsReader.Counts} ORDER BY onset_on, id", id);
            var followUps = batch.All<FollowUp, Flag>("patient_id = $2 ORDER BY opened_on, id", id);
            var inForce = settings.AskCurrent(batch);
            await batch.ReadAsync(ct);
            if (patients is not [var patient])
            {
                return Patient.NotFound;
            }

            var today = patient.DayAt(now);
            var to = query.To ?? today;
            var from = query.From ?? to.AddDays(1 - UsualDays);
            if (from > to)
            {
                return Problem.Invalid("from", "Must be a day not after to.");
            }

            return new Response(
                patient.Id, from, to,
                DaysOf(patient, prescriptions, schedules, reports, inForce().Settings, from, to, today),
                [.. assessments.Where(a => a.TakenOn <= to && a.TakenOn >= from)],
                [.. events.Where(e => (e.OnsetOn ?? from) <= to && (e.ResolvedOn ?? to) >= from).Select(e => new AdverseEventBar(e.Id, e.Term, e.Severity, e.Seriousness.Count > 0, e.OnsetOn, e.ResolvedOn))],
                [.. followUps.Where(f => f.OpenedOn <= to && (f.ClosedOn ?? to) >= from)],
                [.. schedules.SelectMany(HoldsOf).Where(h => h.From <= to && (h.To ?? to) >= from)]);
        }

        private static List<Day> DaysOf(
            Patient patient, List<Prescription> prescriptions, List<TitrationSchedule> schedules, List<Report> reports, RuleSettings settings, DateOnly from, DateOnly to, DateOnly today)
        {
            var byDay = reports.ToLookup(r => r.On);
            var facts = PatientFactsReader.ToFacts(patient, prescriptions, []) with { CheckIns = [.. reports.Select(r => r.ToFact(patient))] };
            return
            [
                .. DayAxis.Of(facts, settings, from, to).Select(day =>
                {
                    decimal? planned = null;
                    foreach (var schedule in schedules)
                    {
                        planned = schedule.Plan.PlannedDoseOn(day.On) is { } mg ? (planned ?? 0) + mg : planned;
                    }

                    var timesPerDay = 1;
                    foreach (var prescription in prescriptions)
                    {
                        timesPerDay = prescription.DoseOn(day.On) > 0 ? Math.Max(timesPerDay, prescription.TimesPerDay) : timesPerDay;
                    }

                    var (administrations, mood, sleepQuality) = (new List<Administration>(), (int?)null, (int?)null);
                    foreach (var report in byDay[day.On])
                    {
                        if (report.DoseTakenAt is not null || report.DoseTakenMg is not null || report.DoseMissed is not null)
                        {
                            administrations.Add(new Administration(report.DoseTakenAt, report.DoseTakenMg, report.DoseMissed == true));
                        }

                        (mood, sleepQuality) = (report.Mood ?? mood, report.SleepQuality ?? sleepQuality);
                    }

                    var dose = DayDose.Of(day.On, today, planned, day.DoseMg, timesPerDay, administrations);
                    return new Day(
                        day.On, dose.PlannedDoseMg, dose.PrescribedDoseMg, dose.ActualDoseMg, dose.ActualFrom, day.DaysSinceIncrease, day.Anxiety, mood, sleepQuality);
                }),
            ];
        }

        /// <summary>From each hold to whatever else was done next.</summary>
        private static IEnumerable<Hold> HoldsOf(TitrationSchedule schedule) => schedule.Changes.Index()
            .Where(c => c.Item.Action == TitrationAction.Hold)
            .Select(c => new Hold(schedule.Id, c.Item.On, schedule.Changes.Skip(c.Index + 1).FirstOrDefault(next => next.Action is not (TitrationAction.Lengthen or TitrationAction.Hold))?.On));
    }
}
