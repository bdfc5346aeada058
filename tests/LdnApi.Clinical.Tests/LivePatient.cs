using System.Text.Json.Nodes;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>A patient whose facts arrive one after another, with the follow-ups that are kept for them.</summary>
internal sealed class LivePatient(PatientFacts facts)
{
    public PatientFacts Facts { get; private set; } = facts;
    public Evaluation Evaluation { get; private set; } = null!;
    public List<StoredFollowUp> FollowUps { get; } = [];

    public void Play(JsonNode submission)
    {
        var today = Vectors.Day(submission["on"]);
        switch ((string)submission["kind"]!)
        {
            case "check-in":
                var sent = Vectors.CheckInOf(submission["value"]!, today);
                Facts = Facts with { CheckIns = [.. Facts.CheckIns.Where(f => f.Id != sent.Id), sent] };
                break;
            case "correct":
                Remove(submission["target"]);
                Facts = Facts with { CheckIns = [.. Facts.CheckIns, Vectors.CheckInOf(submission["value"]!, today)] };
                break;
            case "retract":
                Remove(submission["target"]);
                break;
            default:
                Act(Vectors.FamilyOf(submission["family"]), Vectors.KindOf(submission["action"]), new Known(today));
                break;
        }

        Review(today);
    }

    public void Review(DateOnly today)
    {
        Evaluation = RuleEngine.Decide(Facts, RuleSettings.Default, today, today.AddDays(-1));
        foreach (var change in FollowUpReconciler.Reconcile(FollowUps, Evaluation))
        {
            var at = change.FollowUpId is { } id ? FollowUps.FindIndex(f => f.Id == id)
                : change.Type == FollowUpChangeType.Open ? -1
                : FollowUps.FindLastIndex(f => f.Family == change.Family);
            if (at < 0)
            {
                FollowUps.Add(FollowUpReconciler.Apply(null, change) with { Id = Guid.CreateVersion7() });
            }
            else
            {
                FollowUps[at] = FollowUpReconciler.Apply(FollowUps[at], change);
            }
        }
    }

    public void Act(RuleFamily family, ClinicianActionKind kind, Known known)
    {
        var at = FollowUps.FindIndex(f => f.Family == family && f.Status != FollowUpStatus.Closed);
        FollowUps[at] = kind == ClinicianActionKind.Acknowledge
            ? FollowUps[at] with { Status = FollowUpStatus.Acknowledged }
            : FollowUps[at] with
            {
                Status = FollowUpStatus.Closed,
                ClosedOn = known.On,
                CloseReason = kind == ClinicianActionKind.Resolve ? CloseReason.ClinicianResolved : CloseReason.Dismissed,
            };
        Facts = Facts with { Actions = [.. Facts.Actions, new ClinicianAction(family, kind, known)] };
    }

    public void Submit(CheckInFact fact)
    {
        Facts = Facts with { CheckIns = [.. Facts.CheckIns.Where(f => f.Id != fact.Id), fact] };
        Review(fact.Known.On);
    }

    public void Take(IReadOnlyList<DoseFact> doses, DateOnly today)
    {
        Facts = Facts with { Doses = doses };
        Review(today);
    }

    private void Remove(JsonNode? target) =>
        Facts = Facts with { CheckIns = [.. Facts.CheckIns.Where(f => f.Id != Vectors.IdOf((string)target!))] };
}
