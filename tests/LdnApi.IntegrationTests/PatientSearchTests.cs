using System.Collections.Concurrent;
using System.Data.Common;
using LdnApi.Records;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>A search is served by an index that begins with the clinic, also behind row-level security, which keeps <c>LIKE</c> from using any.</summary>
public sealed class PatientSearchTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_search_of_a_large_clinic_uses_its_index()
    {
        var plans = new Plans();
        await using var host = api.WithWebHostBuilder(b => b.ConfigureTestServices(s => s.ConfigureDbContext<LdnDbContext>(o => o.AddInterceptors(plans))));
        using var token = api.ClientOf(LdnApiHost.NewClinic());
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = token.DefaultRequestHeaders.Authorization;
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await ExecuteAsync($"""
            INSERT INTO patients SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'family_name', md5(n::text), 'birth_date', date '1930-01-01' + n % 25000))).*
            FROM patients p, generate_series(1, 20000) n WHERE id = '{patient}';
            INSERT INTO patient_identifiers (clinic_id, patient_id, system, value) SELECT clinic_id, id, 'urn:ehr', family_name FROM patients;
            ANALYZE patients, patient_identifiers
            """);

        Assert.Contains("one_patient_per_identifier", await PlanAsync(new { identifier = new { system = "urn:ehr", value = "Lovelace" } }), StringComparison.Ordinal);
        Assert.Contains("ix_patients_clinic_id_family_name", await PlanAsync(new { name = "Lovel" }), StringComparison.Ordinal);
        Assert.Contains("ix_patients_clinic_id_birth_date_id", await PlanAsync(new { birthDate = "1980-05-17" }), StringComparison.Ordinal);
        Assert.Equal([patient.ToString()], (await client.PostOkAsync("/api/v1/patients/search", new { name = "Lovel" }))["items"]!.AsArray().Select(p => (string)p!["id"]!));

        async Task<string> PlanAsync(object search)
        {
            plans.Lines.Clear();
            await client.PostOkAsync("/api/v1/patients/search", search);
            return string.Join('\n', plans.Lines);
        }
    }

    [Theory]
    [InlineData("Ünal", "Ünal & Søn", true)]
    [InlineData("ünal", "Ünal & Søn", false)]
    [InlineData("語", "語語", true)]
    [InlineData("%", "Byron", false)]
    [InlineData("_yron", "Byron", false)]
    [InlineData("%", "%ile", true)]
    [InlineData("a\\", "a\\b", true)]
    [InlineData("O'", "O'Brien", true)]
    [InlineData("Byron", "Byro", false)]
    [InlineData("Byron", "Byron", true)]
    public async Task A_name_is_found_by_how_it_begins_letter_for_letter(string name, string family, bool isFound)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await client.PostOkAsync("/api/v1/patients", new { name = new { family }, timeZone = "UTC" });

        var found = await client.PostOkAsync("/api/v1/patients/search", new { name });

        Assert.Equal(isFound ? 1 : 0, found["items"]!.AsArray().Count);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var owner = NpgsqlDataSource.Create(api.Database.Owner);
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>Has each query explained before it runs, as the role, in the transaction and with the clinic that it runs in.</summary>
    private sealed class Plans : DbCommandInterceptor
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.Contains("FROM patients AS", StringComparison.Ordinal))
            {
                await using var explain = ((NpgsqlCommand)command).Clone();
                explain.CommandText = command.CommandText.Replace("SELECT p.", "EXPLAIN SELECT p.", StringComparison.Ordinal);
                await using var reader = await explain.ExecuteReaderAsync(cancellationToken);
                do
                {
                    while (await reader.ReadAsync(cancellationToken))
                    {
                        Lines.Enqueue($"{reader.GetValue(0)}");
                    }
                }
                while (await reader.NextResultAsync(cancellationToken)); // the first sets the clinic
            }

            return result;
        }
    }
}
