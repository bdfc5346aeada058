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
            // Without a lock that writes would wait for, hence outside a transaction; what a broken run left behind goes first.
            Remake("ix_patients_clinic_id_birth_date_id", "clinic_id, birth_date, id");
            Remake("ix_patients_clinic_id_family_name", "clinic_id, family_name COLLATE \"C\"");

            void Remake(string name, string columns)
            {
                migrationBuilder.Sql($"DROP INDEX CONCURRENTLY IF EXISTS {name}", suppressTransaction: true);
                migrationBuilder.Sql($"CREATE INDEX CONCURRENTLY {name} ON patients ({columns})", suppressTransaction: true);
            }
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
