namespace LdnApi.Clinical.Time;

/// <summary>Clock times on the circle of the day: 23:50 and 00:10 are twenty minutes apart.</summary>
public static class ClockTime
{
    private const int MinutesInDay = 24 * 60;

    /// <summary>Minutes between two clock times by the shorter way round, 0–720.</summary>
    public static int MinutesApart(TimeOnly a, TimeOnly b)
    {
        var minutes = Math.Abs(MinuteOf(a) - MinuteOf(b));
        return Math.Min(minutes, MinutesInDay - minutes);
    }

    /// <summary>The one of the times with the least sum of distances to all of them; of equals the earliest on the clock. Null of none.</summary>
    public static TimeOnly? CircularMedian(IReadOnlyCollection<TimeOnly> times) =>
        times.Count == 0 ? null : times.Distinct().Order().MinBy(candidate => times.Sum(t => MinutesApart(candidate, t)));

    private static int MinuteOf(TimeOnly time) => (time.Hour * 60) + time.Minute;
}
