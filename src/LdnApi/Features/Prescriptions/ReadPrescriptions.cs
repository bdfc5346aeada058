using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using Mapster;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Prescriptions;

/// <summary>Reads one prescription.</summary>
public static class GetPrescription
{
    public sealed record Query(PatientId PatientId, PrescriptionId Id) : IQuery<Result<PrescriptionResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(Prescription);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/prescriptions/{prescriptionId}", Get)
        .WithName(nameof(GetPrescription))
        .WithSummary("Read a prescription")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<PrescriptionResponse>, ProblemHttpResult>> Get(
        PatientId patientId, PrescriptionId prescriptionId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, prescriptionId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<PrescriptionResponse>>
    {
        public async Task<Result<PrescriptionResponse>> Handle(Query query, CancellationToken ct) =>
            await db.Prescriptions.AsNoTracking().SingleOrDefaultAsync(p => p.PatientId == query.PatientId && p.Id == query.Id, ct) is { } found
                ? PrescriptionResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's prescriptions, oldest first.</summary>
public static class ListPrescriptions
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<PrescriptionResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/prescriptions", Get)
        .WithName(nameof(ListPrescriptions))
        .WithSummary("List a patient's prescriptions")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<PrescriptionResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<PrescriptionResponse>>>
    {
        private sealed record Key(DateOnly StartsOn, Guid Id);

        public Task<Result<Page<PrescriptionResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<PrescriptionResponse>>(async after =>
            {
                var found = db.Prescriptions.AsNoTracking().Where(p => p.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new PrescriptionId(after.Id);
                    found = found.Where(p => p.StartsOn > after.StartsOn || (p.StartsOn == after.StartsOn && p.Id > id));
                }

                var items = await found.OrderBy(p => p.StartsOn).ThenBy(p => p.Id).Take(query.Limit + 1).ProjectToType<PrescriptionResponse>().ToListAsync(ct);
                return items.ToPage(query.Limit, p => new Key(p.StartsOn, p.Id.Value));
            });
        }
    }
}
