using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Statistics;
using LdnApi.Clinical.Time;

namespace LdnApi.Clinical.Tests;

public sealed class AssociationTests
{
    private static readonly DateOnly Start = Vectors.DayZero;
    private static readonly int[] Calm = [3, 2, 4, 3, 2, 3, 3];
    private static readonly int[] Raised = [4, 5, 3, 6, 4, 3, 5];

    public static TheoryData<string, string> Cases => Vectors.Cases("association.json", "association");

    [Fact]
    public void All_cases_are_there() => Assert.Equal(6, Cases.Count);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_statistics_are_those_of_the_worked_examples(string id, string json)
    {
        var c = JsonNode.Parse(json)!;

        Assert.NotEmpty(id);
        Near(c["expected"]!, Computed(c), (double)c["tolerance"]!, "$");
    }

    [Fact]
    public void A_change_of_the_dose_is_measured_between_the_changes_beside_it()
    {
        var change = AssociationAnalysis.Of(Facts([.. Calm, .. Raised], (0, 1.5m), (7, 3.0m)), RuleSettings.Default, Start.AddDays(13)).DoseChanges[1];

        Assert.Equal(new PhaseDays(Start, Start.AddDays(6), 7), change.Before);
        Assert.Equal(new PhaseDays(Start.AddDays(7), Start.AddDays(13), 7), change.After);
        Assert.Equal((0.714286, 0.857143, 0.022774, 0.030886), (change.Association.Tau, change.Nap, change.Association.P, change.ExactP));
        Assert.Equal((3, 4, 1), (change.MedianBefore, change.MedianAfter, change.Shift));
        Assert.Equal((AssociationStrength.Strong, AssociationConfidence.Low), (change.Association.Strength, change.Association.Confidence));
        Assert.Null(change.TauU); // no trend before the change
    }

    [Fact]
    public void A_trend_before_the_change_is_taken_off_and_shown_as_adjusted()
    {
        var change = AssociationAnalysis.Of(Facts([1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 9], (0, 1.5m), (7, 3.0m)), RuleSettings.Default, Start.AddDays(11)).DoseChanges[1];

        Assert.Equal(1, change.Association.Tau);
        Assert.Equal(0.4, change.TauU); // (35 − 21) of 35
    }

    [Fact]
    public void A_change_with_four_reported_days_after_it_says_that_one_is_needed_and_nothing_else()
    {
        var change = AssociationAnalysis.Of(Facts([.. Calm, 4, 5, 3, 6], (0, 1.5m), (7, 3.0m)), RuleSettings.Default, Start.AddDays(20)).DoseChanges[1];

        Assert.Equal(AssociationStatus.InsufficientData, change.Association.Status);
        Assert.Equal([new StillNeeded(NeededData.DaysAfter, 1)], change.Association.StillNeeded);
        Assert.Null(change.Association.Tau);
        Assert.Null(change.Nap);
    }

    [Fact]
    public void The_dose_is_scanned_at_four_lags_of_which_the_strongest_is_named_with_its_p_fourfold()
    {
        var dose = AssociationAnalysis.Of(Facts([.. Calm, .. Raised], (0, 1.5m), (7, 3.0m)), RuleSettings.Default, Start.AddDays(13)).Dose;

        Assert.Equal((0.593391, 0.022774), (dose.Association.Tau, dose.Association.P));
        Assert.Equal([14, 13, 12, 11], dose.Lags.Select(l => l.N));
        Assert.Equal([0.593391, 0.50545, 0.281284, 0.461112], dose.Lags.Select(l => l.Tau));
        Assert.Equal((0, 0.091097), (dose.StrongestLag, dose.Lags[0].BonferroniP));
    }

    [Fact]
    public void One_dose_throughout_is_no_basis_for_an_association_with_the_dose()
    {
        var dose = AssociationAnalysis.Of(Facts([.. Calm, .. Raised], (0, 3.0m)), RuleSettings.Default, Start.AddDays(13)).Dose;

        Assert.Equal([new StillNeeded(NeededData.DistinctValues, 1)], dose.Association.StillNeeded);
        Assert.Empty(dose.Lags);
    }

