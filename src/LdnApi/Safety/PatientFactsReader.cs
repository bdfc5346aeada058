using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Time;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>What a question about a day rests on.</summary>
/// <param name="KnownAt">Now for today; for a past day the moment at which it ended.</param>
/// <param name="LastCompletedDay">The day itself when it has ended, else the day before it.</param>
/// <param name="Settings">The clinic's thresholds that were in force then.</param>
public sealed record FactsAsOf(DateOnly Day, DateTimeOffset KnownAt, DateOnly LastCompletedDay, PatientFacts Facts, RuleSettingsVersion Settings);

/// <summary>Gathers one patient's accepted facts, as known now or at an earlier moment.</summary>
public sealed class PatientFactsReader(LdnDbContext db, ClinicSettings settings)
{
    private static readonly PatientFacts Nothing = new(null, null, [], [], [], [], []);

    /// <summary>For a batch: what was not entered in error.</summary>
    internal const string Counts = $"status <> '{nameof(RecordStatus.EnteredInError)}'";

    /// <summary>For a batch: what a clinician did about a follow-up.</summary>
    internal const string Acts = $"'{nameof(FollowUpEventType.Acknowledged)}', '{nameof(FollowUpEventType.Resolved)}', '{nameof(FollowUpEventType.Dismissed)}'";

    private static readonly string[] KindsOfFacts =
    [
        .. new[] { typeof(Patient), typeof(Prescription), typeof(CheckIn), typeof(AdverseEvent), typeof(Assessment), typeof(Medication), typeof(Observation), typeof(Procedure) }
            .Select(RecordVersion.KindOf),
    ];

    /// <summary>For a question about a day: today as far as it is known now, a past day as it was known when it ended.</summary>
    /// <param name="asOf">The query parameter of that name; null = today.</param>
    /// <returns>The facts; a problem for a day that is none or lies in the future.</returns>
    public async Task<Result<FactsAsOf>> ReadAsOfAsync(Patient patient, DateOnly? asOf, DateTimeOffset now, CancellationToken ct)
    {
        var today = patient.DayAt(now);
        if (asOf is null || asOf == today)
        {
            return new FactsAsOf(today, now, today.AddDays(-1), await ReadAsync(patient, ct), await settings.CurrentAsync(ct));
        }

        if (!Days.IsSane(asOf.Value))
        {
            return Problem.Invalid("asOf", "Must be a day from 1900 to 2199.");
        }

        if (asOf > today)
        {
            return Problem.Refused("date-in-future", "A day lies in the future.", "asOf", "Must not be after today, where the patient lives.");
        }

        var ended = await EndOfAsync(asOf.Value, patient, ct);
        return new FactsAsOf(asOf.Value, ended, asOf.Value, await ReadAsKnownAsync(patient, ended, ct) ?? Nothing, await settings.InForceAsync(ended, ct));
    }

    /// <summary>The last moment of a day where the patient lived on it: a move since then does not shift the days before it.</summary>
    private async Task<DateTimeOffset> EndOfAsync(DateOnly day, Patient patient, CancellationToken ct)
    {
        var kind = RecordVersion.KindOf(typeof(Patient));
        var versions = await db.RecordVersions.AsNoTracking().Where(v => v.PatientId == patient.Id && v.Kind == kind).OrderBy(v => v.Ordinal).ToListAsync(ct);
        var ends = versions.ConvertAll(v => (v.RecordedAt, End: EndIn(v.Read<Patient>().TimeZone)));
        return ends.LastOrDefault(v => v.RecordedAt <= v.End, (default, ends.Count > 0 ? ends[0].End : EndIn(patient.TimeZone))).End;

        DateTimeOffset EndIn(string zone) => ClinicalDay.InstantOf(day.AddDays(1), TimeOnly.MinValue, zone).AddMicroseconds(-1);
    }

    /// <summary>As known now: the present rows.</summary>
    public async Task<PatientFacts> ReadAsync(Patient patient, CancellationToken ct)
    {
        var batch = new RecordBatch(db);
        var asked = AskedFacts.Of(batch, patient);
        await batch.ReadAsync(ct);
        return asked.Facts();
    }

    /// <summary>As known at a moment: for each record the version that was known then. Null when the patient was not known yet.</summary>
    public async Task<PatientFacts?> ReadAsKnownAsync(Patient patient, DateTimeOffset knownAt, CancellationToken ct)
    {
        var known = new KnownRecords();
        foreach (var version in await VersionsOf(patient.Id).Where(v => v.RecordedAt <= knownAt).OrderBy(v => v.Ordinal).ToListAsync(ct))
        {
            known.Add(version);
        }

        return known.ToFacts(await ActionsAsync(patient, knownAt, ct));
    }

    /// <summary>Every version of the records that facts are made of.</summary>
    public IQueryable<RecordVersion> VersionsOf(PatientId patient) => db.RecordVersions.AsNoTracking().Where(v => v.PatientId == patient && KindsOfFacts.Contains(v.Kind));

