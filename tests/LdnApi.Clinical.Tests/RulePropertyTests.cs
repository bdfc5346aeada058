using CsCheck;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>What must hold of any history, not only of those someone thought of.</summary>
public sealed class RulePropertyTests
{
    private const int Days = 60;
    private static readonly DateOnly Start = Vectors.DayZero;

    private static readonly Gen<int?> Score = Gen.Frequency((3, Gen.Int[0, 3].Select(s => (int?)s)), (4, Gen.Int[4, 6].Select(s => (int?)s)), (1, Gen.Int[7, 10].Select(s => (int?)s)), (3, Gen.Const((int?)null)));

    private static readonly Gen<PatientFacts> Facts =
        from history in Gen.OneOf(Gen.Const((bool?)true), Gen.Const((bool?)false), Gen.Const((bool?)null))
        from baseline in Gen.OneOf(Gen.Const((int?)null), Gen.Int[0, 6].Select(b => (int?)b))
        from scores in Score.Array[1, Days]
        from doses in Gen.Select(Gen.Int[1, Days - 1], Gen.Int[0, 3]).Array[0, 4]
        from event_ in Gen.Select(Gen.Int[0, Days - 1], Gen.Enum<AdverseEventTerm>(), Gen.Enum<Severity>(), Gen.Int[0, 30]).Array[0, 2]
        from medications in Gen.Select(Gen.Int[-20, Days - 1], Gen.Int[1, 40], Gen.Int[0, 2].Select(i => new[] { "N02AX02", "N07BC02", "N06AB06" }[i])).Array[0, 2]
        from actions in Gen.Select(Gen.Int[0, Days - 1], Gen.Int[0, 2].Select(i => new[] { RuleFamily.Course, RuleFamily.Severe, RuleFamily.Opioid }[i]), Gen.Enum<ClinicianActionKind>()).Array[0, 3]
        select new PatientFacts(
            history, baseline,
            [new DoseFact(Start, 1.5m), .. doses.DistinctBy(d => d.Item1).Select(d => new DoseFact(Start.AddDays(d.Item1), d.Item2 * 1.5m))],
            [.. scores.Select((s, day) => (s, day)).Where(p => p.s is not null).Select(p => CheckIn(p.day, p.s!.Value))],
            [.. event_.Select((e, i) => new AdverseEventFact(Vectors.IdOf($"ae-{i}"), 1, e.Item2, e.Item3, null, Start.AddDays(e.Item1), Start.AddDays(e.Item1 + e.Item4), new Known(Start.AddDays(e.Item1)), Start.AddDays(e.Item1)))],
            [],
            [.. actions.Select(a => new ClinicianAction(a.Item2, a.Item3, new Known(Start.AddDays(a.Item1))))])
        {
            Medications =
            [
                .. medications.Select((m, i) => new MedicationFact(
                    Vectors.IdOf($"medication-{i}"), 1, m.Item3, null, Start.AddDays(m.Item1), Start.AddDays(m.Item1 + m.Item2), new Known(Start.AddDays(Math.Max(m.Item1, 0))))),
            ],
        };

    [Fact]
    public void The_order_in_which_facts_arrive_and_repeats_of_them_do_not_matter() => Gen.Select(Facts, Gen.Int).Sample((facts, seed) =>
    {
        var random = new Random(seed);
        var shuffled = facts with
        {
            CheckIns = [.. facts.CheckIns.Concat(facts.CheckIns.Take(5)).OrderBy(_ => random.Next())],
            AdverseEvents = [.. facts.AdverseEvents.Concat(facts.AdverseEvents).OrderBy(_ => random.Next())],
            Doses = [.. facts.Doses.OrderBy(_ => random.Next())],
            Medications = [.. facts.Medications.Concat(facts.Medications).OrderBy(_ => random.Next())],
        };

        Assert.Equal(Canonical(Evaluate(facts, Days)), Canonical(Evaluate(shuffled, Days)));
    });

    [Fact]
    public void Nothing_after_the_last_day_counts_and_a_longer_fold_begins_as_the_shorter() => Gen.Select(Facts, Gen.Int[0, Days - 1]).Sample((facts, day) =>
    {
        var asOf = Start.AddDays(day);
        var until = facts with
        {
            CheckIns = [.. facts.CheckIns.Where(c => c.On <= asOf)],
            Doses = [.. facts.Doses.Where(d => d.On <= asOf)],
            AdverseEvents = [.. facts.AdverseEvents.Where(e => e.OnsetOn <= asOf)],
            Actions = [.. facts.Actions.Where(a => a.On <= asOf)],
            Medications = [.. facts.Medications.Where(m => m.StartedOn <= asOf)],
        };
        var shorter = Evaluate(facts, day);

        Assert.Equal(Canonical(Evaluate(until, day)), Canonical(shorter));
        Assert.Equal(Vectors.Lines(shorter.Events), Vectors.Lines(Evaluate(facts, Days).Events.Where(e => e.On <= asOf)));
    });

