using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Clinical.Time;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;

namespace LdnApi.Features.CheckIns;

/// <summary>Answers of a day, 0–10 each: 0 none, 10 the worst imaginable; for mood and sleep quality 10 is best.</summary>
/// <param name="Anxiety">0 none, 10 the worst imaginable.</param>
/// <param name="Nervousness">0 none, 10 the worst imaginable.</param>
/// <param name="Restlessness">0 none, 10 the worst imaginable.</param>
/// <param name="Agitation">0 none, 10 the worst imaginable.</param>
/// <param name="Irritability">0 none, 10 the worst imaginable.</param>
/// <param name="Mood">0 the worst, 10 the best.</param>
/// <param name="SleepQuality">0 the worst, 10 the best.</param>
public sealed record Scores(
    [property: Range(0, 10)] int? Anxiety = null,
    [property: Range(0, 10)] int? Nervousness = null,
    [property: Range(0, 10)] int? Restlessness = null,
    [property: Range(0, 10)] int? Agitation = null,
    [property: Range(0, 10)] int? Irritability = null,
    [property: Range(0, 10)] int? Mood = null,
    [property: Range(0, 10)] int? SleepQuality = null);

/// <summary>The day's dose, as the patient took it.</summary>
/// <param name="DoseMg">mg taken on that day.</param>
public sealed record DoseTaken(TimeOnly? TakenAt = null, [property: DoseMg] decimal? DoseMg = null, bool? Missed = null);

/// <summary>A patient's own report of a day.</summary>
/// <param name="Date">The clinical day. Give it, or <paramref name="RecordedAt"/>.</param>
/// <param name="RecordedAt">The moment described; its day is that of the patient's zone.</param>
/// <param name="CaffeineMg">mg of caffeine on that day.</param>
/// <param name="SelfHarmThoughts">True raises a follow-up at once, even when the rest of the report is refused.</param>
public sealed record CheckInBody(
    DateOnly? Date = null,
    DateTimeOffset? RecordedAt = null,
    Scores? Scores = null,
    bool? VividDreams = null,
    [property: Range(0, 5000)] int? CaffeineMg = null,
    DoseTaken? Dose = null,
    bool? SelfHarmThoughts = null,
    [property: StringLength(4000)] string? Note = null,
    Source? Source = null) : ICarriesSelfHarmSign
{
    public static bool CarriesSign(JsonElement json) =>
        WireBody.ValuesOf(json, "selfHarmThoughts").Any(answer => answer.ValueKind == JsonValueKind.True);

    internal Result<DateOnly> DayFor(Patient patient, DateTimeOffset now)
    {
        if ((Date is null) == (RecordedAt is null))
        {
            return Problem.Invalid("$.date", "Give date or recordedAt, not both.");
        }

        if (Scores is null && VividDreams is null && CaffeineMg is null && Dose is null && SelfHarmThoughts is null && Note is null)
        {
            return Problem.Invalid("$", "Must report something.");
        }

        var day = Date ?? ClinicalDay.Of(RecordedAt!.Value, patient.TimeZone);
        return day > patient.DayAt(now)
            ? Problem.Refused("date-in-future", "A day lies in the future.", Date is null ? "$.recordedAt" : "$.date", "Must not be after today, where the patient lives.")
            : day;
    }

    internal void CopyTo(CheckIn checkIn, DateOnly day)
    {
        checkIn.On = day;
        checkIn.OccurredAt = RecordedAt;
        checkIn.Anxiety = Scores?.Anxiety;
        checkIn.Nervousness = Scores?.Nervousness;
        checkIn.Restlessness = Scores?.Restlessness;
        checkIn.Agitation = Scores?.Agitation;
        checkIn.Irritability = Scores?.Irritability;
        checkIn.Mood = Scores?.Mood;
        checkIn.SleepQuality = Scores?.SleepQuality;
        checkIn.VividDreams = VividDreams;
        checkIn.CaffeineMg = CaffeineMg;
        checkIn.DoseTakenAt = Dose?.TakenAt;
        checkIn.DoseTakenMg = Dose?.DoseMg;
        checkIn.DoseMissed = Dose?.Missed;
        checkIn.SelfHarmThoughts = SelfHarmThoughts;
        checkIn.Note = Note;
        checkIn.SourceSystem = Source?.System ?? checkIn.SourceSystem; // a correction that does not repeat it is still of that report
        checkIn.SourceId = Source?.Id ?? checkIn.SourceId;
    }

    internal CheckIn ToRecord(Patient patient, DateOnly day, DateTimeOffset now)
    {
        var checkIn = new CheckIn { ClinicId = patient.ClinicId, Id = EntityId.New<CheckInId>(), PatientId = patient.Id, On = day, RecordedAt = now, ChangedAt = now };
        CopyTo(checkIn, day);
        return checkIn;
    }
}

/// <summary>A check-in as read.</summary>
/// <param name="ReceivedAt">When it became known here.</param>
/// <param name="FollowUps">After a write: the follow-ups that it opened, raised, changed or closed.</param>
/// <param name="CaffeineMg">mg of caffeine on that day.</param>
public sealed record CheckInResponse(
    CheckInId Id, PatientId PatientId, DateOnly Date, DateTimeOffset? RecordedAt, Scores Scores, bool? VividDreams, int? CaffeineMg, DoseTaken? Dose,
    bool? SelfHarmThoughts, string? Note, Source? Source, RecordStatus Status, DateTimeOffset ReceivedAt, long Version,
    IReadOnlyList<ChangedFollowUp>? FollowUps) : IVersioned
{
    internal static CheckInResponse Of(CheckIn c, IReadOnlyList<ChangedFollowUp>? followUps = null) => new(
        c.Id, c.PatientId, c.On, c.OccurredAt, new Scores(c.Anxiety, c.Nervousness, c.Restlessness, c.Agitation, c.Irritability, c.Mood, c.SleepQuality),
        c.VividDreams, c.CaffeineMg, c.DoseTakenAt is null && c.DoseTakenMg is null && c.DoseMissed is null ? null : new DoseTaken(c.DoseTakenAt, c.DoseTakenMg, c.DoseMissed),
        c.SelfHarmThoughts, c.Note, c.Source(), c.Status, c.RecordedAt, c.Version, followUps);
}
