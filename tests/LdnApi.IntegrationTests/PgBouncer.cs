using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>
/// PgBouncer in transaction mode before the server of a run, with few connections behind it, so that clients get each other's all the time. The API goes through it
/// when LDN_TEST_PGBOUNCER is 1 or the name of this test project; who migrates, makes databases or looks behind the wall goes direct.
/// </summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;
    private readonly int _port;

    private PgBouncer(Process process, string folder, int port) => (_process, _folder, _port) = (process, folder, port);

    public static bool IsAsked => Environment.GetEnvironmentVariable("LDN_TEST_PGBOUNCER") is { } asked && (asked == "1" || asked == typeof(PgBouncer).Assembly.GetName().Name);

    /// <param name="server">An administrator's connection string of the server behind it.</param>
    /// <param name="user">Who may come in, and goes on as the same.</param>
    public static async Task<PgBouncer> StartAsync(string server, string user, string password)
    {
        var behind = new NpgsqlConnectionStringBuilder(server);
        var folder = Directory.CreateTempSubdirectory("ldn_pgbouncer_").FullName;
        var port = FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "users"), $"\"{user}\" \"{password}\"\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "pgbouncer.ini"), $"""
            [databases]
            * = host={(await Dns.GetHostAddressesAsync(behind.Host!))[0]} port={behind.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            pool_mode = transaction
            default_pool_size = 4
            max_client_conn = 2000
            server_idle_timeout = 10
            auth_type = scram-sha-256
            auth_file = {Path.Combine(folder, "users")}
            logfile = {Path.Combine(folder, "log")}
            """);
        var asRoot = Environment.IsPrivilegedProcess; // which it refuses to be
        if (asRoot)
        {
            using var give = Process.Start("chown", ["-R", "postgres", folder]);
            await give.WaitForExitAsync();
        }

        var process = Process.Start(new ProcessStartInfo("pgbouncer", [.. asRoot ? ["-u", "postgres"] : Array.Empty<string>(), "-q", Path.Combine(folder, "pgbouncer.ini")]))!;
        var bouncer = new PgBouncer(process, folder, port);
        for (var tries = 0; !await AnswersAsync(port); tries++)
        {
            if (tries == 100 || process.HasExited)
            {
                throw new InvalidOperationException($"pgbouncer did not start. {await File.ReadAllTextAsync(Path.Combine(folder, "log"))}");
            }
        }

        return bouncer;
    }

    /// <summary>The same connection, through it. Before 1.21 it knows no prepared statements; and a reset would go to whichever connection is free by then.</summary>
    public string Through(string connection) =>
        new NpgsqlConnectionStringBuilder(connection) { Host = "127.0.0.1", Port = _port, MaxAutoPrepare = 0, NoResetOnClose = true }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            await Task.Delay(50);
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
