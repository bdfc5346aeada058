namespace LdnApi.Clinical.Rules;

/// <summary>A patient's facts laid out by day, from the first of them to the last day looked at. Days are day numbers.</summary>
internal sealed class PatientTimeline
{
    private readonly int?[] _anxiety;
    private readonly bool[] _symptomatic;
    private readonly bool[] _inTherapy;
    private readonly decimal[] _dose;
    private readonly int[] _epochStart;
    private readonly int[] _lastReported;

    public PatientTimeline(PatientFacts facts, RuleSettings settings, DateOnly asOf)
    {
        Settings = settings;
        History = facts.AnxietyHistory == true;
        Last = asOf.DayNumber;
        CheckIns = [.. Latest(facts.CheckIns, f => (f.Id, f.Version)).Where(c => c.On <= asOf).OrderBy(c => c.On).ThenBy(c => c.Id)];
        AdverseEvents = [.. Latest(facts.AdverseEvents, f => (f.Id, f.Version)).Where(e => (e.OnsetOn ?? e.ReceivedOn) <= asOf).OrderBy(e => e.OnsetOn ?? e.ReceivedOn).ThenBy(e => e.Id)];
        Assessments = [.. Latest(facts.Assessments, f => (f.Id, f.Version)).Where(a => a.On <= asOf).OrderBy(a => a.On).ThenBy(a => a.Id)];
        Medications = [.. Latest(facts.Medications, f => (f.Id, f.Version)).Where(m => !(m.StartedOn > asOf)).OrderBy(m => m.StartedOn).ThenBy(m => m.Id)];
        Actions = facts.Actions.Where(a => a.On <= asOf).Distinct().OrderBy(a => a.On).ThenBy(a => a.Known.At).ThenBy(a => a.Kind).ToLookup(a => a.On.DayNumber);
        var doses = facts.Doses.Where(d => d.On <= asOf).GroupBy(d => d.On).Select(g => g.MaxBy(d => d.DoseMg)!).OrderBy(d => d.On).ToArray();

        First = new[]
        {
            Last, CheckIns.FirstOrDefault()?.On.DayNumber ?? Last, Assessments.FirstOrDefault()?.On.DayNumber ?? Last, doses.FirstOrDefault()?.On.DayNumber ?? Last,
            AdverseEvents.Select(e => (e.OnsetOn ?? e.ReceivedOn).DayNumber).DefaultIfEmpty(Last).Min(),
        }.Min();
        var length = Last - First + 1;
        (_anxiety, _symptomatic, _inTherapy) = (new int?[length], new bool[length], new bool[length]);
        (_dose, _epochStart, _lastReported) = (new decimal[length], new int[length], new int[length]);

        foreach (var checkIn in CheckIns)
        {
            ref var day = ref _anxiety[checkIn.On.DayNumber - First];
            day = Highest(day, ScoreOf(checkIn));
        }

        LayDoses(doses);
        Baseline = BaselineOf(facts.BaselineAnxiety);
        for (var d = First; d <= Last; d++)
        {
            var baseline = DayZero is { } start && d >= start ? Baseline : facts.BaselineAnxiety;
            _symptomatic[d - First] = AnxietyOn(d) is { } a && a >= SymptomaticFrom(baseline);
            _lastReported[d - First] = AnxietyOn(d) is not null ? d : d > First ? _lastReported[d - First - 1] : int.MinValue;
        }
    }

    public RuleSettings Settings { get; }
    public bool History { get; }
    public int First { get; }
    public int Last { get; }

    /// <summary>The day of the first dose; null before it.</summary>
    public int? DayZero { get; private set; }

    /// <summary>The baseline that counts from Day 0 on.</summary>
    public decimal? Baseline { get; }

    public CheckInFact[] CheckIns { get; }
    public AdverseEventFact[] AdverseEvents { get; }
    public AssessmentFact[] Assessments { get; }
    public MedicationFact[] Medications { get; }
    public ILookup<int, ClinicianAction> Actions { get; }