    [Fact]
    public void A_report_taken_away_is_not_read_as_calm() => Facts.Where(f => f.Actions.Count == 0 && f.CheckIns.Count > 0).Sample(facts =>
    {
        var last = facts.CheckIns.Max(c => c.On).DayNumber - Start.DayNumber;
        var silent = facts with { CheckIns = [.. facts.CheckIns.Where(c => c.On.DayNumber - Start.DayNumber != last || PatientScore(c) >= 4)] };
        var before = Evaluate(facts, last).Of(RuleFamily.Course).Verdict;

        Assert.True(before != Verdict.Raised || Evaluate(silent, last).Of(RuleFamily.Course).Verdict == Verdict.Raised);
    });

    [Fact]
    public void A_higher_score_never_takes_away_what_was_persistent_or_severe_on_that_day() =>
        Gen.Select(Facts.Where(f => f.Actions.Count == 0 && f.CheckIns.Count > 0), Gen.Int[0, Days]).Sample((facts, pick) =>
        {
            var at = facts.CheckIns[pick % facts.CheckIns.Count];
            var day = at.On.DayNumber - Start.DayNumber;
            var raised = facts with { CheckIns = [.. facts.CheckIns.Where(c => c.Id != at.Id), at with { Anxiety = 10 }] };
            var (before, after) = (Evaluate(facts, day), Evaluate(raised, day));

            Assert.All(
                before.Open.Where(o => o.Label is FollowUpLabel.Persistent or FollowUpLabel.Severe),
                o => Assert.Contains(after.Open, a => a.Family == o.Family && a.Label == o.Label));
        });

    [Fact]
    public void A_dose_step_never_resets_an_episode_longer_than_the_cap() => Gen.Int[1, 40].Sample(step =>
    {
        var facts = new PatientFacts(false, null, [new DoseFact(Start, 1.5m), new DoseFact(Start.AddDays(step), 3.0m)], [.. Enumerable.Range(0, 41).Select(d => CheckIn(d, 5))], [], [], []);
        var cap = RuleSettings.Default.AdjustmentCapDays.For(history: false);

        for (var day = cap - 1; day <= 40; day++)
        {
            Assert.Equal(FollowUpLabel.Persistent, Evaluate(facts, day).Of(RuleFamily.Course).Label);
        }
    });

    [Fact]
    public void Bringing_the_follow_ups_in_line_leaves_nothing_to_do_and_one_open_of_a_family() =>
        Gen.Select(Gen.Int[0, 40], Score, Gen.Bool, Gen.Int[0, 12]).Array[1, 40].Sample(steps =>
        {
            var patient = new LivePatient(new PatientFacts(false, null, [new DoseFact(Start, 1.5m)], [], [], [], []));
            var now = 0;
            foreach (var ((late, score, selfHarm, act), i) in steps.Select((s, i) => (s, i)))
            {
                now += i % 2;
                var today = Start.AddDays(now);
                var on = today.AddDays(-Math.Min(late % 9, now));
                patient.Submit(new CheckInFact(Vectors.IdOf($"{i}"), 1, on, new Known(today, At(today, i)), score, SelfHarmThoughts: selfHarm && act > 9));
                if (act < 3 && patient.FollowUps.Find(f => f.Status != FollowUpStatus.Closed) is { } open)
                {
                    patient.Act(open.Family, (ClinicianActionKind)act, new Known(today, At(today, i).AddMinutes(1)));
                    patient.Review(today);
                }

                var left = FollowUpReconciler.Reconcile(patient.FollowUps, patient.Evaluation);
                Assert.True(left.Count == 0, $"{string.Join("\n", left)}\n{string.Join("\n", patient.FollowUps)}\n{string.Join("\n", Vectors.Lines(patient.Evaluation.Events))}");
                Assert.All(patient.FollowUps.Where(f => f.Status != FollowUpStatus.Closed).GroupBy(f => f.Family), g => Assert.Single(g));
            }
        });

