using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.SurvivalTests;

/// <summary>An OpenID Connect issuer with one key, so that the API runs as in production.</summary>
internal sealed class Issuer : IDisposable
{
    public const string Audience = "ldnapi";

    private readonly RsaSecurityKey _key = new(RSA.Create(2048)) { KeyId = "survival" };
    private readonly HttpListener _listener = new();

    public Issuer()
    {
        Address = $"http://127.0.0.1:{Shell.FreePort()}";
        _listener.Prefixes.Add($"{Address}/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    /// <summary>Good for days on either side of now, whatever the clocks do.</summary>
    public string TokenFor(ClinicId clinic) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Address,
        Audience = Audience,
        NotBefore = DateTime.UtcNow.AddDays(-2),
        Expires = DateTime.UtcNow.AddDays(2),
        Subject = new ClaimsIdentity([new("sub", "survivor"), new("scope", string.Join(' ', Scopes.All.Keys)), new(Caller.ClinicClaim, clinic.ToString())]),
        TokenType = "at+jwt",
        SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.RsaSha256),
    });

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_key.Rsa.ExportParameters(false)) { KeyId = _key.KeyId });
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                object answer = context.Request.Url!.AbsolutePath == "/keys"
                    ? new { keys = new[] { new { kty = key.Kty, kid = key.Kid, n = key.N, e = key.E, use = "sig", alg = SecurityAlgorithms.RsaSha256 } } }
                    : new { issuer = Address, jwks_uri = $"{Address}/keys" };
                context.Response.ContentType = "application/json";
                await JsonSerializer.SerializeAsync(context.Response.OutputStream, answer);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
