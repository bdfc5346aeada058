namespace LdnApi.Clinical.Dosing;

/// <summary>Where a titration stands.</summary>
public enum TitrationStatus
{
    Planned,
    Active,
    Held,
    Completed,
    Stopped,
}

/// <summary>What a step is for.</summary>
public enum TitrationPhase
{
    /// <summary>The first dose, watched closely.</summary>
    Starting,

    /// <summary>On the way to the target.</summary>
    Titration,

    /// <summary>The target itself.</summary>
    Maintenance,

    /// <summary>On the way to no dose at all.</summary>
    Taper,
}

/// <summary>What may be done to a titration.</summary>
public enum TitrationAction
{
    Start,
    Advance,
    Hold,
    Resume,
    StepBack,
    Lengthen,
    Restart,
    Taper,
    Stop,
}

/// <summary>One dose and how long it is meant to be taken.</summary>
/// <param name="DoseMg">mg per day in total.</param>
/// <param name="Days">Whole days, at least 1; null for a last step without an end.</param>
public sealed record TitrationStep(decimal DoseMg, int? Days);

/// <summary>A dose actually begun.</summary>
/// <param name="Step">Index into the steps, from 0.</param>
public sealed record TitrationVisit(int Step, DateOnly StartedOn);

/// <summary>A step with its dates.</summary>
/// <param name="PlannedOn">The day on which it is (or was) due; null once it can no longer come.</param>
/// <param name="StartedOn">The day on which it was last begun.</param>
/// <param name="Number">Place in the plan, from 1.</param>
/// <param name="DoseMg">mg per day in total.</param>
/// <param name="Days">Whole days; absent for a last step that goes on.</param>
public sealed record DatedStep(int Number, decimal DoseMg, int? Days, TitrationPhase Phase, DateOnly? PlannedOn, DateOnly? StartedOn);

/// <summary>The dose that a plan means from a day on.</summary>
/// <param name="DoseMg">mg per day; 0 = none, null = the plan says no more.</param>
public sealed record PlannedDose(DateOnly From, decimal? DoseMg);

