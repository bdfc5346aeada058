using CsCheck;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;

namespace LdnApi.Clinical.Tests;

/// <summary>What would come of a plan: by hand for a few, and by law for all.</summary>
public sealed class TitrationSimulationTests
{
    private static readonly DateOnly Start = new(2026, 3, 2);
    private static readonly TitrationPlan Standard = TitrationPlan.Create(Start, TitrationPresets.Find("seed-standard")!.Steps);
    private static readonly SimulationInput Strengths = new(1, [1.5m, 3.0m, 4.5m], null, 30, 7, null);

    private static readonly decimal[] Common = [0.25m, 0.5m, 1.0m, 1.5m, 3.0m, 4.5m];

    private static readonly Gen<TitrationPlan> Plan =
        from steps in Gen.Select(Gen.Int[1, 24], Gen.Int[1, 20]).Array[1, 5]
        from actions in Gen.Select(Gen.Enum<TitrationAction>(), Gen.Int[0, 12]).Array[0, 6]
        select actions.Aggregate(
            (Plan: TitrationPlan.Create(Start, [.. steps.Select(s => new TitrationStep(s.Item1 * 0.25m, s.Item2))]), Day: 0),
            (state, action) => Move(state.Plan, action.Item1, state.Day + action.Item2),
            state => state.Plan);

    private static readonly Gen<SimulationInput> Input =
        from timesPerDay in Gen.Int[1, 2]
        from strengths in Gen.Int[0, Common.Length - 1].Select(i => Common[i]).Array[1, 4]
        from supply in Gen.Select(Gen.Int[0, strengths.Length - 1].Select(i => strengths[i]), Gen.Int[0, 60]).Array[0, 3]
        from days in Gen.Int[1, 90]
        select new SimulationInput(timesPerDay, [.. strengths.Distinct()], [.. supply.Select(s => new Capsules(s.Item1, s.Item2))], 30, 7, days);

    [Fact]
    public void A_preset_reaches_its_target_on_the_day_of_its_table_with_the_capsules_counted()
    {
        var plan = Run(Standard, Start, Strengths);

        Assert.Equal((Start, Start.AddDays(55), 4.5m, Start.AddDays(28), 28), (plan.From, plan.To, plan.TargetDoseMg, plan.TargetOn, plan.DaysToTarget));
        Assert.Equal([(1.5m, 14), (3.0m, 14), (4.5m, 28)], plan.Steps.Select(s => (s.DoseMg, s.Days)));
        Assert.Equal([new Capsules(4.5m, 28), new Capsules(3.0m, 14), new Capsules(1.5m, 14)], plan.Capsules);
        Assert.Null(plan.SupplyGaps);
    }

    [Fact]
    public void One_strength_makes_every_dose_that_is_a_multiple_of_it() =>
        Assert.Equal([new Capsules(1.5m, 14 + (14 * 2) + (28 * 3))], Run(Standard, Start, Strengths with { StrengthsMg = [1.5m] }).Capsules);

    [Fact]
    public void A_dose_that_the_strengths_cannot_make_is_named()
    {
        var plan = Run(Standard, Start, Strengths with { StrengthsMg = [3.0m] });

        Assert.Equal([1.5m, 4.5m], plan.NotMade);
        Assert.Equal([new Capsules(3.0m, 14)], plan.Capsules);
    }

    [Fact]
    public void A_dose_divided_into_intakes_is_made_at_each_of_them() =>
        Assert.Equal([new Capsules(1.5m, 28 + 56), new Capsules(0.75m, 28 + 56)], Run(Standard, Start, Strengths with { TimesPerDay = 2, StrengthsMg = [0.75m, 1.5m], Days = 56 }).Capsules);

    /// <summary>Twenty capsules of 1.5 mg last for the first step and three days of the second.</summary>
    [Fact]
    public void A_supply_ends_in_a_gap_and_refills_begin_there()
    {
        var plan = Run(Standard, Start, Strengths with { StrengthsMg = [1.5m], Supply = [new Capsules(1.5m, 20)] });

        var gap = Assert.Single(plan.SupplyGaps!);
        Assert.Equal((Start.AddDays(17), Start.AddDays(55), 39, 11 * 2 + 28 * 3), (gap.From, gap.To, gap.Days, gap.Missing.Single().Count));
        Assert.Equal(
            [(Start.AddDays(17), Start.AddDays(10), Start.AddDays(46), (11 * 2) + (19 * 3)), (Start.AddDays(47), Start.AddDays(40), Start.AddDays(55), 27)],
            plan.Refills.Select(r => (r.On, r.OrderBy, r.To, r.Capsules.Single().Count)));
    }

