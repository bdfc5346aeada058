using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Time;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Evaluations;

/// <summary>What the rules say of a patient, raised or not, and why. Reading changes nothing.</summary>
public static class GetEvaluation
{
    /// <param name="KnownAt">The moment whose knowledge it rests on.</param>
    /// <param name="Days">Daily anxiety, 0–10, of every reported day.</param>
    public sealed record Response(
        PatientId PatientId, DateOnly AsOf, DateTimeOffset KnownAt, string RuleSetVersion, DateOnly? DayZero, decimal? Baseline,
        IReadOnlyList<FamilyEvaluation> Families, IReadOnlyList<RuleEvent> Events, IReadOnlyList<OpenFollowUp> Open, IReadOnlyList<DayAnxiety> Days);

    public sealed record Query(PatientId PatientId, DateOnly? AsOf) : IQuery<Result<Response>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/evaluation", Get)
        .WithName(nameof(GetEvaluation))
        .WithSummary("Read the verdict of every rule family with its reasons")
        .WithDescription("`asOf` is a clinical day, today when absent. A past day is evaluated as it was known when it ended; today counts as far as it is reported.")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(PatientId patientId, DateOnly? asOf, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, asOf), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, PatientFactsReader reader, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        private static readonly PatientFacts Nothing = new(null, null, [], [], [], [], []);

        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            var today = patient.DayAt(now);
            var asOf = query.AsOf ?? today;
            if (!Days.IsSane(asOf))
            {
                return Problem.Invalid("asOf", "Must be a day from 1900 to 2199.");
            }

            if (asOf > today)
            {
                return Problem.Refused("date-in-future", "A day lies in the future.", "asOf", "Must not be after today, where the patient lives.");
            }

            var live = asOf == today;
            var knownAt = live ? now : ClinicalDay.InstantOf(asOf.AddDays(1), TimeOnly.MinValue, patient.TimeZone).AddMicroseconds(-1);
            var facts = live ? await reader.ReadAsync(patient, ct) : await reader.ReadAsKnownAsync(patient, knownAt, ct) ?? Nothing;
            var evaluation = RuleEngine.Evaluate(facts, RuleSettings.Default, asOf, live ? asOf.AddDays(-1) : asOf);
            return new Response(
                patient.Id, asOf, knownAt, RuleCatalogue.RuleSetVersion, evaluation.DayZero, evaluation.Baseline,
                evaluation.Families, evaluation.Events, evaluation.Open, evaluation.Days);
        }
    }
}
