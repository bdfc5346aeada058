namespace LdnApi.Clinical.Rules;

/// <summary>R-27: a gap in the reports while they matter most. Each gap is one follow-up; the next report ends it.</summary>
internal sealed class MissingFold(PatientTimeline timeline, int lastCompletedDay, Func<bool> anxietyFollowUpIsOpen) : FamilyFold(RuleFamily.Missing, timeline)
{
    private bool _silencedGap;

    /// <summary>Whole days without a report up to a day; null before the therapy.</summary>
    public int? GapOn(int day) => Timeline.DayZero is { } start && day >= start ? day - Math.Max(Timeline.LastReported(day), start - 1) : null;

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
        else if (day <= lastCompletedDay && GapOn(day) >= Timeline.Settings.MissingDays
            && (Timeline.SinceIncrease(day) <= Timeline.Settings.MissingWatchDays || anxietyFollowUpIsOpen()))
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
