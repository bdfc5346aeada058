using CsCheck;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>
/// A patient who reports, takes opioids and is worked on by clinicians, and a titration that anyone tries to move in any way: whatever the sequence, the state
/// machine and the order-time rules together let no dose through that they should not.
/// </summary>
public sealed class TitrationGuardrailTests
{
    private static readonly DateOnly Start = Vectors.DayZero;

    private static readonly Gen<TitrationPlan> Plan = Gen.OneOf(
        Gen.Int[0, TitrationPresets.All.Count - 1].Select(i => TitrationPresets.All[i].Steps),
        Gen.Select(Gen.OneOf(Gen.Int[1, 24], Gen.Int[24, 110]), Gen.Int[1, 20]).Array[1, 5].Select(steps => (IReadOnlyList<TitrationStep>)[.. steps.Select(s => new TitrationStep(s.Item1 * 0.25m, s.Item2))]))
        .Select(steps => TitrationPlan.Create(Start, steps));

    private static readonly Gen<Act> Acts = Gen.Frequency(
        (4, Gen.Select(Gen.Int[0, 3], Gen.Int[0, 10]).Select((days, score) => (Act)new Report(days, score))),
        (6, Gen.Select(Gen.Int[0, 8], Gen.Enum<TitrationAction>(), Gen.Int[0, 5], Gen.Bool).Select((days, action, back, overrides) => (Act)new Move(days, action, back, overrides))),
        (1, Gen.Select(Gen.Int[0, 3], Gen.Int[0, 20]).Select((days, length) => (Act)new Opioid(days, length))),
        (1, Gen.Select(Gen.Int[0, 3], Gen.Enum<ClinicianActionKind>()).Select((days, kind) => (Act)new Clinician(days, kind))),
        (1, Gen.Int[10, 40].Select(days => (Act)new Wait(days))));

    [Fact]
    public void No_sequence_breaks_a_guardrail_or_raises_a_dose_in_spite_of_a_severe_follow_up() => Gen.Select(Plan, Gen.Bool, Acts.Array[1, 40]).Sample((plan, history, acts) =>
    {
        var clinic = new Clinic(plan, history);
        foreach (var act in acts)
        {
            clinic.Live(act);
        }

        Assert.All(clinic.Orders, order =>
        {
            Assert.True(!order.Raises || !order.AnxiousOpen || order.Overridden.Contains("R-10"), $"{order} while a follow-up was open");
            Assert.True(order.DoseMg < 25, $"{order} is a standard dose");
            Assert.True(order.DoseMg <= 4.5m || !order.Raises || order.Overridden.Count > 0, $"{order} is above the usual range");
            Assert.True(!order.Raises || !order.OpioidActive, $"{order} beside an opioid");
        });
        Assert.True(clinic.Moved.Zip(clinic.Moved.Skip(1)).All(d => d.First <= d.Second), "days are counted once, in order");
        Assert.True(clinic.Plan.Visits.Zip(clinic.Plan.Visits.Skip(1)).All(v => v.First.StartedOn <= v.Second.StartedOn));
    });

    /// <summary>Without it, a sequence in which nothing ever happens would prove the law above.</summary>
    [Fact]
    public void The_sequences_reach_what_they_are_about()
    {
        var (raised, refused, overridden, tapered, restarted) = (0, 0, 0, 0, 0);
        Gen.Select(Plan, Gen.Bool, Acts.Array[30, 50]).Sample((plan, history, acts) =>
        {
            var clinic = new Clinic(plan, history);
            foreach (var act in acts)
            {
                clinic.Live(act);
            }

            Interlocked.Add(ref raised, clinic.Orders.Count(o => o.Raises));
            Interlocked.Add(ref refused, clinic.Refused);
            Interlocked.Add(ref overridden, clinic.Orders.Count(o => o.Raises && o.AnxiousOpen));
            Interlocked.Add(ref tapered, clinic.Orders.Count(o => o.Action == TitrationAction.Taper));
            Interlocked.Add(ref restarted, clinic.Orders.Count(o => o.Action == TitrationAction.Restart));
        }, iter: 150);

        Assert.True(raised > 10 && refused > 10 && overridden > 0 && tapered > 0 && restarted > 0, $"{raised} {refused} {overridden} {tapered} {restarted}");
    }

    private abstract record Act(int Days);

    private sealed record Wait(int Days) : Act(Days);

    private sealed record Report(int Days, int Score) : Act(Days);

    private sealed record Opioid(int Days, int Length) : Act(Days);

