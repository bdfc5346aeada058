using System.Text.Json.Nodes;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

public sealed class AdverseEventTests
{
    private static readonly DateOnly Day = Vectors.DayZero;

    public static TheoryData<string, string> NaranjoCases => Vectors.Cases("naranjo.json", "naranjo");

    [Fact]
    public void All_cases_are_there() => Assert.Equal(10, NaranjoCases.Count);

    [Theory]
    [MemberData(nameof(NaranjoCases))]
    public void Ten_answers_give_the_score_and_the_category(string id, string json)
    {
        var c = JsonNode.Parse(json)!;

        var (score, category) = Naranjo.Score([.. c["answers"]!.AsArray().Select(a => Enum.Parse<NaranjoAnswer>((string)a!, ignoreCase: true))]);

        Assert.NotEmpty(id);
        Assert.Equal(((int)c["expected"]!["score"]!, (string)c["expected"]!["category"]!), (score, category.ToString().ToLowerInvariant()));
    }

    [Fact]
    public void Nine_answers_are_no_scale() => Assert.Throws<ArgumentException>(() => Naranjo.Score([.. Enumerable.Repeat(NaranjoAnswer.Yes, 9)]));

    /// <summary>CTCAE v5.0, term by term; the last seven are not in it and take the grades of "other, specify".</summary>
    [Theory]
    [InlineData(AdverseEventTerm.Anxiety, 1, 4)]
    [InlineData(AdverseEventTerm.Agitation, 1, 4)]
    [InlineData(AdverseEventTerm.Restlessness, 1, 3)]
    [InlineData(AdverseEventTerm.Akathisia, 1, 3)]
    [InlineData(AdverseEventTerm.Irritability, 1, 3)]
    [InlineData(AdverseEventTerm.Insomnia, 1, 3)]
    [InlineData(AdverseEventTerm.DepressedMood, 1, 5)]
    [InlineData(AdverseEventTerm.SuicidalIdeation, 1, 4)]
    [InlineData(AdverseEventTerm.SuicideAttempt, 3, 5)]
    [InlineData(AdverseEventTerm.Headache, 1, 3)]
    [InlineData(AdverseEventTerm.Nausea, 1, 3)]
    [InlineData(AdverseEventTerm.Diarrhoea, 1, 5)]
    [InlineData(AdverseEventTerm.AbdominalCramps, 1, 3)]
    [InlineData(AdverseEventTerm.Dizziness, 1, 3)]
    [InlineData(AdverseEventTerm.Fatigue, 1, 3)]
    [InlineData(AdverseEventTerm.Palpitations, 1, 2)]
    [InlineData(AdverseEventTerm.Tremor, 1, 3)]
    [InlineData(AdverseEventTerm.Nervousness, 1, 5)]
    [InlineData(AdverseEventTerm.Jitteriness, 1, 5)]
    [InlineData(AdverseEventTerm.Worry, 1, 5)]
    [InlineData(AdverseEventTerm.Panic, 1, 5)]
    [InlineData(AdverseEventTerm.VividDreams, 1, 5)]
    [InlineData(AdverseEventTerm.Other, 1, 5)]
    public void A_term_has_the_grades_that_ctcae_gives_it_and_no_other(AdverseEventTerm term, int lowest, int highest) =>
        Assert.Equal(Enumerable.Range(lowest, highest - lowest + 1), Enumerable.Range(0, 7).Where(grade => AdverseEventTerms.AllowsGrade(term, grade)));

