namespace LdnApi.Clinical.AdverseEvents;

/// <summary>An answer to a question of the Naranjo scale.</summary>
public enum NaranjoAnswer
{
    Yes,
    No,
    Unknown,
}

/// <summary>How likely the medicine caused the event: definite from 9 points, probable from 5, possible from 1, else doubtful.</summary>
public enum NaranjoCategory
{
    Definite,
    Probable,
    Possible,
    Doubtful,
}

/// <summary>The Naranjo adverse drug reaction probability scale, ten questions.</summary>
/// <value>Points, −4 to 13.</value>
/// <remarks>Source: Naranjo et al., Clin Pharmacol Ther 1981;30:239–45.</remarks>
public static class Naranjo
{
    /// <summary>Points for yes and for no, question by question; unknown is 0.</summary>
    private static readonly (int Yes, int No)[] Points =
    [
        (1, 0),  // earlier conclusive reports
        (2, -1), // after the medicine was given
        (1, 0),  // better after it was stopped, or an antagonist given
        (2, -1), // back when it was given again
        (-1, 2), // other causes could explain it
        (-1, 1), // back on placebo
        (1, 0),  // a toxic concentration was found
        (1, 0),  // stronger with a higher dose, weaker with a lower
        (1, 0),  // the same reaction before
        (1, 0),  // confirmed by objective evidence
    ];

    /// <summary>How many questions there are.</summary>
    public static int Questions => Points.Length;

    /// <exception cref="ArgumentException">Not ten answers.</exception>
    public static (int Score, NaranjoCategory Category) Score(IReadOnlyList<NaranjoAnswer> answers)
    {
        if (answers.Count != Questions)
        {
            throw new ArgumentException("The scale has ten questions.", nameof(answers));
        }

        var score = answers.Zip(Points, (answer, points) => answer switch
        {
            NaranjoAnswer.Yes => points.Yes,
            NaranjoAnswer.No => points.No,
            NaranjoAnswer.Unknown => 0,
        }).Sum();
        return (score, score >= 9 ? NaranjoCategory.Definite : score >= 5 ? NaranjoCategory.Probable : score >= 1 ? NaranjoCategory.Possible : NaranjoCategory.Doubtful);
    }
}
