namespace LdnApi.Common;

/// <summary>A request that cannot be read, told in our own words. The framework's exception of that kind names .NET types and repeats what was sent.</summary>
/// <param name="place">What is wrong, in the wire's names: a header, a parameter, <c>$</c> for the body. Null where the status says it.</param>
public sealed class UnreadableException(string rule, int status = StatusCodes.Status400BadRequest, string? place = null, Exception? inner = null)
    : BadHttpRequestException(rule, status, inner!)
{
    public string? Place => place;
}
