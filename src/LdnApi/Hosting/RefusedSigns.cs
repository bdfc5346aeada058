using LdnApi.Common;
using LdnApi.Safety;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Hosting;

/// <summary>Hands what is refused to <see cref="SelfHarmNet"/>, on every route that takes an <see cref="ISubmission"/>: none of them knows of it.</summary>
public static class RefusedSigns
{
    /// <summary>Outside all filters but the shedding of load, so that a header that is refused loses no sign.</summary>
    public static async ValueTask<object?> Catch(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.Arguments.OfType<ISubmission>().SingleOrDefault() is not { } submission)
        {
            return await next(context);
        }

        var result = await ResultOfAsync(context, next);
        if ((result is INestedHttpResult nested ? nested.Result : result) is not ProblemHttpResult refusal || !submission.CarriesSign)
        {
            return result;
        }

        var http = context.HttpContext;
        var kept = await http.RequestServices.GetRequiredService<SelfHarmNet>()
            .KeepAsync(context.Arguments.OfType<PatientId>().Single(), submission, refusal.StatusCode, http.RequestAborted);
        return kept.Match(
            followUps =>
            {
                refusal.ProblemDetails.Extensions["followUps"] = followUps;
                return refusal;
            },
            _ => refusal);
    }

    private static async Task<object?> ResultOfAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (UnreadableException header)
        {
            return Problem.Invalid(header.Place ?? "$", header.Message).ToHttp();
        }
    }
}
