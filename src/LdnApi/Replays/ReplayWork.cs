using System.Runtime.CompilerServices;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace LdnApi.Replays;

/// <summary>Someone else works on the replay now, or it was cancelled.</summary>
internal sealed class ReplayTakenException : Exception;

/// <summary>One worker's work on one replay. Each of its writes holds only as long as the replay is still its own.</summary>
internal sealed class ReplayWork(Guid worker, LdnDbContext db, PatientFactsReader reader, ClinicSettings settings, ProductMetrics metrics, TimeProvider clock)
{
    private Replay _replay = null!;
    private DateTimeOffset _renewed;

    /// <returns>False when there is nothing to do, or someone else does it.</returns>
    public async Task<bool> ClaimAsync(ReplayId id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var claimed = await db.RuleReplays
            .Where(r => r.Id == id && (r.Status == ReplayStatus.Queued || (r.Status == ReplayStatus.Running && (r.LeaseUntil <= now || r.Worker == worker)))) // ours when it is tried again
            .ExecuteUpdateAsync(replay => replay
                .SetProperty(r => r.Attempts, r => r.Status == ReplayStatus.Running && r.Worker != worker ? r.Attempts + 1 : r.Attempts) // its worker died
                .SetProperty(r => r.Status, ReplayStatus.Running)
                .SetProperty(r => r.Worker, worker)
                .SetProperty(r => r.LeaseUntil, now + ReplayRun.Lease), ct);
        if (claimed == 0)
        {
            return false;
        }

        _renewed = now;
        _replay = await db.RuleReplays.AsNoTracking().SingleAsync(r => r.Id == id, ct);
        if (_replay.Attempts >= ReplayRun.MaxAttempts)
        {
            await EndAsync(ReplayStatus.Failed, ct);
            return false;
        }

        return true;
    }

    /// <exception cref="ReplayTakenException">Cancelled or taken over.</exception>
    public async Task RunAsync(TimeSpan slice, int patientsAtATime, CancellationToken ct)
    {
        var versions = await settings.AllAsync(ct);
        var until = clock.GetUtcNow() + slice;
        while (true)
        {
            var patients = await NextPatientsAsync(patientsAtATime, ct);
            if (patients.Count == 0)
            {
                await CompleteAsync(patientsAtATime, ct);
                return;
            }

            foreach (var patient in patients)
            {
                await PlayAsync(patient, versions, ct);
                if (clock.GetUtcNow() >= until)
                {
                    await UpdateAsync(replay => replay
                        .SetProperty(r => r.Status, ReplayStatus.Queued).SetProperty(r => r.Worker, (Guid?)null).SetProperty(r => r.LeaseUntil, (DateTimeOffset?)null), ct);
                    return;
                }
            }
        }
    }

    /// <summary>After a failure: to be tried again, or given up after too many without progress.</summary>
    public async Task GiveUpAsync(CancellationToken ct)
    {
        try
        {
            if (_replay.Attempts + 1 >= ReplayRun.MaxAttempts)
            {
                await EndAsync(ReplayStatus.Failed, ct);
            }
            else
            {
                await UpdateAsync(replay => replay
                    .SetProperty(r => r.Status, ReplayStatus.Queued).SetProperty(r => r.Attempts, r => r.Attempts + 1).SetProperty(r => r.Worker, (Guid?)null), ct);
            }
        }
        catch (ReplayTakenException)
        {
            // it is no longer ours to give up
        }
    }

    private async Task<List<PatientId>> NextPatientsAsync(int atMost, CancellationToken ct)
    {
        var patients = db.Patients.AsNoTracking().Where(p => p.RegisteredAt <= _replay.KnownAt);
        if (_replay.LastPatient is { } last)
        {
            patients = patients.Where(p => p.Id > last);
        }

        return await patients.OrderBy(p => p.Id).Select(p => p.Id).Take(atMost).ToListAsync(ct);
    }

