using LdnApi.Auth;
using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Medicines;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Rules;

/// <summary>Every rule that is in force, with the clinic's thresholds beside the defaults and their sources, and the codes that the rules look for.</summary>
public static class GetRules
{
    /// <param name="SettingsVersion">The version of the clinic's settings.</param>
    /// <param name="Rules">What raises a follow-up.</param>
    /// <param name="OrderRules">What an order is held against.</param>
    /// <param name="Medicines">The medicines that the rules mean.</param>
    /// <param name="Conditions">The coded conditions that they mean.</param>
    public sealed record Response(
        string RuleSetVersion, long SettingsVersion, IReadOnlyList<RuleDescription> Rules, IReadOnlyList<OrderRuleDescription> OrderRules, IReadOnlyList<MedicineList> Medicines,
        ConditionCodes Conditions);

    /// <param name="Version">Rises with any change of what the list holds.</param>
    /// <param name="LocalSystem">The code system of each entry's <c>local</c> code.</param>
    public sealed record ConditionCodes(int Version, string Source, string LocalSystem, IReadOnlyList<ConditionEntry> Entries);

    public sealed record Query : IQuery<Result<Response>>;

    public static void Map(IEndpointRouteBuilder api) => api
        .MapGet("/rules", Get)
        .WithName(nameof(GetRules))
        .WithSummary("List the rules with their thresholds")
        .NeedsScope(Scopes.ClinicalRead);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> Get(IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).ToOk();

    public sealed class Handler(ClinicSettings settings) : IQueryHandler<Query, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Query query, CancellationToken ct)
        {
            var inForce = await settings.CurrentAsync(ct);
            return new Response(
                RuleCatalogue.RuleSetVersion, inForce.Version, RuleCatalogue.Under(inForce.Settings), OrderRuleCatalogue.Under(inForce.Settings), MedicineLists.All,
                new ConditionCodes(ConditionList.Version, ConditionList.Source, ConditionList.LocalSystem, ConditionList.All));
        }
    }
}
