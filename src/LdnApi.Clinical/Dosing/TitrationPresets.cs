namespace LdnApi.Clinical.Dosing;

/// <summary>A published or commonly used way of raising the dose.</summary>
/// <param name="Name">Stable name on the wire.</param>
/// <param name="Source">Where the steps come from.</param>
public sealed record TitrationPreset(string Name, string Source, IReadOnlyList<TitrationStep> Steps);

/// <summary>The presets. Doses in mg per day, lengths in days; the last step goes on. Suggestions to a prescriber, not orders.</summary>
public static class TitrationPresets
{
    public static readonly IReadOnlyList<TitrationPreset> All =
    [
        new("seed-standard", "1.5 mg raised to 4.5 mg, maintained at 3–4.5 mg; the fortnightly interval is our default", Raise(14, 1.5m, 3.0m, 4.5m)),
        new("weekly-1.5", "Outpatient protocol: 1.5 mg for 7–14 days, 3.0 mg for 7–14 days, then 4.5 mg", Raise(7, 1.5m, 3.0m, 4.5m)),
        new("ms-slow", "Norwegian guidance for multiple sclerosis: four weeks a step", Raise(28, 1.5m, 3.0m, 4.5m)),
        new("micro-0.5-weekly", "Slow starters: 0.5 mg a week", Raise(7, 0.5m, 1.0m, 1.5m, 2.0m, 2.5m, 3.0m, 3.5m, 4.0m, 4.5m)),
        new("hashimoto-0.5-biweekly", "Hashimoto's thyroiditis: 0.5 mg no faster than every 14 days", Raise(14, 0.5m, 1.0m, 1.5m, 2.0m, 2.5m, 3.0m, 3.5m, 4.0m, 4.5m)),
        new("monthly-1", "O'Kelly et al., Brain Behav Immun Health 2022;24:100485: 1, 2, 3 mg by month", Raise(30, 1.0m, 2.0m, 3.0m)),
    ];

    public static TitrationPreset? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    private static TitrationStep[] Raise(int days, params decimal[] doses) =>
        [.. doses.Select((dose, i) => new TitrationStep(dose, i == doses.Length - 1 ? null : days))];
}
