using System.Security.Cryptography;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.Bench;

/// <summary>An OpenID Connect issuer that knows one person: the API under load checks real tokens with a real key.</summary>
internal sealed class Issuer : IAsyncDisposable
{
    public const string Audience = "ldnapi-bench";

    private readonly RsaSecurityKey _key = new(RSA.Create(2048)) { KeyId = "bench" };
    private readonly WebApplication _app;

    private Issuer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
    }

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<Issuer> StartAsync()
    {
        var issuer = new Issuer();
        var jwk = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(issuer._key.Rsa.ExportParameters(false)) { KeyId = issuer._key.KeyId });
        issuer._app.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{issuer.Address}}","jwks_uri":"{{issuer.Address}}/keys"}""", "application/json"));
        issuer._app.MapGet("/keys", () => Results.Text($$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{jwk.Kid}}","n":"{{jwk.N}}","e":"{{jwk.E}}"}]}""", "application/json"));
        await issuer._app.StartAsync();
        return issuer;
    }

    public string Token() => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Address,
        Audience = Audience,
        TokenType = "at+jwt",
        Expires = DateTime.UtcNow.AddHours(6),
        Claims = new Dictionary<string, object>
        {
            ["sub"] = "dr-bench",
            ["client_id"] = "bench",
            ["clinic_id"] = $"{Shape.Clinic}",
            ["scope"] = "clinical.read clinical.write prescribe follow-ups.act",
        },
        SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.RsaSha256),
    });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Rsa.Dispose();
    }
}
