using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.AdverseEvents;

/// <summary>What was taken when an event began.</summary>
/// <param name="DoseMg">mg per day in total.</param>
/// <param name="DaysSinceIncrease">Days from the latest start, increase or restart of the dose; null before the first.</param>
/// <param name="Concomitants">The other medicines taken on that day.</param>
public sealed record TreatmentAtOnset(decimal DoseMg, int? DaysSinceIncrease, IReadOnlyList<MedicationFact> Concomitants)
{
    public static TreatmentAtOnset Of(PatientFacts facts, RuleSettings settings, DateOnly onset)
    {
        var timeline = new PatientTimeline(facts, settings, onset);
        return new TreatmentAtOnset(
            timeline.DoseOn(onset.DayNumber), timeline.DayZero is null ? null : timeline.SinceIncrease(onset.DayNumber), [.. facts.Medications.Where(m => m.IsActiveOn(onset))]);
    }
}
