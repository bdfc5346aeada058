using CsCheck;
using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>What must hold of any order of any patient.</summary>
public sealed class OrderPropertyTests
{
    private static readonly DateOnly Start = Vectors.DayZero;
    private static readonly string[] Atc = ["N02AX02", "N07BC02", "R05DA09", "A06AH03", "A08AA62", "N07BB01", "H03AA01", "N06AB06", "B01AC06"];

    private static readonly Gen<PatientFacts> Facts =
        from history in Gen.Bool
        from sensitive in Gen.Bool
        from scores in Gen.Int[0, 10].Array[0, 40]
        from doses in Gen.Select(Gen.Int[0, 39], Gen.Int[0, 12]).Array[0, 4]
        from medications in Gen.Select(Gen.Int[0, Atc.Length - 1], Gen.Int[-20, 60], Gen.Int[1, 60], Gen.Bool).Array[0, 4]
        from observations in Gen.Select(Gen.Enum<ObservationCode>(), Gen.Int[0, 45], Gen.Int[0, 60], Gen.Bool).Array[0, 4]
        from conditions in Gen.Enum<ClinicalCondition>().Array[0, 2]
        from procedures in Gen.Int[35, 60].Array[0, 2]
        from age in Gen.Int[15, 30]
        select new PatientFacts(
            history, null,
            [.. doses.DistinctBy(d => d.Item1).Select(d => new DoseFact(Start.AddDays(d.Item1), d.Item2 * 0.75m))],
            [.. scores.Select((score, day) => new CheckInFact(Vectors.IdOf($"day-{day}"), 1, Start.AddDays(day), new Known(Start.AddDays(day)), score))], [], [], [])
        {
            IsSensitive = sensitive,
            BirthDate = Start.AddYears(-age),
            Conditions = [.. conditions.Distinct()],
            Medications =
            [
                .. medications.Select((m, i) => new MedicationFact(
                    Vectors.IdOf($"medication-{i}"), 1, Atc[m.Item1], null, Start.AddDays(m.Item2), Start.AddDays(m.Item2 + m.Item3), new Known(Start), m.Item4)),
            ],
            Observations = [.. observations.Select((o, i) => Observation($"observation-{i}", o.Item1, o.Item2, o.Item3, o.Item4))],
            Procedures = [.. procedures.Select((day, i) => new ProcedureFact(Vectors.IdOf($"procedure-{i}"), 1, Start.AddDays(day), new Known(Start)))],
        };

    private static readonly Gen<(PatientFacts Facts, OrderContext Order)> Orders =
        from facts in Facts
        from day in Gen.Int[40, 60]
        from dose in Gen.Int[1, 400]
        from open in Gen.Enum<RuleFamily>().Array[0, 2]
        select (facts, OrderContext.Of(facts, RuleSettings.Default, Start.AddDays(day), dose / 10m, [.. open.Distinct().Select(f => new OpenFamily(f))]));

    [Fact]
    public void The_order_in_which_facts_arrive_and_repeats_of_them_do_not_matter() => Gen.Select(Orders, Gen.Int).Sample((pair, seed) =>
    {
        var random = new Random(seed);
        var (facts, order) = pair;
        var shuffled = facts with
        {
            Medications = [.. facts.Medications.Concat(facts.Medications).OrderBy(_ => random.Next())],
            Observations = [.. facts.Observations.Concat(facts.Observations).OrderBy(_ => random.Next())],
            Procedures = [.. facts.Procedures.Concat(facts.Procedures).OrderBy(_ => random.Next())],
            CheckIns = [.. facts.CheckIns.OrderBy(_ => random.Next())],
            Doses = [.. facts.Doses.OrderBy(_ => random.Next())],
        };

        Assert.Equal(Canonical(order), Canonical(OrderContext.Of(shuffled, RuleSettings.Default, order.On, order.DoseMg, order.Open)));
    });

    [Fact]
    public void A_decrease_is_never_stopped() => Orders.Where(o => o.Order.DoseMg < o.Order.PreviousDoseMg && o.Order.DoseFreeDays < RuleSettings.Default.RestartGapDays)
        .Sample(o => Assert.Empty(OrderRules.Unmet(Check(o.Order), [])));

    [Fact]
    public void The_worst_comes_first_and_each_rule_once_with_its_evidence() => Orders.Sample(o =>
    {
        var findings = Check(o.Order);

        Assert.Equal(findings.OrderByDescending(f => f.Effect).ThenBy(f => f.Rule, StringComparer.Ordinal), findings);
        Assert.Equal(findings.Count, findings.DistinctBy(f => f.Rule).Count());
        Assert.All(findings, f => Assert.NotEmpty(f.Evidence));
    });

    [Fact]
    public void An_active_opioid_stops_whatever_is_no_decrease_and_no_reason_helps() => Orders.Sample(o =>
    {
        var opioid = new MedicationFact(Guid.CreateVersion7(), 1, "N02AA01", null, o.Order.On, null, new Known(Start));
        var order = o.Order with { DoseMg = Math.Max(o.Order.DoseMg, o.Order.PreviousDoseMg ?? 0), Medications = [.. o.Order.Medications, opioid] };

        Assert.Contains(OrderRules.Unmet(Check(order), ["R-10", "R-11", "R-12", "R-19"]), f => f.Rule == "R-19");
    });

    [Fact]
    public void A_higher_dose_is_never_looked_at_more_mildly() => Gen.Select(Orders, Gen.Int[1, 100]).Sample((o, more) =>
        Assert.True(Worst(o.Order with { DoseMg = o.Order.DoseMg + (more / 10m) }) >= Worst(o.Order)));

    private static ObservationFact Observation(string name, ObservationCode code, int day, int tenths, bool positive) =>
        code is ObservationCode.OpioidScreen or ObservationCode.NaloxoneChallenge
            ? new ObservationFact(Vectors.IdOf(name), 1, code, Start.AddDays(day), null, positive, new Known(Start))
            : new ObservationFact(Vectors.IdOf(name), 1, code, Start.AddDays(day), tenths / 10m, null, new Known(Start));

    private static IReadOnlyList<Finding> Check(OrderContext order) => OrderRules.Check(order, RuleSettings.Default);

    private static int Worst(OrderContext order) => Check(order).Select(f => (int)f.Effect).DefaultIfEmpty(-1).Max();

    private static string Canonical(OrderContext order) => System.Text.Json.JsonSerializer.Serialize(Check(order));
}
