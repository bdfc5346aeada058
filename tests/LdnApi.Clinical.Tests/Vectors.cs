using System.Text.Json.Nodes;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>Reads the machine-readable cases. Day 0 is 2026-01-05.</summary>
internal static class Vectors
{
    public static readonly DateOnly DayZero = new(2026, 1, 5);

    public static IEnumerable<JsonNode> Read(string file, string kind) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", file)))!.AsArray().Where(c => (string?)c!["kind"] == kind)!;

    public static TheoryData<string, string> Cases(string file, string kind)
    {
        var data = new TheoryData<string, string>();
        foreach (var c in Read(file, kind))
        {
            data.Add((string)c["id"]!, c.ToJsonString());
        }

        return data;
    }

    public static DateOnly Day(JsonNode? day) => DayZero.AddDays((int)day!);

    public static PatientFacts FactsOf(JsonNode c) => new(
        (bool?)c["history"],
        (int?)c["intakeScore"],
        [.. c["doses"]!.AsArray().Select(d => new DoseFact(Day(d!["day"]), (decimal)d["mg"]!))],
        [
            .. (c["series"]?.AsArray() ?? []).Select((a, day) => (a, day)).Where(p => p.a is not null)
                .Select(p => Report(p.day, (int)p.a!)),
            .. (c["checkIns"]?.AsArray() ?? []).Select(v => CheckInOf(v!)),
        ],
        [.. (c["adverseEvents"]?.AsArray() ?? []).Select(e => EventOf(e!))],
        [.. (c["assessments"]?.AsArray() ?? []).Select(a => AssessmentOf(a!))],
        [.. (c["clinicianActions"]?.AsArray() ?? []).Select(a => new ClinicianAction(FamilyOf(a!["family"]), KindOf(a["action"]), new Known(Day(a["day"]))))]);

    /// <summary>A patient who takes 1.5 mg from Day 0 and reports the anxiety that the digits say, day by day; a dot is a day without a report.</summary>
    public static PatientFacts FactsOf(string series, bool? history = false) => new(
        history, null, [new DoseFact(DayZero, 1.5m)],
        [.. series.Select((digit, day) => (digit, day)).Where(p => p.digit != '.').Select(p => Report(p.day, p.digit - '0'))], [], [], []);

    /// <summary>A report of a day, known on that day.</summary>
    public static CheckInFact Report(int day, int? anxiety) => new(IdOf($"series-{day}"), 1, DayZero.AddDays(day), new Known(DayZero.AddDays(day)), anxiety);

    public static CheckInFact CheckInOf(JsonNode v, DateOnly? recordedOn = null) => new(
        IdOf((string)v["id"]!), 1, Day(v["day"]), new Known(recordedOn ?? Day(v["recordedDay"] ?? v["day"])),
        (int?)v["anxiety"], (int?)v["nervousness"], (int?)v["restlessness"], (int?)v["agitation"], (bool?)v["selfHarmThoughts"] == true);

    public static RuleFamily FamilyOf(JsonNode? family) => Enum.Parse<RuleFamily>(((string)family!).Replace("-", "", StringComparison.Ordinal), ignoreCase: true);

    public static string NameOf(RuleFamily family) => family == RuleFamily.Gad7 ? "GAD-7" : family.ToString().ToUpperInvariant();

    public static string NameOf(FollowUpLabel label) => label == FollowUpLabel.Gad7 ? "GAD-7" : label.ToString().ToUpperInvariant();

    public static string NameOf(FollowUpPriority priority) => priority.ToString().ToLowerInvariant();

    public static string NameOf(RuleEventType type) => type == RuleEventType.AutoClose ? "AUTO-CLOSE" : type.ToString().ToUpperInvariant();

    public static string NameOf(Verdict verdict) => verdict switch
    {
        Verdict.Raised => "raised",
        Verdict.NotRaised => "not-raised",
        _ => "insufficient-data",
    };

    public static ClinicianActionKind KindOf(JsonNode? action) => Enum.Parse<ClinicianActionKind>((string)action!, ignoreCase: true);

    public static Guid IdOf(string name) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    /// <summary>Events as lines, so that a difference reads well.</summary>
    public static string[] Lines(IEnumerable<RuleEvent> events) =>
        [.. events.Select(e => $"{e.On.DayNumber - DayZero.DayNumber} {NameOf(e.Family)} {NameOf(e.Type)} {NameOf(e.Label)} {NameOf(e.Priority)}").Order(StringComparer.Ordinal)];

    public static string[] Lines(JsonNode? events) =>
        [.. events!.AsArray().Select(e => $"{e!["day"]} {e["family"]} {e["type"]} {e["label"]} {e["priority"]}").Order(StringComparer.Ordinal)];

    private static AdverseEventFact EventOf(JsonNode e)
    {
        var onset = Day(e["onsetDay"]);
        return new AdverseEventFact(
            IdOf((string)e["id"]!), 1, Enum.Parse<AdverseEventTerm>((string)e["term"]!, ignoreCase: true), Enum.Parse<Severity>((string)e["severity"]!, ignoreCase: true),
            (int?)e["ctcaeGrade"], onset, e["resolvedDay"] is { } resolved ? Day(resolved) : null, new Known(onset), onset);
    }

    private static AssessmentFact AssessmentOf(JsonNode a)
    {
        var instrument = (string)a["instrument"]! switch
        {
            "gad-7" => Instrument.Gad7,
            "gad-2" => Instrument.Gad2,
            "phq-9" => Instrument.Phq9,
            _ => Instrument.CSsrs,
        };
        var answers = a["answers"]?.AsArray().Select(v => v is null ? null : v.GetValueKind() == System.Text.Json.JsonValueKind.True ? 1
            : v.GetValueKind() == System.Text.Json.JsonValueKind.False ? 0 : (int?)v).ToArray();
        var score = answers is null ? null : AssessmentScoring.Score(instrument, answers);
        return new AssessmentFact(IdOf((string)a["id"]!), 1, instrument, Day(a["day"]), new Known(Day(a["day"])), score is null ? (int?)a["total"] : score.Total, score?.SelfHarmPositive == true);
    }
}
