using LdnApi.Auth;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.AdverseEvents;

/// <summary>Records an adverse event, then evaluates the patient in the light of it.</summary>
public static class ReportAdverseEvent
{
    public sealed record Command(PatientId PatientId, AdverseEventBody Report) : ICommand<Result<AdverseEventResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/adverse-events", Post)
        .Accepts<AdverseEventBody>("application/json")
        .WithName(nameof(ReportAdverseEvent))
        .WithSummary("Report an adverse event")
        .WithDescription("A suicidal event raises its follow-up even when the rest is refused; the refusal then names it as `followUps`. "
            + "Earlier reports that may be of the same event are named as `possibleDuplicates`; nothing is refused because of them.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<AdverseEventResponse>, ProblemHttpResult>> Post(
        PatientId patientId, Submission<AdverseEventBody> submission, IMediator mediator, CancellationToken ct) =>
        (await submission.Body.ThenAsync(body => mediator.Send(new Command(patientId, body), ct))).ToCreated(e => $"/api/v1/patients/{patientId}/adverse-events/{e.Id}");

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, Treatment treatment, TimeProvider clock) : ICommandHandler<Command, Result<AdverseEventResponse>>
    {
        public async Task<Result<AdverseEventResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (command.Report.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            var adverseEvent = new AdverseEvent
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<AdverseEventId>(),
                PatientId = patient.Id,
                Term = command.Report.Term,
                Severity = command.Report.Severity,
                ReceivedOn = command.Report.ReceivedOn ?? patient.DayAt(now),
                RecordedAt = now,
                SeverityKnownAt = now,
            };
            command.Report.CopyTo(adverseEvent, now);
            var batch = new RecordBatch(db);
            var basis = monitor.Ask(batch, patient);
            await batch.ReadAsync(ct);
            if (await treatment.FillAsync(adverseEvent, basis.Facts, basis.Settings().Settings, "$", ct) is { } unknown)
            {
                return unknown;
            }

            var similar = DuplicateSearch.Among(basis.Facts.AdverseEvents, DuplicateSearch.OutlineOf(adverseEvent));
            db.Append(adverseEvent);
            basis.Facts.Add(adverseEvent);
            return await Sourced.OrTakenAsync(async () =>
            {
                if (adverseEvent.SourceId is not null)
                {
                    await db.SendWaitingAsync(ct); // now, where it can be told that the source is taken
                }

                return AdverseEventResponse.Of(adverseEvent, await monitor.ReviewAsync(basis, now, ct), similar);
            });
        }
    }
}

/// <summary>Works out what was taken on the onset day, from the patient's facts.</summary>
public sealed class Treatment(LdnDbContext db, ClinicSettings settings)
{
    /// <param name="at">Where the report stands in the request.</param>
    /// <returns>Why it cannot be: a prescription or a medicine that is not the patient's. Null when it is filled in.</returns>
    public async Task<Problem?> FillAsync(AdverseEvent adverseEvent, Patient patient, string at, CancellationToken ct)
    {
        var batch = new RecordBatch(db);
        var facts = AskedFacts.Of(batch, patient);
        var inForce = settings.AskCurrent(batch);
        await batch.ReadAsync(ct);
        return await FillAsync(adverseEvent, facts, inForce().Settings, at, ct);
    }

    internal async Task<Problem?> FillAsync(AdverseEvent adverseEvent, AskedFacts facts, RuleSettings rules, string at, CancellationToken ct)
    {
        if (adverseEvent.SuspectPrescriptionId is { } suspect && !facts.Prescriptions.Any(p => p.Id == suspect))
        {
            return Problem.Refused("unknown-prescription", "The patient has no such prescription.", $"{at}.suspectPrescriptionId", "Must be a prescription of this patient.");
        }

        var (patient, named) = (adverseEvent.PatientId, adverseEvent.ConcomitantMedicationIds);
        if (named.Count > 0 && await db.Medications.CountAsync(m => m.PatientId == patient && named.Contains(m.Id), ct) < named.Count)
        {
            return Problem.Refused("unknown-medication", "The patient has no such medicine on record.", $"{at}.concomitantMedicationIds", "Must be medicines of this patient.");
        }

        var taken = adverseEvent.OnsetOn is { } onset ? TreatmentAtOnset.Of(facts.Facts(), rules, onset) : null;
        (adverseEvent.DoseAtOnsetMg, adverseEvent.DaysSinceIncrease) = (taken?.DoseMg, taken?.DaysSinceIncrease);
        return null;
    }
}

/// <summary>Finds earlier reports that may be of the same event.</summary>
public sealed class DuplicateSearch(LdnDbContext db)
{
    private const int Most = 20;

    /// <returns>The nearest first.</returns>
    public async Task<IReadOnlyList<PossibleDuplicate>> FindAsync(PatientId patient, ReportOutline outline, CancellationToken ct) =>
        Among(await db.AdverseEvents.AsNoTracking().Where(e => e.PatientId == patient && e.Status != RecordStatus.EnteredInError).ToListAsync(ct), outline);

    /// <param name="others">The patient's reports that were not retracted.</param>
    /// <returns>The nearest first.</returns>
    public static IReadOnlyList<PossibleDuplicate> Among(IEnumerable<AdverseEvent> others, ReportOutline outline) =>
    [
        .. others.Where(e => DuplicateReports.AreLikely(outline, OutlineOf(e)))
            .Select(e => new PossibleDuplicate(e.Id, e.Term, e.Severity, e.OnsetOn, e.FirstReceivedOn, DuplicateReports.DaysApart(outline, OutlineOf(e))))
            .OrderBy(d => d.DaysApart).ThenBy(d => d.Id.Value).Take(Most),
    ];

    public static ReportOutline OutlineOf(AdverseEvent e) => new(e.Term, e.Text, e.OnsetOn, e.FirstReceivedOn);
}
