namespace LdnApi.Clinical.Rules;

/// <summary>What the rules decided of one patient on one day. The reasons, which take longer than the decision, are worked out when they are asked for.</summary>
public sealed record RuleDecision : RuleFold
{
    private readonly PatientTimeline _timeline;
    private readonly FamilyFold[] _folds;

    internal RuleDecision(PatientTimeline timeline, FamilyFold[] folds) : base(
        DateOnly.FromDayNumber(timeline.Last),
        [.. folds.SelectMany(f => f.Events).OrderBy(e => e.On).ThenBy(e => e.Family)],
        [.. folds.Where(f => f.Open is not null).Select(ToOpen)])
    {
        (_timeline, _folds) = (timeline, folds);
    }

    /// <summary>A family's verdict with its reasons, but for the smallest change that would raise it.</summary>
    public FamilyEvaluation Of(RuleFamily family) => Explain(Array.Find(_folds, f => f.Family == family)!, search: null);

    /// <summary>The same of every family.</summary>
    public Evaluation Explain() => Explain(search: null);

    internal Evaluation Explain(FlipSearch? search) => new(
        AsOf,
        _timeline.DayZero is { } zero ? DateOnly.FromDayNumber(zero) : null,
        _timeline.Baseline,
        [.. _folds.Select(fold => Explain(fold, search))],
        Events,
        Open,
        DaysOf(_timeline));

    private FamilyEvaluation Explain(FamilyFold fold, FlipSearch? search) => new FamilyExplainer(_timeline, fold, search).Explain();

    private static OpenFollowUp ToOpen(FamilyFold fold) => new(
        fold.Family, fold.Open!.Label, fold.Open.Priority, DateOnly.FromDayNumber(fold.Open.OpenedOn),
        DateOnly.FromDayNumber(fold.Open.LastEvidenceOn), fold.Open.Recurrence, fold.Open.Acknowledged);

    private static DayAnxiety[] DaysOf(PatientTimeline timeline)
    {
        var days = new DayAnxiety[timeline.Count(timeline.First, timeline.Last).Reported];
        var next = 0;
        for (var day = timeline.First; day <= timeline.Last; day++)
        {
            if (timeline.AnxietyOn(day) is { } anxiety)
            {
                days[next++] = new DayAnxiety(DateOnly.FromDayNumber(day), anxiety, timeline.IsSymptomatic(day));
            }
        }

        return days;
    }
}
