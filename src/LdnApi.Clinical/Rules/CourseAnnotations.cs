using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Medicines;
using LdnApi.Clinical.Statistics;

namespace LdnApi.Clinical.Rules;

/// <summary>What else is known that may explain an open follow-up of the course. None of it makes a follow-up of its own.</summary>
internal sealed class CourseAnnotations(PatientTimeline timeline, CourseFold course)
{
    /// <summary>R-23: caffeine of a day from which it counts as a stimulant. mg.</summary>
    public const int StimulantCaffeineMg = 400;

    /// <summary>R-24: days before the episode within which a medicine was started or changed.</summary>
    public const int CoMedicationDays = 28;

    /// <summary>R-30: τ from which anxiety goes along with the dose.</summary>
    public const double DoseLinkTau = 0.3;

    /// <summary>R-30: the chance, 0–1, below which that is not put down to chance.</summary>
    public const double DoseLinkP = 0.05;

    /// <summary>R-31: sleep quality up to which a night was poor. Points, 0–10, 10 is best.</summary>
    public const int PoorSleepQuality = 3;

    /// <summary>R-31: poor nights of the last 7.</summary>
    public const int PoorSleepMinOf7 = 3;

    private readonly PatientFacts _facts = timeline.Facts;

    public IEnumerable<Annotation> All() => [.. Timing(), .. Stimulant(), .. CoMedication(), .. Dechallenge(), .. Rechallenge(), .. DoseLink(), .. PoorSleep()];

    private IEnumerable<Annotation> Timing() => IntakeTiming.Of(_facts, DateOnly.FromDayNumber(timeline.Last)) is { IsIrregular: true } timing
        ?
        [
            new("R-17", "inconsistent-timing", timing.Far.Count(), IntakeTiming.IrregularFrom, "intakes",
                [.. timing.Far.Select(d => new Evidence("check-in", d.CheckIn.Id, d.CheckIn.Version, d.CheckIn.On, d.Minutes))], ["consistent-timing"]),
        ]
        : [];

    /// <summary>R-23: caffeine, or a stimulant taken, on a symptomatic day of the window.</summary>
    private IEnumerable<Annotation> Stimulant()
    {
        var from = timeline.Last - timeline.Settings.PersistWindowDays.For(timeline.History) + 1;
        DateOnly[] days = [.. Enumerable.Range(from, timeline.Last - from + 1).Where(d => timeline.IsInTherapy(d) && timeline.IsSymptomatic(d)).Select(DateOnly.FromDayNumber)];
        var caffeine = _facts.CheckIns.Where(c => c.CaffeineMg >= StimulantCaffeineMg && days.Contains(c.On)).ToArray();
        var medicines = _facts.Medications.Where(m => m.Is(MedicineClass.Stimulant) && days.Any(m.IsActiveOn)).ToArray();
        return caffeine.Length + medicines.Length == 0 ? [] :
        [
            new("R-23", "stimulant", caffeine.Max(c => c.CaffeineMg), StimulantCaffeineMg, "mg",
                [.. caffeine.Select(c => new Evidence("check-in", c.Id, c.Version, c.On, c.CaffeineMg)), .. medicines.Select(m => Taken(m, m.StartedOn))], ["avoid-stimulants"]),
        ];
    }

    /// <summary>R-24: a medicine that acts on mood, started or changed shortly before the episode.</summary>
    private IEnumerable<Annotation> CoMedication()
    {
        var episode = DateOnly.FromDayNumber(course.EpisodeStart(timeline.Last));
        var changes =
            (from m in _facts.Medications
             where m.Is(MedicineClass.Neurotransmitter)
             from day in new[] { m.StartedOn, m.ChangedOn }
             where day <= episode && day >= episode.AddDays(-CoMedicationDays)
             orderby day, m.Id
             select Taken(m, day)).ToArray();
        return changes.Length == 0 ? [] :
            [new("R-24", "interaction", episode.DayNumber - changes[^1].On.DayNumber, CoMedicationDays, "days", changes, ["review-comedication"])];
    }

    /// <summary>R-28: the decrease since the course began after which anxiety fell most; days 3 to 13 after it against the week before.</summary>
    private IEnumerable<Annotation> Dechallenge()
    {
        var falls =
            from found in Enumerable.Range(course.LineageStart, timeline.Last - course.LineageStart + 1).Select(day => Challenges.Dechallenge(timeline, day))
            where found is { Response: ChallengeResponse.Positive }
            let day = found.On.DayNumber
            let fall = found.MedianBefore - found.MedianAfter
            orderby fall descending, day
            select new Annotation(
                "R-28", "positive-dechallenge", fall, Challenges.MeaningfulFall, "points",
                [.. timeline.DoseRecords(day), .. timeline.Reports(day - 7, day - 1), .. timeline.Reports(day + 3, day + 13)], []);
        return falls.Take(1);
    }

    /// <summary>R-29: back after an increase to at least the dose under which it had begun.</summary>
    private IEnumerable<Annotation> Rechallenge() => course.RechallengedOn is { } day
        ? [new("R-29", "positive-rechallenge", course.Open!.OpenedOn - day, CourseFold.RechallengeDays, "days", [.. timeline.DoseRecords(day)], ["reduce-slightly"])]
        : [];

    /// <summary>R-30: anxiety is higher on days with a higher dose.</summary>
    private IEnumerable<Annotation> DoseLink() => AssociationAnalysis.OfDose(timeline) is { Status: AssociationStatus.Measured, Tau: >= DoseLinkTau and var tau, P: < DoseLinkP }
        ? [new("R-30", "dose-link", (decimal)tau, (decimal)DoseLinkTau, "tau", [.. _facts.Doses.Select(d => d.On.DayNumber).Distinct().SelectMany(timeline.DoseRecords)], [])]
        : [];

    /// <summary>R-31: poor nights in the last week.</summary>
    private IEnumerable<Annotation> PoorSleep()
    {
        Evidence[] poor =
        [
            .. _facts.CheckIns.Where(c => c.On.DayNumber > timeline.Last - 7 && c.SleepQuality <= PoorSleepQuality).GroupBy(c => c.On)
                .Select(night => night.MinBy(c => c.SleepQuality)!).Select(c => new Evidence("check-in", c.Id, c.Version, c.On, c.SleepQuality)),
        ];
        return poor.Length < PoorSleepMinOf7 ? [] : [new("R-31", "poor-sleep", poor.Length, PoorSleepMinOf7, "days", poor, ["sleep-hygiene", "shift-to-morning"])];
    }

    private Evidence Taken(MedicationFact m, DateOnly? on) => new("medication", m.Id, m.Version, on ?? DateOnly.FromDayNumber(timeline.Last), null);
}