    private async Task PlayAsync(PatientId id, IReadOnlyDictionary<long, RuleSettingsVersion> versions, CancellationToken ct)
    {
        var history = await PatientHistory.ReadAsync(db, reader, id, _replay.KnownAt, ct);
        var (tally, differences) = history is null
            ? (ReplayTally.Nothing with { NotReplayable = 1 }, [])
            : await new PatientReplay(history, _replay.Settings, versions).RunAsync(FromOf(_replay), () => RenewAsync(ct));
        metrics.Evaluated(EvaluationKind.Replay, tally.Evaluations);
        (_replay.LastPatient, _replay.Tally) = (id, _replay.Tally.Plus(tally));
        await KeepAsync(id, differences.Select(d => new ReplayFinding
        {
            ClinicId = _replay.ClinicId,
            ReplayId = _replay.Id,
            PatientId = d.PatientId,
            Number = d.Number,
            Kind = d.Kind,
            Body = JsonSerializer.Serialize(d, WireJson.Options),
        }), ct);
    }

    /// <summary>The patient's findings, the entry that the history was read, and the progress together, so that what is resumed begins after what is kept.</summary>
    private Task KeepAsync(PatientId patient, IEnumerable<ReplayFinding> findings, CancellationToken ct) => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
    {
        db.Forget();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await UpdateAsync(replay => replay
            .SetProperty(r => r.LastPatient, _replay.LastPatient).SetProperty(r => r.Tally, _replay.Tally).SetProperty(r => r.Attempts, 0)
            .SetProperty(r => r.LeaseUntil, Renewed()), ct);
        var trail = new AuditTrail(clock);
        trail.Concerns(patient);
        db.Append(trail.EntryOfChange(new Caller(_replay.ClinicId, _replay.RequestedBy), nameof(Replay)));
        db.RuleReplayFindings.AddRange(findings);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    });

    private async Task CompleteAsync(int patientsAtATime, CancellationToken ct)
    {
        var hash = await ReplayResult.HashAsync(_replay, FindingsAsync(patientsAtATime, ct));
        await UpdateAsync(replay => replay
            .SetProperty(r => r.Status, ReplayStatus.Completed).SetProperty(r => r.Hash, hash).SetProperty(r => r.EndedAt, clock.GetUtcNow())
            .SetProperty(r => r.Worker, (Guid?)null).SetProperty(r => r.LeaseUntil, (DateTimeOffset?)null), ct);
    }

    /// <summary>What was found, a few patients at a time: a query that may be tried again is held in memory as a whole.</summary>
    private async IAsyncEnumerable<IReadOnlyList<ReplayFinding>> FindingsAsync(int patientsAtATime, [EnumeratorCancellation] CancellationToken ct)
    {
        var all = db.RuleReplayFindings.AsNoTracking().Where(f => f.ReplayId == _replay.Id);
        var patients = await all.Select(f => f.PatientId).Distinct().OrderBy(id => id).ToListAsync(ct);
        foreach (var some in patients.Chunk(patientsAtATime))
        {
            yield return await all.Where(f => some.Contains(f.PatientId)).OrderBy(f => f.PatientId).ThenBy(f => f.Number).ToListAsync(ct);
            await RenewAsync(ct);
        }
    }

    private Task EndAsync(ReplayStatus status, CancellationToken ct) => UpdateAsync(replay => replay
        .SetProperty(r => r.Status, status).SetProperty(r => r.EndedAt, clock.GetUtcNow())
        .SetProperty(r => r.Worker, (Guid?)null).SetProperty(r => r.LeaseUntil, (DateTimeOffset?)null), ct);

    private async Task RenewAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (clock.GetUtcNow() - _renewed >= ReplayRun.Lease / 3)
        {
            await UpdateAsync(replay => replay.SetProperty(r => r.LeaseUntil, Renewed()), ct);
        }
    }

    private DateTimeOffset Renewed() => (_renewed = clock.GetUtcNow()) + ReplayRun.Lease;

    private async Task UpdateAsync(Action<UpdateSettersBuilder<Replay>> set, CancellationToken ct)
    {
        var held = await db.RuleReplays.Where(r => r.Id == _replay.Id && r.Worker == worker && r.Status == ReplayStatus.Running).ExecuteUpdateAsync(set, ct);
        if (held == 0)
        {
            throw new ReplayTakenException();
        }
    }

    private static DateTimeOffset FromOf(Replay replay) =>
        replay.From is { } day ? new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero) : DateTimeOffset.MinValue;
}
