namespace LdnApi.Clinical.Orders;

/// <summary>The numbers that orders are held against. Each is a default; none is medical advice.</summary>
public static class OrderLimits
{
    /// <summary>Highest dose without a word. mg per day; the usual range ends here (source article; Toljan and Vrooman 2018).</summary>
    public const decimal UsualMaxMg = 4.5m;

    /// <summary>Highest dose of the low range. mg per day (Bruun 2024 gave 6 mg).</summary>
    public const decimal LowDoseMaxMg = 6.0m;

    /// <summary>From here a dose is the standard one of another treatment. mg per day; labels: 50 mg, halved for the first day.</summary>
    public const decimal StandardDoseMg = 25m;

    /// <summary>A tenth of a dose within these bounds points to a slipped decimal. mg per day.</summary>
    public const decimal SlipMinMg = 0.5m;

    /// <inheritdoc cref="SlipMinMg"/>
    public const decimal SlipMaxMg = 4.5m;

    /// <summary>Highest first dose. mg per day (source article: start at 1.5 mg).</summary>
    public const decimal FirstDoseMg = 1.5m;

    /// <summary>Highest first dose with an anxiety history or a sensitive patient. mg per day; our default.</summary>
    public const decimal CarefulFirstDoseMg = 0.5m;

    /// <summary>Largest step. mg per day; published titrations go by 1.5 mg at most.</summary>
    public const decimal StepMg = 1.5m;

    /// <summary>Largest step with an anxiety history, a sensitive patient or an open COURSE follow-up. mg per day; our default.</summary>
    public const decimal CarefulStepMg = 0.5m;

    /// <summary>Shortest time between increases. Days; the fastest published titration is weekly.</summary>
    public const int StepDays = 7;

    /// <summary>Shortest time between increases with an anxiety history. Days; our default.</summary>
    public const int CarefulStepDays = 14;

    /// <summary>Days before the order in which symptomatic days are counted. Days; our default.</summary>
    public const int SymptomaticWindowDays = 7;

    /// <summary>Symptomatic days in that window that make an increase need an override. Days; our default.</summary>
    public const int SymptomaticMinDays = 3;

    /// <summary>Shortest opioid-free interval. Days; labels: at least 7 to 10.</summary>
    public const int OpioidFreeDays = 7;

    /// <summary>Opioid-free interval without a word. Days; labels: at least 7 to 10.</summary>
    public const int OpioidFreeSureDays = 10;

    /// <summary>Shortest interval after a long-acting opioid. Days; labels: up to two weeks.</summary>
    public const int LongActingOpioidFreeDays = 14;

    /// <summary>ALT or AST above which an order does not go through. Times the upper limit of normal; CTCAE v5.0 grade 3.</summary>
    public const decimal TransaminaseBlockTimesUln = 5;

    /// <summary>ALT or AST above which an order is warned of. Times the upper limit of normal; CTCAE v5.0 grade 2.</summary>
    public const decimal TransaminaseWarnTimesUln = 3;

    /// <summary>eGFR below which an order is warned of. mL/min/1.73 m²; KDIGO G4.</summary>
    public const decimal EgfrMin = 30;

    /// <summary>Days before a procedure in which naltrexone is held. Days; perioperative guidance says 2 to 4.</summary>
    public const int ProcedureDays = 3;

    /// <summary>Years.</summary>
    public const int AdultAge = 18;
}
