using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Rules;

/// <summary>Every rule that is in force, with its thresholds and their sources.</summary>
public static class GetRules
{
    public sealed record Response(string RuleSetVersion, IReadOnlyList<RuleDescription> Rules);

    public sealed record Query : IQuery<Result<Response>>;

    public static void Map(IEndpointRouteBuilder api) => api
        .MapGet("/rules", Get)
        .WithName(nameof(GetRules))
        .WithSummary("List the rules with their thresholds")
        .WithTags("Rules")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).ToOk();

    public sealed class Handler : IQueryHandler<Query, Result<Response>>
    {
        public Task<Result<Response>> Handle(Query query, CancellationToken ct) =>
            Task.FromResult<Result<Response>>(new Response(RuleCatalogue.RuleSetVersion, RuleCatalogue.All));
    }
}
