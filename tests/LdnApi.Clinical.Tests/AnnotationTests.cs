using System.Text.Json.Nodes;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>What else is known that may explain a course: the written cases, then the boundaries.</summary>
public sealed class AnnotationTests
{
    private static readonly DateOnly Start = Vectors.DayZero;

    public static TheoryData<string, string> Timing => Vectors.Cases("timing.json", "timing");
    public static TheoryData<string, string> Annotations => Vectors.Cases("interactions.json", "annotation");

    [Fact]
    public void All_cases_are_there() => Assert.Equal((9, 5), (Timing.Count, Annotations.Count));

    [Theory]
    [MemberData(nameof(Timing))]
    public void Intakes_are_measured_from_their_time(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var expected = c["expected"]!;

        var timing = IntakeTiming.Of(IntakesOf(c), Vectors.Day(c["asOf"]));

        Assert.NotEmpty(id);
        Assert.Equal(expected["deviations"]!.AsArray().Select(d => (int)d!), timing.Deviations.Select(d => d.Minutes));
        Assert.Equal(((int)expected["late"]!, (bool)expected["raised"]!), (timing.Far.Count(), timing.IsIrregular));
    }

    /// <summary>Morning and evening: neither is late because the other has a time.</summary>
    [Theory]
    [InlineData("08:00")]
    [InlineData(null)]
    public void Intakes_of_a_divided_dose_are_measured_from_no_time(string? named)
    {
        TimeOnly? at = named is null ? null : TimeOnly.ParseExact(named, "HH:mm", null);
        var facts = Vectors.FactsOf("5555555555") with { AnxietyHistory = true };
        facts = facts with
        {
            CheckIns = [.. facts.CheckIns.Select((c, i) => c with { DoseTakenAt = new TimeOnly(i % 2 == 0 ? 8 : 20, 0) })],
            IntakeTimes = [new IntakeTimeFact(Start, at)],
        };
        var divided = facts with { IntakeTimes = [new IntakeTimeFact(Start, at, IsDivided: true)] };
        var undivided = divided with { IntakeTimes = [.. divided.IntakeTimes, new IntakeTimeFact(Start.AddDays(8), at)] };

        Assert.Contains("R-17", CourseOf(facts, 9).Annotations.Select(a => a.Rule));
        Assert.DoesNotContain("R-17", CourseOf(divided, 9).Annotations.Select(a => a.Rule));
        Assert.Empty(IntakeTiming.Of(divided, Start.AddDays(9)).Deviations);
        Assert.Equal(2, IntakeTiming.Of(undivided, Start.AddDays(9)).Deviations.Count);
    }

    [Theory]
    [MemberData(nameof(Timing))]
    public void Irregular_intake_is_an_annotation_of_an_open_course(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var facts = IntakesOf(c);
        var anxious = facts with { AnxietyHistory = true, CheckIns = [.. facts.CheckIns.Select(i => i with { Anxiety = 5 })] };

        var course = CourseOf(anxious, (int)c["asOf"]!);

        Assert.NotEmpty(id);
        Assert.Equal(Verdict.Raised, course.Verdict);
        Assert.Equal((bool)c["expected"]!["raised"]! ? ["R-17"] : [], course.Annotations.Select(a => a.Rule));
        Assert.All(course.Annotations, a => Assert.Equal(((int)c["expected"]!["late"]!, 3m), (a.Value, a.Threshold)));
    }

    [Theory]
    [MemberData(nameof(Annotations))]
    public void A_course_has_the_expected_annotations(string id, string json)
    {
        var c = JsonNode.Parse(json)!;
        var day = (int)c["day"]!;
        var episode = (int?)c["episodeStartDay"] ?? day - 4;
        var facts = Vectors.FactsOf(new string('.', episode) + "5555") with
        {
            Medications =
            [
                .. (c["medications"]?.AsArray() ?? []).Select(m =>
                    new MedicationFact(Vectors.IdOf("medication"), 1, (string)m!["atc"]!, null, Vectors.Day(m["startedDay"]), null, new Known(Start), ChangedOn: m["changedDay"] is { } on ? Vectors.Day(on) : null)),
            ],
        };
        var today = Vectors.Report(day, (bool)c["symptomatic"]! ? 5 : 1) with { CaffeineMg = (int?)c["caffeineMg"] };

        var course = CourseOf(facts with { CheckIns = [.. facts.CheckIns.Where(r => r.Id != today.Id), today] }, day);

        Assert.NotEmpty(id);
        Assert.Equal(Verdict.Raised, course.Verdict);
        Assert.Equal(c["expected"]!["rules"]!.AsArray().Select(r => (string)r!), course.Annotations.Select(a => a.Rule));
    }

