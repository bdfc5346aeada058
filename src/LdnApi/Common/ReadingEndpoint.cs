namespace LdnApi.Common;

/// <summary>Marks an endpoint that is asked by POST and changes nothing: a repeat does it again, so it takes no <c>Idempotency-Key</c>.</summary>
public sealed record OnlyReads;

public static class OnlyReadsExtensions
{
    public static TBuilder OnlyReads<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new OnlyReads());
}
