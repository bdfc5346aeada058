using System.Globalization;
using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Medicines;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Orders;

/// <summary>What the rules say of an order before it is carried out. They look at it; they never change it.</summary>
public static class OrderRules
{
    /// <summary>Raising the dose of a patient who is anxious. It speaks of how the patient is now, so that each such order needs a reason of its own.</summary>
    public const string WhileSymptomatic = "R-10";

    /// <summary>Every finding, worst first, then by rule. A rule that holds for several reasons gives one finding with its worst effect and all its evidence.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The dose is not above 0: that is no order.</exception>
    public static IReadOnlyList<Finding> Check(OrderContext order, RuleSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(order.DoseMg);
        return [.. new OrderCheck(order, settings).Findings().OrderByDescending(f => f.Effect).ThenBy(f => f.Rule, StringComparer.Ordinal)];
    }

    /// <summary>The findings that stand in an order's way: blocks, and those that need an override and have none.</summary>
    /// <param name="overridden">Rules for which a reason is given. A block has no override.</param>
    public static IReadOnlyList<Finding> Unmet(IEnumerable<Finding> findings, IReadOnlyCollection<string> overridden) =>
        [.. findings.Where(f => f.Effect == FindingEffect.Block || (f.Effect == FindingEffect.OverrideRequired && !overridden.Contains(f.Rule)))];
}

/// <summary>One order held against every rule.</summary>
internal sealed class OrderCheck(OrderContext order, RuleSettings settings)
{
    private bool IsRestart => order.PreviousDoseMg is not null && order.DoseFreeDays >= settings.RestartGapDays;
    private bool IsDecrease => order.DoseMg < order.PreviousDoseMg && !IsRestart;
    private bool BeginsEpoch => order.PreviousDoseMg is null || order.DoseMg > order.PreviousDoseMg || IsRestart;
    private bool IsCareful => order.HasHistory || order.IsSensitive;
    private decimal? Step => order.DoseMg - order.PreviousDoseMg;

    public IEnumerable<Finding> Findings()
    {
        var found = new[]
        {
            WhileSymptomatic(), AboveUsualRange(), AboveLowDoseRange(), StandardDose(), HighStart(), LargeStep(), FastStep(), RestartAfterGap(),
            Opioid(), OpioidFreeInterval(), OpioidLike(), OrganOrPregnancy(), ThyroidOrImmune(), Perioperative(), Age(), UnitCheck(),
        }.OfType<Finding>();

        // A decrease is always free: what would stop another order is only said.
        return IsDecrease ? found.Select(f => f.Effect > FindingEffect.Warning ? f with { Effect = FindingEffect.Warning } : f) : found;
    }

    private Finding? WhileSymptomatic()
    {
        var days = order.SymptomaticDays.Where(d => d < order.On && d >= order.On.AddDays(-OrderLimits.SymptomaticWindowDays)).Distinct().Order().ToArray();
        var open = order.Open.Where(o => o.Family is RuleFamily.Course or RuleFamily.Severe).ToArray();
        if (!BeginsEpoch || (days.Length < OrderLimits.SymptomaticMinDays && open.Length == 0))
        {
            return null;
        }

        return Found(OrderRules.WhileSymptomatic, FindingEffect.OverrideRequired, "The dose would be raised while the patient is anxious.",
            [
                new FindingEvidence("symptomatic-days", days.Length, OrderLimits.SymptomaticMinDays, "days"),
                .. days.Select(d => new FindingEvidence("symptomatic-day", On: d)),
                .. open.Select(o => new FindingEvidence(o.Family == RuleFamily.Course ? "open-course" : "open-severe", Kind: "follow-up", Id: o.FollowUpId)),
            ]);
    }

    private Finding? AboveUsualRange() => order.DoseMg is > OrderLimits.UsualMaxMg and <= OrderLimits.LowDoseMaxMg
        ? Found("R-11", FindingEffect.OverrideRequired, $"{Mg(order.DoseMg)} is above the usual range, which ends at {Mg(OrderLimits.UsualMaxMg)}.",
            [Dose(OrderLimits.UsualMaxMg)])
        : null;

    private Finding? AboveLowDoseRange()
    {
        var above = order.DoseMg is > OrderLimits.LowDoseMaxMg and < OrderLimits.StandardDoseMg;
        FindingEvidence[] duplicates =
        [
            .. Active(MedicineClass.Naltrexone).Select(OfMedication),
            .. order.OtherPrescriptions.Select(p => new FindingEvidence("other-prescription", p.DoseMg, null, "mg", "prescription", p.Id, p.Version, order.On)),
        ];
        if (!above && duplicates.Length == 0)
        {
            return null;
        }

        return Found("R-12", FindingEffect.OverrideRequired,
            above ? $"{Mg(order.DoseMg)} is above the low-dose range, which ends at {Mg(OrderLimits.LowDoseMaxMg)}." : "The patient has another active naltrexone.",
            [.. above ? [Dose(OrderLimits.LowDoseMaxMg)] : Array.Empty<FindingEvidence>(), .. duplicates],
            above ? SlipHint() : null);
    }

