using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL;

namespace LdnApi.Records;

/// <summary>
/// Tries again what failed of something that passes: a broken connection, a restart, a failover, a deadlock. Not for long: who waits holds a place that others need, and
/// the client can come again under its idempotency key.
/// </summary>
internal sealed class BoundedRetries(ExecutionStrategyDependencies dependencies) : NpgsqlRetryingExecutionStrategy(
    dependencies, MaxRetries, maxRetryDelay: TimeSpan.FromSeconds(1), errorCodesToAdd: [PostgresErrorCodes.ReadOnlySqlTransaction]) // a primary that has just become a standby
{
    private const int MaxRetries = 5;

    /// <summary>No new attempt begins later than this after the first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private long _began;

    protected override void OnFirstExecution()
    {
        base.OnFirstExecution();
        _began = Stopwatch.GetTimestamp();
    }

    /// <summary>Whatever broke on this side of the wire, or found no primary among several hosts, passes.</summary>
    protected override bool ShouldRetryOn(Exception? exception) =>
        Dependencies.CurrentContext.Context is not LdnDbContext { IsOnReplica: true } && (exception is NpgsqlException and not PostgresException || base.ShouldRetryOn(exception));

    protected override TimeSpan? GetNextDelay(Exception lastException) =>
        base.GetNextDelay(lastException) is { } delay && Stopwatch.GetElapsedTime(_began) + delay < Patience ? delay : null;
}
