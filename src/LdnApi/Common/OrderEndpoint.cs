namespace LdnApi.Common;

/// <summary>An endpoint that orders a dose: its answer names what the order-time rules find, and so does its refusal.</summary>
public sealed record HeldAgainstOrderRules;

public static class HeldAgainstOrderRulesExtensions
{
    public static TBuilder IsHeldAgainstOrderRules<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new HeldAgainstOrderRules());
}
