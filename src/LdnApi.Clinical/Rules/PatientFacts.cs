using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Medicines;

namespace LdnApi.Clinical.Rules;

/// <summary>One patient's accepted facts as known at some moment. Retracted and replaced records are not among them.</summary>
/// <param name="AnxietyHistory">An anxiety disorder on record; null when unknown, which counts as no.</param>
/// <param name="BaselineAnxiety">Intake score, 0–10; null when none was taken.</param>
public sealed record PatientFacts(
    bool? AnxietyHistory,
    int? BaselineAnxiety,
    IReadOnlyList<DoseFact> Doses,
    IReadOnlyList<CheckInFact> CheckIns,
    IReadOnlyList<AdverseEventFact> AdverseEvents,
    IReadOnlyList<AssessmentFact> Assessments,
    IReadOnlyList<ClinicianAction> Actions)
{
    /// <summary>The record that holds history and intake score; null where facts come without one.</summary>
    public PatientRecordFact? Patient { get; init; }

    /// <summary>Other medicines the patient takes or took.</summary>
    public IReadOnlyList<MedicationFact> Medications { get; init; } = [];

    /// <summary>The clock times at which the dose is to be taken.</summary>
    public IReadOnlyList<IntakeTimeFact> IntakeTimes { get; init; } = [];

    /// <summary>The conditions on record that a rule looks for.</summary>
    public IReadOnlyList<ClinicalCondition> Conditions { get; init; } = [];

    /// <summary>Laboratory values and tests.</summary>
    public IReadOnlyList<ObservationFact> Observations { get; init; } = [];

    /// <summary>Procedures that are planned or were.</summary>
    public IReadOnlyList<ProcedureFact> Procedures { get; init; } = [];

    /// <summary>Null when unknown.</summary>
    public DateOnly? BirthDate { get; init; }

    /// <summary>The dose is raised with particular care.</summary>
    public bool IsSensitive { get; init; }
}

/// <summary>Another medicine. Active on a day when started on or before it and not stopped on or before it.</summary>
/// <param name="Atc">WHO ATC code, e.g. <c>N02AX02</c>.</param>
/// <param name="RxNorm">RxNorm ingredient, e.g. <c>10689</c>.</param>
/// <param name="StartedOn">Null = unknown: it was taken before anything else that is known.</param>
/// <param name="StoppedOn">The first day without it; null while it is taken.</param>
/// <param name="LongActing">An extended-release, transdermal or otherwise long-acting product.</param>
/// <param name="ChangedOn">The day on which its dose last changed.</param>
/// <param name="Known">When its present version became known.</param>
public sealed record MedicationFact(
    Guid Id, long Version, string? Atc, string? RxNorm, DateOnly? StartedOn, DateOnly? StoppedOn, Known Known, bool LongActing = false, DateOnly? ChangedOn = null)
{
    public bool IsActiveOn(DateOnly day) => !(StartedOn > day) && !(StoppedOn <= day);

    public bool Is(MedicineClass medicineClass) => MedicineLists.Of(medicineClass).Holds(Atc, RxNorm);

    /// <summary>By its ingredient, or by a product marked as long-acting.</summary>
    public bool IsLongActingOpioid => Is(MedicineClass.LongActingOpioid) || (LongActing && Is(MedicineClass.Opioid));
}

/// <summary>What was measured or tested.</summary>
public enum ObservationCode
{
    /// <summary>Alanine aminotransferase; times the upper limit of normal.</summary>
    Alt,

    /// <summary>Aspartate aminotransferase; times the upper limit of normal.</summary>
    Ast,

    /// <summary>Estimated glomerular filtration rate; mL/min/1.73 m².</summary>
    Egfr,

    /// <summary>Opioid screen of the urine: positive or not.</summary>
    OpioidScreen,

    /// <summary>Naloxone challenge: positive when it brought on withdrawal.</summary>
    NaloxoneChallenge,
}

