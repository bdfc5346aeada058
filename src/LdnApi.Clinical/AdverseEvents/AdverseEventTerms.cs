namespace LdnApi.Clinical.AdverseEvents;

/// <summary>The group that a term belongs to.</summary>
public enum AdverseEventCategory
{
    Mood,
    Sleep,
    Digestive,
    Headache,
    Safety,
    Other,
}

/// <summary>What the rules need to know of the terms.</summary>
public static class AdverseEventTerms
{
    public static AdverseEventCategory CategoryOf(AdverseEventTerm term) => term switch
    {
        AdverseEventTerm.Anxiety or AdverseEventTerm.Nervousness or AdverseEventTerm.Jitteriness or AdverseEventTerm.Restlessness
            or AdverseEventTerm.Agitation or AdverseEventTerm.Worry or AdverseEventTerm.Panic or AdverseEventTerm.Akathisia
            or AdverseEventTerm.Irritability or AdverseEventTerm.DepressedMood => AdverseEventCategory.Mood,
        AdverseEventTerm.Insomnia or AdverseEventTerm.VividDreams => AdverseEventCategory.Sleep,
        AdverseEventTerm.Nausea or AdverseEventTerm.AbdominalCramps or AdverseEventTerm.Diarrhoea => AdverseEventCategory.Digestive,
        AdverseEventTerm.Headache => AdverseEventCategory.Headache,
        AdverseEventTerm.SuicidalIdeation or AdverseEventTerm.SuicideAttempt => AdverseEventCategory.Safety,
        AdverseEventTerm.Dizziness or AdverseEventTerm.Fatigue or AdverseEventTerm.Palpitations or AdverseEventTerm.Tremor
            or AdverseEventTerm.Other => AdverseEventCategory.Other,
    };

    /// <summary>Terms that the rules count as anxiety. Irritability and depressed mood are mood, but not anxiety.</summary>
    public static bool IsAnxiety(AdverseEventTerm term) =>
        CategoryOf(term) == AdverseEventCategory.Mood && term is not (AdverseEventTerm.Irritability or AdverseEventTerm.DepressedMood);

    public static bool IsSuicidality(AdverseEventTerm term) => CategoryOf(term) == AdverseEventCategory.Safety;

    /// <summary>
    /// Whether CTCAE has this grade for the term. Source: CTCAE v5.0 (2017-11-27); depressed mood is its depression, abdominal cramps its abdominal pain,
    /// and terms it does not list take the grades 1–5 of its "other, specify".
    /// </summary>
    public static bool AllowsGrade(AdverseEventTerm term, int grade) => grade >= 1 && term switch
    {
        AdverseEventTerm.Anxiety or AdverseEventTerm.Agitation or AdverseEventTerm.SuicidalIdeation => grade <= 4,
        AdverseEventTerm.Restlessness or AdverseEventTerm.Akathisia or AdverseEventTerm.Irritability or AdverseEventTerm.Insomnia
            or AdverseEventTerm.Headache or AdverseEventTerm.Nausea or AdverseEventTerm.AbdominalCramps or AdverseEventTerm.Dizziness
            or AdverseEventTerm.Fatigue or AdverseEventTerm.Tremor => grade <= 3,
        AdverseEventTerm.Palpitations => grade <= 2,
        AdverseEventTerm.SuicideAttempt => grade is >= 3 and <= 5,
        AdverseEventTerm.DepressedMood or AdverseEventTerm.Diarrhoea or AdverseEventTerm.Nervousness or AdverseEventTerm.Jitteriness
            or AdverseEventTerm.Worry or AdverseEventTerm.Panic or AdverseEventTerm.VividDreams
            or AdverseEventTerm.Other => grade <= 5,
    };
}
