namespace LdnApi.Clinical.Rules;

/// <summary>What happened to a patient's follow-ups up to a day, and which are then open: what the rules say, without the reasons.</summary>
/// <param name="AsOf">The last clinical day looked at.</param>
/// <param name="Events">In order of day, over all families.</param>
public record RuleFold(DateOnly AsOf, IReadOnlyList<RuleEvent> Events, IReadOnlyList<OpenFollowUp> Open);

/// <summary>What the rules say of one patient on one day, with the reasons.</summary>
public sealed record Evaluation(
    DateOnly AsOf,
    DateOnly? DayZero,
    decimal? Baseline,
    IReadOnlyList<FamilyEvaluation> Families,
    IReadOnlyList<RuleEvent> Events,
    IReadOnlyList<OpenFollowUp> Open,
    IReadOnlyList<DayAnxiety> Days) : RuleFold(AsOf, Events, Open)
{
    public FamilyEvaluation Of(RuleFamily family) => Families.Single(f => f.Family == family);
}

/// <summary>One family's verdict and what decided it.</summary>
/// <param name="Rule">The rule that decides, or comes nearest to deciding, e.g. <c>R-04</c>.</param>
/// <param name="Clauses">Every condition, whether it holds or not.</param>
/// <param name="Distance">For a family that is not raised: the smallest change of one fact that would raise it.</param>
/// <param name="NoDistance">For a family that is not raised: why no single change would raise it.</param>
/// <param name="StillNeeded">For insufficient data: what would suffice.</param>
/// <param name="Evidence">The records that the clauses rest on.</param>
/// <param name="Annotations">What else is known that may explain a raised course; never a follow-up of its own.</param>
/// <param name="DecidedOn">The day that the clauses speak of: of a raised family the day on which it last rose, else the last day.</param>
public sealed record FamilyEvaluation(
    RuleFamily Family,
    Verdict Verdict,
    FollowUpLabel? Label,
    FollowUpPriority? Priority,
    string Rule,
    IReadOnlyList<Clause> Clauses,
    Distance? Distance,
    DistanceObstacle? NoDistance,
    NeededEvidence? StillNeeded,
    IReadOnlyList<Evidence> Evidence,
    IReadOnlyList<string> ContributingFactors,
    IReadOnlyList<Annotation> Annotations,
    IReadOnlyList<string> RecommendedActions,
    DateOnly DecidedOn);

/// <summary>One condition of a rule with the value found and the threshold it is held against.</summary>
/// <param name="Name">Stable kebab-case name, e.g. <c>symptomatic-days-in-window</c>.</param>
/// <param name="Rule">The rule it belongs to.</param>
/// <param name="Holds">Unknown when what is missing could decide either way: a day without a report is never read as calm.</param>
/// <param name="Value">Null when it could not be worked out.</param>
/// <param name="Threshold">What it is held against, in the same unit; null for a flag.</param>
/// <param name="Unit">days, score, ratio, points, …</param>
/// <param name="Records">Ids of the records it rests on; they are among the evidence.</param>
public sealed record Clause(string Name, string Rule, ClauseState Holds, decimal? Value, decimal? Threshold, string Unit, IReadOnlyList<Guid> Records);

/// <summary>
/// The smallest change of one fact that would raise a family on the last day: of what the days brought the fewest units, and of equals the later day; where
/// none of that is enough, of the patient's own record; then a record that is not there yet.
/// </summary>
/// <param name="Kind">The kind of record, as in the evidence.</param>
/// <param name="Id">The record to change; null for one that is not there yet, and where it is not known.</param>
/// <param name="Fact">What of it. <c>anxiety</c> is the daily anxiety, <c>reported</c> whether the day has a report; <c>severity</c> counts 0 mild, 1 moderate, 2 severe.</param>
/// <param name="On">The day that it speaks of.</param>
/// <param name="From">The present value; null when there is none.</param>
/// <param name="To">The value that would raise the family; null for a day that moves.</param>
/// <param name="MovedTo">For a day that moves: where to.</param>
/// <param name="Unit">points, days, levels, grades, flag.</param>
/// <param name="Size">By how many units.</param>
public sealed record Distance(string Kind, Guid? Id, string Fact, DateOnly On, decimal? From, decimal? To, DateOnly? MovedTo, string Unit, int Size);

/// <summary>Why no single change of a fact would raise a family.</summary>
public enum DistanceObstacle
{
    /// <summary>The family needs a therapy, and no dose has been taken.</summary>
    BeforeFirstDose,

    /// <summary>The therapy is over, and the days that are followed after it too.</summary>
    OutsideTherapy,

    /// <summary>A clinician closed it, and what was known by then raises it no more.</summary>
    ClosedByClinician,

    /// <summary>It would take more than one.</summary>
    MoreThanOneChange,
}

/// <summary>What there is too little of.</summary>
public enum NeededEvidenceKind
{
    /// <summary>Days with a report, in a window.</summary>
    ReportedDays,

    /// <summary>A GAD-7 with every answer.</summary>
    CompleteGad7,
}

/// <param name="Count">How many more.</param>
/// <param name="Present">How many there are.</param>
/// <param name="Required">How many are needed.</param>
/// <param name="From">The first day of the window; null where there is none.</param>
/// <param name="To">Its last day.</param>
public sealed record NeededEvidence(NeededEvidenceKind What, int Count, int Present, int Required, DateOnly? From, DateOnly? To);

/// <summary>What else is known that may explain a course.</summary>
/// <param name="Rule">e.g. <c>R-31</c>.</param>
/// <param name="Factor">The contributing factor that it adds.</param>
/// <param name="Value">What was found; null where a record alone is the reason.</param>
/// <param name="Threshold">From where, or for days up to where, it counts.</param>
/// <param name="Unit">days, points, mg, intakes, tau.</param>
/// <param name="Evidence">The records it rests on.</param>
/// <param name="Actions">The actions that it adds.</param>
public sealed record Annotation(
    string Rule, string Factor, decimal? Value, decimal? Threshold, string Unit, IReadOnlyList<Evidence> Evidence, IReadOnlyList<string> Actions);

/// <summary>A record that a verdict rests on.</summary>
/// <param name="Kind"><c>check-in</c>, <c>adverse-event</c>, <c>assessment</c>, <c>medication</c>, <c>dose</c>, <c>patient</c>.</param>
/// <param name="Version">The version of the record that was read.</param>
/// <param name="Value">What it said: a score, a total, a grade, minutes or mg.</param>
public sealed record Evidence(string Kind, Guid? Id, long? Version, DateOnly On, decimal? Value);

/// <summary>An event of the canonical fold.</summary>
/// <param name="Label">After the event; at the closing when it closes.</param>
public sealed record RuleEvent(DateOnly On, RuleFamily Family, RuleEventType Type, FollowUpLabel Label, FollowUpPriority Priority);

/// <summary>A follow-up that the fold has open after its last day.</summary>
/// <param name="OpenedOn">The day of (re-)opening.</param>
/// <param name="Recurrence">How often it was opened again.</param>
public sealed record OpenFollowUp(
    RuleFamily Family, FollowUpLabel Label, FollowUpPriority Priority, DateOnly OpenedOn, DateOnly LastEvidenceOn, int Recurrence, bool Acknowledged);

/// <summary>Daily anxiety: the highest of anxiety, nervousness, restlessness and agitation over a day's accepted check-ins, 0–10.</summary>
/// <param name="Anxiety">0–10.</param>
public readonly record struct DayAnxiety(DateOnly On, int Anxiety, bool Symptomatic);
