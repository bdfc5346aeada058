using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>Nothing that is said of a patient leaves the API but in an answer to the one who asked: not in logs, traces, metrics, problems or addresses.</summary>
[Collection(nameof(SpansAreRead))]
public sealed class PrivacyTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    /// <summary>Stands in every text that is said of a patient here, and nowhere else.</summary>
    private const string Marker = "Zq7xCanary";

    private const string BirthDate = "1951-10-23";
    private const string Dose = "1.237";

    private static readonly string[] Secrets = [Marker, BirthDate, Dose];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>All that is said under these names is words of people.</summary>
    private static readonly HashSet<string> Words =
    [
        "family", "given", "value", "note", "reason", "narrative", "text", "indication", "pharmacy", "lot", "filler", "display", "assessor", "assignee", "name", "prescriber", "source",
    ];

    [Fact]
    public async Task Nothing_of_the_walk_through_is_found_outside_its_answers()
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        using var client = ClientOf(host, LdnApiHost.NewClinic());

        var patient = await client.PostOkAsync("/api/v1/patients", new
        {
            name = new { family = $"{Marker} Lovelace", given = new[] { $"{Marker} Ada" } },
            timeZone = "Europe/Dublin",
            birthDate = BirthDate,
            identifiers = new[] { new { system = "urn:example:mrn", value = Marker } },
        });
        var url = $"/api/v1/patients/{patient["id"]}";
        var prescription = await client.OrderOkAsync($"{url}/prescriptions", new { doseMg = 1.237, startsOn = "2026-02-02", indication = Marker, compounding = new { pharmacy = Marker, lot = Marker } });
        var plan = await client.PostOkAsync($"{url}/titration-schedules", new { prescriptionId = (string)prescription["id"]!, startsOn = "2026-02-02", steps = new object[] { new { doseMg = 1.237, days = 14 }, new { doseMg = 3.0 } } });
        await client.OrderOkAsync($"{url}/titration-schedules/{plan["id"]}/start", new { reason = $"first dose {Marker}", on = "2026-02-02" }, 1);
        var rows = Enumerable.Range(0, 28).Select(d => $"{new DateOnly(2026, 2, 9).AddDays(d):yyyy-MM-dd},{(d < 14 ? 2 : 6)},{Marker}");
        await client.PostOkAsync($"{url}/check-ins/import", ApiClient.Json("date,anxiety,note\n" + string.Join('\n', rows) + "\n", "text/csv"));
        var followUp = $"/api/v1/follow-ups/{(await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient["id"]}&family=course"))["items"]![0]!["id"]}";
        var read = await client.GetOkAsync(followUp);
        await client.GetOkAsync($"{url}/evaluation");
        var acknowledged = await client.PostOkAsync($"{followUp}/acknowledge", new { note = $"called {Marker}" }, (long)read["version"]!);
        await client.PostOkAsync($"{followUp}/resolve", new { outcome = "dose-held", note = Marker }, (long)acknowledged["version"]!);
        await client.PostOkAsync("/api/v1/patients/search", new { name = Marker, birthDate = BirthDate });
        await client.FindAsync("urn:example:mrn", Marker);
        using var upserted = await client.SendAsync(HttpMethod.Put, "/api/v1/patients", new { identifier = new { system = "urn:example:mrn", value = Marker }, patient = new { name = new { family = Marker }, timeZone = "UTC" } });
        Assert.True(upserted.IsSuccessStatusCode);
        Refused(await client.SendAsync(HttpMethod.Post, $"{url}/check-ins", new { date = "2026-03-10", note = Marker, scores = new { anxiety = 11 } }));
        Refused(await client.SendAsync(HttpMethod.Post, $"{url}/prescriptions/{prescription["id"]}/change-dose", new { doseMg = 45, reason = Marker }, (long)prescription["version"]!));
        Refused(await client.SendAsync(HttpMethod.Post, "/api/v1/patients", new { name = new { family = Marker }, timeZone = "UTC", identifiers = new[] { new { system = "urn:example:mrn", value = Marker } } }));

        ears.AssertNone(host, Secrets);
        Assert.True(ears.Heard > 1000, $"{ears.Heard}");

        void Refused(HttpResponseMessage response) => Assert.True((int)response.StatusCode >= 400);
    }

    [Fact]
    public async Task Nothing_that_any_route_takes_is_found_outside_its_answers()
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        var said = 0;
        foreach (var route in EveryRoute.Of(api))
        {
            using var client = ClientOf(host, EveryRoute.ClinicFor(route));
            var call = await new EveryRoute(api, client).ReadyAsync(route);
            if (call.Body is null or Func<HttpContent>)
            {
                continue;
            }

            var body = JsonSerializer.SerializeToNode(call.Body, WireJson.Options)!;
            said += Say(body);
            using var done = await client.SendAsync(call.Method, call.Url, body, call.IfMatch);
            Assert.True(done.IsSuccessStatusCode, $"{route} {await done.Content.ReadAsStringAsync(Ct)}");
            Assert.DoesNotContain(Marker, done.Headers.Location?.ToString() ?? "", StringComparison.OrdinalIgnoreCase);
            foreach (var broken in Broken(body))
            {
                using var refused = await client.SendAsync(call.Method, call.Url, broken, call.IfMatch);
                await AssertSilentAsync(refused);
            }
        }

        ears.AssertNone(host, Secrets);
        Assert.True(said >= 40, $"{said}");
    }

    [Fact]
    public async Task Nothing_in_an_address_a_header_or_a_file_is_found_outside_its_answers()
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        using var client = ClientOf(host, LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        string[] addresses =
        [
            $"/api/v1/patients?name={Marker}", $"/api/v1/patients?birthDate={Marker}",
            $"/api/v1/patients?identifier={Marker}", $"/api/v1/patients?limit={Marker}", $"/api/v1/patients?cursor={Marker}", $"/api/v1/patients?{Marker}=1", $"/api/v1/follow-ups?status={Marker}",
            $"/api/v1/follow-ups?patientId={Marker}", $"/api/v1/follow-ups?overdue={Marker}", $"/api/v1/audit?from={Marker}", $"/api/v1/audit?subject={Marker}", ApiClient.Of(patient, $"/evaluation?asOf={Marker}"),
        ];
        foreach (var address in addresses)
        {
            using var response = await client.GetAsync(address, Ct);
            await AssertSilentAsync(response);
        }

        foreach (var (name, value) in new[] { ("If-Match", Marker), ("Idempotency-Key", $"{Marker} {Marker}"), ("X-Purpose-Of-Use", Marker), ("Content-Type", $"application/{Marker}"), ("Accept", $"text/{Marker}"), ("X-Request-Id", $"{Marker} {Marker}") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, ApiClient.Of(patient)) { Content = ApiClient.Json("{}") };
            HttpHeaders headers = name.StartsWith("Content", StringComparison.Ordinal) ? request.Content.Headers : request.Headers;
            headers.Remove(name);
            headers.TryAddWithoutValidation(name, value);

            using var response = await client.SendAsync(request, Ct);
            await AssertSilentAsync(response);
        }

        foreach (var file in new[] { $"date,anxiety\n2026-03-01,{Marker}\n", $"{Marker}\n1\n", $"date,note\n{Marker},{Marker}\n", $"date,note\n\"2026-03-01,{Marker}\n", $"date,anxiety,note\n2026-03-01,11,{Marker}\n" })
        {
            using var response = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins/import"), ApiClient.Json(file, "text/csv"));
            await AssertSilentAsync(response);
        }

        ears.AssertNone(host, Secrets);
    }

    /// <summary>PostgreSQL repeats the failing row in the detail of its error; neither the API's log nor its own takes it.</summary>
    [Fact]
    public async Task Nothing_of_a_row_that_the_database_refuses_is_found_outside()
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        using var client = ClientOf(host, LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins");
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await ExecuteAsync(owner, "ALTER TABLE check_ins ADD CONSTRAINT no_marker CHECK (note NOT LIKE '%Zq7x' || 'Canary%') NOT VALID");
        HttpResponseMessage failed;
        try
        {
            failed = await client.SendAsync(HttpMethod.Post, url, new { date = "2026-03-01", note = $"said {Marker}" });
        }
        finally
        {
            await ExecuteAsync(owner, "ALTER TABLE check_ins DROP CONSTRAINT no_marker");
        }

        Assert.Equal(500, (int)failed.StatusCode);
        await AssertSilentAsync(failed);
        ears.AssertNone(host, Secrets);
        Assert.Contains(ears.All, text => text.Contains("no_marker", StringComparison.Ordinal));
        await using var app = new NpgsqlConnection(api.Database.App);
        await app.OpenAsync(Ct);
        Assert.Equal("terse", await ExecuteAsync(app, "SHOW log_error_verbosity"));
        Assert.Equal("0", await ExecuteAsync(app, "SHOW log_parameter_max_length"));
        Assert.Equal("0", await ExecuteAsync(app, "SHOW log_parameter_max_length_on_error"));
    }

    [Fact]
    public async Task No_token_key_or_password_is_found_outside()
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        var clinic = LdnApiHost.NewClinic().ToString();
        using var client = ClientOf(host, new ClinicId(Guid.Parse(clinic)));
        using var forger = host.CreateClient();
        var forged = api.Token(clinic)[..^4] + "Zq7x";
        forger.DefaultRequestHeaders.Authorization = new("Bearer", forged);

        await LdnApiHost.RegisterAsync(client, "UTC");
        using var refused = await forger.GetAsync("/api/v1/patients", Ct);
        using var misplaced = await client.GetAsync("/api/v1/patients?cursor=invented", Ct);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest), (refused.StatusCode, misplaced.StatusCode));
        ears.AssertNone(host,
        [
            client.DefaultRequestHeaders.Authorization!.Parameter!.Split('.')[2], forged.Split('.')[2], LdnApiHost.CursorKey,
            new NpgsqlConnectionStringBuilder(api.Database.App).Password!,
        ]);
    }

    /// <summary>Kestrel quotes what it cannot read.</summary>
    [Theory]
    [InlineData("GET /api/v1/patients?name=Zq7xCanary Lovelace HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /api/v1/patients?name=Zq7xCanary HTTP/1.1\r\nHost: a\r\nX-Name: Zq7xCanary\0\r\n\r\n")]
    [InlineData("GET /api/v1/patients HTTP/1.1\r\nHost: a\r\nX-Name : Zq7xCanary\r\n\r\n")]
    [InlineData("GET /api/v1/patients HTTP/1.1\r\nHost: a\r\nAuthorization Bearer Zq7xCanary\r\n\r\n")]
    public async Task Nothing_of_a_request_that_cannot_be_read_is_found_outside(string bytes)
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        using var client = ClientOf(host, LdnApiHost.NewClinic());
        await client.GetOkAsync("/api/v1/patients");
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, client.BaseAddress!.Port, Ct);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), Ct);
        using var reader = new StreamReader(stream);

        Assert.Contains("400", await reader.ReadLineAsync(Ct), StringComparison.Ordinal);
        ears.AssertNone(host, Secrets);
    }

    /// <summary>Without this, ears that hear nothing would pass every test above.</summary>
    [Fact]
    public async Task The_ears_hear_logs_traces_and_metrics()
    {
        await using var ears = await Ears.OpenAsync();
        await using var host = Listening(ears);
        using var client = ClientOf(host, LdnApiHost.NewClinic());

        await client.GetOkAsync(ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC")));

        Assert.All(
            ["log Debug Microsoft.AspNetCore.Routing", "log Information Microsoft.EntityFrameworkCore.Database.Command", "trace Microsoft.AspNetCore.Hosting.HttpRequestIn", "trace postgresql", "metric http.server.request.duration"],
            kind => Assert.Contains(ears.All, t => t.StartsWith(kind, StringComparison.Ordinal)));
    }

    private WebApplicationFactory<Program> Listening(Ears ears)
    {
        // Every level of every category, as an operator would ask for it.
        string[] categories = ["Default", "Microsoft.AspNetCore", "Microsoft.AspNetCore.DataProtection", "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Microsoft.EntityFrameworkCore", "Microsoft.Hosting"];
        var host = api.WithWebHostBuilder(b =>
        {
            b.UseUrls("http://127.0.0.1:0"); // whichever port is free
            ears.Collector.Listen(b);
            b.ConfigureLogging(logging => Silence(logging).AddProvider(ears));
            b.ConfigureTestServices(s => s.ConfigureDbContext<LdnDbContext>(o => o.ConfigureLoggingCacheTime(TimeSpan.Zero))); // or other tests tell EF that nobody listens
            foreach (var category in categories)
            {
                b.UseSetting($"Logging:LogLevel:{category}", nameof(LogLevel.Trace));
                b.UseSetting($"Logging:{typeof(Ears).FullName}:LogLevel:{category}", nameof(LogLevel.Trace));
            }
        });
        host.UseKestrel();
        return host;
    }

    /// <summary>All but what exports.</summary>
    private static ILoggingBuilder Silence(ILoggingBuilder logging)
    {
        foreach (var provider in logging.Services.Where(s => s.ServiceType == typeof(ILoggerProvider) && s.ImplementationType?.Namespace?.StartsWith("Microsoft", StringComparison.Ordinal) == true).ToArray())
        {
            logging.Services.Remove(provider);
        }

        return logging;
    }

    private HttpClient ClientOf(WebApplicationFactory<Program> host, ClinicId clinic)
    {
        using var token = api.ClientOf(clinic);
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = token.DefaultRequestHeaders.Authorization;
        return client;
    }

    private static async Task AssertSilentAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Ct);
        if ((int)response.StatusCode >= 400 && text.Length > 0)
        {
            var problem = JsonNode.Parse(text)!.AsObject();
            problem.Remove("instance"); // the address that was asked for
            Assert.DoesNotContain(Marker, problem.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain(Marker, string.Join(' ', response.Headers.Concat(response.Content.Headers).SelectMany(h => h.Value)), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Puts the marker into every text that is words of people.</summary>
    private static int Say(JsonNode body)
    {
        var said = 0;
        foreach (var (name, member) in body is JsonObject o ? o.ToArray() : [])
        {
            switch (member)
            {
                case JsonValue value when Words.Contains(name) && value.GetValueKind() == JsonValueKind.String:
                    ((JsonObject)body)[name] = $"{Marker} {value}";
                    said++;
                    break;
                case JsonArray { Count: > 0 } list when Words.Contains(name) && list[0] is JsonValue:
                    list[0] = $"{Marker} {list[0]}";
                    said++;
                    break;
                case JsonArray list:
                    said += list.OfType<JsonObject>().Sum(Say);
                    break;
                case JsonObject inner:
                    said += Say(inner);
                    break;
            }
        }

        return said;
    }

    /// <summary>What is no JSON, what is none of ours, and the body with each of its members in turn not what it should be.</summary>
    private static IEnumerable<object> Broken(JsonNode body)
    {
        yield return ApiClient.Json($$"""{ "note": "{{Marker}}" """);
        yield return ApiClient.Json($"\"{Marker}\"");
        foreach (var name in body is JsonObject o ? o.Select(m => m.Key).ToArray() : [])
        {
            var broken = body.DeepClone();
            broken[name] = Words.Contains(name) ? $"{Marker} {new string('z', 3000)}" : new JsonObject { ["x"] = Marker };
            yield return broken;
        }
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }

    /// <summary>Hears every log line of every level with what it carries, every finished activity, every measurement, and what of them is exported.</summary>
    private sealed class Ears : ILoggerProvider, IAsyncDisposable
    {
        /// <summary>Put on a span by the instrumentation and taken off before it is exported, which may be after it was heard here: the collector says whether it left.</summary>
        private static readonly HashSet<string> Instrumented = ["url.query", "user_agent.original"];

        private readonly ConcurrentQueue<string> _heard = [];
        private readonly ActivityListener _traces;
        private readonly MeterListener _metrics;

        private Ears(Collector collector)
        {
            Collector = collector;
            _traces = new ActivityListener
            {
                ShouldListenTo = source => !source.Name.Contains("System.Net.", StringComparison.Ordinal), // those are the test's own requests
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = a => Hear($"trace {a.OperationName} {a.DisplayName} {a.StatusDescription} {Join(a.TagObjects.Where(t => !Instrumented.Contains(t.Key)))} {Join(a.Baggage)} {string.Join(' ', a.Events.Select(e => $"{e.Name} {Join(e.Tags)}"))}"),
            };
            ActivitySource.AddActivityListener(_traces);
            _metrics = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
            _metrics.SetMeasurementEventCallback<double>((i, _, tags, _) => Hear($"metric {i.Name} {Join(tags.ToArray())}"));
            _metrics.SetMeasurementEventCallback<long>((i, _, tags, _) => Hear($"metric {i.Name} {Join(tags.ToArray())}"));
            _metrics.SetMeasurementEventCallback<int>((i, _, tags, _) => Hear($"metric {i.Name} {Join(tags.ToArray())}"));
            _metrics.Start();
        }

        public static async Task<Ears> OpenAsync() => new(await Collector.StartAsync());

        public Collector Collector { get; }

        public IEnumerable<string> All => _heard;

        public int Heard => _heard.Count;

        public void AssertNone(WebApplicationFactory<Program> host, string[] secrets)
        {
            Collector.Flush(host.Services);
            Assert.All(["traces", "logs", "metrics"], signal => Assert.NotEmpty(Collector.Text(signal)));
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, Collector.Text(), StringComparison.OrdinalIgnoreCase));
            var told = _heard.Where(t => secrets.Any(s => t.Contains(s, StringComparison.OrdinalIgnoreCase))).Distinct().Take(40).ToArray();
            Assert.True(told.Length == 0, string.Join("\n", told.Select(t => t.Length > 600 ? t[..600] : t)));
        }

        public ILogger CreateLogger(string categoryName) => new Named(this, categoryName);

        public async ValueTask DisposeAsync()
        {
            Dispose();
            await Collector.DisposeAsync();
        }

        public void Dispose()
        {
            _traces.Dispose();
            _metrics.Dispose();
        }

        private void Hear(string text) => _heard.Enqueue(text);

        private static string Join<T>(IEnumerable<KeyValuePair<string, T>> members) => string.Join(' ', members.Select(m => $"{m.Key}={m.Value}"));

        private sealed class Named(Ears ears, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull
            {
                ears.Hear($"log scope {category} {state}");
                return null;
            }

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                ears.Hear($"log {logLevel} {category} {eventId} {formatter(state, exception)} {(state is IEnumerable<KeyValuePair<string, object?>> members ? Join(members) : "")} {exception}");
        }
    }
}
