namespace LdnApi.Clinical.Rules;

/// <summary>A follow-up as the fold has it open.</summary>
internal sealed class Spell(int openedOn, FollowUpLabel label, FollowUpPriority priority, int recurrence)
{
    public int OpenedOn { get; } = openedOn;
    public FollowUpLabel Label { get; set; } = label;
    public FollowUpPriority Priority { get; set; } = priority;
    public int Recurrence { get; } = recurrence;
    public int LastEvidenceOn { get; set; } = openedOn;
    public int DecidedOn { get; set; } = openedOn;
    public bool Acknowledged { get; set; }
}

/// <summary>What a family's fold has after the days worked off so far, and the events that led there.</summary>
internal abstract class FamilyFold(RuleFamily family, PatientTimeline timeline)
{
    protected PatientTimeline Timeline { get; } = timeline;

    public RuleFamily Family { get; } = family;
    public Spell? Open { get; protected set; }
    public List<RuleEvent> Events { get; } = [];

    /// <summary>After the last day: a clinician closed it, and what was known by then is still held back.</summary>
    public virtual bool IsHeldBack => LastClosed?.On == Timeline.Last && Events[^1].Type != RuleEventType.AutoClose;

    /// <summary>A day's evidence.</summary>
    public abstract void Evidence(int day);

    /// <summary>A clinician's act, after the day's evidence. One on a follow-up that is not open has no effect.</summary>
    public void Act(int day, ClinicianAction action)
    {
        if (Open is null)
        {
            return;
        }

        switch (action.Kind)
        {
            case ClinicianActionKind.Acknowledge:
                Open.Acknowledged = true;
                break;
            case ClinicianActionKind.Resolve:
                Close(day, RuleEventType.Resolve);
                OnClosed(day, action, wasDismissal: false);
                break;
            case ClinicianActionKind.Dismiss:
                Close(day, RuleEventType.Dismiss);
                OnClosed(day, action, wasDismissal: true);
                break;
        }
    }

    protected virtual void OnClosed(int day, ClinicianAction action, bool wasDismissal)
    {
    }

    /// <summary>It opened or rose on this day.</summary>
    protected virtual void OnDecided(int day)
    {
    }

    protected void Begin(int day, FollowUpLabel label, FollowUpPriority priority, int? recurrence = null)
    {
        Open = new Spell(day, label, priority, recurrence ?? 0);
        Log(day, recurrence is null ? RuleEventType.Open : RuleEventType.Reopen);
        OnDecided(day);
    }

    protected void Rise(int day, FollowUpLabel label, FollowUpPriority priority)
    {
        (Open!.Label, Open.Priority, Open.LastEvidenceOn, Open.DecidedOn) = (label, priority, day, day);
        Log(day, RuleEventType.Upgrade);
        OnDecided(day);
    }

    protected void Close(int day, RuleEventType type)
    {
        Log(day, type);
        LastClosed = (day, Open!);
        Open = null;
    }

    protected (int On, Spell Spell)? LastClosed { get; private set; }

    private void Log(int day, RuleEventType type) => Events.Add(new RuleEvent(DateOnly.FromDayNumber(day), Family, type, Open!.Label, Open.Priority));
}
