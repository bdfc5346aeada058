using System.Text.Json.Nodes;

namespace LdnApi.SurvivalTests;

/// <summary>What can be wrong.</summary>
internal enum Fault
{
    /// <summary>Acknowledged, and not there.</summary>
    Lost,

    /// <summary>There more than once.</summary>
    AppliedTwice,

    /// <summary>There, but not as it was acknowledged.</summary>
    Changed,

    /// <summary>Two different acknowledgements under one key.</summary>
    ReplayDiffers,

    /// <summary>Refused, and there.</summary>
    Phantom,

    /// <summary>There, and nobody asked.</summary>
    Invented,

    /// <summary>A version acknowledged twice, or changes that nobody made or that are gone.</summary>
    LostUpdate,

    /// <summary>Acknowledged, and a read right afterwards did not find it.</summary>
    StaleRead,

    /// <summary>Still unknown after everything was mended.</summary>
    Unresolved,

    /// <summary>Entries and changes are not one to one, or the chain does not hold.</summary>
    Audit,

    /// <summary>The facts demand it, and it is not there.</summary>
    FollowUpMissing,

    /// <summary>Open more than once.</summary>
    FollowUpTwice,

    /// <summary>There, but not as the facts say.</summary>
    FollowUpDiffers,

    /// <summary>500, a 503 without <c>Retry-After</c>, or a refusal that nothing explains.</summary>
    BadAnswer,
}

internal sealed record Verdict(Fault Fault, string What);

/// <summary>One record of what is there.</summary>
/// <param name="Op">The operation that it carries; null when it carries none.</param>
/// <param name="Content">All that was acknowledged of it.</param>
internal sealed record Row(string? Op, Kind Kind, Guid Patient, string Content);

/// <param name="RequestId">The attempt that left it.</param>
internal sealed record Entry(string? RequestId, int? Status, IReadOnlyList<Guid> Patients);

/// <summary>A family of rules for a patient.</summary>
/// <param name="Open">How many follow-ups of it are not closed.</param>
/// <param name="Owed">What would have to be done to bring it in line with the facts; null when nothing would.</param>
internal sealed record FollowUpState(Guid Patient, string Family, int Open, string? Owed);

/// <summary>Everything that is there in the end.</summary>
/// <param name="Versions">Of each patient, the last.</param>
internal sealed record Observed(
    IReadOnlyList<Row> Rows, IReadOnlyList<Entry> Entries, IReadOnlyDictionary<Guid, long> Versions, IReadOnlyList<FollowUpState> FollowUps, IReadOnlyList<string> BrokenChains);

/// <summary>Compares what was acknowledged with what is there. Knows nothing of how either was had.</summary>
internal static class Judge
{
    /// <summary>The refusals that two writers of one record must expect of each other.</summary>
    private static readonly string[] Expected = ["version-mismatch", "invalid-transition", "before-last-change", "date-in-future"];

    public static IReadOnlyList<Verdict> Try(IReadOnlyList<Invocation> invocations, IReadOnlyList<Answer> answers, IReadOnlyList<Missed> missed, Observed observed)
    {
        var ops = invocations.GroupBy(i => i.Op).ToDictionary(g => g.Key, g => new Case(g.First(), [.. g.Select(i => i.Attempt)]));
        var answersOf = answers.ToLookup(a => a.Op);
        var rowsOf = observed.Rows.Where(r => r.Op is not null).ToLookup(r => r.Op!);
        return
        [
            .. ops.Values.SelectMany(op => OfOperation(op.First, [.. answersOf[op.First.Op]], [.. rowsOf[op.First.Op]])),
            .. observed.Rows.Where(r => r.Op is null || !ops.ContainsKey(r.Op)).Select(r => new Verdict(Fault.Invented, $"{r.Kind} {r.Content}")),
            .. missed.Select(m => new Verdict(Fault.StaleRead, m.Op)),
            .. answers.Where(IsBad).Select(a => new Verdict(Fault.BadAnswer, $"{a.Attempt}: {a.Status} {a.Code}")),
            .. OfVersions(ops, answersOf, observed),
            .. OfAudit(ops, answersOf, rowsOf, observed),
            .. observed.BrokenChains.Select(chain => new Verdict(Fault.Audit, chain)),
            .. observed.FollowUps.SelectMany(OfFollowUp),
        ];
    }

    /// <summary>What an acknowledgement promises: the record, without what an answer tells beside it.</summary>
    public static string ContentOf(Kind kind, string op, JsonNode answer)
    {
        var content = kind switch
        {
            Kind.TitrationStep => answer["changes"]!.AsArray().Single(c => (string?)c!["reason"] == op)!,
            Kind.Acknowledgement => answer["events"]!.AsArray().Single(e => (string?)e!["reason"] == op)!,
            _ => answer,
        };
        return Canonical(content);
    }

