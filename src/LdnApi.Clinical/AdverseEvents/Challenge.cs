using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.AdverseEvents;

/// <summary>What was tried with the dose.</summary>
public enum ChallengeKind
{
    /// <summary>The dose was lowered or stopped: did it abate?</summary>
    Dechallenge,

    /// <summary>The dose went back to at least that of the onset: did it come back?</summary>
    Rechallenge,
}

/// <summary>What the days after it say.</summary>
public enum ChallengeResponse
{
    Positive,
    Negative,
    InsufficientData,
}

/// <summary>A change of the dose after the onset of an anxiety event, and what daily anxiety did then. Proposed, never set: a clinician confirms or refutes it.</summary>
/// <param name="On">The day of the change.</param>
/// <param name="FromMg">mg per day in total before it.</param>
/// <param name="ToMg">mg per day in total after it.</param>
/// <param name="ReportedBefore">Days before it with a report, of those that the median is taken over.</param>
/// <param name="ReportedAfter">Days after it with a report, of those that the median is taken over.</param>
/// <param name="MedianBefore">Median anxiety of the seven days before it, 0–10; null with fewer than three reported.</param>
/// <param name="MedianAfter">Of days 3 to 13 after a decrease, of days 0 to 14 after an increase; null with fewer than three reported.</param>
/// <param name="OffendingDoseMg">The dose of the onset day; for a rechallenge.</param>
/// <param name="ReturnedOn">The day on which the daily scores alone open the course again, at most 14 days after an increase; for a rechallenge.</param>
public sealed record Challenge(
    ChallengeKind Kind, DateOnly On, decimal FromMg, decimal ToMg, ChallengeResponse Response, decimal? MedianBefore, decimal? MedianAfter,
    int ReportedBefore, int ReportedAfter, decimal? OffendingDoseMg = null, DateOnly? ReturnedOn = null);

/// <summary>Finds the de- and rechallenges in a patient's doses .</summary>
public static class Challenges
{
    /// <summary>Points by which the median must fall for a positive dechallenge.</summary>
    public const int MeaningfulFall = 2;

    /// <summary>Reported days that each side of the change needs.</summary>
    public const int LeastReported = 3;

    private const int DaysBefore = 7;

    /// <summary>Those after an onset, in order of day. The scores are of anxiety: for an event of another kind they say nothing, and there are none.</summary>
    public static IReadOnlyList<Challenge> Of(PatientFacts facts, RuleSettings settings, DateOnly asOf, AdverseEventTerm term, DateOnly? onset)
    {
        if (onset is not { } began || began >= asOf || !AdverseEventTerms.IsAnxiety(term))
        {
            return [];
        }

        var timeline = new PatientTimeline(facts, settings, asOf);
        var scoresAlone = facts with { AdverseEvents = [] }; // an event that is still on record keeps the course open, however calm the days
        DateOnly[] reopened = [.. RuleEngine.Decide(scoresAlone, settings, asOf, asOf).Events
            .Where(e => e is { Family: RuleFamily.Course, Type: RuleEventType.Reopen }).Select(e => e.On)];
        return [.. Enumerable.Range(began.DayNumber + 1, asOf.DayNumber - began.DayNumber)
            .Select(day => Dechallenge(timeline, day) ?? Rechallenge(timeline, day, began.DayNumber, reopened)).OfType<Challenge>()];
    }

    /// <summary>R-28: what a decrease did; null where there was none on the day.</summary>
    internal static Challenge? Dechallenge(PatientTimeline timeline, int day)
    {
        if (timeline.DoseOn(day) >= timeline.DoseOn(day - 1))
        {
            return null;
        }

        var (before, after) = (Scores(timeline, day - DaysBefore, day - 1), Scores(timeline, day + 3, day + 13));
        var response = Median(before) - Median(after) is not { } fall ? ChallengeResponse.InsufficientData
            : fall >= MeaningfulFall ? ChallengeResponse.Positive : ChallengeResponse.Negative;
        return Found(timeline, ChallengeKind.Dechallenge, day, response, before, after);
    }

    /// <summary>R-29: what going back to at least the dose of the onset did. Too early to say no before the fourteen days are over.</summary>
    private static Challenge? Rechallenge(PatientTimeline timeline, int day, int onset, DateOnly[] reopened)
    {
        var offending = timeline.DoseOn(onset);
        if (offending == 0 || timeline.DoseOn(day - 1) >= offending || timeline.DoseOn(day) < offending)
        {
            return null;
        }

        var (before, after) = (Scores(timeline, day - DaysBefore, day - 1), Scores(timeline, day, day + CourseFold.RechallengeDays));
        DateOnly? returned = reopened.Where(d => d.DayNumber >= day && d.DayNumber <= day + CourseFold.RechallengeDays).Select(d => (DateOnly?)d).FirstOrDefault();
        var response = returned is not null ? ChallengeResponse.Positive
            : timeline.Last >= day + CourseFold.RechallengeDays && after.Length >= LeastReported ? ChallengeResponse.Negative
            : ChallengeResponse.InsufficientData;
        return Found(timeline, ChallengeKind.Rechallenge, day, response, before, after) with { OffendingDoseMg = offending, ReturnedOn = returned };
    }

    private static Challenge Found(PatientTimeline timeline, ChallengeKind kind, int day, ChallengeResponse response, int[] before, int[] after) => new(
        kind, DateOnly.FromDayNumber(day), timeline.DoseOn(day - 1), timeline.DoseOn(day), response, Median(before), Median(after), before.Length, after.Length);

    private static int[] Scores(PatientTimeline timeline, int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(timeline.AnxietyOn).OfType<int>().Order()];

    private static decimal? Median(int[] ordered) =>
        ordered.Length < LeastReported ? null : (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2m;
}
