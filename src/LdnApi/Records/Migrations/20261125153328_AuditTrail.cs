using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class AuditTrail : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_entries",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    subject = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    client = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    operation = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    method = table.Column<string>(type: "character varying(10)", maxLength: 10, nullable: true),
                    patient_ids = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    purpose_of_use = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: true),
                    request_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    status = table.Column<int>(type: "integer", nullable: true),
                    number = table.Column<long>(type: "bigint", nullable: true),
                    hash = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_entries", x => new { x.clinic_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "audit_heads",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_heads", x => x.clinic_id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_clinic_id_number",
                table: "audit_entries",
                columns: new[] { "clinic_id", "number" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_clinic_id_recorded_at_id",
                table: "audit_entries",
                columns: new[] { "clinic_id", "recorded_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_patient_ids",
                table: "audit_entries",
                column: "patient_ids")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.CreateIndex(
                name: "unlinked_audit_entries",
                table: "audit_entries",
                column: "clinic_id",
                filter: "number IS NULL");

            migrationBuilder.WallOff("audit_heads", grants: "SELECT");
            migrationBuilder.WallOff("audit_entries", grants: """
                SELECT, INSERT (clinic_id, id, recorded_at, subject, client, operation, method, patient_ids, purpose_of_use, request_id, status)
                """);
            migrationBuilder.Sql("""
                CREATE FUNCTION clinics_with_unlinked_audit_entries() RETURNS SETOF uuid
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT DISTINCT clinic_id FROM audit_entries WHERE number IS NULL $$;

                -- The caller's clinic, what is not linked yet, and only behind the head that the caller saw: of two who try, one moves it, the other does nothing.
                CREATE FUNCTION link_audit_entries(after bigint, ids uuid[], hashes bytea[]) RETURNS integer
                    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                        WITH moved AS (
                                 INSERT INTO audit_heads AS h (clinic_id, number, hash)
                                 VALUES (nullif(current_setting('ldn.clinic_id', true), '')::uuid, after + cardinality(ids), hashes[cardinality(ids)])
                                 ON CONFLICT (clinic_id) DO UPDATE SET number = EXCLUDED.number, hash = EXCLUDED.hash WHERE h.number = after
                                 RETURNING h.clinic_id),
                             linked AS (
                                 UPDATE audit_entries e SET number = after + l.place, hash = l.hash
                                 FROM moved, unnest(ids, hashes) WITH ORDINALITY AS l(id, hash, place)
                                 WHERE e.clinic_id = moved.clinic_id AND e.id = l.id AND e.number IS NULL
                                 RETURNING 1)
                        SELECT count(*)::integer FROM linked
                    $$;

                REVOKE ALL ON FUNCTION clinics_with_unlinked_audit_entries(), link_audit_entries(bigint, uuid[], bytea[]) FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION clinics_with_unlinked_audit_entries(), link_audit_entries(bigint, uuid[], bytea[]) TO ldn_app;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP FUNCTION clinics_with_unlinked_audit_entries(), link_audit_entries(bigint, uuid[], bytea[])");

            migrationBuilder.DropTable(
                name: "audit_entries");

            migrationBuilder.DropTable(
                name: "audit_heads");
        }
    }
}
