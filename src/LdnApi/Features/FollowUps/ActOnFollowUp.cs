using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.FollowUps;

/// <summary>Works the queue. An act takes effect after the day's evidence, and the patient is evaluated again.</summary>
public static class ActOnFollowUp
{
    public sealed record NoteRequest([property: NotBlank(2000)] string? Note = null);

    /// <param name="Assignee">The subject of the person's token.</param>
    public sealed record AssignRequest([property: NotBlank(255)] string Assignee);

    /// <param name="Days">Days to be left in peace; at most the clinic's <c>maxSnoozeDays</c>. Ends at once when label or priority rises.</param>
    public sealed record SnoozeRequest([property: Range(1, RuleSettingCatalogue.LongestSnoozeDays)] int Days, [property: NotBlank(2000)] string? Note = null);

    /// <param name="Outcome">How it ended: owed.</param>
    public sealed record ResolveRequest(FollowUpOutcome Outcome, [property: NotBlank(2000)] string? Note = null);

    /// <param name="Reason">Why it needs no follow-up: owed.</param>
    public sealed record DismissRequest([property: NotBlank(2000)] string Reason);

    public sealed record Command(
        FollowUpId Id, IfMatch Read, FollowUpAction Action, string? Note = null, string? Assignee = null, int Days = 0, FollowUpOutcome? Outcome = null)
        : ICommand<Result<FollowUpResponse>>;

    public static void Map(IEndpointRouteBuilder followUps)
    {
        var one = followUps.MapGroup("/{followUpId}");
        one.MapPost("/acknowledge", (FollowUpId followUpId, IfMatch ifMatch, NoteRequest request, IMediator mediator, CancellationToken ct) =>
                Send(new Command(followUpId, ifMatch, FollowUpAction.Acknowledge, request.Note), mediator, ct))
            .WithName("AcknowledgeFollowUp").WithSummary("Acknowledge: someone has seen it").NeedsScope(Scopes.FollowUpsAct);
        one.MapPost("/assign", (FollowUpId followUpId, IfMatch ifMatch, AssignRequest request, IMediator mediator, CancellationToken ct) =>
                Send(new Command(followUpId, ifMatch, FollowUpAction.Assign, Assignee: request.Assignee), mediator, ct))
            .WithName("AssignFollowUp").WithSummary("Assign to a person").NeedsScope(Scopes.FollowUpsAct);
        one.MapPost("/start", (FollowUpId followUpId, IfMatch ifMatch, NoteRequest request, IMediator mediator, CancellationToken ct) =>
                Send(new Command(followUpId, ifMatch, FollowUpAction.Start, request.Note), mediator, ct))
            .WithName("StartFollowUp").WithSummary("Start working on it").NeedsScope(Scopes.FollowUpsAct);
        one.MapPost("/snooze", (FollowUpId followUpId, IfMatch ifMatch, SnoozeRequest request, IMediator mediator, CancellationToken ct) =>
                Send(new Command(followUpId, ifMatch, FollowUpAction.Snooze, request.Note, Days: request.Days), mediator, ct))
            .WithName("SnoozeFollowUp").WithSummary("Leave it out of the queue for some days; never suicidality").NeedsScope(Scopes.FollowUpsAct);
        one.MapPost("/resolve", (FollowUpId followUpId, IfMatch ifMatch, ResolveRequest request, IMediator mediator, CancellationToken ct) =>
                Send(new Command(followUpId, ifMatch, FollowUpAction.Resolve, request.Note, Outcome: request.Outcome), mediator, ct))
            .WithName("ResolveFollowUp").WithSummary("Resolve with an outcome").NeedsScope(Scopes.FollowUpsAct);
        one.MapPost("/dismiss", (FollowUpId followUpId, IfMatch ifMatch, DismissRequest request, IMediator mediator, CancellationToken ct) =>
                Send(new Command(followUpId, ifMatch, FollowUpAction.Dismiss, request.Reason), mediator, ct))
            .WithName("DismissFollowUp").WithSummary("Dismiss with a reason").NeedsScope(Scopes.FollowUpsAct);
    }

