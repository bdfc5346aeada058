using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.AdverseEvents;

/// <summary>What a valid safety report needs. Source: ICH E2D, E2B(R3).</summary>
public enum MinimumCriterion
{
    /// <summary>An identifiable patient.</summary>
    Patient,

    /// <summary>An identifiable reporter.</summary>
    Reporter,

    /// <summary>A suspect medicine.</summary>
    SuspectMedicine,

    /// <summary>An adverse event.</summary>
    Event,
}

/// <summary>The regulatory side of an adverse event.</summary>
public static class SafetyReport
{
    /// <summary>Days from first receipt to the report of a serious adverse event. Source: 21 CFR 314.80, ICH E2D.</summary>
    public const int RegulatoryDays = 15;

    /// <summary>The day by which a serious event is to be reported. What becomes known after the first receipt never moves it.</summary>
    public static DateOnly DueOn(DateOnly firstReceivedOn) => firstReceivedOn.AddDays(RegulatoryDays);

    /// <summary>
    /// The day by which the first of the serious events behind a follow-up is to be reported: of those that count, or became serious, since it was opened.
    /// Each event keeps its own. Null when there is none.
    /// </summary>
    public static DateOnly? DueOn(IEnumerable<AdverseEventFact> events, DateOnly openedOn) => events
        .Where(e => e.IsSerious && (e.OnsetOn >= openedOn || e.ReceivedOn >= openedOn || e.Known.On >= openedOn))
        .Select(e => (DateOnly?)DueOn(e.ReceivedOn)).Min();
}
