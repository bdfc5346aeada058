using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Medications;

/// <summary>Reads one co-medication.</summary>
public static class GetMedication
{
    public sealed record Query(PatientId PatientId, MedicationId Id) : IQuery<Result<MedicationResponse>>, IConcernsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(Medication);

        Guid IReadsRecord.RecordId => Id.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/medications/{medicationId}", Get)
        .WithName(nameof(GetMedication))
        .WithSummary("Read a co-medication")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<MedicationResponse>, ProblemHttpResult>> Get(PatientId patientId, MedicationId medicationId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, medicationId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<MedicationResponse>>
    {
        public async Task<Result<MedicationResponse>> Handle(Query query, CancellationToken ct) =>
            await db.Medications.AsNoTracking().SingleOrDefaultAsync(m => m.PatientId == query.PatientId && m.Id == query.Id, ct) is { } found
                ? MedicationResponse.Of(found)
                : Problem.NotFound;
    }
}

/// <summary>A patient's co-medications, latest recorded first.</summary>
public static class ListMedications
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<MedicationResponse>>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("/medications", Get)
        .WithName(nameof(ListMedications))
        .WithSummary("List a patient's co-medications, latest recorded first")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<MedicationResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<MedicationResponse>>>
    {
        private sealed record Key(DateTimeOffset RecordedAt, Guid Id);

        public Task<Result<Page<MedicationResponse>>> Handle(Query query, CancellationToken ct)
        {
            return Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<MedicationResponse>>(async after =>
            {
                var found = db.Medications.AsNoTracking().Where(m => m.PatientId == query.PatientId);
                if (after is not null)
                {
                    var id = new MedicationId(after.Id);
                    found = found.Where(m => m.RecordedAt < after.RecordedAt || (m.RecordedAt == after.RecordedAt && m.Id < id));
                }

                var page = await found.OrderByDescending(m => m.RecordedAt).ThenByDescending(m => m.Id).Take(query.Limit + 1).ToListAsync(ct);
                return page.ConvertAll(m => MedicationResponse.Of(m)).ToPage(query.Limit, m => new Key(m.RecordedAt, m.Id.Value));
            });
        }
    }
}