    [Theory]
    [InlineData(AdverseEventTerm.Anxiety, AdverseEventTerm.Anxiety, 0, true)]
    [InlineData(AdverseEventTerm.Anxiety, AdverseEventTerm.Restlessness, 7, true)]
    [InlineData(AdverseEventTerm.Restlessness, AdverseEventTerm.Anxiety, -7, true)]
    [InlineData(AdverseEventTerm.Anxiety, AdverseEventTerm.Anxiety, 8, false)]
    [InlineData(AdverseEventTerm.Insomnia, AdverseEventTerm.VividDreams, 1, true)]
    [InlineData(AdverseEventTerm.SuicidalIdeation, AdverseEventTerm.SuicideAttempt, 0, true)]
    [InlineData(AdverseEventTerm.Anxiety, AdverseEventTerm.Irritability, 0, false)]
    [InlineData(AdverseEventTerm.DepressedMood, AdverseEventTerm.Irritability, 0, false)]
    [InlineData(AdverseEventTerm.Dizziness, AdverseEventTerm.Fatigue, 0, false)]
    [InlineData(AdverseEventTerm.Headache, AdverseEventTerm.Nausea, 0, false)]
    public void Reports_of_one_kind_whose_onsets_are_near_may_be_one_event(AdverseEventTerm a, AdverseEventTerm b, int daysLater, bool likely) =>
        Assert.Equal(likely, DuplicateReports.AreLikely(new ReportOutline(a, null, Day, Day.AddDays(60)), new ReportOutline(b, null, Day.AddDays(daysLater), Day)));

    [Theory]
    [InlineData("Rash on the arm", "rash on the arm ", true)]
    [InlineData("Rash on the arm", "Rash on the leg", false)]
    public void What_is_in_no_list_is_the_same_only_in_the_same_words(string a, string b, bool likely) => Assert.Equal(
        likely, DuplicateReports.AreLikely(new ReportOutline(AdverseEventTerm.Other, a, Day, Day), new ReportOutline(AdverseEventTerm.Other, b, Day, Day)));

    [Fact]
    public void Where_an_onset_is_unknown_the_day_of_receipt_stands_in_for_it() => Assert.True(DuplicateReports.AreLikely(
        new ReportOutline(AdverseEventTerm.Nausea, null, null, Day.AddDays(5)), new ReportOutline(AdverseEventTerm.Nausea, null, Day, Day.AddDays(40))));

    public static TheoryData<Symptoms, AdverseEventTerm, Severity> Reports => new()
    {
        { new Symptoms(Anxiety: 9, SelfHarmThoughts: true), AdverseEventTerm.SuicidalIdeation, Severity.Severe },
        { new Symptoms(Anxiety: 5, Restlessness: 7), AdverseEventTerm.Restlessness, Severity.Severe },
        { new Symptoms(Anxiety: 5, Nervousness: 5, SleepQuality: 1), AdverseEventTerm.Anxiety, Severity.Moderate },
        { new Symptoms(Anxiety: 3, Irritability: 4), AdverseEventTerm.Irritability, Severity.Moderate },
        { new Symptoms(Anxiety: 3, SleepQuality: 3, VividDreams: true), AdverseEventTerm.Insomnia, Severity.Moderate },
        { new Symptoms(Anxiety: 3, SleepQuality: 4, VividDreams: true), AdverseEventTerm.VividDreams, Severity.Mild },
        { new Symptoms(Anxiety: 1, Agitation: 3), AdverseEventTerm.Agitation, Severity.Mild },
    };

    [Theory]
    [MemberData(nameof(Reports))]
    public void A_report_suggests_an_event_and_how_strong_it_was(Symptoms reported, AdverseEventTerm term, Severity severity) =>
        Assert.Equal(new SymptomDraft(term, severity), SymptomDraft.Of(reported, RuleSettings.Default));

    [Fact]
    public void A_calm_report_suggests_no_event() => Assert.Null(SymptomDraft.Of(new Symptoms(0, 0, 0, 0, 0, SleepQuality: 8), RuleSettings.Default));

    [Theory]
    [InlineData(AdverseEventTerm.Agitation, Severity.Mild)]
    [InlineData(AdverseEventTerm.Nausea, Severity.Moderate)]
    [InlineData(AdverseEventTerm.SuicidalIdeation, Severity.Severe)]
    public void A_chosen_term_has_the_strength_of_its_score_or_a_default(AdverseEventTerm term, Severity severity) =>
        Assert.Equal(new SymptomDraft(term, severity), SymptomDraft.As(term, new Symptoms(Anxiety: 9, Agitation: 2), RuleSettings.Default));
}
