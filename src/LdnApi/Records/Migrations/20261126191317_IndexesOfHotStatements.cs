using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class IndexesOfHotStatements : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Without locks that writes would wait for, hence outside a transaction; what a broken run left behind goes first.
            Make(migrationBuilder, "follow_up_queue", "follow_ups (clinic_id, due_at, id) WHERE status <> 'Closed'");
            Make(migrationBuilder, "audit_entries_to_link", "audit_entries (clinic_id, recorded_at, id) WHERE number IS NULL");
            Drop(migrationBuilder, "unlinked_audit_entries");
            Drop(migrationBuilder, "ix_record_versions_clinic_id_patient_id_recorded_at"); // beside the index of ordinals it was taken for another's work
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            Make(migrationBuilder, "ix_record_versions_clinic_id_patient_id_recorded_at", "record_versions (clinic_id, patient_id, recorded_at)");
            Make(migrationBuilder, "unlinked_audit_entries", "audit_entries (clinic_id) WHERE number IS NULL");
            Drop(migrationBuilder, "audit_entries_to_link");
            Drop(migrationBuilder, "follow_up_queue");
        }

        private static void Make(MigrationBuilder migrationBuilder, string name, string of)
        {
            Drop(migrationBuilder, name);
            migrationBuilder.Sql($"CREATE INDEX CONCURRENTLY {name} ON {of}", suppressTransaction: true);
        }

        private static void Drop(MigrationBuilder migrationBuilder, string name) => migrationBuilder.Sql($"DROP INDEX CONCURRENTLY IF EXISTS {name}", suppressTransaction: true);
    }
}
