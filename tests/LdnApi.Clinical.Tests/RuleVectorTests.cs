using System.Text.Json.Nodes;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Time;

namespace LdnApi.Clinical.Tests;

public sealed class RuleVectorTests
{
    public static TheoryData<string, string> Course => Vectors.Cases("course.json", "course");
    public static TheoryData<string, string> Live => Vectors.Cases("course.json", "live");
    public static TheoryData<string, string> Gad7 => Vectors.Cases("gad7.json", "gad7");
    public static TheoryData<string, string> Zones => Vectors.Cases("timezone.json", "timezone");

    [Fact]
    public void All_cases_are_there() =>
        Assert.Equal((90, 7, 17, 11), (Course.Count, Live.Count, Gad7.Count, Zones.Count));

    [Theory]
    [MemberData(nameof(Course))]
    public void A_course_has_the_expected_events_follow_ups_and_verdicts(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var expected = c["expected"]!;
        var asOf = Vectors.Day(c["asOf"]);

        var evaluation = RuleEngine.Evaluate(Vectors.FactsOf(c), RuleSettings.Default, asOf, (bool)c["asOfComplete"]! ? asOf : asOf.AddDays(-1));

        Assert.NotEmpty(id);
        Assert.Equal(Vectors.Lines(expected["events"]), Vectors.Lines(evaluation.Events));
        Assert.Equal(
            expected["open"]!.AsArray().Select(o => $"{o!["family"]} {o["label"]} {o["priority"]} {o["openedOn"]} {o["recurrence"]}").Order(StringComparer.Ordinal),
            evaluation.Open.Select(o => $"{Vectors.NameOf(o.Family)} {Vectors.NameOf(o.Label)} {Vectors.NameOf(o.Priority)} {o.OpenedOn.DayNumber - Vectors.DayZero.DayNumber} {o.Recurrence}").Order(StringComparer.Ordinal));
        Assert.Equal(
            expected["verdicts"]!.AsObject().Select(v => $"{v.Key} {v.Value}").Order(StringComparer.Ordinal),
            evaluation.Families.Select(f => $"{Vectors.NameOf(f.Family)} {Vectors.NameOf(f.Verdict)}").Order(StringComparer.Ordinal));
        Assert.Subset(evaluation.Of(RuleFamily.Course).Annotations.Select(a => a.Rule).ToHashSet(), expected["annotations"]!.AsArray().Select(rule => (string)rule!).ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Live))]
    public void Late_corrected_and_retracted_reports_bring_the_follow_ups_in_line(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var expected = c["expected"]!;
        var patient = new LivePatient(Vectors.FactsOf(c));

        Assert.NotEmpty(id);
        var number = 0;
        foreach (var submission in c["submissions"]!.AsArray())
        {
            patient.Play(submission!);
            if (++number == (int)expected["beforeSubmission"]!)
            {
                Assert.Equal(Vectors.Lines(expected["eventsBefore"]), Vectors.Lines(patient.Evaluation.Events));
            }
        }

        Assert.Equal(Vectors.Lines(expected["events"]), Vectors.Lines(patient.Evaluation.Events));
        Assert.Equal(
            expected["followUps"]!.AsArray().Select(f => $"{f!["family"]} {f["status"]} {f["label"]} {f["priority"]} {f["openedOn"]} {f["evidenceChanged"]} {f["closeReason"]}"),
            patient.FollowUps.Select(f => $"{Vectors.NameOf(f.Family)} {f.Status.ToString().ToLowerInvariant()} {Vectors.NameOf(f.Label)} {Vectors.NameOf(f.Priority)} "
                + $"{f.OpenedOn.DayNumber - Vectors.DayZero.DayNumber} {(f.EvidenceChanged ? "true" : "false")} {(f.CloseReason == CloseReason.EvidenceWithdrawn ? "evidence-withdrawn" : "")}"));
        Assert.Equal((int?)expected["records"] ?? patient.Facts.CheckIns.Count, patient.Facts.CheckIns.Count);
        Assert.All(expected["anxietyByDay"]?.AsArray() ?? [], day =>
            Assert.Equal((int)day!["a"]!, patient.Evaluation.Explain().Days.Single(d => d.On == Vectors.Day(day["day"])).Anxiety));
    }

    [Theory]
    [MemberData(nameof(Gad7))]
    public void A_questionnaire_is_scored_and_judged_against_its_baseline(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var expected = c["expected"]!;
        var total = AssessmentScoring.Score(Instrument.Gad7, AnswersOf(c["answers"])).Total;
        var baseline = c["baselineAnswers"] is { } answers ? AssessmentScoring.Score(Instrument.Gad7, AnswersOf(answers)).Total : null;

        Assert.NotEmpty(id);
        Assert.Equal((int?)expected["total"], total);
        Assert.Equal((string?)expected["priority"], total is { } points && Gad7Rule.PriorityOf(points, baseline) is { } priority ? Vectors.NameOf(priority) : null);
    }

    [Theory]
    [MemberData(nameof(Zones))]
    public void A_moment_falls_on_the_patients_day(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var zone = (string)c["zone"]!;
        Assert.NotEmpty(id);
        if (c["recordedAt"] is { } recordedAt)
        {
            var readable = ClinicalDay.TryParseInstant((string)recordedAt!, out var instant);

            Assert.Equal((int)c["expected"]!["status"]! == 201, readable);
            Assert.Equal((string?)c["expected"]!["localDate"], readable ? ClinicalDay.Of(instant, zone).ToString("yyyy-MM-dd", null) : null);
        }
        else
        {
            var day = DateOnly.ParseExact((string)c["checkInDate"]!, "yyyy-MM-dd", null);
            var today = ClinicalDay.Of(DateTimeOffset.Parse((string)c["now"]!, null), zone);

            Assert.Equal((int)c["expected"]!["status"]! == 422, day > today);
        }
    }

    private static int?[] AnswersOf(JsonNode? answers) => [.. answers!.AsArray().Select(a => (int?)a)];
}
