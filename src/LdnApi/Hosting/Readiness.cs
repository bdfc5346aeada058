using LdnApi.Records;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace LdnApi.Hosting;

/// <summary>
/// Ready when this instance is not stopping, the database answers and can be written to, its schema is what this build needs, and the wall between clinics holds for its role; else it says which of these fails.
/// It asks over a connection of its own: a pool that is busy is no reason to send everybody away. Anybody may ask, so whoever asks within a second of another is told the same.
/// </summary>
internal sealed class Readiness(Draining draining, IConfiguration configuration, TimeProvider clock) : IHealthCheck
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    public const string MigrationsTable = "\"__EFMigrationsHistory\"";

    private readonly string? _connection = OfItsOwn(ConnectionOptions.Complete(configuration.GetConnectionString("Ldn")));

    private readonly Lock _asking = new();
    private Task<string?>? _asked;
    private long _askedAt;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        (draining.HasBegun ? "stopping: it takes no new requests" : await LatestAsync().WaitAsync(cancellationToken)) is { } failure
            ? HealthCheckResult.Unhealthy(failure)
            : HealthCheckResult.Healthy("all well");

    /// <summary>The check that is running, or one that is not a second old: however many ask, the database is asked once.</summary>
    private Task<string?> LatestAsync()
    {
        lock (_asking)
        {
            if (_asked is null || (_asked.IsCompleted && clock.GetElapsedTime(_askedAt) >= Freshness))
            {
                (_asked, _askedAt) = (FailureAsync(), clock.GetTimestamp());
            }

            return _asked;
        }
    }

    private async Task<string?> FailureAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(_connection);
            await connection.OpenAsync();
            await using var writable = new NpgsqlCommand("SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean", connection);
            if (await writable.ExecuteScalarAsync() is not true)
            {
                return "database: it can be read only";
            }

            await using var applied = new NpgsqlCommand($"SELECT array_agg(migration_id::text) FROM {MigrationsTable}", connection);
            var missing = LdnDbContext.Migrations.Except(await applied.ExecuteScalarAsync() as string[] ?? []).Count();
            if (missing > 0)
            {
                return $"schema: {missing} migrations are missing"; // one that is newer is all right: migrations only add
            }

            await using var walled = new NpgsqlCommand("SELECT row_security_active('patients')", connection);
            return await walled.ExecuteScalarAsync() is true ? null : "database: its role passes row-level security";
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InsufficientPrivilege)
        {
            return "schema: its version cannot be read; run --migrate";
        }
        catch (NpgsqlException)
        {
            return "database: it does not answer";
        }
    }

    private static string? OfItsOwn(string? connection) => connection is null ? null : new NpgsqlConnectionStringBuilder(connection)
    {
        Pooling = false, // one that was kept may have been cut since, and one that can be made is a part of the truth
        Timeout = 2,
        CommandTimeout = 2,
        CancellationTimeout = 500, // ms
        ApplicationName = "ldnapi-ready",
    }.ConnectionString;
}
