using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace LdnApi.Records;

/// <summary>
/// A commit that counts. Where a standby must have the change too (<c>synchronous_commit</c>), a wait that is cut short ends in a commit with a mere warning: it stands here,
/// and a failover may lose it.
/// </summary>
public static class DurableCommit
{
    private const string Warning = "WARNING";

    /// <summary>Not given up half-way because the client has gone.</summary>
    /// <exception cref="DurabilityUnknownException">PostgreSQL warned: do not acknowledge it.</exception>
    public static Task CommitDurablyAsync(this IDbContextTransaction transaction) =>
        ((NpgsqlConnection)transaction.GetDbTransaction().Connection!).DurablyAsync(() => transaction.CommitAsync(CancellationToken.None));

    /// <summary>Does what commits.</summary>
    /// <exception cref="DurabilityUnknownException">PostgreSQL warned: do not acknowledge it.</exception>
    public static async Task DurablyAsync(this NpgsqlConnection connection, Func<Task> commit)
    {
        PostgresNotice? warning = null;
        connection.Notice += Hear;
        try
        {
            await commit();
        }
        finally
        {
            connection.Notice -= Hear;
        }

        if (warning is not null)
        {
            throw new DurabilityUnknownException(warning.SqlState);
        }

        void Hear(object sender, NpgsqlNoticeEventArgs said) => warning = said.Notice.InvariantSeverity == Warning ? said.Notice : warning;
    }
}

/// <summary>It was committed, and the standby may not have it: a failover would lose it.</summary>
public sealed class DurabilityUnknownException(string sqlState) : Exception($"PostgreSQL committed with a warning ({sqlState}).");
