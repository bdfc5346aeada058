using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class PatientSearch : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_patients_clinic_id_family_name",
                table: "patients");

            migrationBuilder.CreateIndex(
                name: "ix_patients_clinic_id_birth_date_id",
                table: "patients",
                columns: new[] { "clinic_id", "birth_date", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_clinic_id_family_name",
                table: "patients",
                columns: new[] { "clinic_id", "family_name" })
                .Annotation("Relational:Collation", new[] { null, "C" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_patients_clinic_id_birth_date_id",
                table: "patients");

            migrationBuilder.DropIndex(
                name: "ix_patients_clinic_id_family_name",
                table: "patients");

            migrationBuilder.CreateIndex(
                name: "ix_patients_clinic_id_family_name",
                table: "patients",
                columns: new[] { "clinic_id", "family_name" });
        }
    }
}
