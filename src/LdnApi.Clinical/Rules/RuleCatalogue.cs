using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Statistics;

namespace LdnApi.Clinical.Rules;

/// <summary>A threshold as the catalogue shows it.</summary>
/// <param name="Default">In the unit named.</param>
/// <param name="WithHistory">The default with an anxiety disorder on record, where it is another.</param>
public sealed record RuleThreshold(string Setting, decimal Default, decimal? WithHistory, string Unit)
{
    /// <summary>The value in force: the clinic's where it is a setting, else the default.</summary>
    public decimal Value { get; init; } = Default;

    /// <summary>The value in force with an anxiety disorder on record.</summary>
    public decimal? ValueWithHistory { get; init; } = WithHistory;
}

/// <summary>A rule, for those who ask what the system looks for.</summary>
/// <param name="Version">Rises with any change of the rule's verdict on any input.</param>
public sealed record RuleDescription(
    string Id, int Version, RuleFamily Family, string Name, string Meaning, IReadOnlyList<RuleThreshold> Thresholds,
    string Priority, IReadOnlyList<string> Actions, string Source);

/// <summary>Every rule that is in force. Defaults only: none is medical advice, and no rule changes a dose.</summary>
public static class RuleCatalogue
{
    /// <summary>Rises when any rule does.</summary>
    public const string RuleSetVersion = "1.1.0";

    private static readonly RuleSettings Defaults = RuleSettings.Default;

