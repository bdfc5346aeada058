using System.Diagnostics.Metrics;
using LdnApi.Clinical.Rules;

namespace LdnApi.Common;

/// <summary>Why a patient was evaluated.</summary>
public enum EvaluationKind
{
    Write,
    Nightly,
    Replay,
}

/// <summary>Work that goes on without a request.</summary>
public enum BackgroundTask
{
    NightlyRun,
    ReplayRun,
    AuditLinker,
    StoredResponsePurge,
    OutstandingWork,
}

/// <summary>What came of a read that may be seconds old, where there is a replica. All but the first are answered by the primary.</summary>
public enum ReplicaOutcome
{
    Served,

    /// <summary>Older than is allowed or accepted, or not known how old.</summary>
    TooOld,

    /// <summary>It did not answer.</summary>
    Away,

    /// <summary>It has no such record, perhaps not yet.</summary>
    Refused,

    /// <summary>The caller accepts nothing old.</summary>
    Declined,
}

/// <summary>
/// What the product counts of its own work: kinds, codes, families and numbers, never an id. What is counted in a transaction that is then undone stays counted.
/// Each series that can be named in advance begins at 0, so that its first increase is seen.
/// </summary>
public sealed class ProductMetrics
{
    public const string MeterName = "LdnApi";

    private readonly Counter<long> _evaluations;
    private readonly Histogram<double> _evaluationDuration;
    private readonly Counter<long> _verdicts;
    private readonly Counter<long> _opened;
    private readonly Histogram<int> _auditBatch;
    private readonly Histogram<double> _auditDuration;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _replica;

    public ProductMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _evaluations = meter.CreateCounter<long>("ldnapi.evaluations", description: "Evaluations of a patient.");
        _evaluationDuration = meter.CreateHistogram("ldnapi.evaluation.duration", "s", "From reading the facts to the follow-ups brought in line.", advice: Buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5));
        _verdicts = meter.CreateCounter<long>("ldnapi.verdicts.raised", description: "Verdicts of live evaluations that ask a provider to look.");
        _opened = meter.CreateCounter<long>("ldnapi.follow_ups.opened", description: "Follow-ups opened or opened again.");
        _auditBatch = meter.CreateHistogram("ldnapi.audit.batch", description: "Entries of reads and refusals that shared a commit.", advice: Buckets(1, 2, 5, 10, 25, 50, 100, 250, 500));
        _auditDuration = meter.CreateHistogram("ldnapi.audit.write.duration", "s", "How long such a commit took.", advice: Buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10));
        _stored = meter.CreateCounter<long>("ldnapi.answers.stored", description: "Answers kept for a repeat of their request.");
        _replayed = meter.CreateCounter<long>("ldnapi.answers.replayed", description: "Repeats answered from what was kept.");
        _refusals = meter.CreateCounter<long>("ldnapi.refusals", description: "Problems answered, by their code.");
        _failures = meter.CreateCounter<long>("ldnapi.background.failures", description: "Rounds or items of background work that failed.");
        _replica = meter.CreateCounter<long>("ldnapi.replica.reads", description: "Reads that may be seconds old, by what the replica did with them.");
        Begin();
    }

    public void Evaluated(EvaluationKind kind, int count = 1) => _evaluations.Add(count, Tag("kind", kind));

    /// <summary>A live evaluation: how long it took and what it found.</summary>
    public void Evaluated(EvaluationKind kind, TimeSpan duration, IEnumerable<RuleFamily> raised)
    {
        Evaluated(kind);
        _evaluationDuration.Record(duration.TotalSeconds, Tag("kind", kind));
        foreach (var family in raised)
        {
            _verdicts.Add(1, Tag("family", family));
        }
    }

    public void Opened(RuleFamily family, FollowUpPriority priority) => _opened.Add(1, Tag("family", family), Tag("priority", priority));

    public void AuditWritten(int entries, TimeSpan duration)
    {
        _auditBatch.Record(entries);
        _auditDuration.Record(duration.TotalSeconds);
    }

    public void AnswerStored() => _stored.Add(1);

    public void AnswerReplayed() => _replayed.Add(1);

    /// <param name="code">The problem's stable code.</param>
    /// <param name="isCommand">Whether something was to be changed.</param>
    public void Refused(string code, bool isCommand) => _refusals.Add(1, new("code", code), new("kind", isCommand ? "command" : "query"));

    public void Failed(BackgroundTask task) => _failures.Add(1, Tag("task", task));

    public void ReplicaAsked(ReplicaOutcome outcome) => _replica.Add(1, Tag("outcome", outcome));

    private void Begin()
    {
        _stored.Add(0);
        _replayed.Add(0);
        foreach (var kind in Enum.GetValues<EvaluationKind>())
        {
            _evaluations.Add(0, Tag("kind", kind));
        }

        foreach (var family in Enum.GetValues<RuleFamily>())
        {
            _verdicts.Add(0, Tag("family", family));
        }

        foreach (var task in Enum.GetValues<BackgroundTask>())
        {
            _failures.Add(0, Tag("task", task));
        }

        foreach (var outcome in Enum.GetValues<ReplicaOutcome>())
        {
            _replica.Add(0, Tag("outcome", outcome));
        }
    }

    public static KeyValuePair<string, object?> Tag<T>(string name, T value) where T : struct, Enum => new(name, WireNames.NameOf(value));

    private static InstrumentAdvice<double> Buckets(params double[] upTo) => new() { HistogramBucketBoundaries = upTo };

    private static InstrumentAdvice<int> Buckets(params int[] upTo) => new() { HistogramBucketBoundaries = upTo };
}
