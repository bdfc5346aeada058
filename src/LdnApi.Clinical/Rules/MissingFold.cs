namespace LdnApi.Clinical.Rules;

/// <summary>R-27: a gap in the reports while they matter most. Each gap is one follow-up; the next report ends it.</summary>
/// <param name="anxiety">The families of which an open follow-up makes a gap matter.</param>
internal sealed class MissingFold(PatientTimeline timeline, DateOnly lastCompletedDay, params FamilyFold[] anxiety) : FamilyFold(RuleFamily.Missing, timeline)
{
    private bool _silencedGap;

    /// <summary>Whole days without a report up to a day; null before the therapy.</summary>
    public static int? GapOn(PatientTimeline timeline, int day) =>
        timeline.DayZero is { } start && day >= start ? day - Math.Max(timeline.LastReported(day), start - 1) : null;

    /// <summary>The last day that counts as a whole.</summary>
    public int LastCompletedDay => Math.Clamp(lastCompletedDay.DayNumber, Timeline.First, Timeline.Last);

    /// <summary>An anxiety follow-up is open.</summary>
    public bool AnxietyIsOpen => Array.Exists(anxiety, f => f.Open is not null);

    public override bool IsHeldBack => _silencedGap;

    public override void Evidence(int day)
    {
        if (Timeline.IsReported(day))
        {
            _silencedGap = false;
            if (Open is not null)
            {
                Close(day, RuleEventType.AutoClose);
            }
        }
        else if (day <= lastCompletedDay.DayNumber && GapOn(Timeline, day) >= Timeline.Settings.MissingDays
            && (Timeline.SinceIncrease(day) <= Timeline.Settings.MissingWatchDays || AnxietyIsOpen))
        {
            if (Open is not null)
            {
                Open.LastEvidenceOn = day;
            }
            else if (!_silencedGap)
            {
                Begin(day, FollowUpLabel.Missing, FollowUpPriority.Routine);
            }
        }
    }

    protected override void OnClosed(int day, ClinicianAction action, bool wasDismissal) => _silencedGap = true;
}
