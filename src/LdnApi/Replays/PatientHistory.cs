using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Replays;

/// <summary>What happened to one patient: what became known, when the rules looked, what a clinician did, and the log that came of it.</summary>
/// <param name="Evaluations">In order; the last is the last that happened by the moment of knowledge.</param>
/// <param name="Versions">Of the records that facts are made of, in order.</param>
/// <param name="Acts">Of clinicians, in order.</param>
/// <param name="Live">The follow-ups as they really were, in the order in which they were made.</param>
internal sealed record PatientHistory(
    PatientId PatientId, IReadOnlyList<EvaluationEntry> Evaluations, IReadOnlyList<RecordVersion> Versions, IReadOnlyList<FollowUpEvent> Acts, IReadOnlyList<LoggedFollowUp> Live)
{
    /// <summary>Null when the log begins before evaluations were kept: it cannot be played.</summary>
    public static async Task<PatientHistory?> ReadAsync(LdnDbContext db, PatientFactsReader reader, PatientId id, DateTimeOffset knownAt, CancellationToken ct)
    {
        // Evaluations first: what they rest on was there before them, whatever is written meanwhile.
        var all = await db.Evaluations.AsNoTracking().Where(e => e.PatientId == id).OrderBy(e => e.Ordinal).ToListAsync(ct);
        var evaluations = all.TakeWhile(e => e.At <= knownAt).ToList();
        var last = evaluations.Count == 0 ? 0 : evaluations[^1].Ordinal;
        var versions = await reader.VersionsOf(id).Where(v => v.Ordinal < last).OrderBy(v => v.Ordinal).ToListAsync(ct);
        var log = await db.FollowUpEvents.AsNoTracking().Where(e => e.PatientId == id).OrderBy(e => e.Ordinal).ToListAsync(ct);
        if (log.Exists(e => e.EvaluationId is null && FollowUpLog.ActionOf(e.Type) is null))
        {
            return null;
        }

        var moments = evaluations.ToDictionary(e => e.Id, e => e.Ordinal);
        var happened = log.FindAll(e => e.EvaluationId is { } by ? moments.ContainsKey(by) : e.Ordinal < last);
        return new PatientHistory(
            id, evaluations, versions, happened.FindAll(e => e.EvaluationId is null),
            [
                .. happened.GroupBy(e => e.FollowUpId).Select(g => new LoggedFollowUp(g.Key.Value, g.First().Family,
                [
                    .. g.Select(e => new LogEntry(e.Type, e.On, e.RecordedAt, e.Label, e.Priority, e.EvaluationId is { } by ? moments[by] : e.Ordinal)),
                ])),
            ]);
    }

    /// <summary>A clinician's act as the fold knows it; null for one that changes nothing in it.</summary>
    public static ClinicianAction? ToAction(FollowUpEvent act) =>
        FollowUpActions.KindOf(FollowUpLog.ActionOf(act.Type)!.Value) is { } kind ? new ClinicianAction(act.Family, kind, KnownOf(act)) : null;

    public static Known KnownOf(FollowUpEvent act) => new(act.On, act.RecordedAt);
}
