namespace LdnApi.Clinical.Assessments;

/// <summary>A questionnaire that the server scores.</summary>
public enum Instrument
{
    /// <summary>Generalised Anxiety Disorder, seven items 0–3, total 0–21. Spitzer et al., Arch Intern Med 2006;166:1092–7.</summary>
    Gad7,

    /// <summary>The first two items of the GAD-7, total 0–6; 3 or more is positive. Plummer et al. 2016.</summary>
    Gad2,

    /// <summary>Patient Health Questionnaire, nine items 0–3, total 0–27. Item 9 asks for thoughts of self-harm.</summary>
    Phq9,

    /// <summary>Columbia Suicide Severity Rating Scale screener: up to six questions, 1 = yes, 0 = no. Any yes is positive.</summary>
    CSsrs,
}