    [Fact]
    public void What_is_left_of_several_strengths_is_put_together() =>
        Assert.Empty(Run(
            TitrationPlan.Create(Start, [new(3.0m, null)]), Start,
            new SimulationInput(1, [0.5m, 1.0m, 1.5m], [new(1.5m, 1), new(1.0m, 1), new(0.5m, 1)], 30, 7, 1)).SupplyGaps!);

    [Fact]
    public void A_hold_of_14_days_comes_14_days_later_to_the_target() =>
        Assert.Equal(42, Run(Standard.HeldFor(14), Start, Strengths).DaysToTarget);

    [Fact]
    public void Steps_of_half_a_milligram_take_twelve_weeks()
    {
        var plan = Run(Standard.InStepsOfAtMost(0.5m)!, Start, Strengths with { StrengthsMg = [0.5m] });

        Assert.Equal(84, plan.DaysToTarget);
        Assert.Equal([1.5m, 2.0m, 2.5m, 3.0m, 3.5m, 4.0m, 4.5m], plan.Steps.Select(s => s.DoseMg));
    }

    /// <summary>1.5 mg to 4.5 mg in steps of 0.025 mg is 121 doses, one more than a plan may have.</summary>
    [Theory]
    [InlineData(0.001, null)]
    [InlineData(0.025, null)]
    [InlineData(0.0255, 119)]
    public void Increases_too_small_for_a_plan_are_no_plan_rather_than_larger(double mostMg, int? steps) => Assert.Equal(steps, Standard.InStepsOfAtMost((decimal)mostMg)?.Steps.Count);

    [Fact]
    public void An_overdue_step_is_expected_today_and_checked_as_an_order()
    {
        var today = Start.AddDays(20);
        var orders = new List<decimal>();

        var plan = TitrationSimulation.Run(Standard.After(TitrationAction.Start, Start), today, Strengths, (order, _) => Note(orders, order.DoseMg));

        Assert.Equal((today, 3.0m, 14), (plan.From, plan.Steps[0].DoseMg, plan.DaysToTarget));
        Assert.Equal([3.0m, 4.5m], orders);
    }

    [Fact]
    public void A_hold_is_expected_to_end_today()
    {
        var held = Standard.After(TitrationAction.Start, Start).After(TitrationAction.Hold, Start.AddDays(4));

        Assert.Equal([(1.5m, 10), (3.0m, 14), (4.5m, 28)], Run(held, Start.AddDays(9), Strengths).Steps.Select(s => (s.DoseMg, s.Days)));
    }

    [Fact]
    public void A_taper_leads_to_no_dose()
    {
        var taper = Standard.After(TitrationAction.Start, Start).After(TitrationAction.Taper, Start.AddDays(3), taper: [new(0.75m, 7)]);

        var plan = Run(taper, Start.AddDays(3), Strengths with { StrengthsMg = [0.25m] });

        Assert.Equal((0m, 7), (plan.TargetDoseMg, plan.DaysToTarget));
        Assert.Equal([new Capsules(0.25m, 21)], plan.Capsules);
        Assert.Empty(plan.NotMade);
    }

    [Fact]
    public void Each_order_to_come_is_held_against_the_rules_with_the_doses_before_it()
    {
        var before = new List<decimal>();

        var plan = TitrationSimulation.Run(Standard, Start, Strengths, (order, doses) => order.DoseMg > 4 ? Note(before, [.. doses.Select(d => d.DoseMg)]) : []);

        Assert.Equal([1.5m, 3.0m], before);
        Assert.Equal((Start.AddDays(28), "R-00"), (plan.Guardrails.Single().On, plan.Guardrails.Single().Findings.Single().Rule));
    }

    [Fact]
    public void The_capsules_of_each_day_make_its_dose_and_where_they_cannot_nothing_can() => Gen.Select(Plan, Input, Gen.Int[0, 40]).Sample((plan, input, today) =>
        Assert.All(DaysOf(plan, today, input), day => Assert.True(day.Capsules is { } capsules
            ? capsules.Sum(c => c.StrengthMg * c.Count) == day.DoseMg && capsules.All(c => c.Count % input.TimesPerDay == 0)
            : !CanBeMade(day.DoseMg / input.TimesPerDay, input.StrengthsMg, Capsules.MaxPerIntake))));

