using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Statistics;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Insights;

/// <summary>How far a patient's anxiety goes along with the dose, its changes and the time of intake. Reading changes nothing.</summary>
public static class GetAssociation
{
    /// <param name="KnownAt">The moment whose knowledge it rests on.</param>
    /// <param name="Caution">What must be said with every number here.</param>
    /// <param name="From">The first day looked at; at most a year back.</param>
    /// <param name="DoseChanges">Each change of the dose, the start included, in order of day.</param>
    public sealed record Response(
        PatientId PatientId, DateOnly AsOf, DateTimeOffset KnownAt, string Caution, DateOnly From,
        IReadOnlyList<DoseChangeAssociation> DoseChanges, DoseAssociation Dose, TimingAssociation Timing, TrendAssociation Trend);

    public sealed record Query(PatientId PatientId, DateOnly? AsOf) : IQuery<Result<Response>>, IConcernsPatient, IMayBeSecondsOld;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/association", Get)
        .WithName(nameof(GetAssociation))
        .WithSummary("Read how far anxiety goes along with dose change, dose and timing of intake")
        .WithDescription("Under its minimum of data a question is answered `insufficient-data` with what is still needed, and no number. "
            + "`asOf` is a clinical day, today when absent. A past day is looked at as it was known when it ended.")
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
                    var found = AssociationAnalysis.Of(known.Facts, known.Settings.Settings, known.Day);
                    return new Response(
                        patient.Id, known.Day, known.KnownAt, Association.Caution, found.From, found.DoseChanges, found.Dose, found.Timing, found.Trend);
                },
                problem => problem);
        }
    }
}
