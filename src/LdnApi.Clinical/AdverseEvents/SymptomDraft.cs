using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.AdverseEvents;

/// <summary>What a patient reported of a day. Scores are 0–10, null = not answered.</summary>
/// <param name="SleepQuality">10 is best.</param>
public sealed record Symptoms(
    int? Anxiety = null, int? Nervousness = null, int? Restlessness = null, int? Agitation = null, int? Irritability = null,
    int? SleepQuality = null, bool VividDreams = false, bool SelfHarmThoughts = false);

/// <summary>The event that a report suggests: a draft, for a person to review.</summary>
public sealed record SymptomDraft(AdverseEventTerm Term, Severity Severity)
{
    /// <summary>
    /// Self-harm before all; then the highest symptomatic score, of equals the first; then poor sleep, vivid dreams, and last the highest score below that.
    /// Null when nothing was reported that could be an event.
    /// </summary>
    public static SymptomDraft? Of(Symptoms symptoms, RuleSettings settings)
    {
        var worst = ScoresOf(symptoms).Where(s => s.Score > 0).OrderByDescending(s => s.Score).FirstOrDefault();
        return symptoms.SelfHarmThoughts ? As(AdverseEventTerm.SuicidalIdeation, symptoms, settings)
            : worst.Score >= settings.SymptomaticNrs ? As(worst.Term, symptoms, settings)
            : symptoms.SleepQuality <= CourseAnnotations.PoorSleepQuality ? As(AdverseEventTerm.Insomnia, symptoms, settings)
            : symptoms.VividDreams ? As(AdverseEventTerm.VividDreams, symptoms, settings)
            : worst.Score is not null ? As(worst.Term, symptoms, settings)
            : null;
    }

    /// <summary>
    /// The same report as an event of a chosen term. Of a scored symptom the severity is that of its score (ESAS: 4–6 moderate, from 7 severe);
    /// suicidal thoughts are severe, vivid dreams mild, and what no score measures is moderate until a person says otherwise.
    /// </summary>
    public static SymptomDraft As(AdverseEventTerm term, Symptoms symptoms, RuleSettings settings) => new(
        term,
        ScoresOf(symptoms).FirstOrDefault(s => s.Term == term).Score is { } score ? SeverityOf(score, settings)
            : AdverseEventTerms.IsSuicidality(term) ? Severity.Severe
            : term == AdverseEventTerm.VividDreams ? Severity.Mild
            : Severity.Moderate);

    private static Severity SeverityOf(int score, RuleSettings settings) =>
        score >= settings.SevereNrs ? Severity.Severe : score >= settings.SymptomaticNrs ? Severity.Moderate : Severity.Mild;

    private static IEnumerable<(AdverseEventTerm Term, int? Score)> ScoresOf(Symptoms s) =>
    [
        (AdverseEventTerm.Anxiety, s.Anxiety),
        (AdverseEventTerm.Nervousness, s.Nervousness),
        (AdverseEventTerm.Restlessness, s.Restlessness),
        (AdverseEventTerm.Agitation, s.Agitation),
        (AdverseEventTerm.Irritability, s.Irritability),
    ];
}
