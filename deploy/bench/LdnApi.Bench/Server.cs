using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using LdnApi.Hosting;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>A server under load, as a process of its own.</summary>
internal sealed class Server : IAsyncDisposable
{
    /// <summary>OpenTelemetry's name for it.</summary>
    public const string CompilationTime = "dotnet_jit_compilation_time_seconds_total";

    private readonly Process _process;

    private Server(Process process, string address) => (_process, Address) = (process, address);

    public string Address { get; }

    /// <summary>From the start of the process to the first good answer.</summary>
    public TimeSpan ReadyAfter { get; private init; }

    /// <summary>Most memory that was resident so far, MB.</summary>
    public long PeakMb => ReadStatus("VmHWM");

    /// <summary>CPU used so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Time that the runtime has spent on compiling so far.</summary>
    public async Task<TimeSpan> CompiledAsync()
    {
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri($"{Address}/metrics"));
        var line = metrics.Split('\n').Single(l => l.StartsWith(CompilationTime, StringComparison.Ordinal));
        return TimeSpan.FromSeconds(double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The API as it is deployed: Release, Production, behind the wall, with an issuer.</summary>
    public static Task<Server> ApiAsync(string dll, string server, string database, Issuer issuer, IReadOnlyDictionary<string, string> settings)
    {
        var connection = new NpgsqlConnectionStringBuilder(server) { Database = database, Username = DatabaseSetup.AppRole, Password = Seed.Password }.ConnectionString;
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ConnectionStrings__Ldn"] = connection,
            ["Authentication__Schemes__Bearer__Authority"] = issuer.Address,
            ["Authentication__Schemes__Bearer__RequireHttpsMetadata"] = "false",
            ["Authentication__Schemes__Bearer__ValidAudiences__0"] = Issuer.Audience,
            ["Cursors__Key"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["RateLimits__Requests"] = "10000000",
            ["RateLimits__WindowSeconds"] = "1",
            ["Logging__LogLevel__Default"] = "Warning",
            ["DOTNET_GCgen0size"] = "0x1000000", // as in the image, and so is the next
            ["MALLOC_ARENA_MAX"] = "2",
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        string[] under = Environment.GetEnvironmentVariable("LDN_BENCH_UNDER")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return StartAsync([.. under, "dotnet", dll], environment, "/health/ready");
    }

    public static Task<Server> CeilingAsync(string server, string database)
    {
        var connection = new NpgsqlConnectionStringBuilder(server) { Database = database, MaxAutoPrepare = 50, MaxPoolSize = 16 }.ConnectionString;
        return StartAsync(["dotnet", typeof(Server).Assembly.Location, "ceiling", connection, "{url}"], [], "/follow-ups");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static async Task<Server> StartAsync(string[] command, Dictionary<string, string> environment, string path)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var start = new ProcessStartInfo(command[0], command[1..].Select(a => a.Replace("{url}", address, StringComparison.Ordinal))) { RedirectStandardOutput = true };
        start.Environment["ASPNETCORE_URLS"] = address;
        start.Environment["DOTNET_gcServer"] = "0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, said) => Console.Error.WriteLine(said.Data);
        process.BeginOutputReadLine();
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        while (!await IsReadyAsync(http, path))
        {
            if (process.HasExited || clock.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException($"{string.Join(' ', command)} did not start");
            }

            await Task.Delay(10);
        }

        return new Server(process, address) { ReadyAfter = clock.Elapsed };
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, string path)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // not yet listening
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private long ReadStatus(string name) =>
        long.Parse(File.ReadLines($"/proc/{_process.Id}/status").Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
}
