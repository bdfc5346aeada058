using System.ComponentModel;
using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;

namespace LdnApi.SurvivalTests;

/// <summary>One PostgreSQL server of our own, which can be killed, frozen, restarted and promoted. It keeps its port.</summary>
internal sealed class PostgresNode(string bin, string folder, string password)
{
    private const string Common =
        "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c wal_level=replica -c hot_standby=on -c max_wal_senders=8 -c wal_keep_size=256MB "
        + "-c wal_retrieve_retry_interval=200ms -c shared_buffers=64MB";

    /// <summary>What the small disk has beside the log, MB: two segments and a half.</summary>
    private const int SpareMb = 40;

    private long _roomMb;

    public int Port { get; } = Shell.FreePort();

    public string Administrator => Connect("postgres", "postgres");

    private string Log => Path.Combine(Data, "pg_wal");

    private string Filler => Path.Combine(Log, "filler");

    private string Tools => Path.Combine(folder, "tools");

    private string Archive => Path.Combine(folder, "archive");

    private string Copy => Path.Combine(folder, "copy");

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

    /// <summary>Starts it with an archive of its log, kept by the programs of deploy/backup.</summary>
    public async Task StartArchivingAsync()
    {
        Directory.CreateDirectory(Tools);
        foreach (var program in Directory.GetFiles(Path.GetFullPath("../../deploy/backup", Path.GetDirectoryName(ThisFile())!)))
        {
            File.Copy(program, Path.Combine(Tools, Path.GetFileName(program)), overwrite: true); // the server's user cannot look into root's home
        }

        Directory.CreateDirectory(Archive);
        await GiveAsync(folder);
        await StartAsync($"-c archive_mode=on -c archive_command='{Path.Combine(Tools, "archive-wal")} %p %f {Archive}'");
    }

    /// <summary>A copy of the whole server, while it serves.</summary>
    public Task BackUpAsync() => ProgramAsync(Path.Combine(Tools, "base-backup"), [Copy]);

    /// <summary>Waits until all that is committed by now is in the archive.</summary>
    public async Task UntilArchivedAsync()
    {
        var wanted = await SqlAsync("SELECT pg_walfile_name(pg_switch_wal())");
        await UntilAsync($"SELECT coalesce(last_archived_wal >= '{wanted}', false) FROM pg_stat_archiver");
    }

    /// <summary>Its disk is gone; a new server is made from the copy and the archive.</summary>
    public async Task RestoreAsync()
    {
        await KillAsync();
        Directory.Delete(Data, recursive: true);
        await ProgramAsync(Path.Combine(Tools, "restore-to"), ["latest", Copy, Archive, Data, $"-p {Text(Port)} {Common}"], keepsOutput: false);
    }

    /// <summary>Stops it, and puts its log on a small disk of its own.</summary>
    /// <returns>False where nobody may mount one; then nothing is changed.</returns>
    public async Task<bool> ConfineLogAsync()
    {
        await KillAsync();
        _roomMb = (Directory.GetFiles(Log).Sum(f => new FileInfo(f).Length) >> 20) + SpareMb;
        Directory.Move(Log, $"{Log}.kept");
        Directory.CreateDirectory(Log);
        try
        {
            await Shell.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={_roomMb}m,mode=700", "ldn-survival", Log], folder);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception) // refused, or no such program
        {
            Directory.Delete(Log);
            Directory.Move($"{Log}.kept", Log);
            return false;
        }

        await Shell.RunAsync("cp", ["-a", $"{Log}.kept/.", Log], folder);
        Directory.Delete($"{Log}.kept", recursive: true);
        await GiveAsync(Log);
        return true;
    }

    /// <summary>Takes all that is left of the small disk, so that the log cannot grow.</summary>
    public async Task FillDiskAsync()
    {
        await using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                await filler.WriteAsync(new byte[1 << 16]);
            }
        }
        catch (IOException)
        {
            // full
        }
    }

    /// <summary>Frees what was taken, and gives the disk as much again as the log may have grown by meanwhile.</summary>
    public async Task MakeRoomAsync()
    {
        File.Delete(Filler);
        _roomMb += SpareMb;
        await Shell.RunAsync("mount", ["-o", $"remount,size={_roomMb}m", Log], folder);
    }

    /// <summary>Stops it, and puts its log back where it was.</summary>
    public async Task ReleaseLogAsync()
    {
        await KillAsync();
        File.Delete(Filler);
        await Shell.RunAsync("cp", ["-a", Log, $"{Log}.kept"], folder);
        await Shell.RunAsync("umount", [Log], folder);
        Directory.Delete(Log);
        Directory.Move($"{Log}.kept", Log);
    }

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
        await GiveAsync(folder);
    }

    /// <summary>To the server's user: it refuses to be root.</summary>
    private static Task GiveAsync(string folder) => Shell.IsRoot ? Shell.RunAsync("chown", ["-R", "postgres", folder], "/") : Task.CompletedTask;

    private async Task ProgramAsync(string name, string[] arguments, bool keepsOutput = true)
    {
        string[] command = Shell.IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", Path.Combine(bin, name), .. arguments] : [Path.Combine(bin, name), .. arguments];
        try
        {
            await Shell.RunAsync(command[0], command[1..], folder, Surroundings, keepsOutput);
        }
        catch (InvalidOperationException e) when (File.Exists(Path.Combine(folder, "server.log")))
        {
            throw new InvalidOperationException(string.Join('\n', File.ReadLines(Path.Combine(folder, "server.log")).TakeLast(20)), e);
        }
    }

    private Dictionary<string, string> Surroundings => new()
    {
        ["PGHOST"] = "127.0.0.1",
        ["PGPORT"] = Text(Port),
        ["PGUSER"] = "postgres",
        ["PGPASSWORD"] = password,
        ["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:{bin}",
    };

    private static string ThisFile([CallerFilePath] string file = "") => file;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