    public int? AnxietyOn(int day) => day >= First && day <= Last ? _anxiety[day - First] : null;

    public bool IsReported(int day) => AnxietyOn(day) is not null;

    public bool IsSymptomatic(int day) => day >= First && day <= Last && _symptomatic[day - First];

    public bool IsInTherapy(int day) => day >= First && day <= Last && _inTherapy[day - First];

    /// <summary>mg per day; 0 without a dose.</summary>
    public decimal DoseOn(int day) => day >= First && day <= Last ? _dose[day - First] : 0;

    /// <summary>The last day up to a day on which a dose was taken; null when there is none.</summary>
    public int? LastDoseDay(int day)
    {
        while (day >= First && DoseOn(day) == 0)
        {
            day--;
        }

        return day >= First ? day : null;
    }

    /// <summary>The first day of the latest epoch that began on or before a day of the therapy.</summary>
    public int EpochStart(int day) => _epochStart[day - First];

    public int SinceIncrease(int day) => day - EpochStart(day);

    /// <summary>The last reported day up to a day; <see cref="int.MinValue"/> when there is none.</summary>
    public int LastReported(int day) => _lastReported[day - First];

    /// <summary>The lowest score that makes a day symptomatic.</summary>
    public decimal SymptomaticFrom(decimal? baseline) =>
        baseline is { } b ? Math.Max(Settings.SymptomaticNrs, b + Settings.DeltaNrs.For(History)) : Settings.SymptomaticNrs;

    public int CountReported(int from, int to) => Count(from, to, IsReported);

    public int CountSymptomatic(int from, int to) => Count(from, to, IsSymptomatic);

    /// <summary>The day is reported, none of its week is symptomatic, and enough of the week is reported.</summary>
    public bool IsQuiet(int day) =>
        IsReported(day) && CountSymptomatic(day - 6, day) == 0 && CountReported(day - 6, day) >= Settings.CloseMinReported;

    public static int? ScoreOf(CheckInFact c) => Highest(Highest(c.Anxiety, c.Nervousness), Highest(c.Restlessness, c.Agitation));

    private static int Count(int from, int to, Func<int, bool> holds)
    {
        var count = 0;
        for (var d = from; d <= to; d++)
        {
            count += holds(d) ? 1 : 0;
        }

        return count;
    }

    private static int? Highest(int? a, int? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);

    /// <summary>The same fact twice is one fact; of two versions the later holds.</summary>
    private static IEnumerable<T> Latest<T>(IEnumerable<T> facts, Func<T, (Guid Id, long Version)> key) =>
        facts.GroupBy(f => key(f).Id).Select(g => g.MaxBy(f => key(f).Version)!);

    private void LayDoses(DoseFact[] doses)
    {
        var next = 0;
        var dose = 0m;
        int? lastDay = null;
        var lastTaken = 0m;
        var epoch = First;
        for (var d = First; d <= Last; d++)
        {
            while (next < doses.Length && doses[next].On.DayNumber <= d)
            {
                dose = doses[next++].DoseMg;
            }

            _dose[d - First] = dose;
            if (dose > 0)
            {
                DayZero ??= d;
                if (lastDay is null || dose > lastTaken || d - lastDay.Value - 1 >= Settings.RestartGapDays)
                {
                    epoch = d;
                }

                (lastDay, lastTaken) = (d, dose);
            }

            _epochStart[d - First] = epoch;
            _inTherapy[d - First] = lastDay is { } last && d <= last + Settings.FollowAfterStopDays;
        }
    }

    private decimal? BaselineOf(int? intake)
    {
        if (DayZero is not { } start)
        {
            return intake;
        }

        var before = Enumerable.Range(start - 14, 14).Select(AnxietyOn).OfType<int>().Order().ToArray();
        return before.Length < 3 ? intake : (before[(before.Length - 1) / 2] + before[before.Length / 2]) / 2m;
    }
}
