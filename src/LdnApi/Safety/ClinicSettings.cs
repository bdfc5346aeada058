using LdnApi.Auth;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>The thresholds of the caller's clinic, now or at an earlier moment.</summary>
public sealed class ClinicSettings(LdnDbContext db, Caller caller)
{
    /// <summary>Asks for them together with whatever else the batch reads.</summary>
    internal Func<RuleSettingsVersion> AskCurrent(RecordBatch batch)
    {
        var latest = batch.All<RuleSettingsVersion>("TRUE ORDER BY version DESC LIMIT 1");
        return () => latest is [var version] ? version : RuleSettingsVersion.Defaults(caller.Clinic);
    }

    public Task<RuleSettingsVersion> CurrentAsync(CancellationToken ct) => LatestAsync(db.RuleSettings, ct);

    /// <summary>What was in force at a moment.</summary>
    public Task<RuleSettingsVersion> InForceAsync(DateTimeOffset at, CancellationToken ct) => LatestAsync(db.RuleSettings.Where(s => s.RecordedAt <= at), ct);

    /// <summary>Every version, by number.</summary>
    public async Task<IReadOnlyDictionary<long, RuleSettingsVersion>> AllAsync(CancellationToken ct)
    {
        var versions = await db.RuleSettings.AsNoTracking().ToListAsync(ct);
        return versions.Prepend(RuleSettingsVersion.Defaults(caller.Clinic)).ToDictionary(s => s.Version);
    }

    private async Task<RuleSettingsVersion> LatestAsync(IQueryable<RuleSettingsVersion> versions, CancellationToken ct) =>
        await versions.AsNoTracking().OrderByDescending(s => s.Version).FirstOrDefaultAsync(ct) ?? RuleSettingsVersion.Defaults(caller.Clinic);
}
