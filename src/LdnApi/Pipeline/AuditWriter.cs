using System.Collections.Concurrent;
using System.Diagnostics;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Pipeline;

/// <summary>
/// Puts entries on disk that have no transaction of their own: those of reads and refusals. Requests in flight share one commit. Whoever comes first writes
/// for all who came meanwhile; each waits until its own entry is safe.
/// </summary>
public sealed partial class AuditWriter(IServiceScopeFactory scopes, ProductMetrics metrics, ILogger<AuditWriter> log) : IDisposable
{
    /// <summary>So many may wait. When the database is too slow for them, reads are refused rather than served without an entry.</summary>
    public const int Capacity = 10_000;

    private const int BatchSize = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<Waiting> _queue = new();
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Returns when the entry is on disk.</summary>
    /// <exception cref="AuditUnavailableException">It is not, and will not be.</exception>
    public async Task WriteAsync(AuditEntry entry)
    {
        var own = new Waiting(entry);
        if (_queue.Count >= Capacity)
        {
            throw new AuditUnavailableException(null);
        }

        _queue.Enqueue(own);
        while (!own.Written.Task.IsCompleted)
        {
            await _turn.WaitAsync(); // no cancellation: whoever has the turn writes for others too
            try
            {
                if (!own.Written.Task.IsCompleted)
                {
                    await WriteTogetherAsync();
                }
            }
            finally
            {
                _turn.Release();
            }
        }

        await own.Written.Task;
    }

    public void Dispose() => _turn.Dispose();

    private async Task WriteTogetherAsync()
    {
        var batch = new List<Waiting>();
        while (batch.Count < BatchSize && _queue.TryDequeue(out var waiting))
        {
            batch.Add(waiting);
        }

        await WriteAsync(batch);
    }

    private async Task WriteAsync(List<Waiting> batch)
    {
        try
        {
            var started = Stopwatch.GetTimestamp();
            using var patience = new CancellationTokenSource(Patience);
            await SaveAsync(batch.ConvertAll(w => w.Entry), patience.Token);
            metrics.AuditWritten(batch.Count, Stopwatch.GetElapsedTime(started));
            batch.ForEach(w => w.Written.SetResult());
        }
        catch (DbUpdateException) when (batch.Count > 1)
        {
            foreach (var one in batch)
            {
                await WriteAsync([one]); // an entry that cannot be written does not take the others with it
            }
        }
        catch (Exception e)
        {
            LogFailure(e, batch.Count);
            batch.ForEach(w => w.Written.SetException(new AuditUnavailableException(e)));
        }
    }

    /// <summary>One transaction for entries of many clinics: the wall is told of each clinic in turn.</summary>
    private async Task SaveAsync(List<AuditEntry> entries, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = Caller.Nobody;
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            foreach (var clinic in entries.GroupBy(e => e.ClinicId))
            {
                await db.Database.ExecuteSqlAsync($"SELECT set_config('ldn.clinic_id', {clinic.Key.ToString()}, true)", ct);
                db.AuditEntries.AddRange(clinic);
                await db.SaveChangesAsync(ct);
            }

            await transaction.CommitAsync(ct);
        });
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} audit entries could not be written; reads wait for theirs and are refused")]
    private partial void LogFailure(Exception exception, int count);

    private sealed record Waiting(AuditEntry Entry)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>No entry can be left, so nothing is shown.</summary>
public sealed class AuditUnavailableException(Exception? inner) : Exception("The audit entry could not be written.", inner);
