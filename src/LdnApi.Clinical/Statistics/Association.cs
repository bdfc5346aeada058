namespace LdnApi.Clinical.Statistics;

/// <summary>Whether there is enough to measure an association.</summary>
public enum AssociationStatus
{
    Measured,
    InsufficientData,
}

/// <summary>By |τ|: none below 0.1, weak below 0.3, moderate below 0.5, strong from there.</summary>
public enum AssociationStrength
{
    None,
    Weak,
    Moderate,
    Strong,
}

/// <summary>Low below 20 pairs or below 10 independent ones; high from 40 pairs when |autocorrelation| is below 0.3; else medium.</summary>
public enum AssociationConfidence
{
    Low,
    Medium,
    High,
}

/// <summary>What there is too little of.</summary>
public enum NeededData
{
    /// <summary>Days on which both series have a value.</summary>
    Pairs,

    /// <summary>Distinct doses, deviations or days.</summary>
    DistinctValues,

    /// <summary>Distinct anxiety scores.</summary>
    DistinctScores,

    /// <summary>Reported days before the change.</summary>
    DaysBefore,

    /// <summary>Reported days from the change on.</summary>
    DaysAfter,
}

/// <param name="Count">How many more.</param>
public sealed record StillNeeded(NeededData What, int Count);

/// <summary>How far daily anxiety goes along with something else, or what is still needed to say so. Numbers to six decimals.</summary>
/// <param name="N">Pairs: days on which both have a value.</param>
/// <param name="Tau">−1 to 1; positive when anxiety is higher with it.</param>
/// <param name="P">Two-sided, 0–1: the chance of a τ at least as far from 0 when there is no association.</param>
/// <param name="Autocorrelation">−1 to 1: how much a day says that the day before did not. Above 0.3 the test is weakened by it.</param>
/// <param name="EffectiveN">How many independent days the series is worth.</param>
/// <param name="Z">Tau in standard errors.</param>
public sealed record Association(
    AssociationStatus Status, IReadOnlyList<StillNeeded> StillNeeded, int N, double? Tau = null, double? Z = null, double? P = null,
    AssociationStrength? Strength = null, AssociationConfidence? Confidence = null, double? Autocorrelation = null, double? EffectiveN = null)
{
    /// <summary>Said of every association.</summary>
    public const string Caution = "This is an association, not proof. Co-medication, sleep or caffeine may explain it.";

    /// <summary>Pairs below which nothing is said.</summary>
    public const int LeastPairs = 14;

    /// <summary>Autocorrelation above which the test counts independent days only.</summary>
    private const double WeakeningAutocorrelation = 0.3;

    /// <summary>τ-b of a series with anxiety, in order of day.</summary>
    public static Association Of(IReadOnlyList<double> x, IReadOnlyList<double> anxiety)
    {
        StillNeeded[] needed =
        [
            new(NeededData.Pairs, LeastPairs - x.Count),
            new(NeededData.DistinctValues, 2 - x.Distinct().Take(2).Count()),
            new(NeededData.DistinctScores, 2 - anxiety.Distinct().Take(2).Count()),
        ];
        return Of(needed, KendallTau.Of(x, anxiety), k => k.TauB, anxiety);
    }

    internal static Association Of(IEnumerable<StillNeeded> needed, KendallTau test, Func<KendallTau, double?> tauOf, IReadOnlyList<double> anxiety)
    {
        StillNeeded[] missing = [.. needed.Where(n => n.Count > 0)];
        if (missing.Length > 0)
        {
            return new Association(AssociationStatus.InsufficientData, missing, test.N);
        }

        var r1 = Trend.Autocorrelation(anxiety);
        var effective = Trend.EffectiveN(test.N, r1);
        var z = test.Z * (r1 > WeakeningAutocorrelation ? Math.Sqrt(effective / test.N) : 1);
        var tau = tauOf(test);
        return new Association(
            AssociationStatus.Measured, [], test.N, Six(tau), Six(z), Six(KendallTau.TwoSided(z)), tau is { } t ? StrengthOf(t) : null,
            ConfidenceOf(test.N, r1, effective), Six(r1), Six(effective));
    }

    internal static double? Six(double? value) => value is { } v ? Math.Round(v, 6) : null;

    private static AssociationStrength StrengthOf(double tau) => Math.Abs(tau) switch
    {
        < 0.1 => AssociationStrength.None,
        < 0.3 => AssociationStrength.Weak,
        < 0.5 => AssociationStrength.Moderate,
        _ => AssociationStrength.Strong,
    };

    private static AssociationConfidence ConfidenceOf(int n, double? r1, double effective) =>
        n < 20 || effective < 10 ? AssociationConfidence.Low
        : n >= 40 && Math.Abs(r1 ?? 0) < 0.3 ? AssociationConfidence.High
        : AssociationConfidence.Medium;
}
