using System.ComponentModel.DataAnnotations;
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

/// <summary>Records what a person judges of the cause. What is left out stays as it was; what is given replaces what was, which stays in the history.</summary>
public static class AssessCausality
{
    /// <param name="Answers">The ten answers of the Naranjo scale, question 1 first. Score and category are worked out.</param>
    public sealed record NaranjoAnswers([property: MinLength(10), MaxLength(10)] IReadOnlyList<NaranjoAnswer> Answers);

    /// <param name="Category">WHO-UMC category.</param>
    /// <param name="Specific">Whether the event is held to be specific for the medicine.</param>
    public sealed record WhoUmcJudgement(WhoUmcCategory Category, bool? Specific = null);

    /// <param name="On">The day of the change of dose, as proposed by the review.</param>
    /// <param name="Verdict">Whether the response that is proposed is right.</param>
    public sealed record ChallengeJudgement(DateOnly On, ChallengeVerdict Verdict);

    /// <param name="Assessor">The person whose judgement it is.</param>
    /// <param name="Note">Said with it.</param>
    public sealed record Request(
        [property: NotBlank(200)] string Assessor,
        NaranjoAnswers? Naranjo = null,
        WhoUmcJudgement? WhoUmc = null,
        ChallengeJudgement? Dechallenge = null,
        ChallengeJudgement? Rechallenge = null,
        [property: NotBlank(2000)] string? Note = null);

    public sealed record Command(PatientId PatientId, AdverseEventId Id, IfMatch Read, Request Judgement) : ICommand<Result<AdverseEventResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/adverse-events/{adverseEventId}/assess-causality", Post)
        .WithName(nameof(AssessCausality))
        .WithSummary("Record a person's judgement of the cause: Naranjo, WHO-UMC, de- and rechallenge")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<AdverseEventResponse>, ProblemHttpResult>> Post(
        PatientId patientId, AdverseEventId adverseEventId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, adverseEventId, ifMatch, request), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, PatientFactsReader reader, ClinicSettings settings, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<AdverseEventResponse>>
    {
        public async Task<Result<AdverseEventResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (await db.AdverseEvents.SingleOrDefaultAsync(e => e.PatientId == patient.Id && e.Id == command.Id, ct) is not { } adverseEvent)
            {
                return Problem.NotFound;
            }

            if (adverseEvent.Version != command.Read.Version)
            {
                return Problem.StaleAt(adverseEvent.Version);
            }

            if (adverseEvent.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(adverseEvent.Status));
            }

            var said = command.Judgement;
            if (said is { Naranjo: null, WhoUmc: null, Dechallenge: null, Rechallenge: null })
            {
                return Problem.Invalid("$", "Must give naranjo, whoUmc, dechallenge or rechallenge.");
            }

            var proposed = said.Dechallenge is null && said.Rechallenge is null ? []
                : Challenges.Of(await reader.ReadAsync(patient, ct), (await settings.CurrentAsync(ct)).Settings, patient.DayAt(now), adverseEvent.Term, adverseEvent.OnsetOn);
            var dechallenge = Find(proposed, ChallengeKind.Dechallenge, said.Dechallenge);
            var rechallenge = Find(proposed, ChallengeKind.Rechallenge, said.Rechallenge);
            if (said.Dechallenge is not null && dechallenge is null)
            {
                return NotProposed("$.dechallenge.on");
            }

            if (said.Rechallenge is not null && rechallenge is null)
            {
                return NotProposed("$.rechallenge.on");
            }

            var by = new Judgement(said.Assessor, caller.Subject, now, said.Note);
            var before = adverseEvent.Causality ?? new Causality();
            adverseEvent.Causality = new Causality(
                said.Naranjo is { } n ? Scored(n.Answers, by) : before.Naranjo,
                said.WhoUmc is { } w ? new WhoUmcAssessment(w.Category, w.Specific, by) : before.WhoUmc,
                dechallenge is null ? before.Dechallenge : new ChallengeAssessment(said.Dechallenge!.Verdict, dechallenge, by),
                rechallenge is null ? before.Rechallenge : new ChallengeAssessment(said.Rechallenge!.Verdict, rechallenge, by));
            adverseEvent.ChangeReason = said.Note ?? "causality assessed";
            await db.SaveChangesAsync(ct);
            return AdverseEventResponse.Of(adverseEvent);
        }

        private static NaranjoAssessment Scored(IReadOnlyList<NaranjoAnswer> answers, Judgement by)
        {
            var (score, category) = Naranjo.Score(answers);
            return new NaranjoAssessment(answers, score, category, by);
        }

        private static Challenge? Find(IReadOnlyList<Challenge> proposed, ChallengeKind kind, ChallengeJudgement? said) =>
            said is null ? null : proposed.SingleOrDefault(c => c.Kind == kind && c.On == said.On && c.Response != ChallengeResponse.InsufficientData);

        private static Problem NotProposed(string path) => Problem.Refused(
            "nothing-proposed", "There is nothing of the kind to confirm or refute on that day.", path, "Must be the day of a proposal of the review that has enough data.");
    }
}
