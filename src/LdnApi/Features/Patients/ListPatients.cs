using System.ComponentModel.DataAnnotations;
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
    public sealed record Query(string? Identifier, string? Name, DateOnly? BirthDate, int Limit, string? Cursor) : IQuery<Result<Page<PatientResponse>>>;

    public static void Map(IEndpointRouteBuilder patients) => patients
        .MapGet("", Get)
        .WithName(nameof(ListPatients))
        .WithSummary("List or search patients")
        .WithDescription("Filter by `identifier` (`system|value`), by the beginning of the family `name`, by `birthDate`.")
        .NeedsScope(Scopes.ClinicalRead);

    /// <param name="identifier">The patient with this identifier: <c>system|value</c>.</param>
    /// <param name="name">Only those whose family name begins so.</param>
    /// <param name="birthDate">Only those born on this day.</param>
    private static async Task<Results<Ok<Page<PatientResponse>>, ProblemHttpResult>> Get(
        IMediator mediator, [StringLength(Identifier.MaxText)] string? identifier, [StringLength(200)] string? name, DateOnly? birthDate,
        [AsParameters] Paging paging, CancellationToken ct) =>
        (await mediator.Send(new Query(identifier, name, birthDate, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<PatientResponse>>>
    {
        private sealed record Key(Guid Id);

        public Task<Result<Page<PatientResponse>>> Handle(Query query, CancellationToken ct) => Cursor.Decode<Key>(query.Cursor).ThenAsync(after =>
            query.Identifier is { } text
                ? Identifier.Parse(text).ThenAsync(identifier => PageAsync(query, identifier, after, ct))
                : PageAsync(query, null, after, ct));

        private async Task<Result<Page<PatientResponse>>> PageAsync(Query query, Identifier? identifier, Key? after, CancellationToken ct)
        {
            var patients = db.Patients.AsNoTracking();
            if (identifier is not null)
            {
                patients = patients.Where(p => db.PatientIdentifiers.Any(i => i.PatientId == p.Id && i.System == identifier.System && i.Value == identifier.Value));
            }

            if (query.Name is { } name)
            {
                patients = patients.Where(p => p.FamilyName!.StartsWith(name));
            }

            if (query.BirthDate is { } birthDate)
            {
                patients = patients.Where(p => p.BirthDate == birthDate);
            }

            if (after is not null)
            {
                var id = new PatientId(after.Id);
                patients = patients.Where(p => p.Id > id);
            }

            var found = await patients.OrderBy(p => p.Id).Take(query.Limit + 1).ToListAsync(ct);
            return found.ConvertAll(p => PatientResponse.Of(p)).ToPage(query.Limit, p => new Key(p.Id.Value));
        }
    }
}
