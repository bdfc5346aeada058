using System.Net;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>Anybody may ask whether the API is ready, so that asking without end must cost nothing.</summary>
[Collection(nameof(SpansAreRead))]
public sealed class ReadinessTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_many_ask_the_database_is_asked_once_a_second()
    {
        using var client = api.CreateClient();
        using var sent = new SentStatements(api.Database.App);
        api.Clock.Advance(TimeSpan.FromSeconds(1));

        await FloodAsync(client);
        var once = sent.Texts.Count;
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        await FloodAsync(client);

        Assert.Equal((3, 6), (once, sent.Texts.Count)); // writable, migrated, walled
    }

    [Fact]
    public async Task What_fails_is_told_within_a_second_and_so_is_that_it_was_mended()
    {
        using var client = api.CreateClient();
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);

        var before = await StatusAsync(client);
        await ExecuteAsync(owner, "ALTER TABLE patients DISABLE ROW LEVEL SECURITY");
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        var broken = await StatusAsync(client);
        await ExecuteAsync(owner, "ALTER TABLE patients ENABLE ROW LEVEL SECURITY");
        api.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (before, broken, await StatusAsync(client)));
    }

    [Fact]
    public async Task A_connection_that_was_cut_since_is_no_reason_to_be_unready()
    {
        using var client = api.CreateClient();
        await using var app = NpgsqlDataSource.Create(api.Database.App);

        var before = await StatusAsync(client);
        await ExecuteAsync(app, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()");
        api.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before, await StatusAsync(client)));
    }

    /// <summary>Who hangs up leaves the check to those who wait for it.</summary>
    private static async Task FloodAsync(HttpClient client)
    {
        using var impatient = new CancellationTokenSource();
        var first = client.GetAsync("/health/ready", impatient.Token);
        var others = Enumerable.Range(0, 300).Select(_ => StatusAsync(client)).ToArray();
        await impatient.CancelAsync();
        Assert.All(await Task.WhenAll(others), status => Assert.Equal(HttpStatusCode.OK, status));
        await Task.WhenAny(first);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/health/ready", Ct);
        return answer.StatusCode;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource owner, string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
