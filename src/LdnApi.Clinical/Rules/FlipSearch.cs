using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Medicines;

namespace LdnApi.Clinical.Rules;

/// <summary>Finds the smallest change of one fact with which a family would be raised on the last day.</summary>
/// <remarks>
/// <para>
/// Which facts may change: a higher score of a day, or a report of a day without one; an anxiety event's onset (earlier), resolution (later), severity and
/// grade (higher); a dose's first day (earlier or later); a GAD-7 total; an answer on self-harm; an event's seriousness; an opioid's last day (later); an anxiety
/// history; a lower intake score; for missing reports also a report withdrawn. Of reports those in the window that decides, of the others the latest three.
/// What is changed becomes known after everything else.
/// </para>
/// <para>
/// Which is smallest, in this order: what the days have brought, before the patient's own record, before a record of another kind that is not there yet;
/// fewer units (points of a score or total, days, levels, grades; a flag is one; a day without a report counts from 0); the kind of fact, as listed; the
/// later day; the lower value; the record's id. So the order is total, and one unit less of the same never suffices.
/// </para>
/// </remarks>
internal sealed class FlipSearch(PatientTimeline timeline, DateOnly lastCompletedDay)
{
    private const int MostScore = 10;
    private const int MostRecords = 3;
    private const int Week = 7;

    private readonly PatientFacts _facts = timeline.Facts;
    private readonly RuleSettings _settings = timeline.Settings;
    private readonly DateOnly _asOf = DateOnly.FromDayNumber(timeline.Last);

    private int Window => _settings.PersistWindowDays.For(timeline.History);

    private Known KnownLast => new(_asOf, _facts.Actions.Max(a => a.Known.At)?.AddTicks(1));

    /// <summary>Reports are missing, so that an anxiety follow-up or a later dose would be enough.</summary>
    private bool IsGap => lastCompletedDay.DayNumber >= timeline.First && MissingFold.GapOn(timeline, lastCompletedDay.DayNumber) >= _settings.MissingDays;

    /// <summary>The smallest change; null when no single one raises the family.</summary>
    public Distance? For(RuleFamily family) => CandidatesOf(family)
        .OrderBy(c => c.Source).ThenBy(c => c.Distance.Size).ThenBy(c => c.Order).ThenByDescending(c => c.Distance.On)
        .ThenBy(c => c.Distance.To).ThenBy(c => c.Distance.MovedTo).ThenBy(c => c.Distance.Id)
        .FirstOrDefault(c => RuleEngine.Raises(family, timeline.With(c.Apply()), lastCompletedDay))?.Distance;

    private IEnumerable<Candidate> CandidatesOf(RuleFamily family) => family switch
    {
        RuleFamily.Course => [.. Course(), .. NewAnxietyEvents()],
        RuleFamily.Severe => [.. Scores(Week), .. Severities()],
        RuleFamily.Suicidality => SelfHarm(),
        RuleFamily.Gad7 => Totals(),
        RuleFamily.Missing => IsGap ? [.. Withdrawals(), .. Course(), .. Severities()] : Withdrawals(),
        RuleFamily.Serious => Seriousness(),
        RuleFamily.Opioid => Opioids(),
    };

    private IEnumerable<Candidate> Course() =>
        timeline.DayZero is null ? [] : [.. Scores(Window), .. History(), .. IntakeScores(), .. Onsets(), .. Resolutions(), .. Severities(), .. DoseDays()];

    private IEnumerable<Candidate> Scores(int days)
    {
        for (var day = timeline.Last; day > timeline.Last - days; day--)
        {
            var on = DateOnly.FromDayNumber(day);
            var (report, present) = (timeline.ReportOn(day), timeline.AnxietyOn(day));
            for (var score = present + 1 ?? 0; score <= MostScore; score++)
            {
                var changed = (report ?? new CheckInFact(Guid.Empty, 1, on, KnownLast, null)) with { Anxiety = score, Known = KnownLast };
                yield return new Candidate(
                    0, new Distance("check-in", report?.Id, "anxiety", on, present, score, null, "points", Math.Max(1, score - (present ?? 0))),
                    () => _facts with { CheckIns = [.. _facts.CheckIns.Where(c => c.Id != changed.Id), changed] });
            }
        }
    }

    private IEnumerable<Candidate> History() => timeline.History ? [] :
    [
        new(1, new Distance("patient", _facts.Patient?.Id, "anxietyHistory", _asOf, _facts.AnxietyHistory is null ? null : 0, 1, null, "flag", 1),
            () => _facts with { AnxietyHistory = true }, Source.Patient),
    ];

