namespace LdnApi.Clinical.Rules;

/// <summary>A threshold that a clinic may change: its unit, the bounds within which it may, and where the default comes from.</summary>
/// <param name="Name">As on the wire, e.g. <c>persistMinDays</c>.</param>
/// <param name="Unit">points (a score of 0–10), days, ratio.</param>
/// <param name="Minimum">The lowest value a clinic may choose. Bounds are our own: they keep each rule meaningful, none is a clinical recommendation.</param>
/// <param name="Maximum">The highest value a clinic may choose.</param>
/// <param name="Rules">The rules that look at it.</param>
/// <param name="Source">Where the default comes from.</param>
/// <param name="Of">Its value for everyone, and the one with an anxiety disorder on record where there are two.</param>
public sealed record RuleSettingDescription(
    string Name, string Unit, decimal Minimum, decimal Maximum, IReadOnlyList<string> Rules, string Meaning, string Source,
    Func<RuleSettings, (decimal Standard, decimal? WithHistory)> Of);

/// <summary>A setting that may not be so.</summary>
/// <param name="Setting">Its path on the wire, e.g. <c>persistMinDays.withHistory</c>.</param>
/// <param name="Rule">What it must be.</param>
public sealed record RuleSettingViolation(string Setting, string Rule);

/// <summary>Every setting of the rules with its bounds. No setting touches R-06: a sign of suicidality is raised under any of them.</summary>
public static class RuleSettingCatalogue
{
    /// <summary>The longest snooze that a clinic may allow. Days.</summary>
    public const int LongestSnoozeDays = 14;

    private const string OurDefault = "Our default";
    private const string Esas = "ESAS: 4 calls for assessment, 7 is severe (Selby 2010; Oldenmenger 2013)";
    private const string Gad7Wording = "GAD-7 answer 'more than half the days' over two weeks (Spitzer 2006)";
    private const string Jitteriness = "Jitteriness at the start of antidepressants passes in about two weeks (Sinclair 2009); the number is our default";

    public static readonly IReadOnlyList<RuleSettingDescription> All =
    [
        new("symptomaticNrs", "points", 2, 6, ["R-01", "R-02", "R-03", "R-04", "R-10"], "A day is symptomatic from this score.", Esas, s => (s.SymptomaticNrs, null)),
        new("deltaNrs", "points", 0, 4, ["R-01", "R-02", "R-03", "R-04", "R-10"], "Points above the patient's own baseline that make a day symptomatic.",
            "One point is the smallest change of a single item that matters (Hui 2016)", s => Both(s.DeltaNrs)),
        new("severeNrs", "points", 5, 8, ["R-05"], "A day is severe from this score, whatever the baseline.", Esas, s => (s.SevereNrs, null)),
        new("criticalNrs", "points", 7, 10, ["R-05"], "A day is critical from this score: a person must act now.", OurDefault, s => (s.CriticalNrs, null)),
        new("persistWindowDays", "days", 7, 28, ["R-04", "R-08"], "The window in which persistence is judged.", Gad7Wording, s => Both(s.PersistWindowDays)),
        new("persistMinDays", "days", 2, 28, ["R-04"], "Symptomatic days in the window that make it persistent.", Gad7Wording, s => Both(s.PersistMinDays)),
        new("sparseMinDays", "days", 2, 14, ["R-04"], "Symptomatic days that suffice for a patient who reports rarely.", OurDefault + ": half of persistMinDays", s => Both(s.SparseMinDays)),
        new("sparseRatio", "ratio", 0.5m, 1, ["R-04"], "Share of the reported days that must then be symptomatic.", OurDefault, s => (s.SparseRatio, null)),
        new("adjustmentDays", "days", 0, 28, ["R-02", "R-03", "R-04"], "After the start or an increase, anxiety may be adjustment for so long.", Jitteriness, s => Both(s.AdjustmentDays)),
        new("adjustmentMinOf7", "days", 1, 7, ["R-02"], "Symptomatic days of the last 7 that make an adjustment follow-up.", OurDefault, s => (s.AdjustmentMinOf7, null)),
        new("emergingMinOf7", "days", 1, 7, ["R-03"], "Symptomatic days of the last 7 that make an emerging follow-up.", OurDefault + ": more than half of a week", s => (s.EmergingMinOf7, null)),
        new("adjustmentCapDays", "days", 7, 42, ["R-04"], "An episode of this length is persistent whatever the dose steps.", OurDefault, s => Both(s.AdjustmentCapDays)),
        new("episodeGapDays", "days", 1, 14, ["R-04"], "Symptomatic days at most this far apart are one episode.", OurDefault, s => (s.EpisodeGapDays, null)),
        new("closeMinReported", "days", 3, 7, ["R-04", "R-05"], "Reported days of the last 7 that a quiet week needs before a follow-up closes by itself.", OurDefault + ": missing reports are not calm", s => (s.CloseMinReported, null)),
        new("reopenDays", "days", 0, 90, ["R-01", "R-02", "R-03", "R-04", "R-08"], "A course that comes back within this time is the same follow-up again.", OurDefault, s => (s.ReopenDays, null)),
        new("followAfterStopDays", "days", 7, 90, ["R-01", "R-02", "R-03", "R-04", "R-08", "R-19"], "How long after the last dose the course is still followed.",
            "DSM: an independent disorder is suspected when it lasts about a month after stopping", s => (s.FollowAfterStopDays, null)),
        new("restartGapDays", "days", 7, 60, ["R-02", "R-03", "R-04", "R-10", "R-18"], "Days without a dose after which taking it again is a restart.", OurDefault, s => (s.RestartGapDays, null)),
        new("missingDays", "days", 1, 7, ["R-27"], "Days without a report that are a gap.", OurDefault, s => (s.MissingDays, null)),
        new("missingWatchDays", "days", 7, 28, ["R-27"], "A gap is followed up for so long after the start or an increase.", OurDefault, s => (s.MissingWatchDays, null)),
        new("dismissSuppressDays", "days", 0, 30, ["R-01", "R-02", "R-03", "R-04", "R-08"], "Silence after a dismissal, unless label or priority rises.", OurDefault, s => (s.DismissSuppressDays, null)),
        new("persistentUrgentMean", "points", 4, 9, ["R-04"], "Mean of the symptomatic days from which persistence is urgent.", OurDefault, s => (s.PersistentUrgentMean, null)),
        new("minReportedDays", "days", 2, 7, ["COURSE", "SEVERE", "SUICIDALITY"], "Reported days of the deciding window below which a verdict is insufficient-data.", OurDefault, s => (s.MinReportedDays, null)),
        new("maxSnoozeDays", "days", 1, LongestSnoozeDays, [], "A snooze lasts at most so long.", OurDefault, s => (s.MaxSnoozeDays, null)),
    ];

