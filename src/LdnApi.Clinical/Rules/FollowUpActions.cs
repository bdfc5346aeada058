namespace LdnApi.Clinical.Rules;

/// <summary>What a clinician may do to a follow-up.</summary>
public enum FollowUpAction
{
    Acknowledge,
    Assign,
    Start,
    Snooze,
    Resolve,
    Dismiss,
}

/// <summary>Which acts a follow-up allows, and what becomes of it.</summary>
public static class FollowUpActions
{
    /// <summary>The acts that a status allows.</summary>
    public static IReadOnlyList<FollowUpAction> AllowedIn(FollowUpStatus status) => status switch
    {
        FollowUpStatus.Open => [FollowUpAction.Acknowledge, FollowUpAction.Assign, FollowUpAction.Snooze, FollowUpAction.Resolve, FollowUpAction.Dismiss],
        FollowUpStatus.Acknowledged => [FollowUpAction.Assign, FollowUpAction.Start, FollowUpAction.Snooze, FollowUpAction.Resolve, FollowUpAction.Dismiss],
        FollowUpStatus.InProgress => [FollowUpAction.Assign, FollowUpAction.Snooze, FollowUpAction.Resolve, FollowUpAction.Dismiss],
        FollowUpStatus.Closed => [],
    };

    /// <summary>The follow-up after an act on a clinical day. Whose it is and how long it is snoozed is no matter of the rules.</summary>
    public static StoredFollowUp After(StoredFollowUp f, FollowUpAction action, DateOnly on) => action switch
    {
        FollowUpAction.Acknowledge => f with { Status = FollowUpStatus.Acknowledged },
        FollowUpAction.Start => f with { Status = FollowUpStatus.InProgress },
        FollowUpAction.Resolve => f with { Status = FollowUpStatus.Closed, ClosedOn = on, CloseReason = CloseReason.ClinicianResolved },
        FollowUpAction.Dismiss => f with { Status = FollowUpStatus.Closed, ClosedOn = on, CloseReason = CloseReason.Dismissed },
        FollowUpAction.Assign or FollowUpAction.Snooze => f,
    };

    /// <summary>The act as the fold knows it; null for those that change nothing in it.</summary>
    public static ClinicianActionKind? KindOf(FollowUpAction action) => action switch
    {
        FollowUpAction.Acknowledge => ClinicianActionKind.Acknowledge,
        FollowUpAction.Resolve => ClinicianActionKind.Resolve,
        FollowUpAction.Dismiss => ClinicianActionKind.Dismiss,
        FollowUpAction.Assign or FollowUpAction.Start or FollowUpAction.Snooze => null,
    };
}
