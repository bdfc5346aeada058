using System.Diagnostics;
using System.Threading.Channels;
using LdnApi.Common;
using LdnApi.Records;
using Npgsql;
using NpgsqlTypes;

namespace LdnApi.Pipeline;

/// <summary>
/// Puts entries on disk that have no transaction of their own: those of reads and refusals. Requests in flight share one commit: what came while the last was on its
/// way goes with the next, in one round trip. Each waits until its own entry is safe.
/// </summary>
/// <remarks>
/// They are chained as they are written, behind the head that this writer saw last. Where somebody else has moved it, or has it in hand, they wait to be chained by
/// <see cref="AuditLinker"/>: nobody waits for a head.
/// </remarks>
public sealed partial class AuditWriter : IAsyncDisposable
{
    /// <summary>So many may wait. When the database is too slow for them, reads are refused rather than served without an entry.</summary>
    public const int Capacity = 10_000;

    private const int BatchSize = 500;
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly NpgsqlDataSource _database;
    private readonly ProductMetrics _metrics;
    private readonly ILogger<AuditWriter> _log;
    private readonly Channel<Waiting> _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Dictionary<ClinicId, Head> _heads = []; // as this writer last saw them
    private readonly Task _work;

    public AuditWriter(NpgsqlDataSource database, ProductMetrics metrics, ILogger<AuditWriter> log)
    {
        (_database, _metrics, _log) = (database, metrics, log);
        _work = Task.Run(WorkAsync);
    }

    /// <summary>Returns when the entry is on disk.</summary>
    /// <exception cref="AuditUnavailableException">It is not, and will not be.</exception>
    public Task WriteAsync(AuditEntry entry)
    {
        var own = new Waiting(entry);
        return _queue.Writer.TryWrite(own) ? own.Written.Task : Task.FromException(new AuditUnavailableException(null));
    }

    /// <summary>The server has answered its last request by then: what still waits is written, and no more comes.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _work;
    }

    private async Task WorkAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var batch = new List<Waiting>();
            while (batch.Count < BatchSize && _queue.Reader.TryRead(out var waiting))
            {
                batch.Add(waiting);
            }

            await WriteAsync(batch);
        }
    }

    /// <param name="isChained">Whether they are to be chained as they are written, where that can be.</param>
    private async Task WriteAsync(List<Waiting> batch, bool isChained = true)
    {
        try
        {
            var started = Stopwatch.GetTimestamp();
            await SaveAsync(batch.ConvertAll(w => w.Entry), isChained);
            _metrics.AuditWritten(batch.Count, Stopwatch.GetElapsedTime(started));
            batch.ForEach(w => w.Written.SetResult());
        }
        catch (PostgresException e) when ((isChained || batch.Count > 1) && !e.IsTransient)
        {
            foreach (var one in batch)
            {
                await WriteAsync([one], isChained: false); // neither an entry that cannot be written nor a chain that was tampered with takes others with it
            }
        }
        catch (Exception e)
        {
            LogFailure(_log, e, batch.Count);
            batch.ForEach(w => w.Written.SetException(new AuditUnavailableException(e)));
        }
    }

    /// <summary>A connection that broke is tried again: an entry that was on disk already stays there once.</summary>
    private async Task SaveAsync(List<AuditEntry> entries, bool isChained)
    {
        using var patience = new CancellationTokenSource(Patience);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await _database.OpenConnectionAsync(patience.Token);
                await using var batch = connection.CreateBatch();
                var clinics = entries.GroupBy(e => e.ClinicId).OrderBy(c => c.Key.Value).ToList(); // in one order: two instances may write the same lists of patients
                foreach (var clinic in clinics)
                {
                    batch.BatchCommands.Add(new NpgsqlBatchCommand(ClinicWall.Set) { Parameters = { new() { Value = clinic.Key.ToString() } } });
                    batch.BatchCommands.Add(Append([.. clinic], isChained && attempt == 1 ? _heads.GetValueOrDefault(clinic.Key, Head.Unknown) : Head.Unknown));
                }

                List<Head> moved = [];
                await connection.DurablyAsync(async () => moved = await HeadsAsync(batch, patience.Token)); // one implicit transaction
                foreach (var (clinic, head) in clinics.Zip(moved))
                {
                    _heads[clinic.Key] = head;
                }

                return;
            }
            catch (NpgsqlException e) when (e.IsTransient && attempt < Attempts)
            {
                await Task.Delay(Pause * attempt, patience.Token);
            }
        }
    }

    private static async Task<List<Head>> HeadsAsync(NpgsqlBatch batch, CancellationToken ct)
    {
        var heads = new List<Head>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        while (await reader.NextResultAsync(ct)) // past what tells the clinic
        {
            await reader.ReadAsync(ct);
            heads.Add(await reader.IsDBNullAsync(0, ct) ? Head.Unknown : new Head(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
            await reader.NextResultAsync(ct);
        }

        return heads;
    }

    private static NpgsqlBatchCommand Append(AuditEntry[] entries, Head head)
    {
        var hashes = new byte[entries.Length][];
        for (var (i, last) = (0, head.Hash); i < entries.Length; i++)
        {
            hashes[i] = last = entries[i].HashAfter(last, head.Number + i + 1);
        }

        return new NpgsqlBatchCommand("SELECT head_number, head_hash FROM append_audit_entries($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = head.Number }, new NpgsqlParameter<byte[]> { TypedValue = head.Hash },
                new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea, Value = hashes },
                Column(NpgsqlDbType.Uuid, e => e.Id.Value), Column(NpgsqlDbType.TimestampTz, e => e.RecordedAt.UtcDateTime),
                Column(NpgsqlDbType.Text, e => e.Subject), Column(NpgsqlDbType.Text, e => e.Client), Column(NpgsqlDbType.Text, e => e.Operation), Column(NpgsqlDbType.Text, e => e.Method),
                Column(NpgsqlDbType.Text, e => $"{{{string.Join(',', e.PatientIds)}}}"), // arrays of different lengths do not make an array
                Column(NpgsqlDbType.Text, e => e.PurposeOfUse), Column(NpgsqlDbType.Text, e => e.RequestId), Column(NpgsqlDbType.Integer, e => e.Status),
            },
        };

        NpgsqlParameter Column<T>(NpgsqlDbType type, Func<AuditEntry, T> of) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = Array.ConvertAll(entries, e => of(e)) };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} audit entries could not be written; reads wait for theirs and are refused")]
    private static partial void LogFailure(ILogger log, Exception exception, int count);

    /// <summary>Where a clinic's chain ends.</summary>
    private sealed record Head(long Number, byte[] Hash)
    {
        /// <summary>Nothing is chained behind it.</summary>
        public static readonly Head Unknown = new(-1, []);
    }

    private sealed record Waiting(AuditEntry Entry)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>No entry can be left, so nothing is shown.</summary>
public sealed class AuditUnavailableException(Exception? inner) : Exception("The audit entry could not be written.", inner);
