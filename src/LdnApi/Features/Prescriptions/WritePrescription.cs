using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Prescriptions;

/// <summary>Writes a prescription as a draft. Nothing is taken until it is activated.</summary>
public static class WritePrescription
{
    /// <param name="DoseMg">mg per day in total. This or <c>doseQuantity</c>.</param>
    /// <param name="DoseQuantity">The amount each time, of which <c>timesPerDay</c> make the day's dose.</param>
    /// <param name="StrengthMg">mg per unit of the preparation.</param>
    /// <param name="TimesPerDay">Intakes a day over which the dose is shared.</param>
    /// <param name="EndsOn">The last day on which a dose is taken.</param>
    public sealed record Request(
        DateOnly StartsOn,
        [property: DoseMg] decimal? DoseMg = null,
        DoseQuantityBody? DoseQuantity = null,
        DoseForm? Form = null,
        [property: DoseMg] decimal? StrengthMg = null,
        AdministrationRoute? Route = null,
        [property: Range(1, 4)] int TimesPerDay = 1,
        TimeOnly? TimeOfDay = null,
        DateOnly? EndsOn = null,
        [property: NotBlank(500)] string? Indication = null,
        CompoundingBody? Compounding = null,
        [property: NotBlank(200)] string? Prescriber = null,
        [property: MaxLength(OrderSafety.MaxOverrides)] IReadOnlyList<OverrideBody>? Overrides = null,
        Source? Source = null);

    public sealed record CompoundingBody(
        [property: StringLength(200)] string? Pharmacy = null, [property: StringLength(200)] string? Filler = null,
        [property: StringLength(100)] string? Lot = null, DateOnly? BeyondUseDate = null);

    public sealed record Command(PatientId PatientId, Request Prescription) : ICommand<Result<PrescriptionResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/prescriptions", Post)
        .WithName(nameof(WritePrescription))
        .WithSummary("Write a prescription")
        .WithDescription("A draft: nothing is taken until it is activated, and then the rules are asked again.")
        .IsHeldAgainstOrderRules()
        .NeedsScope(Scopes.Prescribe);

    private static async Task<Results<Created<PrescriptionResponse>, ProblemHttpResult>> Post(
        PatientId patientId, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, request), ct)).ToCreated(p => $"/api/v1/patients/{patientId}/prescriptions/{p.Id}");

    public sealed class Handler(LdnDbContext db, OrderSafety safety, TimeProvider clock) : ICommandHandler<Command, Result<PrescriptionResponse>>
    {
        public async Task<Result<PrescriptionResponse>> Handle(Command command, CancellationToken ct)
        {
            var patient = db.Locked(command.PatientId);
            var asked = command.Prescription;
            if (asked.EndsOn < asked.StartsOn)
            {
                return Problem.Refused("invalid-period", "The period ends before it begins.", "$.endsOn", "Must not be before startsOn.");
            }

            return await OrderedDose.Of(asked.DoseMg, asked.DoseQuantity, asked.TimesPerDay).ThenAsync(dose => WriteAsync(patient, asked, dose, ct));
        }

        private async Task<Result<PrescriptionResponse>> WriteAsync(Patient patient, Request asked, OrderedDose dose, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var prescription = new Prescription
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<PrescriptionId>(),
                PatientId = patient.Id,
                DoseMg = dose.MgPerDay,
                StartsOn = asked.StartsOn,
                Form = asked.Form,
                StrengthMg = asked.StrengthMg,
                Route = asked.Route,
                TimesPerDay = asked.TimesPerDay,
                TimeOfDay = asked.TimeOfDay,
                EndsOn = asked.EndsOn,
                Indication = asked.Indication,
                Compounding = asked.Compounding is { } c ? new Compounding(c.Pharmacy, c.Filler, c.Lot, c.BeyondUseDate) : null,
                Prescriber = asked.Prescriber,
                SourceSystem = asked.Source?.System,
                SourceId = asked.Source?.Id,
                RecordedAt = now,
            };
            var findings = await safety.CheckAsync(patient, prescription, asked.StartsOn, dose.MgPerDay, asked.Overrides, now, ct, dose.IsFromMicrograms);
            return await findings.ThenAsync<PrescriptionResponse>(async found =>
            {
                db.Prescriptions.Add(prescription);
                return await db.SaveSourcedAsync(ct) is { } taken ? taken : PrescriptionResponse.Of(prescription) with { Findings = found };
            });
        }
    }
}
