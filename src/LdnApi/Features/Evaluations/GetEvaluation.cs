using LdnApi.Auth;
using LdnApi.Clinical.Rules;
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
    /// <param name="KnownAt">The moment whose knowledge and settings it rests on.</param>
    /// <param name="SettingsVersion">The version of the clinic's settings that was in force then.</param>
    /// <param name="Baseline">The patient's own anxiety before treatment, 0–10, as the rules take it.</param>
    /// <param name="Days">Daily anxiety, 0–10, of every reported day.</param>
    public sealed record Response(
        PatientId PatientId, DateOnly AsOf, DateTimeOffset KnownAt, string RuleSetVersion, long SettingsVersion, DateOnly? DayZero, decimal? Baseline,
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
        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            return (await reader.ReadAsOfAsync(patient, query.AsOf, clock.GetUtcNow(), ct)).Match<Result<Response>>(
                known =>
                {
                    var evaluation = RuleEngine.Evaluate(known.Facts, known.Settings.Settings, known.Day, known.LastCompletedDay);
                    return new Response(
                        patient.Id, known.Day, known.KnownAt, RuleCatalogue.RuleSetVersion, known.Settings.Version, evaluation.DayZero, evaluation.Baseline,
                        evaluation.Families, evaluation.Events, evaluation.Open, evaluation.Days);
                },
                problem => problem);
        }
    }
}
