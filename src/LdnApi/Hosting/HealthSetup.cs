using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace LdnApi.Hosting;

/// <summary>Two questions that a balancer or a supervisor asks: does the process live, and may it be given requests.</summary>
public static class HealthSetup
{
    public static IServiceCollection AddLdnHealth(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>(); // one, so that those who ask share its answer
        services.AddHealthChecks().AddCheck<Readiness>("ready");
        return services;
    }

    public static void MapLdnHealth(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous(); // without the database: a restart would not mend that
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = (http, report) =>
            {
                http.Response.ContentType = "text/plain";
                return http.Response.WriteAsync(string.Join('\n', report.Entries.Values.Select(e => e.Description).Prepend($"{report.Status}")));
            },
        }).AllowAnonymous();
    }

    /// <summary>For containers without a shell: the program asks itself.</summary>
    /// <returns>0 when the address answers 200.</returns>
    public static async Task<int> ProbeAsync(Uri url)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var response = await http.GetAsync(url);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return 1;
        }
    }
}
