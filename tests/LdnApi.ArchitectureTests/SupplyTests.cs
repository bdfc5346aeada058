using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LdnApi.ArchitectureTests;

/// <summary>What is in the repository and in the image: no secret, nothing unpinned, no more rights than needed.</summary>
public sealed partial class SupplyTests
{
    /// <summary>Folders that nobody commits.</summary>
    private static readonly string[] Made = ["bin", "obj", ".git", "node_modules", "TestResults", "artifacts", ".vs", ".idea"];

    /// <summary>Words that stand where a secret would, in configuration that names one and in tests of weak ones.</summary>
    private static readonly string[] Placeholders = ["${", "?", "{", "<", "…", "qj3!xT9#pLw2", "hunter2", "ldn_app_ldn_app", "short"];

    private static readonly string Root = Path.GetFullPath("../..", Path.GetDirectoryName(ThisFile())!);

    private static IEnumerable<string> Files => FilesOf(new DirectoryInfo(Root)).Where(f => new FileInfo(f).Length < 2_000_000);

    [Fact]
    public void No_secret_is_in_the_repository()
    {
        var found = Files.SelectMany(file => SecretsIn(File.ReadAllText(file)).Select(secret => $"{Path.GetRelativePath(Root, file)}: {secret[..Math.Min(12, secret.Length)]}…")).ToList();

        Assert.True(Files.Count() > 200);
        Assert.Empty(found);
    }

    /// <summary>What the search must find, put together here so that it does not find this file.</summary>
    [Theory]
    [InlineData("-----BEGIN RSA ", "PRIVATE KEY-----")]
    [InlineData("-----BEGIN ", "PRIVATE KEY-----")]
    [InlineData("AKIA", "IOSFODNN7EXAMPLE")]
    [InlineData("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ")]
    [InlineData("Host=db;Username=a;Pass", "word=correct-horse")]
    [InlineData("\"client_secret", "\": \"s3cr3t-s3cr3t-s3cr3t\"")]
    [InlineData("POSTGRES_PASS", "WORD=letmein123")]
    [InlineData("{\"kty\":\"RSA\",\"d\":\"", "MIIEpAIBAAKCAQEA7bq4r7rP2cXkz9vYw1tq5hJr8mKd3s\"}")]
    public void The_search_finds_a_secret_that_is_there(string first, string second) => Assert.NotEmpty(SecretsIn(first + second));

