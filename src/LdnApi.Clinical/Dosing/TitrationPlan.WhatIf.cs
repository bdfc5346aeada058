namespace LdnApi.Clinical.Dosing;

/// <summary>What would become of a plan: nobody has decided it.</summary>
public sealed partial record TitrationPlan
{
    /// <summary>The plan as it goes on if all is done in time from this day: a late start or step is taken on it, a hold ends on it.</summary>
    public TitrationPlan ExpectedFrom(DateOnly today) => this switch
    {
        { Status: TitrationStatus.Planned } => StartsOn < today ? this with { StartsOn = today } : this,
        { Status: TitrationStatus.Held } => After(TitrationAction.Resume, today < HeldOn ? HeldOn.Value : today).ExpectedFrom(today),
        { NextStepOn: { } due } when due < today => this with { ExtraDays = ExtraDays + today.DayNumber - due.DayNumber },
        _ => this,
    };

    /// <summary>The plan if the present step, or the first, takes so many days more, as after a hold. A step without an end stays as it is.</summary>
    public TitrationPlan HeldFor(int days) => this switch
    {
        { Status: TitrationStatus.Active } => this with { ExtraDays = ExtraDays + days },
        { Status: TitrationStatus.Planned } => this with { Steps = [Steps[0] with { Days = Steps[0].Days + days }, .. Steps.Skip(1)] },
        _ => this,
    };

    /// <summary>The plan if no coming increase is larger than this. The doses put in between take as long as the dose from which they rise.</summary>
    /// <returns>Null when that takes more than <see cref="MaxSteps"/>.</returns>
    public TitrationPlan? InStepsOfAtMost(decimal maxStepMg)
    {
        var begun = Math.Max(Current, 0) + 1;
        List<TitrationStep> steps = [.. Steps.Take(begun)];
        foreach (var step in Steps.Skip(begun))
        {
            var below = steps[^1];
            for (var dose = below.DoseMg + maxStepMg; dose < step.DoseMg && steps.Count <= MaxSteps; dose += maxStepMg)
            {
                steps.Add(below with { DoseMg = dose });
            }

            steps.Add(step);
        }

        return steps.Count > MaxSteps ? null : this with { Steps = steps, Visits = [.. Visits.TakeLast(1)] };
    }
}
