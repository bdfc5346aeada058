namespace LdnApi.Clinical.Rules;

/// <summary>A threshold that is lower for a patient with an anxiety history.</summary>
/// <param name="Standard">For everyone else.</param>
/// <param name="WithHistory">With an anxiety disorder on record.</param>
public sealed record HistorySetting(int Standard, int WithHistory)
{
    public int For(bool history) => history ? WithHistory : Standard;
}

/// <summary>The thresholds of the rules. Each is a default that a clinic may change; none is medical advice.</summary>
/// <remarks>
/// Sources: ESAS cut-offs 4 and 7 (Selby 2010; Oldenmenger 2013); GAD-7 "more than half the days" in two weeks; one-point change of a single
/// item (Hui 2016); two-week adjustment to antidepressants (Sinclair 2009). Where none is named, the number is our own default.
/// </remarks>
public sealed record RuleSettings
{
    public static readonly RuleSettings Default = new();

    /// <summary>A day is symptomatic from this score. Points, 0–10; default 4 (ESAS: needs assessment).</summary>
    public int SymptomaticNrs { get; init; } = 4;

    /// <summary>Points above the baseline that make a day symptomatic; default 2, with history 1.</summary>
    public HistorySetting DeltaNrs { get; init; } = new(2, 1);

    /// <summary>Severe from this score. Points, 0–10; default 7 (ESAS).</summary>
    public int SevereNrs { get; init; } = 7;

    /// <summary>Critical from this score. Points, 0–10; default 9.</summary>
    public int CriticalNrs { get; init; } = 9;

    /// <summary>Window in which persistence is judged. Days; default 14, with history 7.</summary>
    public HistorySetting PersistWindowDays { get; init; } = new(14, 7);

    /// <summary>Symptomatic days in the window that make it persistent. Days; default 8 (more than half), with history 4.</summary>
    public HistorySetting PersistMinDays { get; init; } = new(8, 4);

    /// <summary>Symptomatic days in the window that suffice for a patient who reports rarely. Days; default 4, with history 2.</summary>
    public HistorySetting SparseMinDays { get; init; } = new(4, 2);

    /// <summary>Share of the reported days that must then be symptomatic. 0–1; default 0.75.</summary>
    public decimal SparseRatio { get; init; } = 0.75m;

    /// <summary>Days after the start or an increase in which anxiety may be adjustment. Days; default 14, with history 7.</summary>
    public HistorySetting AdjustmentDays { get; init; } = new(14, 7);

    /// <summary>Symptomatic days of the last 7 that make an adjustment follow-up. Days; default 3.</summary>
    public int AdjustmentMinOf7 { get; init; } = 3;

    /// <summary>Symptomatic days of the last 7 that make an emerging follow-up. Days; default 4.</summary>
    public int EmergingMinOf7 { get; init; } = 4;

    /// <summary>An episode this long is persistent whatever the dose steps. Days; default 21, with history 14.</summary>
    public HistorySetting AdjustmentCapDays { get; init; } = new(21, 14);

    /// <summary>Symptomatic days at most this far apart are one episode. Days; default 7.</summary>
    public int EpisodeGapDays { get; init; } = 7;

    /// <summary>Reported days of the last 7 that a quiet week needs. Days; default 4.</summary>
    public int CloseMinReported { get; init; } = 4;

    /// <summary>A course that comes back within this time is the same follow-up again. Days; default 30.</summary>
    public int ReopenDays { get; init; } = 30;

    /// <summary>How long after the last dose the course is still followed. Days; default 30 (independent anxiety is suspected after about a month).</summary>
    public int FollowAfterStopDays { get; init; } = 30;

    /// <summary>Days without a dose after which taking it again is a restart. Days; default 14.</summary>
    public int RestartGapDays { get; init; } = 14;

    /// <summary>Days without a report that are a gap. Days; default 3.</summary>
    public int MissingDays { get; init; } = 3;

    /// <summary>A gap is followed up for so long after the start or an increase. Days since it; default 13.</summary>
    public int MissingWatchDays { get; init; } = 13;

    /// <summary>Silence after a dismissal, unless label or priority rises. Days; default 14.</summary>
    public int DismissSuppressDays { get; init; } = 14;

    /// <summary>Mean of the symptomatic days from which persistence is urgent. Points, 0–10; default 6.</summary>
    public int PersistentUrgentMean { get; init; } = 6;

    /// <summary>Reported days of the deciding window below which nothing is said. Days; default 4.</summary>
    public int MinReportedDays { get; init; } = 4;

    /// <summary>A snooze lasts at most so long. Days; default 7.</summary>
    public int MaxSnoozeDays { get; init; } = 7;
}
