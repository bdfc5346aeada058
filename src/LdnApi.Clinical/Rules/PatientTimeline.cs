namespace LdnApi.Clinical.Rules;

/// <summary>A patient's facts laid out by day, from the first of them to the last day looked at. Days are day numbers.</summary>
internal sealed class PatientTimeline
{
    /// <summary>Divided by it, 1.500 is 1.5: the same number is written in one way.</summary>
    private const decimal NoScale = 1.0000000000000000000000000000m;

    private readonly Day[] _days;
    private readonly decimal[] _doses; // mg per day, in order of day; the first is none

    public PatientTimeline(PatientFacts facts, RuleSettings settings, DateOnly asOf) : this(UpTo(facts, asOf), asOf.DayNumber, settings)
    {
    }

    private PatientTimeline(PatientFacts facts, int last, RuleSettings settings)
    {
        (Facts, Settings, History, Last) = (facts, settings, facts.AnxietyHistory == true, last);
        First = FirstOf(facts);
        _days = new Day[Last - First + 1];
        LayReports();
        _doses = LayDoses();
        Baseline = BaselineOf(facts.BaselineAnxiety);
        CountDays();
    }

    /// <summary>The same days; only what does not lie on them is another.</summary>
    private PatientTimeline(PatientTimeline same, PatientFacts facts)
    {
        (Facts, Settings, History, Last) = (facts, same.Settings, same.History, same.Last);
        (First, DayZero, Baseline, _days, _doses) = (same.First, same.DayZero, same.Baseline, same._days, same._doses);
    }

    /// <summary>The facts up to the last day, each once, in order of day.</summary>
    public PatientFacts Facts { get; }

    public IReadOnlyList<CheckInFact> CheckIns => Facts.CheckIns;
    public IReadOnlyList<AdverseEventFact> AdverseEvents => Facts.AdverseEvents;
    public IReadOnlyList<AssessmentFact> Assessments => Facts.Assessments;
    public IReadOnlyList<MedicationFact> Medications => Facts.Medications;
    public RuleSettings Settings { get; }
    public bool History { get; }
    public int First { get; }
    public int Last { get; }

    /// <summary>The day of the first dose; null before it.</summary>
    public int? DayZero { get; private set; }

    /// <summary>The baseline that counts from Day 0 on.</summary>
    public decimal? Baseline { get; }

    /// <summary>The same patient with other facts, which lie on or before the last day and are each there once. Their order does not matter.</summary>
    public PatientTimeline With(PatientFacts facts) =>
        ReferenceEquals(facts.CheckIns, Facts.CheckIns) && ReferenceEquals(facts.Doses, Facts.Doses)
            && (facts.AnxietyHistory, facts.BaselineAnxiety) == (Facts.AnxietyHistory, Facts.BaselineAnxiety) && FirstOf(facts) == First
            ? new PatientTimeline(this, facts)
            : new PatientTimeline(facts, Last, Settings);

    public int? AnxietyOn(int day) => Has(day) ? _days[day - First].Anxiety : null;

    /// <summary>The report that gave the day its anxiety.</summary>
    public CheckInFact? ReportOn(int day) => IsReported(day) ? CheckIns[_days[day - First].Report] : null;

    public bool IsReported(int day) => AnxietyOn(day) is not null;

    public bool IsSymptomatic(int day) => Has(day) && _days[day - First].IsSymptomatic;

    public bool IsInTherapy(int day) => Has(day) && _days[day - First].IsInTherapy;

    /// <summary>mg per day; 0 without a dose.</summary>
    public decimal DoseOn(int day) => Has(day) ? _doses[_days[day - First].Dose] : 0;

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
    public int EpochStart(int day) => _days[day - First].EpochStart;

    public int SinceIncrease(int day) => day - EpochStart(day);

    /// <summary>The last reported day up to a day; <see cref="int.MinValue"/> when there is none.</summary>
    public int LastReported(int day) => _days[day - First].LastReported;

    /// <summary>The lowest score that makes a day symptomatic.</summary>
    public int SymptomaticFrom(decimal? baseline) =>
        baseline is { } b ? (int)Math.Ceiling(Math.Max(Settings.SymptomaticNrs, b + Settings.DeltaNrs.For(History))) : Settings.SymptomaticNrs;

