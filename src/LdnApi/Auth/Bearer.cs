using System.Security.Claims;
using LdnApi.Common;

namespace LdnApi.Auth;

/// <summary>What a good token says, read once: the requests that bring it share it, so nothing that is asked of it can be changed.</summary>
public sealed class Bearer(ClaimsIdentity token) : ClaimsPrincipal(token)
{
    /// <summary>Null when the token names no clinic or nobody, or two of either.</summary>
    public Caller? Caller { get; } =
        token.FindAll(Caller.ClinicClaim).ToArray() is [var named] && ClinicId.TryParse(named.Value, out var clinic) && clinic != default
        && token.FindAll("sub").ToArray() is [{ Value: { Length: > 0 } subject }]
            ? new Caller(clinic, subject)
            : null;

    /// <summary>The program that the token was issued to: <c>client_id</c> (RFC 9068), or OpenID Connect's name for it.</summary>
    public string? Client { get; } = (token.FindFirst("client_id") ?? token.FindFirst("azp"))?.Value;

    /// <summary><c>scope</c> (RFC 8693), and Entra's name for it.</summary>
    public IReadOnlySet<string> Scopes { get; } = token.Claims.Where(c => c.Type is "scope" or "scp").SelectMany(c => c.Value.Split(' ')).ToHashSet();

    /// <summary>Who asks; null when there is no good token.</summary>
    public static Bearer? Of(HttpContext http) => http.User as Bearer;
}
