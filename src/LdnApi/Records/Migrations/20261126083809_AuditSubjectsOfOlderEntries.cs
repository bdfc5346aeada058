using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class AuditSubjectsOfOlderEntries : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // A few thousand at a time, each committed, beside requests that write on; a run that was broken off can be run again.
            migrationBuilder.Sql("""
                DO $$
                DECLARE
                    last_clinic uuid := '00000000-0000-0000-0000-000000000000';
                    last_id uuid := '00000000-0000-0000-0000-000000000000';
                BEGIN
                    LOOP
                        WITH page AS (
                                 SELECT clinic_id, id, recorded_at, patient_ids FROM audit_entries WHERE (clinic_id, id) > (last_clinic, last_id) ORDER BY clinic_id, id LIMIT 5000),
                             filled AS (
                                 INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                                 SELECT clinic_id, patient_id, recorded_at, id FROM page, unnest(patient_ids) AS patient_id
                                 ON CONFLICT DO NOTHING)
                        SELECT clinic_id, id INTO last_clinic, last_id FROM page ORDER BY clinic_id DESC, id DESC LIMIT 1;
                        EXIT WHEN NOT FOUND;
                        COMMIT;
                    END LOOP;
                END
                $$
                """, suppressTransaction: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
        }
    }
}
