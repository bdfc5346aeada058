using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LdnApi.SurvivalTests;

/// <summary>Programs and signals.</summary>
internal static class Shell
{
    public static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string folder, Dictionary<string, string>? environment = null, bool keepsOutput = true)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = keepsOutput, RedirectStandardError = keepsOutput };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = keepsOutput ? string.Concat(await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync())) : "";
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}. {output}");
    }

    /// <summary>Processes that are gone already are no error.</summary>
    public static async Task SignalAsync(string signal, params IEnumerable<int> processes)
    {
        if (processes.ToArray() is { Length: > 0 } some)
        {
            using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", .. some.Select(p => p.ToString(CultureInfo.InvariantCulture))]) { RedirectStandardError = true })!;
            await kill.WaitForExitAsync();
        }
    }

    /// <summary>The process and its children.</summary>
    public static IReadOnlyList<int> Family(int parent) =>
    [
        parent,
        .. Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && ParentOf(id) == parent),
    ];

    public static string CommandLineOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    public static bool IsAlive(int process) => StatOf(process) is [var state, ..] && state != "Z";

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static int ParentOf(int process) => StatOf(process) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    /// <summary>State, parent and so on; nothing when the process is gone.</summary>
    private static string[] StatOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
