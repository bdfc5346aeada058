namespace LdnApi.Clinical.Medicines;

/// <summary>What the rules take a medicine for. One medicine may be of several classes.</summary>
public enum MedicineClass
{
    /// <summary>An opioid agonist or partial agonist: contraindicated with naltrexone .</summary>
    Opioid,

    /// <summary>An opioid that is eliminated slowly, whatever its form: the opioid-free interval is longer .</summary>
    LongActingOpioid,

    /// <summary>Acts like an opioid in part, or is taken in withdrawal: ask .</summary>
    OpioidLike,

    /// <summary>An opioid antagonist that acts outside the brain (R-21, for information).</summary>
    PeripheralOpioidAntagonist,

    /// <summary>Naltrexone itself, alone or combined .</summary>
    Naltrexone,

    /// <summary>Hepatotoxic like naltrexone .</summary>
    Disulfiram,

    /// <summary>Stimulant or sympathomimetic .</summary>
    Stimulant,

    /// <summary>Acts on the neurotransmitters of mood and anxiety .</summary>
    Neurotransmitter,

    /// <summary>Thyroid hormone, immunosuppressant or immunomodulator .</summary>
    ThyroidOrImmune,
}
