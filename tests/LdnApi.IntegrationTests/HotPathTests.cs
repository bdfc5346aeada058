using System.Text.Json.Nodes;
using LdnApi.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>What is asked all day long finds its rows by an index, however large the clinic: PostgreSQL counts how each table was read.</summary>
public sealed class HotPathTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const int Patients = 300;
    private const int Lists = 20;
    private static readonly ClinicId Clinic = new(new Guid("0198f000-0000-7000-8000-0000000000c1"));

    private static readonly ClinicId Busy = new(new Guid("0198f000-0000-7000-8000-0000000000c2"));

    /// <summary>Tables that grow with the clinic.</summary>
    private static readonly string[] Large = ["patients", "check_ins", "adverse_events", "assessments", "prescriptions", "follow_ups", "record_versions", "evaluations", "stored_responses", "audit_entries", "audit_subjects", "audit_lists", "audit_list_entries"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_hot_request_reads_a_large_table_from_end_to_end()
    {
        await FillAsync();
        using var client = api.ClientOf(Clinic);
        var patient = new PatientId(new Guid("0198f000-0000-7000-8001-000000000007"));
        await RoundAsync(client, patient, "first"); // what is read once at the start counts for nobody
        await QuietAsync();
        var before = await ScansAsync();

        await RoundAsync(client, patient, "second");

        await QuietAsync();
        var scans = await ScansAsync();
        Assert.All(Large, table => Assert.Equal((table, 0L), (table, scans[table].Sequential - before[table].Sequential)));
        Assert.All(["patients", "check_ins", "adverse_events", "follow_ups", "evaluations"], table => Assert.NotEqual((table, 0L), (table, scans[table].ByIndex - before[table].ByIndex)));
    }

    /// <summary>
    /// Of 20,000 entries no more are read than are shown, and of each of the patient's lists (and of that which another test's look at the patients made) no more than could be: on
    /// the first page and on the next, with and without a time.
    /// </summary>
    [Theory]
    [InlineData("/api/v1/patients/0198f000-0000-7000-8001-000000000009/access-log?limit=20")]
    [InlineData("/api/v1/audit?patientId=0198f000-0000-7000-8001-00000000000a&limit=20&from=2025-01-01T00:00:00Z")]
    public async Task A_patients_access_log_reads_no_more_of_the_trail_than_it_shows(string url)
    {
        await FillAsync();
        using var client = api.ClientOf(Clinic);
        await client.GetOkAsync(url);
        var before = await FetchedAsync();

        var page = await client.GetOkAsync(url);
        var next = await client.GetOkAsync($"{url[..url.IndexOf('?', StringComparison.Ordinal)]}?cursor={page["nextCursor"]}");

        var after = await FetchedAsync();
        JsonNode?[] shown = [.. page["items"]!.AsArray(), .. next["items"]!.AsArray()];
        Assert.Equal(40, shown.Length);
        Assert.InRange(shown.Count(e => (string)e!["operation"]! == "TestList"), 10, 30);
        Assert.InRange(after["audit_entries"] - before["audit_entries"], 40, 60);
        Assert.InRange(after["audit_subjects"] - before["audit_subjects"], 10, 60);
        Assert.InRange(after["audit_list_entries"] - before["audit_list_entries"], 10, 2 * (Lists + 1) * 21);
    }

    /// <summary>The patient has sixty check-ins and their versions, in a digest since the first of these writes.</summary>
    [Fact]
    public async Task An_evaluation_reads_the_check_ins_since_the_digest_and_no_others()
    {
        await FillAsync();
        using var client = api.ClientOf(Clinic);
        await ReportAsync("before-it");
        var before = await FetchedAsync();

        await ReportAsync("after-it");

        var after = await FetchedAsync();
        Assert.InRange(after["record_versions"] - before["record_versions"], 1, 5);
        Assert.InRange(after["check_ins"] - before["check_ins"], 1, 5);

        Task<JsonNode> ReportAsync(string key) => client.PostOkAsync(
            "/api/v1/patients/0198f000-0000-7000-8001-00000000000b/check-ins", new { date = DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime), scores = new { anxiety = 2 } }, key: key);
    }

    /// <summary>The clinic has closed 2,400 follow-ups, most of them due before; another has 3,000 that are open.</summary>
    [Fact]
    public async Task The_queue_passes_over_what_is_closed_and_what_is_another_clinics()
    {
        await FillAsync();
        using var client = api.ClientOf(Clinic);
        await client.GetOkAsync("/api/v1/follow-ups");
        var before = await FetchedAsync();

        var queue = await client.GetOkAsync("/api/v1/follow-ups");

        Assert.Equal(3, queue["items"]!.AsArray().Count);
        Assert.InRange((await FetchedAsync())["follow_ups"] - before["follow_ups"], 3, 10);
    }

    private async Task RoundAsync(HttpClient client, PatientId patient, string round)
    {
        var today = DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);
        await client.GetOkAsync(ApiClient.Of(patient));
        await client.GetOkAsync("/api/v1/follow-ups");
        await client.GetOkAsync("/api/v1/patients");
        await client.GetOkAsync(ApiClient.Of(patient, "/timeline"));
        await client.GetOkAsync(ApiClient.Of(patient, "/evaluation"));
        var page = await client.GetOkAsync(ApiClient.Of(patient, "/check-ins?limit=10"));
        await client.GetOkAsync(ApiClient.Of(patient, $"/check-ins?cursor={page["nextCursor"]}"));
        var first = await client.GetOkAsync(ApiClient.Of(patient, "/adverse-events?limit=1"));
        await client.GetOkAsync(ApiClient.Of(patient, $"/adverse-events?cursor={first["nextCursor"]}"));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = today, scores = new { anxiety = 2 } }, key: $"check-in-{round}");
        await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "headache", severity = "mild", onsetOn = today }, key: $"adverse-event-{round}");
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new { items = new[] { new { date = today, scores = new { anxiety = 1 }, source = new { system = "urn:test", id = round } } } });
        await client.GetOkAsync("/api/v1/audit");
        await client.GetOkAsync(ApiClient.Of(patient, "/access-log"));
    }

    private async Task FillAsync()
    {
        if (await CountAsync($"SELECT count(*) FROM patients WHERE clinic_id = '{Clinic}'") > 0)
        {
            return; // tests of this class share their database
        }

        await ExecuteAsync($"""
            INSERT INTO patients (clinic_id, id, given_names, time_zone, sensitivity, conditions, active, registered_at, version)
            SELECT '{Clinic}', ('0198f000-0000-7000-8001-' || lpad(to_hex(n), 12, '0'))::uuid, '{"{}"}', 'UTC', 'Standard', '[]', true, '2026-01-01', 1 FROM generate_series(0, {Patients - 1}) AS n;
            INSERT INTO check_ins (clinic_id, id, patient_id, "on", anxiety, status, recorded_at, changed_at, version)
            SELECT clinic_id, gen_random_uuid(), id, date '2026-01-01' + d, d % 3, 'Final', timestamptz '2026-01-01' + d * interval '1 day', timestamptz '2026-01-01' + d * interval '1 day', 1
            FROM patients, generate_series(0, 59) AS d;
            INSERT INTO adverse_events (clinic_id, id, patient_id, term, severity, seriousness, status, onset_on, recorded_at, severity_known_at, version)
            SELECT clinic_id, gen_random_uuid(), id, 'Headache', 'Mild', '[]', 'Final', date '2026-01-01' + d, timestamptz '2026-01-01' + d * interval '1 day', '2026-01-01', 1 FROM patients, generate_series(0, 2) AS d;
            INSERT INTO record_versions (clinic_id, record_id, version, patient_id, kind, recorded_at, recorded_by, body)
            SELECT clinic_id, id, 1, patient_id, 'check-in', recorded_at, 'test', jsonb_build_object('id', id) FROM check_ins;
            INSERT INTO evaluations (clinic_id, id, patient_id, at, as_of, last_completed_day, settings_version, rule_set_version)
            SELECT clinic_id, gen_random_uuid(), id, '2026-01-01', '2026-01-01', '2026-01-01', 1, 'test' FROM patients, generate_series(1, 5);
            INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, operation, patient_ids) SELECT clinic_id, gen_random_uuid(), timestamptz '2026-01-01' + n * interval '2 ms', 'test', 'Test', ARRAY[id] FROM patients, generate_series(1, 60) AS n;
            INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, operation, patient_ids)
            SELECT clinic_id, gen_random_uuid(), timestamptz '2026-01-01' + (n - 1900) * interval '1 ms', 'test', 'TestList', array_agg(id ORDER BY id)
            FROM patients, generate_series(1, 2000) AS n WHERE right(id::text, 2) IN ('09', '0a', '0b', lpad(to_hex(32 + n % {Lists}), 2, '0')) GROUP BY clinic_id, n;
            INSERT INTO audit_lists (clinic_id, patient_id, list_id) SELECT clinic_id, id, gen_random_uuid() FROM patients, generate_series(1, 20);
            INSERT INTO prescriptions (clinic_id, id, patient_id, dose_mg, times_per_day, starts_on, status, doses, recorded_at, version)
            SELECT clinic_id, gen_random_uuid(), id, 1.5, 1, '2026-01-01', 'Stopped', '[]', '2026-01-01', 1 FROM patients, generate_series(1, 8);
            INSERT INTO assessments (clinic_id, id, patient_id, instrument, taken_on, answers, self_harm_positive, status, recorded_at, version)
            SELECT clinic_id, gen_random_uuid(), id, 'Gad7', '2026-01-01', '[0,0,0,0,0,0,0]', false, 'Final', '2026-01-01', 1 FROM patients, generate_series(1, 8);
            INSERT INTO follow_ups (clinic_id, id, patient_id, family, label, priority, status, opened_on, first_opened_on, last_evidence_on, due_at, recurrence, evidence_changed, rule_set_version,
                clauses, evidence, contributing_factors, recommended_actions, version)
            SELECT clinic_id, gen_random_uuid(), id, 'Course', 'Early', 'Soon', 'Closed', '2026-01-01', '2026-01-01', '2026-01-01', timestamptz '2026-01-01' + n * interval '1 hour', 0, false, 'test',
                '[]', '[]', '{"{}"}', '{"{}"}', 1 FROM patients, generate_series(1, 8) AS n;
            INSERT INTO follow_ups (clinic_id, id, patient_id, family, label, priority, status, opened_on, first_opened_on, last_evidence_on, due_at, recurrence, evidence_changed, rule_set_version,
                clauses, evidence, contributing_factors, recommended_actions, version)
            SELECT clinic_id, gen_random_uuid(), id, 'Course', 'Early', 'Soon', 'Open', '2026-01-01', '2026-01-01', '2026-01-01', '2026-02-01', 0, false, 'test', '[]', '[]', '{"{}"}', '{"{}"}', 1
            FROM patients WHERE clinic_id = '{Clinic}' ORDER BY id DESC LIMIT 3;
            INSERT INTO patients (clinic_id, id, given_names, time_zone, sensitivity, conditions, active, registered_at, version)
            SELECT '{Busy}', gen_random_uuid(), '{"{}"}', 'UTC', 'Standard', '[]', true, '2026-01-01', 1 FROM generate_series(1, 3000);
            INSERT INTO follow_ups (clinic_id, id, patient_id, family, label, priority, status, opened_on, first_opened_on, last_evidence_on, due_at, recurrence, evidence_changed, rule_set_version,
                clauses, evidence, contributing_factors, recommended_actions, version)
            SELECT clinic_id, gen_random_uuid(), id, 'Course', 'Early', 'Soon', 'Open', '2026-01-01', '2026-01-01', '2026-01-01', timestamptz '2026-01-01', 0, false, 'test',
                '[]', '[]', '{"{}"}', '{"{}"}', 1 FROM patients WHERE clinic_id = '{Busy}';
            INSERT INTO stored_responses (clinic_id, subject, key, request_hash, created_at, body) SELECT clinic_id, 'test', id::text, '\x00', '2026-03-14', '' FROM patients;
            """);
        await ExecuteAsync("VACUUM (ANALYZE)");
    }

    /// <summary>A server process reports what it has read when it ends.</summary>
    private async Task QuietAsync()
    {
        api.Services.GetRequiredService<NpgsqlDataSource>().Clear();
        while (await CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") > 0)
        {
            Ct.ThrowIfCancellationRequested();
        }
    }

    private async Task<Dictionary<string, (long Sequential, long ByIndex)>> ScansAsync()
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT relname, seq_scan, idx_scan FROM pg_stat_user_tables", connection);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var scans = new Dictionary<string, (long, long)>();
        while (await reader.ReadAsync(Ct))
        {
            scans[reader.GetString(0)] = (reader.GetInt64(1), reader.IsDBNull(2) ? 0 : reader.GetInt64(2));
        }

        return scans;
    }

    /// <summary>Rows of each table, or entries of its indexes, that were read so far.</summary>
    private async Task<Dictionary<string, long>> FetchedAsync()
    {
        await QuietAsync();
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT t.relname, t.seq_tup_read + coalesce(sum(i.idx_tup_read), 0)::bigint FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid) GROUP BY t.relid, t.relname, t.seq_tup_read", connection);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var fetched = new Dictionary<string, long>();
        while (await reader.ReadAsync(Ct))
        {
            fetched[reader.GetString(0)] = reader.GetInt64(1);
        }

        return fetched;
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection($"{api.Database.Owner};Pooling=false;Command Timeout=300");
        await connection.OpenAsync(Ct);
        return connection;
    }
}