    /// <summary>The baseline that a day is held against.</summary>
    public decimal? BaselineOn(int day) => day >= DayZero ? Baseline : Facts.BaselineAnxiety;

    /// <summary>Counts over the days of a window, whether they lie in the therapy or not.</summary>
    public DayCounts Count(int from, int to)
    {
        DayCounts counts = default;
        for (var day = Math.Max(from, First); day <= Math.Min(to, Last); day++)
        {
            counts += CountOf(_days[day - First]);
        }

        return counts;
    }

    /// <summary>Counts over those days of a window that lie in the therapy.</summary>
    public DayCounts CountInTherapy(int from, int to) => from > to ? default : InTherapyUpTo(to) - InTherapyUpTo(from - 1);

    /// <summary>The day is reported, none of its week is symptomatic, and enough of the week is reported.</summary>
    public bool IsQuiet(int day) => IsReported(day) && Count(day - 6, day) is { Symptomatic: 0 } week && week.Reported >= Settings.CloseMinReported;

    /// <summary>Of each reported day of a window the report that gave its anxiety.</summary>
    public IEnumerable<Evidence> Reports(int from, int to)
    {
        for (var day = Math.Max(from, First); day <= Math.Min(to, Last); day++)
        {
            if (ReportOn(day) is { } report)
            {
                yield return new Evidence("check-in", report.Id, report.Version, report.On, AnxietyOn(day));
            }
        }
    }

    /// <summary>The entry of the dose that began on a day.</summary>
    public IEnumerable<Evidence> DoseRecords(int day)
    {
        foreach (var d in Facts.Doses)
        {
            if (d.On.DayNumber == day && d.DoseMg == DoseOn(day))
            {
                yield return new Evidence("dose", d.Id, d.Version, d.On, d.DoseMg / NoScale);
                yield break;
            }
        }
    }

    public static int? ScoreOf(CheckInFact c) => Highest(Highest(c.Anxiety, c.Nervousness), Highest(c.Restlessness, c.Agitation));

    private bool Has(int day) => day >= First && day <= Last;

    private DayCounts InTherapyUpTo(int day) => day < First ? default : _days[Math.Min(day, Last) - First].InTherapy;

    private static DayCounts CountOf(Day day) =>
        new(1, day.Anxiety is null ? 0 : 1, day.IsSymptomatic ? 1 : 0, day.IsSymptomatic ? day.Anxiety!.Value : 0);

    private static int? Highest(int? a, int? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);

    private static DateOnly OnsetOf(AdverseEventFact e) => e.OnsetOn ?? e.ReceivedOn;

    private static PatientFacts UpTo(PatientFacts facts, DateOnly asOf) => facts with
    {
        Doses = [.. facts.Doses.Where(d => d.On <= asOf).OrderBy(d => d.On).ThenByDescending(d => d.DoseMg).ThenBy(d => d.Id)],
        CheckIns = Each(facts.CheckIns, c => c.Id, c => c.Version, c => c.On, asOf),
        AdverseEvents = Each(facts.AdverseEvents, e => e.Id, e => e.Version, OnsetOf, asOf),
        Assessments = Each(facts.Assessments, a => a.Id, a => a.Version, a => a.On, asOf),
        Medications = Each(facts.Medications, m => m.Id, m => m.Version, m => m.StartedOn ?? DateOnly.MinValue, asOf),
        Actions = [.. facts.Actions.Where(a => a.On <= asOf).Distinct().OrderBy(a => a.On).ThenBy(a => a.Known.At).ThenBy(a => a.Kind)],
    };

    /// <summary>Facts up to a day, in order of day. The same fact twice is one fact; of two versions the later holds.</summary>
    internal static T[] Each<T>(IReadOnlyList<T> facts, Func<T, Guid> id, Func<T, long> version, Func<T, DateOnly> on, DateOnly asOf)
    {
        T[] each = [.. facts];
        Array.Sort(Array.ConvertAll(each, new Converter<T, Guid>(id)), each); // the versions of a fact lie together
        var count = 0;
        foreach (var fact in each)
        {
            if (count == 0 || id(each[count - 1]) != id(fact))
            {
                each[count++] = fact;
            }
            else if (version(fact) > version(each[count - 1]))
            {
                each[count - 1] = fact;
            }
        }

        var days = new long[count];
        for (var i = 0; i < count; i++)
        {
            days[i] = ((long)on(each[i]).DayNumber << 32) + i; // of a day in order of id
        }

        Array.Sort(days, each, 0, count);
        while (count > 0 && on(each[count - 1]) > asOf)
        {
            count--;
        }

        return count == each.Length ? each : each[..count];
    }

