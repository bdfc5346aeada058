using LdnApi.Clinical.Dosing;
using static LdnApi.Clinical.Dosing.TitrationAction;

namespace LdnApi.Clinical.Tests;

/// <summary>What may be done to a titration in each state, and what becomes of its dates and doses.</summary>
public sealed class TitrationPlanTests
{
    private static readonly DateOnly Start = new(2026, 3, 2);
    private static readonly IReadOnlyList<TitrationStep> Standard = [new(1.5m, 14), new(3.0m, 14), new(4.5m, null)];

    private static TitrationPlan Planned => TitrationPlan.Create(Start, Standard);

    private static TitrationPlan First => Planned.After(TitrationAction.Start, Start);

    private static TitrationPlan Second => First.After(Advance, Start.AddDays(14));

    /// <summary>The start days and doses of the published tables.</summary>
    [Theory]
    [InlineData("seed-standard", "0:1.5 14:3.0 28:4.5")]
    [InlineData("weekly-1.5", "0:1.5 7:3.0 14:4.5")]
    [InlineData("ms-slow", "0:1.5 28:3.0 56:4.5")]
    [InlineData("micro-0.5-weekly", "0:0.5 7:1.0 14:1.5 21:2.0 28:2.5 35:3.0 42:3.5 49:4.0 56:4.5")]
    [InlineData("hashimoto-0.5-biweekly", "0:0.5 14:1.0 28:1.5 42:2.0 56:2.5 70:3.0 84:3.5 98:4.0 112:4.5")]
    [InlineData("monthly-1", "0:1.0 30:2.0 60:3.0")]
    public void A_preset_has_the_days_and_doses_of_its_source(string name, string table) => Assert.Equal(table, string.Join(' ',
        TitrationPlan.Create(Start, TitrationPresets.Find(name)!.Steps).Dated().Select(s => FormattableString.Invariant($"{s.PlannedOn!.Value.DayNumber - Start.DayNumber}:{s.DoseMg}"))));

    [Fact]
    public void Every_preset_is_in_the_table_above() => Assert.Equal(6, TitrationPresets.All.Count);

    [Fact]
    public void A_planned_titration_may_be_started_or_stopped() => Assert.Equal([TitrationAction.Start, Stop], Planned.Allowed);

    [Fact]
    public void An_active_one_allows_everything_but_starting_and_resuming() =>
        Assert.Equal([Advance, Hold, StepBack, Lengthen, Restart, Taper, Stop], Second.Allowed);

    [Fact]
    public void A_step_without_an_end_cannot_be_made_longer() => Assert.DoesNotContain(Lengthen, Second.After(Advance, Start.AddDays(28)).Allowed);

    [Fact]
    public void A_held_one_may_be_resumed_gone_back_with_restarted_tapered_or_stopped() =>
        Assert.Equal([Resume, StepBack, Restart, Taper, Stop], Second.After(Hold, Start.AddDays(15)).Allowed);

    [Fact]
    public void A_taper_only_goes_down_waits_or_stops() =>
        Assert.Equal([Advance, Hold, Lengthen, Stop], Second.After(Taper, Start.AddDays(20), taper: [new(1.5m, 7)]).Allowed);

    [Fact]
    public void What_has_ended_allows_nothing()
    {
        Assert.Empty(Second.After(Stop, Start.AddDays(15)).Allowed);
        Assert.Empty(Second.After(Advance, Start.AddDays(28)).After(Advance, Start.AddDays(60)).Allowed);
    }

    /// <summary>Every action in every state that does not name it.</summary>
    [Theory]
    [MemberData(nameof(Illegal))]
    public void What_the_state_does_not_allow_is_refused(string state, TitrationAction action) =>
        Assert.Throws<InvalidOperationException>(() => States()[state].After(action, Start.AddDays(40), 7, [new(0.5m, 7)]));

