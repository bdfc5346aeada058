using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class AuditSubjects : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_subjects",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    entry_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_subjects", x => new { x.clinic_id, x.patient_id, x.recorded_at, x.entry_id });
                });

            migrationBuilder.WallOff("audit_subjects", grants: "SELECT");

            // Filled with the entry, by whichever build writes it; the app role itself can write no row of it.
            migrationBuilder.Sql("""
                CREATE FUNCTION find_audit_entries_by_subject() RETURNS trigger
                    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                    BEGIN
                        INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                        SELECT clinic_id, patient_id, recorded_at, id FROM added, unnest(patient_ids) AS patient_id
                        ON CONFLICT DO NOTHING;
                        RETURN NULL;
                    END
                    $$;

                REVOKE ALL ON FUNCTION find_audit_entries_by_subject() FROM PUBLIC;
                CREATE TRIGGER subjects AFTER INSERT ON audit_entries REFERENCING NEW TABLE AS added
                    FOR EACH STATEMENT EXECUTE FUNCTION find_audit_entries_by_subject();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER subjects ON audit_entries; DROP FUNCTION find_audit_entries_by_subject()");

            migrationBuilder.DropTable(
                name: "audit_subjects");
        }
    }
}
