using LdnApi.Clinical.Assessments;

namespace LdnApi.Clinical.Rules;

/// <summary>R-07: what a GAD-7 total calls for.</summary>
/// <remarks>Cut-offs 10 and 15: Spitzer 2006. A rise of 4 matters: Toussaint 2020. GAD-2 of 3 or more: Plummer 2016.</remarks>
public static class Gad7Rule
{
    /// <summary>Points, 0–21.</summary>
    public const int SevereTotal = 15;

    /// <summary>Points, 0–21.</summary>
    public const int PositiveTotal = 10;

    /// <summary>Points over the baseline.</summary>
    public const int MeaningfulRise = 4;

    /// <summary>Points, 0–21. A rise below it is not followed up.</summary>
    public const int MildTotal = 5;

    /// <summary>Points of the GAD-2, 0–6.</summary>
    public const int Gad2Positive = 3;

    /// <summary>What a total raises, given the baseline; null when nothing.</summary>
    public static FollowUpPriority? PriorityOf(int total, int? baseline) =>
        total >= SevereTotal ? FollowUpPriority.Urgent
        : total >= PositiveTotal && (baseline is null or < PositiveTotal) ? FollowUpPriority.Soon
        : total >= MildTotal && total - baseline >= MeaningfulRise ? FollowUpPriority.Soon
        : null;
}

/// <summary>R-07: the GAD-7 total, and its rise over the baseline.</summary>
internal sealed class Gad7Fold(PatientTimeline timeline) : FamilyFold(RuleFamily.Gad7, timeline)
{
    private readonly ILookup<int, AssessmentFact> _complete = CompleteOf(timeline).ToLookup(a => a.On.DayNumber);

    public static IEnumerable<AssessmentFact> CompleteOf(PatientTimeline timeline) => timeline.Assessments.Where(a => a is { Instrument: Instrument.Gad7, Total: not null });

    public AssessmentFact? LatestUpTo(int day) => _complete.Where(g => g.Key <= day).MaxBy(g => g.Key)?.MaxBy(a => a.Total);

    /// <summary>The latest complete total on or before Day 0, never the assessment itself; of several on one day the lowest.</summary>
    public AssessmentFact? BaselineOf(AssessmentFact assessment)
    {
        AssessmentFact? baseline = null;
        foreach (var a in CompleteOf(Timeline))
        {
            if (assessment.On.DayNumber >= Timeline.DayZero && a.On.DayNumber <= Timeline.DayZero && a.Id != assessment.Id
                && (baseline is null || a.On > baseline.On || (a.On == baseline.On && a.Total < baseline.Total)))
            {
                baseline = a;
            }
        }

        return baseline;
    }

    /// <summary>A GAD-2 of 3 or more without a complete GAD-7 in the week before: the GAD-7 should be repeated.</summary>
    public AssessmentFact? PositiveGad2(int day) => Timeline.Assessments.FirstOrDefault(a =>
        a.Instrument == Instrument.Gad2 && a.Total >= Gad7Rule.Gad2Positive && a.On.DayNumber <= day && a.On.DayNumber > day - 7
        && !_complete.Any(c => c.Key >= a.On.DayNumber - 7 && c.Key <= day));

    public override void Evidence(int day)
    {
        var today = _complete[day].MaxBy(a => a.Total);
        if (today is not { Total: { } total })
        {
            return;
        }

        var baseline = BaselineOf(today)?.Total;
        if (Gad7Rule.PriorityOf(total, baseline) is { } priority)
        {
            if (Open is null)
            {
                Begin(day, FollowUpLabel.Gad7, priority);
            }
            else if (priority > Open.Priority)
            {
                Rise(day, FollowUpLabel.Gad7, priority);
            }
            else
            {
                Open.LastEvidenceOn = day;
            }
        }
        else if (Open is not null && total < Gad7Rule.PositiveTotal && (baseline is null || total < baseline + Gad7Rule.MeaningfulRise))
        {
            Close(day, RuleEventType.AutoClose);
        }
    }
}
