using MathNet.Numerics;

namespace LdnApi.Clinical.Statistics;

/// <summary>Kendall's rank correlation τ-b of two series, with the test of no association. Ranks only: no normality, and many ties are no trouble.</summary>
/// <remarks>Source: Kendall, Rank Correlation Methods; variance of S with ties in both series, normal approximation.</remarks>
/// <param name="N">Pairs of values.</param>
/// <param name="Concordant">Pairs of pairs that rise or fall together.</param>
/// <param name="Discordant">Pairs of pairs of which one rises where the other falls.</param>
/// <param name="TiedX">Pairs tied in the first series (n1).</param>
/// <param name="TiedY">Pairs tied in the second series (n2).</param>
/// <param name="VarianceOfS">Variance of S when there is no association.</param>
public sealed record KendallTau(int N, int Concordant, int Discordant, int TiedX, int TiedY, double VarianceOfS)
{
    /// <summary>Concordant less discordant.</summary>
    public int S => Concordant - Discordant;

    /// <summary>−1 to 1; null when a series has one distinct value: the correlation is then undefined.</summary>
    public double? TauB
    {
        get
        {
            var pairs = N * (N - 1L) / 2;
            return pairs > TiedX && pairs > TiedY ? S / Math.Sqrt((double)(pairs - TiedX) * (pairs - TiedY)) : null;
        }
    }

    /// <summary>Standard normal deviate with continuity correction; null where τ-b is.</summary>
    public double? Z => Deviate(S - Math.Sign(S));

    public double? ZWithoutContinuity => Deviate(S);

    /// <summary>Two-sided, 0–1, with continuity correction; null where τ-b is.</summary>
    public double? P => TwoSided(Z);

    public double? PWithoutContinuity => TwoSided(ZWithoutContinuity);

    /// <summary>The two-sided probability of a standard normal deviate at least this far from zero.</summary>
    public static double? TwoSided(double? z) => z is { } deviate ? SpecialFunctions.Erfc(Math.Abs(deviate) / Math.Sqrt(2)) : null;

    /// <exception cref="ArgumentException">The series differ in length.</exception>
    public static KendallTau Of(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count != y.Count)
        {
            throw new ArgumentException("The series differ in length.", nameof(y));
        }

        var (concordant, discordant) = (0, 0);
        KeyValuePair<(double X, double Y), int>[] pairs = [.. x.Zip(y).CountBy(p => p)]; // of a year's days few differ: doses are few, and scores eleven
        for (var i = 0; i < pairs.Length; i++)
        {
            for (var j = i + 1; j < pairs.Length; j++)
            {
                var sign = pairs[j].Key.X.CompareTo(pairs[i].Key.X) * pairs[j].Key.Y.CompareTo(pairs[i].Key.Y);
                concordant += sign > 0 ? pairs[i].Value * pairs[j].Value : 0;
                discordant += sign < 0 ? pairs[i].Value * pairs[j].Value : 0;
            }
        }

        var (tiesX, tiesY) = (Ties.Of(x), Ties.Of(y));
        return new KendallTau(x.Count, concordant, discordant, (int)(tiesX.Pairs / 2), (int)(tiesY.Pairs / 2), Variance(x.Count, tiesX, tiesY));
    }

    /// <summary>Mann-Kendall: the same of a series with time, in the order of its days.</summary>
    public static KendallTau WithTime(IReadOnlyList<double> series) => Of([.. Enumerable.Range(0, series.Count).Select(i => (double)i)], series);

    private double? Deviate(double s) => TauB is null ? null : s / Math.Sqrt(VarianceOfS);

    private static double Variance(double n, Ties x, Ties y) => n < 2 ? 0
        : ((n * (n - 1) * ((2 * n) + 5)) - x.Weighted - y.Weighted) / 18
            + (x.Pairs * y.Pairs / (2 * n * (n - 1)))
            + (n < 3 ? 0 : x.Triples * y.Triples / (9 * n * (n - 1) * (n - 2)));

    /// <summary>Sums over the groups of t equal values: t(t−1), t(t−1)(2t+5) and t(t−1)(t−2).</summary>
    private readonly record struct Ties(double Pairs, double Weighted, double Triples)
    {
        public static Ties Of(IEnumerable<double> values) => values.CountBy(v => v).Select(g => (double)g.Value).Aggregate(
            new Ties(0, 0, 0),
            (sum, t) => new Ties(sum.Pairs + (t * (t - 1)), sum.Weighted + (t * (t - 1) * ((2 * t) + 5)), sum.Triples + (t * (t - 1) * (t - 2))));
    }
}
