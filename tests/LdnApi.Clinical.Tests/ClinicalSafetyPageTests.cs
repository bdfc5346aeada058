using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>docs/clinical-safety.md names every default with its unit and source, and names it right.</summary>
public sealed partial class ClinicalSafetyPageTests
{
    private static readonly string Page = Path.GetFullPath(Path.Combine(Here(), "../../docs/clinical-safety.md"));

    private static readonly Dictionary<string, Func<IEnumerable<string>>> Tables = new()
    {
        ["priorities"] = Priorities,
        ["settings"] = Settings,
        ["rules"] = Rules,
        ["orders"] = Orders,
        ["presets"] = Presets,
    };

    public static TheoryData<string> TableNames => new(Tables.Keys);

    /// <summary>To change one on purpose, run with UPDATE_DOCS=1 and commit the difference.</summary>
    [Theory]
    [MemberData(nameof(TableNames))]
    public async Task A_table_says_what_the_code_does(string name)
    {
        var ct = TestContext.Current.CancellationToken;
        var expected = string.Join('\n', Tables[name]());
        var page = await File.ReadAllTextAsync(Page, ct);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") is "1")
        {
            page = TableOf(name).Replace(page, $"<!-- {name} -->\n{expected}\n<!-- end -->");
            await File.WriteAllTextAsync(Page, page, ct);
        }

        Assert.Equal($"<!-- {name} -->\n{expected}\n<!-- end -->", TableOf(name).Match(page).Value);
    }

    /// <summary>Whatever number the module makes public is in one of the tables: of a setting, of a rule, or among the others with this value.</summary>
    [Fact]
    public void No_number_of_the_module_is_missing()
    {
        var ofRules = Thresholds.SelectMany(t => new[] { t.Default, t.WithHistory }).ToHashSet();
        var others = OtherNumber().Matches(File.ReadAllText(Page)).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

        var missing =
            from type in typeof(RuleSettings).Assembly.GetExportedTypes()
            from field in type.GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            where !type.IsEnum && (field.FieldType.IsPrimitive || field.FieldType == typeof(decimal)) && field.Name != "Version"
            let name = $"{type.Name}.{field.Name}"
            let value = Convert.ToDecimal(field.GetValue(null), CultureInfo.InvariantCulture)
            where others.Remove(name, out var written) ? written != Text(value) : !ofRules.Contains(value)
            select $"{name} = {Text(value)}";

        Assert.Empty(missing.ToList());
        Assert.Empty(others); // none that the code does not know
    }

    private static IEnumerable<RuleThreshold> Thresholds => RuleCatalogue.All.SelectMany(r => r.Thresholds).Concat(OrderRuleCatalogue.All.SelectMany(r => r.Thresholds));

    private static IEnumerable<string> Priorities() =>
    [
        "| Priority | Somebody has acted within |", "|---|---|",
        .. Enum.GetValues<FollowUpPriority>().OrderDescending().Select(p => $"| {Kebab(p)} | {Time(FollowUpPriorities.TimeAllowed(p))} |"),
    ];

    private static IEnumerable<string> Settings() =>
    [
        "| Setting | Default | Unit | From – to | Rules | Meaning | Source |", "|---|---|---|---|---|---|---|",
        .. RuleSettingCatalogue.All.Select(s =>
            $"| `{s.Name}` | {Value(s.Of(RuleSettings.Default).Standard, s.Of(RuleSettings.Default).WithHistory)} | {s.Unit} | {Text(s.Minimum)} – {Text(s.Maximum)} | {string.Join(", ", s.Rules)} | {s.Meaning} | {s.Source} |"),
    ];

    private static IEnumerable<string> Rules() =>
    [
        "| Rule | Family | Meaning | Numbers | Priority | Source |", "|---|---|---|---|---|---|",
        .. RuleCatalogue.All.Select(r => $"| {r.Id} | {Kebab(r.Family)} | {r.Meaning} | {Numbers(r.Thresholds)} | {r.Priority} | {r.Source} |"),
    ];

    private static IEnumerable<string> Orders() =>
    [
        "| Rule | Effect | Meaning | Numbers | Source |", "|---|---|---|---|---|",
        .. OrderRuleCatalogue.All.Select(r => $"| {r.Id} | {string.Join(", ", r.Effects.Select(e => Kebab(e)))} | {r.Meaning} | {Numbers(r.Thresholds)} | {r.Source} |"),
    ];

    private static IEnumerable<string> Presets() =>
    [
        "| Preset | mg per day | Days a step | Source |", "|---|---|---|---|",
        .. TitrationPresets.All.Select(p =>
            $"| `{p.Name}` | {string.Join(", ", p.Steps.Select(s => Text(s.DoseMg)))} | {string.Join(", ", p.Steps.Select(s => s.Days).OfType<int>().Distinct())} | {p.Source} |"),
    ];

    private static string Numbers(IReadOnlyList<RuleThreshold> thresholds) => string.Join("; ", thresholds.Select(t =>
        RuleSettingCatalogue.All.Any(s => s.Name == t.Setting) ? $"*{t.Setting}*" : $"{t.Setting} {Value(t.Default, t.WithHistory)} {t.Unit}"));

    private static string Value(decimal standard, decimal? withHistory) => withHistory is { } history ? $"{Text(standard)} ({Text(history)})" : Text(standard);

    private static string Text(decimal value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) => time == TimeSpan.Zero ? "now" : time.TotalDays > 3 ? $"{time.TotalDays:0} days" : $"{time.TotalHours:0} hours";

    private static string Kebab(Enum value) => Capital().Replace(value.ToString(), "-$0").ToLowerInvariant();

    private static Regex TableOf(string name) => new($"<!-- {name} -->\n.*?<!-- end -->", RegexOptions.Singleline);

    [GeneratedRegex(@"^\| `(\w+\.\w+)` \| ([\d.]+) \|", RegexOptions.Multiline)]
    private static partial Regex OtherNumber();

    [GeneratedRegex("(?<=[a-z])[A-Z0-9]")]
    private static partial Regex Capital();

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
