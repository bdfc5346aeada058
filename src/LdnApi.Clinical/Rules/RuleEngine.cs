namespace LdnApi.Clinical.Rules;

/// <summary>Folds a patient's facts, day by day, into verdicts with their reasons. The same input gives the same output.</summary>
public static class RuleEngine
{
    /// <summary>Evaluates every family, and finds for each that is not raised the smallest change that would raise it.</summary>
    /// <param name="facts">Accepted facts as known at some moment. Their order, and the same fact given twice, do not matter.</param>
    /// <param name="settings">The thresholds.</param>
    /// <param name="asOf">The last clinical day to look at. Nothing after it counts.</param>
    /// <param name="lastCompletedDay"><paramref name="asOf"/> for a day that has ended, the day before it for a live today. Only missing reports depend on it.</param>
    public static Evaluation Evaluate(PatientFacts facts, RuleSettings settings, DateOnly asOf, DateOnly lastCompletedDay)
    {
        var timeline = new PatientTimeline(facts, settings, asOf);
        return new RuleDecision(timeline, AllFolds(timeline, lastCompletedDay)).Explain(new FlipSearch(timeline, lastCompletedDay));
    }

    /// <summary>The fold alone, in a fraction of the time: for who must decide, and asks for the reasons of few families or of none.</summary>
    public static RuleDecision Decide(PatientFacts facts, RuleSettings settings, DateOnly asOf, DateOnly lastCompletedDay)
    {
        var timeline = new PatientTimeline(facts, settings, asOf);
        return new RuleDecision(timeline, AllFolds(timeline, lastCompletedDay));
    }

    /// <summary>Whether a family is open after the last day.</summary>
    internal static bool Raises(RuleFamily family, PatientTimeline timeline, DateOnly lastCompletedDay)
    {
        var folds = FoldsFor(family, timeline, lastCompletedDay);
        Fold(timeline, folds);
        return folds[^1].Open is not null;
    }

    private static FamilyFold[] AllFolds(PatientTimeline timeline, DateOnly lastCompletedDay)
    {
        var (course, severe) = (new CourseFold(timeline), new SevereFold(timeline));
        FamilyFold[] folds =
        [
            course, severe, new SuicidalityFold(timeline), new Gad7Fold(timeline),
            new MissingFold(timeline, lastCompletedDay, course, severe), new SeriousFold(timeline), new OpioidFold(timeline),
        ];
        Fold(timeline, folds);
        return folds;
    }

    /// <summary>A family's fold, last, and before it those that it looks at.</summary>
    private static FamilyFold[] FoldsFor(RuleFamily family, PatientTimeline timeline, DateOnly lastCompletedDay)
    {
        return family switch
        {
            RuleFamily.Course => [new CourseFold(timeline)],
            RuleFamily.Severe => [new SevereFold(timeline)],
            RuleFamily.Suicidality => [new SuicidalityFold(timeline)],
            RuleFamily.Gad7 => [new Gad7Fold(timeline)],
            RuleFamily.Missing => MissingAfter(new CourseFold(timeline), new SevereFold(timeline)),
            RuleFamily.Serious => [new SeriousFold(timeline)],
            RuleFamily.Opioid => [new OpioidFold(timeline)],
        };

        FamilyFold[] MissingAfter(CourseFold course, SevereFold severe) => [course, severe, new MissingFold(timeline, lastCompletedDay, course, severe)];
    }

    /// <summary>Works off the days. Within a day the evidence comes first, then the clinicians' acts.</summary>
    private static void Fold(PatientTimeline timeline, FamilyFold[] folds)
    {
        var items = folds.OfType<ItemFold>().ToArray();
        var actions = timeline.Facts.Actions;
        var next = 0;
        for (var day = timeline.First; day <= timeline.Last; day++)
        {
            foreach (var fold in folds)
            {
                fold.Evidence(day);
            }

            for (; next < actions.Count && actions[next].On.DayNumber <= day; next++)
            {
                Array.Find(folds, f => f.Family == actions[next].Family)?.Act(day, actions[next]); // before the first day nothing is open
            }

            foreach (var fold in items)
            {
                fold.EvidenceAfterClosing(day);
            }
        }
    }
}
