using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class RuleReplays : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "one_open_follow_up_per_family",
                table: "follow_ups");

            migrationBuilder.CreateTable(
                name: "rule_replays",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    settings = table.Column<string>(type: "jsonb", nullable: true),
                    from = table.Column<DateOnly>(type: "date", nullable: true),
                    to = table.Column<DateOnly>(type: "date", nullable: true),
                    known_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    requested_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    requested_by = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    rule_set_version = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    patients_total = table.Column<int>(type: "integer", nullable: false),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    last_patient = table.Column<Guid>(type: "uuid", nullable: true),
                    tally = table.Column<string>(type: "jsonb", nullable: false),
                    hash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    worker = table.Column<Guid>(type: "uuid", nullable: true),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rule_replays", x => new { x.clinic_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "rule_replay_findings",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    replay_id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    body = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rule_replay_findings", x => new { x.clinic_id, x.replay_id, x.patient_id, x.number });
                    table.ForeignKey(
                        name: "fk_rule_replay_findings_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_rule_replay_findings_rule_replays_clinic_id_replay_id",
                        columns: x => new { x.clinic_id, x.replay_id },
                        principalTable: "rule_replays",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_follow_ups_clinic_id_patient_id",
                table: "follow_ups",
                columns: new[] { "clinic_id", "patient_id" });

            migrationBuilder.CreateIndex(
                name: "ix_rule_replay_findings_clinic_id_patient_id",
                table: "rule_replay_findings",
                columns: new[] { "clinic_id", "patient_id" });

            migrationBuilder.CreateIndex(
                name: "one_replay_at_a_time",
                table: "rule_replays",
                column: "clinic_id",
                unique: true,
                filter: "status IN ('Queued', 'Running')");

            // Held at the end of the transaction: a spell wholly in the past is logged as opened and as closed while another may be open.
            migrationBuilder.Sql("""
                ALTER TABLE follow_ups ADD CONSTRAINT one_open_follow_up_per_family
                    EXCLUDE USING btree (clinic_id WITH =, patient_id WITH =, family WITH =) WHERE (status <> 'Closed') DEFERRABLE INITIALLY DEFERRED;
                """);

            migrationBuilder.WallOff("rule_replays", "SELECT, INSERT, UPDATE");
            migrationBuilder.WallOff("rule_replay_findings", "SELECT, INSERT");

            // Asked across clinics: which replays nobody works on. Answered with ids and nothing else.
            migrationBuilder.Sql("""
                CREATE FUNCTION rule_replays_waiting(as_of timestamptz)
                    RETURNS TABLE (clinic_id uuid, replay_id uuid)
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT r.clinic_id, r.id FROM rule_replays r
                          WHERE r.status = 'Queued' OR (r.status = 'Running' AND r.lease_until <= as_of) ORDER BY r.requested_at $$;
                REVOKE ALL ON FUNCTION rule_replays_waiting(timestamptz) FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION rule_replays_waiting(timestamptz) TO ldn_app;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP FUNCTION rule_replays_waiting(timestamptz)");
            migrationBuilder.Sql("ALTER TABLE follow_ups DROP CONSTRAINT one_open_follow_up_per_family");
            migrationBuilder.DropTable(
                name: "rule_replay_findings");

            migrationBuilder.DropTable(
                name: "rule_replays");

            migrationBuilder.DropIndex(
                name: "ix_follow_ups_clinic_id_patient_id",
                table: "follow_ups");

            migrationBuilder.CreateIndex(
                name: "one_open_follow_up_per_family",
                table: "follow_ups",
                columns: new[] { "clinic_id", "patient_id", "family" },
                unique: true,
                filter: "status <> 'Closed'");
        }
    }
}