    /// <summary>Everything that may not be so: a value out of its bounds, or two that contradict each other. Empty for settings that may be used.</summary>
    public static IReadOnlyList<RuleSettingViolation> Violations(RuleSettings settings) => [.. OutOfBounds(settings), .. Contradictions(settings)];

    private static IEnumerable<RuleSettingViolation> OutOfBounds(RuleSettings settings) =>
        from setting in All
        let value = setting.Of(settings)
        let suffix = value.WithHistory is null ? "" : ".standard"
        from part in new[] { (Path: setting.Name + suffix, Value: (decimal?)value.Standard), (Path: $"{setting.Name}.withHistory", Value: value.WithHistory) }
        where part.Value < setting.Minimum || part.Value > setting.Maximum
        select new RuleSettingViolation(part.Path, FormattableString.Invariant($"Must be from {setting.Minimum} to {setting.Maximum} {setting.Unit}."));

    private static IEnumerable<RuleSettingViolation> Contradictions(RuleSettings s)
    {
        foreach (var setting in All)
        {
            // A patient with a history is never watched less closely than one without.
            if (setting.Of(s) is { WithHistory: { } withHistory, Standard: var standard } && withHistory > standard)
            {
                yield return new RuleSettingViolation($"{setting.Name}.withHistory", $"Must not be above {setting.Name}.standard.");
            }
        }

        if (s.SymptomaticNrs > s.SevereNrs)
        {
            yield return new RuleSettingViolation("symptomaticNrs", "Must not be above severeNrs.");
        }

        if (s.SevereNrs > s.CriticalNrs)
        {
            yield return new RuleSettingViolation("severeNrs", "Must not be above criticalNrs.");
        }

        foreach (var violation in NotAbove("persistMinDays", s.PersistMinDays, "persistWindowDays", s.PersistWindowDays)
            .Concat(NotAbove("sparseMinDays", s.SparseMinDays, "persistMinDays", s.PersistMinDays))
            .Concat(NotAbove("adjustmentDays", s.AdjustmentDays, "adjustmentCapDays", s.AdjustmentCapDays))
            .Concat(NoSparser("persistMinDays", s.PersistMinDays, s.PersistWindowDays))
            .Concat(NoSparser("sparseMinDays", s.SparseMinDays, s.PersistWindowDays)))
        {
            yield return violation;
        }
    }

    /// <summary>
    /// A shorter window with nearly as many days would watch a patient with a history less closely. Of the days that suffice in the longer window, some shorter one holds
    /// at least their share: no more may be asked of it.
    /// </summary>
    private static IEnumerable<RuleSettingViolation> NoSparser(string days, HistorySetting least, HistorySetting window)
    {
        var windows = (window.Standard + window.WithHistory - 1) / window.WithHistory;
        var share = (least.Standard + windows - 1) / windows;
        if (least.WithHistory > share && least.WithHistory <= least.Standard)
        {
            yield return new RuleSettingViolation(
                $"{days}.withHistory", FormattableString.Invariant($"Must not be above {share}: as many of {least.Standard} days as fall into the shorter persistWindowDays.withHistory at least."));
        }
    }

    private static IEnumerable<RuleSettingViolation> NotAbove(string lower, HistorySetting a, string upper, HistorySetting b)
    {
        if (a.Standard > b.Standard)
        {
            yield return new RuleSettingViolation($"{lower}.standard", $"Must not be above {upper}.standard.");
        }

        if (a.WithHistory > b.WithHistory)
        {
            yield return new RuleSettingViolation($"{lower}.withHistory", $"Must not be above {upper}.withHistory.");
        }
    }

    private static (decimal, decimal?) Both(HistorySetting setting) => (setting.Standard, setting.WithHistory);
}
