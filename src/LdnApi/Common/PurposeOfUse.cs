namespace LdnApi.Common;

/// <summary>Why someone looks at patient data or changes it.</summary>
/// <remarks>Codes of HL7's code system v3-ActReason, below its concept PurposeOfUse.</remarks>
public static class PurposeOfUse
{
    /// <summary>The longest code.</summary>
    public const int MaxLength = 20;

    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        ["TREAT"] = "treatment",
        ["ETREAT"] = "emergency treatment",
        ["BTG"] = "break the glass",
        ["COC"] = "coordination of care",
        ["CLINTRL"] = "clinical trial",
        ["HPAYMT"] = "payment",
        ["HOPERAT"] = "healthcare operations",
        ["HQUALIMP"] = "quality improvement",
        ["PATSFTY"] = "patient safety",
        ["PATADMIN"] = "patient administration",
        ["HSYSADMIN"] = "system administration",
        ["RECORDMGT"] = "records management",
        ["HCOMPL"] = "compliance",
        ["HLEGAL"] = "legal",
        ["TRAIN"] = "training",
        ["HRESCH"] = "research",
        ["CLINTRCH"] = "clinical trial research",
        ["PATRQT"] = "the patient's request",
        ["FAMRQT"] = "the family's request",
        ["PWATRNY"] = "power of attorney",
        ["PUBHLTH"] = "public health",
    };
}
