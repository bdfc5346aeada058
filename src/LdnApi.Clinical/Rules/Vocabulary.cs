namespace LdnApi.Clinical.Rules;

/// <summary>A family of rules. A patient has at most one open follow-up of each.</summary>
public enum RuleFamily
{
    /// <summary>The course of anxiety over days: early, adjustment, emerging, persistent.</summary>
    Course,

    /// <summary>Severe or critical anxiety on a single day.</summary>
    Severe,

    /// <summary>Thoughts of self-harm, or a suicidal event.</summary>
    Suicidality,

    /// <summary>The seven-item Generalised Anxiety Disorder scale.</summary>
    Gad7,

    /// <summary>Expected check-ins that have not come.</summary>
    Missing,

    /// <summary>A serious adverse event (ICH E2A).</summary>
    Serious,

    /// <summary>An opioid taken during the therapy.</summary>
    Opioid,
}

/// <summary>What a follow-up says. Course labels rank Early &lt; Adjustment &lt; Emerging &lt; Persistent; elsewhere the label is the family.</summary>
public enum FollowUpLabel
{
    Early,
    Adjustment,
    Emerging,
    Persistent,
    Severe,
    Suicidality,
    Gad7,
    Missing,
    Serious,
    Opioid,
}

/// <summary>How soon a person must have acted: info (never), routine (7 d), soon (72 h), urgent (24 h), immediate (now). Ranked upwards.</summary>
public enum FollowUpPriority
{
    Info,
    Routine,
    Soon,
    Urgent,
    Immediate,
}

/// <summary>What a family says of a patient on a day. Missing data is never read as calm.</summary>
public enum Verdict
{
    Raised,
    NotRaised,
    InsufficientData,
}

/// <summary>What happened to a follow-up on a day of the fold.</summary>
public enum RuleEventType
{
    Open,
    Reopen,
    Upgrade,
    AutoClose,
    Resolve,
    Dismiss,
}

/// <summary>A clinician's act on a follow-up that the fold knows of.</summary>
public enum ClinicianActionKind
{
    Acknowledge,
    Resolve,
    Dismiss,
}

/// <summary>Whether a clause of a rule holds.</summary>
public enum ClauseState
{
    True,
    False,
    Unknown,
}
