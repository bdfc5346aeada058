using System.Security.Claims;
using LdnApi.Auth;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace LdnApi.IntegrationTests;

/// <summary>A token that was found good is not held against the issuer's key again, as long as nothing has changed that could make it bad.</summary>
public sealed class RememberedTokensTests : IDisposable
{
    private const string Sent = "Bearer e30.e30.AA";
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly RememberedTokens _tokens;
    private readonly OpenIdConnectConfiguration _keys = new();
    private readonly Bearer _bearer = new(new ClaimsIdentity([new("sub", "dr-gray"), new("clinic_id", LdnApiHost.NewClinic().ToString()), new("scope", "clinical.read")]));

    public RememberedTokensTests()
    {
        _tokens = new RememberedTokens(_clock);
        _tokens.Keep(Sent, _keys, Token(), _bearer);
    }

    public void Dispose() => _tokens.Dispose();

    [Fact]
    public void A_good_token_says_the_same_each_time()
    {
        Assert.Same(_bearer, _tokens.Find(Sent, _keys, Skew));
        Assert.Same(_bearer, _tokens.Find(Sent, _keys, Skew));
    }

    [Fact]
    public void What_one_request_adds_to_its_caller_opens_nothing_to_another()
    {
        _tokens.Find(Sent, _keys, Skew)!.AddIdentity(new ClaimsIdentity([new("scope", "prescribe")]));

        Assert.Equal(["clinical.read"], _tokens.Find(Sent, _keys, Skew)!.Scopes);
    }

    [Fact]
    public void Other_keys_of_the_issuer_let_it_be_looked_at_again() => Assert.Null(_tokens.Find(Sent, new OpenIdConnectConfiguration(), Skew));

    [Theory]
    [InlineData(59, true)]
    [InlineData(61, false)]
    [InlineData(-60, false)]
    public void One_that_has_ended_or_not_begun_is_looked_at_again(int minutes, bool isFound)
    {
        _clock.AdjustTime(DateTimeOffset.UtcNow.AddMinutes(minutes));

        Assert.Equal(isFound, _tokens.Find(Sent, _keys, Skew) is not null);
    }

    [Theory]
    [InlineData("Bearer e30.e30.A")]
    [InlineData("Bearer e30.e30.AAA")]
    [InlineData("Bearer e30.e30.aA")]
    [InlineData("Basic e30.e30.AA")]
    public void One_letter_different_and_it_is_another_token(string sent) => Assert.Null(_tokens.Find(sent, _keys, Skew));

    private static JsonWebToken Token() => new(new JsonWebTokenHandler().CreateToken(
        $$"""{"nbf":{{DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeSeconds()}},"exp":{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}}}"""));
}
