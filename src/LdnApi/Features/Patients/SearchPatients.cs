using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Patients;

/// <summary>Finds patients by what is known of them. Asked for in a body: proxies keep addresses, and these are patient data.</summary>
public static class SearchPatients
{
    /// <summary>What is known of the patient. Each member narrows the search.</summary>
    /// <param name="Identifier">The patient with this identifier.</param>
    /// <param name="Name">Only those whose family name begins so.</param>
    /// <param name="BirthDate">Only those born on this day.</param>
    /// <param name="Limit">Items on a page at most.</param>
    /// <param name="Cursor">The <c>nextCursor</c> of the page before. It keeps the search and the limit: given alone, it goes on with the same list.</param>
    public sealed record Request(
        Identifier? Identifier = null,
        [property: NotBlank(200)] string? Name = null,
        DateOnly? BirthDate = null,
        [property: Range(1, Common.Cursor.MaxLimit)] int? Limit = null,
        [property: StringLength(Common.Cursor.MaxLength)] string? Cursor = null) : ISearch;

    public sealed record Query(Request Search) : IQuery<Result<Page<PatientResponse>>>;

    public static void Map(IEndpointRouteBuilder patients) => patients
        .MapPost("/search", Post)
        .WithName(nameof(SearchPatients))
        .WithSummary("Search patients")
        .WithDescription("By identifier, by the beginning of the family name, by birth date. Reads and changes nothing, so that it may be repeated.")
        .OnlyReads()
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Page<PatientResponse>>, ProblemHttpResult>> Post(Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(request), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<PatientResponse>>>
    {
        /// <summary>Stands behind every text that begins as another: no character is higher.</summary>
        private const string Last = "\U0010FFFF";

        private sealed record Key(Guid Id);

        public Task<Result<Page<PatientResponse>>> Handle(Query query, CancellationToken ct) =>
            Cursor.Decode<Key>(query.Search.Cursor).ThenAsync(after => PageAsync(query.Search, after, ct));

        private async Task<Result<Page<PatientResponse>>> PageAsync(Request search, Key? after, CancellationToken ct)
        {
            var patients = db.Patients.AsNoTracking();
            if (search.Identifier is { } identifier)
            {
                patients = patients.Where(p => db.PatientIdentifiers.Any(i => i.PatientId == p.Id && i.System == identifier.System && i.Value == identifier.Value));
            }

            if (search.Name is { } name)
            {
                // Behind row-level security LIKE uses no index, as it might leak what it looks at; comparisons may. They are of bytes: see the index.
                var end = name + Last;
                patients = patients.Where(p => p.FamilyName!.StartsWith(name)
                    && string.Compare(EF.Functions.Collate(p.FamilyName, Patient.ByBytes), name) >= 0 && string.Compare(EF.Functions.Collate(p.FamilyName, Patient.ByBytes), end) < 0);
            }

            if (search.BirthDate is { } birthDate)
            {
                patients = patients.Where(p => p.BirthDate == birthDate);
            }

            if (after is not null)
            {
                var id = new PatientId(after.Id);
                patients = patients.Where(p => p.Id > id);
            }

            var limit = search.Limit ?? Cursor.DefaultLimit;
            var found = await patients.OrderBy(p => p.Id).Take(limit + 1).ToListAsync(ct);
            return found.ConvertAll(p => PatientResponse.Of(p)).ToPage(limit, p => new Key(p.Id.Value));
        }
    }
}
