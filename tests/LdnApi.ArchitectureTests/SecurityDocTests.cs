using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace LdnApi.ArchitectureTests;

/// <summary>docs/security.md and docs/asvs-l2.md promise by naming tests: each of them exists.</summary>
public sealed partial class SecurityDocTests
{
    private static readonly string Root = Path.GetFullPath("../..", Path.GetDirectoryName(ThisFile())!);

    private static readonly HashSet<string> Tests =
    [
        .. Directory.EnumerateDirectories(Path.Combine(Root, "tests")).SelectMany(Directory.EnumerateFiles).Where(f => f.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(f => Class().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value),
    ];

    [Theory]
    [InlineData("docs/security.md")]
    [InlineData("docs/asvs-l2.md")]
    public void Every_test_that_is_named_exists(string document)
    {
        var named = Named().Matches(File.ReadAllText(Path.Combine(Root, document))).Select(m => m.Groups[1].Value).Distinct().ToList();

        Assert.True(named.Count > 12);
        Assert.Empty(named.Except(Tests));
        Assert.DoesNotContain("NoSuchTests", Tests);
    }

    private static string ThisFile([CallerFilePath] string file = "") => file;

    [GeneratedRegex("`([A-Za-z]+Tests)`", RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    [GeneratedRegex(@"\bclass ([A-Za-z]+Tests)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Class();
}
