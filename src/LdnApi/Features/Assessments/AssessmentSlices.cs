using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Clinical.Assessments;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Assessments;

/// <summary>A questionnaire and its answers.</summary>
/// <param name="Answers">One a question, in order; null = not answered. GAD-7, GAD-2 and PHQ-9: 0–3. C-SSRS screener: 0 no, 1 yes.</param>
/// <param name="TakenOn">The clinical day on which it was filled in.</param>
public sealed record AssessmentBody(
    Instrument Instrument, [property: MinLength(2), MaxLength(9), EachRange(0, 3)] IReadOnlyList<int?> Answers, DateOnly TakenOn, Source? Source = null)
    : ICarriesSelfHarmSign
{
    private const int SelfHarmItem = 8;

    public static bool CarriesSign(JsonElement json)
    {
        return WireBody.ValuesOf(json, "instrument").Any(instrument => WireBody.ValuesOf(json, "answers").Where(a => a.ValueKind == JsonValueKind.Array).Any(answers => WireBody.TextOf(instrument) switch
        {
            "phq-9" => answers.GetArrayLength() > SelfHarmItem && IsPositive(answers[SelfHarmItem]),
            "c-ssrs" => answers.EnumerateArray().Any(IsPositive),
            _ => false,
        }));

        static bool IsPositive(JsonElement answer) =>
            answer.ValueKind == JsonValueKind.True || (answer.ValueKind == JsonValueKind.Number && answer.TryGetDecimal(out var value) && value >= 1);
    }
}

/// <summary>An assessment as read.</summary>
/// <param name="Total">Points; absent while an answer is.</param>
/// <param name="Band">The published band of the total.</param>
public sealed record AssessmentResponse(
    AssessmentId Id, PatientId PatientId, Instrument Instrument, DateOnly TakenOn, IReadOnlyList<int?> Answers, int? Total, string? Band, bool Complete,
    Source? Source, RecordStatus Status, DateTimeOffset RecordedAt, long Version, IReadOnlyList<ChangedFollowUp>? FollowUps) : IVersioned
{
    internal static AssessmentResponse Of(Assessment a, IReadOnlyList<ChangedFollowUp>? followUps = null) => new(
        a.Id, a.PatientId, a.Instrument, a.TakenOn, a.Answers, a.Total, a.Band, a.Total is not null, a.Source(), a.Status, a.RecordedAt, a.Version, followUps);
}

/// <summary>Records a questionnaire and scores it.</summary>
public static class RecordAssessment
{
    public sealed record Command(PatientId PatientId, AssessmentBody Assessment) : ICommand<Result<AssessmentResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/assessments", Post)
        .Accepts<AssessmentBody>("application/json")
        .WithName(nameof(RecordAssessment))
        .WithSummary("Record an assessment; the server scores it")
        .WithDescription("A screening result is not a diagnosis. An answer that tells of self-harm raises its follow-up even when the rest is refused.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<AssessmentResponse>, ProblemHttpResult>> Post(
        PatientId patientId, Submission<AssessmentBody> submission, IMediator mediator, CancellationToken ct) =>
        (await submission.Body.ThenAsync(body => mediator.Send(new Command(patientId, body), ct))).ToCreated(a => $"/api/v1/patients/{patientId}/assessments/{a.Id}");

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<AssessmentResponse>>
    {
        public async Task<Result<AssessmentResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            var taken = command.Assessment;
            if (AssessmentScoring.Validate(taken.Instrument, taken.Answers) is { } wrong)
            {
                return Problem.Invalid("$.answers", wrong);
            }

            if (taken.TakenOn > patient.DayAt(now))
            {
                return Problem.Refused("date-in-future", "A day lies in the future.", "$.takenOn", "Must not be after today, where the patient lives.");
            }

            var score = AssessmentScoring.Score(taken.Instrument, taken.Answers);
            var assessment = new Assessment
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<AssessmentId>(),
                PatientId = patient.Id,
                Instrument = taken.Instrument,
                TakenOn = taken.TakenOn,
                Answers = [.. taken.Answers],
                Total = score.Total,
                Band = score.Band,
                SelfHarmPositive = score.SelfHarmPositive,
                SourceSystem = taken.Source?.System,
                SourceId = taken.Source?.Id,
                RecordedAt = now,
            };
            db.Assessments.Add(assessment);
            return await db.SaveSourcedAsync(ct) is { } refused ? refused : AssessmentResponse.Of(assessment, await monitor.ReviewAsync(patient, now, ct));
        }
    }
}

