using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Patients;

/// <summary>Registers or changes many patients at once, each as <see cref="UpsertPatient"/> does one.</summary>
public static class UpsertPatients
{
    public const int MaxItems = 1000;

    public sealed record Request([property: MinLength(1), MaxLength(MaxItems)] IReadOnlyList<JsonElement> Items);

    /// <summary>One patient to register or change.</summary>
    /// <param name="IfMatch">As the header: the <c>etag</c> of the version that is to be changed, or <c>*</c> for any; nothing is made.</param>
    /// <param name="IfNoneMatch">As the header: <c>*</c>; nothing is changed.</param>
    public sealed record Item(
        Identifier Identifier,
        UpsertPatient.Details Patient,
        [property: RegularExpression("^(\\*|\"[0-9]{1,18}\")$", ErrorMessage = "Must be the etag you read, as it was sent, or *.")] string? IfMatch = null,
        [property: RegularExpression("^\\*$", ErrorMessage = "Must be *.")] string? IfNoneMatch = null);

    /// <summary>What became of one item.</summary>
    /// <param name="Number">The item, from 1.</param>
    /// <param name="Status">What a request of its own would have been answered: 201 made, 200 changed or already so, 4xx refused.</param>
    /// <param name="Etag">To be named in <c>ifMatch</c>.</param>
    /// <param name="Problem">Why it was refused.</param>
    public sealed record ItemResult(int Number, int Status, PatientId? Id, string? Etag, ItemProblem? Problem);

    /// <summary>What became of a batch. The good are kept, the broken are named.</summary>
    /// <param name="Created">How many patients were made.</param>
    /// <param name="Updated">How many were changed, or were already so.</param>
    /// <param name="Rejected">How many items were refused: see <c>items</c>.</param>
    public sealed record Response(int Created, int Updated, int Rejected, IReadOnlyList<ItemResult> Items);

    public sealed record Command(IReadOnlyList<JsonElement> Items) : ICommand<Result<Response>>;

    public static void Map(IEndpointRouteBuilder patients) => patients
        .MapPost("/batch", Post)
        .WithName(nameof(UpsertPatients))
        .WithSummary("Register or change up to 1,000 patients by their identifiers")
        .WithDescription("Items are done one after the other, each as `PUT /patients` with the same preconditions; the good are kept, the broken are named in the answer.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Post(Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(request.Items), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, IMediator mediator) : ICommandHandler<Command, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Command command, CancellationToken ct)
        {
            var items = command.Items.Select(WireBody.Read<Item>).ToList();
            await db.LockIdentifiersAsync(items.SelectMany(i => i.Match(IdentifiersOf, _ => [])), ct); // all at once: in one order with every other batch
            List<ItemResult> results = [];
            foreach (var item in items)
            {
                var number = results.Count + 1;
                results.Add((await item.ThenAsync(i => DoAsync(i, ct))).Match(
                    done => new ItemResult(number, done.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, done.Patient.Id, IfMatch.ETagOf(done.Patient.Version), null),
                    problem => new ItemResult(number, problem.Status, null, null, ItemProblem.Of(problem))));
                db.ForgetRecords(); // what each save looks through would grow with every item
            }

            return new Response(
                results.Count(r => r.Status == StatusCodes.Status201Created), results.Count(r => r.Status == StatusCodes.Status200OK), results.Count(r => r.Problem is not null), results);
        }

        private async Task<Result<UpsertPatient.Outcome>> DoAsync(Item item, CancellationToken ct)
        {
            if (Preconditions.Read(item.IfMatch, item.IfNoneMatch) is not { } preconditions) // an empty text passes any pattern, and "02" passes this one
            {
                return Problem.Invalid(Preconditions.Read(item.IfMatch, null) is null ? "$.ifMatch" : "$.ifNoneMatch", "Must be the etag you read, as it was sent, or *; to be new, *.");
            }

            var done = await mediator.Send(new UpsertPatient.Command(item.Identifier, preconditions, item.Patient), ct);
            return done.Refusal is { } refusal ? refusal.Under("$.patient") : done;
        }

        private static IEnumerable<IdentifierValue> IdentifiersOf(Item item) => (item.Patient.Identifiers ?? []).Append(item.Identifier).Select(i => i.ToValue());
    }
}