    private Finding? StandardDose() => order.DoseMg >= OrderLimits.StandardDoseMg
        ? Found("R-13", FindingEffect.Block, $"{Mg(order.DoseMg)} is a standard dose, not a low one.", [Dose(OrderLimits.StandardDoseMg)], SlipHint())
        : null;

    private Finding? HighStart()
    {
        var limit = IsCareful ? OrderLimits.CarefulFirstDoseMg : OrderLimits.FirstDoseMg;
        return order.PreviousDoseMg is null && order.DoseMg > limit
            ? Found("R-14", FindingEffect.Warning, $"A first dose of {Mg(order.DoseMg)} is more than {Mg(limit)}.", [Dose(limit)])
            : null;
    }

    private Finding? LargeStep()
    {
        var limit = IsCareful || order.Open.Any(o => o.Family == RuleFamily.Course) ? OrderLimits.CarefulStepMg : OrderLimits.StepMg;
        return Step is { } step && step > limit
            ? Found("R-15", FindingEffect.Warning, $"A step of {Mg(step)} is more than {Mg(limit)}.", [new FindingEvidence("step", step, limit, "mg")])
            : null;
    }

    private Finding? FastStep()
    {
        var limit = order.HasHistory ? OrderLimits.CarefulStepDays : OrderLimits.StepDays;
        return Step > 0 && order.DaysSinceLastIncrease is { } days && days < limit
            ? Found("R-16", FindingEffect.Warning, $"The dose was last raised {days} days before, less than {limit}.",
                [new FindingEvidence("days-since-increase", days, limit, "days")])
            : null;
    }

    private Finding? RestartAfterGap() => IsRestart && Step >= 0
        ? Found("R-18", FindingEffect.Warning, $"After {order.DoseFreeDays} days without a dose the old one is taken again: titrate anew.",
            [new FindingEvidence("dose-free-days", order.DoseFreeDays, settings.RestartGapDays, "days")])
        : null;

    private Finding? Opioid() => FoundIfAny("R-19", FindingEffect.Block, "Naltrexone is contraindicated with opioids.",
        [
            .. Active(MedicineClass.Opioid).Select(OfMedication),
            .. OnRecord(ClinicalCondition.OpioidDependence, ClinicalCondition.OpioidWithdrawal),
            .. Latest(ObservationCode.OpioidScreen).Where(o => o.IsPositive == true).Select(o => OfObservation("positive-opioid-screen", o)),
            .. Latest(ObservationCode.NaloxoneChallenge).Where(o => o.IsPositive == true).Select(o => OfObservation("failed-naloxone-challenge", o)),
        ]);

    private Finding? OpioidFreeInterval()
    {
        var (blocked, warned) = (new List<FindingEvidence>(), new List<FindingEvidence>());
        foreach (var opioid in order.Medications.Where(m => m.Is(MedicineClass.Opioid) && m.StoppedOn <= order.On))
        {
            var days = order.On.DayNumber - opioid.StoppedOn!.Value.DayNumber;
            var least = opioid.IsLongActingOpioid ? OrderLimits.LongActingOpioidFreeDays : OrderLimits.OpioidFreeDays;
            var sure = opioid.IsLongActingOpioid ? OrderLimits.LongActingOpioidFreeDays : OrderLimits.OpioidFreeSureDays;
            if (days < sure)
            {
                var evidence = new FindingEvidence("days-since-opioid", days, days < least ? least : sure, "days", "medication", opioid.Id, opioid.Version, opioid.StoppedOn);
                (days < least ? blocked : warned).Add(evidence);
            }
        }

        return FoundIfAny("R-20", FindingEffect.Block, "The last opioid was taken too few days before.", [.. blocked, .. blocked.Count > 0 ? warned : []])
            ?? FoundIfAny("R-20", FindingEffect.Warning, "The last opioid was taken only days before: make sure that none is left.", warned);
    }

    private Finding? OpioidLike()
    {
        FindingEvidence[] like = [.. Active(MedicineClass.OpioidLike).Select(OfMedication)];
        FindingEvidence[] peripheral = [.. Active(MedicineClass.PeripheralOpioidAntagonist).Select(OfMedication)];
        return FoundIfAny("R-21", FindingEffect.Warning, "A medicine that resembles an opioid, or is taken in withdrawal, is active: ask about opioids.",
                like.Length > 0 ? [.. like, .. peripheral] : [])
            ?? FoundIfAny("R-21", FindingEffect.Info, "A peripheral opioid antagonist is active: the effects add up.", peripheral);
    }

