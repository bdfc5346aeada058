using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>The clinical cases through HTTP and PostgreSQL, day by day, under a clock that the test sets.</summary>
public sealed class RuleVectorTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    public static TheoryData<string> Course => Ids("course");
    public static TheoryData<string> Live => Ids("live");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void All_cases_are_there() => Assert.Equal((90, 7), (Course.Count, Live.Count));

    [Theory]
    [MemberData(nameof(Course))]
    public async Task A_course_reported_day_by_day_is_evaluated_as_expected(string id)
    {
        var c = Case(id);
        var expected = c["expected"]!;
        await using var patient = await VectorPatient.StartAsync(api, c);
        var asOf = (int)c["asOf"]!;
        for (var day = patient.FirstDay; day <= asOf; day++)
        {
            await patient.LiveAsync(day);
            Assert.All(expected["orderRules"]?.AsArray().Where(o => (int)o!["day"]! == day) ?? [], o => Assert.Subset(
                patient.Findings.ToHashSet(), o!["rules"]!.AsArray().Select(r => (string)r!).ToHashSet()));
        }

        patient.GoTo(asOf + 1); // the day has ended
        var evaluation = await patient.EvaluationAsync((bool)c["asOfComplete"]! ? asOf : asOf + 1);

        Assert.Equal(VectorPatient.Lines(expected["events"]!), VectorPatient.EventsOf(evaluation));
        Assert.Equal(
            expected["open"]!.AsArray().Select(o => $"{o!["family"]} {o["label"]} {o["priority"]} {o["openedOn"]} {o["recurrence"]}").Order(StringComparer.Ordinal),
            evaluation["open"]!.AsArray().Select(o => $"{VectorPatient.Upper(o!["family"])} {VectorPatient.Upper(o["label"])} {o["priority"]} {VectorPatient.DayOf(o["openedOn"])} {o["recurrence"]}").Order(StringComparer.Ordinal));
        Assert.Equal(
            expected["verdicts"]!.AsObject().Select(v => $"{v.Key} {v.Value}").Order(StringComparer.Ordinal),
            evaluation["families"]!.AsArray().Select(f => $"{VectorPatient.Upper(f!["family"])} {f["verdict"]}").Order(StringComparer.Ordinal));

        Assert.Subset(
            VectorPatient.Course(evaluation)["annotations"]!.AsArray().Select(a => (string)a!["rule"]!).ToHashSet(), expected["annotations"]!.AsArray().Select(r => (string)r!).ToHashSet());

        // What is stored as open is what the evaluation says is open.
        Assert.Equal(
            expected["open"]!.AsArray().Select(o => $"{o!["family"]} {o["label"]} {o["priority"]} {o["openedOn"]}").Order(StringComparer.Ordinal),
            (await patient.FollowUpsAsync()).Where(f => (string)f["status"]! != "closed")
                .Select(f => $"{VectorPatient.Upper(f["family"])} {VectorPatient.Upper(f["label"])} {f["priority"]} {VectorPatient.DayOf(f["openedOn"])}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Live))]
    public async Task Late_corrected_and_retracted_reports_bring_the_stored_follow_ups_in_line(string id)
    {
        var c = Case(id);
        var expected = c["expected"]!;
        await using var patient = await VectorPatient.StartAsync(api, c);
        var number = 0;
        foreach (var submission in c["submissions"]!.AsArray())
        {
            await patient.PlayAsync(submission!);
            if (++number == (int)expected["beforeSubmission"]!)
            {
                Assert.Equal(VectorPatient.Lines(expected["eventsBefore"]!), VectorPatient.EventsOf(await patient.EvaluationAsync(null)));
            }
        }

        var evaluation = await patient.EvaluationAsync(null);
        Assert.Equal(VectorPatient.Lines(expected["events"]!), VectorPatient.EventsOf(evaluation));
        Assert.Equal(
            expected["followUps"]!.AsArray().Select(f => $"{f!["family"]} {f["status"]} {f["label"]} {f["priority"]} {f["openedOn"]} {f["evidenceChanged"]} {f["closeReason"]}"),
            (await patient.FollowUpsAsync()).Select(f =>
                $"{VectorPatient.Upper(f["family"])} {f["status"]} {VectorPatient.Upper(f["label"])} {f["priority"]} {VectorPatient.DayOf(f["openedOn"])} {f["evidenceChanged"]} {f["closeReason"]}"));
        var records = await patient.CheckInsAsync();
        Assert.Equal((int?)expected["records"] ?? records, records);
        Assert.All(expected["anxietyByDay"]?.AsArray() ?? [], day => Assert.Equal(
            (int)day!["a"]!, (int)evaluation["days"]!.AsArray().Single(d => VectorPatient.DayOf(d!["on"]) == (int)day["day"]!)!["anxiety"]!));
    }

    private static TheoryData<string> Ids(string kind) => [.. VectorPatient.Cases.Where(c => (string)c!["kind"]! == kind).Select(c => (string)c!["id"]!)];

    private static JsonNode Case(string id) => VectorPatient.Cases.Single(c => (string)c!["id"]! == id)!;
}
