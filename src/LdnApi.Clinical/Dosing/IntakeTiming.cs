using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Time;

namespace LdnApi.Clinical.Dosing;

/// <summary>One recorded intake of the dose, and how far it lay from its time.</summary>
/// <param name="Minutes">Minutes early or late, the shorter way round the clock, 0–720.</param>
public sealed record IntakeDeviation(CheckInFact CheckIn, int Minutes)
{
    public bool IsFar => Minutes > IntakeTiming.FarMinutes;
}

/// <summary>R-17: how regularly the dose is taken.</summary>
/// <param name="Deviations">Of the intakes that count, oldest first.</param>
public sealed record IntakeTiming(IReadOnlyList<IntakeDeviation> Deviations)
{
    /// <summary>Minutes beyond which an intake is far from its time.</summary>
    public const int FarMinutes = 120;

    /// <summary>Far intakes that make it irregular.</summary>
    public const int IrregularFrom = 3;

    /// <summary>Intakes that count: the last ones.</summary>
    public const int MostIntakes = 7;

    /// <summary>Days within which they must lie.</summary>
    public const int LookBackDays = 14;

    public IEnumerable<IntakeDeviation> Far => Deviations.Where(d => d.IsFar);

    public bool IsIrregular => Far.Count() >= IrregularFrom;

    /// <summary>
    /// Measures each intake from the time at which it was to be taken; where none is named, from the circular median of those that count. Intakes of a divided
    /// dose do not count.
    /// </summary>
    /// <param name="facts">Give the recorded intakes and the times named for them.</param>
    /// <param name="asOf">The last clinical day to look at.</param>
    public static IntakeTiming Of(PatientFacts facts, DateOnly asOf)
    {
        IntakeTimeFact[] plans = [.. facts.IntakeTimes.OrderByDescending(t => t.On)];
        CheckInFact[] counted =
        [
            .. facts.CheckIns.Where(c => c.DoseTakenAt is not null && c.DoseMissed != true && c.On <= asOf && c.On > asOf.AddDays(-LookBackDays) && PlanOn(c.On) is not { IsDivided: true })
                .OrderBy(c => c.On).ThenBy(c => c.DoseTakenAt).ThenBy(c => c.Id).TakeLast(MostIntakes),
        ];
        var usual = ClockTime.CircularMedian([.. counted.Select(c => c.DoseTakenAt!.Value)]);
        return new IntakeTiming([.. counted.Select(c => new IntakeDeviation(c, ClockTime.MinutesApart(c.DoseTakenAt!.Value, PlanOn(c.On)?.At ?? usual!.Value)))]);

        IntakeTimeFact? PlanOn(DateOnly day) => Array.Find(plans, t => t.On <= day);
    }
}
