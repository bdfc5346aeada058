using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Titration;

/// <summary>Works out what would come of a titration, running or not yet made, and of other ways to go on. Stores nothing.</summary>
public static class SimulateTitration
{
    private const string Notice =
        "Arithmetic on the plan, the calendar and the capsules, with the guardrails as things stand today. It is no pharmacokinetic prediction and no advice; nothing is stored.";

    private const int UsualRefillDays = 30;
    private const int UsualLeadDays = 7;

    private static readonly AlternativeBody[] Usual = [new(HoldDays: 14), new(MaxStepMg: 0.5m)];

    /// <summary>Capsules or tablets at hand.</summary>
    /// <param name="StrengthMg">mg each.</param>
    /// <param name="Count">How many.</param>
    public sealed record SupplyBody([property: DoseMg] decimal StrengthMg, [property: Range(0, 100_000)] int Count);

    /// <summary>Another way to go on.</summary>
    /// <param name="HoldDays">Stay so many days longer at the present dose, or at the first.</param>
    /// <param name="MaxStepMg">Put doses in between wherever an increase to come is larger; each takes as long as the dose from which it rises.</param>
    public sealed record AlternativeBody([property: Range(1, 365)] int? HoldDays = null, [property: DoseMg] decimal? MaxStepMg = null);

    public record Request
    {
        /// <summary>The strengths that can be had, mg each: at most 6 with those of the supply. When absent that of the prescription.</summary>
        [DoseMg, MinLength(1), MaxLength(Capsules.MaxStrengths)]
        public IReadOnlyList<decimal>? StrengthsMg { get; init; }

        /// <summary>What is at hand. When absent nothing is said of gaps, and refills begin with the first day.</summary>
        [MaxLength(Capsules.MaxStrengths)]
        public IReadOnlyList<SupplyBody>? Supply { get; init; }

        /// <summary>How many days a refill lasts; 30 when absent.</summary>
        [Range(1, 365)]
        public int? RefillDays { get; init; }

        /// <summary>How many days before it is needed a refill is ordered; 7 when absent.</summary>
        [Range(0, 60)]
        public int? LeadDays { get; init; }

        /// <summary>How many days to look at; when absent until four weeks beyond the target.</summary>
        [Range(1, TitrationSimulation.MaxDays)]
        public int? Days { get; init; }

        /// <summary>Other ways to go on. When absent a hold of 14 days, and steps of 0.5 mg where these are not too many.</summary>
        [MaxLength(6)]
        public IReadOnlyList<AlternativeBody>? Alternatives { get; init; }
    }

    /// <summary>A plan that does not exist yet: a preset, one of the clinic's templates, or steps of one's own.</summary>
    public sealed record PlanRequest : Request
    {
        /// <summary>The prescription that it would be for. When absent it counts as one more beside those that the patient takes.</summary>
        public PrescriptionId? PrescriptionId { get; init; }

        /// <summary>The first day; today when absent or past.</summary>
        public DateOnly? StartsOn { get; init; }

        [StringLength(60)]
        public string? Preset { get; init; }

        public TitrationTemplateId? TemplateId { get; init; }

        [MinLength(1), MaxLength(StepBody.MaxCount)]
        public IReadOnlyList<StepBody>? Steps { get; init; }
    }

    /// <param name="AsOf">The day on which it was worked out, where the patient lives.</param>
    public sealed record Response(string Notice, DateOnly AsOf, SimulatedPlan Plan, IReadOnlyList<Alternative> Alternatives);

    /// <param name="DaysLater">Days by which the target is reached later than by the plan.</param>
    /// <param name="HoldDays">Days stayed longer at the present dose, or at the first.</param>
    /// <param name="MaxStepMg">The largest increase of mg per day that is left.</param>
    public sealed record Alternative(int? HoldDays, decimal? MaxStepMg, int DaysLater, SimulatedPlan Plan);