    [Fact]
    public void Every_package_is_locked_by_its_hash_and_no_registry_is_named()
    {
        var projects = Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal) && FolderOf(f) is not "docs").ToList(); // there: an example of a client
        Assert.Superset(new HashSet<string>(["src", "tests", "deploy"]), projects.Select(FolderOf).ToHashSet());
        Assert.True(projects.Count >= 8);
        Assert.All(projects.Select(p => Path.Combine(Path.GetDirectoryName(p)!, "packages.lock.json")), path =>
        {
            var packages = JsonNode.Parse(File.ReadAllText(path))!["dependencies"]!.AsObject().SelectMany(framework => framework.Value!.AsObject()).Where(p => (string?)p.Value!["type"] != "Project").ToList();
            Assert.All(packages, p => Assert.Equal(64, Convert.FromBase64String((string)p.Value!["contentHash"]!).Length)); // SHA-512
        });
        Assert.All(Files.Where(f => Path.GetFileName(f) is "packages.lock.json" or "package-lock.json"), f => Assert.DoesNotContain("\"resolved\": \"http", File.ReadAllText(f), StringComparison.Ordinal));
        Assert.DoesNotContain(Files, f => Path.GetFileName(f).Equals("nuget.config", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_known_vulnerability_fails_the_build()
    {
        var build = File.ReadAllText(Path.Combine(Root, "Directory.Build.props"));

        Assert.All(["<NuGetAudit>true</NuGetAudit>", "<NuGetAuditMode>all</NuGetAuditMode>", "<NuGetAuditLevel>low</NuGetAuditLevel>", "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>"], line => Assert.Contains(line, build, StringComparison.Ordinal));
        Assert.DoesNotMatch("NU19[0-9]{2}", string.Concat(Files.Where(f => f.EndsWith("proj", StringComparison.Ordinal) || f.EndsWith(".props", StringComparison.Ordinal)).Select(File.ReadAllText)));
    }

    [Theory]
    [InlineData("deploy/Dockerfile")]
    [InlineData("deploy/local-image")]
    public void The_image_runs_as_an_ordinary_user(string file)
    {
        var steps = File.ReadAllLines(Path.Combine(Root, file));
        var user = Assert.Single(steps, s => s.StartsWith("USER ", StringComparison.Ordinal));

        Assert.True(int.Parse(user["USER ".Length..], System.Globalization.CultureInfo.InvariantCulture) >= 1000);
        Assert.True(Array.IndexOf(steps, user) < Array.FindIndex(steps, s => s.StartsWith("ENTRYPOINT", StringComparison.Ordinal)));
        Assert.DoesNotContain(steps, s => s.StartsWith("ADD ", StringComparison.Ordinal) || s.Contains("curl ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_compose_starts_of_ours_cannot_write_gain_rights_or_know_a_password_of_the_file()
    {
        var compose = File.ReadAllText(Path.Combine(Root, "docker-compose.yml"));
        var hardened = compose[compose.IndexOf("x-hardened:", StringComparison.Ordinal)..compose.IndexOf("services:", StringComparison.Ordinal)];
        var services = Service().Matches(compose[compose.IndexOf("services:", StringComparison.Ordinal)..compose.IndexOf("\nvolumes:", StringComparison.Ordinal)]).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

        Assert.All(["read_only: true", "tmpfs: [/tmp]", "cap_drop: [ALL]", "no-new-privileges:true"], line => Assert.Contains(line, hardened, StringComparison.Ordinal));
        Assert.Contains("api", services.Keys);
        Assert.All(services.Where(s => s.Value.Contains("LDN_API_IMAGE", StringComparison.Ordinal)), s => Assert.Contains("<<: *hardened", s.Value, StringComparison.Ordinal));
        Assert.DoesNotContain("privileged", compose.Replace("no-new-privileges", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(Password().Matches(compose), m => Assert.StartsWith("${", m.Groups[1].Value, StringComparison.Ordinal));
    }

    private static IEnumerable<string> SecretsIn(string text) =>
        Shapes().Matches(text).Select(m => m.Value)
            .Concat(Password().Matches(text).Where(m => !Placeholders.Any(p => m.Groups[1].Value.StartsWith(p, StringComparison.Ordinal))).Select(m => m.Value));

    private static string FolderOf(string file) => Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar)[0];

    private static IEnumerable<string> FilesOf(DirectoryInfo folder) =>
        folder.EnumerateFiles().Select(f => f.FullName).Concat(folder.EnumerateDirectories().Where(d => !Made.Contains(d.Name) && d.LinkTarget is null).SelectMany(FilesOf));

    private static string ThisFile([CallerFilePath] string file = "") => file;

    /// <summary>Private keys, a cloud's and a forge's tokens, signed tokens, the secret part of a JWK, secrets of clients.</summary>
    [GeneratedRegex("""-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}|"d"\s*:\s*"[A-Za-z0-9_-]{40,}"|client_secret"?\s*[:=]\s*["'][^"'\s]{16,}["']""", RegexOptions.CultureInvariant)]
    private static partial Regex Shapes();

    [GeneratedRegex("""(?:\bPassword=|_PASSWORD[=:] ?)([^\s;"'&]{4,})""", RegexOptions.CultureInvariant)]
    private static partial Regex Password();

    [GeneratedRegex("""^  ([a-z]+):\n((?:    .*\n|\n)+)""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Service();
}
