using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Mapster;

namespace LdnApi.Features.FollowUps;

/// <summary>An entry of a follow-up's log.</summary>
/// <param name="On">The clinical day it speaks of.</param>
/// <param name="RecordedAt">The moment it happened.</param>
/// <param name="EvaluationId">The evaluation that brought it about; absent for an act of a clinician.</param>
public sealed record FollowUpEntry(
    FollowUpEventType Type, DateOnly On, DateTimeOffset RecordedAt, string RecordedBy, FollowUpLabel Label, FollowUpPriority Priority, string? Reason, EvaluationId? EvaluationId);

/// <summary>A follow-up in the queue.</summary>
/// <param name="DueAt">The moment by which a person must have acted.</param>
/// <param name="EvaluationId">The evaluation that opened it or last raised it.</param>
/// <param name="EvidenceChanged">Acknowledged, and the facts no longer say the same: a clinician decides.</param>
/// <param name="Recurrence">How often it was opened again.</param>
/// <param name="Version">Counts from 1; each change adds 1.</param>
public record FollowUpItem(
    FollowUpId Id, PatientId PatientId, RuleFamily Family, FollowUpLabel Label, FollowUpPriority Priority, FollowUpStatus Status, DateOnly OpenedOn,
    DateOnly LastEvidenceOn, DateTimeOffset DueAt, string? Assignee, DateTimeOffset? SnoozedUntil, int Recurrence, bool EvidenceChanged,
    IReadOnlyList<string> RecommendedActions, EvaluationId? EvaluationId, long Version);

/// <summary>A request that may be sent as it stands. It is offered, never performed: a clinician decides, and may change the reason.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query, from the root of the server.</param>
/// <param name="DoseMgAfter">The dose, mg per day, if it is done today.</param>
/// <param name="NextStepOnAfter">The day on which the next step would then be due; absent while it waits.</param>
public sealed record OfferedRequest(
    TitrationAction Action, string Summary, string Method, string Path, IReadOnlyDictionary<string, string> Headers, OfferedBody Body,
    decimal? DoseMgAfter, DateOnly? NextStepOnAfter);

/// <param name="Days">Of a longer step: by how many days.</param>
public sealed record OfferedBody(string Reason, FollowUpId FollowUpId, int? Days = null);

/// <summary>A follow-up with its reasons and its log.</summary>
/// <param name="Clauses">What the rule holds against its thresholds, as found when it last rose.</param>
/// <param name="Annotations">What else is known that may explain a course, and what may be done about it. Kept up while it is open, without a version of their own.</param>
/// <param name="EvaluationId">The evaluation that opened it or last raised it.</param>
/// <param name="SettingsVersion">The version of the clinic's settings under which the clauses were worked out.</param>
/// <param name="RegulatoryDueOn">For a serious adverse event: first received + 15 days.</param>
/// <param name="Offers">While it is open: what may be done to the patient's titrations about it, as far as their state allows. A version of its history offers nothing.</param>
/// <param name="Recurrence">How often it was opened again.</param>
public sealed record FollowUpResponse(
    FollowUpId Id, PatientId PatientId, RuleFamily Family, FollowUpLabel Label, FollowUpPriority Priority, FollowUpStatus Status, DateOnly OpenedOn,
    DateOnly FirstOpenedOn, DateOnly LastEvidenceOn, DateTimeOffset DueAt, DateOnly? RegulatoryDueOn, DateOnly? ClosedOn, CloseReason? CloseReason,
    FollowUpOutcome? Outcome, string? Assignee, DateTimeOffset? SnoozedUntil, int Recurrence, bool EvidenceChanged, FollowUpId? MergedInto, EvaluationId? EvaluationId, string RuleSetVersion,
    long SettingsVersion, IReadOnlyList<Clause> Clauses, IReadOnlyList<Evidence> Evidence, IReadOnlyList<string> ContributingFactors,
    IReadOnlyList<Annotation> Annotations, IReadOnlyList<string> RecommendedActions, IReadOnlyList<FollowUpEntry> Events, IReadOnlyList<OfferedRequest> Offers, long Version) : IVersioned, ILive
{
    internal static FollowUpResponse Of(FollowUp f, IEnumerable<FollowUpEvent> events, IReadOnlyList<OfferedRequest>? offers = null) => new(
        f.Id, f.PatientId, f.Family, f.Label, f.Priority, f.Status, f.OpenedOn, f.FirstOpenedOn, f.LastEvidenceOn, f.DueAt, f.RegulatoryDueOn, f.ClosedOn, f.CloseReason,
        f.Outcome, f.Assignee, f.SnoozedUntil, f.Recurrence, f.EvidenceChanged, f.MergedInto, f.EvaluationId, f.RuleSetVersion, f.SettingsVersion, f.Clauses, f.Evidence, f.ContributingFactors,
        f.Annotations, f.RecommendedActions, [.. events.Select(e => e.Adapt<FollowUpEntry>())], offers ?? [], f.Version);
}
