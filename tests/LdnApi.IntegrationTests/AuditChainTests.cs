using System.Net;
using System.Text.Json.Nodes;
using LdnApi.Common;
using LdnApi.Hosting;
using LdnApi.Pipeline;
using LdnApi.Records;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>What the owner of the database does to the audit trail behind the API's back is found, and where.</summary>
public sealed class AuditChainTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private const int Length = 6;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chain_that_nobody_touched_holds_and_goes_on()
    {
        var clinic = await ChainAsync();
        var first = await FindAsync(clinic);
        await AddAsync(clinic);
        var pending = await FindAsync(clinic);
        await LinkAsync();

        Assert.Equal((Length, 0, null), (first.Number, first.Pending, first.Broken));
        Assert.Equal((Length, 2, null), (pending.Number, pending.Pending, pending.Broken));
        Assert.Equal((Length + 2, 0, null), await ShortAsync(clinic));
        Assert.Equal((Length + 2, 0, null), await ShortAsync(clinic, first.ToString()));
    }

    /// <summary>Each value of an entry is bound, and so is its place.</summary>
    [Theory]
    [InlineData("UPDATE audit_entries SET subject = 'nobody' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET client = 'another' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET operation = 'GetRules' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET method = NULL WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET status = 404 WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET patient_ids = '{{}}' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET purpose_of_use = 'HRESCH' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET request_id = 'another' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET recorded_at = recorded_at + interval '1 microsecond' WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET id = gen_random_uuid() WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET hash = sha256('') WHERE clinic_id = '{0}' AND number = 3", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET number = 0 WHERE clinic_id = '{0}' AND number = 3; UPDATE audit_entries SET number = 3 WHERE clinic_id = '{0}' AND number = 4; UPDATE audit_entries SET number = 4 WHERE clinic_id = '{0}' AND number = 0", 3, "was changed")]
    [InlineData("UPDATE audit_entries SET (number, hash) = (NULL, NULL) WHERE clinic_id = '{0}' AND number = 3", 3, "is missing")]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}' AND number = 3", 3, "is missing")]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}' AND number = 3; UPDATE audit_entries SET number = number - 1 WHERE clinic_id = '{0}' AND number > 3", 3, "was changed")]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}' AND number = 1", 1, "is missing")]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}' AND number > 4", 5, "newest entries are missing")]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}'", 1, "newest entries are missing")]
    [InlineData("DELETE FROM audit_heads WHERE clinic_id = '{0}'", 7, "head was changed")]
    [InlineData("INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, operation, patient_ids, number, hash) SELECT clinic_id, gen_random_uuid(), recorded_at, 'dr-framed', operation, patient_ids, 0, hash FROM audit_entries WHERE clinic_id = '{0}' AND number = 2", 7, "stands before the first")]
    [InlineData("INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, operation, patient_ids, number, hash) SELECT clinic_id, gen_random_uuid(), recorded_at, 'dr-framed', operation, patient_ids, -7, hash FROM audit_entries WHERE clinic_id = '{0}' AND number = 2", 7, "stands before the first")]
    public async Task What_was_tampered_with_is_named(string tampering, int at, string finding)
    {
        var clinic = await ChainAsync();
        var untouched = await ChainAsync();

        await TamperAsync(tampering, clinic);

        var found = await FindAsync(clinic);
        Assert.Equal(at - 1, found.Number);
        Assert.Contains(finding, found.Broken, StringComparison.Ordinal);
        Assert.Null((await FindAsync(untouched)).Broken);
    }

    /// <summary>With its head the owner can cut a chain, or forge it whole, so that it holds in itself: only what was kept elsewhere tells.</summary>
    [Theory]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}' AND number > 4; UPDATE audit_heads SET (number, hash) = (SELECT number, hash FROM audit_entries WHERE clinic_id = '{0}' AND number = 4) WHERE clinic_id = '{0}'", 5, "newest entries are missing")]
    [InlineData("DELETE FROM audit_entries WHERE clinic_id = '{0}'; DELETE FROM audit_heads WHERE clinic_id = '{0}'", 1, "newest entries are missing")]
    [InlineData("DELETE FROM audit_heads WHERE clinic_id = '{0}'; UPDATE audit_entries SET (number, hash, subject) = (NULL, NULL, 'nobody') WHERE clinic_id = '{0}'", 6, "made anew")]
    public async Task A_chain_cut_or_made_anew_with_its_head_is_told_by_an_earlier_output(string tampering, int at, string finding)
    {
        var clinic = await ChainAsync();
        var kept = (await FindAsync(clinic)).ToString();

        await TamperAsync(tampering, clinic);
        await LinkAsync();

        var found = await FindAsync(clinic, kept);
        Assert.Equal(at - 1, found.Number);
        Assert.Contains(finding, found.Broken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_holds_the_chains_against_every_earlier_output_it_is_given_and_takes_no_other_file()
    {
        var clinic = await ChainAsync();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:LdnOwner", api.Database.Owner)]).Build();
        var (kept, other) = (Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            await using (var output = new StreamWriter(kept))
            {
                await RunAsync(output);
            }

            await TamperAsync("DELETE FROM audit_entries WHERE clinic_id = '{0}' AND number > 4; UPDATE audit_heads SET (number, hash) = (SELECT number, hash FROM audit_entries WHERE clinic_id = '{0}' AND number = 4) WHERE clinic_id = '{0}'", clinic);

            using var said = new StringWriter();
            Assert.Equal(1, await RunAsync(said, kept, kept));
            Assert.Contains($"clinic {clinic} 4", said.ToString(), StringComparison.Ordinal);
            Assert.Contains("held against", said.ToString(), StringComparison.Ordinal);
            await Assert.ThrowsAsync<ConfigurationException>(() => RunAsync(TextWriter.Null, kept, other)); // it is empty
        }
        finally
        {
            File.Delete(kept);
            File.Delete(other);
        }

        Task<int> RunAsync(TextWriter output, params string[] files) => AuditVerification.RunAsync(configuration, files, output, Ct);
    }

    /// <summary>What an access log is found by is no evidence: it is held against the entries, which are.</summary>
    [Theory]
    [InlineData("DELETE FROM audit_subjects WHERE clinic_id = '{0}' AND entry_id = (SELECT id FROM audit_entries WHERE clinic_id = '{0}' AND number = 3)", 1)]
    [InlineData("UPDATE audit_subjects SET patient_id = gen_random_uuid() WHERE clinic_id = '{0}' AND entry_id = (SELECT id FROM audit_entries WHERE clinic_id = '{0}' AND number = 3)", 2)]
    [InlineData("UPDATE audit_subjects SET recorded_at = recorded_at - interval '1 year' WHERE clinic_id = '{0}' AND entry_id = (SELECT id FROM audit_entries WHERE clinic_id = '{0}' AND number = 3)", 2)]
    [InlineData("INSERT INTO audit_subjects SELECT clinic_id, gen_random_uuid(), recorded_at, id FROM audit_entries WHERE clinic_id = '{0}' AND number = 3", 1)]
    public async Task An_access_log_that_would_not_be_found_whole_is_told(string tampering, int misplaced)
    {
        var clinic = await ChainAsync();
        var before = await FindAsync(clinic);

        await TamperAsync(tampering, clinic);

        var found = await FindAsync(clinic);
        Assert.Equal((0, misplaced, null), (before.Misplaced, found.Misplaced, found.Broken));
        Assert.Contains("ACCESS LOGS INCOMPLETE", found.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A list of patients that is looked at again and again is written down once; each look stands in the access log of each of them, among their own.</summary>
    [Fact]
    public async Task Patients_who_are_shown_together_are_written_down_once_and_each_look_is_in_all_their_access_logs()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        PatientId[] patients = [await LdnApiHost.RegisterAsync(client, "UTC"), await LdnApiHost.RegisterAsync(client, "UTC"), await LdnApiHost.RegisterAsync(client, "UTC")];
        await client.GetOkAsync("/api/v1/patients");
        await client.GetOkAsync(ApiClient.Of(patients[0]));
        await client.GetOkAsync("/api/v1/patients");
        var two = (await client.GetOkAsync("/api/v1/patients?limit=2"))["items"]!.AsArray().Select(p => (string)p!["id"]!).ToArray();

        var shown = patients.Single(p => $"{p}" == two[0]);
        var first = await client.GetOkAsync(ApiClient.Of(shown, "/access-log?limit=2"));
        var rest = await client.GetOkAsync(ApiClient.Of(shown, $"/access-log?cursor={first["nextCursor"]}&limit=20"));
        var left = patients.Single(p => !two.Contains($"{p}"));
        var ofPerson = await client.GetOkAsync($"/api/v1/audit?patientId={left}&subject={first["items"]![0]!["subject"]}");
        var ofNobody = await client.GetOkAsync($"/api/v1/audit?patientId={left}&subject=nobody");

        string[] own = shown == patients[0] ? ["GetPatient"] : [];
        Assert.Equal(["ListPatients", "ListPatients", .. own, "ListPatients", "RegisterPatient"], [.. Operations(first), .. Operations(rest)]);
        Assert.Equal((2, 0), (Operations(ofPerson).Count(o => o == "ListPatients"), Operations(ofNobody).Length));
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var count = owner.CreateCommand($"SELECT ARRAY[(SELECT count(*) FROM audit_lists WHERE clinic_id = '{clinic}'), (SELECT count(*) FROM audit_list_entries WHERE clinic_id = '{clinic}')]");
        Assert.Equal(new long[] { 5, 3 }, await count.ExecuteScalarAsync(Ct));

        static string[] Operations(JsonNode page) => [.. page["items"]!.AsArray().Select(e => (string)e!["operation"]!)];
    }

    /// <summary>A change that shows the same patients may take long to commit, or never: who looks at them is not kept waiting, and is in their access logs all the same.</summary>
    [Fact]
    public async Task Nobody_waits_for_another_who_shows_the_same_patients_for_the_first_time()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        SortedSet<Guid> patients = [(await LdnApiHost.RegisterAsync(client, "UTC")).Value, (await LdnApiHost.RegisterAsync(client, "UTC")).Value];
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await using var other = await owner.BeginTransactionAsync(Ct);
        await using var entry = new NpgsqlCommand("INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, operation, patient_ids) VALUES ($1, gen_random_uuid(), now(), 'other', 'Other', $2)", owner, other)
        {
            Parameters = { new() { Value = clinic.Value }, new() { Value = patients.ToArray() } },
        };
        await entry.ExecuteNonQueryAsync(Ct);

        using (var looked = await client.GetAsync(new Uri("/api/v1/patients", UriKind.Relative), Ct))
        {
            Assert.Equal(HttpStatusCode.OK, looked.StatusCode);
        }

        await other.CommitAsync(Ct);
        await client.GetOkAsync("/api/v1/patients");
        foreach (var patient in patients)
        {
            var log = await client.GetOkAsync(ApiClient.Of(new PatientId(patient), "/access-log"));
            var operations = log["items"]!.AsArray().Select(e => (string)e!["operation"]!).ToList();
            Assert.Equal((2, 1), (operations.Count(o => o == "ListPatients"), operations.Count(o => o == "Other")));
        }

        Assert.Equal(0, (await FindAsync(clinic)).Misplaced);
    }

    [Theory]
    [InlineData("DELETE FROM audit_lists WHERE ctid = (SELECT min(ctid) FROM audit_lists WHERE clinic_id = '{0}')", 2)]
    [InlineData("UPDATE audit_lists SET patient_id = gen_random_uuid() WHERE ctid = (SELECT min(ctid) FROM audit_lists WHERE clinic_id = '{0}')", 4)]
    [InlineData("DELETE FROM audit_list_entries WHERE ctid = (SELECT min(ctid) FROM audit_list_entries WHERE clinic_id = '{0}')", 3)]
    [InlineData("UPDATE audit_list_entries SET list_id = gen_random_uuid() WHERE ctid = (SELECT min(ctid) FROM audit_list_entries WHERE clinic_id = '{0}')", 3)]
    [InlineData("INSERT INTO audit_subjects SELECT clinic_id, patient_ids[1], recorded_at, id FROM audit_entries WHERE clinic_id = '{0}' AND cardinality(patient_ids) > 1", 2)]
    public async Task A_list_of_patients_that_was_tampered_with_is_told(string tampering, int misplaced)
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        for (var i = 0; i < 3; i++)
        {
            await LdnApiHost.RegisterAsync(client, "UTC");
        }

        await client.GetOkAsync("/api/v1/patients");
        await client.GetOkAsync("/api/v1/patients");
        await LinkAsync();
        var before = await FindAsync(clinic);

        await TamperAsync(tampering, clinic);

        Assert.Equal((0, misplaced), (before.Misplaced, (await FindAsync(clinic)).Misplaced));
    }

    /// <summary>As deploy/OPERATIONS.md says it.</summary>
    [Fact]
    public async Task Access_logs_that_were_lost_are_made_anew_from_the_entries()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await LdnApiHost.RegisterAsync(client, "UTC");
        await client.GetOkAsync("/api/v1/patients");
        var page = await File.ReadAllTextAsync(Path.Combine(DashboardTests.Root, "deploy/OPERATIONS.md"), Ct);
        await TamperAsync("DELETE FROM audit_list_entries WHERE clinic_id = '{0}'", clinic);
        var lost = await FindAsync(clinic);

        await TamperAsync(page[page.IndexOf("    BEGIN;", StringComparison.Ordinal)..(page.IndexOf("COMMIT;", StringComparison.Ordinal) + "COMMIT;".Length)], clinic);

        var log = await client.GetOkAsync(ApiClient.Of(patient, "/access-log"));
        Assert.Equal((2, 0), (lost.Misplaced, (await FindAsync(clinic)).Misplaced));
        Assert.Equal(["ListPatients", "RegisterPatient"], log["items"]!.AsArray().Select(e => (string)e!["operation"]!));
    }

    [Fact]
    public async Task Linkers_that_run_together_make_one_chain()
    {
        var clinics = new List<ClinicId>();
        for (var i = 0; i < 4; i++)
        {
            clinics.Add(LdnApiHost.NewClinic());
            await AddAsync(clinics[i], 25);
        }

        var linker = api.Services.GetRequiredService<AuditLinker>();
        while (true)
        {
            var linked = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => linker.RunAsync(Ct)));
            if (linked.Sum() == 0)
            {
                break;
            }
        }

        foreach (var clinic in clinics)
        {
            Assert.Equal((26, 0, null), await ShortAsync(clinic));
        }
    }

    /// <summary>A change waits for the linker, and so does the first look after it has been there: its writer does not know the head yet.</summary>
    [Fact]
    public async Task Looks_are_chained_as_they_are_written()
    {
        var clinic = await ChainAsync();
        await AddAsync(clinic, reads: 4);
        var written = await ShortAsync(clinic);
        await LinkAsync();
        var linked = await ShortAsync(clinic);
        await AddAsync(clinic, reads: 3);

        Assert.Equal([(Length + 3, 2, null), (Length + 5, 0, null), (Length + 7, 2, null)], [written, linked, await ShortAsync(clinic)]);
    }

    [Fact]
    public async Task Writers_and_linkers_that_run_together_make_one_chain()
    {
        const int Writers = 3;
        const int Entries = 60;
        var clinic = await ChainAsync();
        using var written = new CancellationTokenSource();
        var linking = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
            {
                await LinkAsync();
            }
        }, Ct);
        var writers = Enumerable.Range(0, Writers).Select(_ => ActivatorUtilities.CreateInstance<AuditWriter>(api.Services)).ToList();
        await Task.WhenAll(writers.SelectMany(w => Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < Entries / 4; i++)
            {
                await w.WriteAsync(new AuditEntry { ClinicId = clinic, Id = EntityId.New<AuditEntryId>(), RecordedAt = api.Clock.GetUtcNow(), Subject = "dr-gray", Operation = "Test", PatientIds = [] });
            }
        })));
        await written.CancelAsync();
        await linking;
        await LinkAsync();

        Assert.Equal((Length + (Writers * Entries), 0, null), await ShortAsync(clinic));
        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_has_the_head_in_hand_holds_up_no_look()
    {
        var clinic = await ChainAsync();
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await using (await owner.BeginTransactionAsync(Ct))
        {
            await using var holding = new NpgsqlCommand($"SELECT FROM audit_heads WHERE clinic_id = '{clinic}' FOR UPDATE", owner);
            await holding.ExecuteNonQueryAsync(Ct);
            await AddAsync(clinic, reads: 3);
        }

        Assert.Equal((Length, 4, null), await ShortAsync(clinic));
    }

    /// <summary>As an instance does that was frozen with the head in its hand.</summary>
    [Fact]
    public async Task Who_keeps_the_head_in_hand_stops_no_other_clinics_chain()
    {
        var (clinic, other) = (await ChainAsync(), LdnApiHost.NewClinic());
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await using (await owner.BeginTransactionAsync(Ct))
        {
            await using var holding = new NpgsqlCommand($"SELECT FROM audit_heads WHERE clinic_id = '{clinic}' FOR UPDATE", owner);
            await holding.ExecuteNonQueryAsync(Ct);
            await AddAsync(clinic);
            await AddAsync(other);

            var refused = await Assert.ThrowsAsync<AggregateException>(LinkAsync);

            Assert.Equal(PostgresErrorCodes.LockNotAvailable, Assert.IsType<PostgresException>(Assert.Single(refused.InnerExceptions).GetBaseException()).SqlState);
            Assert.Equal((2L, 0, null), await ShortAsync(other));
        }

        await LinkAsync();
        Assert.Equal((Length + 2, 0, null), await ShortAsync(clinic));
    }

    /// <summary>After a failover the chain may have been cut and have grown again to the same length.</summary>
    [Fact]
    public async Task Nothing_is_chained_behind_a_head_that_is_not_the_one_the_writer_left()
    {
        var clinic = await ChainAsync();
        await AddAsync(clinic, reads: 2);
        await TamperAsync("UPDATE audit_heads SET hash = sha256('') WHERE clinic_id = '{0}'", clinic);
        var before = await FindAsync(clinic);
        await AddAsync(clinic, reads: 1);

        Assert.Equal((Length + 1, before.Pending + 2), (before.Number, (await FindAsync(clinic)).Pending));
    }

    /// <summary>Whoever sets a head back among its entries stops the chain, and is told by it; nobody's look is refused for it, and no other clinic's chain stops.</summary>
    [Fact]
    public async Task Looks_go_on_behind_a_head_that_was_set_back()
    {
        var clinic = await ChainAsync();
        const string SetTo = "UPDATE audit_heads h SET (number, hash) = (SELECT e.number, e.hash FROM audit_entries e WHERE e.clinic_id = h.clinic_id AND e.number = {1}) WHERE clinic_id = '{0}'";
        await TamperAsync(SetTo.Replace("{1}", "3", StringComparison.Ordinal), clinic);

        await AddAsync(clinic, reads: 4);

        var other = LdnApiHost.NewClinic();
        await AddAsync(other);
        await Assert.ThrowsAsync<AggregateException>(LinkAsync);
        Assert.Equal((5, (2L, 0, null)), ((await FindAsync(clinic)).Pending, await ShortAsync(other)));

        await TamperAsync(SetTo.Replace("{1}", $"{Length}", StringComparison.Ordinal), clinic);
        await LinkAsync();
        Assert.Equal((Length + 5, 0, null), await ShortAsync(clinic));
    }

    [Fact]
    public async Task The_app_can_neither_number_an_entry_nor_move_a_head()
    {
        await using var app = new NpgsqlConnection(api.Database.App);
        await app.OpenAsync(Ct);
        foreach (var right in new[] { "has_column_privilege('audit_entries', 'number', 'INSERT, UPDATE')", "has_column_privilege('audit_entries', 'hash', 'INSERT, UPDATE')", "has_any_column_privilege('audit_heads', 'INSERT, UPDATE')" })
        {
            await using var command = new NpgsqlCommand($"SELECT {right}", app);
            Assert.Equal((right, false), (right, await command.ExecuteScalarAsync(Ct)));
        }
    }

    [Fact]
    public async Task An_entry_shows_its_place_and_its_hash()
    {
        var clinic = await ChainAsync();
        using var client = api.ClientOf(clinic);

        var newest = (await client.GetOkAsync("/api/v1/audit?limit=1"))["items"]![0]!;

        Assert.Equal((Length, (await FindAsync(clinic)).Hash), ((int)newest["number"]!, (string)newest["hash"]!));
    }

    /// <summary>A clinic with a linked chain of six entries.</summary>
    private async Task<ClinicId> ChainAsync()
    {
        var clinic = LdnApiHost.NewClinic();
        await AddAsync(clinic, Length - 1);
        await LinkAsync();
        return clinic;
    }

    /// <summary>A patient, and looks at it.</summary>
    private async Task AddAsync(ClinicId clinic, int reads = 1)
    {
        using var client = api.ClientOf(clinic);
        client.DefaultRequestHeaders.Add("X-Purpose-Of-Use", "TREAT");
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        for (var i = 0; i < reads; i++)
        {
            await client.GetOkAsync(ApiClient.Of(patient));
        }
    }

    private async Task LinkAsync() => await api.Services.GetRequiredService<AuditLinker>().RunAsync(Ct);

    private async Task<AuditVerification.Finding> FindAsync(ClinicId clinic, params string[] kept) =>
        (await AuditVerification.VerifyAsync(api.Database.Owner, kept, Ct)).Single(f => f.Clinic == clinic);

    private async Task<(long, int, string?)> ShortAsync(ClinicId clinic, params string[] kept)
    {
        var found = await FindAsync(clinic, kept);
        return (found.Number, found.Pending, found.Broken);
    }

    private async Task TamperAsync(string sql, ClinicId clinic)
    {
        await using var owner = new NpgsqlConnection(api.Database.Owner);
        await owner.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(string.Format(null, sql, clinic), owner);
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync(Ct));
    }
}
