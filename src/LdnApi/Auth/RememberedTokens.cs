using System.Security.Claims;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.Auth;

/// <summary>
/// Does not work out the same signature again with every request: a token that was found good stays good as long as it lives and the issuer's keys are the ones it was
/// held against. When either ends, it is held against everything anew. What was refused is not remembered.
/// </summary>
public sealed class RememberedTokens(TimeProvider clock) : JsonWebTokenHandler, IDisposable
{
    /// <summary>Characters of all tokens that are remembered.</summary>
    private const int Room = 4 * 1024 * 1024;

    private readonly MemoryCache _good = new(new MemoryCacheOptions { SizeLimit = Room });

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        if (validationParameters.ConfigurationManager is not { } issuer)
        {
            return await base.ValidateTokenAsync(token, validationParameters);
        }

        var keys = await issuer.GetBaseConfigurationAsync(CancellationToken.None);
        if (_good.TryGetValue(token, out Good? good) && good!.Keys == keys && Lives(good.Token, validationParameters.ClockSkew))
        {
            return new TokenValidationResult { IsValid = true, SecurityToken = good.Token, ClaimsIdentity = good.Claims.Clone() };
        }

        var result = await base.ValidateTokenAsync(token, validationParameters);
        if (result.IsValid)
        {
            _good.Set(token, new Good(keys, result.SecurityToken, result.ClaimsIdentity), new MemoryCacheEntryOptions { Size = token.Length, AbsoluteExpiration = result.SecurityToken.ValidTo });
        }

        return result;
    }

    public void Dispose() => _good.Dispose();

    private bool Lives(SecurityToken token, TimeSpan skew)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return token.ValidFrom <= now + skew && now < token.ValidTo;
    }

    private sealed record Good(BaseConfiguration Keys, SecurityToken Token, ClaimsIdentity Claims);
}
