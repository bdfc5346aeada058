using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class EvaluationsAndRuleSettings : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateSequence(
                name: "ordinals");

            migrationBuilder.AddColumn<long>(
                name: "ordinal",
                table: "record_versions",
                type: "bigint",
                nullable: false,
                defaultValueSql: "nextval('ordinals')");

            migrationBuilder.AddColumn<Guid>(
                name: "evaluation_id",
                table: "follow_ups",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ordinal",
                table: "follow_ups",
                type: "bigint",
                nullable: false,
                defaultValueSql: "nextval('ordinals')");

            migrationBuilder.AddColumn<long>(
                name: "settings_version",
                table: "follow_ups",
                type: "bigint",
                nullable: false,
                defaultValue: 1L);

            migrationBuilder.AddColumn<Guid>(
                name: "evaluation_id",
                table: "follow_up_events",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ordinal",
                table: "follow_up_events",
                type: "bigint",
                nullable: false,
                defaultValueSql: "nextval('ordinals')");

            migrationBuilder.CreateTable(
                name: "evaluations",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ordinal = table.Column<long>(type: "bigint", nullable: false, defaultValueSql: "nextval('ordinals')"),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    as_of = table.Column<DateOnly>(type: "date", nullable: false),
                    last_completed_day = table.Column<DateOnly>(type: "date", nullable: false),
                    settings_version = table.Column<long>(type: "bigint", nullable: false),
                    rule_set_version = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_evaluations", x => new { x.clinic_id, x.id });
                    table.ForeignKey(
                        name: "fk_evaluations_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "rule_settings",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    settings = table.Column<string>(type: "jsonb", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    recorded_by = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    restored_from = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rule_settings", x => new { x.clinic_id, x.version });
                });

            migrationBuilder.CreateIndex(
                name: "ix_record_versions_clinic_id_patient_id_ordinal",
                table: "record_versions",
                columns: new[] { "clinic_id", "patient_id", "ordinal" });

            migrationBuilder.CreateIndex(
                name: "ix_follow_ups_clinic_id_evaluation_id",
                table: "follow_ups",
                columns: new[] { "clinic_id", "evaluation_id" });

            migrationBuilder.CreateIndex(
                name: "ix_follow_up_events_clinic_id_evaluation_id",
                table: "follow_up_events",
                columns: new[] { "clinic_id", "evaluation_id" });

            migrationBuilder.CreateIndex(
                name: "ix_evaluations_clinic_id_at",
                table: "evaluations",
                columns: new[] { "clinic_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_evaluations_clinic_id_patient_id_ordinal",
                table: "evaluations",
                columns: new[] { "clinic_id", "patient_id", "ordinal" });

            migrationBuilder.AddForeignKey(
                name: "fk_follow_up_events_evaluations_clinic_id_evaluation_id",
                table: "follow_up_events",
                columns: new[] { "clinic_id", "evaluation_id" },
                principalTable: "evaluations",
                principalColumns: new[] { "clinic_id", "id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_follow_ups_evaluations_clinic_id_evaluation_id",
                table: "follow_ups",
                columns: new[] { "clinic_id", "evaluation_id" },
                principalTable: "evaluations",
                principalColumns: new[] { "clinic_id", "id" },
                onDelete: ReferentialAction.Restrict);

            // What was there before gets its numbers in the order in which it came.
            foreach (var (table, key, order) in new[]
            {
                ("record_versions", "clinic_id, record_id, version", "recorded_at, version"),
                ("follow_ups", "clinic_id, id", "id"),
                ("follow_up_events", "clinic_id, id", "recorded_at, id"),
            })
            {
                migrationBuilder.Sql($"""
                    UPDATE {table} SET ordinal = numbered.ordinal
                    FROM (SELECT {key}, nextval('ordinals') AS ordinal FROM (SELECT {key} FROM {table} ORDER BY {order}) AS ordered) AS numbered
                    WHERE ({string.Join(", ", key.Split(", ").Select(c => $"{table}.{c}"))}) = ({string.Join(", ", key.Split(", ").Select(c => $"numbered.{c}"))});
                    """);
            }

            migrationBuilder.Sql("GRANT USAGE ON SEQUENCE ordinals TO ldn_app");
            migrationBuilder.WallOff("evaluations", "SELECT, INSERT");
            migrationBuilder.WallOff("rule_settings", "SELECT, INSERT");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_follow_up_events_evaluations_clinic_id_evaluation_id",
                table: "follow_up_events");

            migrationBuilder.DropForeignKey(
                name: "fk_follow_ups_evaluations_clinic_id_evaluation_id",
                table: "follow_ups");

            migrationBuilder.DropTable(
                name: "evaluations");

            migrationBuilder.DropTable(
                name: "rule_settings");

            migrationBuilder.DropIndex(
                name: "ix_record_versions_clinic_id_patient_id_ordinal",
                table: "record_versions");

            migrationBuilder.DropIndex(
                name: "ix_follow_ups_clinic_id_evaluation_id",
                table: "follow_ups");

            migrationBuilder.DropIndex(
                name: "ix_follow_up_events_clinic_id_evaluation_id",
                table: "follow_up_events");

            migrationBuilder.DropColumn(
                name: "ordinal",
                table: "record_versions");

            migrationBuilder.DropColumn(
                name: "evaluation_id",
                table: "follow_ups");

            migrationBuilder.DropColumn(
                name: "ordinal",
                table: "follow_ups");

            migrationBuilder.DropColumn(
                name: "settings_version",
                table: "follow_ups");

            migrationBuilder.DropColumn(
                name: "evaluation_id",
                table: "follow_up_events");

            migrationBuilder.DropColumn(
                name: "ordinal",
                table: "follow_up_events");

            migrationBuilder.DropSequence(
                name: "ordinals");
        }
    }
}
