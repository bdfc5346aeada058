using System.Net.Sockets;
using LdnApi.Common;
using Npgsql;

namespace LdnApi.Records;

/// <summary>
/// A streaming standby, for the queries that say of themselves <see cref="IMayBeSecondsOld"/>; no other comes near it. One that is away or too far behind is passed over, and
/// what it refuses is asked of the primary: it never makes a request fail, and never says that there is no such record.
/// </summary>
/// <param name="standby">Null when none is configured.</param>
/// <param name="maxLag">How old an answer may be at most.</param>
public sealed class Replica(NpgsqlDataSource primary, NpgsqlDataSource? standby, TimeSpan maxLag, TimeProvider clock, ProductMetrics metrics) : IAsyncDisposable
{
    /// <summary>For so long one that could not be reached is left alone: who waits for it waits in vain.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Seconds since the latest change that is seen there was committed: never too few, and too many while nobody writes. No row from a server that is no standby, or for a role
    /// that the wall does not hold.
    /// </summary>
    private const string AskAge = """
        SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
        WHERE pg_is_in_recovery() AND row_security_active('patients') AND pg_last_xact_replay_timestamp() IS NOT NULL
        """;

    private long _restsUntil;

    /// <summary>Reads from the standby if it can be had within what is accepted, else from the primary.</summary>
    public async Task<T> ReadAsync<T>(LdnDbContext db, Freshness freshness, Func<Task<T>> read, CancellationToken ct) where T : IOutcome<T>
    {
        if (standby is null || db.Database.CurrentTransaction is not null)
        {
            return await read();
        }

        var (outcome, answer) = await TryAsync(standby, db, freshness, read, ct);
        metrics.ReplicaAsked(outcome);
        return outcome == ReplicaOutcome.Served ? answer! : await read();
    }

    public ValueTask DisposeAsync() => standby?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<(ReplicaOutcome Outcome, T? Answer)> TryAsync<T>(NpgsqlDataSource standby, LdnDbContext db, Freshness freshness, Func<Task<T>> read, CancellationToken ct) where T : IOutcome<T>
    {
        var limit = freshness.Accepted < maxLag ? freshness.Accepted.Value : maxLag;
        if (limit <= TimeSpan.Zero)
        {
            return (ReplicaOutcome.Declined, default);
        }

        if (clock.GetTimestamp() < Volatile.Read(ref _restsUntil))
        {
            return (ReplicaOutcome.Away, default);
        }

        try
        {
            await using var connection = await standby.OpenConnectionAsync(ct);
            if (await AgeAsync(connection, ct) is not { } age || age > limit)
            {
                return (ReplicaOutcome.TooOld, default);
            }

            db.ReadFrom(connection); // the very one that was asked: of several standbys each has its own age
            var answer = await read();
            if (answer.Refusal is not null)
            {
                return (ReplicaOutcome.Refused, default);
            }

            freshness.Age = age;
            return (ReplicaOutcome.Served, answer);
        }
        catch (Exception e) when (e is NpgsqlException or SocketException)
        {
            if (e is not PostgresException) // who says why is there
            {
                Volatile.Write(ref _restsUntil, clock.GetTimestamp() + (long)(Rest.TotalSeconds * clock.TimestampFrequency));
            }

            return (ReplicaOutcome.Away, default);
        }
        finally
        {
            db.ReadFrom(primary);
        }
    }

    private static async Task<TimeSpan?> AgeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var asking = new NpgsqlCommand(AskAge, connection);
        return await asking.ExecuteScalarAsync(ct) is double seconds ? TimeSpan.FromSeconds(Math.Max(seconds, 0)) : null;
    }
}