    [Fact]
    public void An_annotation_names_its_value_threshold_and_records_and_adds_its_factor_and_actions()
    {
        var facts = Vectors.FactsOf("555", history: null);
        facts = facts with { CheckIns = [.. facts.CheckIns.Select(r => r with { SleepQuality = 2, CaffeineMg = 450 })] };

        var course = CourseOf(facts, 2);

        Assert.Equal(["R-23", "R-31"], course.Annotations.Select(a => a.Rule));
        Assert.Equal([(450m, 400m, "mg"), (3m, 3m, "days")], course.Annotations.Select(a => (a.Value!.Value, a.Threshold!.Value, a.Unit)));
        Assert.All(course.Annotations, a => Assert.Equal(facts.CheckIns.Select(r => (r.Id, r.On)), a.Evidence.Select(e => (e.Id!.Value, e.On))));
        Assert.Equal(["history-unknown", "dose-adjustment", "stimulant", "poor-sleep"], course.ContributingFactors);
        Assert.Equal(
            ["hold-dose", "relaxation-techniques", "sleep-hygiene", "avoid-stimulants", "shift-to-morning"], course.RecommendedActions);
    }

    [Fact]
    public void Without_an_open_course_there_is_none()
    {
        var facts = Vectors.FactsOf("44");
        facts = facts with { CheckIns = [.. facts.CheckIns.Select(r => r with { SleepQuality = 0, CaffeineMg = 900 })] };

        var evaluation = Evaluate(facts, 1);

        Assert.All(evaluation.Explain().Families, f => Assert.Empty(f.Annotations));
        Assert.Empty(evaluation.Open);
    }

    [Theory]
    [InlineData("N06BA04", -50, null, true)]  // methylphenidate all along
    [InlineData("R01BA02", -50, 2, false)]    // pseudoephedrine, stopped on the first symptomatic day
    [InlineData("R01BA02", -50, 3, true)]     // a day later
    [InlineData("A08AA62", -50, null, false)] // naltrexone and bupropion is no stimulant
    public void A_stimulant_counts_when_it_is_taken_on_a_symptomatic_day(string atc, int started, int? stopped, bool expected)
    {
        var facts = Vectors.FactsOf("11555") with { Medications = [Medication(atc, started, stopped)] };

        Assert.Equal(expected, CourseOf(facts, 4).Annotations.Any(a => a.Rule == "R-23"));
    }

    [Theory]
    [InlineData("N06AX16", -26, null, true)]  // 28 days before the episode, which begins on Day 2
    [InlineData("N06AX16", -27, null, false)]
    [InlineData("N06AX16", -300, -26, true)]  // the change counts
    [InlineData("N06AA09", 2, null, true)]    // on the day itself
    [InlineData("N06AG02", 3, null, false)]   // afterwards
    [InlineData("N02BE01", 0, null, false)]   // paracetamol
    public void A_medicine_that_acts_on_mood_counts_when_it_was_started_or_changed_shortly_before_the_episode(string atc, int started, int? changed, bool expected)
    {
        var facts = Vectors.FactsOf("11555") with { Medications = [Medication(atc, started) with { ChangedOn = changed is { } day ? Start.AddDays(day) : null }] };

        Assert.Equal(expected, CourseOf(facts, 4).Annotations.Any(a => a.Rule == "R-24"));
    }

    [Theory]
    [InlineData("55555555.333", true)]     // 5 before, 3 after
    [InlineData("55555555.444", false)]    // 4 after
    [InlineData("55555555.33", false)]     // two reports are too few
    [InlineData("5....555.333", false)]    // two before, too
    [InlineData("5...5555.333", true)]
    public void A_decrease_counts_when_anxiety_falls_by_two_points_from_the_third_day_on(string series, bool expected)
    {
        var facts = Vectors.FactsOf(series) with { Doses = [new DoseFact(Start, 3.0m), new DoseFact(Start.AddDays(6), 1.5m)] };

        var dechallenge = CourseOf(facts, series.Length - 1).Annotations.SingleOrDefault(a => a.Rule == "R-28");

        Assert.Equal(expected ? 2m : null, dechallenge?.Value);
    }

    [Theory]
    [InlineData(20, 3.0, true)]   // back to 3.0 mg fourteen days before it comes back
    [InlineData(19, 3.0, false)]  // fifteen
    [InlineData(30, 2.0, false)]  // not back to the dose under which it began
    [InlineData(30, 4.5, true)]   // to more than that
    public void An_increase_counts_when_it_comes_back_within_fourteen_days(int increasedOn, double mg, bool expected)
    {
        // With a history one day is enough: opened under 3.0 mg on Day 0, closed on Day 7, back on Day 34.
        var facts = Vectors.FactsOf("5" + new string('0', 33) + "5", history: true) with
        {
            Doses = [new DoseFact(Start, 3.0m), new DoseFact(Start.AddDays(5), 1.5m), new DoseFact(Start.AddDays(increasedOn), (decimal)mg)],
        };

        Assert.Equal((34, 1), Evaluate(facts, 34).Open.Select(o => (o.OpenedOn.DayNumber - Start.DayNumber, o.Recurrence)).Single());
        Assert.Equal(expected, CourseOf(facts, 34).Annotations.Any(a => a.Rule == "R-29"));
    }