    [Fact]
    public void The_days_follow_one_another_and_steps_capsules_and_refills_add_up_to_them() => Gen.Select(Plan, Input, Gen.Int[0, 40]).Sample((plan, input, today) =>
    {
        var days = DaysOf(plan, today, input);
        if (days.Count == 0)
        {
            return;
        }

        var sum = Run(plan, Start.AddDays(today), input);

        Assert.Equal(Enumerable.Range(days[0].On.DayNumber, input.Days!.Value), days.Select(d => d.On.DayNumber));
        Assert.Equal(input.Days, sum.Steps.Sum(s => s.Days));
        Assert.Equal(Capsules.Sum(days.SelectMany(d => d.Capsules ?? [])), sum.Capsules);
        Assert.Equal(days.Count(d => !d.Covered), sum.SupplyGaps!.Sum(g => g.Days));
        Assert.Equal(Capsules.Sum(sum.SupplyGaps!.SelectMany(g => g.Missing)), Capsules.Sum(sum.Refills.SelectMany(r => r.Capsules)));
        Assert.Equal(sum.Capsules.Sum(c => c.StrengthMg * c.Count), days.Where(d => d.Capsules is not null).Sum(d => d.DoseMg));
    });

    [Fact]
    public void No_more_is_taken_from_the_supply_than_is_there() => Gen.Select(Plan, Input, Gen.Int[0, 40]).Sample((plan, input, today) =>
        Assert.All(
            Capsules.Sum(DaysOf(plan, today, input).Where(d => d.Covered).SelectMany(d => d.Capsules!)),
            used => Assert.True(used.Count <= input.Supply!.Where(s => s.StrengthMg == used.StrengthMg).Sum(s => s.Count))));

    [Fact]
    public void A_hold_moves_the_target_by_its_length_and_smaller_steps_are_never_larger() => Gen.Select(Plan, Gen.Int[1, 60], Gen.Int[1, 8], Gen.Int[0, 40]).Sample((plan, hold, quarters, day) =>
    {
        if (plan.Allowed.Count == 0)
        {
            return;
        }

        var (today, most) = (Start.AddDays(day), quarters * 0.25m);
        var expected = plan.ExpectedFrom(today);
        var (before, held, small) = (Run(expected, today, Strengths), Run(expected.HeldFor(hold), today, Strengths), Run(expected.InStepsOfAtMost(most)!, today, Strengths));

        var waits = expected.Status == TitrationStatus.Planned ? expected.Steps.Count > 1 : expected.NextStepOn is not null;

        Assert.Equal(waits ? before.TargetOn.AddDays(hold) : before.TargetOn, held.TargetOn);
        Assert.Equal(before.TargetDoseMg, small.TargetDoseMg);
        Assert.True(small.TargetOn >= before.TargetOn);
        Assert.All(small.Steps.Zip(small.Steps.Skip(1)).Where(p => p.First.From >= today.AddDays(1)), p => Assert.True(p.Second.DoseMg - p.First.DoseMg <= most));
    });

    private static SimulatedPlan Run(TitrationPlan plan, DateOnly today, SimulationInput input) => TitrationSimulation.Run(plan, today, input, (_, _) => []);

    private static IReadOnlyList<SimulatedDay> DaysOf(TitrationPlan plan, int today, SimulationInput input) =>
        plan.Allowed.Count == 0 ? [] : TitrationSimulation.Days(plan, Start.AddDays(today), input);

    private static List<Finding> Note(List<decimal> to, params decimal[] doses)
    {
        to.AddRange(doses);
        return [new Finding("R-00", FindingEffect.Warning, "as the test says", [], [])];
    }

    /// <summary>Whether any of the strengths, taken one after another, comes to the dose: no thought of order or of the fewest.</summary>
    private static bool CanBeMade(decimal doseMg, IReadOnlyList<decimal> strengths, int capsules)
    {
        var reached = new HashSet<decimal> { 0 };
        for (var i = 0; i < capsules; i++)
        {
            reached.UnionWith(reached.SelectMany(r => strengths.Select(s => r + s)).Where(r => r <= doseMg).ToList());
        }

        return reached.Contains(doseMg);
    }

    private static (TitrationPlan Plan, int Day) Move(TitrationPlan plan, TitrationAction action, int day)
    {
        TitrationStep[] taper = [new((plan.CurrentDoseMg ?? 1) / 2, 7)];
        return plan.Allowed.Contains(action) ? (plan.After(action, Start.AddDays(day), 7, taper), day) : (plan, day);
    }
}
