using System.Data;
using System.Globalization;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Hosting;

/// <summary>
/// For <c>--verify-audit</c>: works each clinic's chain out again, from the entries alone, and names the first link that does not hold. Its own output of an earlier
/// day, kept where the database's owner cannot write, shows a chain that was cut short or made anew. What the access logs are found by is held against the entries.
/// </summary>
public static class AuditVerification
{
    private const int PageSize = 5000;

    /// <param name="arguments">Files with earlier outputs.</param>
    /// <returns>0 when every chain holds and every access log is found whole, 1 when one does not or is not.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, IReadOnlyList<string> arguments, TextWriter output, CancellationToken ct)
    {
        var owner = DatabaseSetup.Required(configuration, "LdnOwner");
        var kept = new List<string>();
        foreach (var file in arguments)
        {
            var lines = await File.ReadAllLinesAsync(file, ct);
            if (!lines.Any(l => AnchorOf(l) is not null))
            {
                throw new ConfigurationException($"{file} holds no output of --verify-audit.");
            }

            kept.AddRange(lines);
        }

        var findings = await VerifyAsync(owner, kept, ct);
        foreach (var finding in findings)
        {
            await output.WriteLineAsync(finding.ToString());
        }

        if (arguments.Count > 0)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"held against {kept.Select(AnchorOf).OfType<Anchor>().Distinct().Count()} places of earlier outputs"));
        }

        return findings.All(f => f is { Broken: null, Misplaced: 0 }) ? 0 : 1;
    }

    /// <summary>What was found of one clinic's chain.</summary>
    /// <param name="Number">The last place that holds.</param>
    /// <param name="Hash">Its hash, in hexadecimal.</param>
    /// <param name="Pending">Entries not linked yet.</param>
    /// <param name="Broken">What is wrong with the next place; null when the chain holds.</param>
    /// <param name="Misplaced">Places of entries in the access logs of patients that are missing, there twice, or that no entry accounts for.</param>
    public sealed record Finding(ClinicId Clinic, long Number, string Hash, int Pending, string? Broken, int Misplaced)
    {
        public override string ToString() =>
            $"clinic {Clinic} {Number} {Hash} {(Broken is null ? "holds" : $"BROKEN at {Number + 1}: {Broken}")}{(Pending > 0 ? $", {Pending} not linked yet" : "")}" +
            (Misplaced > 0 ? $", ACCESS LOGS INCOMPLETE: {Misplaced} places are not those of the entries" : "");
    }

    /// <param name="owner">Connection string of the role that sees every clinic.</param>
    /// <param name="kept">Lines of an earlier output.</param>
    public static async Task<IReadOnlyList<Finding>> VerifyAsync(string owner, IReadOnlyList<string> kept, CancellationToken ct)
    {
        var anchors = kept.Select(AnchorOf).OfType<Anchor>().ToLookup(a => a.Clinic);
        await using var anyone = Context(owner, default);
        var clinics = await anyone.Database.SqlQuery<Guid>($"""
            SELECT clinic_id AS "Value" FROM audit_entries UNION SELECT clinic_id FROM audit_heads UNION SELECT clinic_id FROM audit_subjects UNION SELECT clinic_id FROM audit_list_entries
            """).ToListAsync(ct);
        var findings = new List<Finding>();
        foreach (var clinic in clinics.Select(c => new ClinicId(c)).Union(anchors.Select(a => a.Key)).OrderBy(c => c.Value))
        {
            await using var db = Context(owner, clinic);
            findings.Add(await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                await using var snapshot = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct); // the chain grows meanwhile
                return await VerifyAsync(db, anchors[clinic].DistinctBy(a => a.Number).ToDictionary(a => a.Number, a => a.Hash), ct);
            }));
        }

        return findings;
    }

    private static async Task<Finding> VerifyAsync(LdnDbContext db, Dictionary<long, string> anchors, CancellationToken ct)
    {
        var head = await db.AuditHeads.AsNoTracking().SingleOrDefaultAsync(ct);
        var pending = await db.AuditEntries.CountAsync(e => e.Number == null, ct);
        var before = await db.AuditEntries.Where(e => e.Number < 1).Select(e => (AuditEntryId?)e.Id).FirstOrDefaultAsync(ct);
        var misplaced = await MisplacedAsync(db, ct);
        var (number, hash) = (0L, Array.Empty<byte>());
        List<AuditEntry> page;
        do
        {
            var after = number;
            page = await db.AuditEntries.AsNoTracking().Where(e => e.Number > after).OrderBy(e => e.Number).Take(PageSize).ToListAsync(ct);
            foreach (var entry in page)
            {
                var worked = entry.HashAfter(hash, number + 1);
                var broken =
                    entry.Number != number + 1 ? "the entry is missing"
                    : !worked.AsSpan().SequenceEqual(entry.Hash) ? $"entry {entry.Id} was changed, or is not the one that was here"
                    : anchors.GetValueOrDefault(number + 1) is { } anchor && anchor != Convert.ToHexStringLower(worked) ? "the chain was made anew since the earlier output"
                    : null;
                if (broken is not null)
                {
                    return Found(broken);
                }

                (number, hash) = (number + 1, worked);
            }
        }
        while (page.Count == PageSize);

        return Found(
            before is not null ? $"entry {before} stands before the first"
            : number < Math.Max(head?.Number ?? 0, anchors.Keys.DefaultIfEmpty().Max()) ? "the newest entries are missing"
            : number > (head?.Number ?? 0) || !hash.AsSpan().SequenceEqual(head?.Hash) ? "the head was changed"
            : null);

        Finding Found(string? broken) => new(db.Clinic, number, Convert.ToHexStringLower(hash), pending, broken, misplaced);
    }

    /// <summary>What an earlier output says of a chain; null for another line.</summary>
    private static Anchor? AnchorOf(string line) =>
        line.Split(' ') is ["clinic", var clinic, var number, { Length: 64 } hash, ..] && Guid.TryParse(clinic, out var id) && long.TryParse(number, CultureInfo.InvariantCulture, out var place)
            ? new Anchor(new ClinicId(id), place, hash)
            : null;

    private sealed record Anchor(ClinicId Clinic, long Number, string Hash);

    private static async Task<int> MisplacedAsync(LdnDbContext db, CancellationToken ct)
    {
        var clinic = db.Clinic.Value;
        return (await db.Database.SqlQuery<int>($"""
            SELECT count(*)::integer AS "Value"
            FROM (SELECT patient_id, recorded_at, id AS entry_id, true AS said FROM audit_entries, unnest(patient_ids) AS patient_id WHERE clinic_id = {clinic}) AS e
            FULL JOIN (
                SELECT patient_id, recorded_at, entry_id, count(*) AS found FROM (
                    SELECT patient_id, recorded_at, entry_id FROM audit_subjects WHERE clinic_id = {clinic}
                    UNION ALL
                    SELECT patient_id, recorded_at, entry_id FROM audit_lists JOIN audit_list_entries USING (clinic_id, list_id) WHERE clinic_id = {clinic}
                ) AS places GROUP BY patient_id, recorded_at, entry_id
            ) AS s USING (patient_id, recorded_at, entry_id)
            WHERE said IS NULL OR found IS DISTINCT FROM 1
            """).ToListAsync(ct)).Single();
    }

    private static LdnDbContext Context(string owner, ClinicId clinic)
    {
        var options = new DbContextOptionsBuilder<LdnDbContext>();
        LdnDbContext.Configure(options, owner);
        return new LdnDbContext(options.Options).For(new Caller(clinic, "audit-verification"), TimeProvider.System);
    }
}
