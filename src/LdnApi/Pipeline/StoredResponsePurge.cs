using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Pipeline;

/// <summary>Throws away stored answers that nobody will ask for again, some at a time. Any number of instances may run.</summary>
public sealed partial class StoredResponsePurge(IServiceScopeFactory scopes, ProductMetrics metrics, TimeProvider clock, ILogger<StoredResponsePurge> log) : BackgroundService
{
    private const int BatchSize = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <returns>How many went.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = Caller.Nobody;
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
        var expired = clock.GetUtcNow() - StoredResponse.Kept;
        var total = 0;
        int purged;
        do
        {
            purged = (await db.Database.SqlQuery<int>($"SELECT purge_stored_responses({expired}, {BatchSize}) AS \"Value\"").ToListAsync(ct)).Single();
            total += purged;
        }
        while (purged == BatchSize);
        return total;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                if (await RunAsync(stoppingToken) is > 0 and var purged)
                {
                    LogDone(purged);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                metrics.Failed(BackgroundTask.StoredResponsePurge);
                LogFault(e); // an exception that left ExecuteAsync would stop the whole API
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Purged {Count} stored answers")]
    private partial void LogDone(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Stored answers could not be purged; trying again in an hour")]
    private partial void LogFault(Exception exception);
}
