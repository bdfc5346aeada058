using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using LdnApi.Clinical.Rules;
using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace LdnApi.ArchitectureTests;

/// <summary>A regular expression ends: it cannot backtrack, or it gives up. Input is not what decides how long it takes.</summary>
public sealed class RegexTests
{
    private static readonly Assembly[] Ours = [typeof(Program).Assembly, typeof(RuleEngine).Assembly];

    private static readonly GeneratedRegexAttribute[] Generated =
    [
        .. Ours.SelectMany(a => a.GetTypes()).SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .SelectMany(m => m.GetCustomAttributes<GeneratedRegexAttribute>()),
    ];

    [Fact]
    public void Every_expression_of_ours_has_a_time_limit_or_does_not_backtrack()
    {
        Assert.NotEmpty(Generated);
        Assert.All(Generated, g => Assert.True(g.Options.HasFlag(RegexOptions.NonBacktracking) || g.MatchTimeoutMilliseconds is > 0 and <= 1000, g.Pattern));
    }

    [Fact]
    public void An_expression_is_made_by_the_generator_and_nowhere_else()
    {
        var made = Ours.SelectMany(a => ModuleDefinition.ReadModule(a.Location).GetAllTypes())
            .Where(t => !t.FullName.StartsWith("System.Text.RegularExpressions.Generated", StringComparison.Ordinal))
            .SelectMany(t => t.Methods).Where(m => m.HasBody)
            .SelectMany(m => m.Body.Instructions.Select(i => i.Operand).OfType<MethodReference>().Where(r => r.DeclaringType.FullName == typeof(Regex).FullName && (r.Name == ".ctor" || !r.HasThis)), (m, r) => $"{m.FullName} calls {r.Name}");

        Assert.Empty(made);
    }

    [Fact]
    public void An_expression_on_a_member_gives_up_too() => Assert.All(
        Ours.SelectMany(a => a.GetTypes()).SelectMany(t => t.GetProperties()).SelectMany(p => p.GetCustomAttributes<RegularExpressionAttribute>()),
        a => Assert.True(a.MatchTimeoutInMilliseconds is > 0 and <= 2000, a.Pattern));
}
