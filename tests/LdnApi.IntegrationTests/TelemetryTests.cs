using System.Diagnostics;
using System.Text;
using LdnApi.Hosting.Observability;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry.Trace;

namespace LdnApi.IntegrationTests;

/// <summary>What a collector gets, and that nobody pays for it where there is none.</summary>
[Collection(nameof(SpansAreRead))]
public sealed class TelemetryTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const string Marker = "Zq7xCanary";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_one_trace_with_its_statements_and_its_log_lines()
    {
        await using var collector = await Collector.StartAsync();
        await using var host = Exporting(collector);
        using var client = ClientOf(host);
        client.DefaultRequestHeaders.Add("User-Agent", Marker);
        client.DefaultRequestHeaders.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        client.DefaultRequestHeaders.Add("tracestate", $"who={Marker}");

        await client.PostOkAsync("/api/v1/patients", new { name = new { family = Marker }, timeZone = "UTC" });
        await client.PostOkAsync("/api/v1/patients/search", new { name = Marker });
        Collector.Flush(host.Services);

        var (traces, trace) = (collector.Text("traces"), Encoding.Latin1.GetString(Convert.FromHexString("0af7651916cd43dd8448eb211c80319c")));
        Assert.All(
            ["ldnapi", "production", "service.version", "POST /api/v1/patients", "INSERT patients", "SELECT patients", "http.response.status_code", "postgresql", trace],
            text => Assert.Contains(text, traces, StringComparison.Ordinal));
        Assert.All(
            [Marker, "url.path", "url.query", "user_agent", "client.address", "server.address", "db.query.text", "set_config"],
            text => Assert.DoesNotContain(text, traces, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(trace, collector.Text("logs"), StringComparison.Ordinal);
        Assert.Contains("ldnapi.answers.stored", collector.Text("metrics"), StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, collector.Text(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Without_an_address_nothing_is_traced()
    {
        Assert.Null(api.Services.GetService<TracerProvider>());
        Assert.DoesNotContain(api.Services.GetServices<ILoggerProvider>(), p => p.GetType().FullName!.StartsWith("OpenTelemetry", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SELECT p.id, p.name FROM patients AS p WHERE p.id = @p", "SELECT patients")]
    [InlineData("SELECT set_config('ldn.clinic_id', @ldn_clinic, true);\nSELECT count(*) FROM check_ins", "SELECT check_ins")]
    [InlineData("SELECT set_config('ldn.clinic_id', @ldn_clinic, true)", "SELECT")]
    [InlineData("INSERT INTO audit_entries (id) VALUES ($1)", "INSERT audit_entries")]
    [InlineData("UPDATE patients SET version = 2 WHERE name = 'Ada'", "UPDATE patients")]
    [InlineData("SELECT 'FROM ada'", "SELECT")]
    [InlineData("SET LOCAL lock_timeout = '2s';\nINSERT INTO stored_responses", "SET")]
    [InlineData("SELECT 1 FROM \"Ada\"", "SELECT")]
    [InlineData("Ada", "statement")]
    public void A_statement_is_named_by_its_verb_and_its_first_table(string statement, string name) => Assert.Equal(name, ExportedSpans.Summarize(statement));

    /// <summary>What a new version of a library adds stays here until somebody has looked at it.</summary>
    [Fact]
    public void A_span_keeps_what_is_on_the_list_and_nothing_else()
    {
        using var activity = new Activity("request").Start();
        activity.SetTag("http.route", "/api").SetTag("url.query", Marker).SetTag("new.attribute", Marker);
        activity.TraceStateString = $"who={Marker}";

        using var exported = new ExportedSpans();
        exported.OnEnd(activity);

        Assert.Equal("http.route", Assert.Single(activity.TagObjects).Key);
        Assert.Equal("", activity.TraceStateString);
    }

    /// <summary>PostgreSQL repeats a value that it cannot read, and Npgsql puts that on its span.</summary>
    [Fact]
    public async Task Of_an_exception_only_its_type_leaves()
    {
        await using var collector = await Collector.StartAsync();
        await using var host = Exporting(collector);
        using (new Activity("request") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start())
        {
            await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT count(*) FROM patients WHERE version = $1::text::bigint");
            command.Parameters.AddWithValue(Marker);
            await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteScalarAsync(Ct));
        }

        Collector.Flush(host.Services);

        Assert.All(["SELECT patients", "exception.type", typeof(PostgresException).FullName!], text => Assert.Contains(text, collector.Text("traces"), StringComparison.Ordinal));
        Assert.All([Marker, "invalid input syntax", "   at "], text => Assert.DoesNotContain(text, collector.Text("traces"), StringComparison.Ordinal));
    }

    [Fact]
    public void A_span_with_an_event_that_says_more_stays_here_and_no_status_is_described()
    {
        using var exported = new ExportedSpans();
        using var telling = new Activity("telling") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        telling.AddEvent(new ActivityEvent("exception", tags: new() { ["exception.message"] = Marker }));
        using var silent = new Activity("silent") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        silent.AddEvent(new ActivityEvent("received-first-response")).SetStatus(ActivityStatusCode.Error, Marker);

        exported.OnEnd(telling);
        exported.OnEnd(silent);

        Assert.Equal((false, true, null), (telling.Recorded, silent.Recorded, silent.StatusDescription));
    }

    private WebApplicationFactory<Program> Exporting(Collector collector) => api.WithWebHostBuilder(b =>
    {
        collector.Listen(b);
        b.UseSetting("Logging:LogLevel:Microsoft.AspNetCore.Routing", nameof(LogLevel.Debug));
        b.UseSetting("Logging:Console:LogLevel:Default", nameof(LogLevel.None));
    });

    private HttpClient ClientOf(WebApplicationFactory<Program> host)
    {
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token($"{LdnApiHost.NewClinic()}", scope: LdnApiHost.AllScopes));
        return client;
    }
}
