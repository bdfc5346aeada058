using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Patients;

/// <summary>The clinic's patients, in order of registration.</summary>
public static class ListPatients
{
    public sealed record Query(int Limit, string? Cursor) : IQuery<Result<Page<PatientResponse>>>;

    public static void Map(IEndpointRouteBuilder patients) => patients
        .MapGet("", Get)
        .WithName(nameof(ListPatients))
        .WithSummary("List patients")
        .WithDescription("In order of registration. To find one, search: what is known of a patient has no place in an address.")
        .NeedsScope(Scopes.ClinicalRead);

    /// <summary>What the list was once filtered by. Passed over, as what is unknown is, it would show everyone to a client that means one.</summary>
    private static readonly string[] Gone = ["identifier", "name", "birthDate"];

    private static async Task<Results<Ok<Page<PatientResponse>>, ProblemHttpResult>> Get([AsParameters] Paging paging, HttpRequest request, IMediator mediator, CancellationToken ct) =>
        Array.Find(Gone, request.Query.ContainsKey) is { } filter
            ? Problem.Invalid(filter, "Has no place in an address: POST /patients/search.").ToHttp()
            : (await mediator.Send(new Query(paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<PatientResponse>>>
    {
        private sealed record Key(Guid Id);

        public Task<Result<Page<PatientResponse>>> Handle(Query query, CancellationToken ct) => Cursor.Decode<Key>(query.Cursor).ThenAsync<Page<PatientResponse>>(async after =>
        {
            var patients = db.Patients.AsNoTracking();
            if (after is not null)
            {
                var id = new PatientId(after.Id);
                patients = patients.Where(p => p.Id > id);
            }

            var found = await patients.OrderBy(p => p.Id).Take(query.Limit + 1).ToListAsync(ct);
            return found.ConvertAll(p => PatientResponse.Of(p)).ToPage(query.Limit, p => new Key(p.Id.Value));
        });
    }
}