    private static async Task<Results<Ok<FollowUpResponse>, ProblemHttpResult>> Send(Command command, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(command, ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, ClinicSettings settings, AuditTrail trail, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<FollowUpResponse>>
    {
        private static readonly Problem NeverSnoozed = Problem.Refused(
            "never-snoozed", "A follow-up of suicidality is never snoozed.", "$.days", "Suicidality cannot be delayed.");

        public async Task<Result<FollowUpResponse>> Handle(Command command, CancellationToken ct)
        {
            // The patient first, as every command does; then the follow-up as it stands under the lock.
            var patientId = await db.FollowUps.Where(f => f.Id == command.Id).Select(f => (PatientId?)f.PatientId).SingleOrDefaultAsync(ct);
            if (patientId is not { } id || await db.LockPatientAsync(id, ct) is not { } patient)
            {
                return Problem.NotFound;
            }

            trail.Concerns(id);
            var followUp = await db.FollowUps.SingleAsync(f => f.Id == command.Id, ct);
            if (followUp.Version != command.Read.Version)
            {
                return Problem.StaleAt(followUp.Version);
            }

            var allowed = FollowUpActions.AllowedIn(followUp.Status);
            if (!allowed.Contains(command.Action))
            {
                return Problem.InvalidTransition(WireNames.NameOf(followUp.Status), [.. allowed.Select(WireNames.NameOf)]);
            }

            if (command.Action == FollowUpAction.Snooze && followUp.Family == RuleFamily.Suicidality)
            {
                return NeverSnoozed;
            }

            if (command.Action == FollowUpAction.Snooze && (await settings.CurrentAsync(ct)).Settings.MaxSnoozeDays is var longest && command.Days > longest)
            {
                return Problem.Refused("snooze-too-long", "The clinic allows no snooze of this length.", "$.days", $"Must be at most {longest}: the clinic's maxSnoozeDays.");
            }

            var now = clock.GetUtcNow();
            Perform(followUp, command, patient.DayAt(now), now);
            await db.SaveChangesAsync(ct);
            await monitor.ReviewAsync(patient, now, ct);
            return await db.ReadAsync(followUp, patient.DayAt(now), ct);
        }

        private void Perform(FollowUp followUp, Command command, DateOnly today, DateTimeOffset now)
        {
            followUp.Take(FollowUpActions.After(FollowUp.ToStored(followUp), command.Action, today));
            switch (command.Action)
            {
                case FollowUpAction.Assign:
                    followUp.Assignee = command.Assignee;
                    break;
                case FollowUpAction.Start:
                    followUp.Assignee ??= caller.Subject;
                    break;
                case FollowUpAction.Snooze:
                    followUp.SnoozedUntil = now.AddDays(command.Days);
                    break;
                case FollowUpAction.Resolve:
                    followUp.Outcome = command.Outcome;
                    break;
            }

            followUp.SnoozedUntil = followUp.Status == FollowUpStatus.Closed ? null : followUp.SnoozedUntil;
            followUp.ChangeReason = command.Outcome is { } outcome ? $"{WireNames.NameOf(outcome)}{(command.Note is null ? "" : ": ")}{command.Note}" : command.Note ?? command.Assignee;
            db.FollowUpEvents.Add(new FollowUpEvent
            {
                ClinicId = followUp.ClinicId,
                Id = Guid.CreateVersion7(),
                FollowUpId = followUp.Id,
                PatientId = followUp.PatientId,
                Family = followUp.Family,
                Type = FollowUpLog.Of(command.Action),
                On = today,
                RecordedAt = now,
                RecordedBy = caller.Subject,
                Label = followUp.Label,
                Priority = followUp.Priority,
                Reason = followUp.ChangeReason,
            });
        }
    }
}
