using System.ComponentModel.DataAnnotations;
using LdnApi.Common;
using LdnApi.Records;

namespace LdnApi.Features.Patients;

/// <summary>A number by which another system knows the patient; unique in the clinic.</summary>
public sealed record Identifier(
    [property: NotBlank(200)] string System,
    [property: NotBlank(200)] string Value)
{
    internal IdentifierValue ToValue() => new(System, Value);
}

/// <summary>The patient's name.</summary>
public sealed record HumanName(
    [property: NotBlank(200)] string Family,
    [property: MaxLength(10), EachLength(1, 200)] IReadOnlyList<string>? Given = null);

/// <summary>A condition on record: a code of a code system such as SNOMED CT or ICD-10.</summary>
public sealed record Condition(
    [property: NotBlank(200)] string System,
    [property: NotBlank(40)] string Code,
    [property: StringLength(200)] string? Display = null);

/// <summary>What is written of a patient.</summary>
/// <param name="TimeZone">IANA time zone the patient lives in, such as Europe/Dublin.</param>
/// <param name="AnxietyHistory">An anxiety disorder on record; absent = unknown.</param>
/// <param name="Conditions">SNOMED CT, ICD-10, ICD-10-CM or our own <c>urn:ldnapi:condition</c>. <c>GET /rules</c> lists the codes that a rule looks for; others are kept.</param>
/// <param name="BaselineAnxiety">Anxiety at intake, 0–10.</param>
public sealed record PatientBody(
    HumanName Name,
    [property: IanaTimeZone] string TimeZone,
    [property: MaxLength(PatientBody.MaxIdentifiers)] IReadOnlyList<Identifier>? Identifiers = null,
    DateOnly? BirthDate = null,
    Gender? Gender = null,
    bool? AnxietyHistory = null,
    Sensitivity Sensitivity = Sensitivity.Standard,
    [property: MaxLength(100)] IReadOnlyList<Condition>? Conditions = null,
    [property: Range(0, 10)] int? BaselineAnxiety = null,
    bool Active = true)
{
    internal const int MaxIdentifiers = 20;

    internal IReadOnlyList<IdentifierValue> IdentifierValues => [.. (Identifiers ?? []).Select(i => i.ToValue()).Distinct()];

    internal void CopyTo(Patient patient)
    {
        patient.FamilyName = Name.Family;
        patient.GivenNames = [.. Name.Given ?? []];
        patient.Identifiers = [.. IdentifierValues];
        patient.TimeZone = TimeZone;
        patient.BirthDate = BirthDate;
        patient.Gender = Gender;
        patient.AnxietyHistory = AnxietyHistory;
        patient.Sensitivity = Sensitivity;
        patient.Conditions = [.. (Conditions ?? []).Select(c => new Coding(c.System, c.Code, c.Display))];
        patient.BaselineAnxiety = BaselineAnxiety;
        patient.Active = Active;
    }

    internal static PatientBody Of(Patient p) => new(
        new HumanName(p.FamilyName ?? "", p.GivenNames), p.TimeZone, [.. p.Identifiers.Select(i => new Identifier(i.System, i.Value))], p.BirthDate, p.Gender,
        p.AnxietyHistory, p.Sensitivity, [.. p.Conditions.Select(c => new Condition(c.System, c.Code, c.Display))], p.BaselineAnxiety, p.Active);

    internal Problem? Refusal(DateOnly today) =>
        BirthDate > today ? Problem.Refused("date-in-future", "A day lies in the future.", "$.birthDate", "Must not be after today, where the patient lives.")
        : null;
}

/// <summary>A patient as read.</summary>
/// <param name="BaselineAnxiety">Anxiety at intake, 0–10.</param>
public sealed record PatientResponse(
    PatientId Id, HumanName Name, string TimeZone, IReadOnlyList<Identifier> Identifiers, DateOnly? BirthDate, Gender? Gender, bool? AnxietyHistory,
    Sensitivity Sensitivity, IReadOnlyList<Condition> Conditions, int? BaselineAnxiety, bool Active, DateTimeOffset RegisteredAt, long Version) : IVersioned
{
    internal static PatientResponse Of(Patient p) => new(
        p.Id, new HumanName(p.FamilyName ?? "", p.GivenNames), p.TimeZone, [.. p.Identifiers.Select(i => new Identifier(i.System, i.Value))], p.BirthDate, p.Gender,
        p.AnxietyHistory, p.Sensitivity, [.. p.Conditions.Select(c => new Condition(c.System, c.Code, c.Display))], p.BaselineAnxiety, p.Active, p.RegisteredAt, p.Version);
}
