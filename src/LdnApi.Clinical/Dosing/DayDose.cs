namespace LdnApi.Clinical.Dosing;

/// <summary>A dose as a patient reported it.</summary>
/// <param name="TakenAt">Clock time; null when none is named.</param>
/// <param name="DoseMg">mg taken; null means as prescribed.</param>
public sealed record Administration(TimeOnly? TakenAt, decimal? DoseMg, bool Missed);

/// <summary>What an actual dose rests on.</summary>
public enum DoseSource
{
    /// <summary>The patient's own reports.</summary>
    CheckIns,

    /// <summary>Nothing is reported: the dose counts as taken as prescribed.</summary>
    Prescription,
}

/// <summary>The dose of a day three times: as planned, as prescribed, as taken. mg per day in total; 0 = none.</summary>
/// <param name="PlannedDoseMg">Null where the plan says nothing, as after a stop.</param>
/// <param name="PrescribedDoseMg">mg per day in total; 0 = none.</param>
/// <param name="ActualDoseMg">Null for a day that has not come.</param>
public sealed record DayDose(DateOnly On, decimal? PlannedDoseMg, decimal PrescribedDoseMg, decimal? ActualDoseMg, DoseSource? ActualFrom)
{
    /// <param name="today">Where the patient lives.</param>
    /// <param name="timesPerDay">Into how many intakes the prescribed dose is divided.</param>
    /// <param name="reported">
    /// What the patient reported of this day's dose, in the order of arrival. Of several that name the same time the last holds; those without a time
    /// count only where none has one. Intakes add up; a missed one is 0. Without a report the dose counts as taken as prescribed.
    /// </param>
    public static DayDose Of(
        DateOnly on, DateOnly today, decimal? plannedMg, decimal prescribedMg, int timesPerDay, IReadOnlyCollection<Administration> reported)
    {
        if (on > today || reported.Count == 0)
        {
            return new DayDose(on, plannedMg, prescribedMg, on > today ? null : prescribedMg, on > today ? null : DoseSource.Prescription);
        }

        var untimed = reported.All(r => r.TakenAt is null);
        var holding = reported.Count == 1 ? reported : reported.Where(a => untimed || a.TakenAt is not null).GroupBy(a => a.TakenAt).Select(g => g.Last());
        var taken = holding.Sum(a => a.Missed ? 0 : a.DoseMg ?? (untimed ? prescribedMg : prescribedMg / timesPerDay));
        return new DayDose(on, plannedMg, prescribedMg, decimal.Round(taken, 3), DoseSource.CheckIns);
    }
}

/// <summary>How the doses of some days were taken, as far as it was reported. Days on which a dose was prescribed.</summary>
/// <param name="Days">Days on which a dose was prescribed.</param>
/// <param name="Reported">Of those, how many have a report.</param>
/// <param name="AsPrescribed">Reported days with the prescribed dose.</param>
/// <param name="Missed">Reported days without any.</param>
/// <param name="Otherwise">Reported days with another dose.</param>
/// <param name="TakenRatio"><paramref name="AsPrescribed"/> ÷ <paramref name="Reported"/>, 0–1; null when nothing was reported: silence is not adherence.</param>
public sealed record Adherence(int Days, int Reported, int AsPrescribed, int Missed, int Otherwise, decimal? TakenRatio)
{
    public static Adherence Of(IEnumerable<DayDose> doses)
    {
        var prescribed = doses.Where(d => d.PrescribedDoseMg > 0 && d.ActualDoseMg is not null).ToList();
        var reported = prescribed.FindAll(d => d.ActualFrom == DoseSource.CheckIns);
        var asPrescribed = reported.Count(d => d.ActualDoseMg == d.PrescribedDoseMg);
        var missed = reported.Count(d => d.ActualDoseMg == 0);
        return new Adherence(
            prescribed.Count, reported.Count, asPrescribed, missed, reported.Count - asPrescribed - missed,
            reported.Count == 0 ? null : decimal.Round((decimal)asPrescribed / reported.Count, 3));
    }
}