    /// <summary>The same text for the same record, whoever tells it.</summary>
    public static string Canonical(JsonNode record) => Sorted(record)!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Where(m => m.Value is not null && m.Key is not ("followUps" or "possibleDuplicates" or "findings"))
            .OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static IEnumerable<Verdict> OfOperation(Invocation op, IReadOnlyList<Answer> answers, IReadOnlyList<Row> rows)
    {
        var acknowledged = answers.Where(a => a.IsAcknowledged).ToList();
        if (rows.Count > 1)
        {
            yield return new(Fault.AppliedTwice, $"{op.Kind} {op.Op}: {rows.Count} times");
        }

        if (acknowledged.Count > 0)
        {
            var contents = acknowledged.Select(a => ContentOf(op.Kind, op.Op, JsonNode.Parse(a.Body!)!)).Distinct().ToList();
            if (contents.Count > 1)
            {
                yield return new(Fault.ReplayDiffers, $"{op.Kind} {op.Op}");
            }

            if (rows.Count == 0)
            {
                yield return new(Fault.Lost, $"{op.Kind} {op.Op}");
            }
            else if (!rows.Any(r => contents.Contains(r.Content)))
            {
                yield return new(Fault.Changed, $"{op.Kind} {op.Op}: {contents[0]} is now {rows[0].Content}");
            }
        }
        else if (answers.Any(a => a.IsRefused))
        {
            if (rows.Count > 0)
            {
                yield return new(Fault.Phantom, $"{op.Kind} {op.Op}");
            }
        }
        else if (op.Kind != Kind.PatientChange)
        {
            yield return new(Fault.Unresolved, $"{op.Kind} {op.Op}");
        }
    }

    private static bool IsBad(Answer a) =>
        a.Status >= 500 ? a.Status != 503 || !a.SaysWhen
        : a.IsRefused && !Expected.Contains(a.Code);

    private static IEnumerable<Verdict> OfVersions(Dictionary<string, Case> ops, ILookup<string, Answer> answersOf, Observed observed)
    {
        foreach (var patient in ops.Values.Where(o => o.First.Kind == Kind.PatientChange).GroupBy(o => o.First.Patient))
        {
            var acknowledged = patient.SelectMany(o => answersOf[o.First.Op]).Where(a => a.IsAcknowledged).Select(a => (long)JsonNode.Parse(a.Body!)!["version"]!).ToList();
            var unknown = patient.Count(o => !answersOf[o.First.Op].Any(a => a.IsKnown));
            if (acknowledged.Distinct().Count() < acknowledged.Count)
            {
                yield return new(Fault.LostUpdate, $"patient {patient.Key}: a version was acknowledged twice");
            }

            if (observed.Versions.GetValueOrDefault(patient.Key) is var last && (last < 1 + acknowledged.Count || last > 1 + acknowledged.Count + unknown))
            {
                yield return new(Fault.LostUpdate, $"patient {patient.Key}: version {last} after {acknowledged.Count} acknowledged and {unknown} unknown changes");
            }
        }
    }

    /// <summary>Each acknowledged attempt has one entry, each entry of a success a change that is there, each change an entry.</summary>
    private static IEnumerable<Verdict> OfAudit(Dictionary<string, Case> ops, ILookup<string, Answer> answersOf, ILookup<string, Row> rowsOf, Observed observed)
    {
        var successes = observed.Entries.Where(e => e.RequestId is not null && e.Status is >= 200 and < 300).ToLookup(e => e.RequestId!);
        foreach (var (id, op) in ops)
        {
            var ofOp = op.Attempts.Select(a => (Attempt: a, Entries: successes[a].ToList())).ToList();
            var isThere = rowsOf[id].Any();
            foreach (var (attempt, entries) in ofOp)
            {
                var wanted = answersOf[id].Any(a => a.Attempt == attempt && a.IsAcknowledged);
                if (entries.Count > 1 || (wanted && entries.Count == 0) || entries.Any(e => !e.Patients.Contains(op.First.Patient)))
                {
                    yield return new(Fault.Audit, $"{op.First.Kind} {attempt}: {entries.Count} entries");
                }
            }

            if (isThere != ofOp.Any(a => a.Entries.Count > 0))
            {
                yield return new(Fault.Audit, $"{op.First.Kind} {id}: {(isThere ? "a change without an entry" : "an entry without a change")}");
            }
        }
    }

    private static IEnumerable<Verdict> OfFollowUp(FollowUpState state)
    {
        if (state.Open > 1)
        {
            yield return new(Fault.FollowUpTwice, $"{state.Patient} {state.Family}: {state.Open} are open");
        }
        else if (state.Owed is { } owed)
        {
            yield return new(owed == "Open" ? Fault.FollowUpMissing : Fault.FollowUpDiffers, $"{state.Patient} {state.Family}: {owed}");
        }
    }

    private sealed record Case(Invocation First, IReadOnlyList<string> Attempts);
}
