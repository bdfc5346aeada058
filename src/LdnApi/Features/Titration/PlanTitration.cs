using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LdnApi.Features.Titration;

/// <summary>Plans how a prescription's dose is brought to its target. The plan moves only when someone moves it.</summary>
public static class PlanTitration
{
    /// <summary>A preset, one of the clinic's templates, or steps of one's own.</summary>
    public sealed record Request(
        PrescriptionId PrescriptionId,
        DateOnly StartsOn,
        [property: StringLength(60)] string? Preset = null,
        TitrationTemplateId? TemplateId = null,
        [property: MinLength(1), MaxLength(StepBody.MaxCount)] IReadOnlyList<StepBody>? Steps = null);

    public sealed record Command(PatientId PatientId, Request Schedule) : ICommand<Result<ScheduleResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/titration-schedules", Post)
        .WithName(nameof(PlanTitration))
        .WithSummary("Plan a titration")
        .WithDescription($"Presets: {string.Join(", ", TitrationPresets.All.Select(p => $"`{p.Name}`"))}.")
        .NeedsScope(Scopes.Prescribe);

    private static async Task<Results<Created<ScheduleResponse>, ProblemHttpResult>> Post(
        PatientId patientId, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, request), ct)).ToCreated(s => $"/api/v1/patients/{patientId}/titration-schedules/{s.Id}");

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : ICommandHandler<Command, Result<ScheduleResponse>>
    {
        private static readonly Problem Running = new(
            "titration-already-running", StatusCodes.Status409Conflict, "The prescription has a titration that is planned, active or held.");

        public async Task<Result<ScheduleResponse>> Handle(Command command, CancellationToken ct)
        {
            var patient = db.Locked(command.PatientId);
            var asked = command.Schedule;
            return await (await ChosenSteps.ReadAsync(db, asked.Preset, asked.TemplateId, asked.Steps, asked.StartsOn, ct)).ThenAsync<ScheduleResponse>(async chosen =>
            {
                if (await db.Prescriptions.AsNoTracking().SingleOrDefaultAsync(p => p.PatientId == patient.Id && p.Id == asked.PrescriptionId, ct) is not { } prescription)
                {
                    return Problem.Refused("unknown-prescription", "The patient has no such prescription.", "$.prescriptionId", "Must be a prescription of this patient.");
                }

                if (prescription.HasEnded)
                {
                    return Problem.Refused("prescription-ended", "The prescription has ended.", "$.prescriptionId", "Must be a draft, active or on hold.");
                }

                var plan = TitrationPlan.Create(asked.StartsOn, chosen.Steps);
                var schedule = new TitrationSchedule
                {
                    ClinicId = patient.ClinicId,
                    Id = EntityId.New<TitrationScheduleId>(),
                    PatientId = patient.Id,
                    PrescriptionId = asked.PrescriptionId,
                    Preset = asked.Preset,
                    TemplateId = chosen.Template?.Id,
                    TemplateVersion = chosen.Template?.Version,
                    Plan = plan,
                    Status = plan.Status,
                    RecordedAt = clock.GetUtcNow(),
                };
                db.TitrationSchedules.Add(schedule);
                try
                {
                    await db.SaveChangesAsync(ct);
                }
                catch (DbUpdateException e) when (e.InnerException is PostgresException { ConstraintName: TitrationSchedule.OneRunning })
                {
                    return Running;
                }

                return ScheduleResponse.Of(schedule, patient.DayAt(schedule.RecordedAt));
            });
        }
    }
}