    /// <param name="Id">The schedule; null for the plan that <paramref name="Request"/> gives.</param>
    public sealed record Query(PatientId PatientId, TitrationScheduleId? Id, Request Request) : IQuery<Result<Response>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        patient.MapPost("/titration-schedules/simulate", PostPlan).WithName("SimulatePlan")
            .WithSummary("Work out what would come of a titration that does not exist yet").WithDescription(Notice).OnlyReads().NeedsScope(Scopes.ClinicalRead);
        patient.MapPost("/titration-schedules/{titrationScheduleId}/simulate", PostSchedule).WithName(nameof(SimulateTitration))
            .WithSummary("Work out what would come of a titration").WithDescription($"An overdue step is expected today, and a hold to end today. {Notice}").OnlyReads().NeedsScope(Scopes.ClinicalRead);
    }

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> PostPlan(PatientId patientId, PlanRequest request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, null, request), ct)).ToOk();

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> PostSchedule(
        PatientId patientId, TitrationScheduleId titrationScheduleId, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, titrationScheduleId, request), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, OrderSafety safety, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        private static Problem TooManySteps(int place) => Problem.Refused(
            "too-many-steps", "Increases as small as that make too many steps.", $"$.alternatives[{place}].maxStepMg",
            $"Must reach the target within {TitrationPlan.MaxSteps} steps, those taken included.");

        /// <param name="Prescription">The one that the plan is for; null when it is for none yet.</param>
        private sealed record Subject(TitrationPlan Plan, Prescription? Prescription);

        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            var today = patient.DayAt(clock.GetUtcNow());
            var prescriptions = await db.Prescriptions.AsNoTracking().Where(p => p.PatientId == query.PatientId).ToListAsync(ct);
            return await (await SubjectAsync(query, prescriptions, today, ct)).ThenAsync(subject =>
                InputOf(query.Request, subject.Prescription).ThenAsync<Response>(async input =>
                {
                    var expected = subject.Plan.ExpectedFrom(today);
                    var others = (query.Request.Alternatives ?? Usual).Select(a => (Asked: a, Plan: a.MaxStepMg is { } most ? expected.InStepsOfAtMost(most) : expected)).ToList();
                    if (query.Request.Alternatives is not null && others.FindIndex(o => o.Plan is null) is >= 0 and var place)
                    {
                        return TooManySteps(place);
                    }

                    var check = await CheckAsync(patient, subject, today, ct);
                    var plan = TitrationSimulation.Run(subject.Plan, today, input, check);
                    return new Response(Notice, today, plan, [.. others.Where(o => o.Plan is not null).Select(o =>
                    {
                        var (asked, other) = (o.Asked, o.Plan!);
                        var result = TitrationSimulation.Run(asked.HoldDays is { } days ? other.HeldFor(days) : other, today, input, check);
                        return new Alternative(asked.HoldDays, asked.MaxStepMg, result.TargetOn.DayNumber - plan.TargetOn.DayNumber, result);
                    })]);
                }));
        }

        private async Task<Result<Subject>> SubjectAsync(Query query, List<Prescription> prescriptions, DateOnly today, CancellationToken ct)
        {
            if (query.Request is PlanRequest asked)
            {
                var prescription = prescriptions.Find(p => p.Id == asked.PrescriptionId);
                var startsOn = asked.StartsOn is { } day && day > today ? day : today;
                return asked.PrescriptionId is not null && prescription is null
                    ? Problem.Refused("unknown-prescription", "The patient has no such prescription.", "$.prescriptionId", "Must be a prescription of this patient.")
                    : (await ChosenSteps.ReadAsync(db, asked.Preset, asked.TemplateId, asked.Steps, startsOn, ct)).Match<Result<Subject>>(
                        chosen => new Subject(TitrationPlan.Create(startsOn, chosen.Steps), prescription), problem => problem);
            }

            return await db.TitrationSchedules.AsNoTracking().SingleOrDefaultAsync(s => s.PatientId == query.PatientId && s.Id == query.Id, ct) switch
            {
                null => Problem.NotFound,
                { Plan.Allowed.Count: 0 } ended => Problem.InvalidTransition(WireNames.NameOf(ended.Status)),
                var running => new Subject(running.Plan, prescriptions.Find(p => p.Id == running.PrescriptionId)),
            };
        }

        private static Result<SimulationInput> InputOf(Request asked, Prescription? prescription)
        {
            var supply = asked.Supply?.Select(s => new Capsules(s.StrengthMg, s.Count)).ToList();
            decimal[] strengths = [.. asked.StrengthsMg ?? (prescription?.StrengthMg is { } own && supply is null ? [own] : []), .. supply?.Select(s => s.StrengthMg) ?? []];
            return strengths.Distinct().Count() > Capsules.MaxStrengths
                ? Problem.Invalid("$.strengthsMg", $"Must be at most {Capsules.MaxStrengths} strengths with those of the supply.")
                : new SimulationInput(prescription?.TimesPerDay ?? 1, [.. strengths.Distinct()], supply, asked.RefillDays ?? UsualRefillDays, asked.LeadDays ?? UsualLeadDays, asked.Days);
        }

        /// <summary>The order-time rules, asked of a dose to come: what is known today, and the doses planned until then.</summary>
        private async Task<Func<DoseFact, IReadOnlyList<DoseFact>, IReadOnlyList<Finding>>> CheckAsync(Patient patient, Subject subject, DateOnly today, CancellationToken ct)
        {
            var known = await safety.ReadAsync(patient, subject.Prescription?.Id, ct);
            var taken = (subject.Prescription?.Doses ?? []).FindAll(d => d.On < today);
            return (order, before) => known.Check(
                new Prescription
                {
                    ClinicId = patient.ClinicId,
                    Id = subject.Prescription?.Id ?? default,
                    PatientId = patient.Id,
                    DoseMg = order.DoseMg,
                    StartsOn = order.On,
                    RecordedAt = default,
                    Doses = [.. taken, .. before.Select(d => new DoseChange(d.On, d.DoseMg, null))],
                },
                order.On, order.DoseMg);
        }
    }
}
