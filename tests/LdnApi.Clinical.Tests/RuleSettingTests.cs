using System.Text.Json;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>What a clinic may set, and what it may not.</summary>
public sealed class RuleSettingTests
{
    public static TheoryData<string> Names => [.. RuleSettingCatalogue.All.Select(s => s.Name)];

    [Fact]
    public void Every_threshold_of_the_rules_is_described_once() => Assert.Equal(
        typeof(RuleSettings).GetProperties().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)).Order(StringComparer.Ordinal),
        RuleSettingCatalogue.All.Select(s => s.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_description_reads_the_setting_it_names(string name)
    {
        var property = typeof(RuleSettings).GetProperties().Single(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name) == name);
        var value = property.GetValue(RuleSettings.Default);

        var (standard, withHistory) = RuleSettingCatalogue.All.Single(s => s.Name == name).Of(RuleSettings.Default);

        Assert.Equal(value is HistorySetting both ? (both.Standard, both.WithHistory) : (Convert.ToDecimal(value, null), null), (standard, withHistory));
    }

    [Fact]
    public void The_defaults_may_be_used() => Assert.Empty(RuleSettingCatalogue.Violations(RuleSettings.Default));

    [Fact]
    public void A_threshold_of_the_catalogue_of_rules_shows_the_value_in_force_beside_the_default()
    {
        var settings = RuleSettings.Default with { SevereNrs = 8, PersistWindowDays = new(21, 7) };

        var rules = RuleCatalogue.Under(settings);

        Assert.Equal((7, 8), Of("R-05", "severeNrs"));
        Assert.Equal((14, 21), Of("R-04", "persistWindowDays"));
        Assert.Equal((15, 15), Of("R-07", "severeTotal")); // a constant of the instrument, not a setting

        (decimal, decimal) Of(string rule, string name) =>
            rules.Single(r => r.Id == rule).Thresholds.Single(t => t.Setting == name) is var threshold ? (threshold.Default, threshold.Value) : default;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_outside_its_bounds_is_named_with_the_bounds(string name)
    {
        var setting = RuleSettingCatalogue.All.Single(s => s.Name == name);

        var below = RuleSettingCatalogue.Violations(With(name, setting.Minimum - 1));
        var above = RuleSettingCatalogue.Violations(With(name, setting.Maximum + 1));

        Assert.All([below, above], violations => Assert.Contains(
            violations, v => v.Setting.Split('.')[0] == name && v.Rule == FormattableString.Invariant($"Must be from {setting.Minimum} to {setting.Maximum} {setting.Unit}.")));
    }

    /// <summary>The bounds themselves may be chosen, as long as no other setting is contradicted.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_on_its_bound_is_within_it(string name)
    {
        var setting = RuleSettingCatalogue.All.Single(s => s.Name == name);

        Assert.All(
            new[] { setting.Minimum, setting.Maximum }.SelectMany(bound => RuleSettingCatalogue.Violations(With(name, bound))),
            v => Assert.DoesNotContain("Must be from", v.Rule, StringComparison.Ordinal));
    }

    private static RuleSettings With(string name, decimal value)
    {
        var settings = RuleSettings.Default with { };
        var property = typeof(RuleSettings).GetProperties().Single(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name) == name);
        property.SetValue(settings, property.GetValue(settings) switch
        {
            HistorySetting => new HistorySetting((int)value, (int)value),
            int => (object)(int)value,
            _ => value,
        });
        return settings;
    }
}
