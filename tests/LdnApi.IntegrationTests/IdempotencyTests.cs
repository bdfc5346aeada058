using System.Data.Common;
using System.Net;
using LdnApi.Common;
using LdnApi.Pipeline;
using LdnApi.Records;
using LdnApi.Sandbox;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>One key, one effect, one answer: whatever is repeated, lost on the way or sent at once.</summary>
public sealed class IdempotencyTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    private object CheckIn => new { date = Today, scores = new { anxiety = 3 } };

    /// <summary>From the endpoints themselves, so that no POST is forgotten.</summary>
    [Fact]
    public async Task Every_post_is_done_once_and_answered_again_in_the_same_words()
    {
        foreach (var (name, method, _) in ChangingRoutes.Of(api))
        {
            if (method != "POST" || ChangingRoutes.Calculations.Contains(name))
            {
                continue;
            }

            using var client = api.ClientOf(name.Contains("Sandbox", StringComparison.Ordinal) ? SandboxStories.Clinic : LdnApiHost.NewClinic());
            var call = await new ChangingRoutes(client, Today).ReadyAsync(name);

            using var first = await call.SendAsync(client, call.IfMatch, $"once-{name}");
            using var again = await call.SendAsync(client, call.IfMatch, $"once-{name}");
            using var other = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", new { name = new { family = "Other" }, timeZone = "Europe/Rome" }, key: $"once-{name}");

            Assert.True(first.IsSuccessStatusCode, $"{name} {await first.Content.ReadAsStringAsync(Ct)}");
            Assert.Equal((name, first.StatusCode, first.Headers.Location, first.Headers.ETag), (name, again.StatusCode, again.Headers.Location, again.Headers.ETag));
            Assert.Equal(await first.Content.ReadAsStringAsync(Ct), await again.Content.ReadAsStringAsync(Ct));
            Assert.False(first.Headers.Contains("Idempotency-Replayed"));
            Assert.Equal((name, "true"), (name, again.Headers.TryGetValues("Idempotency-Replayed", out var replayed) ? replayed.Single() : null));
            Assert.Equal((422, "idempotency-key-reused"), ((int)other.StatusCode, (string?)(await other.ReadAsync())["code"]));
        }
    }

    /// <summary>Two operations that do the same with the same content are two requests all the same, and so are those for two patients.</summary>
    [Fact]
    public async Task A_key_stands_for_one_operation_on_one_patient()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins");
        var another = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins");
        var batch = new { items = new[] { new { date = "2026-03-01", scores = new { anxiety = 3 } } } };

        using var first = await client.SendAsync(HttpMethod.Post, $"{url}/batch", batch, key: "one-operation");
        using var import = await client.SendAsync(HttpMethod.Post, $"{url}/import", ApiClient.Json("date,anxiety\n2026-03-01,3\n", "text/csv"), key: "one-operation");
        using var elsewhere = await client.SendAsync(HttpMethod.Post, $"{another}/batch", batch, key: "one-operation");
        using var again = await client.SendAsync(HttpMethod.Post, $"{url}/batch", batch, key: "one-operation");

        Assert.Equal((200, false), ((int)first.StatusCode, first.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal((422, "idempotency-key-reused"), ((int)import.StatusCode, (string?)(await import.ReadAsync())["code"]));
        Assert.Equal((422, "idempotency-key-reused"), ((int)elsewhere.StatusCode, (string?)(await elsewhere.ReadAsync())["code"]));
        Assert.Equal((200, true), ((int)again.StatusCode, again.Headers.Contains("Idempotency-Replayed")));
    }

    [Fact]
    public async Task A_refusal_is_not_kept_so_the_corrected_request_may_use_the_key()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins");

        using var refused = await client.SendAsync(HttpMethod.Post, url, new { date = Today.AddDays(3), note = "too early" }, key: "corrected-1");
        using var malformed = await client.SendAsync(HttpMethod.Post, url, new { date = "soon" }, key: "corrected-1");
        using var corrected = await client.SendAsync(HttpMethod.Post, url, CheckIn, key: "corrected-1");

        Assert.Equal([422, 400, 201], new[] { refused, malformed, corrected }.Select(r => (int)r.StatusCode));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("with a space")]
    [InlineData("ünïcödé-key")]
    public async Task A_key_that_is_none_is_400(string key)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/patients") { Content = ApiClient.Json("{}") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);

        using var response = await client.SendAsync(request, Ct);

        Assert.Equal((400, "invalid-request"), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
    }

    [Fact]
    public async Task A_key_is_its_callers_own()
    {
        var clinic = LdnApiHost.NewClinic();
        using var gray = api.ClientOf(clinic);
        using var black = api.ClientOf(clinic, "dr-black");
        using var elsewhere = api.ClientOf(LdnApiHost.NewClinic());

        foreach (var client in new[] { gray, black, elsewhere })
        {
            using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", new { name = new { family = "Lovelace" }, timeZone = "UTC" }, key: "the-same-key");
            Assert.Equal((HttpStatusCode.Created, false), (response.StatusCode, response.Headers.Contains("Idempotency-Replayed")));
        }
    }

    [Fact]
    public async Task A_repeat_of_a_request_that_still_runs_waits_a_little_then_is_told_to_come_again()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = ApiClient.Of(patient, "/check-ins");
        Task<HttpResponseMessage> running;
        HttpResponseMessage early;
        await using (var owner = new NpgsqlConnection(api.Database.Owner))
        {
            await owner.OpenAsync(Ct);
            await using var holding = await owner.BeginTransactionAsync(Ct);
            await ExecuteAsync(owner, $"SELECT 1 FROM patients WHERE id = '{patient}' FOR UPDATE");
            running = client.SendAsync(HttpMethod.Post, url, CheckIn, key: "still-running");
            await using var watcher = new NpgsqlConnection(api.Database.Owner); // a transaction sees one snapshot of the activity
            await watcher.OpenAsync(Ct);
            while (await ExecuteAsync(watcher, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()") is 0L)
            {
                Ct.ThrowIfCancellationRequested();
            }

            early = await client.SendAsync(HttpMethod.Post, url, CheckIn, key: "still-running");
        }

        using var first = await running;
        using var later = await client.SendAsync(HttpMethod.Post, url, CheckIn, key: "still-running");

        var problem = await early.ReadAsync();
        Assert.Equal((409, "idempotency-in-progress", "1", 1), ((int)early.StatusCode, (string?)problem["code"], early.Headers.RetryAfter?.ToString(), (int?)problem["retryAfterSeconds"]));
        Assert.Equal((201, 201, true), ((int)first.StatusCode, (int)later.StatusCode, later.Headers.Contains("Idempotency-Replayed")));
        Assert.Equal(await first.Content.ReadAsStringAsync(Ct), await later.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>The transaction is committed, then the client's connection is cut: it never hears of it, and asks again.</summary>
    [Fact]
    public async Task What_was_committed_before_the_connection_was_cut_is_answered_by_the_repeat()
    {
        using var cut = With(new AfterCommit(http => http.Abort()));
        using var client = Authorized(cut);
        var patient = await LdnApiHost.RegisterAsync(Authorized(api), "UTC");
        var url = ApiClient.Of(patient, "/check-ins");

        await Assert.ThrowsAnyAsync<Exception>(() => client.SendAsync(HttpMethod.Post, url, CheckIn, key: "lost-answer"));
        using var healed = await client.SendAsync(HttpMethod.Post, url, CheckIn, key: "lost-answer");

        Assert.Equal((201, true), ((int)healed.StatusCode, healed.Headers.Contains("Idempotency-Replayed")));
        Assert.Single((await client.GetOkAsync(url))["items"]!.AsArray());
    }

    /// <summary>The database's connection breaks on the commit, and the server would like to try again: with a key it may, without it may not.</summary>
    [Theory]
    [InlineData("lost-commit", 201, null)]
    [InlineData(null, 503, "outcome-unknown")]
    public async Task A_commit_whose_outcome_is_lost_is_never_done_twice(string? key, int status, string? code)
    {
        using var broken = With(new AfterCommit(_ => throw new NpgsqlException("The connection broke.", new IOException())));
        using var client = Authorized(broken);
        var patient = await LdnApiHost.RegisterAsync(Authorized(api), "UTC");
        var url = ApiClient.Of(patient, "/check-ins");

        using var response = await client.SendAsync(HttpMethod.Post, url, CheckIn, key: key);

        Assert.Equal((status, code), ((int)response.StatusCode, (string?)(await response.ReadAsync())["code"]));
        Assert.Equal(code is null ? null : "5", response.Headers.RetryAfter?.ToString());
        Assert.Single((await client.GetOkAsync(url))["items"]!.AsArray());
    }

    [Fact]
    public async Task Stored_answers_are_kept_a_day_then_purged_in_batches()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var purge = api.Services.GetRequiredService<StoredResponsePurge>();
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins");
        await client.PostOkAsync(url, CheckIn, key: "a-day-old-key");
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await ExecuteAsync(owner, $"""
            INSERT INTO stored_responses (clinic_id, subject, key, request_hash, created_at, body)
            SELECT gen_random_uuid(), 'load', 'key-' || n, '\x00', '{api.Clock.GetUtcNow():O}', 'null' FROM generate_series(1, 2500) n
            """);

        api.Clock.Advance(StoredResponse.Kept);
        await purge.RunAsync(Ct);
        using var kept = await client.SendAsync(HttpMethod.Post, url, new { date = Today.AddDays(-1), scores = new { anxiety = 3 } }, key: "a-day-old-key");
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        var purged = await Task.WhenAll(purge.RunAsync(Ct), purge.RunAsync(Ct));
        using var again = await client.SendAsync(HttpMethod.Post, url, CheckIn, key: "a-day-old-key");

        Assert.True(kept.Headers.Contains("Idempotency-Replayed"));
        Assert.True(purged.Sum() > 2500);
        Assert.Equal((201, false), ((int)again.StatusCode, again.Headers.Contains("Idempotency-Replayed")));
    }

    private static readonly ClinicId Clinic = LdnApiHost.NewClinic();

    private HttpClient Authorized(WebApplicationFactory<Program> host)
    {
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token(Clinic.ToString(), scope: LdnApiHost.AllScopes));
        return client;
    }

    private WebApplicationFactory<Program> With(AfterCommit interceptor) => api.WithWebHostBuilder(host => host.ConfigureTestServices(services =>
        services.ConfigureDbContext<LdnDbContext>((provider, options) => options.AddInterceptors(interceptor.On(provider.GetRequiredService<IHttpContextAccessor>())))));

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }

    /// <summary>Something that happens once, right after the first commit.</summary>
    private sealed class AfterCommit(Action<HttpContext> happens) : DbTransactionInterceptor
    {
        private IHttpContextAccessor? _current;
        private int _happened;

        public AfterCommit On(IHttpContextAccessor current)
        {
            _current = current;
            return this;
        }

        public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Exchange(ref _happened, 1) == 0)
            {
                happens(_current!.HttpContext!);
            }

            return Task.CompletedTask;
        }
    }
}
