namespace LdnApi.Clinical.AdverseEvents;

/// <summary>WHO-UMC causality category. A judgement that a person makes; never set by a rule.</summary>
/// <remarks>Source: Uppsala Monitoring Centre, The use of the WHO-UMC system for standardised case causality assessment.</remarks>
public enum WhoUmcCategory
{
    /// <summary>Plausible time, no other explanation, plausible response to withdrawal, specific; rechallenge where needed.</summary>
    Certain,

    /// <summary>Reasonable time, other causes unlikely, reasonable response to withdrawal.</summary>
    Probable,

    /// <summary>Reasonable time, other causes possible too, response to withdrawal unclear.</summary>
    Possible,

    /// <summary>The time makes it improbable, other causes plausible.</summary>
    Unlikely,

    /// <summary>More data is needed or under examination.</summary>
    Conditional,

    /// <summary>Insufficient or contradictory information.</summary>
    Unassessable,
}
