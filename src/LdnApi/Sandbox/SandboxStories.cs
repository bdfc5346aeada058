using System.Text.Json;
using LdnApi.Common;
using LdnApi.Features.CheckIns;
using LdnApi.Features.Medications;
using LdnApi.Features.Patients;
using LdnApi.Features.Prescriptions;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Sandbox;

/// <summary>A made-up patient who tells one story.</summary>
/// <param name="Scores">Daily anxiety from the first dose on; null = no report.</param>
/// <param name="DaysSinceStart">How long ago the first dose was.</param>
public sealed record SandboxStory(string Name, string Outcome, int DaysSinceStart, int?[] Scores, bool? AnxietyHistory = false, int? BaselineAnxiety = null)
{
    /// <summary>Later doses, mg per day, by day of the therapy.</summary>
    public IReadOnlyList<(int Day, decimal DoseMg)> Steps { get; init; } = [];

    /// <summary>ATC codes of other medicines, by the day of the therapy on which they began.</summary>
    public IReadOnlyList<(int Day, string Atc)> Medications { get; init; } = [];
}

/// <summary>The patients of a sandbox clinic. Nobody is meant by them.</summary>
public static class SandboxStories
{
    /// <summary>The clinic that a development server makes them in.</summary>
    public static readonly ClinicId Clinic = new(new Guid("0198f000-0000-7000-8000-000000000001"));

    public const string IdentifierSystem = "urn:ldnapi:sandbox";

    public static readonly IReadOnlyList<SandboxStory> All =
    [
        new("transient", "Anxious for three days after the start, then well: one course follow-up, closed by itself.", 10, [5, 5, 5, 2, 1, 0, 0, 0, 0, 0]),
        new("persistent", "Anxious on most days since the third week: a course follow-up, persistent, soon.", 27,
            [0, 1, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 0, 5, 1, 5, 2, 5, 1, 5, 5, 2, 5, 5, 1, 5, 5]),
        new("severe", "One day of 8 a week after the start: a severe follow-up, urgent.", 9, [1, 2, 1, 1, 0, 1, 2, 8, 3, 2]),
        new("history", "An anxiety disorder on record and one symptomatic day: an early course follow-up, soon.", 5, [2, 2, 1, 2, 4, 2], true, 2),
        new("silent", "Two reports, then none: a follow-up for missing check-ins, routine.", 6, [1, 0, null, null, null, null, null]),
        new("opioid-clash", "Tramadol since the eighth day of the therapy: an opioid follow-up, immediate; a higher dose is blocked (R-19).", 9,
            [1, 0, 1, 0, 0, 1, 0, 1, 0, 1]) { Medications = [(7, "N02AX02")] },
        new("too-fast", "1.5, 3.0 and 4.5 mg within nine days, each step warned of (R-16), then anxious: a course follow-up, adjustment, routine; a higher dose wants a reason (R-10).", 11,
            [1, 0, 1, 0, 0, 1, 0, 1, 2, 5, 6, 5]) { Steps = [(4, 3.0m), (8, 4.5m)] },
        new("well", "Four weeks of calm reports: no follow-up.", 27, [.. Enumerable.Range(0, 28).Select(d => (int?)(d % 3))]),
    ];
}

/// <summary>Makes the story patients in the caller's clinic, once each.</summary>
public sealed class SandboxMaker(IMediator mediator, LdnDbContext db, TimeProvider clock)
{
    private const decimal StartingDoseMg = 1.5m;

    private static readonly OverrideBody[] AfterTheFact = [new("R-10", "The story is written down after its days.")];

    /// <returns>How many were made; 0 when all were there.</returns>
    public async Task<int> MakeAsync(CancellationToken ct)
    {
        var made = 0;
        foreach (var story in SandboxStories.All)
        {
            if (!await db.PatientIdentifiers.AnyAsync(i => i.System == SandboxStories.IdentifierSystem && i.Value == story.Name, ct))
            {
                await MakeAsync(story, ct);
                made++;
            }
        }

        return made;
    }

    private async Task MakeAsync(SandboxStory story, CancellationToken ct)
    {
        var start = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime).AddDays(-story.DaysSinceStart);
        var patient = Done(await mediator.Send(new RegisterPatient.Command(new PatientBody(
            new HumanName("Sandbox", [story.Name]), "UTC", [new Identifier(SandboxStories.IdentifierSystem, story.Name)], new DateOnly(1980, 1, 1),
            AnxietyHistory: story.AnxietyHistory, BaselineAnxiety: story.BaselineAnxiety)), ct));
        var prescription = Done(await mediator.Send(new WritePrescription.Command(patient.Id, new WritePrescription.Request(start, StartingDoseMg)), ct));
        var items = story.Scores.Select((score, day) => (score, day)).Where(s => s.score is not null)
            .Select(s => JsonSerializer.SerializeToElement(new CheckInBody(start.AddDays(s.day), Scores: new Scores(s.score)), WireJson.Options)).ToList();
        Done(await mediator.Send(new SubmitCheckIns.Command(patient.Id, items), ct));
        // After the reports, or the days before they arrived would count as missing.
        prescription = Done(await mediator.Send(new ChangePrescription.Command(
            patient.Id, prescription.Id, new IfMatch(prescription.Version), PrescriptionAction.Activate, start, "sandbox", AfterTheFact), ct));
        foreach (var (day, doseMg) in story.Steps)
        {
            prescription = Done(await mediator.Send(new ChangePrescription.Command(
                patient.Id, prescription.Id, new IfMatch(prescription.Version), PrescriptionAction.ChangeDose, start.AddDays(day), "sandbox", AfterTheFact, doseMg), ct));
        }

        foreach (var (day, atc) in story.Medications)
        {
            Done(await mediator.Send(new RecordMedication.Command(patient.Id, new MedicationBody(Atc: atc, StartedOn: start.AddDays(day))), ct));
        }
    }

    private static T Done<T>(Result<T> result) => result.Match(value => value, problem => throw new InvalidOperationException($"The sandbox could not be made: {problem.Code}."));
}
