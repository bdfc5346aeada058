using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace LdnApi.IntegrationTests;

/// <summary>Takes what the API exports over OTLP and keeps the bytes: texts stand in them as they are.</summary>
public sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Signal, byte[] Body)> _got = [];

    private Collector(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new Collector(app);
        app.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            collector._got.Enqueue((signal, body.ToArray()));
        });
        await app.StartAsync();
        return collector;
    }

    /// <summary>What an operator sets to have it exported.</summary>
    public void Listen(IWebHostBuilder api) => api
        .UseSetting("OTEL_EXPORTER_OTLP_ENDPOINT", Address)
        .UseSetting("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .ConfigureTestServices(services => services.AddHostedService<Start>());

    /// <summary>Has the API send what it still holds.</summary>
    public static void Flush(IServiceProvider api)
    {
        Assert.True(api.GetRequiredService<TracerProvider>().ForceFlush());
        Assert.True(api.GetRequiredService<LoggerProvider>().ForceFlush());
        api.GetRequiredService<MeterProvider>().ForceFlush(); // says false, because the reader behind /metrics is not asked that way
    }

    /// <summary>Everything of one signal (traces, metrics, logs), byte for byte as Latin-1.</summary>
    public string Text(string signal) => string.Concat(_got.Where(g => g.Signal == signal).Select(g => Encoding.Latin1.GetString(g.Body)));

    public string Text() => string.Concat(_got.Select(g => Encoding.Latin1.GetString(g.Body)));

    /// <summary>Tracing begins when its provider is made, which is what the hosted service does that the tests' host leaves out with the others.</summary>
    private sealed class Start(TracerProvider traces) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromResult(traces);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