    private async Task<List<ClinicianAction>> ActionsAsync(Patient patient, DateTimeOffset knownAt, CancellationToken ct)
    {
        var entries = await db.FollowUpEvents.AsNoTracking()
            .Where(e => e.PatientId == patient.Id
                && (e.Type == FollowUpEventType.Acknowledged || e.Type == FollowUpEventType.Resolved || e.Type == FollowUpEventType.Dismissed))
            .OrderBy(e => e.RecordedAt)
            .ToListAsync(ct);
        return ActionsOf(entries.Where(e => e.RecordedAt <= knownAt));
    }

    internal static List<ClinicianAction> ActionsOf(IEnumerable<FollowUpEvent> entries) => [.. entries.Select(e => new ClinicianAction(
        e.Family, FollowUpActions.KindOf(FollowUpLog.ActionOf(e.Type)!.Value)!.Value, new Known(e.On, e.RecordedAt)))];

    /// <param name="patient">What the patient's record said then, the zone included.</param>
    /// <param name="records">One version of each.</param>
    public static PatientFacts ToFacts(Patient patient, IReadOnlyCollection<IClinicalRecord> records, IReadOnlyList<ClinicianAction> actions)
    {
        var accepted = Accepted(records.OfType<Prescription>());
        return new PatientFacts(
            patient.HasAnxietyHistory(),
            patient.BaselineAnxiety,
            DosesOf(accepted),
            [.. records.OfType<CheckIn>().Where(c => c.Status != RecordStatus.EnteredInError).Select(c => new CheckInFact(
                c.Id.Value, c.Version, c.On, KnownAt(c.ChangedAt), c.Anxiety, c.Nervousness, c.Restlessness, c.Agitation, c.SelfHarmThoughts,
                c.SleepQuality, c.CaffeineMg, c.DoseTakenAt, c.DoseTakenMg, c.DoseMissed))],
            [.. records.OfType<AdverseEvent>().Where(e => e.Status != RecordStatus.EnteredInError).Select(e => new AdverseEventFact(
                e.Id.Value, e.Version, e.Term, e.Severity, e.CtcaeGrade, e.OnsetOn, e.ResolvedOn,
                KnownAt(e.SeverityKnownAt), e.ReceivedOn ?? patient.DayAt(e.RecordedAt), e.IsSerious))],
            [.. records.OfType<Assessment>().Where(a => a.Status != RecordStatus.EnteredInError).Select(a => new AssessmentFact(
                a.Id.Value, a.Version, a.Instrument, a.TakenOn, KnownAt(a.RecordedAt), a.Total, a.SelfHarmPositive))],
            actions)
        {
            Patient = new PatientRecordFact(patient.Id.Value, patient.Version, patient.DayAt(patient.RegisteredAt)),
            Medications =
            [
                .. records.OfType<Medication>().Where(m => m.Status != RecordStatus.EnteredInError).Select(m => new MedicationFact(
                    m.Id.Value, m.Version, m.Atc, m.Code?.Code, m.StartedOn, m.StoppedOn, KnownAt(m.KnownAt), m.LongActing, m.ChangedOn)),
            ],
            Observations = [.. records.OfType<Observation>().Where(o => o.Status != RecordStatus.EnteredInError).Select(o => new ObservationFact(o.Id.Value, o.Version, o.Code, o.EffectiveOn, o.RuleValue, o.IsPositive, KnownAt(o.RecordedAt)))],
            Procedures = [.. records.OfType<Procedure>().Where(p => p.Status == ProcedureStatus.Preparation).Select(p => new ProcedureFact(p.Id.Value, p.Version, p.PlannedOn, KnownAt(p.RecordedAt)))],
            Conditions = [.. patient.MeaningOfConditions()],
            BirthDate = patient.BirthDate,
            IsSensitive = patient.Sensitivity == Sensitivity.Sensitive,
            IntakeTimes =
            [
                .. accepted.Where(p => p.Doses.Count > 0).GroupBy(p => p.StartsOn).Select(g => new IntakeTimeFact(
                    g.Key, g.MaxBy(p => p.RecordedAt)!.TimeOfDay, accepted.Any(p => p.TimesPerDay > 1 && p.DoseOn(g.Key) > 0))),
            ],
        };

        Known KnownAt(DateTimeOffset instant) => new(patient.DayAt(instant), instant);
    }

    /// <summary>The total dose from each day on which the dose of any of a patient's prescriptions changes.</summary>
    public static IReadOnlyList<DoseFact> DosesOf(IEnumerable<Prescription> prescriptions) => DosesOf(Accepted(prescriptions));

    private static Prescription[] Accepted(IEnumerable<Prescription> prescriptions) =>
        [.. prescriptions.Where(p => p.Status is not (PrescriptionStatus.EnteredInError or PrescriptionStatus.Cancelled))];

