namespace LdnApi.Clinical.Rules;

/// <summary>What the rules say of one patient on one day, with the reasons.</summary>
public sealed record Evaluation(
    DateOnly AsOf,
    DateOnly? DayZero,
    decimal? Baseline,
    IReadOnlyList<FamilyEvaluation> Families,
    IReadOnlyList<RuleEvent> Events,
    IReadOnlyList<OpenFollowUp> Open,
    IReadOnlyList<DayAnxiety> Days)
{
    public FamilyEvaluation Of(RuleFamily family) => Families.Single(f => f.Family == family);
}

/// <summary>One family's verdict and what decided it.</summary>
/// <param name="Rule">The rule that decides, or comes nearest to deciding, e.g. <c>R-04</c>.</param>
/// <param name="DecidedOn">The day that the clauses speak of: of a raised family the day on which it last rose, else the last day.</param>
/// <param name="Distance">For a family that is not raised: the smallest change of one fact that would raise it; null where there is none.</param>
public sealed record FamilyEvaluation(
    RuleFamily Family,
    Verdict Verdict,
    FollowUpLabel? Label,
    FollowUpPriority? Priority,
    string Rule,
    IReadOnlyList<Clause> Clauses,
    Distance? Distance,
    IReadOnlyList<Evidence> Evidence,
    IReadOnlyList<string> ContributingFactors,
    IReadOnlyList<string> RecommendedActions,
    DateOnly DecidedOn);

/// <summary>One condition of a rule with the value found and the threshold it is held against.</summary>
/// <param name="Name">Stable kebab-case name, e.g. <c>symptomatic-days-in-window</c>.</param>
/// <param name="Rule">The rule it belongs to.</param>
/// <param name="Value">Null when it could not be worked out.</param>
/// <param name="Unit">days, score, ratio, points.</param>
/// <param name="Threshold">What it is held against, in the same unit.</param>
public sealed record Clause(string Name, string Rule, ClauseState Holds, decimal? Value, decimal? Threshold, string Unit);

/// <summary>The smallest change of one fact that would raise the family on the last day.</summary>
/// <param name="From">What the fact is now, in its own unit; absent when there is none.</param>
/// <param name="To">What it would have to be.</param>
public sealed record Distance(string Fact, DateOnly On, decimal? From, decimal To);

/// <summary>A record that a verdict rests on.</summary>
/// <param name="Kind"><c>check-in</c>, <c>adverse-event</c>, <c>assessment</c>, <c>medication</c>, <c>dose</c>.</param>
/// <param name="Version">The version of the record that was read.</param>
/// <param name="Value">What it said: a score, a total or mg.</param>
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
public sealed record DayAnxiety(DateOnly On, int Anxiety, bool Symptomatic);
