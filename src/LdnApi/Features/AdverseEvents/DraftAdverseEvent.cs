using LdnApi.Auth;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.AdverseEvents;

/// <summary>
/// Makes of a check-in or a follow-up the body of an adverse event, filled in as far as the record goes. Nothing is stored: a person reviews the draft and
/// reports it, and until then it starts no clock and no rule counts it.
/// </summary>
public static class DraftAdverseEvent
{
    public sealed record Source
    {
        /// <summary>The check-in, or else <see cref="FollowUpId"/>: course, severe, suicidality or gad-7.</summary>
        public CheckInId? CheckInId { get; init; }

        public FollowUpId? FollowUpId { get; init; }

        /// <summary>What it is, where the scores do not say so.</summary>
        [WireEnum(typeof(AdverseEventTerm))]
        public string? Term { get; init; }
    }

    /// <summary>A medicine that was taken on the onset day.</summary>
    /// <param name="Display">Its name, where the record has one.</param>
    public sealed record Concomitant(MedicationId Id, string? Atc, string? RxNorm, string? Display, DateOnly? StartedOn, DateOnly? StoppedOn);

    /// <param name="Draft">May be sent as it stands to report the event, or changed before.</param>
    /// <param name="DoseAtOnsetMg">mg per day in total on the onset day.</param>
    /// <param name="DaysSinceIncrease">Days from the latest start, increase or restart of the dose to the onset.</param>
    /// <param name="Concomitants">The medicines that the draft names, as they are on record.</param>
    /// <param name="ToReview">JSON paths of the draft that only a person can say: guessed, or missing.</param>
    /// <param name="PossibleDuplicates">Earlier reports that may be of the same event.</param>
    public sealed record Response(
        AdverseEventBody Draft, decimal? DoseAtOnsetMg, int? DaysSinceIncrease, IReadOnlyList<Concomitant> Concomitants, IReadOnlyList<string> ToReview,
        IReadOnlyList<PossibleDuplicate> PossibleDuplicates);

