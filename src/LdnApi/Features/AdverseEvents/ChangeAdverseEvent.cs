using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.AdverseEvents;

/// <summary>Amends, resolves or retracts an adverse event: a new version, the old one stays in its history.</summary>
public static class ChangeAdverseEvent
{
    /// <param name="Reason">Why it is amended.</param>
    /// <param name="AdverseEvent">The whole report as it should be.</param>
    public sealed record AmendRequest([property: NotBlank(500)] string Reason, AdverseEventBody AdverseEvent) : ICarriesSelfHarmSign
    {
        public static bool CarriesSign(JsonElement json) => WireBody.ValuesOf(json, "adverseEvent").Any(AdverseEventBody.CarriesSign);
    }

    /// <param name="ResolvedOn">The first clinical day without it.</param>
    public sealed record ResolveRequest(
        DateOnly ResolvedOn, AdverseEventOutcome Outcome = AdverseEventOutcome.Recovered, [property: NotBlank(500)] string? Reason = null);

    public sealed record RetractRequest([property: NotBlank(500)] string Reason);

    public sealed record Command(PatientId PatientId, AdverseEventId Id, IfMatch Read, AmendRequest? Amend, ResolveRequest? Resolve, RetractRequest? Retract)
        : ICommand<Result<AdverseEventResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient)
    {
        var one = patient.MapGroup("/adverse-events/{adverseEventId}");
        one.MapPost("/amend", PostAmend).Accepts<AmendRequest>("application/json").WithName("AmendAdverseEvent").WithSummary("Amend an adverse event")
            .WithDescription("A suicidal term raises its follow-up even when the amendment is refused; the refusal then names it as `followUps`.").NeedsScope(Scopes.ClinicalWrite);
        one.MapPost("/resolve", PostResolve).WithName("ResolveAdverseEvent").WithSummary("Record that an adverse event has resolved").NeedsScope(Scopes.ClinicalWrite);
        one.MapPost("/retract", PostRetract).WithName("RetractAdverseEvent").WithSummary("Retract an adverse event").NeedsScope(Scopes.ClinicalWrite);
    }

    private static async Task<Results<Ok<AdverseEventResponse>, ProblemHttpResult>> PostAmend(
        PatientId patientId, AdverseEventId adverseEventId, Amendment<AmendRequest> amendment, IMediator mediator, CancellationToken ct) =>
        (await amendment.ThenAsync((read, request) => mediator.Send(new Command(patientId, adverseEventId, read, request, null, null), ct))).ToOk();

    private static Task<Results<Ok<AdverseEventResponse>, ProblemHttpResult>> PostResolve(
        PatientId patientId, AdverseEventId adverseEventId, IfMatch ifMatch, ResolveRequest request, IMediator mediator, CancellationToken ct) =>
        Send(new Command(patientId, adverseEventId, ifMatch, null, request, null), mediator, ct);

    private static Task<Results<Ok<AdverseEventResponse>, ProblemHttpResult>> PostRetract(
        PatientId patientId, AdverseEventId adverseEventId, IfMatch ifMatch, RetractRequest request, IMediator mediator, CancellationToken ct) =>
        Send(new Command(patientId, adverseEventId, ifMatch, null, null, request), mediator, ct);

    private static async Task<Results<Ok<AdverseEventResponse>, ProblemHttpResult>> Send(Command command, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(command, ct)).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, Treatment treatment, TimeProvider clock) : ICommandHandler<Command, Result<AdverseEventResponse>>
    {
        public async Task<Result<AdverseEventResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            if (await db.AdverseEvents.SingleOrDefaultAsync(e => e.PatientId == patient.Id && e.Id == command.Id, ct) is not { } adverseEvent)
            {
                return Problem.NotFound;
            }

            if (adverseEvent.Version != command.Read.Version)
            {
                return Problem.StaleAt(adverseEvent.Version);
            }

            if (adverseEvent.Status == RecordStatus.EnteredInError)
            {
                return Problem.InvalidTransition(WireNames.NameOf(adverseEvent.Status));
            }

            if (Refusal(command, adverseEvent, patient.DayAt(now)) is { } refusal)
            {
                return refusal;
            }

            Change(command, adverseEvent, now);
            if (await treatment.FillAsync(adverseEvent, patient, "$.adverseEvent", ct) is { } unknown)
            {
                return unknown;
            }

            return await db.SaveSourcedAsync(ct) is { } taken ? taken : AdverseEventResponse.Of(adverseEvent, await monitor.ReviewAsync(patient, now, ct));
        }

        private static Problem? Refusal(Command command, AdverseEvent adverseEvent, DateOnly today) =>
            command.Amend is { } amend ? amend.AdverseEvent.Refusal(today, "$.adverseEvent") ?? FirstReceiptMoved(amend.AdverseEvent, adverseEvent)
            : command.Resolve is not { } resolve ? null
            : resolve.ResolvedOn > today ? Problem.Refused("date-in-future", "A day lies in the future.", "$.resolvedOn", "Must not be after today, where the patient lives.")
            : resolve.ResolvedOn < adverseEvent.OnsetOn ? Problem.Refused("invalid-period", "The period ends before it begins.", "$.resolvedOn", "Must not be before the onset.")
            : null;

        /// <summary>The regulatory clock runs from the first receipt: follow-up information never moves it.</summary>
        private static Problem? FirstReceiptMoved(AdverseEventBody body, AdverseEvent adverseEvent) =>
            body.ReceivedOn is null || body.ReceivedOn == adverseEvent.FirstReceivedOn ? null
            : Problem.Refused("first-receipt-fixed", "The day of the first receipt is never moved.", "$.adverseEvent.receivedOn", "Must be left out or stay what it is.");

        private static void Change(Command command, AdverseEvent adverseEvent, DateTimeOffset now)
        {
            if (command.Amend is { } amend)
            {
                amend.AdverseEvent.CopyTo(adverseEvent, now);
                (adverseEvent.Status, adverseEvent.ChangeReason) = (RecordStatus.Amended, amend.Reason);
            }
            else if (command.Resolve is { } resolve)
            {
                (adverseEvent.ResolvedOn, adverseEvent.Outcome, adverseEvent.Status, adverseEvent.ChangeReason) =
                    (resolve.ResolvedOn, resolve.Outcome, RecordStatus.Amended, resolve.Reason ?? "resolved");
            }
            else
            {
                (adverseEvent.Status, adverseEvent.ChangeReason) = (RecordStatus.EnteredInError, command.Retract!.Reason);
            }
        }
    }
}
