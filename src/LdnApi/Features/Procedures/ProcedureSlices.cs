using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Validation;

namespace LdnApi.Features.Procedures;

/// <summary>A procedure that is planned.</summary>
/// <param name="Text">The procedure in words.</param>
public sealed record ProcedureBody(DateOnly PlannedOn, [property: NotBlank(200)] string? Text = null, Source? Source = null);

/// <summary>A procedure as read.</summary>
public sealed record ProcedureResponse(
    ProcedureId Id, PatientId PatientId, DateOnly PlannedOn, string? Text, Source? Source, ProcedureStatus Status, DateTimeOffset RecordedAt, long Version) : IVersioned
{
    internal static ProcedureResponse Of(Procedure p) => new(p.Id, p.PatientId, p.PlannedOn, p.Text, p.Source(), p.Status, p.RecordedAt, p.Version);
}

/// <summary>Plans a procedure. Orders in the days before it are warned of.</summary>
public static class PlanProcedure
{
    public sealed record Command(PatientId PatientId, ProcedureBody Procedure) : ICommand<Result<ProcedureResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/procedures", Post)
        .WithName(nameof(PlanProcedure))
        .WithSummary("Record a planned procedure")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Created<ProcedureResponse>, ProblemHttpResult>> Post(
        PatientId patientId, ProcedureBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, request), ct)).ToCreated(p => $"/api/v1/patients/{patientId}/procedures/{p.Id}");

    public sealed class Handler(LdnDbContext db, TimeProvider clock) : ICommandHandler<Command, Result<ProcedureResponse>>
    {
        public async Task<Result<ProcedureResponse>> Handle(Command command, CancellationToken ct)
        {
            var patient = db.Locked(command.PatientId);
            var procedure = new Procedure
            {
                ClinicId = patient.ClinicId,
                Id = EntityId.New<ProcedureId>(),
                PatientId = patient.Id,
                PlannedOn = command.Procedure.PlannedOn,
                Text = command.Procedure.Text,
                SourceSystem = command.Procedure.Source?.System,
                SourceId = command.Procedure.Source?.Id,
                RecordedAt = clock.GetUtcNow(),
            };
            db.Procedures.Add(procedure);
            return await db.SaveSourcedAsync(ct) is { } taken ? taken : ProcedureResponse.Of(procedure);
        }
    }
}

/// <summary>Says that a procedure will not take place, or should never have been recorded.</summary>
public static class CancelProcedure
{
    [ValidatableType]
    public sealed record Request([property: NotBlank(500)] string Reason);

    public sealed record Command(PatientId PatientId, ProcedureId Id, IfMatch Read, ProcedureStatus Status, string Reason)
        : ICommand<Result<ProcedureResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        patient.MapPost("/procedures/{procedureId}/cancel", PostCancel)
            .WithName("CancelProcedure").WithSummary("Record that a procedure will not take place").NeedsScope(Scopes.ClinicalWrite);
        patient.MapPost("/procedures/{procedureId}/retract", PostRetract)
            .WithName("RetractProcedure").WithSummary("Retract a procedure").NeedsScope(Scopes.ClinicalWrite);
    }

    private static async Task<Results<Ok<ProcedureResponse>, ProblemHttpResult>> PostCancel(
        PatientId patientId, ProcedureId procedureId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, procedureId, ifMatch, ProcedureStatus.NotDone, request.Reason), ct)).ToOk();

    private static async Task<Results<Ok<ProcedureResponse>, ProblemHttpResult>> PostRetract(
        PatientId patientId, ProcedureId procedureId, IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(patientId, procedureId, ifMatch, ProcedureStatus.EnteredInError, request.Reason), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : ICommandHandler<Command, Result<ProcedureResponse>>
    {
        public async Task<Result<ProcedureResponse>> Handle(Command command, CancellationToken ct)
        {
            if (await db.Procedures.SingleOrDefaultAsync(p => p.PatientId == command.PatientId && p.Id == command.Id, ct) is not { } procedure)
            {
                return Problem.NotFound;
            }

            if (procedure.Version != command.Read.Version)
            {
                return Problem.StaleAt(procedure.Version);
            }

            if (procedure.Status != ProcedureStatus.Preparation)
            {
                return Problem.InvalidTransition(WireNames.NameOf(procedure.Status));
            }

            (procedure.Status, procedure.ChangeReason) = (command.Status, command.Reason);
            await db.SaveChangesAsync(ct);
            return ProcedureResponse.Of(procedure);
        }
    }
}

/// <summary>Reads one procedure.</summary>
public static class GetProcedure
{
    public sealed record Query(PatientId PatientId, ProcedureId Id) : IQuery<Result<ProcedureResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(Procedure);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/procedures/{procedureId}", Get)
        .WithName(nameof(GetProcedure))
        .WithSummary("Read a procedure")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<ProcedureResponse>, ProblemHttpResult>> Get(
        PatientId patientId, ProcedureId procedureId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, procedureId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<ProcedureResponse>>
    {
        public async Task<Result<ProcedureResponse>> Handle(Query query, CancellationToken ct) =>
            await db.Procedures.AsNoTracking().SingleOrDefaultAsync(p => p.PatientId == query.PatientId && p.Id == query.Id, ct) is { } found
                ? ProcedureResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's procedures, latest planned first.</summary>
public static class ListProcedures
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<ProcedureResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/procedures", Get)
        .WithName(nameof(ListProcedures))
        .WithSummary("List a patient's procedures, latest planned first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<ProcedureResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<ProcedureResponse>>>
    {
        private sealed record Key(DateOnly PlannedOn, Guid Id);

        public Task<Result<Page<ProcedureResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<ProcedureResponse>>(async after =>
            {
                var found = db.Procedures.AsNoTracking().Where(p => p.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new ProcedureId(after.Id);
                    found = found.Where(p => p.PlannedOn < after.PlannedOn || (p.PlannedOn == after.PlannedOn && p.Id < id));
                }

                var page = await found.OrderByDescending(p => p.PlannedOn).ThenByDescending(p => p.Id).Take(query.Limit + 1).ToListAsync(ct);
                return page.ConvertAll(ProcedureResponse.Of).ToPage(query.Limit, p => new Key(p.PlannedOn, p.Id.Value));
            });
        }
    }
}