/// <summary>
/// The steps of a titration and how far it has come. A value: every action gives a new plan, with the later dates worked out again.
/// It records what people decide and never moves by itself.
/// </summary>
/// <param name="StartsOn">The planned first day.</param>
/// <param name="Visits">The steps begun so far, oldest first. A step that was gone back to appears again.</param>
/// <param name="HeldOn">The first day of the present hold.</param>
/// <param name="ExtraDays">Days by which the present step was made longer, holds included.</param>
/// <param name="EndedOn">The day on which it was completed or stopped.</param>
/// <param name="TaperFrom">Index of the first step of the taper; null while there is none.</param>
/// <param name="ChangedOn">The day of the last action, whatever it was; null before the first.</param>
public sealed partial record TitrationPlan(
    DateOnly StartsOn,
    IReadOnlyList<TitrationStep> Steps,
    TitrationStatus Status,
    IReadOnlyList<TitrationVisit> Visits,
    DateOnly? HeldOn,
    int ExtraDays,
    DateOnly? EndedOn,
    int? TaperFrom = null,
    DateOnly? ChangedOn = null)
{
    /// <summary>The most steps that a plan may have, those of its taper included. Our own default.</summary>
    public const int MaxSteps = 120;

    /// <summary>A first step is not halved below this. mg per day; our own default, the lower end of low-dose use.</summary>
    public const decimal SmallestHalfMg = 0.1m;

    /// <exception cref="ArgumentException">No steps, a dose not above zero, or a step other than the last without days.</exception>
    public static TitrationPlan Create(DateOnly startsOn, IReadOnlyList<TitrationStep> steps)
    {
        if (steps.Count is 0 or > MaxSteps || steps.Any(s => s.DoseMg <= 0 || s.Days < 1) || steps.SkipLast(1).Any(s => s.Days is null))
        {
            throw new ArgumentException("A titration has at least one step; each has a dose above zero and, save the last, a number of days.", nameof(steps));
        }

        return new TitrationPlan(startsOn, [.. steps], TitrationStatus.Planned, [], null, 0, null);
    }

    /// <summary>The dose of the step that was begun last, mg per day; null before the start, 0 after a taper.</summary>
    public decimal? CurrentDoseMg => Visits.Count == 0 ? null : IsTaperedOff ? 0 : Steps[Current].DoseMg;

    /// <summary>The day on which the next step is due, or the end of a taper; null while held, at a last step without an end and after the end.</summary>
    public DateOnly? NextStepOn => Status switch
    {
        TitrationStatus.Planned => StartsOn,
        TitrationStatus.Active when !IsAtTarget => EndOfCurrent,
        _ => null,
    };

    /// <summary>Whether the next step was due before this day and has not been taken.</summary>
    public bool IsOverdueOn(DateOnly today) => NextStepOn < today;

    /// <summary>Days from this day until the next step is due; below 0 when it is overdue.</summary>
    public int? DaysUntilNextStep(DateOnly today) => NextStepOn?.DayNumber - today.DayNumber;

    /// <summary>What the present state allows. Whether the dose that an action orders is safe is for the order-time rules to say.</summary>
    public IReadOnlyList<TitrationAction> Allowed => Status switch
    {
        TitrationStatus.Planned => [TitrationAction.Start, TitrationAction.Stop],
        TitrationStatus.Active =>
        [
            TitrationAction.Advance, TitrationAction.Hold, .. StepBackIfPossible,
            .. Steps[Current].Days is null ? Array.Empty<TitrationAction>() : [TitrationAction.Lengthen], .. RestartAndTaperIfPossible, TitrationAction.Stop,
        ],
        TitrationStatus.Held => [TitrationAction.Resume, .. StepBackIfPossible, .. RestartAndTaperIfPossible, TitrationAction.Stop],
        TitrationStatus.Completed or TitrationStatus.Stopped => [],
    };

    /// <summary>The first day on which an action may fall: nothing happens before what has happened already.</summary>
    public DateOnly? EarliestAction => ChangedOn ?? HeldOn ?? (Visits.Count > 0 ? Visits[^1].StartedOn : null);

    /// <summary>Whether the action orders a dose. Holding, lengthening, completing and stopping leave the dose as it is.</summary>
    public bool OrdersDose(TitrationAction action) => action switch
    {
        TitrationAction.Start or TitrationAction.StepBack or TitrationAction.Restart or TitrationAction.Taper => true,
        TitrationAction.Advance => !IsAtTarget,
        TitrationAction.Hold or TitrationAction.Resume or TitrationAction.Lengthen or TitrationAction.Stop => false,
    };

    /// <summary>Whether these steps go down from the present dose, each with its days.</summary>
    public bool CanTaperBy(IReadOnlyList<TitrationStep> taper) =>
        taper.Count > 0 && Steps.Count + taper.Count <= MaxSteps
        && taper.Select((s, i) => s.Days >= 1 && s.DoseMg > 0 && s.DoseMg < (i == 0 ? CurrentDoseMg : taper[i - 1].DoseMg)).All(falls => falls);

    /// <summary>Performs an action that <see cref="Allowed"/> names.</summary>
    /// <param name="days">For <see cref="TitrationAction.Lengthen"/>: by how many days.</param>
    /// <param name="taper">For <see cref="TitrationAction.Taper"/>: doses that fall from step to step. The first is begun at once; after the last there is none.</param>
    /// <exception cref="InvalidOperationException">The present state does not allow it, the day lies before the last action, or the taper does not fall.</exception>
    public TitrationPlan After(TitrationAction action, DateOnly on, int days = 0, IReadOnlyList<TitrationStep>? taper = null)
    {
        if (!Allowed.Contains(action) || on < EarliestAction || (action == TitrationAction.Taper && !CanTaperBy(taper ?? [])))
        {
            throw new InvalidOperationException($"{action} is not possible on this day in state {Status}.");
        }

        var after = action switch
        {
            TitrationAction.Start or TitrationAction.Restart => Begin(0, on),
            TitrationAction.Advance when Current == Steps.Count - 1 => this with { Status = TitrationStatus.Completed, EndedOn = on },
            TitrationAction.Advance => Begin(Current + 1, on),
            TitrationAction.Hold => this with { Status = TitrationStatus.Held, HeldOn = on },
            TitrationAction.Resume => this with { Status = TitrationStatus.Active, ExtraDays = ExtraDays + (on.DayNumber - HeldOn!.Value.DayNumber), HeldOn = null },
            TitrationAction.StepBack when Current == 0 => WithHalfStepFirst().Begin(0, on),
            TitrationAction.StepBack => Begin(Current - 1, on),
            TitrationAction.Lengthen => this with { ExtraDays = ExtraDays + days },
            TitrationAction.Taper => (this with { Steps = [.. Steps, .. taper!], TaperFrom = Steps.Count }).Begin(Steps.Count, on),
            TitrationAction.Stop => this with { Status = TitrationStatus.Stopped, HeldOn = null, EndedOn = on },
        };
        return after with { ChangedOn = on };
    }

    /// <summary>Every step with its dates; those to come as they stand now.</summary>
    public IReadOnlyList<DatedStep> Dated()
    {
        var dated = new List<DatedStep>(Steps.Count);
        var next = NextStepOn;
        for (var i = 0; i < Steps.Count; i++)
        {
            var started = Visits.LastOrDefault(v => v.Step == i)?.StartedOn;
            dated.Add(new DatedStep(i + 1, Steps[i].DoseMg, Steps[i].Days, PhaseOf(i), i > Current ? next : started, started));
            next = i > Current ? EndOf(next, Steps[i]) : next;
        }

        return dated;
    }

    /// <summary>The doses that were begun and those still meant, in order of day.</summary>
    public IReadOnlyList<PlannedDose> PlannedDoses()
    {
        List<PlannedDose> doses = [.. Visits.Select(v => new PlannedDose(v.StartedOn, Steps[v.Step].DoseMg))];
        var next = NextStepOn;
        foreach (var step in Steps.Skip(Current + 1))
        {
            if (next is { } on)
            {
                doses.Add(new PlannedDose(on, step.DoseMg));
            }

            next = EndOf(next, step);
        }

        if (TaperFrom is not null && (IsTaperedOff ? EndedOn : next) is { } last)
        {
            doses.Add(new PlannedDose(last, 0));
        }

        if (Status == TitrationStatus.Stopped)
        {
            doses.Add(new PlannedDose(EndedOn!.Value, null));
        }

        return doses;
    }

    /// <summary>The dose that the plan means for a day, mg; 0 before the start and after a taper, null after a stop: the plan says no more.</summary>
    public decimal? PlannedDoseOn(DateOnly day) => PlannedDoses().LastOrDefault(d => d.From <= day, new PlannedDose(day, 0)).DoseMg;

    private int Current => Visits.Count == 0 ? -1 : Visits[^1].Step;

    private bool IsAtTarget => TaperFrom is null && Current == Steps.Count - 1;

    private bool IsTaperedOff => TaperFrom is not null && Status == TitrationStatus.Completed;

    private DateOnly? EndOfCurrent => Steps[Current].Days is { } days ? Visits[^1].StartedOn.AddDays(days + ExtraDays) : null;

    private decimal HalfOfFirstMg => decimal.Round(Steps[0].DoseMg / 2, 3, MidpointRounding.ToZero);

    private TitrationAction[] StepBackIfPossible =>
        TaperFrom is null && (Current > 0 || (Steps[0].Days is not null && HalfOfFirstMg >= SmallestHalfMg && Steps.Count < MaxSteps)) ? [TitrationAction.StepBack] : [];

    private TitrationAction[] RestartAndTaperIfPossible => TaperFrom is null ? [TitrationAction.Restart, TitrationAction.Taper] : [];

    private static DateOnly? EndOf(DateOnly? begin, TitrationStep step) => step.Days is { } days ? begin?.AddDays(days) : null;

    private TitrationPlan Begin(int step, DateOnly on) =>
        this with { Status = TitrationStatus.Active, Visits = [.. Visits, new TitrationVisit(step, on)], HeldOn = null, ExtraDays = 0 };

    /// <summary>Below the first step there is half of it: what "reduce slightly" means there (our own default).</summary>
    private TitrationPlan WithHalfStepFirst() => this with
    {
        Steps = [new TitrationStep(HalfOfFirstMg, Steps[0].Days), .. Steps],
        Visits = [.. Visits.Select(v => v with { Step = v.Step + 1 })],
    };

    private TitrationPhase PhaseOf(int step)
    {
        var target = (TaperFrom ?? Steps.Count) - 1;
        return step > target ? TitrationPhase.Taper
            : step == target ? TitrationPhase.Maintenance
            : step == 0 ? TitrationPhase.Starting
            : TitrationPhase.Titration;
    }
}