    [Theory]
    [InlineData("21:00")]
    [InlineData(null)] // then the usual time takes its place
    public void Lateness_is_measured_round_the_clock_and_held_against_the_day_and_the_next(string? scheduled)
    {
        int[] late = [0, 15, 0, 240, 0, 30, 0, 180, 0, 15, 0, 240, 0, 30, 0];
        int[] anxiety = [2, 2, 3, 2, 6, 2, 3, 2, 5, 2, 3, 2, 6, 2, 3]; // follows the lateness of the day before
        var facts = Facts(anxiety, (0, 1.5m)) with
        {
            CheckIns = [.. anxiety.Select((a, day) => CheckIn(day, a) with { DoseTakenAt = new TimeOnly(21, 0).AddMinutes(late[day]) })],
            IntakeTimes = [new IntakeTimeFact(Start, scheduled is null ? null : TimeOnly.Parse(scheduled, CultureInfo.InvariantCulture))],
        };

        var timing = AssociationAnalysis.Of(facts, RuleSettings.Default, Start.AddDays(14)).Timing;

        Assert.Equal((scheduled, scheduled is null ? "21:00" : null), (timing.ScheduledAt?.ToString("HH:mm", null), timing.UsualAt?.ToString("HH:mm", null)));
        Assert.Equal((15, 14), (timing.SameDay.N, timing.NextDay.N));
        Assert.Equal(AssociationStrength.Strong, timing.NextDay.Strength);
        Assert.True(timing.SameDay.Tau < 0);

        // Two intakes a day have no one time: there is nothing to be late from.
        var divided = AssociationAnalysis.Of(facts with { IntakeTimes = [facts.IntakeTimes[0] with { IsDivided = true }] }, RuleSettings.Default, Start.AddDays(14)).Timing;
        Assert.Equal((null, null, AssociationStatus.InsufficientData, 0), (divided.ScheduledAt, divided.UsualAt, divided.SameDay.Status, divided.NextDay.N));
    }

    [Fact]
    public void A_series_in_which_a_day_repeats_the_one_before_counts_as_fewer_days_and_weakens_the_test()
    {
        double[] steps = [.. Enumerable.Range(0, 40).Select(d => (double)(d / 10))];

        var found = Association.Of([.. Enumerable.Range(0, 40).Select(d => (double)d)], steps);

        Assert.True(found.Autocorrelation > 0.8);
        Assert.True(found.EffectiveN < 5);
        Assert.True(Math.Abs(found.Z!.Value) < KendallTau.WithTime(steps).Z);
        Assert.Equal(AssociationConfidence.Low, found.Confidence);
    }

    [Theory]
    [InlineData("23:50", "00:10", 20)]
    [InlineData("21:00", "21:00", 0)]
    [InlineData("08:00", "20:00", 720)]
    [InlineData("09:00", "23:00", 600)]
    public void Clock_times_are_apart_by_the_shorter_way_round(string a, string b, int minutes)
    {
        var (from, to) = (TimeOnly.Parse(a, CultureInfo.InvariantCulture), TimeOnly.Parse(b, CultureInfo.InvariantCulture));

        Assert.Equal((minutes, minutes), (ClockTime.MinutesApart(from, to), ClockTime.MinutesApart(to, from)));
    }

    [Theory]
    [InlineData("23:50,00:10,00:00", "00:00")]
    [InlineData("08:00,20:00", "08:00")] // equals: the earliest on the clock
    [InlineData("22:00,22:00,06:00", "22:00")]
    public void The_circular_median_is_the_recorded_time_nearest_to_all(string times, string median) =>
        Assert.Equal(median, ClockTime.CircularMedian([.. times.Split(',').Select(t => TimeOnly.Parse(t, CultureInfo.InvariantCulture))])?.ToString("HH:mm", null));

    [Fact]
    public void Counting_the_ways_by_their_sum_is_going_through_them_all() => Gen.Select(Gen.Int[0, 5].Array[1, 6], Gen.Int[0, 5].Array[1, 6]).Sample((a, b) =>
    {
        var test = PermutationTest.Of([.. a.Select(v => (double)v)], [.. b.Select(v => (double)v)]);
        int[] all = [.. a, .. b];
        var found = Math.Abs(Difference(a, b));
        var deals = Enumerable.Range(0, 1 << all.Length).Where(mask => int.PopCount(mask) == b.Length).ToArray();
        var hits = deals.Count(mask => Math.Abs(Difference(
            [.. all.Where((_, i) => (mask >> i & 1) == 0)], [.. all.Where((_, i) => (mask >> i & 1) == 1)])) >= found);
        return test == new PermutationTest(hits, deals.Length);
    });

    [Fact]
    public void What_rises_with_anxiety_falls_against_its_mirror_image_and_order_of_days_does_not_matter() =>
        Gen.Select(Gen.Int[0, 10], Gen.Int[0, 10]).Array[2, 30].Sample(pairs =>
        {
            double[] x = [.. pairs.Select(p => (double)p.Item1)];
            double[] y = [.. pairs.Select(p => (double)p.Item2)];
            var tau = KendallTau.Of(x, y);
            var mirrored = KendallTau.Of([.. x.Select(v => -v)], y);
            var reversed = KendallTau.Of([.. x.Reverse()], [.. y.Reverse()]);
            return tau.TauB == -mirrored.TauB && tau == reversed && tau.TauB is null or (>= -1 and <= 1) && tau.P is null or (>= 0 and <= 1);
        });

