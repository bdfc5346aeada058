using System.Text.Json;
using CsCheck;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;
using LdnApi.Records;

namespace LdnApi.IntegrationTests;

/// <summary>What is kept of the check-ins never shows: whatever happened, the rules say the same as over every row.</summary>
public sealed class CheckInDigestTests
{
    private static readonly Gen<int?> Score =
        Gen.Frequency((3, Gen.Int[0, 3].Select(s => (int?)s)), (4, Gen.Int[4, 6].Select(s => (int?)s)), (1, Gen.Int[7, 10].Select(s => (int?)s)), (1, Gen.Const((int?)null)));

    [Fact]
    public void Every_member_of_a_check_in_that_the_rules_know_is_kept()
    {
        var members = typeof(CheckInFact).GetConstructors().MaxBy(c => c.GetParameters().Length)!;
        var known = new Known(new DateOnly(2026, 3, 1), new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));
        var full = (CheckInFact)members.Invoke([.. members.GetParameters().Select((p, i) => Value(Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType, i))]);
        var bare = new CheckInFact(Guid.NewGuid(), 300, new DateOnly(2026, 3, 2), known, null);
        var no = bare with { Id = Guid.NewGuid(), Anxiety = 0, SelfHarmThoughts = false, DoseMissed = false, DoseTakenMg = 0, DoseTakenAt = TimeOnly.MinValue, CaffeineMg = 5000 };

        var kept = CheckInDigest.Together(CheckInDigest.Write([full, bare, no]), new HashSet<Guid>(), [], at => DateOnly.FromDateTime(at.UtcDateTime));

        Assert.Equal([full, bare, no], kept);

        object Value(Type type, int i) => type == typeof(Guid) ? Guid.NewGuid() : type == typeof(long) ? 2L : type == typeof(DateOnly) ? new DateOnly(2026, 3, 1)
            : type == typeof(Known) ? known : type == typeof(int) ? i : type == typeof(bool) ? true : type == typeof(TimeOnly) ? new TimeOnly(21, 5, 7) : type == typeof(decimal) ? 1.250m
            : throw new NotSupportedException($"{type} is not kept.");
    }

    [Fact]
    public void Over_any_life_the_rules_say_the_same() => Gen.Select(
        Gen.Int[1, 9], Gen.Select(Gen.Int[0, 19], Gen.Int[0, 1000], Score, Gen.Bool).Array[1, 70]).Sample((renewFrom, steps) =>
        {
            var life = new Life(renewFrom);
            foreach (var (kind, pick, score, flag) in steps)
            {
                life.Live(kind, pick, score, flag);
                life.AssertTheSame();
            }
        }, iter: 60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void On_each_day_of_a_year_the_rules_say_the_same(int seed)
    {
        var life = new Life(CheckInDigest.RenewFrom);
        var dice = new Random(seed);
        for (var day = 0; day < 365; day++)
        {
            life.Live(0, 0, dice.Next(8) switch { 0 => null, < 6 => (day / 40 % 2 * 4) + dice.Next(3), 6 => 8, _ => 2 }, false);
            if (dice.Next(3) == 0)
            {
                life.Live(dice.Next(20), dice.Next(1000), dice.Next(11), dice.Next(2) == 0);
            }

            life.AssertTheSame();
        }

        Assert.True(life.Renewed > 10 && life.Facts.CheckIns.Count > 250);
    }

    /// <summary>A patient whose check-ins are kept as they are by an evaluation after each write.</summary>
    private sealed class Life(int renewFrom)
    {
        private static readonly DateOnly Start = new(2026, 3, 1);

        private readonly HashSet<Guid> _changed = [];
        private byte[]? _digest;
        private RuleSettings _settings = RuleSettings.Default;
        private DateTimeOffset _now = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);
        private int _zone; // hours east of Greenwich

        public int Renewed { get; private set; }

        public PatientFacts Facts { get; private set; } = new(null, null, [new DoseFact(Start, 1.5m)], [], [], [], []);

        private DateOnly Today => DayAt(_now);

        private Known Now => new(Today, _now);

        public void Live(int kind, int pick, int? score, bool flag)
        {
            _now = _now.AddHours(kind < 8 ? 24 : 5);
            var late = Today.AddDays(-(pick % 40));
            var some = Facts.CheckIns.Count == 0 ? null : Facts.CheckIns[pick % Facts.CheckIns.Count];
            switch (kind)
            {
                case 8 or 9:
                    Write(Guid.NewGuid(), Report(late, score, flag && pick % 7 == 0));
                    break;
                case 10 or 11 when some is not null:
                    Write(some.Id, Report(flag ? late : some.On, score, false) with { Id = some.Id, Version = some.Version + 1 });
                    break;
                case 12 when some is not null:
                    Write(some.Id, null);
                    break;
                case 13:
                    Facts = Facts with { Doses = [.. Facts.Doses, new DoseFact(late, pick % 4 * 1.5m)] };
                    break;
                case 14:
                    var event_ = new AdverseEventFact(Guid.NewGuid(), 1, flag ? AdverseEventTerm.Anxiety : AdverseEventTerm.Insomnia, (Severity)(pick % 3), null, late, flag ? null : Today, Now, Today, pick % 5 == 0);
                    Facts = Facts with { AdverseEvents = [.. Facts.AdverseEvents, event_] };
                    break;
                case 15 or 16:
                    Facts = Facts with { Actions = [.. Facts.Actions, new ClinicianAction(flag ? RuleFamily.Course : RuleFamily.Severe, (ClinicianActionKind)(pick % 3), Now)] };
                    break;
                case 17:
                    _settings = RuleSettings.Default with { SymptomaticNrs = 3 + (pick % 3), SevereNrs = 6 + (pick % 3), PersistWindowDays = new(7 + (pick % 50), 7) };
                    break;
                case 18:
                    Facts = Facts with { AnxietyHistory = flag, BaselineAnxiety = score };
                    break;
                case 19:
                    _zone = (pick % 25) - 12;
                    break;
                default:
                    Write(Guid.NewGuid(), Report(Today, score, flag && pick % 50 == 0));
                    break;
            }
        }

        public void AssertTheSame()
        {
            var all = Facts with { CheckIns = [.. Facts.CheckIns.Select(c => c with { Known = new Known(DayAt(c.Known.At!.Value), c.Known.At) })] };
            var kept = Facts with { CheckIns = CheckInDigest.Together(_digest, _changed, all.CheckIns.Where(c => _changed.Contains(c.Id)), DayAt) };

            Assert.Equal(Said(all), Said(kept));

            if (_changed.Count >= renewFrom)
            {
                _digest = CheckInDigest.Write(kept.CheckIns);
                _changed.Clear();
                Renewed++;
            }
        }

        private string Said(PatientFacts facts) => JsonSerializer.Serialize(RuleEngine.Decide(facts, _settings, Today, Today.AddDays(-1)).Explain());

        private DateOnly DayAt(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime.AddHours(_zone));

        private CheckInFact Report(DateOnly on, int? score, bool selfHarm) => new(
            Guid.NewGuid(), 1, on, Now, score, score % 3, null, score % 2, selfHarm, score, score * 60, score is null ? null : new TimeOnly(12 + score.Value, 30), 1.5m, score is null ? null : false);

        private void Write(Guid id, CheckInFact? fact)
        {
            Facts = Facts with { CheckIns = [.. Facts.CheckIns.Where(c => c.Id != id), .. fact is null ? [] : new[] { fact with { Id = id } }] };
            _changed.Add(id);
        }
    }
}
