using System.Diagnostics;

namespace LdnApi.SurvivalTests;

/// <summary>One instance of the API, a process of its own. It keeps its port from one life to the next.</summary>
internal sealed class ApiProcess : IDisposable
{
    private readonly Dictionary<string, string> _environment;
    private readonly string _log;
    private readonly CancellationTokenSource _ended = new();
    private Process? _process;
    private volatile bool _isReady;

    public ApiProcess(string name, string folder, Dictionary<string, string> environment)
    {
        (_environment, _log) = (environment, Path.Combine(folder, $"{name}.log"));
        Address = $"http://127.0.0.1:{Shell.FreePort()}";
        Http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { BaseAddress = new Uri(Address), Timeout = TimeSpan.FromSeconds(20) };
        _ = WatchAsync();
    }

    public string Address { get; }

    public HttpClient Http { get; }

    /// <summary>What a balancer would think of it: asked ten times a second.</summary>
    public bool IsReady => _isReady;

    public void Start()
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "LdnApi.dll");
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec dotnet '{dll}' --urls {Address} >>'{_log}' 2>&1"]) { WorkingDirectory = AppContext.BaseDirectory };
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
    }

    public async Task StartAndWaitAsync()
    {
        Start();
        await UntilReadyAsync();
    }

    public async Task UntilReadyAsync()
    {
        var until = DateTime.UtcNow.AddMinutes(3);
        while (!_isReady)
        {
            Assert.True(DateTime.UtcNow < until && _process?.HasExited != true, $"The API is not ready: {await AskAsync()}. {(File.Exists(_log) ? await File.ReadAllTextAsync(_log) : "")}");
            await Task.Delay(50);
        }
    }

    /// <summary>Until it says itself that it cannot serve.</summary>
    public async Task UntilUnreadyAsync()
    {
        var until = DateTime.UtcNow.AddSeconds(30);
        while (_isReady)
        {
            Assert.True(DateTime.UtcNow < until, $"The API is ready all the same: {await AskAsync()}");
            await Task.Delay(50);
        }
    }

    public async Task KillAsync()
    {
        _isReady = false;
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await Shell.SignalAsync("TERM", _process!.Id);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>What it says of its readiness.</summary>
    public async Task<string> AskAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            using var answer = await Http.GetAsync("/health/ready", patience.Token);
            return await answer.Content.ReadAsStringAsync(patience.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return e.Message;
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process?.Dispose();
        Http.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            _isReady = (await AskAsync()).StartsWith("Healthy", StringComparison.Ordinal);
            await Task.Delay(100);
        }
    }
}