    private IEnumerable<Candidate> IntakeScores()
    {
        for (var score = _facts.BaselineAnxiety - 1 ?? -1; score >= 0; score--)
        {
            var lower = score;
            yield return new Candidate(
                2, new Distance("patient", _facts.Patient?.Id, "baselineAnxiety", _asOf, _facts.BaselineAnxiety, lower, null, "points", _facts.BaselineAnxiety!.Value - lower),
                () => _facts with { BaselineAnxiety = lower }, Source.Patient);
        }
    }

    private IEnumerable<AdverseEventFact> AnxietyEvents => _facts.AdverseEvents.Where(e => AdverseEventTerms.IsAnxiety(e.Term)).TakeLast(MostRecords);

    private IEnumerable<Candidate> Onsets() =>
        from e in AnxietyEvents
        where !(e.ResolvedOn <= _asOf)
        from days in Enumerable.Range(1, Window)
        let earlier = (e.OnsetOn ?? e.ReceivedOn.AddDays(1)).AddDays(-days) // an unknown onset is first thought to be the day it was received
        select new Candidate(3, Moved(e, "onsetOn", e.OnsetOn ?? e.ReceivedOn, earlier, days), () => Replace(e with { OnsetOn = earlier }));

    private IEnumerable<Candidate> Resolutions() =>
        from e in AnxietyEvents
        let resolved = e.ResolvedOn ?? DateOnly.MaxValue
        where resolved <= _asOf
        from days in Enumerable.Range(1, Math.Min(Window, timeline.Last - resolved.DayNumber + 1))
        let later = resolved.AddDays(days)
        select new Candidate(4, Moved(e, "resolvedOn", resolved, later, days), () => Replace(e with { ResolvedOn = later }));

    private IEnumerable<Candidate> Severities()
    {
        foreach (var e in AnxietyEvents)
        {
            var on = e.OnsetOn ?? e.ReceivedOn;
            for (var severity = e.Severity + 1; severity <= Severity.Severe; severity++)
            {
                var worse = e with { Severity = severity, Known = KnownLast };
                yield return new Candidate(
                    5, new Distance("adverse-event", e.Id, "severity", on, (int)e.Severity, (int)severity, null, "levels", severity - e.Severity), () => Replace(worse));
            }

            for (var grade = e.CtcaeGrade + 1; grade <= 4; grade++)
            {
                var worse = e with { CtcaeGrade = grade, Known = KnownLast };
                yield return new Candidate(
                    6, new Distance("adverse-event", e.Id, "ctcaeGrade", on, e.CtcaeGrade, grade, null, "grades", grade.Value - e.CtcaeGrade!.Value), () => Replace(worse));
            }
        }
    }

    private IEnumerable<Candidate> DoseDays() =>
        from dose in _facts.Doses.TakeLast(MostRecords)
        from days in Enumerable.Range(1, _settings.AdjustmentDays.For(timeline.History))
        from moved in new[] { dose with { On = dose.On.AddDays(-days) }, dose with { On = dose.On.AddDays(days) } }
        where moved.On <= _asOf
        select new Candidate(
            7, new Distance("dose", dose.Id, "on", dose.On, null, null, moved.On, "days", days), () => _facts with { Doses = [.. _facts.Doses.Where(d => d != dose), moved] });

    /// <summary>An event that has lasted just long enough; a clinician's dismissal may take a worse one.</summary>
    private IEnumerable<Candidate> NewAnxietyEvents() =>
        from severity in timeline.DayZero is null ? [] : Enum.GetValues<Severity>()
        let onset = _asOf.AddDays(1 - Window)
        let e = NewEvent(AdverseEventTerm.Anxiety, onset) with { Severity = severity }
        select new Candidate(
            8, new Distance("adverse-event", null, "severity", onset, null, (int)severity, null, "levels", (int)severity + 1), () => Add(e), Source.NewRecord);

    private IEnumerable<Candidate> SelfHarm()
    {
        var answers = _facts.CheckIns.Where(c => c.On.DayNumber > timeline.Last - Week).ToList();
        foreach (var c in answers.Exists(c => c.On == _asOf) ? answers : [.. answers, new CheckInFact(Guid.Empty, 1, _asOf, KnownLast, null)])
        {
            var answered = c with { SelfHarmThoughts = true, Known = KnownLast };
            yield return new Candidate(
                0, new Distance("check-in", IdOf(c.Id), "selfHarmThoughts", c.On, c.SelfHarmThoughts is null ? null : 0, 1, null, "flag", 1),
                () => _facts with { CheckIns = [.. _facts.CheckIns.Where(x => x.Id != c.Id), answered] });
        }
    }