    public static readonly IReadOnlyList<RuleDescription> All =
    [
        new("R-01", 1, RuleFamily.Course, "early-notice", "With an anxiety disorder on record, one symptomatic day is worth a call.",
            [Points("symptomaticNrs", Defaults.SymptomaticNrs), Of("deltaNrs", Defaults.DeltaNrs, "points")],
            "soon", ["contact-patient", "hold-dose", "reassure-and-monitor"], "Patients with an anxiety history should reach their provider at once (source article)"),
        new("R-02", 1, RuleFamily.Course, "adjustment", "Several symptomatic days soon after the start or an increase: usually passes, holding the dose helps.",
            [Days("adjustmentMinOf7", Defaults.AdjustmentMinOf7), Of("adjustmentDays", Defaults.AdjustmentDays, "days")],
            "routine; soon with history", ["hold-dose", "relaxation-techniques", "sleep-hygiene", "avoid-stimulants"], "Jitteriness at the start of antidepressants: Sinclair 2009; window is our default"),
        new("R-03", 1, RuleFamily.Course, "emerging", "Most days of a week symptomatic although the dose has not risen lately.",
            [Days("emergingMinOf7", Defaults.EmergingMinOf7), Of("adjustmentDays", Defaults.AdjustmentDays, "days")],
            "routine; soon with history", ["repeat-gad7", "review-comedication", "consistent-timing"], "Our default"),
        new("R-04", 1, RuleFamily.Course, "persistent", "persistMinDays of the last persistWindowDays symptomatic, past the time of adjustment; rare reporters need fewer days.",
            [
                Of("persistMinDays", Defaults.PersistMinDays, "days"), Of("persistWindowDays", Defaults.PersistWindowDays, "days"), Of("sparseMinDays", Defaults.SparseMinDays, "days"),
                new("sparseRatio", Defaults.SparseRatio, null, "ratio"), Of("adjustmentDays", Defaults.AdjustmentDays, "days"), Of("adjustmentCapDays", Defaults.AdjustmentCapDays, "days"),
                Points("persistentUrgentMean", Defaults.PersistentUrgentMean),
            ],
            "soon; urgent with history or from a mean of persistentUrgentMean", ["reduce-slightly", "smaller-increments", "longer-interval", "repeat-gad7", "refer-mental-health"],
            "GAD-7 wording 'more than half the days' over two weeks (Spitzer 2006)"),
        new("R-05", 1, RuleFamily.Severe, "severe", "Severe or critical anxiety on any day, or a severe anxiety event, whatever the baseline.",
            [Points("severeNrs", Defaults.SevereNrs), Points("criticalNrs", Defaults.CriticalNrs)],
            "urgent; immediate when critical or CTCAE 4", ["contact-patient-now", "hold-dose", "refer-mental-health"], "ESAS severe from 7 (Selby 2010; Oldenmenger 2013); CTCAE v5.0"),
        new("R-06", 1, RuleFamily.Suicidality, "suicidality", "Any structured sign of self-harm or suicidality. Only a clinician closes it.",
            [], "immediate", ["emergency-protocol", "contact-patient-now"], "PHQ-9 item 9; C-SSRS screener"),
        new("R-07", 1, RuleFamily.Gad7, "gad-7", "A high GAD-7 total, or one that has risen over the baseline.",
            [
                new("severeTotal", Gad7Rule.SevereTotal, null, "points"), new("positiveTotal", Gad7Rule.PositiveTotal, null, "points"),
                new("meaningfulRise", Gad7Rule.MeaningfulRise, null, "points"), new("riseMinTotal", Gad7Rule.MildTotal, null, "points"), new("gad2Positive", Gad7Rule.Gad2Positive, null, "points"),
            ],
            "urgent from 15; soon from 10 or on a rise of 4", ["repeat-gad7", "hold-dose"], "Spitzer 2006; Toussaint 2020; Plummer 2016"),
        new("R-08", 1, RuleFamily.Course, "lasting-event", "A reported anxiety event that has not resolved for the length of the window. Time alone can make it true.",
            [Of("persistWindowDays", Defaults.PersistWindowDays, "days")],
            "mild routine, moderate soon, severe urgent", ["reduce-slightly", "smaller-increments", "longer-interval", "repeat-gad7", "refer-mental-health"], "Our default"),
        new("R-09", 1, RuleFamily.Course, "accompanied", "Another event of at least moderate severity within three days raises the priority one level, never above urgent.",
            [Days("accompanyingDays", CourseFold.AccompanyingDays)], "one level higher", [], "Severe anxiety with other troubling symptoms calls for contact at once (source article)"),
        new("R-17", 1, RuleFamily.Course, "inconsistent-timing",
            "Several of the last recorded intakes far from their time, or where none is named from the usual one; not of a dose divided over the day. An annotation, not a follow-up.",
            [
                new("farMinutes", IntakeTiming.FarMinutes, null, "minutes"), new("irregularFrom", IntakeTiming.IrregularFrom, null, "intakes"),
                new("mostIntakes", IntakeTiming.MostIntakes, null, "intakes"), new("lookBackDays", IntakeTiming.LookBackDays, null, "days"),
            ],
            "none", ["consistent-timing"], "The same time each day (source article); our default"),
        new("R-19", 1, RuleFamily.Opioid, "opioid", "An opioid taken during the therapy, or within the days after it that are still followed. Only a clinician closes it.",
            [Days("followAfterStopDays", Defaults.FollowAfterStopDays)],
            "immediate", ["contact-patient-now", "stop-ldn"], "Naltrexone labels: contraindicated with opioids"),
        new("R-23", 1, RuleFamily.Course, "stimulant", "Much caffeine, or a stimulant or sympathomimetic taken, on a symptomatic day. An annotation, not a follow-up.",
            [new("stimulantCaffeineMg", CourseAnnotations.StimulantCaffeineMg, null, "mg")], "none", ["avoid-stimulants"], "Caffeine and anxiety: Liu 2024; ATC lists"),
        new("R-24", 1, RuleFamily.Course, "co-medication", "A medicine that acts on mood, started or changed shortly before the episode. An annotation, not a follow-up.",
            [new("coMedicationDays", CourseAnnotations.CoMedicationDays, null, "days")], "none", ["review-comedication"], "Jitteriness at the start of antidepressants: Sinclair 2009; ATC lists"),
        new("R-27", 1, RuleFamily.Missing, "missing-check-ins", "No report for days while the dose is new or a follow-up is open. Silence is not calm.",
            [Days("missingDays", Defaults.MissingDays), Days("missingWatchDays", Defaults.MissingWatchDays)],
            "routine", ["contact-patient"], "Our default"),
        new("R-28", 1, RuleFamily.Course, "positive-dechallenge",
            "After a decrease the median anxiety of the third to thirteenth day lies two points or more below that of the week before. An annotation, not a follow-up.",
            [new("dechallengeFall", Challenges.MeaningfulFall, null, "points"), new("dechallengeMinReports", Challenges.LeastReported, null, "days")],
            "none", [], "WHO-UMC; Naranjo; points and days are our default"),
        new("R-29", 1, RuleFamily.Course, "positive-rechallenge",
            "It came back within 14 days of an increase to at least the dose under which it had begun. An annotation, not a follow-up.",
            [new("rechallengeDays", CourseFold.RechallengeDays, null, "days")], "raises to soon", ["reduce-slightly"], "WHO-UMC; Naranjo; days are our default"),
        new("R-30", 1, RuleFamily.Course, "dose-link", "Anxiety is higher on days with a higher dose, by rank. An association, not proof. An annotation, not a follow-up.",
            [
                new("doseLinkTau", (decimal)CourseAnnotations.DoseLinkTau, null, "tau"), new("doseLinkP", (decimal)CourseAnnotations.DoseLinkP, null, "probability"),
                new("doseLinkMinPairs", Association.LeastPairs, null, "days"),
            ],
            "none", [], "Kendall's tau-b; strength and level are our default"),
        new("R-31", 1, RuleFamily.Course, "poor-sleep", "Poor nights in the week of an open course. An annotation, not a follow-up.",
            [new("poorSleepQuality", CourseAnnotations.PoorSleepQuality, null, "points"), new("poorSleepMinOf7", CourseAnnotations.PoorSleepMinOf7, null, "days")],
            "none", ["sleep-hygiene", "shift-to-morning"], "Trouble sleeping is common at the start, and feeds anxiety (source article); our default"),
        new("R-32", 1, RuleFamily.Serious, "serious-event", "An adverse event with any seriousness criterion. The regulatory report is due 15 days after first receipt.",
            [Days("regulatoryDays", SafetyReport.RegulatoryDays)], "urgent", ["contact-patient-now", "report-serious-event"], "ICH E2D; 21 CFR 314.80"),
    ];

    /// <summary>Every rule, with the values that a clinic has chosen beside the defaults.</summary>
    public static IReadOnlyList<RuleDescription> Under(RuleSettings settings) => [.. All.Select(rule => rule with { Thresholds = InForce(rule.Thresholds, settings) })];

    /// <summary>Thresholds with the clinic's values where they are settings.</summary>
    internal static IReadOnlyList<RuleThreshold> InForce(IReadOnlyList<RuleThreshold> thresholds, RuleSettings settings) =>
    [
        .. thresholds.Select(t => RuleSettingCatalogue.All.FirstOrDefault(s => s.Name == t.Setting)?.Of(settings) is { } value
            ? t with { Value = value.Standard, ValueWithHistory = value.WithHistory }
            : t),
    ];

    private static RuleThreshold Points(string setting, int value) => new(setting, value, null, "points");

    private static RuleThreshold Days(string setting, int value) => new(setting, value, null, "days");

    private static RuleThreshold Of(string setting, HistorySetting value, string unit) => new(setting, value.Standard, value.WithHistory, unit);
}
