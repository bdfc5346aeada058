using System.Text.Json.Nodes;
using LdnApi.Common;
using LdnApi.Pipeline;
using LdnApi.Records;
using LdnApi.Sandbox;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>Every look at patient data and every change of it is on record: whose, by whom, why, and how it ended.</summary>
public sealed class AuditTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    /// <summary>From the endpoints themselves, so that none is forgotten.</summary>
    [Fact]
    public async Task Every_route_leaves_one_entry_that_names_every_patient_of_the_answer()
    {
        var routes = EveryRoute.Of(api);
        foreach (var route in routes)
        {
            var clinic = EveryRoute.ClinicFor(route);
            using var client = api.ClientOf(clinic);
            var call = await new EveryRoute(api, client).ReadyAsync(route);

            var (response, answer) = await SendAsync(client, call, $"one-{route}");

            Assert.True(response.IsSuccessStatusCode, $"{route} {(int)response.StatusCode} {answer}");
            var entry = Assert.Single(await EntriesAsync($"one-{route}"));
            Assert.Equal(
                (clinic, "dr-gray", route.Name, call.Method.Method, (int?)response.StatusCode, api.Clock.GetUtcNow()),
                (entry.ClinicId, entry.Subject, entry.Operation, entry.Method, entry.Status, entry.RecordedAt));
            Assert.Equal((route.Name, Join(await PatientsOfAsync(route, call, answer))), (route.Name, Join(entry.PatientIds)));
        }

        Assert.True(routes.Count > 80);
    }

    [Fact]
    public async Task Every_route_leaves_one_entry_of_a_refusal_that_names_the_patient_who_was_asked_for()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var route in EveryRoute.Of(api).Where(r => r.Pattern.Contains('{')))
        {
            using var unscoped = api.ClientOf(LdnApiHost.NewClinic(), scope: "openid");
            var call = new Call(route.Method, EveryRoute.Nowhere(route), null, 1);

            var (forbidden, _) = await SendAsync(unscoped, call, $"forbidden-{route}");
            var (refused, _) = await SendAsync(client, call, $"refused-{route}");

            Assert.True((int)forbidden.StatusCode == 403 && (int)refused.StatusCode is >= 400 and < 500, $"{route} {refused.StatusCode}");
            foreach (var (response, id) in new[] { (forbidden, $"forbidden-{route}"), (refused, $"refused-{route}") })
            {
                var entry = Assert.Single(await EntriesAsync(id));
                Assert.Equal((route.Name, (int?)response.StatusCode, Join(InPath(call.Url))), (entry.Operation, entry.Status, Join(entry.PatientIds)));
            }
        }
    }

    [Fact]
    public async Task A_refused_change_leaves_its_entry_and_nothing_else()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var change = await new ChangingRoutes(client, Today).ReadyAsync("ResolveFollowUp");
        var patient = (string)(await client.GetOkAsync(change.Record))["patientId"]!;

        var (stale, _) = await SendAsync(client, change with { IfMatch = 99 }, "stale");
        var (done, _) = await SendAsync(client, change, "done");
        var (closed, _) = await SendAsync(client, change with { IfMatch = (long)(await client.GetOkAsync(change.Record))["version"]! }, "closed");

        Assert.Equal([412, 200, 409], new[] { stale, done, closed }.Select(r => (int)r.StatusCode));
        Assert.Equal([412, 200, 409], (await EntriesAsync("stale", "done", "closed")).OrderBy(e => e.RequestId, StringComparer.Ordinal).Select(e => e.Status!.Value).OrderBy(s => s == 412 ? 0 : s));
        Assert.All(await EntriesAsync("stale", "done", "closed"), e => Assert.Equal(patient, Join(e.PatientIds)));
    }

    /// <summary>Whichever way the patient was found: by the path, by a follow-up, by an identifier in the body.</summary>
    [Fact]
    public async Task A_stale_change_names_the_patient_whose_record_was_found()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var named = new List<string>();
        foreach (var name in ChangingRoutes.Names)
        {
            var call = await new ChangingRoutes(client, Today).ReadyAsync(name);
            if (call.IfMatch is null && !ChangingRoutes.Upserts.Contains(name))
            {
                continue;
            }

            var record = ChangingRoutes.Upserts.Contains(name) ? await (await call.SendAsync(client, null)).ReadAsync() : await client.GetOkAsync(call.Record);
            var patient = InPath(call.Url).Select(id => $"{id}").FirstOrDefault() ?? (string?)record["patientId"] ?? (ChangingRoutes.Upserts.Contains(name) ? (string?)record["id"] : null) ?? "";

            var (stale, _) = await SendAsync(client, call with { IfMatch = 99 }, $"stale-{name}");

            Assert.Equal((name, 412, patient), (name, (int)stale.StatusCode, Join((await EntriesAsync($"stale-{name}")).Single().PatientIds)));
            named.Add(patient);
        }

        Assert.True(named.Count(n => n.Length > 0) > 25);
    }

    [Fact]
    public async Task A_batch_names_the_patients_of_its_refused_items()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var item = new { identifier = new { system = "urn:ehr", value = "batch-1" }, patient = new { name = new { family = "King" }, timeZone = "UTC" } };
        var made = await client.SendAsync(HttpMethod.Put, "/api/v1/patients", item);

        await SendAsync(client, new Call(HttpMethod.Post, "/api/v1/patients/batch", new { items = new[] { new { item.identifier, item.patient, ifNoneMatch = "*" } } }), "refused-item");

        Assert.Equal((string)(await made.ReadAsync())["id"]!, Join((await EntriesAsync("refused-item")).Single().PatientIds));
    }

    [Fact]
    public async Task A_sign_of_self_harm_that_is_kept_from_a_refused_report_is_one_entry_with_the_refusals_status()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        var (refused, answer) = await SendAsync(client, new Call(HttpMethod.Post, ApiClient.Of(patient, "/check-ins"), new { date = Today.AddDays(3), selfHarmThoughts = true }), "kept");

        Assert.NotNull(answer!["followUps"]);
        var entry = Assert.Single(await EntriesAsync("kept"));
        Assert.Equal(((int?)refused.StatusCode, "SubmitCheckIn", patient.ToString()), (entry.Status, entry.Operation, Join(entry.PatientIds)));
    }

    [Fact]
    public async Task A_repeated_answer_is_an_entry_of_its_own()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var call = await new ChangingRoutes(client, Today).ReadyAsync("RegisterPatient");

        await SendAsync(client, call, "first", key: "the-same-key");
        await SendAsync(client, call, "again", key: "the-same-key");

        Assert.Equal([201, 201], (await EntriesAsync("first", "again")).Select(e => e.Status!.Value));
        Assert.Single((await EntriesAsync("first", "again")).Select(e => Join(e.PatientIds)).Distinct());
    }

    [Fact]
    public async Task A_list_names_everyone_it_shows_and_nobody_else()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patients = new List<PatientId>();
        for (var i = 0; i < 3; i++)
        {
            patients.Add(await LdnApiHost.RegisterAsync(client, "UTC"));
        }

        await SendAsync(client, new Call(HttpMethod.Get, "/api/v1/patients?limit=2", null), "two");
        await SendAsync(client, new Call(HttpMethod.Post, "/api/v1/patients/search", new { name = "Byron" }), "none");
        await SendAsync(client, new Call(HttpMethod.Post, "/api/v1/patients/search", new { name = "Love", limit = 2 }), "found");
        await SendAsync(client, new Call(HttpMethod.Get, $"/api/v1/follow-ups?patientId={patients[2]}", null), "asked");

        Assert.Equal(Join(patients.Take(2).Select(p => p.Value)), Join((await EntriesAsync("two")).Single().PatientIds));
        Assert.Empty((await EntriesAsync("none")).Single().PatientIds);
        Assert.Equal(Join(patients.Take(2).Select(p => p.Value)), Join((await EntriesAsync("found")).Single().PatientIds));
        Assert.Equal(patients[2].ToString(), Join((await EntriesAsync("asked")).Single().PatientIds));
    }

    [Fact]
    public async Task The_night_leaves_an_entry_for_each_patient()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        api.Clock.Advance(TimeSpan.FromDays(1));
        await api.RunNightlyAsync();

        var entry = Assert.Single(await ReadAsync($"clinic_id = '{clinic}' AND subject = 'nightly-run'"));
        Assert.Equal(("NightlyEvaluation", patient.ToString(), null, null), (entry.Operation, Join(entry.PatientIds), entry.Method, entry.Status));
    }

    [Theory]
    [InlineData(null, 200, null)]
    [InlineData("TREAT", 200, "TREAT")]
    [InlineData("HRESCH", 200, "HRESCH")]
    [InlineData("treat", 400, null)]
    [InlineData("CURIOSITY", 400, null)]
    public async Task A_purpose_is_one_of_HL7s_codes_or_not_stated(string? purpose, int status, string? recorded)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var request = new HttpRequestMessage(HttpMethod.Get, ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC")));
        request.Headers.Add("X-Request-Id", $"purpose-{purpose}");
        if (purpose is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Purpose-Of-Use", purpose);
        }

        using var response = await client.SendAsync(request, Ct);

        var entry = Assert.Single(await EntriesAsync($"purpose-{purpose}"));
        Assert.Equal((status, status, recorded), ((int)response.StatusCode, entry.Status, entry.PurposeOfUse));
    }

    [Fact]
    public async Task The_trail_is_read_by_patient_person_and_time_newest_first_in_pages()
    {
        var clinic = LdnApiHost.NewClinic();
        using var gray = api.ClientOf(clinic);
        using var black = api.ClientOf(clinic, "dr-black");
        var patient = await LdnApiHost.RegisterAsync(gray, "UTC");
        var other = await LdnApiHost.RegisterAsync(gray, "UTC");
        var from = api.Clock.GetUtcNow();
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        await black.GetOkAsync(ApiClient.Of(patient));
        await black.GetOkAsync(ApiClient.Of(other));
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        using var gone = await black.GetAsync(ApiClient.Of(patient, $"/check-ins/{Guid.NewGuid()}"), Ct);
        await gray.GetOkAsync(ApiClient.Of(patient, "/evaluation"));

        var log = await gray.GetOkAsync(ApiClient.Of(patient, "/access-log"));
        var byBlack = await gray.GetOkAsync($"/api/v1/audit?patientId={patient}&subject=dr-black");
        var early = await gray.GetOkAsync($"/api/v1/audit?to={from:yyyy-MM-ddTHH:mm:ssZ}&from=2000-01-01T00:00:00Z");
        var page = await gray.GetOkAsync($"/api/v1/audit?from={from.AddMinutes(1):yyyy-MM-ddTHH:mm:ssZ}&limit=2");
        var next = await gray.GetOkAsync($"/api/v1/audit?cursor={page["nextCursor"]}");

        Assert.Equal(["GetEvaluation 200", "GetCheckIn 404", "GetPatient 200", "RegisterPatient 201"], Said(log));
        Assert.Equal(["GetCheckIn 404", "GetPatient 200"], Said(byBlack));
        Assert.Empty(Said(early));
        Assert.Equal(2, Said(page).Count);
        Assert.Equal(2, Said(next).Count);
        Assert.Empty(Ids(page).Intersect(Ids(next)));

        static List<string> Said(JsonNode found) => [.. found["items"]!.AsArray().Select(e => $"{e!["operation"]} {e["status"]}")];
        static IEnumerable<string> Ids(JsonNode found) => found["items"]!.AsArray().Select(e => (string)e!["id"]!);
    }

    [Fact]
    public async Task A_replay_reads_the_history_of_each_patient_and_says_so()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        client.DefaultRequestHeaders.Add("Prefer", "respond-async");

        var (asked, _) = await SendAsync(client, new Call(HttpMethod.Post, "/api/v1/rules/replay", new { settings = new { severeNrs = 6 } }), "replayed");
        await api.RunReplaysAsync();

        Assert.Equal((202, 202), ((int)asked.StatusCode, (await EntriesAsync("replayed")).Single().Status));
        Assert.Equal("dr-gray", (await ReadAsync($"operation = 'Replay' AND patient_ids = '{{{patient}}}'")).Single().Subject);
    }

    [Fact]
    public async Task Whoever_learns_that_an_identifier_has_a_patient_is_on_record_as_having_learnt_of_that_patient()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        object Body(string family) => new { name = new { family }, timeZone = "UTC", identifiers = new[] { new { system = "urn:mrn", value = "7" } } };
        var known = await client.PostOkAsync("/api/v1/patients", Body("King"));
        var other = await LdnApiHost.RegisterAsync(client, "UTC");

        var (registered, _) = await SendAsync(client, new Call(HttpMethod.Post, "/api/v1/patients", Body("Byron")), "register-taken");
        var (changed, _) = await SendAsync(client, new Call(HttpMethod.Put, ApiClient.Of(other), Body("Byron"), 1), "change-taken");

        Assert.Equal((409, 409), ((int)registered.StatusCode, (int)changed.StatusCode));
        Assert.Contains((string)known["id"]!, Join((await EntriesAsync("register-taken")).Single().PatientIds), StringComparison.Ordinal);
        Assert.Contains((string)known["id"]!, Join((await EntriesAsync("change-taken")).Single().PatientIds), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_the_trail_names_no_patient_but_the_one_asked_for()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");

        await client.GetOkAsync(ApiClient.Of(patient));
        await SendAsync(client, new Call(HttpMethod.Get, "/api/v1/audit", null), "whole-trail");
        var (_, page) = await SendAsync(client, new Call(HttpMethod.Get, $"/api/v1/audit?patientId={patient}&limit=1", null), "trail-of-one");
        await SendAsync(client, new Call(HttpMethod.Get, $"/api/v1/audit?cursor={page!["nextCursor"]}", null), "its-next-page");

        Assert.Empty((await EntriesAsync("whole-trail")).Single().PatientIds);
        Assert.Equal([patient.ToString(), patient.ToString()], (await EntriesAsync("trail-of-one", "its-next-page")).Select(e => Join(e.PatientIds)));
    }

    [Fact]
    public async Task A_read_is_answered_when_its_entry_is_on_disk_and_not_before()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"));
        Task<HttpResponseMessage> reading;
        bool early;
        await using (var owner = await OwnerAsync())
        {
            await using var holding = await owner.BeginTransactionAsync(Ct);
            await ExecuteAsync(owner, "LOCK TABLE audit_entries IN EXCLUSIVE MODE");
            reading = client.GetAsync(url, Ct);
            await using var watcher = await OwnerAsync();
            while (await ExecuteAsync(watcher, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit_entries'::regclass") is 0L)
            {
                Ct.ThrowIfCancellationRequested();
            }

            early = reading.IsCompleted;
        }

        using var answered = await reading;
        Assert.Equal((false, 200), (early, (int)answered.StatusCode));
    }

    [Fact]
    public async Task What_waits_together_is_written_together()
    {
        var writer = api.Services.GetRequiredService<AuditWriter>();
        var clinics = Enumerable.Range(0, 5).Select(_ => LdnApiHost.NewClinic()).ToArray();
        List<Task> writing;
        await using (var owner = await OwnerAsync())
        {
            await using var holding = await owner.BeginTransactionAsync(Ct);
            await ExecuteAsync(owner, "LOCK TABLE audit_entries IN EXCLUSIVE MODE");
            writing = [.. Enumerable.Range(0, 60).Select(i => writer.WriteAsync(Entry(clinics[i % 5], "together")))];
        }

        await Task.WhenAll(writing);

        await using var reader = await OwnerAsync();
        Assert.Equal(60L, await ExecuteAsync(reader, "SELECT count(*) FROM audit_entries WHERE operation = 'together'"));
        Assert.InRange((long)(await ExecuteAsync(reader, "SELECT count(DISTINCT xmin::text) FROM audit_entries WHERE operation = 'together'"))!, 1, 2);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_written_does_not_take_others_with_it()
    {
        var writer = api.Services.GetRequiredService<AuditWriter>();
        var clinic = LdnApiHost.NewClinic();
        List<Task> writing;
        await using (var owner = await OwnerAsync())
        {
            await using var holding = await owner.BeginTransactionAsync(Ct);
            await ExecuteAsync(owner, "LOCK TABLE audit_entries IN EXCLUSIVE MODE");
            writing = [.. new[] { "first", "alone", "poison\0", "last" }.Select(o => writer.WriteAsync(Entry(clinic, o)))];
        }

        await Assert.ThrowsAsync<AuditUnavailableException>(() => Task.WhenAll(writing));
        Assert.Equal(["alone", "first", "last"], (await ReadAsync($"clinic_id = '{clinic}'")).Select(e => e.Operation).Order());
    }

    [Fact]
    public async Task What_cannot_be_put_on_record_is_neither_shown_nor_done()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"));
        await using var owner = await OwnerAsync();
        await ExecuteAsync(owner, "ALTER TABLE audit_entries ADD CONSTRAINT never CHECK (false) NOT VALID");
        try
        {
            var (read, problem) = await SendAsync(client, new Call(HttpMethod.Get, url, null), "unseen");
            var (write, _) = await SendAsync(client, new Call(HttpMethod.Post, $"{url}/check-ins", new { date = Today, note = "never kept" }), "undone");
            var (refused, _) = await SendAsync(client, new Call(HttpMethod.Get, $"{url}/check-ins/{Guid.NewGuid()}", null), "refused all the same");

            Assert.Equal((503, "unavailable", 503, 404), ((int)read.StatusCode, (string?)problem!["code"], (int)write.StatusCode, (int)refused.StatusCode));
            Assert.NotNull(read.Headers.RetryAfter);
            Assert.Equal(0L, await ExecuteAsync(owner, "SELECT count(*) FROM check_ins WHERE note = 'never kept'"));
        }
        finally
        {
            await ExecuteAsync(owner, "ALTER TABLE audit_entries DROP CONSTRAINT never");
        }
    }

    /// <summary>Both go to the database together: which of them it refused is told by its table.</summary>
    [Fact]
    public async Task A_record_that_cannot_be_written_is_not_taken_for_its_audit_entry()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var url = ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/adverse-events");
        await using var owner = await OwnerAsync();
        await ExecuteAsync(owner, "ALTER TABLE adverse_events ADD CONSTRAINT never CHECK (narrative <> 'never') NOT VALID");
        try
        {
            var (response, problem) = await SendAsync(client, new Call(HttpMethod.Post, url, new { term = "headache", severity = "mild", narrative = "never" }), "impossible");

            Assert.Equal((500, "server-error"), ((int)response.StatusCode, (string?)problem!["code"]));
            Assert.Equal(0L, await ExecuteAsync(owner, "SELECT count(*) FROM adverse_events WHERE narrative = 'never'"));
        }
        finally
        {
            await ExecuteAsync(owner, "ALTER TABLE adverse_events DROP CONSTRAINT never");
        }
    }

    private AuditEntry Entry(ClinicId clinic, string operation) => new()
    {
        ClinicId = clinic,
        Id = EntityId.New<AuditEntryId>(),
        RecordedAt = api.Clock.GetUtcNow(),
        Subject = "dr-gray",
        Operation = operation,
        PatientIds = [],
    };

    private static async Task<(HttpResponseMessage Response, JsonNode? Answer)> SendAsync(HttpClient client, Call call, string requestId, string? key = null)
    {
        client.DefaultRequestHeaders.Add("X-Request-Id", requestId);
        var response = await call.SendAsync(client, call.IfMatch, key);
        client.DefaultRequestHeaders.Remove("X-Request-Id");
        var text = await response.Content.ReadAsStringAsync(Ct);
        return (response, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    private Task<List<Row>> EntriesAsync(params string[] requestIds) => ReadAsync($"request_id IN ({string.Join(", ", requestIds.Select(id => $"'{id}'"))})");

    private async Task<List<Row>> ReadAsync(string where)
    {
        await using var owner = await OwnerAsync();
        await using var command = new NpgsqlCommand($"SELECT clinic_id, subject, operation, method, status, recorded_at, patient_ids, purpose_of_use, request_id FROM audit_entries WHERE {where}", owner);
        await using var rows = await command.ExecuteReaderAsync(Ct);
        var read = new List<Row>();
        while (await rows.ReadAsync(Ct))
        {
            read.Add(new Row(
                new ClinicId(rows.GetGuid(0)), rows.GetString(1), rows.GetString(2), rows[3] as string, rows[4] as int?, rows.GetFieldValue<DateTimeOffset>(5),
                rows.GetFieldValue<Guid[]>(6), rows[7] as string, rows[8] as string));
        }

        return read;
    }

    private sealed record Row(
        ClinicId ClinicId, string Subject, string Operation, string? Method, int? Status, DateTimeOffset RecordedAt, Guid[] PatientIds, string? PurposeOfUse, string? RequestId);

    private async Task<NpgsqlConnection> OwnerAsync()
    {
        var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        return owner;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }

    private static string Join(IEnumerable<Guid> ids) => string.Join(' ', ids.Select(id => id.ToString()).Order(StringComparer.Ordinal));

    private static IEnumerable<Guid> InPath(string url) => url.Split('/', '?') is [_, _, _, "patients", var patient, ..] && Guid.TryParse(patient, out var id) ? [id] : [];

    /// <summary>The patients of an answer, as a reader of its JSON would name them.</summary>
    private async Task<IEnumerable<Guid>> PatientsOfAsync(Route route, Call call, JsonNode? answer) => route.Name switch
    {
        "RegisterPatient" or "UpsertPatient" => [(Guid)answer!["id"]!],
        "ListPatients" or "SearchPatients" or "UpsertPatients" => answer!["items"]!.AsArray().Where(p => p!["id"] is not null).Select(p => (Guid)p!["id"]!),
        "MakeSandboxPatients" => await InSandboxAsync(),
        "ListAuditEntries" => [],
        _ => InPath(call.Url).Concat(Mentioned(answer)).Distinct(),
    };

    private async Task<Guid[]> InSandboxAsync()
    {
        await using var owner = await OwnerAsync();
        return (Guid[])(await ExecuteAsync(owner, $"SELECT array_agg(id) FROM patients WHERE clinic_id = '{SandboxStories.Clinic}'"))!;
    }

    private static IEnumerable<Guid> Mentioned(JsonNode? json) => json switch
    {
        JsonObject o => o.SelectMany(m => m.Key == "patientId" ? [(Guid)m.Value!] : Mentioned(m.Value)),
        JsonArray a => a.SelectMany(Mentioned),
        _ => [],
    };
}
