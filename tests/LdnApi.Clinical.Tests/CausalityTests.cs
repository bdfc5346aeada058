using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>A patient on 3 mg who is anxious, better on half the dose from day 14, and anxious again on 3 mg from day 30.</summary>
public sealed class CausalityTests
{
    private static readonly DateOnly Start = Vectors.DayZero;
    private static readonly PatientFacts Facts = new(
        false, null, [new DoseFact(Start, 3.0m), new DoseFact(Start.AddDays(14), 1.5m), new DoseFact(Start.AddDays(30), 3.0m)],
        [.. Enumerable.Range(0, 36).Select(day => CheckIn(day, day is < 14 or > 30 ? 6 : 1))], [], [], []);

    [Fact]
    public void A_fall_of_the_median_after_a_decrease_is_proposed_with_its_evidence()
    {
        var proposed = Of(Start.AddDays(29), AdverseEventTerm.Restlessness).Single();

        Assert.Equal(new Challenge(ChallengeKind.Dechallenge, Start.AddDays(14), 3.0m, 1.5m, ChallengeResponse.Positive, 6, 1, 7, 11), proposed);
    }

    [Fact]
    public void A_return_after_going_back_to_the_dose_of_the_onset_is_proposed_with_its_evidence()
    {
        var proposed = Of(Start.AddDays(35), AdverseEventTerm.Anxiety)[1];

        Assert.Equal((ChallengeKind.Rechallenge, Start.AddDays(30), 1.5m, 3.0m, ChallengeResponse.Positive), (proposed.Kind, proposed.On, proposed.FromMg, proposed.ToMg, proposed.Response));
        Assert.Equal((3.0m, Start.AddDays(33)), (proposed.OffendingDoseMg, proposed.ReturnedOn));
        Assert.Equal((1m, 6m), (proposed.MedianBefore, proposed.MedianAfter));
    }

    [Fact]
    public void An_event_that_is_still_on_record_does_not_hide_a_return()
    {
        var ongoing = new AdverseEventFact(Vectors.IdOf("ongoing"), 1, AdverseEventTerm.Anxiety, Severity.Moderate, null, Start.AddDays(2), null, new Known(Start.AddDays(2)), Start.AddDays(2));

        var proposed = Challenges.Of(Facts with { AdverseEvents = [ongoing] }, RuleSettings.Default, Start.AddDays(35), AdverseEventTerm.Anxiety, Start.AddDays(2));

        Assert.Equal(ChallengeResponse.Positive, proposed[1].Response);
    }

    [Fact]
    public void Before_the_days_after_a_change_are_reported_nothing_is_said_of_it()
    {
        Assert.Equal(ChallengeResponse.InsufficientData, Of(Start.AddDays(18), AdverseEventTerm.Anxiety).Single().Response);
        Assert.Equal(ChallengeResponse.InsufficientData, Of(Start.AddDays(31), AdverseEventTerm.Anxiety)[1].Response);
    }

    [Fact]
    public void A_fall_by_less_than_two_points_is_a_negative_dechallenge()
    {
        var facts = Facts with { CheckIns = [.. Enumerable.Range(0, 28).Select(day => CheckIn(day, day < 14 ? 5 : 4))] };

        Assert.Equal(ChallengeResponse.Negative, Challenges.Of(facts, RuleSettings.Default, Start.AddDays(27), AdverseEventTerm.Anxiety, Start.AddDays(2)).Single().Response);
    }

    [Fact]
    public void Calm_for_a_fortnight_on_the_dose_of_the_onset_is_a_negative_rechallenge()
    {
        var facts = Facts with { CheckIns = [.. Enumerable.Range(0, 45).Select(day => CheckIn(day, day < 14 ? 6 : 1))] };

        Assert.Equal(ChallengeResponse.Negative, Challenges.Of(facts, RuleSettings.Default, Start.AddDays(44), AdverseEventTerm.Anxiety, Start.AddDays(2))[1].Response);
    }

    [Theory]
    [InlineData(AdverseEventTerm.Nausea, 2)]    // daily anxiety says nothing of it
    [InlineData(AdverseEventTerm.Anxiety, 14)]  // began with the decrease
    [InlineData(AdverseEventTerm.Anxiety, null)]
    public void Nothing_is_proposed_of_what_the_scores_do_not_measure_or_did_not_precede_the_change(AdverseEventTerm term, int? onset) =>
        Assert.Empty(Challenges.Of(Facts, RuleSettings.Default, Start.AddDays(29), term, onset is { } day ? Start.AddDays(day) : null));

    [Theory]
    [InlineData(false, false, false, WhoUmcCategory.Possible)]
    [InlineData(true, false, false, WhoUmcCategory.Probable)]
    [InlineData(true, true, false, WhoUmcCategory.Probable)]
    [InlineData(true, true, true, WhoUmcCategory.Certain)]
    [InlineData(true, false, true, WhoUmcCategory.Probable)]
    [InlineData(false, true, true, WhoUmcCategory.Possible)]
    public void Without_another_cause_the_challenges_and_the_assessor_decide(bool dechallenge, bool rechallenge, bool specific, WhoUmcCategory category) =>
        Assert.Equal(category, Suggest(Facts, Start.AddDays(2), dechallenge, rechallenge, specific).Category);

