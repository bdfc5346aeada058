using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;

namespace LdnApi.Replays;

/// <summary>How many follow-ups would have been others, and what the numbers rest on.</summary>
/// <param name="Added">Follow-ups that the draft raises and that there really were not.</param>
/// <param name="Removed">Follow-ups that there really were and that the draft does not raise.</param>
/// <param name="Earlier">Follow-ups that the draft announces at an earlier moment.</param>
/// <param name="Later">Follow-ups that the draft announces at a later moment.</param>
/// <param name="Changed">Follow-ups that are announced at the same moment and go on differently.</param>
/// <param name="EvidenceOnly">Follow-ups of which only the entries that add evidence differ; they are not listed.</param>
/// <param name="ActsWithoutEffect">Clinicians' acts for which the draft had no follow-up, or one that did not allow them.</param>
/// <param name="Patients">Patients played.</param>
/// <param name="NotReplayable">Patients whose log begins before evaluations were kept; they are left out.</param>
/// <param name="Evaluations">Evaluations played.</param>
/// <param name="RuleSetVersions">The rule sets under which the evaluations were really made. Where they are not the present one, a difference may come from the rules rather than from the settings.</param>
public sealed record ReplaySummary(
    int Added, int Removed, int Earlier, int Later, int Changed, int EvidenceOnly, int ActsWithoutEffect, int Patients, int NotReplayable, int Evaluations,
    IReadOnlyList<string> RuleSetVersions);

/// <summary>What a week asked of the clinic.</summary>
/// <param name="Opened">Follow-ups opened or re-opened, so that someone was told.</param>
/// <param name="Raised">Follow-ups that rose in label or priority.</param>
/// <param name="OpenAtEnd">Follow-ups that were not closed when the week ended.</param>
/// <param name="ByPriority">Of those opened and raised, how many of each priority.</param>
public sealed record ReplayLoad(int Opened, int Raised, int OpenAtEnd, IReadOnlyDictionary<FollowUpPriority, int> ByPriority);

/// <summary>A week as it really was and as it would have been.</summary>
/// <param name="From">Its Monday (UTC).</param>
public sealed record ReplayWeek(DateOnly From, ReplayLoad Live, ReplayLoad Draft);

/// <summary>What came of a completed replay, and its hash.</summary>
public static class ReplayResult
{
    public static ReplaySummary SummaryOf(Replay replay)
    {
        var t = replay.Tally;
        return new ReplaySummary(
            Of(ReplayDifferenceKind.Added), Of(ReplayDifferenceKind.Removed), Of(ReplayDifferenceKind.Earlier), Of(ReplayDifferenceKind.Later),
            Of(ReplayDifferenceKind.Changed), Of(ReplayDifferenceKind.EvidenceOnly), t.ActsWithoutEffect, t.Patients, t.NotReplayable, t.Evaluations, t.RuleSetVersions);

        int Of(ReplayDifferenceKind kind) => t.Differences.GetValueOrDefault(kind);
    }

    /// <summary>Every week of the period from the first with an entry in the log on, those in which nothing happened included. None without an entry.</summary>
    public static IReadOnlyList<ReplayWeek> WeeksOf(Replay replay)
    {
        var counted = replay.Tally.Weeks.ToDictionary(w => w.From);
        if (counted.Count == 0)
        {
            return [];
        }

        var first = replay.From is { } from ? ReplayComparison.WeekOf(new DateTimeOffset(from, TimeOnly.MinValue, TimeSpan.Zero)) : counted.Keys.Min();
        var weeks = new List<ReplayWeek>();
        var (live, draft) = (0, 0);
        for (var week = counted.Keys.Min(); week <= ReplayComparison.WeekOf(replay.KnownAt); week = week.AddDays(7))
        {
            var found = counted.GetValueOrDefault(week) ?? new ReplayedWeek(week, WeekLoad.None, WeekLoad.None);
            (live, draft) = (live + found.Live.Net, draft + found.Draft.Net);
            if (week >= first)
            {
                weeks.Add(new ReplayWeek(week, Load(found.Live, live), Load(found.Draft, draft)));
            }
        }

        return weeks;

        static ReplayLoad Load(WeekLoad w, int open) => new(w.Opened, w.Raised, open, w.ByPriority);
    }

    public static ReplayedDifference Read(ReplayFinding finding) => JsonSerializer.Deserialize<ReplayedDifference>(finding.Body, WireJson.Stored)!;

    /// <summary>
    /// SHA-256 over the canonical JSON of { differences, from, ruleSetVersion, settings, summary, to, weeks }, as they are answered; members that are
    /// absent are left out. Taken in page by page: a result may be large.
    /// </summary>
    /// <param name="pages">The findings in the order in which they are answered.</param>
    public static async Task<string> HashAsync(Replay replay, IAsyncEnumerable<IReadOnlyList<ReplayFinding>> pages)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("{\"differences\":["u8);
        var separator = "";
        await foreach (var finding in pages.SelectMany(page => page))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(separator));
            hash.AppendData(CanonicalJson.Of(Read(finding)));
            separator = ",";
        }

        hash.AppendData("]"u8);
        (string Name, object? Value)[] rest =
        [
            ("from", replay.From), ("ruleSetVersion", replay.RuleSetVersion), ("settings", replay.Settings), ("summary", SummaryOf(replay)), ("to", replay.To),
            ("weeks", WeeksOf(replay)),
        ];
        foreach (var (name, value) in rest.Where(m => m.Value is not null))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($",\"{name}\":"));
            hash.AppendData(CanonicalJson.Of(value));
        }

        hash.AppendData("}"u8);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
