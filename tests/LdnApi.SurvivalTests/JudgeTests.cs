using System.Text.Json.Nodes;

namespace LdnApi.SurvivalTests;

/// <summary>The judge is tried on histories that are made up: a good one, and one for each thing that can be wrong.</summary>
public sealed class JudgeTests
{
    private static readonly Guid Patient = Guid.Parse("0198f000-0000-7000-8000-0000000000aa");
    private const string CheckInBody = """{ "id": "c1", "note": "op-1", "followUps": [] }""";
    private const string PatientBody = """{ "version": 2, "name": { "given": ["Ada", "op-2"] } }""";

    private static readonly Invocation[] Sent = [new("op-1", "op-1.0", Kind.CheckIn, Patient), new("op-2", "op-2.0", Kind.PatientChange, Patient)];
    private static readonly Answer[] Answered = [new("op-1", "op-1.0", 201, null, CheckInBody), new("op-2", "op-2.0", 200, null, PatientBody)];
    private static readonly Row[] Rows = [RowOf("op-1", Kind.CheckIn, CheckInBody), RowOf("op-2", Kind.PatientChange, PatientBody)];
    private static readonly Entry[] Entries = [new("op-1.0", 201, [Patient]), new("op-2.0", 200, [Patient])];
    private static readonly Observed There = new(Rows, Entries, new Dictionary<Guid, long> { [Patient] = 2 }, [new(Patient, "Course", 1, null)], []);

    private static readonly Dictionary<Fault, Func<IReadOnlyList<Verdict>>> Doctored = new()
    {
        [Fault.Lost] = () => Try(There with { Rows = [Rows[1]], Entries = [Entries[0], Entries[1]] }),
        [Fault.AppliedTwice] = () => Try(There with { Rows = [.. Rows, Rows[0]] }),
        [Fault.Changed] = () => Try(There with { Rows = [RowOf("op-1", Kind.CheckIn, """{ "id": "c2", "note": "op-1" }"""), Rows[1]] }),
        [Fault.ReplayDiffers] = () => Try(There with { Entries = [.. Entries, new("op-1.1", 201, [Patient])] }, [.. Sent, new("op-1", "op-1.1", Kind.CheckIn, Patient)],
            [.. Answered, new("op-1", "op-1.1", 201, null, """{ "id": "c9", "note": "op-1" }""")]),
        [Fault.Phantom] = () => Try(There, answers: [new("op-1", "op-1.0", 412, "version-mismatch"), Answered[1]]),
        [Fault.Invented] = () => Try(There with { Rows = [.. Rows, RowOf(null, Kind.CheckIn, "{}")] }),
        [Fault.LostUpdate] = () => Try(There with { Versions = new Dictionary<Guid, long> { [Patient] = 3 } }),
        [Fault.StaleRead] = () => Judge.Try(Sent, Answered, [new Missed("op-1")], There),
        [Fault.Unresolved] = () => Try(There, answers: [new("op-1", "op-1.0", null), Answered[1]]),
        [Fault.Audit] = () => Try(There with { Entries = [Entries[1]] }),
        [Fault.FollowUpMissing] = () => Try(There with { FollowUps = [new(Patient, "Course", 0, "Open")] }),
        [Fault.FollowUpTwice] = () => Try(There with { FollowUps = [new(Patient, "Course", 2, null)] }),
        [Fault.FollowUpDiffers] = () => Try(There with { FollowUps = [new(Patient, "Course", 1, "Upgrade")] }),
        [Fault.BadAnswer] = () => Try(There with { Entries = [.. Entries, new("op-1.1", 201, [Patient])] }, [.. Sent, new("op-1", "op-1.1", Kind.CheckIn, Patient)],
            [.. Answered, new("op-1", "op-1.1", 500, "server-error")]),
    };

    public static TheoryData<string> Faults => new(Enum.GetNames<Fault>());

    [Fact]
    public void A_good_history_is_good() => Assert.Empty(Try(There));

    /// <summary>What is unknown may be there or not, as long as nobody was told.</summary>
    [Fact]
    public void A_change_without_a_key_may_stay_unknown()
    {
        Answer[] unknown = [Answered[0], new("op-2", "op-2.0", null)];

        Assert.Empty(Try(There, answers: unknown));
        Assert.Empty(Try(There with { Rows = [Rows[0]], Entries = [Entries[0]], Versions = new Dictionary<Guid, long> { [Patient] = 1 } }, answers: unknown));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_doctored_history_is_found_out(string fault)
    {
        var verdicts = Doctored[Enum.Parse<Fault>(fault)]();

        Assert.Contains(verdicts, v => $"{v.Fault}" == fault);
        Assert.All(verdicts, v => Assert.True($"{v.Fault}" == fault || v.Fault == Fault.Audit, $"{v}"));
    }

    [Theory]
    [InlineData(503, "unavailable", true, true)]
    [InlineData(503, "unavailable", false, false)]
    [InlineData(401, "unauthenticated", false, false)]
    [InlineData(409, "idempotency-in-progress", true, true)]
    public void A_503_says_when_to_come_again_and_a_refusal_has_a_reason(int status, string code, bool saysWhen, bool isGood) => Assert.Equal(
        isGood, !Try(There, [.. Sent, new("op-1", "op-1.1", Kind.CheckIn, Patient)], [.. Answered, new("op-1", "op-1.1", status, code, null, saysWhen)]).Any(v => v.Fault == Fault.BadAnswer));

    private static IReadOnlyList<Verdict> Try(Observed observed, Invocation[]? sent = null, Answer[]? answers = null) => Judge.Try(sent ?? Sent, answers ?? Answered, [], observed);

    private static Row RowOf(string? op, Kind kind, string body) => new(op, kind, Patient, Judge.Canonical(JsonNode.Parse(body)!));
}
