using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;

namespace LdnApi.Features.AdverseEvents;

/// <summary>A code of a code system such as SNOMED CT or MedDRA.</summary>
public sealed record EventCoding(
    [property: NotBlank(200)] string System, [property: NotBlank(40)] string Code, [property: StringLength(200)] string? Display = null);

/// <summary>Who told us.</summary>
public sealed record EventReporter(ReporterRole Role, [property: StringLength(200)] string? Name = null);

/// <summary>An adverse event as reported.</summary>
/// <param name="Text">The event in words; owed when the term is <c>other</c>.</param>
/// <param name="CtcaeGrade">CTCAE v5 grade, 1–5; refused where CTCAE has no such grade for the term.</param>
/// <param name="Seriousness">Seriousness criteria (ICH E2A). Not the same as severity. A suicide attempt is at least medically important; a fatal outcome or CTCAE grade 5 is serious by death.</param>
/// <param name="OnsetOn">The clinical day on which it began; absent = unknown.</param>
/// <param name="ConcomitantMedicationIds">Other medicines taken when it began, from the patient's medications.</param>
/// <param name="ReceivedOn">The clinical day on which it first became known; today when absent. Fixed by the report: an amendment leaves it out or repeats it.</param>
public sealed record AdverseEventBody(
    AdverseEventTerm Term,
    Severity Severity,
    [property: NotBlank(200)] string? Text = null,
    EventCoding? Coding = null,
    [property: Range(1, 5)] int? CtcaeGrade = null,
    [property: MaxLength(7)] IReadOnlyList<SeriousnessCriterion>? Seriousness = null,
    DateOnly? OnsetOn = null,
    DateOnly? ResolvedOn = null,
    AdverseEventOutcome? Outcome = null,
    ActionTaken? ActionTaken = null,
    PrescriptionId? SuspectPrescriptionId = null,
    [property: StringLength(4000)] string? Narrative = null,
    EventReporter? Reporter = null,
    DateOnly? ReceivedOn = null,
    [property: MaxLength(50)] IReadOnlyList<MedicationId>? ConcomitantMedicationIds = null,
    Source? Source = null) : ICarriesSelfHarmSign
{
    public static bool CarriesSign(JsonElement json) =>
        WireBody.ValuesOf(json, "term").Any(term => WireNames.TryParse<AdverseEventTerm>(WireBody.TextOf(term), out var known) && AdverseEventTerms.IsSuicidality(known));

    /// <param name="at">Where the report stands in the request.</param>
    internal Problem? Refusal(DateOnly today, string at = "$") =>
        Term == AdverseEventTerm.Other && Text is null ? Problem.Invalid($"{at}.text", "Must say what it is when the term is other.")
        : CtcaeGrade is { } grade && !AdverseEventTerms.AllowsGrade(Term, grade)
            ? Problem.Refused("impossible-grade", "CTCAE has no such grade for this term.", $"{at}.ctcaeGrade", "Must be a grade that CTCAE v5.0 has for the term.")
        : OnsetOn > today ? InFuture($"{at}.onsetOn")
        : ResolvedOn > today ? InFuture($"{at}.resolvedOn")
        : ReceivedOn > today ? InFuture($"{at}.receivedOn")
        : ResolvedOn < OnsetOn ? Problem.Refused("invalid-period", "The period ends before it begins.", $"{at}.resolvedOn", "Must not be before onsetOn.")
        : ReceivedOn < OnsetOn ? Problem.Refused("invalid-period", "The event was known before it began.", $"{at}.receivedOn", "Must not be before onsetOn.")
        : null;

    internal void CopyTo(AdverseEvent e, DateTimeOffset now)
    {
        var seriousness = SeriousnessOf().ToList();
        var rose = e.Term != Term || Severity > e.Severity || CtcaeGrade > (e.CtcaeGrade ?? 0) || seriousness.Except(e.Seriousness).Any();
        e.SeverityKnownAt = rose ? now : e.SeverityKnownAt;
        e.Term = Term;
        e.Text = Text;
        e.Coding = Coding is { } c ? new Coding(c.System, c.Code, c.Display) : null;
        e.Severity = Severity;
        e.CtcaeGrade = CtcaeGrade;
        e.Seriousness = seriousness;
        e.OnsetOn = OnsetOn;
        e.ResolvedOn = ResolvedOn;
        e.Outcome = Outcome;
        e.ActionTaken = ActionTaken;
        e.SuspectPrescriptionId = SuspectPrescriptionId;
        e.ConcomitantMedicationIds = [.. (ConcomitantMedicationIds ?? []).Distinct()];
        e.Narrative = Narrative;
        e.Reporter = Reporter is { } r ? new Reporter(r.Role, r.Name) : null;
        e.SourceSystem = Source?.System ?? e.SourceSystem; // an amendment that does not repeat it is still of that report
        e.SourceId = Source?.Id ?? e.SourceId;
    }

    /// <summary>What was said, and what cannot be otherwise: a fatal event (CTCAE 5) is serious by death, a suicide attempt at least medically important.</summary>
    private IEnumerable<SeriousnessCriterion> SeriousnessOf()
    {
        IEnumerable<SeriousnessCriterion> said = Seriousness ?? [];
        return Outcome == AdverseEventOutcome.Fatal || CtcaeGrade == 5 ? said.Prepend(SeriousnessCriterion.Death).Distinct()
            : Term == AdverseEventTerm.SuicideAttempt ? said.DefaultIfEmpty(SeriousnessCriterion.OtherMedicallyImportant).Distinct()
            : said.Distinct();
    }

    private static Problem InFuture(string path) => Problem.Refused("date-in-future", "A day lies in the future.", path, "Must not be after today, where the patient lives.");
}

