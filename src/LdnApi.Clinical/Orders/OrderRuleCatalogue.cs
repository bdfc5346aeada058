using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Orders;

/// <summary>An order-time rule, for those who ask what an order is held against.</summary>
/// <param name="Version">Rises with any change of the rule's findings on any input.</param>
/// <param name="Effects">What it may do to an order.</param>
/// <param name="Thresholds">The limits, each with the value for patients with an anxiety history where it differs.</param>
public sealed record OrderRuleDescription(
    string Id, int Version, string Name, string Meaning, IReadOnlyList<RuleThreshold> Thresholds, IReadOnlyList<FindingEffect> Effects,
    IReadOnlyList<string> Actions, string Source);

/// <summary>Every order-time rule that is in force. It applies to prescriptions, changes of dose and titration steps; a decrease is always free.</summary>
public static class OrderRuleCatalogue
{
    public static readonly IReadOnlyList<OrderRuleDescription> All =
    [
        new(OrderRules.WhileSymptomatic, 1, "titration-while-symptomatic", "A start, increase or restart with symptomatic days in the week before, or an open COURSE or SEVERE follow-up.",
            [Limit("symptomaticMinDays", OrderLimits.SymptomaticMinDays, "days"), Limit("symptomaticWindowDays", OrderLimits.SymptomaticWindowDays, "days")],
            [FindingEffect.OverrideRequired], ["hold-dose", "reduce-slightly"], "Hold or reduce while anxious (source article)"),
        new("R-11", 1, "above-usual-range", "A dose above the usual range, within what was published.",
            [Limit("usualMaxMg", OrderLimits.UsualMaxMg, "mg"), Limit("lowDoseMaxMg", OrderLimits.LowDoseMaxMg, "mg")],
            [FindingEffect.OverrideRequired], ["confirm-intent"], "Source article; Toljan and Vrooman 2018; Bruun 2024"),
        new("R-12", 1, "above-low-dose-range", "A dose between the low and the standard one, or another active naltrexone.",
            [Limit("lowDoseMaxMg", OrderLimits.LowDoseMaxMg, "mg"), Limit("standardDoseMg", OrderLimits.StandardDoseMg, "mg")],
            [FindingEffect.OverrideRequired], ["correct-entry"], "Naltrexone labels; our default"),
        new("R-13", 1, "standard-dose", "A dose of the standard treatment: not low-dose naltrexone, most often a slip.",
            [Limit("standardDoseMg", OrderLimits.StandardDoseMg, "mg")],
            [FindingEffect.Block], ["correct-entry"], "Naltrexone labels"),
        new("R-14", 1, "high-start", "A first dose above the usual start; lower with an anxiety history or a sensitive patient.",
            [new("firstDoseMg", OrderLimits.FirstDoseMg, OrderLimits.CarefulFirstDoseMg, "mg")],
            [FindingEffect.Warning], ["start-lower"], "Source article; lower start: our default"),
        new("R-15", 1, "large-step", "A large increase; smaller with an anxiety history, a sensitive patient or an open COURSE follow-up.",
            [new("stepMg", OrderLimits.StepMg, OrderLimits.CarefulStepMg, "mg")],
            [FindingEffect.Warning], ["smaller-increments"], "Published titrations; our default"),
        new("R-16", 1, "fast-step", "An increase soon after the one before it, the start included.",
            [new("stepDays", OrderLimits.StepDays, OrderLimits.CarefulStepDays, "days")],
            [FindingEffect.Warning], ["longer-interval"], "Published titrations; our default"),
        new("R-18", 1, "restart-after-gap", "The same or a higher dose after a gap.",
            [Limit("restartGapDays", RuleSettings.Default.RestartGapDays, "days")],
            [FindingEffect.Warning], ["re-titrate"], "Pharmacists' advice; our default"),
        new("R-19", 1, "opioid", "An active opioid, opioid dependence or withdrawal on record, a positive opioid screen or a failed naloxone challenge.",
            [], [FindingEffect.Block], ["do-not-start", "stop-ldn"], "Naltrexone labels"),
        new("R-20", 1, "opioid-free-interval", "Too few days since the last opioid; more after a long-acting one.",
            [
                Limit("opioidFreeDays", OrderLimits.OpioidFreeDays, "days"), Limit("opioidFreeSureDays", OrderLimits.OpioidFreeSureDays, "days"),
                Limit("longActingOpioidFreeDays", OrderLimits.LongActingOpioidFreeDays, "days"),
            ],
            [FindingEffect.Block, FindingEffect.Warning], ["wait-opioid-free", "naloxone-challenge"], "Naltrexone labels"),
        new("R-21", 1, "opioid-like", "A medicine that resembles an opioid or is taken in withdrawal; a peripheral opioid antagonist, for information.",
            [], [FindingEffect.Warning, FindingEffect.Info], ["review-comedication"], "Naltrexone labels; our default"),
        new("R-22", 1, "organ-or-pregnancy", "Acute hepatitis, liver failure, hypersensitivity or very high transaminases; high ones, poor kidneys, pregnancy, lactation or disulfiram.",
            [
                Limit("transaminaseBlockTimesUln", OrderLimits.TransaminaseBlockTimesUln, "times-uln"),
                Limit("transaminaseWarnTimesUln", OrderLimits.TransaminaseWarnTimesUln, "times-uln"), Limit("egfrMin", OrderLimits.EgfrMin, "mL/min/1.73m2"),
            ],
            [FindingEffect.Block, FindingEffect.Warning], ["clinician-decision"], "Naltrexone labels; CTCAE v5.0"),
        new("R-25", 1, "thyroid-or-immune", "Thyroid hormone or an immune medicine active at the start.",
            [], [FindingEffect.Info], ["check-tsh"], "Our default"),
        new("R-26", 1, "perioperative", "A procedure within days, or an opioid planned.",
            [Limit("procedureDays", OrderLimits.ProcedureDays, "days")],
            [FindingEffect.Warning], ["hold-dose", "re-titrate"], "Perioperative guidance"),
        new("age", 1, "age", "The patient is not of age on the start day.",
            [Limit("adultAge", OrderLimits.AdultAge, "years")],
            [FindingEffect.Block], [], "Not established under 18 (naltrexone labels)"),
        new("unit-check", 1, "unit-check", "The dose was given in micrograms and converted.",
            [], [FindingEffect.Info], ["confirm-intent"], "Our default"),
    ];

    private static readonly Dictionary<string, OrderRuleDescription> ById = All.ToDictionary(r => r.Id);

    public static OrderRuleDescription Of(string rule) => ById[rule];

    /// <summary>Every rule, with the values that a clinic has chosen beside the defaults.</summary>
    public static IReadOnlyList<OrderRuleDescription> Under(RuleSettings settings) =>
        [.. All.Select(rule => rule with { Thresholds = RuleCatalogue.InForce(rule.Thresholds, settings) })];

    private static RuleThreshold Limit(string setting, decimal value, string unit) => new(setting, value, null, unit);
}
