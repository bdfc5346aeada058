namespace LdnApi.Clinical.AdverseEvents;

/// <summary>What was observed, in the terms that are followed on low-dose naltrexone; <see cref="Other"/> comes with a text.</summary>
public enum AdverseEventTerm
{
    Anxiety,
    Nervousness,
    Jitteriness,
    Restlessness,
    Agitation,
    Worry,
    Panic,
    Akathisia,
    Irritability,
    DepressedMood,
    Insomnia,
    VividDreams,
    Nausea,
    AbdominalCramps,
    Diarrhoea,
    Headache,
    Dizziness,
    Fatigue,
    Palpitations,
    Tremor,
    SuicidalIdeation,
    SuicideAttempt,
    Other,
}

/// <summary>How strong an adverse event is. Not the same as its seriousness (ICH E2A).</summary>
public enum Severity
{
    Mild,
    Moderate,
    Severe,
}

/// <summary>A reason for which an adverse event is serious. Source: ICH E2A; FDA MedWatch form 3500.</summary>
public enum SeriousnessCriterion
{
    Death,
    LifeThreatening,
    Hospitalization,
    Disability,
    CongenitalAnomaly,
    RequiredIntervention,
    OtherMedicallyImportant,
}
