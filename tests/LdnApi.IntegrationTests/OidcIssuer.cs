using System.ComponentModel;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.IntegrationTests;

/// <summary>
/// oidc-provider, an OpenID Connect issuer that others wrote and certified, as a process of its own. It takes its signing keys from the test, which can
/// therefore sign whatever a thief of a key could. Needs node and npm; where they are missing, <see cref="WhyNone"/> says so.
/// </summary>
internal sealed class OidcIssuer : IAsyncDisposable
{
    public const string Audience = "https://ldnapi.test";
    public const string Clinic = "0198f000-0000-7000-8000-00000000000a";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "issuer");
    private static readonly Lazy<Task<string?>> Installed = new(InstallAsync);
    private readonly Process _process;

    private OidcIssuer(Process process) => _process = process;

    /// <summary>Null when an issuer can be had here, else what is missing.</summary>
    public static Task<string?> WhyNone => Installed.Value;

    public string Url { get; private set; } = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="url">Where it was before; null for any free port.</param>
    public static Task<OidcIssuer> StartAsync(string? url, params IssuerKey[] keys) => StartAsync(url, TimeSpan.Zero, keys);

    /// <param name="clock">How far its clock is ahead.</param>
    public static async Task<OidcIssuer> StartAsync(string? url, TimeSpan clock, params IssuerKey[] keys)
    {
        var issuer = new OidcIssuer(Run("node", "issuer.js", url is null ? "0" : $"{new Uri(url).Port}", $"{(long)clock.TotalMilliseconds}"));
        await issuer.PublishAsync(keys);
        return issuer;
    }

    /// <summary>From now on it signs with the first key, and these are all that it publishes.</summary>
    public async Task PublishAsync(params IssuerKey[] keys)
    {
        await _process.StandardInput.WriteLineAsync(new JsonArray([.. keys.Select(k => k.Private.DeepClone())]).ToJsonString().AsMemory(), Ct);
        await _process.StandardInput.FlushAsync(Ct);
        const string ready = "ready ";
        string line;
        do
        {
            line = await _process.StandardOutput.ReadLineAsync(Ct) ?? throw new InvalidOperationException(await _process.StandardError.ReadToEndAsync(Ct));
        }
        while (!line.StartsWith(ready, StringComparison.Ordinal)); // it warns, too
        Url = line[ready.Length..];
    }

    /// <summary>An access token as a client gets it: client credentials, for a resource (RFC 8707).</summary>
    public async Task<string> TokenAsync(string scope = "clinical.read", string audience = Audience)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Url}/token");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("ehr-feed:only-for-tests")));
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["resource"] = audience, ["scope"] = scope });
        using var response = await http.SendAsync(request, Ct);
        return (string)(await response.Content.ReadFromJsonAsync<JsonNode>(Ct))!["access_token"]!;
    }

    /// <summary>How often its keys were fetched.</summary>
    public async Task<int> KeysAskedAsync()
    {
        using var http = new HttpClient();
        return int.Parse(await http.GetStringAsync($"{Url}/keys-asked", Ct), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Ends it as a crash would; whoever connects is refused.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    private static async Task<string?> InstallAsync()
    {
        try
        {
            using var npm = Run(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            var said = await Task.WhenAll(npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
            await npm.WaitForExitAsync();
            return npm.ExitCode == 0 ? null : $"npm ci failed: {string.Concat(said)}";
        }
        catch (Win32Exception e)
        {
            return $"The real issuer needs node and npm: {e.Message}";
        }
    }

    private static Process Run(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = Folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}

/// <summary>A signing key of an issuer, both halves.</summary>
internal sealed class IssuerKey
{
    private IssuerKey(string kid, AsymmetricAlgorithm key, SecurityKey security, JsonObject publicHalf, JsonObject secret)
    {
        (Kid, Key, Security, Public) = (kid, key, security, publicHalf);
        security.KeyId = kid;
        Private = publicHalf.DeepClone().AsObject();
        foreach (var (name, value) in secret)
        {
            Private[name] = value!.DeepClone();
        }
    }

    public string Kid { get; }
    public AsymmetricAlgorithm Key { get; }
    public SecurityKey Security { get; }

    /// <summary>As the issuer publishes it.</summary>
    public JsonObject Public { get; }

    /// <summary>As the issuer keeps it.</summary>
    public JsonObject Private { get; }

    public static IssuerKey Rsa(string kid)
    {
        var rsa = RSA.Create(2048);
        var p = rsa.ExportParameters(true);
        return new IssuerKey(kid, rsa, new RsaSecurityKey(rsa),
            new JsonObject { ["kty"] = "RSA", ["kid"] = kid, ["use"] = "sig", ["n"] = Text(p.Modulus), ["e"] = Text(p.Exponent) },
            new JsonObject { ["d"] = Text(p.D), ["p"] = Text(p.P), ["q"] = Text(p.Q), ["dp"] = Text(p.DP), ["dq"] = Text(p.DQ), ["qi"] = Text(p.InverseQ) });
    }

    public static IssuerKey Ec(string kid)
    {
        var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var p = ec.ExportParameters(true);
        return new IssuerKey(kid, ec, new ECDsaSecurityKey(ec),
            new JsonObject { ["kty"] = "EC", ["kid"] = kid, ["use"] = "sig", ["crv"] = "P-256", ["x"] = Text(p.Q.X), ["y"] = Text(p.Q.Y) },
            new JsonObject { ["d"] = Text(p.D) });
    }

    private static string Text(byte[]? bytes) => Base64UrlEncoder.Encode(bytes);
}