/// <summary>An earlier report that may be of the same event.</summary>
/// <param name="DaysApart">Days between the onsets; where one is unknown its day of receipt stands in for it.</param>
public sealed record PossibleDuplicate(AdverseEventId Id, AdverseEventTerm Term, Severity Severity, DateOnly? OnsetOn, DateOnly ReceivedOn, int DaysApart);

/// <summary>An adverse event as read.</summary>
/// <param name="Category">The group of the term.</param>
/// <param name="DoseAtOnsetMg">mg per day in total on the onset day, from the prescriptions.</param>
/// <param name="DaysSinceIncrease">Days from the latest start, increase or restart of the dose to the onset.</param>
/// <param name="Causality">What persons have judged of the cause.</param>
/// <param name="ReceivedOn">The clinical day on which it first became known. Nothing that becomes known later moves it.</param>
/// <param name="RegulatoryDueOn">For a serious event: first received + 15 days.</param>
/// <param name="Complete">Whether the four minimum criteria of a safety report are met: patient, reporter, suspect medicine, event (ICH E2B).</param>
/// <param name="MissingCriteria">Those that are not.</param>
/// <param name="FollowUps">After a write: the follow-ups that it opened, raised, changed or closed.</param>
/// <param name="PossibleDuplicates">After a report: earlier ones that may be of the same event: same or sibling term, onsets at most 7 days apart, not retracted. Nearest first, at most 20.</param>
/// <param name="CtcaeGrade">CTCAE v5 grade, 1–5.</param>
public sealed record AdverseEventResponse(
    AdverseEventId Id, PatientId PatientId, AdverseEventTerm Term, AdverseEventCategory Category, string? Text, EventCoding? Coding, Severity Severity, int? CtcaeGrade,
    IReadOnlyList<SeriousnessCriterion> Seriousness, DateOnly? OnsetOn, DateOnly? ResolvedOn, AdverseEventOutcome? Outcome, ActionTaken? ActionTaken,
    PrescriptionId? SuspectPrescriptionId, decimal? DoseAtOnsetMg, int? DaysSinceIncrease, IReadOnlyList<MedicationId> ConcomitantMedicationIds, string? Narrative, EventReporter? Reporter, Causality? Causality,
    DateOnly ReceivedOn, DateOnly? RegulatoryDueOn, bool Complete, IReadOnlyList<MinimumCriterion> MissingCriteria, Source? Source, RecordStatus Status,
    DateTimeOffset RecordedAt, long Version, IReadOnlyList<ChangedFollowUp>? FollowUps, IReadOnlyList<PossibleDuplicate>? PossibleDuplicates) : IVersioned
{
    internal static AdverseEventResponse Of(
        AdverseEvent e, IReadOnlyList<ChangedFollowUp>? followUps = null, IReadOnlyList<PossibleDuplicate>? possibleDuplicates = null)
    {
        var missing = e.MissingCriteria();
        return new AdverseEventResponse(
            e.Id, e.PatientId, e.Term, AdverseEventTerms.CategoryOf(e.Term), e.Text, e.Coding is { } c ? new EventCoding(c.System, c.Code, c.Display) : null, e.Severity, e.CtcaeGrade,
            e.Seriousness, e.OnsetOn, e.ResolvedOn, e.Outcome, e.ActionTaken, e.SuspectPrescriptionId, e.DoseAtOnsetMg, e.DaysSinceIncrease, e.ConcomitantMedicationIds, e.Narrative,
            e.Reporter is { } r ? new EventReporter(r.Role, r.Name) : null, e.Causality, e.FirstReceivedOn, e.RegulatoryDueOn, missing.Count == 0, missing, e.Source(), e.Status,
            e.RecordedAt, e.Version, followUps, possibleDuplicates);
    }
}