/// <summary>Retracts an assessment that should never have been: it counts no more and stays readable.</summary>
public static class RetractAssessment
{
    public sealed record Request([property: NotBlank(500)] string Reason);

    public sealed record Command(PatientId PatientId, AssessmentId Id, IfMatch Read, string Reason) : ICommand<Result<AssessmentResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/assessments/{assessmentId}/retract", Post)
        .WithName(nameof(RetractAssessment))
        .WithSummary("Retract an assessment")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<AssessmentResponse>, ProblemHttpResult>> Post(
        PatientId patientId, AssessmentId assessmentId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, assessmentId, ifMatch, request.Reason), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<AssessmentResponse>>
    {
        public async Task<Result<AssessmentResponse>> Handle(Command command, CancellationToken ct)
        {
            var patient = db.Locked(command.PatientId);
            if (await db.Assessments.SingleOrDefaultAsync(a => a.PatientId == patient.Id && a.Id == command.Id, ct) is not { } assessment)
            {
                return Problem.NotFound;
            }

            if (assessment.Version != command.Read.Version)
            {
                return Problem.StaleAt(assessment.Version);
            }

            if (assessment.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(assessment.Status));
            }

            assessment.Status = RecordStatus.EnteredInError;
            assessment.ChangeReason = command.Reason;
            await db.SaveChangesAsync(ct);
            return AssessmentResponse.Of(assessment, await monitor.ReviewAsync(patient, clock.GetUtcNow(), ct));
        }
    }
}

/// <summary>Reads one assessment.</summary>
public static class GetAssessment
{
    public sealed record Query(PatientId PatientId, AssessmentId Id) : IQuery<Result<AssessmentResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(Assessment);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/assessments/{assessmentId}", Get)
        .WithName(nameof(GetAssessment))
        .WithSummary("Read an assessment")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<AssessmentResponse>, ProblemHttpResult>> Get(
        PatientId patientId, AssessmentId assessmentId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, assessmentId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<AssessmentResponse>>
    {
        public async Task<Result<AssessmentResponse>> Handle(Query query, CancellationToken ct) =>
            await db.Assessments.AsNoTracking().SingleOrDefaultAsync(a => a.PatientId == query.PatientId && a.Id == query.Id, ct) is { } found
                ? AssessmentResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's assessments, latest first.</summary>
public static class ListAssessments
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<AssessmentResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/assessments", Get)
        .WithName(nameof(ListAssessments))
        .WithSummary("List a patient's assessments, latest first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<AssessmentResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<AssessmentResponse>>>
    {
        private sealed record Key(DateOnly TakenOn, Guid Id);

        public Task<Result<Page<AssessmentResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<AssessmentResponse>>(async after =>
            {
                var found = db.Assessments.AsNoTracking().Where(a => a.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new AssessmentId(after.Id);
                    found = found.Where(a => a.TakenOn < after.TakenOn || (a.TakenOn == after.TakenOn && a.Id < id));
                }

                var page = await found.OrderByDescending(a => a.TakenOn).ThenByDescending(a => a.Id).Take(query.Limit + 1).ToListAsync(ct);
                return page.ConvertAll(a => AssessmentResponse.Of(a)).ToPage(query.Limit, a => new Key(a.TakenOn, a.Id.Value));
            });
        }
    }
}
