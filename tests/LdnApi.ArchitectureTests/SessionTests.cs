using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace LdnApi.ArchitectureTests;

/// <summary>
/// Connections go back to the pool without a reset, and a pooler in transaction mode hands them to the next client as they are: no statement of ours leaves anything on
/// one. Migrations are the owner's, who has connections of their own.
/// </summary>
public sealed partial class SessionTests
{
    private static readonly string Source = Path.GetFullPath("../../src/LdnApi", Path.GetDirectoryName(ThisFile())!);

    private static IEnumerable<string> Files =>
        Directory.EnumerateFiles(Source, "*.*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".cs" or ".sql" && !Path.GetRelativePath(Source, f).Split(Path.DirectorySeparatorChar).Any(folder => folder is "bin" or "obj" or "Migrations"));

    [Fact]
    public void Nothing_is_left_on_a_connection()
    {
        Assert.True(Files.Count() > 150);
        Assert.Empty(Files.SelectMany(file => Session().Matches(File.ReadAllText(file)).Select(m => $"{Path.GetRelativePath(Source, file)}: {m.Value.Trim()}")));
    }

    [Theory]
    [InlineData("\"SET lock_timeout = '2s'\"")]
    [InlineData("SELECT 1; SET ldn.clinic_id TO 'x'")]
    [InlineData("    SET SESSION statement_timeout = 1")]
    [InlineData("\"SET ROLE ldn_owner\"")]
    [InlineData("SELECT set_config('ldn.clinic_id', $1, false)")]
    [InlineData("SELECT set_config('ldn.clinic_id', @clinic, is_local)")]
    [InlineData("SELECT pg_advisory_lock(1)")]
    [InlineData("SELECT pg_try_advisory_lock_shared(1)")]
    [InlineData("\"LISTEN follow_ups\"")]
    [InlineData("CREATE TEMP TABLE t (id uuid)")]
    [InlineData("CREATE LOCAL TEMPORARY TABLE t (id uuid)")]
    [InlineData("SELECT * INTO TEMP t FROM patients")]
    [InlineData("DECLARE c CURSOR WITH HOLD FOR SELECT 1")]
    [InlineData("\"PREPARE p AS SELECT 1\"")]
    public void What_would_stay_is_seen(string statement) => Assert.Matches(Session(), statement);

    [Theory]
    [InlineData("SET LOCAL lock_timeout = '2s';")]
    [InlineData("SELECT set_config('ldn.clinic_id', $1, true)")]
    [InlineData("UPDATE patients SET version = 2")]
    [InlineData("SELECT pg_advisory_xact_lock(1)")]
    public void What_ends_with_its_transaction_is_not(string statement) => Assert.DoesNotMatch(Session(), statement);

    private static string ThisFile([CallerFilePath] string file = "") => file;

    [GeneratedRegex("""
        (?:^|["';])\s*(?:SET\s+(?!LOCAL\b)\w+(?:\.\w+)?\s*(?:=|TO\b|\w)|(?:LISTEN|PREPARE|LOAD)\s+\w)|set_config\((?:[^(),]|\([^()]*\))*,(?:[^(),]|\([^()]*\))*,(?!\s*true\s*\))|\bpg_(?:try_)?advisory_lock|\b(?:CREATE|INTO)\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP|\bWITH\s+HOLD\b
        """, RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Session();
}
