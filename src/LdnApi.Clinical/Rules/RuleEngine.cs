using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;

namespace LdnApi.Clinical.Rules;

/// <summary>Folds a patient's facts, day by day, into verdicts with their reasons. The same input gives the same output.</summary>
public static class RuleEngine
{
    /// <summary>Evaluates every family.</summary>
    /// <param name="facts">Accepted facts as known at some moment. Their order, and the same fact given twice, do not matter.</param>
    /// <param name="settings">The thresholds.</param>
    /// <param name="asOf">The last clinical day to look at. Nothing after it counts.</param>
    /// <param name="lastCompletedDay"><paramref name="asOf"/> for a day that has ended, the day before it for a live today. Only missing reports depend on it.</param>
    public static Evaluation Evaluate(PatientFacts facts, RuleSettings settings, DateOnly asOf, DateOnly lastCompletedDay)
    {
        var timeline = new PatientTimeline(facts, settings, asOf);
        var all = Fold(timeline, lastCompletedDay);

        return new Evaluation(
            asOf,
            timeline.DayZero is { } zero ? DateOnly.FromDayNumber(zero) : null,
            timeline.Baseline,
            [.. all.Select(fold => new FamilyExplainer(facts, timeline, fold).Explain())],
            [.. all.SelectMany(f => f.Events).OrderBy(e => e.On).ThenBy(e => e.Family)],
            [.. all.Where(f => f.Open is not null).Select(ToOpen)],
            [.. DaysOf(timeline)]);
    }

    /// <summary>Every family's fold over all days, in the order of the families.</summary>
    internal static FamilyFold[] Fold(PatientTimeline timeline, DateOnly lastCompletedDay)
    {
        var course = new CourseFold(timeline);
        var severe = new SevereFold(timeline);
        var suicidality = new SuicidalityFold(timeline);
        var gad7 = new Gad7Fold(timeline);
        var missing = new MissingFold(timeline, lastCompletedDay.DayNumber, () => course.Open is not null || severe.Open is not null);
        var serious = new SeriousFold(timeline);
        var opioid = new OpioidFold(timeline);
        FamilyFold[] inOrder = [course, severe, suicidality, gad7, missing, serious, opioid]; // missing reports look at what the others have open

        for (var day = timeline.First; day <= timeline.Last; day++)
        {
            foreach (var fold in inOrder)
            {
                fold.Evidence(day);
            }

            foreach (var action in timeline.Actions[day])
            {
                Array.Find(inOrder, f => f.Family == action.Family)!.Act(day, action);
            }

            foreach (var fold in inOrder.OfType<ItemFold>())
            {
                fold.EvidenceAfterClosing(day);
            }
        }

        return inOrder;
    }

    private static OpenFollowUp ToOpen(FamilyFold fold) => new(
        fold.Family, fold.Open!.Label, fold.Open.Priority, DateOnly.FromDayNumber(fold.Open.OpenedOn),
        DateOnly.FromDayNumber(fold.Open.LastEvidenceOn), fold.Open.Recurrence, fold.Open.Acknowledged);

    private static IEnumerable<DayAnxiety> DaysOf(PatientTimeline timeline)
    {
        for (var day = timeline.First; day <= timeline.Last; day++)
        {
            if (timeline.AnxietyOn(day) is { } anxiety)
            {
                yield return new DayAnxiety(DateOnly.FromDayNumber(day), anxiety, timeline.IsSymptomatic(day));
            }
        }
    }
}
