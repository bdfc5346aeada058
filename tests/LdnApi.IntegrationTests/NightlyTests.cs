using LdnApi.Nightly;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>The run that lets time pass, when it is cut short.</summary>
public sealed class NightlyTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_night_that_is_cut_short_goes_on_where_it_stopped()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var first = await LdnApiHost.RegisterAsync(client, "Pacific/Auckland");
        var second = await LdnApiHost.RegisterAsync(client, "UTC");
        var third = await LdnApiHost.RegisterAsync(client, "America/New_York");
        foreach (var patient in new[] { first, second, third })
        {
            await client.PrescribeAsync(patient, new DateOnly(2026, 3, 1));
        }

        api.Clock.Advance(TimeSpan.FromDays(1));
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var someoneElse = await owner.OpenConnectionAsync(Ct);
        await using (var holding = await someoneElse.BeginTransactionAsync(Ct))
        {
            await ExecuteAsync(someoneElse, $"SELECT FROM patients WHERE id = '{second}' FOR UPDATE");
            using var crash = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            var night = api.Services.GetRequiredService<NightlyRun>().RunAsync(crash.Token);
            while (!await IsTrueAsync(owner, $"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND {someoneElse.ProcessID} = ANY (pg_blocking_pids(pid)))"))
            {
                Assert.False(night.IsCompleted, "The night went past a patient that someone else holds.");
            }

            await crash.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => night);
        }

        Assert.True(await IsTrueAsync(owner, $"SELECT evaluated_through IS NOT NULL FROM nightly_evaluations WHERE patient_id = '{first}'"));
        Assert.True(await IsTrueAsync(owner, $"SELECT count(*) = 2 FROM nightly_evaluations WHERE patient_id IN ('{second}', '{third}') AND evaluated_through IS NULL"));
        Assert.Equal(2, await api.RunNightlyAsync());
        Assert.True(await IsTrueAsync(owner, "SELECT count(*) = 3 AND count(DISTINCT patient_id) = 3 FROM follow_up_events WHERE family = 'Missing' AND type = 'Opened'"));
        Assert.Contains("ldnapi_nightly_evaluations_total", await client.GetStringAsync("/metrics", Ct), StringComparison.Ordinal);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<bool> IsTrueAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Ct) is true;
    }
}
