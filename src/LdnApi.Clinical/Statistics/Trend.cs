using MathNet.Numerics.Statistics;

namespace LdnApi.Clinical.Statistics;

/// <summary>How a series moves over its days, and how much a day says that the day before did not.</summary>
public static class Trend
{
    /// <summary>Theil-Sen: the median of all slopes, points per day. Gaps between the days are no trouble. Null below two days.</summary>
    public static double? TheilSen(IReadOnlyList<double> days, IReadOnlyList<double> series)
    {
        var slopes = new List<double>();
        for (var i = 0; i < series.Count; i++)
        {
            for (var j = i + 1; j < series.Count; j++)
            {
                slopes.Add((series[j] - series[i]) / (days[j] - days[i]));
            }
        }

        return slopes.Count == 0 ? null : slopes.Median();
    }

    /// <summary>Autocorrelation r1 of each value with the next, −1 to 1; null for a series that does not vary.</summary>
    public static double? Autocorrelation(IReadOnlyList<double> series)
    {
        var mean = series.Count == 0 ? 0 : series.Average();
        var variation = series.Sum(v => (v - mean) * (v - mean));
        return variation == 0 ? null : series.Zip(series.Skip(1), (a, b) => (a - mean) * (b - mean)).Sum() / variation;
    }

    /// <summary>How many independent values a series is worth: n(1−r1)/(1+r1) where r1 is positive, else n.</summary>
    public static double EffectiveN(int n, double? autocorrelation) => autocorrelation is > 0 and var r1 ? n * (1 - r1) / (1 + r1) : n;
}
