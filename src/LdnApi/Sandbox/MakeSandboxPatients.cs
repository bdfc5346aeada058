using LdnApi.Auth;
using LdnApi.Common;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Sandbox;

/// <summary>Makes the story patients in a sandbox clinic.</summary>
public static class MakeSandboxPatients
{
    /// <param name="Made">How many were made; 0 when all were there.</param>
    public sealed record Response(int Made, IReadOnlyList<Story> Stories);

    /// <param name="Identifier">By which the patient is found (<c>POST /patients/search</c>): system, a bar, value.</param>
    public sealed record Story(string Name, string Identifier, string Outcome);

    public sealed record Command : ICommand<Result<Response>>;

    private static readonly Problem NotASandbox = new(
        "not-a-sandbox", StatusCodes.Status403Forbidden, "The clinic is not one of the sandbox clinics of this server.");

    public static void Map(IEndpointRouteBuilder api) => api
        .MapPost("/sandbox/patients", Post)
        .WithName(nameof(MakeSandboxPatients))
        .WithSummary("Make the sandbox patients, each telling one story")
        .WithTags("Sandbox")
        .NeedsScope(Scopes.Sandbox);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Post(IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(), ct)).ToOk();

    public sealed class Handler(Caller caller, SandboxMaker maker, IConfiguration configuration) : ICommandHandler<Command, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Command command, CancellationToken ct)
        {
            var clinics = configuration.GetSection("Sandbox:Clinics").Get<string[]>() ?? [];
            return clinics.Contains(caller.Clinic.ToString())
                ? new Response(await maker.MakeAsync(ct), [.. SandboxStories.All.Select(s => new Story(s.Name, $"{SandboxStories.IdentifierSystem}|{s.Name}", s.Outcome))])
                : NotASandbox;
        }
    }
}
