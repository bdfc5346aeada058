namespace LdnApi.Clinical.AdverseEvents;

/// <summary>What two reports are held against each other by.</summary>
/// <param name="Text">The event in words, where the term is <c>other</c>.</param>
/// <param name="OnsetOn">Null when unknown: the day of receipt stands in for it.</param>
public sealed record ReportOutline(AdverseEventTerm Term, string? Text, DateOnly? OnsetOn, DateOnly ReceivedOn);

/// <summary>Points out reports that may be of one and the same event. It refuses nothing: a person decides.</summary>
public static class DuplicateReports
{
    /// <summary>Days between two onsets within which they may be one event.</summary>
    public const int WithinDays = 7;

    /// <summary>
    /// Same or sibling term, and onsets at most seven days apart. Siblings are the anxiety terms, the sleep terms, the digestive terms and the suicidal
    /// ones among themselves; every other term stands alone, and <c>other</c> is the same only in the same words.
    /// </summary>
    public static bool AreLikely(ReportOutline a, ReportOutline b) => AreOfOneKind(a, b) && DaysApart(a, b) <= WithinDays;

    public static int DaysApart(ReportOutline a, ReportOutline b) => Math.Abs(DayOf(a).DayNumber - DayOf(b).DayNumber);

    private static bool AreOfOneKind(ReportOutline a, ReportOutline b) =>
        a.Term == b.Term ? a.Term != AdverseEventTerm.Other || string.Equals(a.Text?.Trim(), b.Text?.Trim(), StringComparison.OrdinalIgnoreCase)
        : AdverseEventTerms.IsAnxiety(a.Term) ? AdverseEventTerms.IsAnxiety(b.Term)
        : AdverseEventTerms.CategoryOf(a.Term) is AdverseEventCategory.Sleep or AdverseEventCategory.Digestive or AdverseEventCategory.Safety
            && AdverseEventTerms.CategoryOf(a.Term) == AdverseEventTerms.CategoryOf(b.Term);

    private static DateOnly DayOf(ReportOutline report) => report.OnsetOn ?? report.ReceivedOn;
}