    private static int Difference(int[] before, int[] after) => (from b in before from a in after select Math.Sign(a - b)).Sum();

    private static CheckInFact CheckIn(int day, int anxiety) => new(Vectors.IdOf($"day-{day}"), 1, Start.AddDays(day), new Known(Start.AddDays(day)), anxiety);

    private static PatientFacts Facts(int[] anxiety, params (int Day, decimal Mg)[] doses) => new(
        null, null, [.. doses.Select(d => new DoseFact(Start.AddDays(d.Day), d.Mg))], [.. anxiety.Select((a, day) => CheckIn(day, a))], [], [], []);

    private static JsonNode Computed(JsonNode c)
    {
        if (c["nEffOf"] is { } of)
        {
            return JsonSerializer.SerializeToNode(new { nEff = Trend.EffectiveN((int)of["n"]!, (double)of["r1"]!) })!;
        }

        double[] Numbers(string name) => [.. (c[name]?.AsArray() ?? []).Select(v => (double)v!)];
        double[] y = [.. Numbers("phaseA"), .. Numbers("phaseB"), .. Numbers("y")];
        var x = Numbers("x");
        double[] days = [.. Enumerable.Range(0, y.Length).Select(d => (double)d)];
        var phases = c["phaseA"] is null ? null : TwoPhase.Of(Numbers("phaseA"), Numbers("phaseB"));
        var exact = phases is null ? null : PermutationTest.Of(Numbers("phaseA"), Numbers("phaseB"));
        var tau = x.Length == 0 ? null : KendallTau.Of(x, y);
        var found = x.Length == 0 ? null : Association.Of(x, y);
        return JsonSerializer.SerializeToNode(new
        {
            twoPhase = phases is null ? null : new
            {
                higher = phases.Higher,
                tie = phases.Tied,
                lower = phases.Lower,
                sAB = phases.S,
                tau = phases.Tau,
                nap = phases.Nap,
                sA = phases.BaselineTrend.S,
                tauU = phases.TauU,
                medianA = phases.MedianBefore,
                medianB = phases.MedianAfter,
                shift = phases.Shift,
            },
            tauB = tau is null ? null : Shape(tau),
            exactPermutation = exact is null ? null : new { hits = exact.Hits, total = exact.Total, p = exact.P },
            mannKendall = Shape(KendallTau.WithTime(y)),
            theilSen = Trend.TheilSen(days, y),
            autocorrelation = new { r1 = Trend.Autocorrelation(y), nEff = Trend.EffectiveN(y.Length, Trend.Autocorrelation(y)) },
            lags = x.Length == 0 ? [] : Enumerable.Range(0, 4).Select(lag => KendallTau.Of(x[..^lag], y[lag..])).Select((k, lag) => new { lag, tauB = k.TauB, s = k.S }),
            bonferroniLag0 = 4 * tau?.P,
            status = found?.Status == AssociationStatus.InsufficientData ? "insufficient-data" : "measured",
            stillNeeded = found?.StillNeeded.SingleOrDefault(n => n.What == NeededData.Pairs)?.Count,
        })!;
    }

    private static object Shape(KendallTau k) => new
    {
        n = k.N,
        s = k.S,
        concordant = k.Concordant,
        discordant = k.Discordant,
        n1 = k.TiedX,
        n2 = k.TiedY,
        tauB = k.TauB,
        varS = k.VarianceOfS,
        z = k.Z,
        p = k.P,
        zNoContinuity = k.ZWithoutContinuity,
        pNoContinuity = k.PWithoutContinuity,
    };

    /// <summary>Every member expected is there, within the tolerance; one given with fewer decimals is right when it rounds to it.</summary>
    private static void Near(JsonNode? expected, JsonNode? actual, double tolerance, string path)
    {
        switch (expected)
        {
            case JsonObject members:
                Assert.All(members, m => Near(m.Value, actual![m.Key], tolerance, $"{path}.{m.Key}"));
                break;
            case JsonArray items:
                Assert.Equal(items.Count, actual!.AsArray().Count);
                Assert.All(items.Select((item, i) => (item, i)), p => Near(p.item, actual[p.i], tolerance, $"{path}[{p.i}]"));
                break;
            case { } value when value.GetValueKind() == JsonValueKind.Number:
                var decimals = value.ToJsonString().Split('.') is [_, var fraction] ? fraction.Length : 0;
                var (wanted, found) = ((double)value, actual!.GetValue<JsonElement>().GetDouble());
                Assert.True(Math.Abs(wanted - found) <= tolerance || Math.Round(found, decimals) == wanted, $"{path}: {wanted} expected, {found} found");
                break;
            default:
                Assert.Equal(expected?.ToJsonString(), actual?.ToJsonString());
                break;
        }
    }
}
