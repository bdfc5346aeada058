using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;

namespace LdnApi.Replays;

/// <summary>An entry of a follow-up's log, really made or played. Entries that only add evidence are left out.</summary>
/// <param name="On">The clinical day it speaks of.</param>
/// <param name="At">The moment it happened.</param>
public sealed record ReplayedEntry(FollowUpEventType Type, DateOnly On, DateTimeOffset At, FollowUpLabel Label, FollowUpPriority Priority);

/// <summary>A follow-up on one side, and what the rules say of its family at the moment at which the sides parted.</summary>
/// <param name="FollowUpId">The real follow-up; absent in a draft, and where there is none.</param>
/// <param name="Log">Empty where there is none.</param>
/// <param name="Verdict">With its clauses, evidence and thresholds: why it was raised, or why it was not.</param>
public sealed record ReplayedSide(FollowUpId? FollowUpId, IReadOnlyList<ReplayedEntry> Log, FamilyEvaluation Verdict);

/// <summary>A follow-up that would have been another under the draft.</summary>
/// <param name="Number">Counts from 1, among the patient's.</param>
/// <param name="EvaluationId">The evaluation at which the sides parted.</param>
/// <param name="PartedAt">Its moment.</param>
/// <param name="AsOf">The last clinical day that it looked at.</param>
public sealed record ReplayedDifference(
    PatientId PatientId, int Number, ReplayDifferenceKind Kind, RuleFamily Family, EvaluationId EvaluationId, DateTimeOffset PartedAt, DateOnly AsOf,
    ReplayedSide Live, ReplayedSide Draft);

/// <summary>Plays one patient's history: the same facts, looked at in the same moments, with other thresholds.</summary>
/// <param name="history">What happened.</param>
/// <param name="draft">The thresholds; null = those that were in force at each moment.</param>
/// <param name="versions">Every version of the clinic's settings, by number.</param>
internal sealed class PatientReplay(PatientHistory history, RuleSettings? draft, IReadOnlyDictionary<long, RuleSettingsVersion> versions)
{
    private readonly FollowUpBook _book = new();
    private readonly List<List<LogEntry>> _logs = [];
    private readonly List<(long Ordinal, ClinicianAction Action)> _actions = []; // those that had an effect
    private int _withoutEffect;

    /// <summary>Plays it and holds it against what really happened.</summary>
    /// <param name="from">Differences that were over before it are left out.</param>
    /// <param name="breathe">Awaited between evaluations: playing may take long.</param>
    public async Task<(ReplayTally Tally, IReadOnlyList<ReplayedDifference> Differences)> RunAsync(DateTimeOffset from, Func<Task> breathe)
    {
        await PlayAsync(breathe);
        LoggedFollowUp[] played = [.. _logs.Select((log, i) => new LoggedFollowUp(null, _book.FollowUps[i].Family, log))];
        ReplayDifference[] differences = [.. ReplayComparison.Of(history.Live, played).Where(d => d.Until >= from)];
        var tally = new ReplayTally(
            1, 0, history.Evaluations.Count, _withoutEffect,
            differences.CountBy(d => d.Kind).OrderBy(k => k.Key).ToDictionary(),
            [.. history.Evaluations.Select(e => e.RuleSetVersion).Distinct().Order(StringComparer.Ordinal)],
            ReplayComparison.WeeksOf(history.Live, played));
        return (tally, Explain([.. differences.Where(d => d.Kind != ReplayDifferenceKind.EvidenceOnly)]));
    }

    private async Task PlayAsync(Func<Task> breathe)
    {
        var (known, next) = (new KnownRecords(), 0);
        var acts = new Queue<FollowUpEvent>(history.Acts);
        foreach (var evaluation in history.Evaluations)
        {
            while (acts.TryPeek(out var act) && act.Ordinal < evaluation.Ordinal)
            {
                Act(acts.Dequeue());
            }

            next = Learn(known, next, evaluation);
            if (known.ToFacts([.. _book.Actions]) is { } facts)
            {
                Review(evaluation, RuleEngine.Decide(facts, draft ?? InForce(evaluation), evaluation.AsOf, evaluation.LastCompletedDay));
            }

            await breathe();
        }
    }

    private void Review(EvaluationEntry evaluation, RuleFold fold)
    {
        foreach (var (index, change) in _book.Review(fold))
        {
            if (index == _logs.Count)
            {
                _logs.Add([]);
            }

            _logs[index].Add(new LogEntry(FollowUpLog.Of(change), change.On, evaluation.At, change.Label, change.Priority, evaluation.Ordinal));
        }
    }

    /// <summary>A clinician's act belongs to the family's follow-up that is open in the draft at that moment. Without one it has no effect.</summary>
    private void Act(FollowUpEvent act)
    {
        var action = FollowUpLog.ActionOf(act.Type)!.Value;
        if (_book.Act(act.Family, action, PatientHistory.KnownOf(act)) is not { } index)
        {
            _withoutEffect++;
            return;
        }

        var followUp = _book.FollowUps[index];
        _logs[index].Add(new LogEntry(act.Type, act.On, act.RecordedAt, followUp.Label, followUp.Priority, act.Ordinal));
        if (PatientHistory.ToAction(act) is { } known)
        {
            _actions.Add((act.Ordinal, known));
        }
    }

    /// <summary>A second walk, which stops only where the sides parted, and there asks both for their reasons.</summary>
    private List<ReplayedDifference> Explain(ReplayDifference[] differences)
    {
        var explained = new List<ReplayedDifference>();
        var (known, next) = (new KnownRecords(), 0);
        var parted = differences.ToLookup(d => history.Evaluations.FirstOrDefault(e => e.Ordinal >= d.Parted, history.Evaluations[^1]).Id);
        foreach (var evaluation in history.Evaluations.Where(e => parted.Contains(e.Id)))
        {
            next = Learn(known, next, evaluation);
            var live = Decide(known, InForce(evaluation), history.Acts.Where(a => a.Ordinal < evaluation.Ordinal).Select(PatientHistory.ToAction).OfType<ClinicianAction>());
            var played = Decide(known, draft ?? InForce(evaluation), _actions.Where(a => a.Ordinal < evaluation.Ordinal).Select(a => a.Action));
            foreach (var d in parted[evaluation.Id])
            {
                explained.Add(new ReplayedDifference(
                    history.PatientId, explained.Count + 1, d.Kind, d.Family, evaluation.Id, evaluation.At, evaluation.AsOf,
                    SideOf(d.Live, live.Of(d.Family)), SideOf(d.Draft, played.Of(d.Family))));
            }

            RuleDecision Decide(KnownRecords records, RuleSettings settings, IEnumerable<ClinicianAction> actions) =>
                RuleEngine.Decide(records.ToFacts([.. actions])!, settings, evaluation.AsOf, evaluation.LastCompletedDay);
        }

        return explained;
    }

    private int Learn(KnownRecords known, int next, EvaluationEntry evaluation)
    {
        for (; next < history.Versions.Count && history.Versions[next].Ordinal < evaluation.Ordinal; next++)
        {
            known.Add(history.Versions[next]);
        }

        return next;
    }

    private RuleSettings InForce(EvaluationEntry evaluation) => versions[evaluation.SettingsVersion].Settings;

    private static ReplayedSide SideOf(LoggedFollowUp? followUp, FamilyEvaluation verdict) => new(
        followUp?.Id is { } id ? new FollowUpId(id) : null,
        [.. (followUp?.Log ?? []).Where(e => e.Type != FollowUpEventType.EvidenceAdded).Select(e => new ReplayedEntry(e.Type, e.On, e.At, e.Label, e.Priority))],
        verdict);
}
