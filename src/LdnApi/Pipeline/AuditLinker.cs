using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Pipeline;

/// <summary>
/// Chains what was not chained as it was written (<see cref="AuditWriter"/>): the entries of changes, a moment after them, so that no change waits for another's. Any number of
/// instances may run: the head moves only from where its mover saw it, so a chain never forks.
/// </summary>
public sealed partial class AuditLinker(IServiceScopeFactory scopes, ProductMetrics metrics, TimeProvider clock, ILogger<AuditLinker> log) : BackgroundService
{
    private const int BatchSize = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Links whatever is there.</summary>
    /// <returns>How many entries this instance linked.</returns>
    /// <exception cref="AggregateException">Those of some clinics could not be; those of the others were.</exception>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var (total, failures) = (0, new List<Exception>());
        foreach (var clinic in await WaitingAsync(ct))
        {
            try
            {
                int linked;
                do
                {
                    linked = await LinkAsync(clinic, ct);
                    total += linked;
                }
                while (linked == BatchSize);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failures.Add(e); // one chain that cannot go on does not stop the others
            }
        }

        return failures.Count == 0 ? total : throw new AggregateException(failures);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                metrics.Failed(BackgroundTask.AuditLinker);
                LogFault(e); // an exception that left ExecuteAsync would stop the whole API
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Asked across clinics; answered with clinics and nothing else.</summary>
    private async Task<List<Guid>> WaitingAsync(CancellationToken ct)
    {
        await using var scope = ScopeOf(Caller.Nobody);
        return await scope.ServiceProvider.GetRequiredService<LdnDbContext>().Database
            .SqlQuery<Guid>($"SELECT clinic_id AS \"Value\" FROM clinics_with_unlinked_audit_entries() AS clinic_id").ToListAsync(ct);
    }

    private async Task<int> LinkAsync(Guid clinic, CancellationToken ct)
    {
        await using var scope = ScopeOf(new Caller(new ClinicId(clinic), "audit-linker"));
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            // What is linked was read in the same transaction: after a failover the new server may lack an entry that the old one showed, and its place would stay empty.
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var linked = await LinkAsync(db, ct);
            await transaction.CommitAsync(ct);
            return linked;
        });
    }

    private static async Task<int> LinkAsync(LdnDbContext db, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"SET LOCAL lock_timeout = '1s'", ct); // tried three times: who froze with a head in hand delays other chains by 4 s, not by a command's 10
        var head = (await db.Database.SqlQuery<Head>($"SELECT number, hash FROM lock_audit_head()").ToListAsync(ct)).SingleOrDefault();
        var batch = new RecordBatch(db);
        var entries = batch.All<AuditEntry>("number IS NULL ORDER BY recorded_at, id LIMIT $2", BatchSize);
        await batch.ReadAsync(ct);
        var (after, hash) = (head?.Number ?? 0, head?.Hash ?? []);
        var hashes = new byte[entries.Count][];
        for (var i = 0; i < entries.Count; i++)
        {
            hashes[i] = hash = entries[i].HashAfter(hash, after + i + 1);
        }

        if (entries.Count == 0)
        {
            return 0; // another instance was faster
        }

        var ids = entries.Select(e => e.Id.Value).ToArray();
        return (await db.Database.SqlQuery<int>($"SELECT link_audit_entries({after}, {ids}, {hashes}) AS \"Value\"").ToListAsync(ct)).Single();
    }

    private sealed record Head(long Number, byte[] Hash);

    private AsyncServiceScope ScopeOf(Caller caller)
    {
        var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = caller;
        return scope;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit entries could not be linked; trying again in a second")]
    private partial void LogFault(Exception exception);
}
