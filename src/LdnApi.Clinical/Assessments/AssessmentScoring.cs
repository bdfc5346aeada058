namespace LdnApi.Clinical.Assessments;

/// <summary>What a questionnaire's answers come to.</summary>
/// <param name="Total">Points; null when an answer is missing: nothing is made up for it.</param>
/// <param name="Band">The published band of the total, in kebab-case.</param>
/// <param name="SelfHarmPositive">PHQ-9 item 9 ≥ 1, or any yes of the C-SSRS screener, whether or not the rest is complete.</param>
public sealed record AssessmentScore(int? Total, bool Complete, string? Band, bool SelfHarmPositive);

/// <summary>Scores the questionnaires. A screen is not a diagnosis.</summary>
public static class AssessmentScoring
{
    private const int SelfHarmItem = 8;

    /// <summary>What is wrong with the answers, or null.</summary>
    public static string? Validate(Instrument instrument, IReadOnlyList<int?> answers)
    {
        var (least, most, max) = ShapeOf(instrument);
        return answers.Count < least || answers.Count > most
            ? least == most ? $"Must have {least} answers; null stands for one that was not given." : $"Must have {least} to {most} answers; null stands for one that was not given."
            : answers.Any(a => a < 0 || a > max) ? $"Each answer is a whole number from 0 to {max}, or null." : null;
    }

    /// <exception cref="ArgumentException">The wrong number of answers, or one out of range.</exception>
    public static AssessmentScore Score(Instrument instrument, IReadOnlyList<int?> answers)
    {
        if (Validate(instrument, answers) is { } wrong)
        {
            throw new ArgumentException(wrong, nameof(answers));
        }

        int? total = answers.Contains(null) ? null : answers.Sum();
        var selfHarm = instrument switch
        {
            Instrument.Phq9 => answers[SelfHarmItem] >= 1,
            Instrument.CSsrs => answers.Contains(1),
            Instrument.Gad7 or Instrument.Gad2 => false,
        };
        return new AssessmentScore(total, total is not null, total is { } points ? BandOf(instrument, points) : null, selfHarm);
    }

    private static (int Least, int Most, int MaxAnswer) ShapeOf(Instrument instrument) => instrument switch
    {
        Instrument.Gad7 => (7, 7, 3),
        Instrument.Gad2 => (2, 2, 3),
        Instrument.Phq9 => (9, 9, 3),
        Instrument.CSsrs => (2, 6, 1),
    };

    // GAD-7: Spitzer 2006. GAD-2: Plummer 2016. PHQ-9: Kroenke 2001.
    private static string BandOf(Instrument instrument, int total) => instrument switch
    {
        Instrument.Gad7 => total switch { < 5 => "minimal", < 10 => "mild", < 15 => "moderate", _ => "severe" },
        Instrument.Gad2 => total >= 3 ? "positive" : "negative",
        Instrument.Phq9 => total switch { < 5 => "minimal", < 10 => "mild", < 15 => "moderate", < 20 => "moderately-severe", _ => "severe" },
        Instrument.CSsrs => total >= 1 ? "positive" : "negative",
    };
}
