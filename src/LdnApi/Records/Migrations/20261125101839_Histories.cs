using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class Histories : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<string>(
                name: "reason",
                table: "record_versions",
                type: "character varying(2100)",
                maxLength: 2100,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(500)",
                oldMaxLength: 500,
                oldNullable: true);

            migrationBuilder.AddColumn<string>(
                name: "identifiers",
                table: "patients",
                type: "jsonb",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.AlterColumn<string>(
                name: "reason",
                table: "follow_up_events",
                type: "character varying(2100)",
                maxLength: 2100,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(2000)",
                oldMaxLength: 2000,
                oldNullable: true);

            migrationBuilder.Sql("""
                UPDATE patients p SET identifiers = i.identifiers
                FROM (SELECT clinic_id, patient_id, jsonb_agg(jsonb_build_object('system', system, 'value', value) ORDER BY system, value) AS identifiers
                      FROM patient_identifiers GROUP BY clinic_id, patient_id) i
                WHERE i.clinic_id = p.clinic_id AND i.patient_id = p.id;
                GRANT DELETE ON patient_identifiers TO ldn_app; -- an index: what was is in the patient's history
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("REVOKE DELETE ON patient_identifiers FROM ldn_app");
            migrationBuilder.DropColumn(
                name: "identifiers",
                table: "patients");

            migrationBuilder.AlterColumn<string>(
                name: "reason",
                table: "record_versions",
                type: "character varying(500)",
                maxLength: 500,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(2100)",
                oldMaxLength: 2100,
                oldNullable: true);

            migrationBuilder.AlterColumn<string>(
                name: "reason",
                table: "follow_up_events",
                type: "character varying(2000)",
                maxLength: 2000,
                nullable: true,
                oldClrType: typeof(string),
                oldType: "character varying(2100)",
                oldMaxLength: 2100,
                oldNullable: true);
        }
    }
}
