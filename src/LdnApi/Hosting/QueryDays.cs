using System.Reflection;
using LdnApi.Common;

namespace LdnApi.Hosting;

/// <summary>Days in a query are read as those of a body are. The framework takes 03/04/2026 for one, and half the world would not mean the 4th of March.</summary>
public static class QueryDays
{
    public static EndpointFilterDelegate Check(EndpointFilterFactoryContext context, EndpointFilterDelegate next)
    {
        var days = context.MethodInfo.GetParameters()
            .SelectMany(p => p.GetCustomAttribute<AsParametersAttribute>() is null ? [(p.Name, p.ParameterType)] : p.ParameterType.GetProperties().Select(m => ((string?)m.Name, m.PropertyType)))
            .Where(p => (Nullable.GetUnderlyingType(p.Item2) ?? p.Item2) == typeof(DateOnly)).Select(p => p.Item1!).ToArray();
        return days.Length == 0 ? next : async invocation =>
        {
            var query = invocation.HttpContext.Request.Query;
            return days.FirstOrDefault(name => query.TryGetValue(name, out var sent) && sent is not [""] && !(sent is [var text] && Days.TryParse(text, out _))) is { } wrong
                ? Problem.Invalid(wrong, $"Must be a day, YYYY-MM-DD, from {Days.Format(Days.Earliest)} to {Days.Format(Days.Latest)}.").ToHttp()
                : await next(invocation);
        };
    }
}
