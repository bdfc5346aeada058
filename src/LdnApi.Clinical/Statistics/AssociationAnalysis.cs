using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Time;

namespace LdnApi.Clinical.Statistics;

/// <summary>Did anxiety differ after a change of the dose?</summary>
/// <param name="Before">The days before it, at most 14, back to the change before; <paramref name="After"/> likewise.</param>
/// <param name="Association">Tau of the days after against the days before; its n is both phases together.</param>
/// <param name="Nap">Non-overlap of all pairs, 0–1; 0.5 = no difference.</param>
/// <param name="Shift">Hodges-Lehmann shift, points of 10; positive = higher after.</param>
/// <param name="ExactP">Exact two-sided permutation test, 0–1.</param>
/// <param name="TauU">Tau less the trend before the change. Adjusted, indicative; only where there was such a trend (p &lt; 0.10).</param>
/// <param name="FromMg">mg per day in total before the change.</param>
/// <param name="ToMg">mg per day in total after it.</param>
/// <param name="MedianBefore">Median daily anxiety of the days before, 0–10.</param>
/// <param name="MedianAfter">Median daily anxiety of the days after, 0–10.</param>
public sealed record DoseChangeAssociation(
    DateOnly On, decimal FromMg, decimal ToMg, PhaseDays Before, PhaseDays After, Association Association, double? Nap = null, double? MedianBefore = null,
    double? MedianAfter = null, double? Shift = null, double? ExactP = null, double? TauU = null);

/// <summary>A stretch of days, and on how many of them anxiety was reported.</summary>
/// <param name="Reported">Days of it with a report.</param>
public sealed record PhaseDays(DateOnly From, DateOnly To, int Reported);

/// <summary>Does anxiety follow the dose over time?</summary>
/// <param name="Association">τ-b of the dose of a day with the anxiety of that day.</param>
/// <param name="Lags">The same with the dose of up to three days before: an exploration, so that p counts fourfold. Empty without enough data.</param>
/// <param name="StrongestLag">The lag, in days, with the greatest |τ|.</param>
public sealed record DoseAssociation(Association Association, IReadOnlyList<LagAssociation> Lags, int? StrongestLag);

/// <param name="Lag">Days from the dose to the anxiety, 0–3.</param>
/// <param name="BonferroniP">Four times p, at most 1.</param>
/// <param name="N">Pairs: days on which both have a value.</param>
/// <param name="Tau">−1 to 1; positive when anxiety is higher with it.</param>
/// <param name="P">Two-sided, 0–1.</param>
public sealed record LagAssociation(int Lag, int N, double? Tau, double? P, double? BonferroniP);

/// <summary>Does anxiety follow irregular intake? τ-b of the minutes by which the dose was early or late, the shorter way round the clock.</summary>
/// <param name="ScheduledAt">The clock time that the present prescription names.</param>
/// <param name="UsualAt">Where none is named: the circular median of the recorded times, from which the minutes are then measured.</param>
/// <param name="SameDay">With the anxiety of the day of the intake.</param>
/// <param name="NextDay">With the anxiety of the day after.</param>
public sealed record TimingAssociation(TimeOnly? ScheduledAt, TimeOnly? UsualAt, Association SameDay, Association NextDay);

/// <summary>Does anxiety move with time?</summary>
/// <param name="Association">Mann-Kendall.</param>
/// <param name="SlopePerDay">Theil-Sen, points of 10 per day.</param>
public sealed record TrendAssociation(Association Association, double? SlopePerDay);

/// <summary>Every question of association, over the reported days of the therapy.</summary>
/// <param name="From">The first day looked at.</param>
public sealed record Associations(
    DateOnly From, DateOnly AsOf, IReadOnlyList<DoseChangeAssociation> DoseChanges, DoseAssociation Dose, TimingAssociation Timing, TrendAssociation Trend);

