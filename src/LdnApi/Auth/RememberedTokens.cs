using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.Auth;

/// <summary>
/// Does not work out the same signature again with every request: a token that was found good stays good as long as it lives and the issuer's keys are the ones it was
/// held against. When either ends, it is held against everything anew. What was refused is not remembered.
/// </summary>
public sealed class RememberedTokens(TimeProvider clock) : IDisposable
{
    /// <summary>Characters of all tokens that are remembered.</summary>
    private const int Room = 4 * 1024 * 1024;

    private readonly MemoryCache _good = new(new MemoryCacheOptions { SizeLimit = Room });

    /// <param name="authorization">What the request was sent with, to the letter.</param>
    /// <param name="keys">The issuer's present ones.</param>
    /// <param name="skew">How far clocks may differ.</param>
    /// <returns>Null when it must be held against everything.</returns>
    public Bearer? Find(string authorization, BaseConfiguration keys, TimeSpan skew) =>
        _good.TryGetValue(authorization, out Good? good) && good!.Keys == keys && Lives(good.Token, skew) ? good.Bearer : null;

    /// <param name="authorization">What the request was sent with, to the letter.</param>
    /// <param name="keys">The issuer's, as they were before the token was held against them.</param>
    /// <param name="token">It was found good.</param>
    /// <param name="bearer">What it says.</param>
    public void Keep(string authorization, BaseConfiguration keys, SecurityToken token, Bearer bearer) =>
        _good.Set(authorization, new Good(keys, token, bearer), new MemoryCacheEntryOptions { Size = authorization.Length, AbsoluteExpiration = token.ValidTo });

    public void Dispose() => _good.Dispose();

    private bool Lives(SecurityToken token, TimeSpan skew)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return token.ValidFrom <= now + skew && now < token.ValidTo;
    }

    private sealed record Good(BaseConfiguration Keys, SecurityToken Token, Bearer Bearer);
}