    [Theory]
    [InlineData(3.0, FollowUpPriority.Soon)]
    [InlineData(2.0, FollowUpPriority.Routine)]
    public void A_rechallenge_raises_the_priority_to_soon(double mg, FollowUpPriority expected)
    {
        var facts = Vectors.FactsOf("555" + new string('0', 28) + "555") with
        {
            Doses = [new DoseFact(Start, 3.0m), new DoseFact(Start.AddDays(5), 1.5m), new DoseFact(Start.AddDays(30), (decimal)mg)],
        };

        Assert.Equal((FollowUpLabel.Adjustment, expected), (CourseOf(facts, 33).Label, CourseOf(facts, 33).Priority));
    }

    [Theory]
    [InlineData("15151515151515", true)]    // fourteen days, higher on those with the higher dose
    [InlineData("1515151515151", false)]    // thirteen
    [InlineData("51515151515151", false)]   // lower on those with the higher dose
    [InlineData("55555555555555", false)]   // no difference
    public void Anxiety_that_goes_along_with_the_dose_is_noted_when_there_is_enough_to_say_so(string series, bool expected)
    {
        var facts = Vectors.FactsOf(series, history: true) with { Doses = [.. series.Select((_, day) => new DoseFact(Start.AddDays(day), day % 2 == 0 ? 1.5m : 3.0m))] };

        var course = CourseOf(facts, series.Length - 1);

        Assert.Equal(Verdict.Raised, course.Verdict);
        Assert.Equal(expected ? [(1m, 0.3m)] : [], course.Annotations.Where(a => a.Rule == "R-30").Select(a => (a.Value!.Value, a.Threshold!.Value)));
    }

    [Theory]
    [InlineData("3.3.3", true)]
    [InlineData("4.3.3", false)]      // four of ten is not poor
    [InlineData("3..33...", false)]   // the first is no longer in the week
    [InlineData(".3..33..", true)]
    public void Three_poor_nights_of_the_last_seven_are_noted(string sleep, bool expected)
    {
        var facts = Vectors.FactsOf("555" + new string('1', sleep.Length - 3));
        facts = facts with { CheckIns = [.. facts.CheckIns.Zip(sleep, (r, quality) => r with { SleepQuality = quality == '.' ? null : quality - '0' })] };

        Assert.Equal(expected, CourseOf(facts, sleep.Length - 1).Annotations.Any(a => a.Rule == "R-31"));
    }

    [Fact]
    public void A_night_that_is_reported_twice_is_one_night_and_as_poor_as_its_worse_report()
    {
        var facts = Vectors.FactsOf("555");
        CheckInFact[] again = [.. facts.CheckIns.Select(r => r with { Id = Vectors.IdOf($"again {r.On}"), SleepQuality = 2 })];
        var twice = facts with { CheckIns = [.. facts.CheckIns.Select(r => r with { SleepQuality = 8 }), .. again] };
        var two = twice with { CheckIns = [.. twice.CheckIns.Take(5)] };

        Assert.Equal(again.Select(r => r.Id), CourseOf(twice, 2).Annotations.Single().Evidence.Select(e => e.Id!.Value));
        Assert.Empty(CourseOf(two, 2).Annotations);
    }

    private static MedicationFact Medication(string atc, int started, int? stopped = null) =>
        new(Vectors.IdOf(atc), 1, atc, null, Start.AddDays(started), stopped is { } day ? Start.AddDays(day) : null, new Known(Start));

    private static PatientFacts IntakesOf(JsonNode c) => Vectors.FactsOf("") with
    {
        CheckIns = [.. c["administrations"]!.AsArray().Select(a => Vectors.Report((int)a!["day"]!, null) with { DoseTakenAt = TimeOnly.ParseExact((string)a["takenAt"]!, "HH:mm", null) })],
        IntakeTimes = [new IntakeTimeFact(Start, c["scheduled"] is { } at ? TimeOnly.ParseExact((string)at!, "HH:mm", null) : null)],
    };

    private static RuleDecision Evaluate(PatientFacts facts, int day) => RuleEngine.Decide(facts, RuleSettings.Default, Start.AddDays(day), Start.AddDays(day));

    private static FamilyEvaluation CourseOf(PatientFacts facts, int day) => Evaluate(facts, day).Of(RuleFamily.Course);
}
