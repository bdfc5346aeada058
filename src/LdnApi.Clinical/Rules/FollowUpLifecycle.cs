namespace LdnApi.Clinical.Rules;

/// <summary>Where a stored follow-up stands.</summary>
public enum FollowUpStatus
{
    Open,
    Acknowledged,
    InProgress,
    Closed,
}

/// <summary>Why a follow-up was closed.</summary>
public enum CloseReason
{
    AutoResolved,
    ClinicianResolved,
    Dismissed,
    EvidenceWithdrawn,
    Merged,
}

/// <summary>A follow-up as it is stored, as far as the rules need to know it.</summary>
/// <param name="Id">Identity, which survives re-opening.</param>
/// <param name="OpenedOn">Clinical day of the present (re-)opening.</param>
/// <param name="FirstOpenedOn">Clinical day on which it was opened for the first time.</param>
/// <param name="ClosedOn">Clinical day of the closing; null while not closed.</param>
public sealed record StoredFollowUp(
    Guid Id, RuleFamily Family, FollowUpStatus Status, FollowUpLabel Label, FollowUpPriority Priority,
    DateOnly OpenedOn, DateOnly FirstOpenedOn, DateOnly LastEvidenceOn, DateOnly? ClosedOn, CloseReason? CloseReason, int Recurrence, bool EvidenceChanged);

/// <summary>What must be done to a stored follow-up, or to bring a new one about.</summary>
public enum FollowUpChangeType
{
    Open,
    Reopen,
    Upgrade,
    /// <summary>The label or priority falls, or the opening day is worked out again; nobody is notified.</summary>
    Adjust,
    /// <summary>Acknowledged, and the facts no longer say the same: a clinician decides.</summary>
    MarkEvidenceChanged,
    /// <summary>The evidence of a marked follow-up is back to what it shows.</summary>
    ClearEvidenceChanged,
    AddEvidence,
    Close,
}

/// <param name="FollowUpId">Null for a follow-up that does not exist yet.</param>
/// <param name="On">The clinical day that the change speaks of.</param>
/// <param name="Notify">Whether someone must be told. False for a spell that opened and closed wholly in the past.</param>
/// <param name="MergedInto">For a closing as <see cref="Rules.CloseReason.Merged"/>: the follow-up that stays.</param>
public sealed record FollowUpChange(
    FollowUpChangeType Type, Guid? FollowUpId, RuleFamily Family, DateOnly On, FollowUpLabel Label, FollowUpPriority Priority,
    DateOnly OpenedOn, DateOnly LastEvidenceOn, int Recurrence, CloseReason? CloseReason, bool Notify, Guid? MergedInto);
