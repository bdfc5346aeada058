using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;

namespace LdnApi.Features.Rules;

/// <summary>A setting with its values in force, its defaults and its bounds.</summary>
/// <param name="Value">In force, in the unit named; for everyone without an anxiety disorder on record.</param>
/// <param name="WithHistory">In force, in the unit named, with an anxiety disorder on record, where that is another threshold.</param>
/// <param name="Default">What it is until a clinic changes it; in the unit named.</param>
/// <param name="DefaultWithHistory">The default with an anxiety disorder on record; in the unit named.</param>
/// <param name="Minimum">The lowest value that a clinic may choose; in the unit named.</param>
/// <param name="Maximum">The highest value that a clinic may choose; in the unit named.</param>
/// <param name="Unit">points, days, ratio.</param>
public sealed record RuleSetting(
    string Name, decimal Value, decimal? WithHistory, decimal Default, decimal? DefaultWithHistory, decimal Minimum, decimal Maximum, string Unit,
    IReadOnlyList<string> Rules, string Meaning, string Source);

/// <summary>One version of the clinic's settings. Version 1 is the defaults: it has no author, and always was.</summary>
/// <param name="Version">Counts from 1; each change adds 1.</param>
/// <param name="RecordedAt">From when it is in force.</param>
/// <param name="RestoredFrom">The earlier version that it brought back.</param>
public sealed record RuleSettingsEntry(
    long Version, RuleSettings Settings, DateTimeOffset? RecordedAt, string? RecordedBy, string? Reason, long? RestoredFrom)
{
    internal static RuleSettingsEntry Of(RuleSettingsVersion v) => new(v.Version, v.Settings, v.RecordedAt, v.RecordedBy, v.Reason, v.RestoredFrom);
}

/// <summary>The clinic's settings in force.</summary>
/// <param name="RuleSetVersion">The rules that they belong to.</param>
/// <param name="Settings">The values alone: change some of them and send them back.</param>
/// <param name="Parameters">Each setting with defaults, bounds and source.</param>
/// <param name="RestoredFrom">The earlier version that it brought back.</param>
/// <param name="PatientsDue">Patients whom the background run has yet to evaluate. After a change it counts down to 0: then the whole queue speaks of the new settings.</param>
public sealed record RuleSettingsResponse(
    long Version, string RuleSetVersion, RuleSettings Settings, IReadOnlyList<RuleSetting> Parameters, DateTimeOffset? RecordedAt, string? RecordedBy,
    string? Reason, long? RestoredFrom, int PatientsDue) : IVersioned, ILive
{
    internal static RuleSettingsResponse Of(RuleSettingsVersion v, int patientsDue) => new(
        v.Version, RuleCatalogue.RuleSetVersion, v.Settings, [.. RuleSettingCatalogue.All.Select(d => ToSetting(d, v.Settings))], v.RecordedAt, v.RecordedBy, v.Reason,
        v.RestoredFrom, patientsDue);

    private static RuleSetting ToSetting(RuleSettingDescription d, RuleSettings settings)
    {
        var (value, withHistory) = d.Of(settings);
        var (byDefault, byDefaultWithHistory) = d.Of(RuleSettings.Default);
        return new RuleSetting(d.Name, value, withHistory, byDefault, byDefaultWithHistory, d.Minimum, d.Maximum, d.Unit, d.Rules, d.Meaning, d.Source);
    }
}

/// <summary>Settings as they are sent: those that are named change, the others stay as the clinic has them.</summary>
internal static class RuleSettingsDraft
{
    public static Result<RuleSettings> Over(RuleSettings current, JsonElement draft)
    {
        if (draft.ValueKind != JsonValueKind.Object)
        {
            return Problem.Invalid("$.settings", "Must be an object.");
        }

        var merged = JsonSerializer.SerializeToNode(current, WireJson.Options)!.AsObject();
        try
        {
            foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(draft, WireJson.Options)!)
            {
                merged[name] = JsonNode.Parse(value.GetRawText());
            }

            var settings = merged.Deserialize<RuleSettings>(WireJson.Options)!;
            return Refusal(settings) is { } refusal ? refusal : settings;
        }
        catch (JsonException e)
        {
            return Problem.Invalid(WireBody.ErrorsOf(e).ToDictionary(error => $"$.settings{error.Key[1..]}", error => error.Value));
        }
    }

    public static Problem? Refusal(RuleSettings settings)
    {
        var violations = RuleSettingCatalogue.Violations(settings);
        return violations.Count == 0 ? null : new Problem("settings-out-of-bounds", StatusCodes.Status422UnprocessableEntity, "The settings are out of bounds or contradict each other.")
        {
            Errors = violations.GroupBy(v => v.Setting).ToDictionary(g => $"$.settings.{g.Key}", g => g.Select(v => v.Rule).ToArray()),
        };
    }
}