    private sealed record Clinician(int Days, ClinicianActionKind Kind) : Act(Days);

    /// <param name="Back">How many days before today it is said to have happened.</param>
    /// <param name="Overrides">Whether reasons are given for all that may be overridden.</param>
    private sealed record Move(int Days, TitrationAction Action, int Back, bool Overrides) : Act(Days);

    /// <summary>A dose that went through, and what was the case when it did, found out by other means than the rules.</summary>
    private sealed record Order(TitrationAction Action, DateOnly On, decimal DoseMg, bool Raises, bool AnxiousOpen, bool OpioidActive, IReadOnlyList<string> Overridden);

    private sealed class Clinic(TitrationPlan plan, bool history)
    {
        private readonly LivePatient _patient = new(new PatientFacts(history, null, [], [], [], [], []));
        private List<DoseFact> _doses = [];
        private readonly List<MedicationFact> _opioids = [];
        private DateOnly _today = Start;
        private int _count;

        public TitrationPlan Plan { get; private set; } = plan;

        public List<Order> Orders { get; } = [];

        /// <summary>The days on which something was done, in the order in which it was.</summary>
        public List<DateOnly> Moved { get; } = [];

        public int Refused { get; private set; }

        public void Live(Act act)
        {
            _today = _today.AddDays(act.Days);
            _count++;
            switch (act)
            {
                case Report report:
                    _patient.Submit(new CheckInFact(Vectors.IdOf($"{_count}"), 1, _today, new Known(_today), report.Score));
                    break;
                case Opioid opioid:
                    _opioids.Add(new MedicationFact(Vectors.IdOf($"{_count}"), 1, "N02AA05", null, _today, _today.AddDays(opioid.Length), new Known(_today)));
                    break;
                case Clinician clinician when _patient.FollowUps.Find(f => f.Status != FollowUpStatus.Closed) is { } open:
                    _patient.Act(open.Family, clinician.Kind, new Known(_today));
                    _patient.Review(_today);
                    break;
                case Move move:
                    Try(move);
                    break;
            }
        }

        /// <summary>As the API does it: the state first, then the day, then the order, and nothing is kept of what does not go through.</summary>
        private void Try(Move move)
        {
            var on = _today.AddDays(-move.Back);
            TitrationStep[] taper = [new((Plan.CurrentDoseMg ?? 1) / 2, 7)];
            if (!Plan.Allowed.Contains(move.Action) || on < Plan.EarliestAction || (move.Action == TitrationAction.Taper && !Plan.CanTaperBy(taper)))
            {
                Assert.Throws<InvalidOperationException>(() => Plan.After(move.Action, on, 7, taper));
                return;
            }

            List<DoseFact> doses = [.. _doses];
            if (move.Action == TitrationAction.Restart)
            {
                var lastDoseOn = doses[^1].On;
                if (lastDoseOn.AddDays(1) >= on)
                {
                    return; // no day without a dose
                }

                doses.Add(new DoseFact(lastDoseOn.AddDays(1), 0));
            }

            var after = Plan.After(move.Action, on, 7, taper);
            if (Plan.OrdersDose(move.Action) && after.CurrentDoseMg is > 0 and { } dose)
            {
                var facts = _patient.Facts with { Doses = doses, Medications = _opioids };
                OpenFamily[] families = [.. _patient.FollowUps.Where(f => f.Status != FollowUpStatus.Closed).Select(f => new OpenFamily(f.Family))];
                var findings = OrderRules.Check(OrderContext.Of(facts, RuleSettings.Default, on, dose, families), RuleSettings.Default);
                string[] overridden = move.Overrides ? [.. findings.Where(f => f.Effect == FindingEffect.OverrideRequired).Select(f => f.Rule)] : [];
                if (OrderRules.Unmet(findings, overridden).Count > 0)
                {
                    Refused++;
                    return;
                }

                var before = doses.LastOrDefault(d => d.On < on && d.DoseMg > 0)?.DoseMg;
                Orders.Add(new Order(
                    move.Action, on, dose, before is null || dose > before, families.Any(f => f.Family is RuleFamily.Severe or RuleFamily.Course),
                    _opioids.Exists(o => o.StartedOn <= on && on < o.StoppedOn), overridden));
            }

            if (Plan.OrdersDose(move.Action))
            {
                _doses = [.. doses.Where(d => d.On != on), new DoseFact(on, after.CurrentDoseMg!.Value)];
                _patient.Take(_doses, _today);
            }

            Plan = after;
            Moved.Add(on);
        }
    }
}
