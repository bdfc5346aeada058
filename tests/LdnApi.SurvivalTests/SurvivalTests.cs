using LdnApi.Hosting;
using Npgsql;

namespace LdnApi.SurvivalTests;

/// <summary>One database and two instances for the scenarios that leave them whole.</summary>
public sealed class SingleServer : IAsyncDisposable
{
    private Arena? _arena;

    internal async Task<Arena> BuiltAsync() => _arena ??= await Arena.BuildAsync();

    public ValueTask DisposeAsync() => _arena?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>A primary and a standby. A statement may take 2 s, so that a wait for the standby is cut short within a scenario.</summary>
public sealed class ServerPair : IAsyncDisposable
{
    private Arena? _arena;

    internal async Task<Arena> BuiltAsync() => _arena ??= await Arena.BuildAsync(hasStandby: true, new() { ["ConnectionStrings__Ldn"] = "Command Timeout=2" });

    public ValueTask DisposeAsync() => _arena?.DisposeAsync() ?? ValueTask.CompletedTask;
}

[CollectionDefinition(nameof(Servers), DisableParallelization = true)]
public sealed class Servers : ICollectionFixture<SingleServer>, ICollectionFixture<ServerPair>;

/// <summary>Whatever is killed, cut or frozen: what was acknowledged is there, once, and so is every follow-up that the facts demand.</summary>
[Collection(nameof(Servers))]
public sealed class SurvivalTests(SingleServer alone, ServerPair pair)
{
    [Fact]
    public async Task The_API_is_killed()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("kill -9 API", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            var api = arena.Apis[random.Next(arena.Apis.Count)];
            await api.KillAsync();
            await api.StartAndWaitAsync();
        }));
        report.IsClean();
    }

    /// <summary>What runs is finished: no answer is cut off, and each instance ends with 0.</summary>
    [Fact]
    public async Task The_instances_are_restarted_one_after_the_other()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("SIGTERM rolling restart", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            foreach (var api in arena.Apis)
            {
                Assert.Equal(0, await api.TerminateAsync());
                await api.StartAndWaitAsync();
            }
        }));
        report.IsClean();
        Assert.False(report.Kinds.ContainsKey(Answer.CutOff), report.ToString());
    }

    [Fact]
    public async Task PostgreSQL_is_killed()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("kill -9 PostgreSQL", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            await arena.Primary.KillAsync();
            await arena.Primary.StartAsync();
        }));
        report.IsClean();
    }

    [Fact]
    public async Task PostgreSQL_is_restarted()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("pg_ctl restart -m fast", (random, time) => Nemesis.RepeatAsync(random, time, arena.Primary.RestartAsync));
        report.IsClean();
    }

    [Fact]
    public async Task PostgreSQL_is_frozen()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("SIGSTOP PostgreSQL", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            await arena.Primary.FreezeAsync();
            await Nemesis.PauseAsync(random, 1000, 3000);
            await arena.Primary.ThawAsync();
        }));
        report.IsClean();
    }

    /// <summary>One instance hears nothing of the database any more and says so, the other goes on; then what was on its way arrives late, after its command was given up.</summary>
    [Fact]
    public async Task The_network_between_an_instance_and_PostgreSQL_falls_silent()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("silent network", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            arena.Wire!.FallSilent();
            await Nemesis.PauseAsync(random, 1000, 6000);
            await arena.Apis[1].UntilUnreadyAsync();
            arena.Wire.Speak();
        }));
        report.IsClean();
    }

    /// <summary>PostgreSQL panics, and again when it would recover, until someone makes room.</summary>
    [Fact]
    public async Task The_disk_of_the_log_is_full()
    {
        var arena = await alone.BuiltAsync();
        var isConfined = await arena.Primary.ConfineLogAsync();
        await arena.Primary.StartAsync();
        Assert.SkipUnless(isConfined, "Nobody may mount a small disk here.");
        try
        {
            var report = await arena.RunAsync("disk of the log full", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
            {
                await arena.Primary.FillDiskAsync();
                await Assert.ThrowsAnyAsync<NpgsqlException>(() => Nemesis.FillLogAsync(arena.Primary));
                await Nemesis.PauseAsync(random, 500, 1500);
                await arena.Primary.MakeRoomAsync();
                await arena.Primary.KillAsync();
                await arena.Primary.StartAsync();
            }));
            report.IsClean();
        }
        finally
        {
            await arena.Primary.ReleaseLogAsync();
            await arena.Primary.StartAsync();
        }
    }

    /// <summary>The copy is made while clients write, the disk is lost when all they wrote is archived: all of it is in the server that is made from the two.</summary>
    [Fact]
    public async Task PostgreSQL_is_restored_from_its_backup()
    {
        var arena = await alone.BuiltAsync();
        await arena.Primary.KillAsync();
        await arena.Primary.StartArchivingAsync();
        var report = await arena.RunAsync("restored from base backup and archive", async (_, time) =>
        {
            await arena.Primary.BackUpAsync();
            await Task.Delay(time);
            return 1;
        }, afterwards: async () =>
        {
            await arena.Primary.UntilArchivedAsync();
            await arena.Primary.RestoreAsync();
        });
        report.IsClean();
    }

    [Fact]
    public async Task Every_connection_is_cut()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("cut connections", (random, time) => Nemesis.RepeatAsync(random, time, () =>
            arena.Primary.SqlAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{DatabaseSetup.AppRole}'")));
        report.IsClean();
    }

    /// <summary>A locked table, and more clients than connections and places: some are told to come again, the process lives.</summary>
    [Fact]
    public async Task The_pool_is_full()
    {
        var arena = await alone.BuiltAsync();
        var report = await arena.RunAsync("pool full", clients: 100, nemesis: (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            await using var connection = new NpgsqlConnection(arena.Primary.Connect("postgres", "ldn"));
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var locking = new NpgsqlCommand("LOCK TABLE check_ins IN ACCESS EXCLUSIVE MODE", connection, transaction);
            await locking.ExecuteNonQueryAsync();
            await Nemesis.PauseAsync(random, 3000, 4000);
            using var live = await arena.Apis[0].Http.GetAsync("/health/live", TestContext.Current.CancellationToken);
            Assert.True(live.IsSuccessStatusCode);
        }));
        report.IsClean();
    }

    [Fact]
    public async Task The_clocks_of_the_instances_jump()
    {
        var library = new[] { "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(library is null, "libfaketime is not installed (apt-get install libfaketime).");
        var clock = Path.GetTempFileName();
        await File.WriteAllTextAsync(clock, "+0", TestContext.Current.CancellationToken);
        await using var arena = await Arena.BuildAsync(environment: new()
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME_TIMESTAMP_FILE"] = clock,
            ["FAKETIME_NO_CACHE"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        });
        var report = await arena.RunAsync("clock jumps by 2 h", (random, time) => Nemesis.RepeatAsync(random, time, () =>
            File.WriteAllTextAsync(clock, new[] { "+2h", "-2h", "+0", "-10m" }[random.Next(4)])));
        File.Delete(clock);
        report.IsClean();
    }

    /// <summary>The primary dies; the standby, which has all that was acknowledged, is promoted; the API finds it by itself.</summary>
    [Fact]
    public async Task The_standby_takes_over()
    {
        var arena = await pair.BuiltAsync();
        await arena.WaitForStandbyAsync(isSynchronous: true);
        var report = await arena.RunAsync("failover to a synchronous standby", (random, time) => Nemesis.RepeatAsync(random, time, async () =>
        {
            await arena.Primary.KillAsync();
            await arena.Standby!.PromoteAsync();
            await arena.RebuildStandbyAsync(isSynchronous: true);
        }));
        report.IsClean();
    }

    /// <summary>The standby is deaf: waits for it are cut short, and PostgreSQL commits with a warning. Such a commit is not acknowledged.</summary>
    [Fact]
    public async Task The_standby_is_deaf_and_then_takes_over()
    {
        var arena = await pair.BuiltAsync();
        await arena.WaitForStandbyAsync(isSynchronous: true);
        var report = await arena.RunAsync("failover to a deaf synchronous standby", (random, time) => Nemesis.RepeatAsync(random, time, () =>
            Nemesis.FailOverDeafAsync(arena, TimeSpan.FromSeconds(4), isSynchronous: true)));
        report.IsClean();
    }
}

