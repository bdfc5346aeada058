using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Hosting;
using LdnApi.Nightly;
using LdnApi.Pipeline;
using LdnApi.Records;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>Another clinic's record cannot be told from one that does not exist: not by the answer, not by the work that is done for it.</summary>
[Collection(nameof(SpansAreRead))]
public sealed partial class ClinicIsolationTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [GeneratedRegex("(?<=[/\"=])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=[/\"?& ]|$)")]
    private static partial Regex Uuid();

    /// <summary>
    /// From the endpoints themselves. Of each request of ours that would succeed, every id in turn, in path, query or body, and all of them together, is
    /// exchanged for that of another clinic's record, and for one of nothing.
    /// </summary>
    [Fact]
    public async Task Every_id_of_another_clinic_is_answered_as_an_unknown_one_with_the_same_statements()
    {
        using var statements = new SentStatements(api.Database.App);
        var compared = 0;
        foreach (var route in EveryRoute.Of(api))
        {
            var (ours, theirs) = (LdnApiHost.NewClinic(), LdnApiHost.NewClinic());
            using var ourClient = api.ClientOf(ours);
            using var theirClient = api.ClientOf(theirs);
            if (route.Name.Contains("Sandbox", StringComparison.Ordinal))
            {
                continue; // takes no id, and our clinic is no sandbox
            }

            var (own, foreign) = (await RequestAsync(route, ourClient), await RequestAsync(route, theirClient));
            var ids = own.Ids.Count;
            Assert.Equal((route.Name, ids), (route.Name, foreign.Ids.Count));
            foreach (var exchanged in Enumerable.Range(0, ids).Select(i => new[] { i }).Concat(ids > 1 ? [[.. Enumerable.Range(0, ids)]] : []))
            {
                var ofTheirs = await SendAsync(ourClient, own.With(exchanged, i => foreign.Ids[i]), statements);
                var ofNothing = await SendAsync(ourClient, own.With(exchanged, _ => Guid.CreateVersion7().ToString()), statements);

                var place = $"{route} id {string.Join('+', exchanged)}";
                Assert.Equal((place, ofNothing.Status, ofNothing.Body), (place, ofTheirs.Status, ofTheirs.Body));
                Assert.Equal(ofNothing.Headers, ofTheirs.Headers);
                Assert.Equal(ofNothing.Statements, ofTheirs.Statements);
                Assert.True(ofTheirs.Status == 404 || !exchanged.Any(i => i < own.InPath), $"{place}: {ofTheirs.Status} {ofTheirs.Body}");
                Assert.NotEmpty(ofTheirs.Statements);
                compared++;
            }
        }

        TestContext.Current.SendDiagnosticMessage("Isolation: {0} requests with another clinic's ids, each answered as one with ids of nothing", compared);
        Assert.True(compared > 150, $"{compared}");
    }

    /// <summary>Every table, as the app role sees it when the query names no clinic at all, or the wrong one.</summary>
    [Fact]
    public async Task Without_any_filter_no_table_shows_gives_or_takes_a_row_of_another_clinic()
    {
        var (ours, theirs) = (LdnApiHost.NewClinic(), LdnApiHost.NewClinic());
        await FillAsync(ours);
        await FillAsync(theirs);
        var tables = (string[])(await ScalarAsync(api.Database.Owner, """
            SELECT array_agg(c.relname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'clinic_id'
            WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            """))!;

        Assert.True(tables.Length >= 19);
        foreach (var table in tables)
        {
            Assert.NotEqual((table, 0L), (table, await ScalarAsync(api.Database.Owner, $"SELECT count(*) FROM {table} WHERE clinic_id = '{theirs}'")));
            Assert.Equal((table, 0L), (table, await AsAppAsync(ours, $"SELECT count(*) FROM {table} WHERE clinic_id <> '{ours}'")));
            Assert.NotEqual((table, 0L), (table, await AsAppAsync(ours, $"SELECT count(*) FROM {table}")));
            Assert.Equal((table, 0L), (table, await AsAppAsync(null, $"SELECT count(*) FROM {table}")));
            foreach (var change in new[] { $"UPDATE {table} SET clinic_id = clinic_id WHERE clinic_id = '{theirs}'", $"UPDATE {table} SET clinic_id = '{theirs}'", $"DELETE FROM {table} WHERE clinic_id = '{theirs}'" })
            {
                Assert.Contains(await ChangedAsync(ours, change), new object?[] { 0, PostgresErrorCodes.InsufficientPrivilege });
            }
        }
    }

    [Fact]
    public async Task Every_policy_key_reference_and_definer_keeps_the_wall()
    {
        const string own = "(clinic_id = (NULLIF(current_setting('ldn.clinic_id'::text, true), ''::text))::uuid)";
        Assert.Equal(["clinic ALL {ldn_app} PERMISSIVE " + own], (string[])(await ScalarAsync(api.Database.Owner, """
            SELECT array_agg(DISTINCT concat_ws(' ', policyname, cmd, roles::text, permissive, qual, with_check)) FROM pg_policies WHERE schemaname = 'public'
            """))!);
        Assert.Null(await ScalarAsync(api.Database.Owner, """
            SELECT array_agg(i.indexrelid::regclass::text) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname <> '__EFMigrationsHistory'
              AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0] AND a.attname = 'clinic_id')
            """) as string[]);
        Assert.Null(await ScalarAsync(api.Database.Owner, """
            SELECT array_agg(conname::text) FROM pg_constraint
            WHERE contype = 'f' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = conrelid AND a.attnum = conkey[1] AND a.attname = 'clinic_id')
            """) as string[]);
        Assert.Equal(0L, await ScalarAsync(api.Database.Owner, "SELECT count(*) FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"));
        Assert.Equal(0L, await ScalarAsync(api.Database.Owner, """
            SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
              AND (p.proconfig IS NULL OR NOT 'search_path=public, pg_temp' = ANY (p.proconfig) OR has_function_privilege('public', p.oid, 'EXECUTE'))
            """));
        Assert.Equal(false, await AsAppAsync(null, "SELECT EXISTS (SELECT FROM pg_class WHERE relowner = current_user::regrole) OR pg_has_role(current_user, 'ldn_owner', 'MEMBER')"));
    }

    /// <summary>It works across clinics, so it trusts its caller with nothing: whatever moment it is told, what is not a day old stays.</summary>
    [Fact]
    public async Task The_purge_of_stored_answers_leaves_those_of_today_to_every_clinic()
    {
        var clinic = LdnApiHost.NewClinic();
        await ScalarAsync(api.Database.Owner, $"INSERT INTO stored_responses (clinic_id, subject, key, request_hash, created_at) VALUES ('{clinic}', 'dr-gray', 'fresh', '', now()), ('{clinic}', 'dr-gray', 'old', '', now() - interval '25 hours')");

        await ScalarAsync(api.Database.App, "SELECT purge_stored_responses('9999-01-01', 1000000)");

        Assert.Equal("fresh", await ScalarAsync(api.Database.Owner, $"SELECT string_agg(key, ',') FROM stored_responses WHERE clinic_id = '{clinic}'"));
    }

    /// <summary>One connection for two clinics and the audit trail, through answers, refusals, faults and requests that are given up.</summary>
    [Fact]
    public async Task One_connection_serves_clinics_in_turn_and_keeps_none_of_them()
    {
        var fault = new Fault();
        var one = new NpgsqlConnectionStringBuilder(api.Database.App) { MaxPoolSize = 1, NoResetOnClose = true, ApplicationName = "isolation" }.ConnectionString;
        one = ConnectionOptions.Complete(one)!; // as the API asks for it: the same text is the same pool
        await using var host = api.WithWebHostBuilder(b => b
            .UseSetting("ConnectionStrings:Ldn", one)
            .ConfigureTestServices(s => s.ConfigureDbContext<LdnDbContext>(o => o.AddInterceptors(fault))));
        var clinics = new List<(HttpClient Client, string Patient)>();
        for (var i = 0; i < 2; i++)
        {
            using var token = api.ClientOf(LdnApiHost.NewClinic());
            var client = host.CreateClient();
            client.DefaultRequestHeaders.Authorization = token.DefaultRequestHeaders.Authorization;
            clinics.Add((client, (await LdnApiHost.RegisterAsync(client, "UTC")).ToString()));
        }

        var uses = new Func<HttpClient, string, Task<int>>[]
        {
            async (client, patient) => await StatusAsync(client.GetAsync($"/api/v1/patients/{patient}", Ct)),
            async (client, patient) => await StatusAsync(client.SendAsync(HttpMethod.Post, $"/api/v1/patients/{patient}/check-ins", new { date = "2026-03-01", note = "fine" })),
            async (client, patient) => await StatusAsync(client.SendAsync(HttpMethod.Post, $"/api/v1/patients/{patient}/check-ins", new { date = "2027-03-01", note = "too early" })),
            async (client, _) => await StatusAsync(client.GetAsync($"/api/v1/patients/{Guid.NewGuid()}", Ct)),
            async (client, patient) => await fault.DuringAsync(() => throw new InvalidOperationException("A bug."), () => StatusAsync(client.SendAsync(HttpMethod.Post, $"/api/v1/patients/{patient}/procedures", new { plannedOn = "2026-03-30", text = "arthroscopy" }))),
            async (client, patient) => await fault.DuringAsync(() => throw new OperationCanceledException(), () => StatusAsync(client.GetAsync($"/api/v1/patients/{patient}/assessments", Ct))),
            async (client, patient) =>
            {
                using var leaving = new CancellationTokenSource();
                return await fault.DuringAsync(leaving.Cancel, () => StatusAsync(client.GetAsync($"/api/v1/patients/{patient}/assessments", leaving.Token)));
            },
            async (client, patient) => await LeaveWhileWaitingAsync(client, patient),
        };
        var seen = new List<int>();
        for (var round = 0; round < 2 * uses.Length; round++)
        {
            var (client, patient) = clinics[round % 2];
            seen.Add(await uses[round % uses.Length](client, patient));
            foreach (var (other, own) in clinics)
            {
                Assert.Equal([own], (await other.GetOkAsync("/api/v1/patients"))["items"]!.AsArray().Select(p => (string)p!["id"]!));
            }

            await using var setting = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT current_setting('ldn.clinic_id', true)");
            Assert.Equal("", await setting.ExecuteScalarAsync(Ct)); // '' and not null: it is the same connection
        }

        Assert.Equal([0, 200, 201, 404, 422, 500], seen.Distinct().Order());
    }

    private static async Task<int> StatusAsync(Task<HttpResponseMessage> sending)
    {
        try
        {
            using var response = await sending;
            return (int)response.StatusCode;
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            return 0; // given up
        }
    }

    private async Task<Request> RequestAsync(Route route, HttpClient client)
    {
        var call = await new EveryRoute(api, client).ReadyAsync(route);
        return new Request(call.Method, call.Url, call.Body is null or Func<HttpContent> ? null : JsonSerializer.Serialize(call.Body, WireJson.Options), call);
    }

    /// <summary>The caller goes while a batch waits for the patient's row.</summary>
    private async Task<int> LeaveWhileWaitingAsync(HttpClient client, string patient)
    {
        await using var holder = new NpgsqlConnection(api.Database.Owner);
        await holder.OpenAsync(Ct);
        await using var transaction = await holder.BeginTransactionAsync(Ct);
        await using var hold = new NpgsqlCommand($"SELECT 1 FROM patients WHERE id = '{patient}' FOR UPDATE", holder, transaction);
        await hold.ExecuteNonQueryAsync(Ct);
        using var leaving = new CancellationTokenSource();
        using var json = ApiClient.Json("""{ "date": "2026-03-03", "note": "fine" }""");
        var status = StatusAsync(client.PostAsync($"/api/v1/patients/{patient}/check-ins", json, leaving.Token));
        while (await ScalarAsync(api.Database.Owner, "SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L)
        {
            Ct.ThrowIfCancellationRequested();
        }

        await leaving.CancelAsync();
        var left = await status;
        await transaction.RollbackAsync(Ct);
        return left;
    }

    private static async Task<Outcome> SendAsync(HttpClient client, Request request, SentStatements statements)
    {
        statements.Texts.Clear();
        using var response = await client.SendAsync(request.Method, request.Url, request.Content(), request.Call.IfMatch);
        var body = response.Content.Headers.ContentLength == 0 ? null : await response.ReadAsync();
        if (body is JsonObject problem)
        {
            problem.Remove("instance");
            problem.Remove("traceId");
        }

        return new Outcome((int)response.StatusCode, Uuid().Replace(body?.ToJsonString() ?? "", "id"), [.. response.Headers.Select(h => h.Key).Order(StringComparer.Ordinal)], [.. statements.Texts]);
    }

    /// <summary>Something in every table.</summary>
    private async Task FillAsync(ClinicId clinic)
    {
        using var client = api.ClientOf(clinic);
        foreach (var route in EveryRoute.Of(api).Where(r => r.Method != HttpMethod.Get && !r.Name.Contains("Sandbox", StringComparison.Ordinal)))
        {
            var call = await new EveryRoute(api, client).ReadyAsync(route);
            using var response = await call.SendAsync(client, call.IfMatch, $"fill-{route}");
        }

        await client.PostOkAsync("/api/v1/patients", new { name = new { family = "Lovelace" }, timeZone = "UTC", identifiers = new[] { new { system = "urn:example:mrn", value = "1" } } });
        var flagged = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PostOkAsync(ApiClient.Of(flagged, "/check-ins"), new { date = DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime), scores = new { anxiety = 6 } });
        await client.PostOkAsync(ApiClient.Of(flagged, "/check-ins/batch"), new { items = Enumerable.Repeat(new { date = "2026-03-01", scores = new { anxiety = 1 } }, 30) }); // enough for a digest
        await client.PostOkAsync("/api/v1/rules/replay", new { settings = new { severeNrs = 6 } }); // finds a difference
        await api.Services.GetRequiredService<AuditLinker>().RunAsync(Ct);
    }

    private async Task<object?> AsAppAsync(ClinicId? clinic, string sql)
    {
        await using var connection = new NpgsqlConnection(api.Database.App);
        await connection.OpenAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using var set = new NpgsqlCommand($"SELECT set_config('ldn.clinic_id', '{clinic}', true)", connection);
        await set.ExecuteNonQueryAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }

    /// <returns>How many rows, or why none.</returns>
    private async Task<object> ChangedAsync(ClinicId clinic, string sql)
    {
        try
        {
            return (int)(long)(await AsAppAsync(clinic, $"WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed"))!;
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct) is { } value and not DBNull ? value : null;
    }

    private sealed record Outcome(int Status, string Body, IReadOnlyList<string> Headers, IReadOnlyList<string> Statements);

    /// <summary>A request and the ids it carries, those of the path first.</summary>
    private sealed record Request(HttpMethod Method, string Url, string? Json, Call Call)
    {
        public IReadOnlyList<string> Ids { get; } = [.. Uuid().Matches($"{Url} {Json}").Select(m => m.Value)];

        public int InPath => Uuid().Count(Url.Split('?')[0]);

        public Request With(int[] places, Func<int, string> id)
        {
            var at = 0;
            return this with { Url = Replace(Url), Json = Json is null ? null : Replace(Json) };

            string Replace(string text) => Uuid().Replace(text, m => places.Contains(at++) ? id(at - 1) : m.Value);
        }

        public object? Content() => Json is not null ? ApiClient.Json(Json) : Call.Body;
    }

    /// <summary>Something that happens once, right after a statement on check-ins or assessments has been done.</summary>
    private sealed class Fault : DbCommandInterceptor
    {
        private Action? _happens;

        public async Task<int> DuringAsync(Action happens, Func<Task<int>> use)
        {
            _happens = happens;
            var status = await use();
            Assert.True(_happens is null, $"{status}: nothing happened");
            return status;
        }

        public override ValueTask<DbDataReader> ReaderExecutedAsync(
            DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.Contains("procedures", StringComparison.Ordinal) || command.CommandText.Contains("assessments", StringComparison.Ordinal))
            {
                Interlocked.Exchange(ref _happens, null)?.Invoke();
            }

            return ValueTask.FromResult(result);
        }
    }
}
