using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Dosing;

/// <summary>What an open follow-up may offer to do to a titration: to wait or to go down, never up. A person decides.</summary>
public static class TitrationOffers
{
    /// <summary>By how much a longer step is offered. Days; default 7: side effects pass within days, then the next step waits 3–5 days more.</summary>
    public const int LengthenDays = 7;

    /// <summary>The actions that fit the family and that the plan allows.</summary>
    /// <param name="doseMg">What is prescribed for today, mg per day in total. It may have been changed beside the plan.</param>
    public static IReadOnlyList<TitrationAction> For(RuleFamily family, TitrationPlan plan, DateOnly today, decimal doseMg)
    {
        TitrationAction[] fitting = family switch
        {
            RuleFamily.Course or RuleFamily.Severe or RuleFamily.Gad7 or RuleFamily.Suicidality or RuleFamily.Serious =>
                [TitrationAction.Hold, TitrationAction.StepBack, TitrationAction.Lengthen],
            RuleFamily.Missing => [TitrationAction.Hold, TitrationAction.Lengthen], // nothing is known that a lower dose would answer
            RuleFamily.Opioid => [TitrationAction.Hold], // naltrexone is stopped with its prescription; until then nothing is raised
        };
        return [.. fitting.Where(a => plan.Status != TitrationStatus.Planned && !(today < plan.EarliestAction) && plan.Allowed.Contains(a) && (a != TitrationAction.StepBack || GoesDown(plan, today, doseMg)))];
    }

    /// <summary>The step before is the higher one where a plan of one's own falls, and where the prescription's dose has been lowered beside the plan.</summary>
    private static bool GoesDown(TitrationPlan plan, DateOnly today, decimal doseMg) => plan.After(TitrationAction.StepBack, today).CurrentDoseMg < doseMg;
}
