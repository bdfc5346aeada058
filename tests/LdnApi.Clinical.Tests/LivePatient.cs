using System.Text.Json.Nodes;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>A patient whose facts arrive one after another, with the follow-ups that are kept for them.</summary>
internal sealed class LivePatient(PatientFacts facts)
{
    private readonly FollowUpBook _book = new();

    public PatientFacts Facts { get; private set; } = facts;
    public RuleSettings Settings { get; set; } = RuleSettings.Default;
    public RuleDecision Evaluation { get; private set; } = null!;
    public List<StoredFollowUp> FollowUps => [.. _book.FollowUps];

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
        Evaluation = RuleEngine.Decide(Facts, Settings, today, today.AddDays(-1));
        _book.Review(Evaluation);
    }

    public void Act(RuleFamily family, ClinicianActionKind kind, Known known)
    {
        _book.Act(family, Enum.Parse<FollowUpAction>(kind.ToString()), known);
        Facts = Facts with { Actions = [.. _book.Actions] };
    }

    public void Submit(CheckInFact fact)
    {
        Facts = Facts with { CheckIns = [.. Facts.CheckIns.Where(f => f.Id != fact.Id), fact] };
        Review(fact.Known.On);
    }

    public void Take(IReadOnlyList<DoseFact> doses, DateOnly today) => Change(facts => facts with { Doses = doses }, today);

    public void Change(Func<PatientFacts, PatientFacts> change, DateOnly today)
    {
        Facts = change(Facts);
        Review(today);
    }

    private void Remove(JsonNode? target) =>
        Facts = Facts with { CheckIns = [.. Facts.CheckIns.Where(f => f.Id != Vectors.IdOf((string)target!))] };
}
