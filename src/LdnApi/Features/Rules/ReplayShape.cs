using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Replays;

namespace LdnApi.Features.Rules;

/// <summary>How far a replay has come.</summary>
/// <param name="PatientsDone">Patients played or found not to be replayable.</param>
/// <param name="PatientsTotal">Patients who were registered by <c>knownAt</c>.</param>
/// <param name="Evaluations">Evaluations played.</param>
public sealed record ReplayProgress(int PatientsDone, int PatientsTotal, int Evaluations);

/// <summary>What came of a replay.</summary>
/// <param name="Hash">SHA-256 (hexadecimal) over the canonical JSON (members sorted by name, no space, numbers without needless zeros) of an object with the
/// members <c>differences</c> (all of them), <c>from</c>, <c>ruleSetVersion</c>, <c>settings</c>, <c>summary</c>, <c>to</c> and <c>weeks</c>, as far as they are
/// present. The same request over the same history has the same hash; with <c>to</c> in the past, whatever is recorded later.</param>
/// <param name="Identical">Everyone was played, and nothing at all differs from what really happened.</param>
/// <param name="Weeks">The load of each week of the period, really and under the draft.</param>
/// <param name="Differences">The first 50; all of them under <c>/differences</c>.</param>
public sealed record ReplayOutcome(
    string Hash, bool Identical, ReplaySummary Summary, IReadOnlyList<ReplayWeek> Weeks, IReadOnlyList<ReplayedDifference> Differences);

/// <summary>A replay: what was asked, how far it is, and what came of it.</summary>
/// <param name="Status"><c>failed</c> when its work was cut short three times without progress: ask again.</param>
/// <param name="Settings">The whole of the settings that are played; absent = those that were in force at each moment.</param>
/// <param name="From">The first day (UTC) of the period; absent = from the beginning.</param>
/// <param name="To">The last day (UTC) of the period; absent = up to the request.</param>
/// <param name="KnownAt">Nothing that was recorded after it counts.</param>
/// <param name="RuleSetVersion">The rules that are played.</param>
/// <param name="Result">Present once the status is <c>completed</c>.</param>
public sealed record ReplayResponse(
    ReplayId Id, ReplayStatus Status, RuleSettings? Settings, DateOnly? From, DateOnly? To, DateTimeOffset KnownAt, string RuleSetVersion, DateTimeOffset RequestedAt,
    string RequestedBy, ReplayProgress Progress, DateTimeOffset? EndedAt, ReplayOutcome? Result)
{
    internal const int FirstDifferences = 50;

    internal static ReplayResponse Of(Replay r, IEnumerable<ReplayedDifference> differences) => new(
        r.Id, r.Status, r.Settings, r.From, r.To, r.KnownAt, r.RuleSetVersion, r.RequestedAt, r.RequestedBy,
        new ReplayProgress(r.Tally.Patients + r.Tally.NotReplayable, r.PatientsTotal, r.Tally.Evaluations), r.EndedAt,
        r.Hash is not { } hash ? null : new ReplayOutcome(
            hash, r.Tally is { NotReplayable: 0, ActsWithoutEffect: 0, Differences.Count: 0 }, ReplayResult.SummaryOf(r), ReplayResult.WeeksOf(r), [.. differences]));
}
