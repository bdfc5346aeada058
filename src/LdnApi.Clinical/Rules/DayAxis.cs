namespace LdnApi.Clinical.Rules;

/// <summary>What a day of a patient's course was like.</summary>
/// <param name="DoseMg">mg per day in total, as prescribed; 0 = none.</param>
/// <param name="DaysSinceIncrease">Days from the latest start, increase or restart of the dose; null before the first.</param>
/// <param name="Anxiety">Daily anxiety, 0–10: the highest of what was reported; null when nothing was.</param>
public sealed record AxisDay(DateOnly On, decimal DoseMg, int? DaysSinceIncrease, int? Anxiety);

/// <summary>Lays doses and reports on one axis of days, as the rules see them.</summary>
public static class DayAxis
{
    /// <summary>Each day from one to another, both included.</summary>
    /// <param name="facts">All doses; of the check-ins those of the days asked for are enough.</param>
    public static IReadOnlyList<AxisDay> Of(PatientFacts facts, RuleSettings settings, DateOnly from, DateOnly to)
    {
        var timeline = new PatientTimeline(facts, settings, to);
        return
        [
            .. Enumerable.Range(from.DayNumber, to.DayNumber - from.DayNumber + 1).Select(day => new AxisDay(
                DateOnly.FromDayNumber(day), timeline.DoseOn(day), day >= timeline.DayZero ? timeline.SinceIncrease(day) : null, timeline.AnxietyOn(day))),
        ];
    }
}
