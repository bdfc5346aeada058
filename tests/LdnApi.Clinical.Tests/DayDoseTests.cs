using LdnApi.Clinical.Dosing;

namespace LdnApi.Clinical.Tests;

/// <summary>What was taken on a day, as far as it was reported.</summary>
public sealed class DayDoseTests
{
    private static readonly DateOnly Today = new(2026, 3, 20);
    private static readonly Administration Missed = new(null, null, true);

    private static DayDose Of(int timesPerDay, params Administration[] reported) => DayDose.Of(Today, Today, 3.0m, 3.0m, timesPerDay, reported);

    private static Administration At(int hour, decimal? doseMg = null, bool missed = false) => new(new TimeOnly(hour, 0), doseMg, missed);

    [Fact]
    public void Without_a_report_the_dose_counts_as_taken_as_prescribed() => Assert.Equal((3.0m, DoseSource.Prescription), Taken(Of(1)));

    [Fact]
    public void A_missed_dose_is_none() => Assert.Equal((0m, DoseSource.CheckIns), Taken(Of(1, Missed)));

    [Fact]
    public void A_dose_without_an_amount_is_the_prescribed_one() => Assert.Equal((3.0m, DoseSource.CheckIns), Taken(Of(1, At(21))));

    [Fact]
    public void Another_amount_is_what_was_taken() => Assert.Equal((1.5m, DoseSource.CheckIns), Taken(Of(1, At(21, 1.5m))));

    [Fact]
    public void The_intakes_of_a_day_add_up() => Assert.Equal((3.0m, DoseSource.CheckIns), Taken(Of(2, At(9), At(21, 1.5m))));

    [Fact]
    public void One_missed_intake_of_two_is_half_the_dose() => Assert.Equal((1.5m, DoseSource.CheckIns), Taken(Of(2, At(9), At(21, missed: true))));

    [Fact]
    public void The_same_intake_reported_twice_is_one_and_the_last_report_holds() => Assert.Equal((1.5m, DoseSource.CheckIns), Taken(Of(1, At(21, 3.0m), At(21, 1.5m))));

    [Fact]
    public void A_report_without_a_time_gives_way_to_one_with_it() => Assert.Equal((3.0m, DoseSource.CheckIns), Taken(Of(1, Missed, At(23, 3.0m))));

    [Fact]
    public void Thirds_of_a_dose_add_up_to_it() => Assert.Equal(1.0m, DayDose.Of(Today, Today, 1.0m, 1.0m, 3, [At(8), At(14), At(20)]).ActualDoseMg);

    [Fact]
    public void A_day_that_has_not_come_has_no_actual_dose() => Assert.Null(DayDose.Of(Today.AddDays(1), Today, 3.0m, 3.0m, 1, []).ActualDoseMg);

    [Fact]
    public void Adherence_speaks_of_reported_days_only()
    {
        var days = new[] { Of(1), Of(1), Of(1, Missed), Of(1, At(21)), Of(1, At(21, 1.5m)), DayDose.Of(Today.AddDays(1), Today, 3.0m, 3.0m, 1, []) };

        Assert.Equal(new Adherence(Days: 5, Reported: 3, AsPrescribed: 1, Missed: 1, Otherwise: 1, TakenRatio: 0.333m), Adherence.Of(days));
    }

    [Fact]
    public void Silence_is_not_adherence() => Assert.Null(Adherence.Of([Of(1), Of(1)]).TakenRatio);

    private static (decimal?, DoseSource?) Taken(DayDose day) => (day.ActualDoseMg, day.ActualFrom);
}