    [Fact]
    public void Certain_is_not_suggested_before_a_person_has_confirmed_that_it_is_specific() => Assert.Equal(
        [CausalityReason.NoOtherCauseOnRecord, CausalityReason.DechallengePositive, CausalityReason.RechallengePositive, CausalityReason.SpecificityNotConfirmed],
        Suggest(Facts, Start.AddDays(2), true, true, false).Reasons);

    [Fact]
    public void What_cannot_be_judged_or_does_not_fit_in_time_is_said_so()
    {
        Assert.Equal((WhoUmcCategory.Unassessable, CausalityReason.OnsetUnknown), First(Suggest(Facts, null, true, true, true)));
        Assert.Equal((WhoUmcCategory.Unassessable, CausalityReason.NoDoseHistory), First(Suggest(Facts with { Doses = [] }, Start, true, true, true)));
        Assert.Equal((WhoUmcCategory.Unlikely, CausalityReason.OnsetOutsideTherapyWindow), First(Suggest(Facts, Start.AddDays(-1), true, true, true)));
    }

    [Theory]
    [InlineData("N06AB06", -28, null, CausalityReason.CoMedicationChanged)]
    [InlineData("N06AB06", -90, 0, CausalityReason.CoMedicationChanged)]
    [InlineData("R01BA02", -90, null, CausalityReason.Stimulant)]
    public void A_medicine_that_may_explain_it_makes_it_possible(string atc, int started, int? changed, CausalityReason reason)
    {
        var onset = Start.AddDays(2);
        var taken = new MedicationFact(
            Guid.CreateVersion7(), 1, atc, null, onset.AddDays(started), null, new Known(onset), ChangedOn: changed is { } day ? onset.AddDays(day) : null);

        Assert.Equal((WhoUmcCategory.Possible, reason), First(Suggest(Facts with { Medications = [taken] }, onset, true, true, true)));
    }

    [Theory]
    [InlineData("N06AB06", -29)] // long before
    [InlineData("N06AB06", 1)]   // after
    [InlineData("C09AA05", -3)]  // acts on something else
    public void A_medicine_that_does_not_explain_it_leaves_it_as_it_is(string atc, int started)
    {
        var onset = Start.AddDays(2);

        Assert.Equal(WhoUmcCategory.Certain, Suggest(
            Facts with { Medications = [new MedicationFact(Guid.CreateVersion7(), 1, atc, null, onset.AddDays(started), null, new Known(onset))] }, onset, true, true, true).Category);
    }

    [Fact]
    public void Much_caffeine_on_the_day_of_the_onset_makes_it_possible() => Assert.Equal(
        (WhoUmcCategory.Possible, CausalityReason.Stimulant),
        First(Suggest(Facts with { CheckIns = [CheckIn(2, 6) with { CaffeineMg = 400 }] }, Start.AddDays(2), true, true, true)));

    [Fact]
    public void Anxiety_on_record_and_before_the_start_makes_it_possible() => Assert.Equal(
        (WhoUmcCategory.Possible, CausalityReason.AnxiousBeforeTreatment),
        First(Suggest(Facts with { AnxietyHistory = true, BaselineAnxiety = 4 }, Start.AddDays(2), true, true, true)));

    [Fact]
    public void What_was_taken_at_the_onset_is_the_dose_the_days_since_the_increase_and_the_medicines_of_that_day()
    {
        MedicationFact Taken(int from, int? to) => new(Guid.CreateVersion7(), 1, "C09AA05", null, Start.AddDays(from), to is { } day ? Start.AddDays(day) : null, new Known(Start));
        var (active, over, later) = (Taken(-100, null), Taken(-100, 20), Taken(21, null));

        var taken = TreatmentAtOnset.Of(Facts with { Medications = [active, over, later] }, RuleSettings.Default, Start.AddDays(20));

        Assert.Equal((1.5m, 20), (taken.DoseMg, taken.DaysSinceIncrease)); // the decrease of day 14 is no increase
        Assert.Equal([active], taken.Concomitants);
    }

    private static (WhoUmcCategory, CausalityReason) First(CausalitySuggestion suggestion) => (suggestion.Category, suggestion.Reasons[0]);

    private static IReadOnlyList<Challenge> Of(DateOnly asOf, AdverseEventTerm term) => Challenges.Of(Facts, RuleSettings.Default, asOf, term, Start.AddDays(2));

    private static CausalitySuggestion Suggest(PatientFacts facts, DateOnly? onset, bool dechallenge, bool rechallenge, bool specific) =>
        CausalityAdvice.Suggest(facts, RuleSettings.Default, Start.AddDays(35), onset, dechallenge, rechallenge, specific);

    private static CheckInFact CheckIn(int day, int anxiety) => new(Vectors.IdOf($"day-{day}"), 1, Start.AddDays(day), new Known(Start.AddDays(day)), anxiety);
}
