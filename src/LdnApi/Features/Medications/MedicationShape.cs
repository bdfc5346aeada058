using System.ComponentModel.DataAnnotations;
using LdnApi.Clinical.Medicines;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;

namespace LdnApi.Features.Medications;

/// <summary>An RxNorm concept. The rules know medicines by their ingredient; of a product give the ATC code as well.</summary>
/// <param name="System"><c>http://www.nlm.nih.gov/research/umls/rxnorm</c>; an ATC code has its own member.</param>
public sealed record MedicationCode(
    [property: AllowedValues(Medication.RxNorm, ErrorMessage = "Must be http://www.nlm.nih.gov/research/umls/rxnorm.")] string System,
    [property: RegularExpression("^[1-9][0-9]{0,7}$", ErrorMessage = "Must be an RxNorm concept id.")] string Code,
    [property: StringLength(200)] string? Display = null);

/// <summary>Another medicine. By one of its codes the rules know it: <c>code</c>, <c>atc</c> or both is owed.</summary>
/// <param name="Atc">WHO ATC code of the fifth level, e.g. <c>N02AX02</c>.</param>
/// <param name="StartedOn">The first day with it; absent = unknown. A day to come is a plan.</param>
/// <param name="StoppedOn">The first day without it; absent while it is taken.</param>
/// <param name="LongActing">An extended-release, transdermal or otherwise long-acting product.</param>
/// <param name="ChangedOn">The day on which its dose last changed.</param>
public sealed record MedicationBody(
    MedicationCode? Code = null,
    [property: RegularExpression("^[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}$", ErrorMessage = "Must be an ATC code of the fifth level.")] string? Atc = null,
    DateOnly? StartedOn = null,
    DateOnly? StoppedOn = null,
    bool LongActing = false,
    DateOnly? ChangedOn = null,
    Source? Source = null)
{
    /// <param name="at">JSON path of the body.</param>
    internal Problem? Refusal(DateOnly today, string at = "$") =>
        Code is null && Atc is null ? Problem.Invalid($"{at}.code", "Must be there when atc is not.")
        : StoppedOn <= StartedOn ? Problem.Refused("invalid-period", "The period ends before it begins.", $"{at}.stoppedOn", "Must be after startedOn: it is the first day without the medicine.")
        : ChangedOn > today ? Problem.Refused("date-in-future", "A day lies in the future.", $"{at}.changedOn", "Must not be after today, where the patient lives.")
        : null;

    internal void CopyTo(Medication medication, DateTimeOffset now)
    {
        var isNews = medication.Atc != Atc || medication.Code?.Code != Code?.Code || (LongActing && !medication.LongActing)
            || StartedOn < medication.StartedOn || (StartedOn is null && medication.StartedOn is not null)
            || StoppedOn > medication.StoppedOn || (StoppedOn is null && medication.StoppedOn is not null);
        medication.KnownAt = isNews ? now : medication.KnownAt;
        medication.Code = Code is { } c ? new Coding(c.System, c.Code, c.Display) : null;
        medication.Atc = Atc;
        medication.StartedOn = StartedOn;
        medication.StoppedOn = StoppedOn;
        medication.LongActing = LongActing;
        medication.ChangedOn = ChangedOn;
        medication.SourceSystem = Source?.System ?? medication.SourceSystem; // an amendment that does not repeat it is still of that record
        medication.SourceId = Source?.Id ?? medication.SourceId;
    }
}

/// <summary>A co-medication as read.</summary>
/// <param name="Classes">What the rules take it for; empty when its codes are on none of their lists.</param>
/// <param name="FollowUps">After a write: the follow-ups that it opened, raised, changed or closed.</param>
public sealed record MedicationResponse(
    MedicationId Id, PatientId PatientId, MedicationCode? Code, string? Atc, DateOnly? StartedOn, DateOnly? StoppedOn, bool LongActing, DateOnly? ChangedOn,
    Source? Source, IReadOnlyList<MedicineClass> Classes, RecordStatus Status, DateTimeOffset RecordedAt, long Version, IReadOnlyList<ChangedFollowUp>? FollowUps) : IVersioned
{
    internal static MedicationResponse Of(Medication m, IReadOnlyList<ChangedFollowUp>? followUps = null) => new(
        m.Id, m.PatientId, m.Code is { } c ? new MedicationCode(c.System, c.Code, c.Display) : null, m.Atc, m.StartedOn, m.StoppedOn, m.LongActing, m.ChangedOn,
        m.Source(), MedicineLists.ClassesOf(m.Atc, m.Code?.Code), m.Status, m.RecordedAt, m.Version, followUps);
}
