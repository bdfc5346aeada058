using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Patients;

/// <summary>Reads one patient.</summary>
public static class GetPatient
{
    public sealed record Query(PatientId PatientId) : IQuery<Result<PatientResponse>>, IFindsPatient, IReadsRecord
    {
        Type IReadsRecord.Record => typeof(Patient);

        Guid IReadsRecord.RecordId => PatientId.Value;
    }

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapGet("", Get)
        .WithName(nameof(GetPatient))
        .WithSummary("Read a patient")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<PatientResponse>, ProblemHttpResult>> Get(PatientId patientId, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<PatientResponse>>
    {
        public async Task<Result<PatientResponse>> Handle(Query query, CancellationToken ct)
        {
            var batch = new RecordBatch(db);
            var found = batch.All<Patient>("id = $2", query.PatientId.Value);
            await batch.ReadAsync(ct);
            return found is [var patient] ? PatientResponse.Of(patient) : Patient.NotFound;
        }
    }
}
