namespace LdnApi.Clinical.Orders;

/// <summary>What a finding does to the order. Ranked upwards.</summary>
public enum FindingEffect
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Said, and nothing more.</summary>
    Warning,

    /// <summary>Goes through with a reason.</summary>
    OverrideRequired,

    /// <summary>Does not go through.</summary>
    Block,
}

/// <summary>What an order-time rule says of an order.</summary>
/// <param name="Rule">Its id, e.g. <c>R-12</c>, <c>age</c>.</param>
/// <param name="Message">One sentence for the prescriber. Never says who the patient is.</param>
/// <param name="Actions">What may be done: suggestions to a clinician.</param>
/// <param name="Hint"><c>decimal-slip</c>: a tenth of the dose would be usual.</param>
public sealed record Finding(
    string Rule, FindingEffect Effect, string Message, IReadOnlyList<FindingEvidence> Evidence, IReadOnlyList<string> Actions, string? Hint = null);

/// <summary>What a finding rests on: a value against its threshold, or a record.</summary>
/// <param name="Name">Stable kebab-case name, e.g. <c>dose</c>, <c>days-since-opioid</c>.</param>
/// <param name="Threshold">What the value was held against; null where being there is enough.</param>
/// <param name="Unit">mg, days, years, score, times-uln, mL/min/1.73m2; null without a value.</param>
/// <param name="Kind">The kind of record, e.g. <c>medication</c>; null for what was worked out.</param>
/// <param name="On">The clinical day it speaks of.</param>
/// <param name="Value">What it said, in the unit of the rule.</param>
/// <param name="Version">The version of the record that was read.</param>
public sealed record FindingEvidence(
    string Name, decimal? Value = null, decimal? Threshold = null, string? Unit = null, string? Kind = null, Guid? Id = null, long? Version = null, DateOnly? On = null);
