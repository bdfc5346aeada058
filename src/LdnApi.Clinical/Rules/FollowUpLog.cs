namespace LdnApi.Clinical.Rules;

/// <summary>What may happen to a follow-up.</summary>
public enum FollowUpEventType
{
    Opened,
    Reopened,
    Upgraded,
    Adjusted,
    EvidenceAdded,
    EvidenceChanged,
    EvidenceRestored,
    AutoClosed,
    EvidenceWithdrawn,
    Merged,
    Acknowledged,
    Assigned,
    Started,
    Snoozed,
    Resolved,
    Dismissed,
}

/// <summary>What a change or an act is called in a follow-up's log.</summary>
public static class FollowUpLog
{
    /// <summary>What a change by the rules is called in the log.</summary>
    public static FollowUpEventType Of(FollowUpChange change) => change.Type switch
    {
        FollowUpChangeType.Open => FollowUpEventType.Opened,
        FollowUpChangeType.Reopen => FollowUpEventType.Reopened,
        FollowUpChangeType.Upgrade => FollowUpEventType.Upgraded,
        FollowUpChangeType.Adjust => FollowUpEventType.Adjusted,
        FollowUpChangeType.MarkEvidenceChanged => FollowUpEventType.EvidenceChanged,
        FollowUpChangeType.ClearEvidenceChanged => FollowUpEventType.EvidenceRestored,
        FollowUpChangeType.AddEvidence => FollowUpEventType.EvidenceAdded,
        FollowUpChangeType.Close => change.CloseReason switch
        {
            CloseReason.EvidenceWithdrawn => FollowUpEventType.EvidenceWithdrawn,
            CloseReason.Merged => FollowUpEventType.Merged,
            _ => FollowUpEventType.AutoClosed,
        },
    };

    /// <summary>What an act of a clinician is called in the log.</summary>
    public static FollowUpEventType Of(FollowUpAction action) => action switch
    {
        FollowUpAction.Acknowledge => FollowUpEventType.Acknowledged,
        FollowUpAction.Assign => FollowUpEventType.Assigned,
        FollowUpAction.Start => FollowUpEventType.Started,
        FollowUpAction.Snooze => FollowUpEventType.Snoozed,
        FollowUpAction.Resolve => FollowUpEventType.Resolved,
        FollowUpAction.Dismiss => FollowUpEventType.Dismissed,
    };

    /// <summary>The act of a clinician that an entry keeps; null for what the rules did.</summary>
    public static FollowUpAction? ActionOf(FollowUpEventType type) => type switch
    {
        FollowUpEventType.Acknowledged => FollowUpAction.Acknowledge,
        FollowUpEventType.Assigned => FollowUpAction.Assign,
        FollowUpEventType.Started => FollowUpAction.Start,
        FollowUpEventType.Snoozed => FollowUpAction.Snooze,
        FollowUpEventType.Resolved => FollowUpAction.Resolve,
        FollowUpEventType.Dismissed => FollowUpAction.Dismiss,
        _ => null,
    };

    /// <summary>Whether an entry of this type closes the follow-up.</summary>
    public static bool Closes(FollowUpEventType type) => type is FollowUpEventType.AutoClosed or FollowUpEventType.EvidenceWithdrawn or FollowUpEventType.Merged
        or FollowUpEventType.Resolved or FollowUpEventType.Dismissed;

    /// <summary>Whether an entry of this type opens the follow-up, for the first time or again.</summary>
    public static bool Opens(FollowUpEventType type) => type is FollowUpEventType.Opened or FollowUpEventType.Reopened;
}