/// <summary>What is done to the servers, and when.</summary>
internal static class Nemesis
{
    /// <returns>How many faults there were.</returns>
    public static async Task<int> RepeatAsync(Random random, TimeSpan time, Func<Task> fault)
    {
        var until = DateTime.UtcNow + time;
        var faults = 0;
        do
        {
            await PauseAsync(random, 300, 1200);
            await fault();
            faults++;
        }
        while (DateTime.UtcNow < until);

        return faults;
    }

    /// <summary>Begins one file of the log after the other, for as long as there is room.</summary>
    public static async Task FillLogAsync(PostgresNode server)
    {
        for (var files = 0; files < 100; files++)
        {
            await server.SqlAsync("SELECT pg_logical_emit_message(false, 'filler', 'x'), pg_switch_wal()");
        }
    }

    public static Task PauseAsync(Random random, int from, int to) => Task.Delay(random.Next(from, to));

    /// <summary>The standby hears nothing for a while, then the primary dies with what only it had.</summary>
    public static async Task FailOverDeafAsync(Arena arena, TimeSpan deafFor, bool isSynchronous)
    {
        await arena.Standby!.DeafenAsync();
        await Task.Delay(deafFor);
        await arena.Primary.KillAsync();
        await arena.Standby.KillReceiverAsync();
        await arena.Standby.UntilAsync("SELECT pg_is_in_recovery()");
        await arena.Standby.PromoteAsync();
        await arena.RebuildStandbyAsync(isSynchronous);
    }
}
