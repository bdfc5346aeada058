using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Orders;

/// <summary>A family of which a follow-up is open.</summary>
public sealed record OpenFamily(RuleFamily Family, Guid? FollowUpId = null);

/// <summary>Another prescription of naltrexone under which a dose is taken on the day of the order.</summary>
/// <param name="DoseMg">mg per day.</param>
public sealed record OtherPrescription(Guid Id, long Version, decimal DoseMg);

/// <summary>An order of a dose from a day on, and what is known of the patient on that day.</summary>
/// <param name="On">The day from which the dose is taken.</param>
/// <param name="DoseMg">mg per day in total, other prescriptions included. Above 0.</param>
public sealed record OrderContext(DateOnly On, decimal DoseMg)
{
    /// <summary>The last dose taken before the day, mg per day; null for the first of the therapy.</summary>
    public decimal? PreviousDoseMg { get; init; }

    /// <summary>Days since the last increase; the start, and a restart after a gap, count as one. Null before the first dose.</summary>
    public int? DaysSinceLastIncrease { get; init; }

    /// <summary>Whole days without a dose just before the day.</summary>
    public int DoseFreeDays { get; init; }

    /// <summary>An anxiety disorder on record; unknown counts as no.</summary>
    public bool HasHistory { get; init; }

    public bool IsSensitive { get; init; }

    /// <summary>Whole years on the day; null when unknown.</summary>
    public int? AgeYears { get; init; }

    /// <summary>The dose was given in micrograms and has been converted.</summary>
    public bool IsFromMicrograms { get; init; }

    /// <summary>Symptomatic days before the order; earlier ones do no harm.</summary>
    public IReadOnlyList<DateOnly> SymptomaticDays { get; init; } = [];

    public IReadOnlyList<OpenFamily> Open { get; init; } = [];
    public IReadOnlyList<OtherPrescription> OtherPrescriptions { get; init; } = [];
    public IReadOnlyList<MedicationFact> Medications { get; init; } = [];
    public IReadOnlyList<ClinicalCondition> Conditions { get; init; } = [];
    public IReadOnlyList<ObservationFact> Observations { get; init; } = [];
    public IReadOnlyList<ProcedureFact> Procedures { get; init; } = [];

    /// <summary>Works out the context of an order from a patient's facts. What they say of the day itself and of later days does not count, medicines and procedures apart.</summary>
    /// <param name="open">The families of which a follow-up is open on the day.</param>
    public static OrderContext Of(PatientFacts facts, RuleSettings settings, DateOnly on, decimal doseMg, IReadOnlyList<OpenFamily> open)
    {
        var before = on.DayNumber - 1;
        var timeline = new PatientTimeline(facts, settings, DateOnly.FromDayNumber(before));
        var lastDose = timeline.LastDoseDay(before);
        return new OrderContext(on, doseMg)
        {
            PreviousDoseMg = lastDose is { } day ? timeline.DoseOn(day) : null,
            DaysSinceLastIncrease = lastDose is null ? null : on.DayNumber - timeline.EpochStart(before),
            DoseFreeDays = lastDose is { } last ? before - last : 0,
            HasHistory = timeline.History,
            IsSensitive = facts.IsSensitive,
            AgeYears = facts.BirthDate is { } born ? YearsBetween(born, on) : null,
            SymptomaticDays =
            [
                .. Enumerable.Range(on.DayNumber - OrderLimits.SymptomaticWindowDays, OrderLimits.SymptomaticWindowDays)
                    .Where(timeline.IsSymptomatic).Select(DateOnly.FromDayNumber),
            ],
            Open = open,
            Medications = PatientTimeline.Each(facts.Medications, m => m.Id, m => m.Version, m => m.StartedOn ?? DateOnly.MinValue, DateOnly.MaxValue),
            Conditions = facts.Conditions,
            Observations = PatientTimeline.Each(facts.Observations, o => o.Id, o => o.Version, o => o.On, on),
            Procedures = PatientTimeline.Each(facts.Procedures, p => p.Id, p => p.Version, p => p.PlannedOn, DateOnly.MaxValue),
        };
    }

    private static int YearsBetween(DateOnly born, DateOnly day)
    {
        var years = day.Year - born.Year;
        return born.AddYears(years) > day ? years - 1 : years;
    }
}
