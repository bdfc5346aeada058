using System.Security.Cryptography;
using LdnApi.Auth;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.IntegrationTests;

/// <summary>A token that was found good is not held against the issuer's key again, as long as nothing has changed that could make it bad.</summary>
public sealed class RememberedTokensTests : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly RememberedTokens _tokens;
    private readonly TokenValidationParameters _asked;
    private int _lookedAtKey;

    public RememberedTokensTests()
    {
        _tokens = new RememberedTokens(_clock) { MapInboundClaims = false };
        var key = new RsaSecurityKey(_rsa) { KeyId = "1" };
        _asked = new TokenValidationParameters
        {
            ValidIssuer = "https://issuer",
            ValidAudience = "api",
            ConfigurationManager = Keys(),
            IssuerSigningKeyResolver = (_, _, _, _) =>
            {
                _lookedAtKey++;
                return [key];
            },
        };
    }

    public void Dispose()
    {
        _tokens.Dispose();
        _rsa.Dispose();
    }

    [Fact]
    public async Task A_good_token_is_looked_at_once_and_says_the_same_each_time()
    {
        var token = Token();

        var (first, second) = (await _tokens.ValidateTokenAsync(token, _asked), await _tokens.ValidateTokenAsync(token, _asked));

        Assert.Equal((true, true, 1), (first.IsValid, second.IsValid, _lookedAtKey));
        Assert.Equal(first.ClaimsIdentity.Claims.Select(c => $"{c.Type} {c.Value}"), second.ClaimsIdentity.Claims.Select(c => $"{c.Type} {c.Value}"));
        Assert.IsType<JsonWebToken>(second.SecurityToken);
    }

    [Fact]
    public async Task What_one_request_adds_to_its_caller_no_other_sees()
    {
        var token = Token();
        await _tokens.ValidateTokenAsync(token, _asked);

        (await _tokens.ValidateTokenAsync(token, _asked)).ClaimsIdentity.AddClaim(new("scope", "everything"));

        Assert.DoesNotContain((await _tokens.ValidateTokenAsync(token, _asked)).ClaimsIdentity.Claims, c => c.Value == "everything");
    }

    [Fact]
    public async Task Other_keys_of_the_issuer_let_it_be_looked_at_again()
    {
        var token = Token();
        await _tokens.ValidateTokenAsync(token, _asked);
        using var other = RSA.Create(2048);
        var rotated = _asked.Clone();
        rotated.ConfigurationManager = Keys();
        rotated.IssuerSigningKeyResolver = (_, _, _, _) => [new RsaSecurityKey(other) { KeyId = "2" }];

        Assert.False((await _tokens.ValidateTokenAsync(token, rotated)).IsValid);
    }

    [Theory]
    [InlineData(61)]
    [InlineData(-60)]
    public async Task One_that_has_ended_or_not_begun_is_looked_at_again(int minutes)
    {
        var token = Token();
        await _tokens.ValidateTokenAsync(token, _asked);

        _clock.AdjustTime(DateTimeOffset.UtcNow.AddMinutes(minutes));
        await _tokens.ValidateTokenAsync(token, _asked);

        Assert.Equal(2, _lookedAtKey);
    }

    [Fact]
    public async Task One_letter_less_and_it_is_another_token()
    {
        var token = Token();
        await _tokens.ValidateTokenAsync(token, _asked);

        Assert.False((await _tokens.ValidateTokenAsync(token[..^1], _asked)).IsValid);
    }

    [Fact]
    public async Task A_bad_token_is_not_remembered()
    {
        var token = Token(audience: "other");

        Assert.False((await _tokens.ValidateTokenAsync(token, _asked)).IsValid);
        Assert.False((await _tokens.ValidateTokenAsync(token, _asked)).IsValid);
    }

    private string Token(string audience = "api") => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = "https://issuer",
        Audience = audience,
        NotBefore = DateTime.UtcNow.AddMinutes(-1),
        Expires = DateTime.UtcNow.AddHours(1),
        Claims = new Dictionary<string, object> { ["sub"] = "dr-gray", ["scope"] = "clinical.read" },
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(_rsa) { KeyId = "1" }, SecurityAlgorithms.RsaSha256),
    });

    private static StaticConfigurationManager<OpenIdConnectConfiguration> Keys() => new(new OpenIdConnectConfiguration { Issuer = "https://issuer" });
}
