namespace LdnApi.Clinical.Conditions;

/// <summary>A condition that a rule looks for.</summary>
public enum ClinicalCondition
{
    AnxietyDisorder,
    OpioidDependence,
    OpioidWithdrawal,
    AcuteHepatitis,
    LiverFailure,
    NaltrexoneHypersensitivity,
    Pregnancy,
    Lactation,
}

/// <summary>The codes that say a condition.</summary>
/// <param name="Local">The code in <see cref="ConditionList.LocalSystem"/>, for those who hold no other.</param>
/// <param name="SnomedCt">Concept ids, each for itself: without a terminology server descendants are not known.</param>
/// <param name="Icd10">ICD-10 and ICD-10-CM categories, each with everything under it.</param>
/// <param name="ExceptIcd10">Categories under those that do not say it.</param>
public sealed record ConditionEntry(
    ClinicalCondition Condition, string Local, IReadOnlyList<string> SnomedCt, IReadOnlyList<string> Icd10, IReadOnlyList<string> ExceptIcd10);

/// <summary>Which coded conditions the rules mean. A code that is not here is kept and means nothing to them.</summary>
public static class ConditionList
{
    /// <summary>Rises with any change of what the list holds.</summary>
    public const int Version = 1;

    public const string Source = "SNOMED CT International; ICD-10 (WHO) and ICD-10-CM. Hypersensitivity to naltrexone has only our own code.";

    /// <summary>Our own code system.</summary>
    public const string LocalSystem = "urn:ldnapi:condition";

    private const string SnomedCtSystem = "http://snomed.info/sct";
    private const string Icd10System = "http://hl7.org/fhir/sid/icd-10"; // also icd-10-cm and the national ones

    public static readonly IReadOnlyList<ConditionEntry> All =
    [
        new(ClinicalCondition.AnxietyDisorder, "anxiety-disorder", ["197480006"], ["F40", "F41"], []),
        new(ClinicalCondition.OpioidDependence, "opioid-dependence", ["75544000"], ["F11.2"], ["F11.21"]), // in remission
        new(ClinicalCondition.OpioidWithdrawal, "opioid-withdrawal", ["87132004"], ["F11.3", "F11.13", "F11.23", "F11.93"], []),
        new(ClinicalCondition.AcuteHepatitis, "acute-hepatitis", ["37871000"], ["B15", "B16", "B17"], []),
        new(ClinicalCondition.LiverFailure, "liver-failure", ["59927004"], ["K72"], []),
        new(ClinicalCondition.NaltrexoneHypersensitivity, "naltrexone-hypersensitivity", [], [], []),
        new(ClinicalCondition.Pregnancy, "pregnancy", ["77386006"], ["Z33", "Z34", "O09"], ["Z33.2"]), // encounter for termination
        new(ClinicalCondition.Lactation, "lactation", ["413712001"], ["Z39.1"], []),
    ];

    /// <summary>What a coded condition means to the rules; usually nothing, sometimes more than one thing.</summary>
    public static IEnumerable<ClinicalCondition> MeaningOf(string system, string code) => All.Where(e => Says(e, system, code)).Select(e => e.Condition);

    private static bool Says(ConditionEntry entry, string system, string code) => system switch
    {
        LocalSystem => entry.Local == code,
        SnomedCtSystem => entry.SnomedCt.Contains(code),
        _ when system.StartsWith(Icd10System, StringComparison.Ordinal) =>
            entry.Icd10.Any(category => IsUnder(code, category)) && !entry.ExceptIcd10.Any(category => IsUnder(code, category)),
        _ => false,
    };

    /// <summary>With or without the dot, as both are in use.</summary>
    private static bool IsUnder(string code, string category) => Plain(code).StartsWith(Plain(category), StringComparison.Ordinal);

    private static string Plain(string code) => code.Replace(".", "", StringComparison.Ordinal);
}