    public static TheoryData<string, TitrationAction> Illegal()
    {
        var data = new TheoryData<string, TitrationAction>();
        foreach (var (name, plan) in States())
        {
            foreach (var action in Enum.GetValues<TitrationAction>().Except(plan.Allowed))
            {
                data.Add(name, action);
            }
        }

        return data;
    }

    [Fact]
    public void An_action_before_the_last_one_is_refused() => Assert.Throws<InvalidOperationException>(() => Second.After(Hold, Start.AddDays(13)));

    /// <summary>A hold that has ended, a longer step: no visit and no hold is left that would tell of the day.</summary>
    [Fact]
    public void An_action_before_a_hold_ended_or_a_step_was_lengthened_is_refused()
    {
        var resumed = First.After(Hold, Start.AddDays(5)).After(Resume, Start.AddDays(20));
        var longer = First.After(Lengthen, Start.AddDays(5), 7);

        Assert.Equal((Start.AddDays(20), Start.AddDays(5)), (resumed.EarliestAction, longer.EarliestAction));
        Assert.Throws<InvalidOperationException>(() => resumed.After(Hold, Start.AddDays(6)));
        Assert.Throws<InvalidOperationException>(() => resumed.After(Advance, Start.AddDays(10)));
        Assert.Throws<InvalidOperationException>(() => longer.After(Advance, Start.AddDays(4)));
    }

    [Fact]
    public void A_hold_moves_the_later_dates_by_its_length()
    {
        var held = First.After(Hold, Start.AddDays(5));
        var resumed = held.After(Resume, Start.AddDays(8));

        Assert.Null(held.NextStepOn);
        Assert.Equal(1.5m, held.PlannedDoseOn(Start.AddDays(100)));
        Assert.Equal([0, 17, 31], DaysOf(resumed));
    }

    [Fact]
    public void A_longer_step_moves_the_later_dates() => Assert.Equal([0, 21, 35], DaysOf(First.After(Lengthen, Start.AddDays(3), 7)));

    [Fact]
    public void A_late_step_moves_the_later_dates() => Assert.Equal([0, 19, 33], DaysOf(First.After(Advance, Start.AddDays(19))));

    [Fact]
    public void Going_back_takes_the_step_before_in_full_again()
    {
        var back = Second.After(StepBack, Start.AddDays(18));

        Assert.Equal(1.5m, back.CurrentDoseMg);
        Assert.Equal(Start.AddDays(32), back.NextStepOn);
    }

    [Fact]
    public void Going_back_from_the_first_step_takes_half_of_it_first()
    {
        var back = First.After(StepBack, Start.AddDays(4));

        Assert.Equal(0.75m, back.CurrentDoseMg);
        Assert.Equal([0.75m, 1.5m, 3.0m, 4.5m], back.Steps.Select(s => s.DoseMg));
        Assert.Equal([4, 18, 32, 46], DaysOf(back));
        Assert.Equal([1.5m, 0.75m], new[] { 3, 4 }.Select(d => back.PlannedDoseOn(Start.AddDays(d))!.Value));
    }

    [Fact]
    public void Halving_ends_where_doses_become_meaningless()
    {
        var plan = First;
        for (var i = 0; i < 3; i++)
        {
            plan = plan.After(StepBack, Start.AddDays(i + 1));
        }

        Assert.Equal(0.187m, plan.CurrentDoseMg);
        Assert.DoesNotContain(StepBack, plan.Allowed);
    }

    [Fact]
    public void A_restart_begins_with_the_first_step()
    {
        var again = Second.After(Hold, Start.AddDays(20)).After(Restart, Start.AddDays(50));

        Assert.Equal((TitrationStatus.Active, 1.5m), (again.Status, again.CurrentDoseMg));
        Assert.Equal([50, 64, 78], DaysOf(again));
    }

