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
public sealed record DatedStep(int Number, decimal DoseMg, int? Days, TitrationPhase Phase, DateOnly? PlannedOn, DateOnly? StartedOn);

/// <summary>
/// The steps of a titration and how far it has come. A value: every action gives a new plan, with the later dates worked out again.
/// It records what people decide and never moves by itself.
/// </summary>
/// <param name="StartsOn">The planned first day.</param>
/// <param name="Visits">The steps begun so far, oldest first. A step that was gone back to appears again.</param>
/// <param name="HeldOn">The first day of the present hold.</param>
/// <param name="ExtraDays">Days by which the present step was made longer, holds included.</param>
/// <param name="EndedOn">The day on which it was completed or stopped.</param>
public sealed record TitrationPlan(
    DateOnly StartsOn,
    IReadOnlyList<TitrationStep> Steps,
    TitrationStatus Status,
    IReadOnlyList<TitrationVisit> Visits,
    DateOnly? HeldOn,
    int ExtraDays,
    DateOnly? EndedOn)
{
    /// <exception cref="ArgumentException">No steps, a dose not above zero, or a step other than the last without days.</exception>
    public static TitrationPlan Create(DateOnly startsOn, IReadOnlyList<TitrationStep> steps)
    {
        if (steps.Count == 0 || steps.Any(s => s.DoseMg <= 0 || s.Days < 1) || steps.SkipLast(1).Any(s => s.Days is null))
        {
            throw new ArgumentException("A titration has at least one step; each has a dose above zero and, save the last, a number of days.", nameof(steps));
        }

        return new TitrationPlan(startsOn, [.. steps], TitrationStatus.Planned, [], null, 0, null);
    }

    /// <summary>The dose of the step that was begun last, mg per day; null before the start.</summary>
    public decimal? CurrentDoseMg => Visits.Count == 0 ? null : Steps[Visits[^1].Step].DoseMg;

    /// <summary>The day on which the next step is due; null while held, at the last step and after the end.</summary>
    public DateOnly? NextStepOn => Status switch
    {
        TitrationStatus.Planned => StartsOn,
        TitrationStatus.Active when Visits[^1].Step < Steps.Count - 1 => EndOfCurrent(),
        _ => null,
    };

    /// <summary>Whether the next step was due before this day and has not been taken.</summary>
    public bool IsOverdueOn(DateOnly today) => NextStepOn < today;

    /// <summary>What the present state allows.</summary>
    public IReadOnlyList<TitrationAction> Allowed => Status switch
    {
        TitrationStatus.Planned => [TitrationAction.Start, TitrationAction.Stop],
        TitrationStatus.Active when Visits[^1].Step > 0 =>
            [TitrationAction.Advance, TitrationAction.Hold, TitrationAction.StepBack, TitrationAction.Lengthen, TitrationAction.Stop],
        TitrationStatus.Active => [TitrationAction.Advance, TitrationAction.Hold, TitrationAction.Lengthen, TitrationAction.Stop],
        TitrationStatus.Held when Visits[^1].Step > 0 => [TitrationAction.Resume, TitrationAction.StepBack, TitrationAction.Stop],
        TitrationStatus.Held => [TitrationAction.Resume, TitrationAction.Stop],
        TitrationStatus.Completed or TitrationStatus.Stopped => [],
    };

    /// <summary>The first day on which an action may fall: nothing happens before what has happened already.</summary>
    public DateOnly? EarliestAction => HeldOn ?? (Visits.Count > 0 ? Visits[^1].StartedOn : null);

    /// <summary>Performs an action that <see cref="Allowed"/> names.</summary>
    /// <param name="days">For <see cref="TitrationAction.Lengthen"/>: by how many days.</param>
    /// <exception cref="InvalidOperationException">The present state does not allow it, or the day lies before the last action.</exception>
    public TitrationPlan After(TitrationAction action, DateOnly on, int days = 0)
    {
        if (!Allowed.Contains(action) || on < EarliestAction)
        {
            throw new InvalidOperationException($"{action} is not possible on this day in state {Status}.");
        }

        return action switch
        {
            TitrationAction.Start => Begin(0, on),
            TitrationAction.Advance when Visits[^1].Step == Steps.Count - 1 => this with { Status = TitrationStatus.Completed, EndedOn = on },
            TitrationAction.Advance => Begin(Visits[^1].Step + 1, on),
            TitrationAction.Hold => this with { Status = TitrationStatus.Held, HeldOn = on },
            TitrationAction.Resume => this with { Status = TitrationStatus.Active, ExtraDays = ExtraDays + (on.DayNumber - HeldOn!.Value.DayNumber), HeldOn = null },
            TitrationAction.StepBack => Begin(Visits[^1].Step - 1, on),
            TitrationAction.Lengthen => this with { ExtraDays = ExtraDays + days },
            TitrationAction.Stop => this with { Status = TitrationStatus.Stopped, HeldOn = null, EndedOn = on },
        };
    }

    /// <summary>Every step with its dates; those to come as they stand now.</summary>
    public IReadOnlyList<DatedStep> Dated()
    {
        var dated = new List<DatedStep>(Steps.Count);
        var current = Visits.Count == 0 ? -1 : Visits[^1].Step;
        var next = Status == TitrationStatus.Planned ? StartsOn : NextStepOn;
        for (var i = 0; i < Steps.Count; i++)
        {
            var started = Visits.LastOrDefault(v => v.Step == i)?.StartedOn;
            dated.Add(new DatedStep(i + 1, Steps[i].DoseMg, Steps[i].Days, PhaseOf(i), i > current ? next : started, started));
            if (i > current)
            {
                next = Steps[i].Days is { } length ? next?.AddDays(length) : null;
            }
        }

        return dated;
    }

    /// <summary>The dose that the plan means for a day, mg; 0 before the start and after a stop, null where it does not say.</summary>
    public decimal? PlannedDoseOn(DateOnly day)
    {
        if (Status == TitrationStatus.Stopped && day >= EndedOn)
        {
            return 0;
        }

        if (Visits.LastOrDefault(v => v.StartedOn <= day) is { } begun && (begun != Visits[^1] || NextStepOn is null || day < NextStepOn))
        {
            return Steps[begun.Step].DoseMg;
        }

        return Dated().LastOrDefault(s => s.PlannedOn <= day && (s.StartedOn is null || s.PlannedOn == s.StartedOn))?.DoseMg ?? 0;
    }

    private TitrationPlan Begin(int step, DateOnly on) =>
        this with { Status = TitrationStatus.Active, Visits = [.. Visits, new TitrationVisit(step, on)], HeldOn = null, ExtraDays = 0 };

    private DateOnly? EndOfCurrent() => Steps[Visits[^1].Step].Days is { } days ? Visits[^1].StartedOn.AddDays(days + ExtraDays) : null;

    private TitrationPhase PhaseOf(int step) =>
        step == 0 && Steps.Count > 1 ? TitrationPhase.Starting : step == Steps.Count - 1 ? TitrationPhase.Maintenance : TitrationPhase.Titration;
}
