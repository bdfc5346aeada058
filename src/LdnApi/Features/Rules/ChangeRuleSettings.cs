using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Rules;

/// <summary>Changes the clinic's thresholds, or brings an earlier version back: a new version with author and reason. Every patient is then due for evaluation.</summary>
public static class ChangeRuleSettings
{
    /// <param name="Reason">Why they are changed.</param>
    /// <param name="Settings">The settings that change; one that is left out keeps the value that the clinic has.</param>
    public sealed record Request([property: NotBlank(500)] string Reason, JsonElement Settings);

    /// <param name="RestoredVersion">The earlier version to bring back.</param>
    /// <param name="Reason">Why it is brought back.</param>
    public sealed record RestoreRequest([property: Range(1.0, int.MaxValue)] long RestoredVersion, [property: NotBlank(500)] string Reason);

    /// <param name="Draft">The settings that change; null to restore a version.</param>
    public sealed record Command(IfMatch Read, string Reason, JsonElement? Draft, long Restore = 0) : ICommand<Result<RuleSettingsResponse>>;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPut("/rule-settings", Put)
            .WithName(nameof(ChangeRuleSettings))
            .WithSummary("Change the clinic's rule settings: a new version")
            .WithDescription("Settings that are left out keep the clinic's values. Each has bounds, and some are bound to others: 422 names the setting and the rule. "
                + "Every patient becomes due for evaluation under the new version; `patientsDue` of the settings counts them down.")
            .NeedsScope(Scopes.RulesManage);
        api.MapPost("/rule-settings/restore", Restore)
            .WithName("RestoreRuleSettings")
            .WithSummary("Bring an earlier version of the rule settings back, as a new version")
            .NeedsScope(Scopes.RulesManage);
    }

    private static async Task<Results<Ok<RuleSettingsResponse>, ProblemHttpResult>> Put(IfMatch ifMatch, Request request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(ifMatch, request.Reason, request.Settings), ct)).ToOk();

    private static async Task<Results<Ok<RuleSettingsResponse>, ProblemHttpResult>> Restore(
        IfMatch ifMatch, RestoreRequest request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(ifMatch, request.Reason, null, request.RestoredVersion), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, ClinicSettings settings, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<RuleSettingsResponse>>
    {
        private static readonly Problem UnknownVersion = Problem.Refused(
            "unknown-settings-version", "The settings never had this version.", "$.restoredVersion", "Must be an earlier version.");

        public async Task<Result<RuleSettingsResponse>> Handle(Command command, CancellationToken ct)
        {
            await db.LockRuleSettingsAsync(ct);
            var all = await settings.AllAsync(ct);
            var current = all[all.Keys.Max()];
            if (current.Version != command.Read.Version)
            {
                return Problem.StaleAt(current.Version);
            }

            return await Wanted(command, current, all).ThenAsync(wanted => KeepAsync(command, current, wanted, ct));
        }

        private static Result<RuleSettings> Wanted(Command command, RuleSettingsVersion current, IReadOnlyDictionary<long, RuleSettingsVersion> all) =>
            command.Draft is { } draft ? RuleSettingsDraft.Over(current.Settings, draft)
            : !all.TryGetValue(command.Restore, out var earlier) ? UnknownVersion
            : RuleSettingsDraft.Refusal(earlier.Settings) is { } refusal ? refusal // bounds may have become narrower since
            : earlier.Settings;

        private async Task<Result<RuleSettingsResponse>> KeepAsync(Command command, RuleSettingsVersion current, RuleSettings wanted, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var next = new RuleSettingsVersion
            {
                ClinicId = caller.Clinic,
                Version = current.Version + 1,
                Settings = wanted,
                RecordedAt = now,
                RecordedBy = caller.Subject,
                Reason = command.Reason,
                RestoredFrom = command.Draft is null ? command.Restore : null,
            };
            db.RuleSettings.Add(next);
            await db.SaveChangesAsync(ct);
            await db.NightlyEvaluations.Where(n => n.DueAt > now).ExecuteUpdateAsync(due => due.SetProperty(n => n.DueAt, now), ct);
            return RuleSettingsResponse.Of(next, await db.NightlyEvaluations.CountAsync(n => n.DueAt <= now, ct));
        }
    }
}
