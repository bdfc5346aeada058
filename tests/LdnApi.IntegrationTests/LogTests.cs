using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>Who is given a problem, or an answer, can have its lines found in the log.</summary>
public sealed class LogTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_answer_the_problem_and_every_line_of_the_log_carry_the_same_ids()
    {
        var lines = new Lines();
        await using var host = api.WithWebHostBuilder(b =>
        {
            b.ConfigureLogging(logging => logging.AddProvider(lines));
            b.UseSetting("ConnectionStrings:Ldn", new NpgsqlConnectionStringBuilder(api.Database.App) { Port = 9, Timeout = 1 }.ConnectionString); // nobody answers there
        });
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token($"{LdnApiHost.NewClinic()}", scope: LdnApiHost.AllScopes));
        client.DefaultRequestHeaders.Add("X-Request-Id", "feed-20260314.7");
        lines.All.Clear();

        using var response = await client.GetAsync("/api/v1/patients", Ct);

        var problem = await response.ReadAsync();
        Assert.Equal((503, "feed-20260314.7"), ((int)response.StatusCode, response.Headers.GetValues("X-Request-Id").Single()));
        Assert.Contains(lines.All, l => l.Text == "The database failed a request");
        Assert.All(lines.All, l => Assert.Contains($"traceId:{problem["traceId"]} X-Request-Id:feed-20260314.7", l.Scopes));
    }

    /// <summary>Only the real server says what befell a body after the answer.</summary>
    [Fact]
    public async Task What_succeeds_leaves_no_error_behind()
    {
        var lines = new Lines();
        await using (var host = api.WithWebHostBuilder(b => b.ConfigureLogging(logging => logging.AddProvider(lines))))
        {
            host.UseKestrel(0);
            using var client = host.CreateClient();
            client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token($"{LdnApiHost.NewClinic()}", scope: LdnApiHost.AllScopes));
            var patient = await LdnApiHost.RegisterAsync(client);
            await client.GetOkAsync(ApiClient.Of(patient));
        } // the server has done with every request

        Assert.DoesNotContain(lines.All, l => l.Level >= LogLevel.Error);
    }

    [Fact]
    public void The_console_writes_them() =>
        Assert.True(api.Services.GetRequiredService<IOptionsMonitor<SimpleConsoleFormatterOptions>>().CurrentValue.IncludeScopes);

    /// <summary>Every line of the log with what it stands in.</summary>
    private sealed class Lines : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider _scopes = null!;

        public ConcurrentBag<(LogLevel Level, string Text, List<string> Scopes)> All { get; } = [];

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public ILogger CreateLogger(string categoryName) => new Line(this);

        public void Dispose()
        {
        }

        private sealed class Line(Lines lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                List<string> scopes = [];
                lines._scopes.ForEachScope((scope, into) => into.Add($"{scope}"), scopes);
                lines.All.Add((logLevel, formatter(state, exception), scopes));
            }
        }
    }
}
