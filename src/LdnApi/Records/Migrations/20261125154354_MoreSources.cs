using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class MoreSources : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "prescriptions",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_system",
                table: "prescriptions",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "assessments",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_system",
                table: "assessments",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "adverse_events",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_system",
                table: "adverse_events",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "one_prescription_per_source_id",
                table: "prescriptions",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "one_assessment_per_source_id",
                table: "assessments",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "one_adverse_event_per_source_id",
                table: "adverse_events",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "one_prescription_per_source_id",
                table: "prescriptions");

            migrationBuilder.DropIndex(
                name: "one_assessment_per_source_id",
                table: "assessments");

            migrationBuilder.DropIndex(
                name: "one_adverse_event_per_source_id",
                table: "adverse_events");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "prescriptions");

            migrationBuilder.DropColumn(
                name: "source_system",
                table: "prescriptions");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "assessments");

            migrationBuilder.DropColumn(
                name: "source_system",
                table: "assessments");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "adverse_events");

            migrationBuilder.DropColumn(
                name: "source_system",
                table: "adverse_events");
        }
    }
}