/// <summary>A laboratory value or test. The latest of its code up to a day holds on that day; of several on one day the worst.</summary>
/// <param name="Value">In the unit of the code; null for a test that is positive or not.</param>
/// <param name="IsPositive">Null for a value.</param>
public sealed record ObservationFact(Guid Id, long Version, ObservationCode Code, DateOnly On, decimal? Value, bool? IsPositive, Known Known);

/// <summary>A procedure, most often one before which naltrexone is held.</summary>
public sealed record ProcedureFact(Guid Id, long Version, DateOnly PlannedOn, Known Known);

/// <summary>The actual dose from a day until the next entry.</summary>
/// <param name="DoseMg">mg per day; 0 = no dose is taken from that day on.</param>
/// <param name="Id">The prescription under which it changed; null when it is not known.</param>
/// <param name="Version">The prescription's version.</param>
public sealed record DoseFact(DateOnly On, decimal DoseMg, Guid? Id = null, long? Version = null);

/// <summary>The patient's own record, from which history and intake score come.</summary>
/// <param name="On">The day since which it is there.</param>
public sealed record PatientRecordFact(Guid Id, long Version, DateOnly On);

/// <summary>The clock time at which the dose is to be taken, from a day until the next entry.</summary>
/// <param name="At">Null when none is named.</param>
/// <param name="IsDivided">More than one intake a day: then no one time is the time of each.</param>
public sealed record IntakeTimeFact(DateOnly On, TimeOnly? At, bool IsDivided = false);

/// <summary>When a fact became known.</summary>
/// <param name="On">Clinical day in the patient's zone.</param>
/// <param name="At">The instant, when it is needed to order events of one day; null otherwise.</param>
public readonly record struct Known(DateOnly On, DateTimeOffset? At = null)
{
    /// <summary>Whether this became known after the other: on a later day, or later on the same day where both instants are known.</summary>
    public bool IsAfter(Known other) => On > other.On || (On == other.On && At is { } mine && other.At is { } theirs && mine > theirs);
}

/// <summary>A patient's own report of a day. Scores are 0–10; null = not answered.</summary>
/// <param name="SelfHarmThoughts">Null = not answered.</param>
/// <param name="SleepQuality">0–10, 10 is best.</param>
/// <param name="CaffeineMg">mg of caffeine on that day.</param>
/// <param name="DoseTakenAt">Clock time at which the day's dose was taken.</param>
/// <param name="DoseTakenMg">mg of the day's dose as taken.</param>
/// <param name="DoseMissed">True when the day's dose was not taken.</param>
public sealed record CheckInFact(
    Guid Id, long Version, DateOnly On, Known Known,
    int? Anxiety, int? Nervousness = null, int? Restlessness = null, int? Agitation = null, bool? SelfHarmThoughts = null,
    int? SleepQuality = null, int? CaffeineMg = null, TimeOnly? DoseTakenAt = null, decimal? DoseTakenMg = null, bool? DoseMissed = null);

/// <summary>An accepted adverse event.</summary>
/// <param name="OnsetOn">Null when the onset is not known: it then meets no rule that needs a duration.</param>
/// <param name="ResolvedOn">Null while ongoing.</param>
/// <param name="Known">When its present severity became known.</param>
/// <param name="ReceivedOn">When it was first received: the regulatory clock runs from it.</param>
public sealed record AdverseEventFact(
    Guid Id, long Version, AdverseEventTerm Term, Severity Severity, int? CtcaeGrade,
    DateOnly? OnsetOn, DateOnly? ResolvedOn, Known Known, DateOnly ReceivedOn, bool IsSerious = false);

/// <summary>A completed or partial questionnaire.</summary>
/// <param name="Total">Sum of the answers; null when one is missing.</param>
/// <param name="SelfHarmPositive">PHQ-9 item 9 ≥ 1, or any yes of the C-SSRS screener.</param>
public sealed record AssessmentFact(
    Guid Id, long Version, Instrument Instrument, DateOnly On, Known Known, int? Total, bool SelfHarmPositive = false);

/// <summary>A clinician's act, which takes effect at the end of its day, after the day's evidence.</summary>
public sealed record ClinicianAction(RuleFamily Family, ClinicianActionKind Kind, Known Known)
{
    public DateOnly On => Known.On;
}