    private Finding? OrganOrPregnancy()
    {
        FindingEvidence[] blocked =
        [
            .. OnRecord(ClinicalCondition.AcuteHepatitis, ClinicalCondition.LiverFailure, ClinicalCondition.NaltrexoneHypersensitivity),
            .. Transaminases(above: OrderLimits.TransaminaseBlockTimesUln, upTo: decimal.MaxValue),
        ];
        FindingEvidence[] warned =
        [
            .. OnRecord(ClinicalCondition.Pregnancy, ClinicalCondition.Lactation),
            .. Transaminases(above: OrderLimits.TransaminaseWarnTimesUln, upTo: OrderLimits.TransaminaseBlockTimesUln),
            .. Latest(ObservationCode.Egfr).Where(o => o.Value < OrderLimits.EgfrMin).Select(o => OfObservation("egfr", o, OrderLimits.EgfrMin, "mL/min/1.73m2")),
            .. Active(MedicineClass.Disulfiram).Select(OfMedication),
        ];
        return FoundIfAny("R-22", FindingEffect.Block, "The liver, or a hypersensitivity, speaks against naltrexone.", blocked.Length > 0 ? [.. blocked, .. warned] : [])
            ?? FoundIfAny("R-22", FindingEffect.Warning, "Liver, kidney, pregnancy, lactation or another hepatotoxic medicine calls for a decision.", warned);
    }

    private Finding? ThyroidOrImmune() => order.PreviousDoseMg is null
        ? FoundIfAny("R-25", FindingEffect.Info, "Thyroid hormone or an immune medicine is active at the start: its need may change.", [.. Active(MedicineClass.ThyroidOrImmune).Select(OfMedication)])
        : null;

    private Finding? Perioperative() => FoundIfAny("R-26", FindingEffect.Warning, "A procedure or an opioid is planned: naltrexone is held before it.",
        [
            .. order.Procedures.Where(p => p.PlannedOn >= order.On && p.PlannedOn.DayNumber - order.On.DayNumber <= OrderLimits.ProcedureDays)
                .Select(p => new FindingEvidence("days-to-procedure", p.PlannedOn.DayNumber - order.On.DayNumber, OrderLimits.ProcedureDays, "days", "procedure", p.Id, p.Version, p.PlannedOn)),
            .. order.Medications.Where(m => m.Is(MedicineClass.Opioid) && m.StartedOn > order.On)
                .Select(m => new FindingEvidence("planned-opioid", Kind: "medication", Id: m.Id, Version: m.Version, On: m.StartedOn)),
        ]);

    private Finding? Age() => order.AgeYears < OrderLimits.AdultAge
        ? Found("age", FindingEffect.Block, $"Low-dose naltrexone is prescribed to adults only: the patient must be {OrderLimits.AdultAge} on the start day.",
            [new FindingEvidence("age", order.AgeYears, OrderLimits.AdultAge, "years")])
        : null;

    private Finding? UnitCheck() => order.IsFromMicrograms
        ? Found("unit-check", FindingEffect.Info, $"The dose was given in micrograms: {Mg(order.DoseMg)} per day.", [Dose(null)])
        : null;

    private IEnumerable<MedicationFact> Active(MedicineClass medicineClass) => order.Medications.Where(m => m.IsActiveOn(order.On) && m.Is(medicineClass));

    private IEnumerable<FindingEvidence> OnRecord(params ClinicalCondition[] conditions) =>
        ConditionList.All.Where(e => conditions.Contains(e.Condition) && order.Conditions.Contains(e.Condition)).Select(e => new FindingEvidence(e.Local, Kind: "condition"));

    private IEnumerable<ObservationFact> Latest(ObservationCode code) => order.Observations
        .Where(o => o.Code == code && o.On <= order.On).GroupBy(o => o.On).MaxBy(g => g.Key) ?? Enumerable.Empty<ObservationFact>();

    private IEnumerable<FindingEvidence> Transaminases(decimal above, decimal upTo) =>
        from code in new[] { ObservationCode.Alt, ObservationCode.Ast }
        from o in Latest(code)
        where o.Value > above && o.Value <= upTo
        select OfObservation(code == ObservationCode.Alt ? "alt" : "ast", o, above, "times-uln");

    private string? SlipHint() => order.DoseMg / 10 is >= OrderLimits.SlipMinMg and <= OrderLimits.SlipMaxMg ? "decimal-slip" : null;

    private FindingEvidence Dose(decimal? limit) => new("dose", order.DoseMg, limit, "mg");

    private static FindingEvidence OfMedication(MedicationFact m) => new("active-medication", Kind: "medication", Id: m.Id, Version: m.Version, On: m.StartedOn);

    private static FindingEvidence OfObservation(string name, ObservationFact o, decimal? threshold = null, string? unit = null) =>
        new(name, o.Value, threshold, unit, "observation", o.Id, o.Version, o.On);

    private static Finding? FoundIfAny(string rule, FindingEffect effect, string message, IReadOnlyList<FindingEvidence> evidence) =>
        evidence.Count > 0 ? Found(rule, effect, message, evidence) : null;

    private static Finding Found(string rule, FindingEffect effect, string message, IReadOnlyList<FindingEvidence> evidence, string? hint = null) =>
        new(rule, effect, message, evidence, OrderRuleCatalogue.Of(rule).Actions, hint);

    private static string Mg(decimal mg) => $"{mg.ToString("0.######", CultureInfo.InvariantCulture)} mg";
}