    /// <summary>Corrections, retractions, doses, the history and other thresholds may move every spell there ever was.</summary>
    [Fact]
    public void Whatever_changes_leaves_nothing_to_do_and_one_open_of_a_family() =>
        Gen.Select(Gen.Int[0, 40], Score, Gen.Bool, Gen.Int[0, 15]).Array[1, 40].Sample(steps =>
        {
            var patient = new LivePatient(new PatientFacts(false, null, [new DoseFact(Start, 1.5m)], [], [], [], []));
            var now = 0;
            foreach (var ((pick, score, flag, kind), i) in steps.Select((s, i) => (s, i)))
            {
                now += i % 2;
                var today = Start.AddDays(now);
                var on = today.AddDays(-Math.Min(pick % 9, now));
                var known = new Known(today, At(today, i));
                switch (kind)
                {
                    case < 3 when patient.FollowUps.FindAll(f => f.Status != FollowUpStatus.Closed) is { Count: > 0 } open:
                        patient.Act(open[pick % open.Count].Family, (ClinicianActionKind)kind, known);
                        patient.Review(today);
                        break;
                    case 3 or 4 when patient.Facts.CheckIns.Count > 0:
                        var one = patient.Facts.CheckIns[pick % patient.Facts.CheckIns.Count];
                        CheckInFact[] corrected = flag ? [] : [one with { Version = one.Version + 1, On = on, Known = known, Anxiety = score }];
                        patient.Change(facts => facts with { CheckIns = [.. facts.CheckIns.Where(c => c.Id != one.Id), .. corrected] }, today);
                        break;
                    case 5:
                        patient.Change(facts => facts with { AnxietyHistory = flag, BaselineAnxiety = score }, today);
                        break;
                    case 6:
                        patient.Take([.. patient.Facts.Doses.Where(d => d.On < on), new DoseFact(on, pick % 4 * 1.5m)], today);
                        break;
                    case 7 or 8:
                        patient.Settings = RuleSettings.Default with { SymptomaticNrs = 3 + (pick % 3), SevereNrs = 6 + (pick % 3), MissingDays = 1 + (pick % 4), ReopenDays = pick, AdjustmentMinOf7 = 1 + (pick % 4) };
                        patient.Review(today);
                        break;
                    default:
                        patient.Submit(new CheckInFact(Vectors.IdOf($"{i}"), 1, on, known, score, SelfHarmThoughts: flag && kind > 13));
                        break;
                }

                var left = FollowUpReconciler.Reconcile(patient.FollowUps, patient.Evaluation);
                Assert.True(left.Count == 0, $"{string.Join("\n", left)}\n{string.Join("\n", patient.FollowUps)}\n{string.Join("\n", Vectors.Lines(patient.Evaluation.Events))}");
                Assert.All(patient.FollowUps.Where(f => f.Status != FollowUpStatus.Closed).GroupBy(f => f.Family), g => Assert.Single(g));
            }
        });

    /// <summary>Each write decides anew, so that what a decision takes is paid a thousand times a minute.</summary>
    [Theory]
    [InlineData(365)]
    [InlineData(100)]
    public void A_year_of_daily_reports_is_decided_within_50_kB(int calmUntil)
    {
        var facts = new PatientFacts(
            false, 2, [.. Enumerable.Range(0, 9).Select(step => new DoseFact(Start.AddDays(14 * step), 0.5m * (step + 1)))],
            [.. Enumerable.Range(0, 365).Select(day => CheckIn(day, day < calmUntil ? day % 3 : 5))], [], [], []);
        Evaluate(facts, 364); // what is made once

        var before = GC.GetAllocatedBytesForCurrentThread();
        var decision = RuleEngine.Decide(facts, RuleSettings.Default, Start.AddDays(364), Start.AddDays(363));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(calmUntil < 365, decision.Open.Count > 0);
        Assert.InRange(allocated, 0, 50_000);
    }

    private static DateTimeOffset At(DateOnly day, int step) => new(day, new TimeOnly(8, 0).AddMinutes(5 * step), TimeSpan.Zero);

    private static CheckInFact CheckIn(int day, int score) => new(Vectors.IdOf($"day-{day}"), 1, Start.AddDays(day), new Known(Start.AddDays(day)), score);

    private static int PatientScore(CheckInFact c) => c.Anxiety ?? 0;

    private static Evaluation Evaluate(PatientFacts facts, int day) => RuleEngine.Decide(facts, RuleSettings.Default, Start.AddDays(day), Start.AddDays(day)).Explain();

    private static string Canonical(Evaluation evaluation) => System.Text.Json.JsonSerializer.Serialize(evaluation);
}
