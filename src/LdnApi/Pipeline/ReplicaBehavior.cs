using LdnApi.Common;
using LdnApi.Records;
using MediatR;

namespace LdnApi.Pipeline;

/// <summary>Takes a query that may be seconds old, with all that it passes on its way, to the replica.</summary>
public sealed class ReplicaBehavior<TQuery, TResponse>(LdnDbContext db, Replica replica, Freshness freshness) : IPipelineBehavior<TQuery, TResponse>
    where TQuery : IQuery<TResponse>, IMayBeSecondsOld
    where TResponse : IOutcome<TResponse>
{
    public Task<TResponse> Handle(TQuery query, CancellationToken ct, RequestHandlerDelegate<TResponse> next) => replica.ReadAsync(db, freshness, () => next(), ct);
}
