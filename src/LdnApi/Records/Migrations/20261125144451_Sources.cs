using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class Sources : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "procedures",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_system",
                table: "procedures",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "observations",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_system",
                table: "observations",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "medications",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "source_system",
                table: "medications",
                type: "character varying(200)",
                maxLength: 200,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "one_procedure_per_source_id",
                table: "procedures",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "one_observation_per_source_id",
                table: "observations",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "one_medication_per_source_id",
                table: "medications",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "one_procedure_per_source_id",
                table: "procedures");

            migrationBuilder.DropIndex(
                name: "one_observation_per_source_id",
                table: "observations");

            migrationBuilder.DropIndex(
                name: "one_medication_per_source_id",
                table: "medications");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "procedures");

            migrationBuilder.DropColumn(
                name: "source_system",
                table: "procedures");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "observations");

            migrationBuilder.DropColumn(
                name: "source_system",
                table: "observations");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "medications");

            migrationBuilder.DropColumn(
                name: "source_system",
                table: "medications");
        }
    }
}
