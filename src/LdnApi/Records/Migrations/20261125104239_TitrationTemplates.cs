using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class TitrationTemplates : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "changes",
                table: "titration_schedules",
                type: "jsonb",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.AddColumn<Guid>(
                name: "template_id",
                table: "titration_schedules",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "template_version",
                table: "titration_schedules",
                type: "bigint",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "titration_templates",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    source = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    steps = table.Column<string>(type: "jsonb", nullable: false),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    changed_by = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    earlier = table.Column<string>(type: "jsonb", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_titration_templates", x => new { x.clinic_id, x.id });
                });

            migrationBuilder.CreateIndex(
                name: "ix_titration_schedules_clinic_id_template_id",
                table: "titration_schedules",
                columns: new[] { "clinic_id", "template_id" });

            migrationBuilder.CreateIndex(
                name: "one_active_template_per_name",
                table: "titration_templates",
                columns: new[] { "clinic_id", "name" },
                unique: true,
                filter: "status = 'Active'");

            migrationBuilder.AddForeignKey(
                name: "fk_titration_schedules_titration_templates_clinic_id_template_",
                table: "titration_schedules",
                columns: new[] { "clinic_id", "template_id" },
                principalTable: "titration_templates",
                principalColumns: new[] { "clinic_id", "id" },
                onDelete: ReferentialAction.Restrict);
            migrationBuilder.WallOff("titration_templates");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_titration_schedules_titration_templates_clinic_id_template_",
                table: "titration_schedules");

            migrationBuilder.DropTable(
                name: "titration_templates");

            migrationBuilder.DropIndex(
                name: "ix_titration_schedules_clinic_id_template_id",
                table: "titration_schedules");

            migrationBuilder.DropColumn(
                name: "changes",
                table: "titration_schedules");

            migrationBuilder.DropColumn(
                name: "template_id",
                table: "titration_schedules");

            migrationBuilder.DropColumn(
                name: "template_version",
                table: "titration_schedules");
        }
    }
}
