using System.Diagnostics.Metrics;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Nightly;

/// <summary>
/// Evaluates each patient's day just ended, at 03:00 where they live, and everyone after a change of the clinic's settings. This is what raises a lasting
/// event or missing reports without anyone calling.
/// Any number of instances may run: who is due is decided under the patient's lock, so each patient is evaluated once; a crash leaves them due.
/// </summary>
public sealed partial class NightlyRun(IServiceScopeFactory scopes, NightlyMetrics metrics, ProductMetrics product, TimeProvider clock, ILogger<NightlyRun> log) : BackgroundService
{
    private const int BatchSize = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Evaluates everyone who is due now.</summary>
    /// <returns>How many this instance evaluated.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var evaluated = 0;
        var failed = new HashSet<Guid>();
        while (true)
        {
            var due = (await DueAsync(ct)).Where(d => !failed.Contains(d.PatientId)).ToList();
            metrics.SetLag(due.Count == 0 ? TimeSpan.Zero : clock.GetUtcNow() - due.Min(d => d.DueAt));
            if (due.Count == 0)
            {
                return evaluated;
            }

            foreach (var patient in due)
            {
                try
                {
                    evaluated += await EvaluateAsync(patient, ct) ? 1 : 0;
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    failed.Add(patient.PatientId); // the others must not wait for it; it stays due for the next round
                    metrics.Failures.Add(1);
                    LogFailure(e, patient.PatientId);
                }
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                if (await RunAsync(stoppingToken) is > 0 and var evaluated)
                {
                    LogDone(evaluated);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                product.Failed(BackgroundTask.NightlyRun);
                LogFault(e); // an exception that left ExecuteAsync would stop the whole API
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Asked across clinics; answered with ids and moments and nothing else.</summary>
    private async Task<List<DuePatient>> DueAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = Caller.Nobody;
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
        return await db.Database.SqlQuery<DuePatient>(
            $"SELECT clinic_id, patient_id, due_at FROM patients_due_for_evaluation({clock.GetUtcNow()}, {BatchSize})").ToListAsync(ct);
    }

    private async Task<bool> EvaluateAsync(DuePatient due, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var caller = new Caller(new ClinicId(due.ClinicId), "nightly-run");
        scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = caller;
        var db = scope.ServiceProvider.GetRequiredService<LdnDbContext>();
        var monitor = scope.ServiceProvider.GetRequiredService<FollowUpMonitor>();
        var trail = scope.ServiceProvider.GetRequiredService<AuditTrail>();
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.Forget();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var patient = await db.LockPatientAsync(new PatientId(due.PatientId), ct);
            var now = clock.GetUtcNow();
            // Locked, so that a change of the settings that makes everyone due waits for this evaluation and is not overwritten by it.
            var nightly = await db.NightlyEvaluations
                .FromSql($"SELECT * FROM nightly_evaluations WHERE clinic_id = {due.ClinicId} AND patient_id = {due.PatientId} FOR NO KEY UPDATE").SingleAsync(ct);
            if (patient is null || nightly.DueAt > now)
            {
                return false; // another instance was faster
            }

            var ended = patient.DayAt(now).AddDays(-1);
            await monitor.ReviewEndedDayAsync(patient, ended, now, ct);
            nightly.EvaluatedThrough = ended;
            nightly.DueAt = NightlyEvaluation.NextAfter(now, patient.TimeZone);
            trail.Concerns(patient.Id);
            db.Append(trail.EntryOfChange(caller, nameof(NightlyEvaluation)));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            metrics.Evaluations.Add(1);
            return true;
        });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Nightly run evaluated {Count} patients")]
    private partial void LogDone(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nightly run could not evaluate patient {PatientId}; it stays due")]
    private partial void LogFailure(Exception exception, Guid patientId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nightly run failed; trying again in a minute")]
    private partial void LogFault(Exception exception);

    private sealed record DuePatient(Guid ClinicId, Guid PatientId, DateTimeOffset DueAt);
}

/// <summary>What can be seen of the nightly run from outside.</summary>
public sealed class NightlyMetrics
{
    public const string MeterName = "LdnApi.Nightly";

    private double _lagSeconds;

    public NightlyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        Evaluations = meter.CreateCounter<long>("ldnapi.nightly.evaluations", description: "Patients evaluated by the nightly run.");
        Failures = meter.CreateCounter<long>("ldnapi.nightly.failures", description: "Patients that the nightly run could not evaluate.");
        Evaluations.Add(0); // so that the first is seen as an increase
        Failures.Add(0);
        meter.CreateObservableGauge("ldnapi.nightly.lag", () => Volatile.Read(ref _lagSeconds), "s", "How long the patient who has waited longest is overdue.");
    }

    public Counter<long> Evaluations { get; }
    public Counter<long> Failures { get; }

    public void SetLag(TimeSpan lag) => Volatile.Write(ref _lagSeconds, Math.Max(0, lag.TotalSeconds));
}