    public sealed record Query(PatientId PatientId, Source From) : IQuery<Result<Response>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/adverse-events/draft", Get)
        .WithName(nameof(DraftAdverseEvent))
        .WithSummary("Draft an adverse event from a check-in or a follow-up")
        .WithDescription("Onset, dose at onset, days since the last increase and concomitant medicines are filled in. Nothing is stored: review the draft, then report it.")
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(PatientId patientId, [AsParameters] Source source, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, source), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, PatientFactsReader reader, ClinicSettings settings, DuplicateSearch duplicates) : IQueryHandler<Query, Result<Response>>
    {
        private static readonly Problem NothingToDraft = Problem.Refused(
            "nothing-to-draft", "There is nothing in it that could be an adverse event.", "term", "Must be given where no score says what it is; of a follow-up it must rest on scores.");

        /// <summary>What is drafted, before the treatment is looked up.</summary>
        private sealed record Outline(SymptomDraft Event, DateOnly OnsetOn, DateTimeOffset ReceivedAt, EventReporter? Reporter);

        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            if ((query.From.CheckInId is null) == (query.From.FollowUpId is null))
            {
                return Problem.Invalid("checkInId", "Give checkInId or followUpId, not both.");
            }

            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            var rules = (await settings.CurrentAsync(ct)).Settings;
            var outline = query.From.CheckInId is { } checkIn ? await OfCheckInAsync(patient, checkIn, query.From.Term, rules, ct)
                : await OfFollowUpAsync(patient, query.From.FollowUpId!.Value, query.From.Term, rules, ct);
            return await outline.ThenAsync<Response>(async found => await FillAsync(patient, found, rules, ct));
        }

        private async Task<Result<Outline>> OfCheckInAsync(Patient patient, CheckInId id, string? term, RuleSettings rules, CancellationToken ct)
        {
            if (await db.CheckIns.AsNoTracking().SingleOrDefaultAsync(c => c.PatientId == patient.Id && c.Id == id, ct) is not { } checkIn)
            {
                return Problem.NotFound;
            }

            if (checkIn.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(checkIn.Status));
            }

            return Drafted(SymptomsOf(checkIn), term, rules) is { } drafted
                ? new Outline(drafted, checkIn.On, checkIn.RecordedAt, new EventReporter(ReporterRole.Patient))
                : NothingToDraft;
        }

        private async Task<Result<Outline>> OfFollowUpAsync(Patient patient, FollowUpId id, string? term, RuleSettings rules, CancellationToken ct)
        {
            if (await db.FollowUps.AsNoTracking().SingleOrDefaultAsync(f => f.PatientId == patient.Id && f.Id == id, ct) is not { } followUp)
            {
                return Problem.NotFound;
            }

            // The evidence is that of the last rise; what was reported since belongs to it too.
            var assessmentIds = EvidenceOf(followUp, "assessment").Select(e => new AssessmentId(e.Id!.Value)).ToList();
            var from = EvidenceOf(followUp, "check-in").Select(e => (DateOnly?)e.On).Min();
            var checkIns = await db.CheckIns.AsNoTracking()
                .Where(c => c.PatientId == patient.Id && c.On >= from && c.On <= followUp.LastEvidenceOn && c.Status != RecordStatus.EnteredInError)
                .OrderBy(c => c.On).ThenBy(c => c.Id).ToListAsync(ct);
            var assessments = await db.Assessments.AsNoTracking()
                .Where(a => a.PatientId == patient.Id && assessmentIds.Contains(a.Id) && a.Status != RecordStatus.EnteredInError).OrderBy(a => a.TakenOn).ToListAsync(ct);
            return followUp.Family switch
            {
                RuleFamily.Course or RuleFamily.Severe or RuleFamily.Suicidality when checkIns.Count > 0 =>
                    Drafted(Worst(checkIns), term, rules) is { } drafted ? new Outline(drafted, checkIns[0].On, checkIns.Min(c => c.RecordedAt), null) : NothingToDraft,
                RuleFamily.Suicidality when assessments.Count > 0 =>
                    new Outline(Drafted(new Symptoms(SelfHarmThoughts: true), term, rules)!, assessments[0].TakenOn, assessments.Min(a => a.RecordedAt), null),
                RuleFamily.Gad7 when assessments.LastOrDefault(a => a is { Instrument: Instrument.Gad7, Total: not null }) is { } latest =>
                    new Outline(Drafted(OfTotal(latest.Total!.Value, rules), term, rules)!, latest.TakenOn, latest.RecordedAt, null),
                _ => NothingToDraft,
            };
        }

        private static IEnumerable<Evidence> EvidenceOf(FollowUp followUp, string kind) => followUp.Evidence.Where(e => e.Kind == kind && e.Id is not null);

        private async Task<Response> FillAsync(Patient patient, Outline found, RuleSettings rules, CancellationToken ct)
        {
            var taken = TreatmentAtOnset.Of(await reader.ReadAsync(patient, ct), rules, found.OnsetOn);
            var prescriptions = await db.Prescriptions.AsNoTracking().Where(p => p.PatientId == patient.Id).OrderBy(p => p.StartsOn).ThenBy(p => p.Id).ToListAsync(ct);
            var concomitantIds = taken.Concomitants.Select(m => new MedicationId(m.Id)).ToList();
            var concomitants = await db.Medications.AsNoTracking()
                .Where(m => m.PatientId == patient.Id && concomitantIds.Contains(m.Id)).OrderBy(m => m.Id).ToListAsync(ct);
            var draft = new AdverseEventBody(
                found.Event.Term, found.Event.Severity, OnsetOn: found.OnsetOn, SuspectPrescriptionId: prescriptions.LastOrDefault(p => p.DoseOn(found.OnsetOn) > 0)?.Id,
                Reporter: found.Reporter, ReceivedOn: patient.DayAt(found.ReceivedAt), ConcomitantMedicationIds: concomitants.ConvertAll(m => m.Id));
            var outlined = new ReportOutline(draft.Term, draft.Text, draft.OnsetOn, draft.ReceivedOn!.Value);
            return new Response(
                draft, taken.DoseMg, taken.DaysSinceIncrease,
                concomitants.ConvertAll(m => new Concomitant(m.Id, m.Atc, m.Code?.Code, m.Code?.Display, m.StartedOn, m.StoppedOn)), [.. ToReview(draft)],
                await duplicates.FindAsync(patient.Id, outlined, ct));
        }

        private static IEnumerable<string> ToReview(AdverseEventBody draft) =>
        [
            "$.term", "$.severity", "$.seriousness",
            .. draft.Term == AdverseEventTerm.Other ? ["$.text"] : Array.Empty<string>(),
            .. draft.SuspectPrescriptionId is null ? ["$.suspectPrescriptionId"] : Array.Empty<string>(),
            .. draft.Reporter is null ? ["$.reporter"] : Array.Empty<string>(),
        ];

        private static SymptomDraft? Drafted(Symptoms symptoms, string? term, RuleSettings rules) => WireNames.TryParse<AdverseEventTerm>(term, out var chosen)
            ? SymptomDraft.As(chosen, symptoms, rules)
            : SymptomDraft.Of(symptoms, rules);

        private static Symptoms SymptomsOf(CheckIn c) => new(
            c.Anxiety, c.Nervousness, c.Restlessness, c.Agitation, c.Irritability, c.SleepQuality, c.VividDreams == true, c.SelfHarmThoughts == true);

        /// <summary>The highest of each score over the reports of a follow-up.</summary>
        private static Symptoms Worst(List<CheckIn> checkIns) => new(
            checkIns.Max(c => c.Anxiety), checkIns.Max(c => c.Nervousness), checkIns.Max(c => c.Restlessness), checkIns.Max(c => c.Agitation),
            SelfHarmThoughts: checkIns.Exists(c => c.SelfHarmThoughts == true));

        /// <summary>A GAD-7 total as a score of anxiety that is as strong: severe from 15, moderate from 10.</summary>
        private static Symptoms OfTotal(int total, RuleSettings rules) => new(
            Anxiety: total >= Gad7Rule.SevereTotal ? rules.SevereNrs : total >= Gad7Rule.PositiveTotal ? rules.SymptomaticNrs : 1);
    }
}
