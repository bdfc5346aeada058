namespace LdnApi.Auth;

/// <summary>What a token may allow. Names are part of the contract.</summary>
public static class Scopes
{
    public const string ClinicalRead = "clinical.read";
    public const string ClinicalWrite = "clinical.write";
    public const string Prescribe = "prescribe";
    public const string FollowUpsAct = "follow-ups.act";
    public const string RulesManage = "rules.manage";
    public const string AuditRead = "audit.read";
    public const string Sandbox = "sandbox";

    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        [ClinicalRead] = "Read records.",
        [ClinicalWrite] = "Write patients, co-medications, observations, procedures, check-ins, assessments and adverse events.",
        [Prescribe] = "Write prescriptions and titration schedules.",
        [FollowUpsAct] = "Work the follow-up queue.",
        [RulesManage] = "Change and replay rule settings.",
        [AuditRead] = "Read who read or changed which patient's data.",
        [Sandbox] = "Make sandbox patients.",
    };
}

/// <summary>The scope that an endpoint needs. An endpoint that carries none is closed to everyone.</summary>
public sealed record RequiredScope(string Name);

public static class RequiredScopeExtensions
{
    public static TBuilder NeedsScope<TBuilder>(this TBuilder endpoint, string scope) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new RequiredScope(scope));
}
