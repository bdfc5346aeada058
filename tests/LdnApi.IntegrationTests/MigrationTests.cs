using LdnApi.Auth;
using LdnApi.Hosting;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>A schema moves while an older and a newer API work on it (ADR 14).</summary>
public sealed class MigrationTests(PostgresServer postgres)
{
    /// <summary>The first migration to which the rule applies: earlier ones were made before anything was deployed.</summary>
    private const string First = "20261125230238_OutstandingWork";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>What the build before this one reads and writes stays as it is; what goes, goes a release after its last reader.</summary>
    [Fact]
    public async Task A_migration_only_adds()
    {
        await using var db = Context((await postgres.CreateDatabaseAsync()).Owner);
        var assembly = db.GetService<IMigrationsAssembly>();
        var ruled = assembly.Migrations.Where(m => string.CompareOrdinal(m.Key, First) >= 0).ToList();

        Assert.NotEmpty(ruled);
        Assert.All(ruled, m => Assert.Empty(Breaks(assembly.CreateMigration(m.Value, db.Database.ProviderName!).UpOperations)));
    }

    /// <summary>Without this, a rule that sees nothing would pass the test above.</summary>
    [Fact]
    public void The_rule_sees_what_an_older_build_would_trip_over() => Assert.Equal(
        ["DropColumnOperation patients", "AddColumnOperation patients", "RenameColumnOperation patients", "CreateIndexOperation patients"],
        Breaks([
            new DropColumnOperation { Table = "patients", Name = "name" },
            new AddColumnOperation { Table = "patients", Name = "title", IsNullable = true },
            new AddColumnOperation { Table = "patients", Name = "title", DefaultValue = "" },
            new AddColumnOperation { Table = "patients", Name = "title" },
            new RenameColumnOperation { Table = "patients", Name = "name", NewName = "names" },
            new CreateTableOperation { Name = "titles" },
            new CreateIndexOperation { Table = "titles", Name = "ix_titles", Columns = ["name"] },
            new CreateIndexOperation { Table = "patients", Name = "ix_patients", Columns = ["name"] },
        ]));

    /// <summary>Who waits for a table makes everyone after them wait as well. A migration does not wait long.</summary>
    [Fact]
    public async Task While_a_migration_cannot_have_a_table_requests_go_on()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (var db = Context(database.Owner))
        {
            await db.GetService<IMigrator>().MigrateAsync("AuditTrail", Ct); // back to before the one that adds columns to adverse_events
        }

        await using var reader = await OpenAsync(database.Owner);
        await using var report = await reader.BeginTransactionAsync(Ct);
        await ExecuteAsync(reader, "SELECT count(*) FROM adverse_events"); // a long report: whoever changes the table waits for its end
        var migration = DatabaseSetup.MigrateAsync(database.Owner, Ct);
        await using var request = await OpenAsync(database.Owner);
        await ExecuteAsync(request, "SET statement_timeout = '30s'");
        while (await ExecuteAsync(request, "SELECT count(*) FROM pg_locks WHERE relation = 'adverse_events'::regclass AND NOT granted") is 0L)
        {
            Assert.False(migration.IsCompleted);
        }

        var seen = await ExecuteAsync(request, "SELECT count(*) FROM adverse_events");
        var done = migration.IsCompleted;
        await report.CommitAsync(Ct);
        await migration;

        Assert.Equal((0L, false), ((long)seen!, done));
        await using var after = Context(database.Owner);
        Assert.Empty(await after.Database.GetPendingMigrationsAsync(Ct));
    }

    /// <summary>More than go in one step, of several clinics; and one that the older build leaves between the two migrations.</summary>
    [Fact]
    public async Task Entries_from_before_their_index_are_found_by_it()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var db = Context(database.Owner);
        const string Insert = "INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, operation, patient_ids) SELECT gen_random_uuid(), gen_random_uuid(), now(), 'test', 'Test',";
        await db.GetService<IMigrator>().MigrateAsync("AuditWithoutPatientIndex", Ct);
        await using var owner = await OpenAsync(database.Owner);
        await ExecuteAsync(owner, $"{Insert} ARRAY[gen_random_uuid(), gen_random_uuid()] FROM generate_series(1, 12000)");
        await db.GetService<IMigrator>().MigrateAsync("AuditSubjects", Ct);
        await ExecuteAsync(owner, $"{Insert} ARRAY[gen_random_uuid()]");

        await DatabaseSetup.MigrateAsync(database.Owner, Ct);

        Assert.Equal(24_001L, await ExecuteAsync(owner, "SELECT count(*) FROM audit_subjects"));
        Assert.Equal(0L, await ExecuteAsync(owner, """
            SELECT count(*) FROM (SELECT clinic_id, unnest(patient_ids), recorded_at, id FROM audit_entries EXCEPT SELECT clinic_id, patient_id, recorded_at, entry_id FROM audit_subjects) AS missing
            """));
    }

    private static List<string> Breaks(IReadOnlyList<MigrationOperation> operations)
    {
        var made = operations.OfType<CreateTableOperation>().Select(o => o.Name).ToHashSet();
        return
        [
            .. operations.Where(o => o switch
            {
                ITableMigrationOperation { Table: var table } when made.Contains(table) => false,
                CreateTableOperation or SqlOperation or EnsureSchemaOperation or CreateSequenceOperation or DropIndexOperation => false, // SQL is read by whoever reviews it
                AddColumnOperation add => !add.IsNullable && add.DefaultValue is null && add.DefaultValueSql is null,
                CreateIndexOperation index => index["Npgsql:CreatedConcurrently"] is not true,
                _ => true,
            }).Select(o => $"{o.GetType().Name} {(o as ITableMigrationOperation)?.Table}"),
        ];
    }

    private static LdnDbContext Context(string owner)
    {
        var options = new DbContextOptionsBuilder<LdnDbContext>();
        LdnDbContext.Configure(options, owner);
        return new LdnDbContext(options.Options).For(Caller.Nobody, TimeProvider.System);
    }

    private static async Task<NpgsqlConnection> OpenAsync(string owner)
    {
        var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync(Ct);
        return connection;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