    private int FirstOf(PatientFacts facts)
    {
        var first = Last;
        foreach (var d in facts.Doses)
        {
            first = Math.Min(first, d.On.DayNumber);
        }

        foreach (var c in facts.CheckIns)
        {
            first = Math.Min(first, c.On.DayNumber);
        }

        foreach (var e in facts.AdverseEvents)
        {
            first = Math.Min(first, OnsetOf(e).DayNumber);
        }

        foreach (var a in facts.Assessments)
        {
            first = Math.Min(first, a.On.DayNumber);
        }

        return first;
    }

    private void LayReports()
    {
        for (var i = 0; i < CheckIns.Count; i++)
        {
            ref var day = ref _days[CheckIns[i].On.DayNumber - First];
            if (ScoreOf(CheckIns[i]) is { } score && !(day.Anxiety >= score))
            {
                (day.Anxiety, day.Report) = ((sbyte)score, i);
            }
        }
    }

    /// <returns>The doses that the days point to.</returns>
    private decimal[] LayDoses()
    {
        var changes = Facts.Doses.OrderBy(d => d.On).ThenByDescending(d => d.DoseMg).DistinctBy(d => d.On).ToArray();
        decimal[] doses = [0, .. changes.Select(d => d.DoseMg)];
        var at = 0;
        int? lastDay = null;
        var lastTaken = 0m;
        var epoch = First;
        for (var d = First; d <= Last; d++)
        {
            while (at < changes.Length && changes[at].On.DayNumber <= d)
            {
                at++;
            }

            ref var day = ref _days[d - First];
            day.Dose = at;
            if (doses[at] is > 0 and var dose)
            {
                DayZero ??= d;
                if (lastDay is null || dose > lastTaken || d - lastDay.Value - 1 >= Settings.RestartGapDays)
                {
                    epoch = d;
                }

                (lastDay, lastTaken) = (d, dose);
            }

            day.EpochStart = epoch;
            day.IsInTherapy = lastDay is { } last && d <= last + Settings.FollowAfterStopDays;
        }

        return doses;
    }

    private void CountDays()
    {
        var (before, since) = (SymptomaticFrom(Facts.BaselineAnxiety), SymptomaticFrom(Baseline));
        DayCounts inTherapy = default;
        var lastReported = int.MinValue;
        for (var d = First; d <= Last; d++)
        {
            ref var day = ref _days[d - First];
            day.IsSymptomatic = day.Anxiety >= (d >= DayZero ? since : before);
            lastReported = day.Anxiety is null ? lastReported : d;
            inTherapy += day.IsInTherapy ? CountOf(day) : default;
            (day.InTherapy, day.LastReported) = (inTherapy, lastReported);
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

    /// <summary>A day, with the counts of all days of the therapy up to it. There are many: it is kept small.</summary>
    private struct Day
    {
        public sbyte? Anxiety; // 0–10
        public bool IsSymptomatic;
        public bool IsInTherapy;
        public int Report; // its place among the check-ins
        public int Dose;   // its place among the doses
        public int EpochStart;
        public int LastReported;
        public DayCounts InTherapy;
    }
}

/// <summary>How many days, how many of them reported and symptomatic, and the sum of the symptomatic days' anxiety.</summary>
internal readonly record struct DayCounts(int Days, int Reported, int Symptomatic, int SymptomaticSum)
{
    /// <summary>Days without a report.</summary>
    public int Missing => Days - Reported;

    public static DayCounts operator +(DayCounts a, DayCounts b) =>
        new(a.Days + b.Days, a.Reported + b.Reported, a.Symptomatic + b.Symptomatic, a.SymptomaticSum + b.SymptomaticSum);

    public static DayCounts operator -(DayCounts a, DayCounts b) =>
        new(a.Days - b.Days, a.Reported - b.Reported, a.Symptomatic - b.Symptomatic, a.SymptomaticSum - b.SymptomaticSum);
}
