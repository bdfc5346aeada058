using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class Causality : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "causality",
                table: "adverse_events",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "days_since_increase",
                table: "adverse_events",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<DateOnly>(
                name: "received_on",
                table: "adverse_events",
                type: "date",
                nullable: true);

            migrationBuilder.Sql("""
                UPDATE adverse_events e SET received_on = (e.recorded_at AT TIME ZONE p.time_zone)::date
                FROM patients p WHERE p.clinic_id = e.clinic_id AND p.id = e.patient_id;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "causality",
                table: "adverse_events");

            migrationBuilder.DropColumn(
                name: "days_since_increase",
                table: "adverse_events");

            migrationBuilder.DropColumn(
                name: "received_on",
                table: "adverse_events");
        }
    }
}
