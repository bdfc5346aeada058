using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Dosing;

/// <summary>What a plan is worked out with.</summary>
/// <param name="TimesPerDay">Intakes of the same amount a day.</param>
/// <param name="StrengthsMg">The strengths that can be had, mg each. None: no capsules are counted.</param>
/// <param name="Supply">What is at hand; null when nothing is known of it.</param>
/// <param name="RefillDays">How many days a refill lasts. Days, at least 1.</param>
/// <param name="LeadDays">How long before it is needed a refill is ordered. Days.</param>
/// <param name="Days">How far to look; null: four weeks beyond the target.</param>
public sealed record SimulationInput(
    int TimesPerDay, IReadOnlyList<decimal> StrengthsMg, IReadOnlyList<Capsules>? Supply, int RefillDays, int LeadDays, int? Days);

/// <summary>A day of a simulated plan.</summary>
/// <param name="Capsules">What makes the dose; null when the strengths cannot.</param>
/// <param name="Covered">Whether what is at hand made it.</param>
public sealed record SimulatedDay(DateOnly On, decimal DoseMg, IReadOnlyList<Capsules>? Capsules, bool Covered);

/// <summary>Days in a row with one dose.</summary>
/// <param name="Capsules">What makes a day's dose with the fewest capsules; null when the strengths cannot.</param>
/// <param name="DoseMg">mg per day in total.</param>
/// <param name="Days">Whole days.</param>
public sealed record SimulatedStep(decimal DoseMg, DateOnly From, DateOnly To, int Days, IReadOnlyList<Capsules>? Capsules);

/// <summary>Days in a row for which what is at hand does not suffice.</summary>
/// <param name="Missing">What they need.</param>
/// <param name="Days">How many days.</param>
public sealed record SupplyGap(DateOnly From, DateOnly To, int Days, IReadOnlyList<Capsules> Missing);

/// <summary>A refill.</summary>
/// <param name="On">The day from which it is needed.</param>
/// <param name="OrderBy">The last day on which to order it.</param>
/// <param name="To">The last day that it covers.</param>
public sealed record Refill(DateOnly On, DateOnly OrderBy, DateOnly To, IReadOnlyList<Capsules> Capsules);

/// <summary>What the order-time rules would say of an order to come, as things stand today.</summary>
/// <param name="DoseMg">mg per day in total.</param>
public sealed record GuardrailHit(DateOnly On, decimal DoseMg, IReadOnlyList<Finding> Findings);

/// <summary>What would come of a plan: arithmetic on doses and days. It says nothing of drug levels or effects.</summary>
/// <param name="TargetDoseMg">The dose to which the plan leads; 0 for a taper.</param>
/// <param name="DaysToTarget">Days from the first day looked at until then.</param>
/// <param name="Capsules">All that the days need, by strength.</param>
/// <param name="NotMade">Doses that the strengths cannot make.</param>
/// <param name="SupplyGaps">Null when nothing is known of the supply.</param>
public sealed record SimulatedPlan(
    DateOnly From, DateOnly To, decimal TargetDoseMg, DateOnly TargetOn, int DaysToTarget, IReadOnlyList<SimulatedStep> Steps, IReadOnlyList<Capsules> Capsules,
    IReadOnlyList<decimal> NotMade, IReadOnlyList<SupplyGap>? SupplyGaps, IReadOnlyList<Refill> Refills, IReadOnlyList<GuardrailHit> Guardrails);

/// <summary>Works out what would come of a plan. Stores and decides nothing.</summary>
public static class TitrationSimulation
{
    /// <summary>How far to look beyond the target when nobody says. Days.</summary>
    public const int DaysBeyondTarget = 28;

    /// <summary>The furthest look. Days.</summary>
    public const int MaxDays = 1100;

    /// <param name="plan">Planned, active or held.</param>
    /// <param name="check">What the order-time rules say of a dose from a day on, given the doses planned before it.</param>
    public static SimulatedPlan Run(TitrationPlan plan, DateOnly today, SimulationInput input, Func<DoseFact, IReadOnlyList<DoseFact>, IReadOnlyList<Finding>> check)
    {
        var expected = plan.ExpectedFrom(today);
        var doses = ComingDoses(expected, today);
        var target = doses[^1];
        var days = Days(plan, today, input);
        return new SimulatedPlan(
            days[0].On, days[^1].On, target.DoseMg, target.On, target.On.DayNumber - days[0].On.DayNumber, StepsOf(days, input), Capsules.Sum(days.SelectMany(d => d.Capsules ?? [])),
            [.. input.StrengthsMg.Count == 0 ? [] : days.Where(d => d.Capsules is null).Select(d => d.DoseMg).Distinct()], input.Supply is null ? null : GapsOf(days), RefillsOf(days, input),
            [.. doses.Select((dose, i) => new GuardrailHit(dose.On, dose.DoseMg, IsOrder(i) ? check(dose, [.. doses.Take(i)]) : [])).Where(h => h.Findings.Count > 0)]);

        bool IsOrder(int i) => doses[i].DoseMg > 0 && (i > 0 || doses[i].DoseMg != plan.CurrentDoseMg);
    }