/// <summary>Holds a patient's daily anxiety against the dose, its changes and the time of intake. Ranks only: scores of 0–10 and few doses have many ties.</summary>
/// <remarks>The dose of a day is that of the rules; outside the therapy window a day has none.</remarks>
public static class AssociationAnalysis
{
    /// <summary>Days of a phase at most, on either side of a change.</summary>
    public const int PhaseWindowDays = 14;

    /// <summary>Reported days that each phase needs.</summary>
    public const int LeastPhaseDays = 5;

    /// <summary>Days looked back at most.</summary>
    public const int LookBackDays = 365;

    private const int Lags = 4;
    private const double BaselineTrendP = 0.10;

    /// <param name="facts">Accepted facts as known at some moment.</param>
    /// <param name="settings">Give the therapy window.</param>
    /// <param name="asOf">The last clinical day to look at.</param>
    public static Associations Of(PatientFacts facts, RuleSettings settings, DateOnly asOf)
    {
        var timeline = new PatientTimeline(facts, settings, asOf);
        var first = Math.Max(timeline.First, timeline.Last - LookBackDays + 1);
        return new Associations(
            DateOnly.FromDayNumber(first), asOf, [.. DoseChanges(timeline, first)], OfDose(timeline, first), OfTiming(facts, timeline, first), OfTrend(timeline, first));
    }

    /// <summary>τ-b of the dose with anxiety up to a day, by itself.</summary>
    internal static Association OfDose(PatientTimeline timeline) => AtLag(timeline, Math.Max(timeline.First, timeline.Last - LookBackDays + 1), 0);

    private static IEnumerable<DoseChangeAssociation> DoseChanges(PatientTimeline timeline, int first)
    {
        int[] changes = [.. Enumerable.Range(timeline.First, timeline.Last - timeline.First + 1).Where(d => timeline.DoseOn(d) != timeline.DoseOn(d - 1))];
        for (var i = 0; i < changes.Length; i++)
        {
            if (changes[i] >= first)
            {
                var from = Math.Max(changes[i] - PhaseWindowDays, i > 0 ? changes[i - 1] : int.MinValue);
                var to = Math.Min(changes[i] + PhaseWindowDays - 1, i + 1 < changes.Length ? changes[i + 1] - 1 : timeline.Last);
                yield return OfChange(timeline, changes[i], from, Math.Min(to, timeline.Last));
            }
        }
    }

    private static DoseChangeAssociation OfChange(PatientTimeline timeline, int day, int from, int to)
    {
        double[] before = [.. Scores(timeline, from, day - 1)];
        double[] after = [.. Scores(timeline, day, to)];
        StillNeeded[] needed = [new(NeededData.DaysBefore, LeastPhaseDays - before.Length), new(NeededData.DaysAfter, LeastPhaseDays - after.Length)];
        var change = new DoseChangeAssociation(
            DateOnly.FromDayNumber(day), timeline.DoseOn(day - 1), timeline.DoseOn(day), Phase(from, day - 1, before), Phase(day, to, after),
            new Association(AssociationStatus.InsufficientData, [.. needed.Where(n => n.Count > 0)], before.Length + after.Length));
        if (change.Association.StillNeeded.Count > 0)
        {
            return change;
        }

        var phases = TwoPhase.Of(before, after);
        return change with
        {
            Association = Association.Of(needed, phases.Test, _ => phases.Tau, [.. before, .. after]),
            Nap = Association.Six(phases.Nap),
            MedianBefore = phases.MedianBefore,
            MedianAfter = phases.MedianAfter,
            Shift = phases.Shift,
            ExactP = Association.Six(PermutationTest.Of(before, after).P),
            TauU = phases.BaselineTrend.P < BaselineTrendP ? Association.Six(phases.TauU) : null,
        };
    }

    private static DoseAssociation OfDose(PatientTimeline timeline, int first)
    {
        var dose = AtLag(timeline, first, 0);
        if (dose.Status == AssociationStatus.InsufficientData)
        {
            return new DoseAssociation(dose, [], null);
        }

        LagAssociation[] lags = [.. Enumerable.Range(0, Lags).Select(lag => (lag, found: Pairs(timeline, first, lag))).Select(l => Lag(l.lag, l.found.Doses, l.found.Anxiety))];
        return new DoseAssociation(dose, lags, lags.Where(l => l.Tau is not null).MaxBy(l => Math.Abs(l.Tau!.Value))?.Lag);
    }

