using LdnApi.Auth;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.AdverseEvents;

/// <summary>What a reviewer of an adverse event needs beside the record: worked out when it is read, and recorded nowhere.</summary>
public static class ReviewAdverseEvent
{
    public sealed record CriterionMet(MinimumCriterion Criterion, bool Met);

    /// <summary>The regulatory clock of a serious event.</summary>
    /// <param name="ReceivedOn">When it first became known. Nothing that becomes known later moves it.</param>
    /// <param name="DueOn">First received + 15 days.</param>
    /// <param name="DaysLeft">From today, where the patient lives; below 0 when overdue.</param>
    public sealed record RegulatoryClock(DateOnly ReceivedOn, DateOnly DueOn, int DaysLeft);

    /// <param name="Version">Of the adverse event that was looked at: the one to name in If-Match.</param>
    /// <param name="MinimumCriteria">The four minimum criteria of a safety report, one by one.</param>
    /// <param name="Clock">Absent for an event that is not serious, or was retracted.</param>
    /// <param name="SeriousnessInQuestion">CTCAE grade 4 or 5, and neither life-threatening nor death is among the seriousness criteria.</param>
    /// <param name="Proposals">De- and rechallenges with their evidence, for a clinician to confirm or refute with <c>assess-causality</c>.</param>
    /// <param name="Suggestion">A WHO-UMC category with its reasons: a suggestion for a person to choose by.</param>
    public sealed record Response(
        AdverseEventId AdverseEventId, long Version, bool Complete, IReadOnlyList<CriterionMet> MinimumCriteria, RegulatoryClock? Clock, bool SeriousnessInQuestion,
        IReadOnlyList<Challenge> Proposals, CausalitySuggestion Suggestion);

    public sealed record Query(PatientId PatientId, AdverseEventId Id) : IQuery<Result<Response>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/adverse-events/{adverseEventId}/review", Get)
        .WithName(nameof(ReviewAdverseEvent))
        .WithSummary("Read what an adverse event lacks, its regulatory clock, proposed de- and rechallenges and a suggested cause category")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(PatientId patientId, AdverseEventId adverseEventId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, adverseEventId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, PatientFactsReader reader, ClinicSettings clinic, TimeProvider clock) : IQueryHandler<Query, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            if (await db.AdverseEvents.AsNoTracking().SingleOrDefaultAsync(e => e.PatientId == patient.Id && e.Id == query.Id, ct) is not { } adverseEvent)
            {
                return Problem.NotFound;
            }

            var today = patient.DayAt(clock.GetUtcNow());
            var facts = await reader.ReadAsync(patient, ct);
            var settings = (await clinic.CurrentAsync(ct)).Settings;
            var missing = adverseEvent.MissingCriteria();
            var proposals = Challenges.Of(facts, settings, today, adverseEvent.Term, adverseEvent.OnsetOn);
            var judged = adverseEvent.Causality;
            return new Response(
                adverseEvent.Id, adverseEvent.Version, missing.Count == 0, [.. Enum.GetValues<MinimumCriterion>().Select(c => new CriterionMet(c, !missing.Contains(c)))],
                adverseEvent.RegulatoryDueOn is { } due ? new RegulatoryClock(adverseEvent.FirstReceivedOn, due, due.DayNumber - today.DayNumber) : null,
                adverseEvent.CtcaeGrade >= 4 && !adverseEvent.Seriousness.Exists(s => s is SeriousnessCriterion.LifeThreatening or SeriousnessCriterion.Death),
                proposals,
                CausalityAdvice.Suggest(facts, settings, today, adverseEvent.OnsetOn,
                    IsPositive(proposals, ChallengeKind.Dechallenge, judged?.Dechallenge), IsPositive(proposals, ChallengeKind.Rechallenge, judged?.Rechallenge),
                    judged?.WhoUmc?.Specific == true));
        }

        /// <summary>What a clinician has said of it counts; else what is found, except on a day of which a clinician said otherwise.</summary>
        private static bool IsPositive(IReadOnlyList<Challenge> proposals, ChallengeKind kind, ChallengeAssessment? judged) => judged is { Verdict: ChallengeVerdict.Confirmed }
            ? judged.Evidence.Response == ChallengeResponse.Positive
            : proposals.Any(p => p.Kind == kind && p.Response == ChallengeResponse.Positive && p.On != judged?.Evidence.On);
    }
}