    /// <summary>Each day with its dose and what makes it, from the first dose on or from today.</summary>
    public static IReadOnlyList<SimulatedDay> Days(TitrationPlan plan, DateOnly today, SimulationInput input)
    {
        var doses = ComingDoses(plan.ExpectedFrom(today), today);
        var (first, target) = (doses[0].On, doses[^1].On);
        var count = Math.Min(input.Days ?? (target.DayNumber - first.DayNumber + DaysBeyondTarget), MaxDays);
        var ways = doses.Select(d => d.DoseMg).Distinct().ToDictionary(dose => dose, dose => WaysToMake(dose, input));
        var left = (input.Supply ?? []).GroupBy(c => c.StrengthMg).ToDictionary(g => g.Key, g => g.Sum(c => c.Count));

        var days = new List<SimulatedDay>(count);
        for (var day = first; day < first.AddDays(count); day = day.AddDays(1))
        {
            var dose = doses.Last(d => d.On <= day).DoseMg;
            var fromSupply = ways[dose].FirstOrDefault(way => way.All(c => left.GetValueOrDefault(c.StrengthMg) >= c.Count));
            foreach (var used in fromSupply ?? [])
            {
                left[used.StrengthMg] -= used.Count;
            }

            days.Add(new SimulatedDay(day, dose, fromSupply ?? (ways[dose].Count > 0 ? ways[dose][0] : null), fromSupply is not null));
        }

        return days;
    }

    /// <summary>The dose of the first day looked at and every change after it. Of two on one day the later holds.</summary>
    private static List<DoseFact> ComingDoses(TitrationPlan expected, DateOnly today)
    {
        var planned = expected.PlannedDoses().Where(d => d.DoseMg is not null).GroupBy(d => d.From).Select(g => new DoseFact(g.Key, g.Last().DoseMg!.Value)).ToList();
        var now = planned.FindLastIndex(d => d.On <= today);
        return now < 0 ? planned : [planned[now] with { On = today }, .. planned.Skip(now + 1)];
    }

    private static IReadOnlyList<IReadOnlyList<Capsules>> WaysToMake(decimal doseMg, SimulationInput input) =>
        doseMg == 0 ? [[]] : Capsules.WaysToMake(doseMg, input.TimesPerDay, input.StrengthsMg);

    private static List<SimulatedStep> StepsOf(IReadOnlyList<SimulatedDay> days, SimulationInput input) =>
    [
        .. Runs(days, (a, b) => a.DoseMg == b.DoseMg).Select(run => new SimulatedStep(
            run[0].DoseMg, run[0].On, run[^1].On, run.Count, WaysToMake(run[0].DoseMg, input) is [var fewest, ..] ? fewest : null)),
    ];

    private static List<SupplyGap> GapsOf(IReadOnlyList<SimulatedDay> days) =>
    [
        .. Runs(days, (a, b) => a.Covered == b.Covered).Where(run => !run[0].Covered)
            .Select(run => new SupplyGap(run[0].On, run[^1].On, run.Count, Capsules.Sum(run.SelectMany(d => d.Capsules ?? [])))),
    ];

    private static List<Refill> RefillsOf(IReadOnlyList<SimulatedDay> days, SimulationInput input)
    {
        var refills = new List<Refill>();
        var open = days.Where(d => !d.Covered && d.Capsules is not null).ToList();
        while (open.Count > 0)
        {
            var (on, to) = (open[0].On, open[0].On.AddDays(input.RefillDays - 1));
            refills.Add(new Refill(on, on.AddDays(-input.LeadDays), to < days[^1].On ? to : days[^1].On, Capsules.Sum(open.Where(d => d.On <= to).SelectMany(d => d.Capsules!))));
            open.RemoveAll(d => d.On <= to);
        }

        return refills;
    }

    /// <summary>Cuts days into runs of neighbours that belong together.</summary>
    private static List<List<SimulatedDay>> Runs(IReadOnlyList<SimulatedDay> days, Func<SimulatedDay, SimulatedDay, bool> together)
    {
        var runs = new List<List<SimulatedDay>>();
        foreach (var day in days)
        {
            if (runs.Count > 0 && together(runs[^1][^1], day))
            {
                runs[^1].Add(day);
            }
            else
            {
                runs.Add([day]);
            }
        }

        return runs;
    }
}