    private static LagAssociation Lag(int lag, IReadOnlyList<double> doses, IReadOnlyList<double> anxiety)
    {
        var test = Association.Of([], KendallTau.Of(doses, anxiety), k => k.TauB, anxiety); // once lag 0 has enough, each lag shows what it has
        return new LagAssociation(lag, test.N, test.Tau, test.P, test.Z is { } z ? Association.Six(Math.Min(1, Lags * KendallTau.TwoSided(z)!.Value)) : null);
    }

    private static Association AtLag(PatientTimeline timeline, int first, int lag)
    {
        var (doses, anxiety) = Pairs(timeline, first, lag);
        return Association.Of(doses, anxiety);
    }

    private static (double[] Doses, double[] Anxiety) Pairs(PatientTimeline timeline, int first, int lag)
    {
        int[] days = [.. ReportedDays(timeline, first).Where(d => timeline.IsInTherapy(d - lag))];
        return ([.. days.Select(d => (double)timeline.DoseOn(d - lag))], [.. days.Select(d => (double)timeline.AnxietyOn(d)!.Value)]);
    }

    private static TimingAssociation OfTiming(PatientFacts facts, PatientTimeline timeline, int first)
    {
        var taken = timeline.CheckIns.Where(c => c.DoseTakenAt is not null && c.On.DayNumber >= first && timeline.IsInTherapy(c.On.DayNumber) && PlanOn(c.On) is not { IsDivided: true }).ToArray();
        var usual = ClockTime.CircularMedian([.. taken.Where(c => ScheduledOn(c.On) is null).Select(c => c.DoseTakenAt!.Value)]);
        var minutes = taken.GroupBy(c => c.On.DayNumber).OrderBy(day => day.Key)
            .Select(day => (Day: day.Key, Minutes: day.Max(c => ClockTime.MinutesApart(c.DoseTakenAt!.Value, ScheduledOn(c.On) ?? usual!.Value)))).ToArray();
        return new TimingAssociation(ScheduledOn(DateOnly.FromDayNumber(timeline.Last)), usual, After(0), After(1));

        IntakeTimeFact? PlanOn(DateOnly day) => facts.IntakeTimes.Where(t => t.On <= day).MaxBy(t => t.On);

        TimeOnly? ScheduledOn(DateOnly day) => PlanOn(day) is { IsDivided: false } plan ? plan.At : null;

        Association After(int days)
        {
            var pairs = minutes.Where(m => timeline.IsReported(m.Day + days)).ToArray();
            return Association.Of([.. pairs.Select(m => (double)m.Minutes)], [.. pairs.Select(m => (double)timeline.AnxietyOn(m.Day + days)!.Value)]);
        }
    }

    private static TrendAssociation OfTrend(PatientTimeline timeline, int first)
    {
        double[] days = [.. ReportedDays(timeline, first)];
        double[] anxiety = [.. days.Select(d => (double)timeline.AnxietyOn((int)d)!.Value)];
        var trend = Association.Of(days, anxiety);
        return new TrendAssociation(trend, trend.Status == AssociationStatus.Measured ? Association.Six(Trend.TheilSen(days, anxiety)) : null);
    }

    private static IEnumerable<int> ReportedDays(PatientTimeline timeline, int first) =>
        Enumerable.Range(first, timeline.Last - first + 1).Where(d => timeline.IsInTherapy(d) && timeline.IsReported(d));

    private static IEnumerable<double> Scores(PatientTimeline timeline, int from, int to) =>
        Enumerable.Range(from, to - from + 1).Select(timeline.AnxietyOn).OfType<int>().Select(a => (double)a);

    private static PhaseDays Phase(int from, int to, double[] scores) => new(DateOnly.FromDayNumber(from), DateOnly.FromDayNumber(to), scores.Length);
}
