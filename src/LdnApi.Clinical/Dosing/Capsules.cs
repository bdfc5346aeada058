namespace LdnApi.Clinical.Dosing;

/// <summary>Capsules or tablets of one strength.</summary>
/// <param name="StrengthMg">mg each.</param>
/// <param name="Count">How many; 0 or more.</param>
public sealed record Capsules(decimal StrengthMg, int Count)
{
    /// <summary>Strengths that are looked at together, at most.</summary>
    public const int MaxStrengths = 6;

    /// <summary>Capsules that anyone is asked to take at once, at most. Our own default.</summary>
    public const int MaxPerIntake = 16;

    /// <summary>Every way to make a day's dose of whole capsules, the fewest first; none when there is no way.</summary>
    /// <param name="timesPerDay">Intakes of the same amount into which the dose is divided.</param>
    public static IReadOnlyList<IReadOnlyList<Capsules>> WaysToMake(decimal doseMg, int timesPerDay, IReadOnlyCollection<decimal> strengthsMg)
    {
        decimal[] strengths = [.. strengthsMg.Distinct().OrderDescending()];
        var (ways, taken) = (new List<IReadOnlyList<Capsules>>(), new int[strengths.Length]);
        Fill(0, doseMg / timesPerDay, MaxPerIntake);
        return [.. ways.OrderBy(w => w.Sum(c => c.Count))]; // stable: of equally many the stronger ones

        void Fill(int at, decimal left, int capsules)
        {
            if (left == 0)
            {
                ways.Add([.. strengths.Zip(taken, (strength, count) => new Capsules(strength, count * timesPerDay)).Where(c => c.Count > 0)]);
                return;
            }

            if (at == strengths.Length || left > strengths[at] * capsules)
            {
                return; // not even the strongest that is left would fill it
            }

            for (var count = (int)Math.Min(capsules, decimal.Floor(left / strengths[at])); count >= 0; count--)
            {
                taken[at] = count;
                Fill(at + 1, left - (strengths[at] * count), capsules - count);
            }

            taken[at] = 0;
        }
    }

    /// <summary>Counts of the same strength added up, the strongest first.</summary>
    public static IReadOnlyList<Capsules> Sum(IEnumerable<Capsules> capsules) =>
        [.. capsules.GroupBy(c => c.StrengthMg).OrderByDescending(g => g.Key).Select(g => new Capsules(g.Key, g.Sum(c => c.Count)))];
}
