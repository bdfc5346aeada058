using MathNet.Numerics.Statistics;

namespace LdnApi.Clinical.Statistics;

/// <summary>The days after a change held against the days before it, each with each.</summary>
/// <remarks>Sources: Parker et al. 2011 (Tau-U); Parker &amp; Vannest 2009 (NAP). Tau-U can leave −1 to 1 and errs on the side of finding something (Tarlow 2017).</remarks>
/// <param name="Higher">Pairs in which the later value is higher.</param>
/// <param name="Tied">Pairs of equal values.</param>
/// <param name="Lower">Pairs in which the later value is lower.</param>
/// <param name="BaselineTrend">Mann-Kendall within the days before.</param>
/// <param name="MedianBefore">Points.</param>
/// <param name="MedianAfter">Points.</param>
/// <param name="Shift">Hodges-Lehmann: the median of all differences, after less before. Points.</param>
/// <param name="Test">τ-b of the phase with the values, and with it the test of no difference.</param>
public sealed record TwoPhase(
    int Higher, int Tied, int Lower, KendallTau BaselineTrend, double MedianBefore, double MedianAfter, double Shift, KendallTau Test)
{
    public int S => Higher - Lower;

    /// <summary>−1 to 1: the chance that a later day is higher, less the chance that it is lower.</summary>
    public double Tau => (double)S / (Higher + Tied + Lower);

    /// <summary>Non-overlap of all pairs, 0–1; 0.5 = no difference.</summary>
    public double Nap => (Tau + 1) / 2;

    /// <summary>Tau less the trend that was there before the change. Adjusted, and indicative only.</summary>
    public double TauU => (double)(S - BaselineTrend.S) / (Higher + Tied + Lower);

    /// <exception cref="ArgumentException">A phase is empty.</exception>
    public static TwoPhase Of(IReadOnlyList<double> before, IReadOnlyList<double> after)
    {
        if (before.Count == 0 || after.Count == 0)
        {
            throw new ArgumentException("A phase is empty.", before.Count == 0 ? nameof(before) : nameof(after));
        }

        var differences = (from b in before from a in after select a - b).ToArray();
        return new TwoPhase(
            differences.Count(d => d > 0), differences.Count(d => d == 0), differences.Count(d => d < 0), KendallTau.WithTime(before),
            before.Median(), after.Median(), differences.Median(),
            KendallTau.Of([.. before.Select(_ => 0d), .. after.Select(_ => 1d)], [.. before, .. after]));
    }
}

/// <summary>Exact two-sided permutation test of two phases: of all ways to deal the values out, those with a difference at least as great.</summary>
public sealed record PermutationTest(long Hits, long Total)
{
    /// <summary>Values in both phases together beyond which the ways can no longer be counted exactly.</summary>
    public const int MostValues = 60;

    public double P => (double)Hits / Total;

    /// <remarks>
    /// Counts the ways by the sum they lead to, one group of equal values after the other from the lowest, instead of going through them all:
    /// with k of a group dealt to the later phase, S gains k times the earlier-phase values below, and loses the others times the later-phase values below.
    /// </remarks>
    /// <exception cref="ArgumentException">More than <see cref="MostValues"/> values.</exception>
    public static PermutationTest Of(IReadOnlyList<double> before, IReadOnlyList<double> after)
    {
        if (before.Count + after.Count > MostValues)
        {
            throw new ArgumentException($"More than {MostValues} values.", nameof(after));
        }

        var ways = new Dictionary<(int Later, int S), long> { [(0, 0)] = 1 };
        var below = 0;
        foreach (var group in before.Concat(after).GroupBy(v => v).OrderBy(g => g.Key).Select(g => g.Count()))
        {
            var next = new Dictionary<(int Later, int S), long>();
            foreach (var ((later, s), count) in ways)
            {
                for (var k = Math.Max(0, group - (before.Count - (below - later))); k <= Math.Min(group, after.Count - later); k++)
                {
                    var key = (later + k, s + (k * (below - later)) - ((group - k) * later));
                    next[key] = next.GetValueOrDefault(key) + (count * Choose(group, k));
                }
            }

            (ways, below) = (next, below + group);
        }

        var found = Math.Abs((from b in before from a in after select Math.Sign(a - b)).Sum());
        return new PermutationTest(ways.Where(w => Math.Abs(w.Key.S) >= found).Sum(w => w.Value), ways.Values.Sum());
    }

    private static long Choose(int n, int k)
    {
        var ways = 1L;
        for (var i = 1; i <= k; i++)
        {
            ways = ways * (n - k + i) / i;
        }

        return ways;
    }
}
