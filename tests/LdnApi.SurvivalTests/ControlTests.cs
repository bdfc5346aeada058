namespace LdnApi.SurvivalTests;

/// <summary>Set-ups that do lose or double: the checker must see it, or its silence elsewhere says nothing.</summary>
[Collection(nameof(Servers))]
public sealed class ControlTests(SingleServer alone, ServerPair pair)
{
    /// <summary>Clients that send an unknown write again under a new key.</summary>
    [Fact]
    public async Task Without_deduplication_writes_are_doubled()
    {
        var arena = await alone.BuiltAsync();
        var report = await UntilSeenAsync(r => r.Doubled > 0, () => arena.RunAsync("control: no deduplication, kill -9 API", deduplicates: false, nemesis: (random, time) =>
            Nemesis.RepeatAsync(random, time, async () =>
            {
                var api = arena.Apis[random.Next(arena.Apis.Count)];
                await api.KillAsync();
                await api.StartAndWaitAsync();
            })));
        Assert.True(report.Doubled > 0, report.ToString());
    }

    [Fact]
    public async Task Behind_an_asynchronous_standby_writes_are_lost()
    {
        var arena = await pair.BuiltAsync();
        await arena.WaitForStandbyAsync(isSynchronous: false);
        var report = await UntilSeenAsync(r => r.Lost > 0, () => arena.RunAsync("control: asynchronous standby, behind", async (_, _) =>
        {
            await Nemesis.FailOverDeafAsync(arena, TimeSpan.FromSeconds(2), isSynchronous: false);
            return 1;
        }));
        Assert.True(report.Lost > 0, report.ToString());
    }

    [Fact]
    public async Task Without_synchronous_commit_writes_are_lost()
    {
        await using var arena = await Arena.BuildAsync();
        await RestartCarelesslyAsync();
        var report = await UntilSeenAsync(r => r.Lost > 0, () => arena.RunAsync("control: synchronous_commit = off, kill -9 PostgreSQL", (random, time) =>
            Nemesis.RepeatAsync(random, time, RestartCarelesslyAsync)));
        Assert.True(report.Lost > 0, report.ToString());

        async Task RestartCarelesslyAsync()
        {
            await arena.Primary.KillAsync();
            await arena.Primary.StartAsync("-c synchronous_commit=off -c wal_writer_delay=10s -c wal_writer_flush_after=1GB");
        }
    }

    /// <summary>Chance decides what is on its way at the moment of a kill: some tries are allowed.</summary>
    private static async Task<Report> UntilSeenAsync(Func<Report, bool> isSeen, Func<Task<Report>> run)
    {
        var report = await run();
        for (var again = 0; again < 4 && !isSeen(report); again++)
        {
            report = await run();
        }

        return report;
    }
}