    private static List<DoseFact> DosesOf(Prescription[] prescriptions) =>
    [
        .. prescriptions
            .SelectMany(p => p.Doses.Select(d => d.On).Concat(p is { EndsOn: { } end, Doses.Count: > 0 } ? [end.AddDays(1)] : []))
            .Distinct()
            .Order()
            .Select(day => (Day: day, Changed: prescriptions.FirstOrDefault(p => p.DoseOn(day) != p.DoseOn(day.AddDays(-1)))))
            .Select(d => new DoseFact(d.Day, prescriptions.Sum(p => p.DoseOn(d.Day)), d.Changed?.Id.Value, d.Changed?.Version)),
    ];
}

/// <summary>One patient's records as known at a moment, brought forward version by version.</summary>
public sealed class KnownRecords
{
    private readonly Dictionary<Guid, RecordVersion> _versions = [];
    private readonly Dictionary<Guid, IClinicalRecord> _records = [];

    /// <summary>What became known next: in order of <see cref="RecordVersion.Ordinal"/>.</summary>
    public void Add(RecordVersion version)
    {
        _versions[version.RecordId] = version;
        _records.Remove(version.RecordId);
    }

    /// <summary>The facts. Null when the patient was not known yet.</summary>
    public PatientFacts? ToFacts(IReadOnlyList<ClinicianAction> actions)
    {
        foreach (var (id, version) in _versions)
        {
            if (!_records.ContainsKey(id))
            {
                _records[id] = version.Read();
            }
        }

        return _records.Values.OfType<Patient>().SingleOrDefault() is { } patient ? PatientFactsReader.ToFacts(patient, _records.Values, actions) : null;
    }
}

/// <summary>One patient's present facts, asked for together with whatever else a batch reads: they are there once it is read.</summary>
internal sealed class AskedFacts
{
    private readonly Patient _patient;
    private readonly List<CheckInDigest> _digest;
    private readonly List<CheckIn> _checkIns;
    private readonly List<Prescription> _prescriptions;
    private readonly List<AdverseEvent> _adverseEvents;
    private readonly List<Assessment> _assessments;
    private readonly List<Medication> _medications;
    private readonly List<Observation> _observations;
    private readonly List<Procedure> _procedures;
    private readonly List<FollowUpEvent> _acts;

    private AskedFacts(RecordBatch batch, Patient patient, List<CheckInDigest> digest, List<CheckIn> checkIns)
    {
        var id = patient.Id.Value;
        (_patient, _digest, _checkIns) = (patient, digest, checkIns);
        _prescriptions = batch.All<Prescription>("patient_id = $2", id);
        _adverseEvents = batch.All<AdverseEvent>($"patient_id = $2 AND {PatientFactsReader.Counts}", id);
        _assessments = batch.All<Assessment>($"patient_id = $2 AND {PatientFactsReader.Counts}", id);
        _medications = batch.All<Medication>($"patient_id = $2 AND {PatientFactsReader.Counts}", id);
        _observations = batch.All<Observation>($"patient_id = $2 AND {PatientFactsReader.Counts}", id);
        _procedures = batch.All<Procedure>($"patient_id = $2 AND status = '{nameof(ProcedureStatus.Preparation)}'", id);
        _acts = batch.All<FollowUpEvent>($"patient_id = $2 AND type IN ({PatientFactsReader.Acts}) ORDER BY recorded_at", id);
    }

    /// <summary>All, whatever has become of them.</summary>
    public IReadOnlyList<Prescription> Prescriptions => _prescriptions;

    /// <summary>Those that were not retracted.</summary>
    public IReadOnlyList<AdverseEvent> AdverseEvents => _adverseEvents;

    /// <summary>How many check-ins were read themselves: all of them, or those that changed since the digest.</summary>
    public int CheckInsRead => _checkIns.Count;

    /// <summary>From the present rows.</summary>
    public static AskedFacts Of(RecordBatch batch, Patient patient) =>
        new(batch, patient, [], batch.All<CheckIn>($"patient_id = $2 AND {PatientFactsReader.Counts}", patient.Id.Value));

    /// <summary>The same from a fraction of the rows: the check-ins from their digest as far as it goes. Ask with the patient locked and no check-in unsaved.</summary>
    public static AskedFacts ThroughDigest(RecordBatch batch, Patient patient) => new(
        batch, patient, batch.All<CheckInDigest>(CheckInDigest.Present, patient.Id.Value), batch.All<CheckIn>(CheckInDigest.ChangedSince, patient.Id.Value));

    /// <summary>A report that has been made meanwhile, in the same transaction.</summary>
    public void Add(AdverseEvent reported) => _adverseEvents.Add(reported);

    public PatientFacts Facts()
    {
        var facts = PatientFactsReader.ToFacts(
            _patient, [.. _prescriptions, .. _checkIns, .. _adverseEvents, .. _assessments, .. _medications, .. _observations, .. _procedures], PatientFactsReader.ActionsOf(_acts));
        return facts with
        {
            CheckIns = CheckInDigest.Together(_digest.SingleOrDefault()?.Body, _checkIns.Select(c => c.Id.Value).ToHashSet(), facts.CheckIns, _patient.DayAt),
        };
    }
}
