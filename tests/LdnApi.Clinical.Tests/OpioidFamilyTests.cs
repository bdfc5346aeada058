using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>R-19 after the order: an opioid that is taken during the therapy.</summary>
public sealed class OpioidFamilyTests
{
    private const string Tramadol = "N02AX02";
    private static readonly DateOnly Start = Vectors.DayZero;

    [Theory]
    [InlineData(-100, null, "0 Open")]   // active before: from Day 0
    [InlineData(null, null, "0 Open")]   // nobody knows since when
    [InlineData(10, null, "10 Open")]
    [InlineData(10, 11, "10 Open")]      // stopped again: a clinician closes it all the same
    [InlineData(-100, 0, "")]            // stopped on Day 0: the last one was the day before
    [InlineData(39, null, "39 Open")]    // the last dose was on day 9; what is in the body still matters
    [InlineData(40, null, "")]
    [InlineData(61, null, "")]           // tomorrow
    public void An_opioid_on_a_day_of_the_therapy_opens_it(int? started, int? stopped, string expected)
    {
        var opioid = Evaluate(60, Medication(Tramadol, started, stopped));

        Assert.Equal(expected, string.Join(", ", opioid.Events.Where(e => e.Family == RuleFamily.Opioid).Select(e => $"{e.On.DayNumber - Start.DayNumber} {e.Type}")));
        Assert.All(opioid.Open, o => Assert.Equal((RuleFamily.Opioid, FollowUpPriority.Immediate), (o.Family, o.Priority)));
    }

    [Theory]
    [InlineData("N07BC04")] // lofexidine
    [InlineData("A06AH03")] // naloxegol
    [InlineData("A07DA03")] // loperamide
    public void What_only_resembles_an_opioid_does_not(string atc) => Assert.Empty(Evaluate(60, Medication(atc, 5, null)).Events);

    [Fact]
    public void Without_a_dose_there_is_no_therapy_that_it_could_harm() =>
        Assert.Empty(RuleEngine.Evaluate(Facts(Medication(Tramadol, 5, null)) with { Doses = [] }, RuleSettings.Default, Start.AddDays(60), Start.AddDays(60)).Events);

    [Fact]
    public void A_clinicians_closing_holds_for_the_opioid_that_was_known_and_not_for_the_next()
    {
        var resolved = new ClinicianAction(RuleFamily.Opioid, ClinicianActionKind.Resolve, new Known(Start.AddDays(3)));
        var first = Medication(Tramadol, 1, null);

        Assert.Equal(["1 Open", "3 Resolve"], Events(first));
        Assert.Equal(["1 Open", "3 Resolve", "7 Open"], Events(first, Medication("N02AA01", 7, 9)));

        IEnumerable<string> Events(params MedicationFact[] medications) => RuleEngine
            .Evaluate(Facts(medications) with { Actions = [resolved] }, RuleSettings.Default, Start.AddDays(9), Start.AddDays(9)).Events
            .Select(e => $"{e.On.DayNumber - Start.DayNumber} {e.Type}");
    }

    [Fact]
    public void It_is_explained_by_the_medicine_and_where_it_is_not_raised_by_what_would_raise_it()
    {
        var medication = Medication(Tramadol, 4, null);
        var raised = Evaluate(9, medication).Of(RuleFamily.Opioid);
        var earlier = Medication(Tramadol, -30, -20);
        var calm = Evaluate(9).Of(RuleFamily.Opioid);
        var before = Evaluate(9, earlier).Of(RuleFamily.Opioid);
        var over = Evaluate(60).Of(RuleFamily.Opioid);

        Assert.Equal(new Evidence("medication", medication.Id, 1, Start.AddDays(4), null), raised.Evidence.Single(e => e.Kind == "medication"));
        Assert.Equal((Verdict.Raised, "R-19", Start.AddDays(4)), (raised.Verdict, raised.Rule, raised.DecidedOn));
        Assert.Equal((Verdict.NotRaised, new Distance("medication", null, "active", Start.AddDays(9), null, 1, null, "flag", 1)), (calm.Verdict, calm.Distance));
        Assert.Equal(new Distance("medication", earlier.Id, "stoppedOn", Start.AddDays(-20), null, null, Start.AddDays(1), "days", 21), before.Distance);
        Assert.Equal((Verdict.NotRaised, null, DistanceObstacle.OutsideTherapy), (over.Verdict, over.Distance, over.NoDistance));
    }

    private static Evaluation Evaluate(int day, params MedicationFact[] medications) =>
        RuleEngine.Evaluate(Facts(medications), RuleSettings.Default, Start.AddDays(day), Start.AddDays(day));

    /// <summary>A dose on days 0 to 9, each day reported so that nothing else is raised.</summary>
    private static PatientFacts Facts(params MedicationFact[] medications) => new(
        null, null, [new DoseFact(Start, 1.5m), new DoseFact(Start.AddDays(10), 0)],
        [.. Enumerable.Range(0, 61).Select(d => new CheckInFact(Vectors.IdOf($"{d}"), 1, Start.AddDays(d), new Known(Start.AddDays(d)), 0))], [], [], [])
    {
        Medications = medications,
    };

    private static MedicationFact Medication(string atc, int? started, int? stopped) => new(
        Vectors.IdOf(atc), 1, atc, null, started is { } from ? Start.AddDays(from) : null, stopped is { } to ? Start.AddDays(to) : null, new Known(Start));
}
