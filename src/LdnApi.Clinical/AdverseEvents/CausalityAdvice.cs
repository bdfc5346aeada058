using LdnApi.Clinical.Medicines;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.AdverseEvents;

/// <summary>Why a category is suggested.</summary>
public enum CausalityReason
{
    OnsetUnknown,
    NoDoseHistory,
    OnsetOutsideTherapyWindow,

    /// <summary>Caffeine of at least 400 mg on the onset day, or a stimulant taken then .</summary>
    Stimulant,

    /// <summary>A medicine that acts on mood and anxiety was started or changed in the 28 days before the onset .</summary>
    CoMedicationChanged,

    /// <summary>An anxiety disorder on record and a symptomatic baseline.</summary>
    AnxiousBeforeTreatment,

    NoOtherCauseOnRecord,
    DechallengePositive,
    DechallengeNotPositive,
    RechallengePositive,

    /// <summary>The assessor holds the event to be specific for the medicine.</summary>
    Specific,

    /// <summary>It would be certain if the assessor held it to be specific for the medicine.</summary>
    SpecificityNotConfirmed,
}

/// <summary>A WHO-UMC category offered to a clinician with its reasons. A suggestion: it is never recorded by itself.</summary>
public sealed record CausalitySuggestion(WhoUmcCategory Category, IReadOnlyList<CausalityReason> Reasons);

/// <summary>Helps to choose a WHO-UMC category. The order of the questions is our own default.</summary>
public static class CausalityAdvice
{
    /// <param name="facts">As known now.</param>
    /// <param name="settings">Give the therapy window and what is symptomatic.</param>
    /// <param name="asOf">The last clinical day to look at.</param>
    /// <param name="onset">Null when unknown.</param>
    /// <param name="dechallengePositive">Confirmed by a clinician, or found and not refuted; <paramref name="rechallengePositive"/> likewise.</param>
    /// <param name="specific">Held by a clinician to be specific for the medicine.</param>
    public static CausalitySuggestion Suggest(
        PatientFacts facts, RuleSettings settings, DateOnly asOf, DateOnly? onset, bool dechallengePositive, bool rechallengePositive, bool specific)
    {
        var timeline = new PatientTimeline(facts, settings, asOf);
        if (onset is not { } began)
        {
            return new CausalitySuggestion(WhoUmcCategory.Unassessable, [CausalityReason.OnsetUnknown]);
        }

        if (timeline.DayZero is null)
        {
            return new CausalitySuggestion(WhoUmcCategory.Unassessable, [CausalityReason.NoDoseHistory]);
        }

        if (!timeline.IsInTherapy(began.DayNumber))
        {
            return new CausalitySuggestion(WhoUmcCategory.Unlikely, [CausalityReason.OnsetOutsideTherapyWindow]);
        }

        CausalityReason[] others = [.. OtherCauses(facts, timeline, began)];
        return others.Length > 0 ? new CausalitySuggestion(WhoUmcCategory.Possible, others)
            : !dechallengePositive ? new CausalitySuggestion(WhoUmcCategory.Possible, [CausalityReason.NoOtherCauseOnRecord, CausalityReason.DechallengeNotPositive])
            : !rechallengePositive ? new CausalitySuggestion(WhoUmcCategory.Probable, [CausalityReason.NoOtherCauseOnRecord, CausalityReason.DechallengePositive])
            : new CausalitySuggestion(specific ? WhoUmcCategory.Certain : WhoUmcCategory.Probable,
                [CausalityReason.NoOtherCauseOnRecord, CausalityReason.DechallengePositive, CausalityReason.RechallengePositive,
                    specific ? CausalityReason.Specific : CausalityReason.SpecificityNotConfirmed]);
    }

    private static IEnumerable<CausalityReason> OtherCauses(PatientFacts facts, PatientTimeline timeline, DateOnly onset)
    {
        if (timeline.CheckIns.Any(c => c.On == onset && c.CaffeineMg >= CourseAnnotations.StimulantCaffeineMg) || facts.Medications.Any(m => m.Is(MedicineClass.Stimulant) && m.IsActiveOn(onset)))
        {
            yield return CausalityReason.Stimulant;
        }

        if (facts.Medications.Any(m => m.Is(MedicineClass.Neurotransmitter) && (IsJustBefore(m.StartedOn, onset) || IsJustBefore(m.ChangedOn, onset))))
        {
            yield return CausalityReason.CoMedicationChanged;
        }

        if (timeline.History && timeline.Baseline >= timeline.Settings.SymptomaticNrs)
        {
            yield return CausalityReason.AnxiousBeforeTreatment;
        }
    }

    private static bool IsJustBefore(DateOnly? day, DateOnly onset) => day <= onset && day >= onset.AddDays(-CourseAnnotations.CoMedicationDays);
}
