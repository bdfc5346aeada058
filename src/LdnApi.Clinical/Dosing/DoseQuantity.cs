namespace LdnApi.Clinical.Dosing;

/// <summary>A unit of mass (UCUM).</summary>
public enum DoseUnit
{
    /// <summary>Milligrams.</summary>
    Mg,

    /// <summary>Micrograms: 1000 to the milligram.</summary>
    Ug,
}

/// <summary>An amount taken at one time.</summary>
public readonly record struct DoseQuantity(decimal Value, DoseUnit Unit)
{
    /// <summary>What is taken in a day, mg in total.</summary>
    public decimal MgPerDay(int timesPerDay) => Value * timesPerDay / (Unit == DoseUnit.Ug ? 1000 : 1);
}
