using System.Globalization;
using Npgsql;

namespace LdnApi.SurvivalTests;

/// <summary>One PostgreSQL server of our own, which can be killed, frozen, restarted and promoted. It keeps its port.</summary>
internal sealed class PostgresNode(string bin, string folder, string password)
{
    private const string Common =
        "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c wal_level=replica -c hot_standby=on -c max_wal_senders=8 -c wal_keep_size=256MB "
        + "-c wal_retrieve_retry_interval=200ms -c shared_buffers=64MB";

    public int Port { get; } = Shell.FreePort();

    public string Administrator => Connect("postgres", "postgres");

    private string Data => Path.Combine(folder, "data");

    public string Connect(string role, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = role,
        Password = password,
        Database = database,
        GssEncryptionMode = GssEncryptionMode.Disable,
        Pooling = false,
    }.ConnectionString;

    /// <summary>A new, empty cluster.</summary>
    public async Task CreateAsync()
    {
        await PrepareAsync();
        var secret = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(secret, password);
        await ProgramAsync("initdb", ["-D", Data, "-U", "postgres", "--pwfile", secret, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]);
    }

    /// <summary>A copy of a running server that follows it.</summary>
    public async Task FollowAsync(PostgresNode primary)
    {
        await PrepareAsync();
        await ProgramAsync("pg_basebackup", ["-h", "127.0.0.1", "-p", Text(primary.Port), "-U", "postgres", "-D", Data, "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
    }

    public Task StartAsync(string options = "") =>
        ProgramAsync("pg_ctl", ["start", "-s", "-w", "-D", Data, "-l", Path.Combine(folder, "server.log"), "-o", $"-p {Text(Port)} {Common} {options}"], keepsOutput: false);

    public Task RestartAsync() => ProgramAsync("pg_ctl", ["restart", "-s", "-w", "-m", "fast", "-D", Data, "-l", Path.Combine(folder, "server.log")], keepsOutput: false);

    public Task PromoteAsync() => ProgramAsync("pg_ctl", ["promote", "-s", "-w", "-D", Data]);

    /// <summary>All its processes, at once and without a word; it can be started again when they are gone.</summary>
    public async Task KillAsync()
    {
        var all = await StoppedAsync();
        await Shell.SignalAsync("KILL", all);
        while (all.Any(Shell.IsAlive))
        {
            await Task.Delay(10);
        }

        File.Delete(Path.Combine(Data, "postmaster.pid")); // where nobody buries the dead, their number would pass for that of a living server
    }

    public async Task FreezeAsync() => await Shell.SignalAsync("STOP", await StoppedAsync());

    public Task ThawAsync() => Shell.SignalAsync("CONT", Processes());

    /// <summary>Stops a standby from taking anything more from its primary, what is on the way included: that stays in a socket which nobody reads.</summary>
    public Task DeafenAsync() => Shell.SignalAsync("STOP", Receivers());

    /// <summary>What the deaf receiver had not read is lost with it.</summary>
    public Task KillReceiverAsync() => Shell.SignalAsync("KILL", Receivers());

    public async Task<object?> SqlAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(Connect("postgres", database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Waits until the server does something.</summary>
    public async Task UntilAsync(string sql)
    {
        var until = DateTime.UtcNow.AddSeconds(30);
        while (true)
        {
            try
            {
                if (await SqlAsync(sql) is true)
                {
                    return;
                }
            }
            catch (NpgsqlException) when (DateTime.UtcNow < until)
            {
                // not yet
            }

            Assert.True(DateTime.UtcNow < until, $"It never came true: {sql}");
            await Task.Delay(50);
        }
    }

    private IEnumerable<int> Receivers() => Processes().Where(p => Shell.CommandLineOf(p).Contains("walreceiver", StringComparison.Ordinal));

    /// <summary>All its processes, the parent stopped, so that no child is born meanwhile.</summary>
    private async Task<IReadOnlyList<int>> StoppedAsync()
    {
        await Shell.SignalAsync("STOP", Parent());
        return Processes();
    }

    private IReadOnlyList<int> Processes() => [.. Parent().SelectMany(Shell.Family)];

    private int[] Parent() => File.Exists(Path.Combine(Data, "postmaster.pid")) ? [int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture)] : [];

    private async Task PrepareAsync()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        if (Shell.IsRoot)
        {
            await Shell.RunAsync("chown", ["-R", "postgres", folder], "/"); // which refuses to be root
        }
    }

    private async Task ProgramAsync(string name, string[] arguments, bool keepsOutput = true)
    {
        string[] command = Shell.IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", Path.Combine(bin, name), .. arguments] : [Path.Combine(bin, name), .. arguments];
        try
        {
            await Shell.RunAsync(command[0], command[1..], folder, new() { ["PGPASSWORD"] = password }, keepsOutput);
        }
        catch (InvalidOperationException e) when (File.Exists(Path.Combine(folder, "server.log")))
        {
            throw new InvalidOperationException(string.Join('\n', File.ReadLines(Path.Combine(folder, "server.log")).TakeLast(20)), e);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
