using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Observations;

/// <summary>A laboratory value or a test that orders are held against.</summary>
/// <param name="Code">LOINC: <c>alt</c> 1742-6, <c>ast</c> 1920-8, <c>egfr</c> 98979-8, <c>opioid-screen</c> 19295-5; <c>naloxone-challenge</c> has none.</param>
/// <param name="EffectiveOn">The clinical day of the sample or test.</param>
/// <param name="Value">ALT and AST: in the unit of <c>referenceHigh</c>, which is owed with them. eGFR: mL/min/1.73 m².</param>
/// <param name="ReferenceHigh">The laboratory's upper limit of normal; above 0.</param>
/// <param name="Interpretation">Of a screen or challenge: <c>positive</c> when opioids were found, or when naloxone brought on withdrawal.</param>
public sealed record ObservationBody(
    ObservationCode Code, DateOnly EffectiveOn, [property: Measured] decimal? Value = null, [property: Measured] decimal? ReferenceHigh = null, Interpretation? Interpretation = null,
    Source? Source = null)
{
    internal Problem? Refusal(DateOnly today)
    {
        var isTest = Code is ObservationCode.OpioidScreen or ObservationCode.NaloxoneChallenge;
        var hasLimit = Code is ObservationCode.Alt or ObservationCode.Ast;
        return (Value is null) != isTest ? Problem.Invalid("$.value", "Must be there for a value, and not for a screen or challenge.")
            : (Interpretation is not null) != isTest ? Problem.Invalid("$.interpretation", "Must be there for a screen or challenge, and not for a value.")
            : hasLimit ? ReferenceHigh > 0 ? InFuture(today) : Problem.Invalid("$.referenceHigh", "Must be there, above 0, for alt and ast.")
            : ReferenceHigh is not null ? Problem.Invalid("$.referenceHigh", "Must be there for alt and ast only.")
            : InFuture(today);
    }

    private Problem? InFuture(DateOnly today) => EffectiveOn > today
        ? Problem.Refused("date-in-future", "A day lies in the future.", "$.effectiveOn", "Must not be after today, where the patient lives.")
        : null;
}

/// <summary>An observation as read.</summary>
/// <param name="Value">ALT and AST: in the unit of <c>referenceHigh</c>. eGFR: mL/min/1.73 m².</param>
/// <param name="ReferenceHigh">The laboratory's upper limit of normal.</param>
/// <param name="TimesUpperLimit">ALT and AST: the value in upper limits of normal.</param>
public sealed record ObservationResponse(
    ObservationId Id, PatientId PatientId, ObservationCode Code, DateOnly EffectiveOn, decimal? Value, decimal? ReferenceHigh, decimal? TimesUpperLimit,
    Interpretation? Interpretation, Source? Source, RecordStatus Status, DateTimeOffset RecordedAt, long Version) : IVersioned
{
    internal static ObservationResponse Of(Observation o) => new(
        o.Id, o.PatientId, o.Code, o.EffectiveOn, o.Value, o.ReferenceHigh, o.ReferenceHigh is null ? null : decimal.Round(o.RuleValue!.Value, 4), o.Interpretation,
        o.Source(), o.Status, o.RecordedAt, o.Version);
}

/// <summary>Records an observation. The next order is held against it.</summary>
public static class RecordObservation
{
    public sealed record Command(PatientId PatientId, ObservationBody Observation) : ICommand<Result<ObservationResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/observations", Post)
        .WithName(nameof(RecordObservation))
        .WithSummary("Record a laboratory value or test")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<ObservationResponse>, ProblemHttpResult>> Post(
        PatientId patientId, ObservationBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, request), ct)).ToCreated(o => $"/api/v1/patients/{patientId}/observations/{o.Id}");

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : ICommandHandler<Command, Result<ObservationResponse>>
    {
        public async Task<Result<ObservationResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            var taken = command.Observation;
            if (taken.Refusal(patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            var observation = new Observation
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<ObservationId>(),
                PatientId = patient.Id,
                Code = taken.Code,
                EffectiveOn = taken.EffectiveOn,
                Value = taken.Value,
                ReferenceHigh = taken.ReferenceHigh,
                Interpretation = taken.Interpretation,
                SourceSystem = taken.Source?.System,
                SourceId = taken.Source?.Id,
                RecordedAt = now,
            };
            db.Observations.Add(observation);
            return await db.SaveSourcedAsync(ct) is { } refused ? refused : ObservationResponse.Of(observation);
        }
    }
}

/// <summary>Retracts an observation that should never have been: it counts no more and stays readable.</summary>
public static class RetractObservation
{
    public sealed record Request([property: NotBlank(500)] string Reason);

    public sealed record Command(PatientId PatientId, ObservationId Id, IfMatch Read, string Reason) : ICommand<Result<ObservationResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/observations/{observationId}/retract", Post)
        .WithName(nameof(RetractObservation))
        .WithSummary("Retract an observation")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<ObservationResponse>, ProblemHttpResult>> Post(
        PatientId patientId, ObservationId observationId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, observationId, ifMatch, request.Reason), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : ICommandHandler<Command, Result<ObservationResponse>>
    {
        public async Task<Result<ObservationResponse>> Handle(Command command, CancellationToken ct)
        {
            if (await db.Observations.SingleOrDefaultAsync(o => o.PatientId == command.PatientId && o.Id == command.Id, ct) is not { } observation)
            {
                return Problem.NotFound;
            }

            if (observation.Version != command.Read.Version)
            {
                return Problem.StaleAt(observation.Version);
            }

            if (observation.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(observation.Status));
            }

            (observation.Status, observation.ChangeReason) = (RecordStatus.EnteredInError, command.Reason);
            await db.SaveChangesAsync(ct);
            return ObservationResponse.Of(observation);
        }
    }
}

/// <summary>Reads one observation.</summary>
public static class GetObservation
{
    public sealed record Query(PatientId PatientId, ObservationId Id) : IQuery<Result<ObservationResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(Observation);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/observations/{observationId}", Get)
        .WithName(nameof(GetObservation))
        .WithSummary("Read an observation")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<ObservationResponse>, ProblemHttpResult>> Get(
        PatientId patientId, ObservationId observationId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, observationId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<ObservationResponse>>
    {
        public async Task<Result<ObservationResponse>> Handle(Query query, CancellationToken ct) =>
            await db.Observations.AsNoTracking().SingleOrDefaultAsync(o => o.PatientId == query.PatientId && o.Id == query.Id, ct) is { } found
                ? ObservationResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's observations, latest first.</summary>
public static class ListObservations
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<ObservationResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/observations", Get)
        .WithName(nameof(ListObservations))
        .WithSummary("List a patient's observations, latest first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<ObservationResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<ObservationResponse>>>
    {
        private sealed record Key(DateOnly EffectiveOn, Guid Id);

        public Task<Result<Page<ObservationResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<ObservationResponse>>(async after =>
            {
                var found = db.Observations.AsNoTracking().Where(o => o.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new ObservationId(after.Id);
                    found = found.Where(o => o.EffectiveOn < after.EffectiveOn || (o.EffectiveOn == after.EffectiveOn && o.Id < id));
                }

                var page = await found.OrderByDescending(o => o.EffectiveOn).ThenByDescending(o => o.Id).Take(query.Limit + 1).ToListAsync(ct);
                return page.ConvertAll(ObservationResponse.Of).ToPage(query.Limit, o => new Key(o.EffectiveOn, o.Id.Value));
            });
        }
    }
}
