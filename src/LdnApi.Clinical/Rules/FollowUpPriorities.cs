namespace LdnApi.Clinical.Rules;

/// <summary>What a priority means in time.</summary>
public static class FollowUpPriorities
{
    /// <summary>Time within which a person must have acted: immediate 0, urgent 24 h, soon 72 h, routine and info 7 days.</summary>
    public static TimeSpan TimeAllowed(FollowUpPriority priority) => priority switch
    {
        FollowUpPriority.Immediate => TimeSpan.Zero,
        FollowUpPriority.Urgent => TimeSpan.FromHours(24),
        FollowUpPriority.Soon => TimeSpan.FromHours(72),
        FollowUpPriority.Routine or FollowUpPriority.Info => TimeSpan.FromDays(7),
    };
}
