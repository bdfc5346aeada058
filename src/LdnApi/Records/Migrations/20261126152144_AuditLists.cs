using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class AuditLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_list_entries",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    list_id = table.Column<Guid>(type: "uuid", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    entry_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_list_entries", x => new { x.clinic_id, x.list_id, x.recorded_at, x.entry_id });
                });

            migrationBuilder.CreateTable(
                name: "audit_lists",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    list_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_lists", x => new { x.clinic_id, x.patient_id, x.list_id });
                });

            migrationBuilder.WallOff("audit_list_entries", grants: "SELECT");
            migrationBuilder.WallOff("audit_lists", grants: "SELECT");

            // A list is known when its first patient is known to be on it: its rows are written together. In one order, so that two who write the same lists do not wait in a circle.
            // Where an entry is found is written once, with it, so nothing looks for a conflict: that would take two fifths of the time.
            migrationBuilder.Sql(Finding("""
                INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                SELECT clinic_id, patient_ids[1], recorded_at, id FROM added WHERE cardinality(patient_ids) = 1;

                IF EXISTS (SELECT FROM added WHERE cardinality(patient_ids) > 1) THEN
                    WITH named AS (
                             SELECT clinic_id, id, recorded_at, patient_ids, substr(encode(sha256(convert_to(patient_ids::text, 'UTF8')), 'hex'), 1, 32)::uuid AS list_id
                             FROM added WHERE cardinality(patient_ids) > 1),
                         placed AS (
                             INSERT INTO audit_list_entries (clinic_id, list_id, recorded_at, entry_id) SELECT clinic_id, list_id, recorded_at, id FROM named),
                         unknown AS (
                             SELECT DISTINCT ON (clinic_id, list_id) clinic_id, list_id, patient_ids FROM named n
                             WHERE NOT EXISTS (SELECT FROM audit_lists l WHERE l.clinic_id = n.clinic_id AND l.patient_id = n.patient_ids[1] AND l.list_id = n.list_id))
                    INSERT INTO audit_lists (clinic_id, patient_id, list_id)
                    SELECT clinic_id, patient_id, list_id FROM unknown, unnest(patient_ids) AS patient_id ORDER BY clinic_id, list_id, patient_id
                    ON CONFLICT DO NOTHING;
                END IF;
                """));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                SELECT clinic_id, patient_id, recorded_at, entry_id FROM audit_lists JOIN audit_list_entries USING (clinic_id, list_id) ON CONFLICT DO NOTHING;
                """);
            migrationBuilder.Sql(Finding("""
                INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                SELECT clinic_id, patient_id, recorded_at, id FROM added, unnest(patient_ids) AS patient_id
                ON CONFLICT DO NOTHING;
                """));

            migrationBuilder.DropTable(
                name: "audit_list_entries");

            migrationBuilder.DropTable(
                name: "audit_lists");
        }

        private static string Finding(string places) => $"""
            CREATE OR REPLACE FUNCTION find_audit_entries_by_subject() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
                AS $$
                BEGIN
                    {places}
                    RETURN NULL;
                END
                $$
            """;
    }
}
