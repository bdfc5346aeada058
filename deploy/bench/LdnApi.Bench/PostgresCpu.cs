using System.Globalization;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>CPU that a PostgreSQL server on this machine has used, in all its processes.</summary>
internal sealed class PostgresCpu
{
    private const double TicksPerSecond = 100; // what /proc counts in: USER_HZ

    private readonly int? _postmaster;

    private PostgresCpu(int? postmaster) => _postmaster = postmaster;

    /// <summary>Asks the server for its process, and makes sure that it is one of this machine.</summary>
    public static async Task<PostgresCpu> OfAsync(string server)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand("SELECT pg_read_file('postmaster.pid')");
        var pid = int.Parse(((string)(await command.ExecuteScalarAsync())!).Split('\n')[0], NumberFormatInfo.InvariantInfo);
        var name = $"/proc/{pid}/comm";
        return new PostgresCpu(File.Exists(name) && (await File.ReadAllTextAsync(name)).StartsWith("postgres", StringComparison.Ordinal) ? pid : null);
    }

    /// <summary>Used so far, µs; not a number when the server is elsewhere.</summary>
    public double Microseconds => _postmaster is { } pid
        ? (Ticks(pid, withEnded: true) + File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(child => Ticks(int.Parse(child, NumberFormatInfo.InvariantInfo), withEnded: false)))
            / TicksPerSecond * 1e6
        : double.NaN;

    private static long Ticks(int pid, bool withEnded)
    {
        try
        {
            var fields = File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Skip(11).Take(withEnded ? 4 : 2).Sum(f => long.Parse(f, NumberFormatInfo.InvariantInfo)); // utime, stime, and those of children that have ended
        }
        catch (IOException)
        {
            return 0; // it ended as we looked: its parent counts it from now on
        }
    }
}
