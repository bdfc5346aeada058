using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>What can be said on the command line, as name=value.</summary>
/// <param name="CheckIns">How many check-ins the clinic has.</param>
/// <param name="Seconds">How long one operation is driven in one round.</param>
/// <param name="Connections">How many requests are in flight.</param>
/// <param name="Api">LdnApi.dll, published in Release.</param>
/// <param name="Out">Where tables go.</param>
internal sealed record Options(long CheckIns, int Rounds, int Seconds, int Connections, string Api, string Out)
{
    public static Options Of(string[] given)
    {
        var values = given.Select(g => g.Split('=', 2)).ToDictionary(g => g[0], g => g[1]);
        return new Options(
            long.Parse(values.GetValueOrDefault("check-ins", "1000000"), NumberFormatInfo.InvariantInfo), Int("rounds", 5), Int("seconds", 5), Int("connections", 32),
            values.GetValueOrDefault("api", "artifacts/bench/api/LdnApi.dll"), values.GetValueOrDefault("out", "artifacts/bench"));

        int Int(string name, int otherwise) => values.TryGetValue(name, out var value) ? int.Parse(value, NumberFormatInfo.InvariantInfo) : otherwise;
    }
}

/// <summary>What one round of one operation gave.</summary>
/// <param name="PerSecond">Requests or transactions a second.</param>
/// <param name="Bad">Answers that were none of the 2xx, and errors of the connection.</param>
internal readonly record struct Measure(double PerSecond, long Bad);

/// <summary>The public tools that drive the servers: wrk and pgbench.</summary>
internal static partial class Tools
{
    public static async Task<Measure> WrkAsync(string address, string operation, string token, long patients, Options options, int? seconds = null)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "requests.lua");
        var said = await RunAsync("wrk", ["-t2", $"-c{options.Connections}", $"-d{seconds ?? options.Seconds}s", "-s", script, address, "--", operation, token, $"{patients}"]);
        var bad = Number(BadStatus(), said) + Regex.Matches(SocketErrors().Match(said).Value, @"\d+").Sum(m => long.Parse(m.Value, NumberFormatInfo.InvariantInfo));
        return new Measure(Number(RequestsPerSecond(), said), (long)bad);
    }

    public static async Task<Measure> PgbenchAsync(string server, string database, string statement, long patients, Options options)
    {
        var parts = new NpgsqlConnectionStringBuilder(server);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, ScriptOf(statement, patients));
        try
        {
            var said = await RunAsync("pgbench", ["-n", "-M", "prepared", "-c16", "-j2", $"-T{options.Seconds}", "-f", file, "-h", parts.Host!, "-p", $"{parts.Port}", "-U", parts.Username!, database], ("PGPASSWORD", parts.Password ?? ""));
            return new Measure(Number(Tps(), said), 0);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The statement of the ceiling, for a patient taken at random: what is written is not read by the API.</summary>
    private static string ScriptOf(string statement, long patients)
    {
        var sql = statement.Replace("$1", $"'{Shape.Clinic}'::uuid", StringComparison.Ordinal);
        var writes = Statements.IsWrite(statement);
        sql = writes
            ? sql.Replace("$2", "gen_random_uuid()", StringComparison.Ordinal).Replace("$3", Patient, StringComparison.Ordinal).Replace("$4", "current_date", StringComparison.Ordinal)
                .Replace("$5", statement == Statements.InsertCheckIn ? "2" : "now()", StringComparison.Ordinal).Replace("$6", "now()", StringComparison.Ordinal)
            : sql.Replace("$2", Patient, StringComparison.Ordinal);
        return $"\\set n random({(writes ? patients / 2 : 0)}, {patients - 1})\n{sql.ReplaceLineEndings(" ")};\n";
    }

    private const string Patient = "('0198f000-0000-7000-8001-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid";

    private static async Task<string> RunAsync(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException($"{program}: {await complained} {await said}");
    }

    private static double Number(Regex pattern, string text) => pattern.Match(text) is { Success: true } found ? double.Parse(found.Groups[1].Value, NumberFormatInfo.InvariantInfo) : 0;

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex RequestsPerSecond();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex BadStatus();

    [GeneratedRegex("Socket errors: .*")]
    private static partial Regex SocketErrors();

    [GeneratedRegex(@"tps = ([\d.]+) \(without")]
    private static partial Regex Tps();
}
