using System.Diagnostics.Metrics;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Hosting.Observability;

/// <summary>
/// What waits for somebody, of all clinics together, read from the database now and then: open and overdue follow-ups by priority, and the age of the oldest audit
/// entry that is not yet chained. Every instance shows the same numbers. While they cannot be read none are shown: an old number would pass for a present one.
/// </summary>
public sealed partial class OutstandingWork : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    private readonly IServiceScopeFactory _scopes;
    private readonly ProductMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private volatile Seen? _seen;

    public OutstandingWork(IServiceScopeFactory scopes, IMeterFactory meters, ProductMetrics metrics, TimeProvider clock, ILogger<OutstandingWork> log)
    {
        (_scopes, _metrics, _clock, _log) = (scopes, metrics, clock, log);
        var meter = meters.Create(ProductMetrics.MeterName);
        meter.CreateObservableGauge("ldnapi.follow_ups.open", () => OfEach(f => f.Open), description: "Follow-ups that are not closed, of all clinics.");
        meter.CreateObservableGauge("ldnapi.follow_ups.overdue", () => OfEach(f => f.Overdue), description: "Of those, how many whose time has passed.");
        meter.CreateObservableGauge("ldnapi.audit.oldest_unlinked", Age, "s", "Age of the oldest audit entry that is not yet in its clinic's chain.");
    }

    /// <summary>Reads once.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var scope = _scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = Caller.Nobody;
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>().Database;
        var now = _clock.GetUtcNow();
        var counts = await db.SqlQuery<Count>($"SELECT priority, open, overdue FROM follow_ups_outstanding({now})").ToListAsync(ct);
        var oldest = (await db.SqlQuery<DateTimeOffset?>($"SELECT oldest_unlinked_audit_entry() AS \"Value\"").ToListAsync(ct)).Single();
        _seen = new Seen(counts.ToDictionary(c => c.Priority), oldest is { } since ? now - since : TimeSpan.Zero);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _clock);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                _seen = null;
                _metrics.Failed(BackgroundTask.OutstandingWork);
                LogFault(e); // an exception that left ExecuteAsync would stop the whole API
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private IEnumerable<Measurement<long>> OfEach(Func<Count, long> value) => _seen is { } seen
        ? Enum.GetValues<FollowUpPriority>().Select(p => new Measurement<long>(seen.Counts.TryGetValue($"{p}", out var count) ? value(count) : 0, ProductMetrics.Tag("priority", p)))
        : [];

    private IEnumerable<Measurement<double>> Age() => _seen is { } seen ? [new Measurement<double>(Math.Max(0, seen.OldestUnlinked.TotalSeconds))] : [];

    [LoggerMessage(Level = LogLevel.Error, Message = "Outstanding work could not be read; trying again in a quarter of a minute")]
    private partial void LogFault(Exception exception);

    private sealed record Count(string Priority, long Open, long Overdue);

    private sealed record Seen(IReadOnlyDictionary<string, Count> Counts, TimeSpan OldestUnlinked);
}
