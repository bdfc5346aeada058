using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Replays;

/// <summary>
/// Plays what has been asked for, patient by patient. Each patient is kept as soon as it is played, so a replay that is cut short goes on where it
/// stopped, on any instance; a replay that takes long lets the next clinic's in between. It reads the live data and writes only its own.
/// </summary>
public sealed partial class ReplayRun(IServiceScopeFactory scopes, ProductMetrics metrics, TimeProvider clock, ILogger<ReplayRun> log) : BackgroundService
{
    /// <summary>Whoever has not been heard of for so long is taken for dead.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    /// <summary>How long a request that has asked for a replay has to begin it, before a worker in the background may.</summary>
    public static readonly TimeSpan Handover = TimeSpan.FromSeconds(10);

    /// <summary>How often work may be cut short without progress before the replay is given up.</summary>
    public const int MaxAttempts = 3;

    private const int PatientsAtATime = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(10);

    /// <summary>Works on all that wait, in turns, until none does.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (await WaitingAsync(ct) is { Count: > 0 } waiting)
        {
            foreach (var replay in waiting)
            {
                await AdvanceAsync(new ClinicId(replay.ClinicId), new ReplayId(replay.ReplayId), Guid.CreateVersion7(), Slice, ct);
            }
        }
    }

    /// <summary>Works on one replay until it is over or the time is up; nothing when someone else does.</summary>
    /// <param name="worker">Who works on it: a name of their own for each turn.</param>
    public async Task AdvanceAsync(ClinicId clinic, ReplayId id, Guid worker, TimeSpan slice, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = new Caller(clinic, "replay");
        var work = ActivatorUtilities.CreateInstance<ReplayWork>(scope.ServiceProvider, worker);
        if (!await work.ClaimAsync(id, ct))
        {
            return;
        }

        try
        {
            await work.RunAsync(slice, PatientsAtATime, ct);
        }
        catch (ReplayTakenException)
        {
            LogTaken(id); // cancelled, or taken over: what was not yet kept is someone else's
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            metrics.Failed(BackgroundTask.ReplayRun);
            LogFailure(e, id);
            await work.GiveUpAsync(ct);
        }
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
                metrics.Failed(BackgroundTask.ReplayRun);
                LogFault(e); // an exception that left ExecuteAsync would stop the whole API
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Asked across clinics; answered with ids and nothing else.</summary>
    private async Task<List<Waiting>> WaitingAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = Caller.Nobody;
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
        return await db.Database.SqlQuery<Waiting>($"SELECT clinic_id, replay_id FROM rule_replays_waiting({clock.GetUtcNow()})").ToListAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Replay {ReplayId} was cancelled or taken over")]
    private partial void LogTaken(ReplayId replayId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Replay {ReplayId} was cut short")]
    private partial void LogFailure(Exception exception, ReplayId replayId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Replays could not be run; trying again")]
    private partial void LogFault(Exception exception);

    private sealed record Waiting(Guid ClinicId, Guid ReplayId);
}
