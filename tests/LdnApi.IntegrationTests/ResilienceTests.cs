using System.Globalization;
using System.Net;
using LdnApi.Common;
using LdnApi.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>When the database is slow, away, full or not what it should be: what is done once, what is refused, and what is said.</summary>
public sealed class ResilienceTests(LdnApiHost api, PostgresServer postgres) : IClassFixture<LdnApiHost>
{
    private readonly ClinicId _clinic = LdnApiHost.NewClinic();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A commit with a warning stands here only: it is not acknowledged, and its repeat is when it commits without one.</summary>
    [Fact]
    public async Task A_commit_with_a_warning_is_not_acknowledged()
    {
        using var client = api.ClientOf(_clinic);
        var patient = await LdnApiHost.RegisterAsync(client);
        var report = new { date = "2026-03-10", note = "told once" };

        using var doubtful = await WarnedAsync("INSERT ON check_ins", () => client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), report, key: "key-0001"));
        using var replayed = await WarnedAsync("UPDATE ON stored_responses", () => client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), report, key: "key-0001"));
        using var good = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), report, key: "key-0001");

        await IsAsync(doubtful, "durability-unknown");
        await IsAsync(replayed, "durability-unknown"); // a replay waits for the standby by a write of its own
        Assert.Equal(HttpStatusCode.Created, good.StatusCode);
        Assert.Equal("true", Assert.Single(good.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(1L, await OwnerAsync($"SELECT count(*) FROM check_ins WHERE patient_id = '{patient}'"));
    }

    /// <summary>What a failover may take off the record is not shown.</summary>
    [Fact]
    public async Task A_read_whose_entry_was_committed_with_a_warning_is_not_served()
    {
        using var client = api.ClientOf(_clinic);
        var patient = await LdnApiHost.RegisterAsync(client);

        using var doubtful = await WarnedAsync("INSERT ON audit_entries", () => client.GetAsync(ApiClient.Of(patient), Ct));
        using var good = await client.GetAsync(ApiClient.Of(patient), Ct);

        await IsAsync(doubtful, "unavailable");
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task Connections_that_were_cut_are_no_failure_of_the_next_request()
    {
        using var client = api.ClientOf(_clinic);
        var patient = await LdnApiHost.RegisterAsync(client);
        await CutAsync();
        using var read = await client.GetAsync(ApiClient.Of(patient), Ct);
        await CutAsync();

        using var written = await client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), new { date = "2026-03-10", note = "x" });

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Created), (read.StatusCode, written.StatusCode));
        Assert.Equal(1L, await OwnerAsync($"SELECT count(*) FROM audit_entries WHERE clinic_id = '{_clinic}' AND operation = 'SubmitCheckIn'"));

        Task CutAsync() => ScalarAsync(api.Database.App, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()");
    }

    [Fact]
    public async Task Without_a_database_a_request_is_told_to_come_again_and_the_process_lives()
    {
        using var host = HostWith(("ConnectionStrings:Ldn", new NpgsqlConnectionStringBuilder(api.Database.App) { Host = "127.0.0.1", Port = 1 }.ConnectionString));
        using var client = ClientOf(host);

        using var read = await client.GetAsync("/api/v1/patients", Ct);
        using var written = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", new { name = new { family = "Lovelace" }, timeZone = "UTC" }, key: "key-0001");
        using var live = await client.GetAsync("/health/live", Ct);
        using var ready = await client.GetAsync("/health/ready", Ct);

        await IsAsync(read, "unavailable");
        await IsAsync(written, "unavailable");
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy\ndatabase: it does not answer"), (ready.StatusCode, await ready.Content.ReadAsStringAsync(Ct)));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 0.05)]
    public async Task Too_many_at_once_are_told_to_come_again_and_leave_no_entry(int queued, double seconds)
    {
        using var host = HostWith(("Limits:ConcurrentRequests", "1"), ("Limits:QueuedRequests", $"{queued}"), ("Limits:QueueSeconds", FormattableString.Invariant($"{seconds}")));
        using var client = ClientOf(host);
        var patient = await LdnApiHost.RegisterAsync(client);

        Task<HttpResponseMessage> waiting;
        await using (await LockedAsync(patient))
        {
            var first = client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), new { date = "2026-03-10", note = "x" });
            await UntilWaitingAsync();
            using var second = await client.GetAsync(ApiClient.Of(patient), Ct);
            using var ready = await client.GetAsync("/health/ready", Ct);

            await IsAsync(second, "overloaded");
            Assert.Equal("Healthy\nall well", await ready.Content.ReadAsStringAsync(Ct));
            Assert.False(first.IsCompleted);
            waiting = first;
        }

        using var done = await waiting;
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        Assert.Equal(0L, await OwnerAsync($"SELECT count(*) FROM audit_entries WHERE clinic_id = '{_clinic}' AND operation = 'GetPatient'"));
    }

    [Fact]
    public async Task A_full_pool_is_503_and_no_reason_to_be_unready()
    {
        using var host = HostWith(("ConnectionStrings:Ldn", new NpgsqlConnectionStringBuilder(api.Database.App) { MaxPoolSize = 1, Timeout = 1 }.ConnectionString));
        using var client = ClientOf(host);
        var patient = await LdnApiHost.RegisterAsync(client);

        Task<HttpResponseMessage> waiting;
        await using (await LockedAsync(patient))
        {
            waiting = client.SendAsync(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), new { date = "2026-03-10", note = "x" });
            await UntilWaitingAsync();
            using var second = await client.GetAsync(ApiClient.Of(patient), Ct);
            using var ready = await client.GetAsync("/health/ready", Ct);

            await IsAsync(second, "unavailable");
            Assert.Equal("Healthy\nall well", await ready.Content.ReadAsStringAsync(Ct));
        }

        using var done = await waiting;
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
    }

    /// <summary>What is missing is said, and nothing that helps a stranger.</summary>
    [Theory]
    [InlineData("BEGIN; DELETE FROM \"__EFMigrationsHistory\" WHERE migration_id LIKE '%_AuditTrail'; COMMIT", "schema: 1 migrations are missing")]
    [InlineData("REVOKE SELECT ON \"__EFMigrationsHistory\" FROM ldn_app", "schema: its version cannot be read; run --migrate")]
    [InlineData("ALTER DATABASE {0} SET default_transaction_read_only = on", "database: it can be read only")]
    [InlineData("ALTER TABLE patients DISABLE ROW LEVEL SECURITY", "database: its role passes row-level security")]
    public async Task Readiness_tells_which_part_of_the_truth_fails(string breaks, string said)
    {
        await using var other = new LdnApiHost(postgres);
        await other.InitializeAsync();
        await ScalarAsync(other.Database.Owner, string.Format(CultureInfo.InvariantCulture, breaks, new NpgsqlConnectionStringBuilder(other.Database.Owner).Database));
        using var client = other.CreateClient();

        using var ready = await client.GetAsync("/health/ready", Ct);
        using var live = await client.GetAsync("/health/live", Ct);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, $"Unhealthy\n{said}"), (ready.StatusCode, await ready.Content.ReadAsStringAsync(Ct)));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public void A_connection_string_gets_limits_where_it_names_none()
    {
        var plain = new NpgsqlConnectionStringBuilder(ConnectionOptions.Complete("Host=db;Username=ldn_app"));
        var own = new NpgsqlConnectionStringBuilder(ConnectionOptions.Complete("Host=db;Username=ldn_app;MaxPoolSize=50;Timeout=7;CommandTimeout=60"));
        var several = new NpgsqlConnectionStringBuilder(ConnectionOptions.Complete("Host=a,b;Username=ldn_app"));
        var readWrite = new NpgsqlConnectionStringBuilder(ConnectionOptions.Complete("Host=a,b;Username=ldn_app;Target Session Attributes=read-write"));

        Assert.Equal((ConnectionOptions.PoolSize, ConnectionOptions.ConnectSeconds, ConnectionOptions.CommandSeconds), (plain.MaxPoolSize, plain.Timeout, plain.CommandTimeout));
        Assert.Equal((50, 7, 60), (own.MaxPoolSize, own.Timeout, own.CommandTimeout));
        Assert.Equal((null, "primary", "read-write"), (plain.TargetSessionAttributes, several.TargetSessionAttributes, readWrite.TargetSessionAttributes));
    }

    private static async Task IsAsync(HttpResponseMessage response, string code)
    {
        Assert.Equal((HttpStatusCode.ServiceUnavailable, code), (response.StatusCode, (string?)(await response.ReadAsync())["code"]));
        Assert.NotNull(response.Headers.RetryAfter);
    }

    private WebApplicationFactory<Program> HostWith(params (string Name, string Value)[] settings) =>
        api.WithWebHostBuilder(builder => Array.ForEach(settings, s => builder.UseSetting(s.Name, s.Value)));

    private HttpClient ClientOf(WebApplicationFactory<Program> host)
    {
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token(_clinic.ToString(), scope: LdnApiHost.AllScopes));
        return client;
    }

    /// <summary>While it is sent, PostgreSQL warns as it commits, as it does when a wait for a standby is cut short.</summary>
    private async Task<HttpResponseMessage> WarnedAsync(string change, Func<Task<HttpResponseMessage>> send)
    {
        var table = change.Split(' ')[^1];
        await OwnerAsync($"""
            CREATE OR REPLACE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'committed locally'; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER warns AFTER {change} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()
            """);
        try
        {
            return await send();
        }
        finally
        {
            await OwnerAsync($"DROP TRIGGER warns ON {table}");
        }
    }

    /// <summary>Holds the patient's row until it is disposed of.</summary>
    private async Task<NpgsqlConnection> LockedAsync(PatientId patient)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(api.Database.Owner) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand($"BEGIN; SELECT FROM patients WHERE id = '{patient}' FOR UPDATE", connection);
        await command.ExecuteNonQueryAsync(Ct);
        return connection;
    }

    private async Task UntilWaitingAsync()
    {
        while (await OwnerAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())") is not > 0L)
        {
            await Task.Yield();
        }
    }

    private Task<object?> OwnerAsync(string sql) => ScalarAsync(api.Database.Owner, sql);

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