    private IEnumerable<Candidate> Totals()
    {
        var asked = new AssessmentFact(Guid.Empty, 1, Instrument.Gad7, _asOf, KnownLast, null);
        return
            from a in Gad7Fold.CompleteOf(timeline).TakeLast(MostRecords).Append(asked)
            from total in Enumerable.Range(0, 22)
            where total != a.Total
            select new Candidate(
                0, new Distance("assessment", IdOf(a.Id), "total", a.On, a.Total, total, null, "points", Math.Max(1, Math.Abs(total - (a.Total ?? 0)))),
                () => _facts with { Assessments = [.. _facts.Assessments.Where(x => x.Id != a.Id), a with { Total = total, Known = KnownLast }] }, a == asked ? Source.NewRecord : Source.Days);
    }

    /// <summary>The last reported day's report, when there is only one of that day.</summary>
    private IEnumerable<Candidate> Withdrawals()
    {
        var last = timeline.LastReported(timeline.Last);
        CheckInFact[] reports = [.. _facts.CheckIns.Where(c => c.On.DayNumber == last && PatientTimeline.ScoreOf(c) is not null)];
        return reports.Length != 1 ? [] :
        [
            new(8, new Distance("check-in", reports[0].Id, "reported", reports[0].On, 1, 0, null, "flag", 1),
                () => _facts with { CheckIns = [.. _facts.CheckIns.Where(c => c.Id != reports[0].Id)] }),
        ];
    }

    private IEnumerable<Candidate> Seriousness() =>
        from e in _facts.AdverseEvents.TakeLast(MostRecords).Append(NewEvent(AdverseEventTerm.Other, _asOf))
        let serious = e with { IsSerious = true, Known = KnownLast }
        where timeline.DayZero is not null && !e.IsSerious
        select new Candidate(
            0, new Distance("adverse-event", IdOf(e.Id), "seriousness", e.OnsetOn ?? e.ReceivedOn, e.Id == Guid.Empty ? null : 0, 1, null, "flag", 1),
            () => Replace(serious), e.Id == Guid.Empty ? Source.NewRecord : Source.Days);

    /// <summary>An opioid stopped later; else one that is taken.</summary>
    private IEnumerable<Candidate> Opioids()
    {
        var stops =
            from m in _facts.Medications.Where(m => m.Is(MedicineClass.Opioid)).TakeLast(MostRecords)
            let stopped = m.StoppedOn ?? DateOnly.MaxValue
            where stopped <= _asOf
            from days in Enumerable.Range(1, Math.Min(_settings.FollowAfterStopDays, timeline.Last - stopped.DayNumber + 1))
            let later = m with { StoppedOn = stopped.AddDays(days), Known = KnownLast }
            select new Candidate(
                0, new Distance("medication", m.Id, "stoppedOn", stopped, null, null, stopped.AddDays(days), "days", days),
                () => _facts with { Medications = [.. _facts.Medications.Where(x => x.Id != m.Id), later] });
        var taken = new MedicationFact(Guid.Empty, 1, "N02A", null, _asOf, null, KnownLast);
        return stops.Append(new Candidate(
            0, new Distance("medication", null, "active", _asOf, null, 1, null, "flag", 1), () => _facts with { Medications = [.. _facts.Medications, taken] }, Source.NewRecord));
    }

    private AdverseEventFact NewEvent(AdverseEventTerm term, DateOnly onset) => new(Guid.Empty, 1, term, Severity.Mild, null, onset, null, KnownLast, _asOf);

    private static Distance Moved(AdverseEventFact e, string fact, DateOnly from, DateOnly to, int days) => new("adverse-event", e.Id, fact, from, null, null, to, "days", days);

    private PatientFacts Add(AdverseEventFact e) => _facts with { AdverseEvents = [.. _facts.AdverseEvents, e] };

    private PatientFacts Replace(AdverseEventFact changed) => _facts with { AdverseEvents = [.. _facts.AdverseEvents.Where(e => e.Id != changed.Id), changed] };

    private static Guid? IdOf(Guid id) => id == Guid.Empty ? null : id;

    private enum Source
    {
        Days,
        Patient,
        NewRecord,
    }

    /// <param name="Order">Of the kinds of fact.</param>
    private sealed record Candidate(int Order, Distance Distance, Func<PatientFacts> Apply, Source Source = Source.Days);
}