    [Fact]
    public void A_taper_begins_at_once_and_ends_without_a_dose()
    {
        var taper = Second.After(Taper, Start.AddDays(20), taper: [new(1.5m, 7), new(0.5m, 7)]);
        var last = taper.After(Advance, Start.AddDays(27));
        var ended = last.After(Advance, Start.AddDays(35));

        Assert.Equal([1.5m, 0.5m, 0m], new[] { 20, 27, 34 }.Select(d => taper.PlannedDoseOn(Start.AddDays(d))!.Value));
        Assert.Equal([TitrationPhase.Starting, TitrationPhase.Titration, TitrationPhase.Maintenance, TitrationPhase.Taper, TitrationPhase.Taper], taper.Dated().Select(s => s.Phase));
        Assert.Null(taper.Dated()[2].PlannedOn); // 4.5 mg will not come
        Assert.Equal(Start.AddDays(34), last.NextStepOn);
        Assert.True(last.OrdersDose(Advance));
        Assert.Equal((TitrationStatus.Completed, 0m, 0m), (ended.Status, ended.CurrentDoseMg, ended.PlannedDoseOn(Start.AddDays(35))));
    }

    [Theory]
    [InlineData("3.0 7")]
    [InlineData("1.5 7 1.5 7")]
    [InlineData("1.5 7 2.0 7")]
    [InlineData("1.5 0")]
    [InlineData("0 7")]
    [InlineData("")]
    public void A_taper_that_does_not_go_down_is_refused(string steps)
    {
        var numbers = steps.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => decimal.Parse(n, System.Globalization.CultureInfo.InvariantCulture)).Chunk(2);

        Assert.False(Second.CanTaperBy([.. numbers.Select(n => new TitrationStep(n[0], (int)n[1]))]));
    }

    [Fact]
    public void Completing_keeps_the_dose_and_a_stop_ends_what_the_plan_says()
    {
        var completed = Second.After(Advance, Start.AddDays(28)).After(Advance, Start.AddDays(60));
        var stopped = Second.After(Stop, Start.AddDays(20));

        Assert.Equal((4.5m, 4.5m), (completed.CurrentDoseMg, completed.PlannedDoseOn(Start.AddDays(61))));
        Assert.Equal((3.0m, null), (stopped.PlannedDoseOn(Start.AddDays(19)), stopped.PlannedDoseOn(Start.AddDays(20))));
    }

    [Fact]
    public void A_step_is_overdue_from_the_day_after_it_was_due()
    {
        Assert.Equal((0, false), (First.DaysUntilNextStep(Start.AddDays(14)), First.IsOverdueOn(Start.AddDays(14))));
        Assert.Equal((-1, true), (First.DaysUntilNextStep(Start.AddDays(15)), First.IsOverdueOn(Start.AddDays(15))));
        Assert.Equal((3, false), (Planned.DaysUntilNextStep(Start.AddDays(-3)), Planned.IsOverdueOn(Start.AddDays(-3))));
    }

    [Fact]
    public void Before_the_start_no_dose_is_planned() => Assert.Equal((0m, 1.5m), (Planned.PlannedDoseOn(Start.AddDays(-1)), Planned.PlannedDoseOn(Start)));

    private static Dictionary<string, TitrationPlan> States() => new()
    {
        ["planned"] = Planned,
        ["first step"] = First,
        ["second step"] = Second,
        ["maintenance"] = Second.After(Advance, Start.AddDays(28)),
        ["held"] = Second.After(Hold, Start.AddDays(15)),
        ["taper"] = Second.After(Taper, Start.AddDays(20), taper: [new(1.5m, 7)]),
        ["held taper"] = Second.After(Taper, Start.AddDays(20), taper: [new(1.5m, 7)]).After(Hold, Start.AddDays(21)),
        ["tapered off"] = Second.After(Taper, Start.AddDays(20), taper: [new(1.5m, 7)]).After(Advance, Start.AddDays(27)),
        ["completed"] = Second.After(Advance, Start.AddDays(28)).After(Advance, Start.AddDays(30)),
        ["stopped"] = Second.After(Stop, Start.AddDays(20)),
    };

    private static int[] DaysOf(TitrationPlan plan) => [.. plan.Dated().Select(s => s.PlannedOn!.Value.DayNumber - Start.DayNumber)];
}
