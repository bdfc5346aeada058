using System.Diagnostics;

namespace LdnApi.IntegrationTests;

/// <summary>The API as an operator runs it: a process of its own, with nothing set but what the test says.</summary>
internal sealed class ApiProcess : IDisposable
{
    private readonly Process _process;

    private ApiProcess(Process process) => _process = process;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static ApiProcess Start(IEnumerable<string> arguments, Dictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var name in start.Environment.Keys.Where(k => k.Contains("__", StringComparison.Ordinal) || k.StartsWith("ASPNETCORE", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings.Append(new("ASPNETCORE_ENVIRONMENT", "Production")).Append(new("ASPNETCORE_URLS", "http://127.0.0.1:0")))
        {
            start.Environment[name] = value;
        }

        return new ApiProcess(Process.Start(start)!);
    }

    public async Task<(int ExitCode, string Output, string Errors)> EndAsync()
    {
        var said = await Task.WhenAll(_process.StandardOutput.ReadToEndAsync(Ct), _process.StandardError.ReadToEndAsync(Ct));
        await _process.WaitForExitAsync(Ct);
        return (_process.ExitCode, said[0], said[1]);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
