using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class AuditListsWithoutWaiting : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // A list is known when its first patient is known to be on it: its rows are written together. Nobody waits for another who writes the same list for the first time:
            // an entry that comes meanwhile has a row for each patient, as it would have without lists.
            // Where an entry is found is written once, with it, so nothing looks for a conflict: that would take two fifths of the time.
            migrationBuilder.Sql(Finding("""
                WITH named AS MATERIALIZED (
                         SELECT clinic_id, id, recorded_at, patient_ids, substr(encode(sha256(convert_to(patient_ids::text, 'UTF8')), 'hex'), 1, 32)::uuid AS list_id
                         FROM added WHERE cardinality(patient_ids) > 1),
                     unknown AS MATERIALIZED (
                         SELECT u.*, pg_try_advisory_xact_lock(hashtextextended(clinic_id::text || list_id, 0)) AS is_ours FROM (
                             SELECT DISTINCT ON (clinic_id, list_id) clinic_id, list_id, patient_ids FROM named n
                             WHERE NOT EXISTS (SELECT FROM audit_lists l WHERE l.clinic_id = n.clinic_id AND l.patient_id = n.patient_ids[1] AND l.list_id = n.list_id)) AS u),
                     listed AS (
                         INSERT INTO audit_lists (clinic_id, patient_id, list_id)
                         SELECT clinic_id, patient_id, list_id FROM unknown, unnest(patient_ids) AS patient_id WHERE is_ours
                         ON CONFLICT DO NOTHING),
                     apart AS (
                         INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                         SELECT n.clinic_id, patient_id, n.recorded_at, n.id FROM named n JOIN unknown u USING (clinic_id, list_id), unnest(n.patient_ids) AS patient_id WHERE NOT u.is_ours)
                INSERT INTO audit_list_entries (clinic_id, list_id, recorded_at, entry_id)
                SELECT clinic_id, list_id, recorded_at, id FROM named n WHERE NOT EXISTS (SELECT FROM unknown u WHERE u.clinic_id = n.clinic_id AND u.list_id = n.list_id AND NOT u.is_ours);
                """));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(Finding("""
                WITH named AS (
                         SELECT clinic_id, id, recorded_at, patient_ids, substr(encode(sha256(convert_to(patient_ids::text, 'UTF8')), 'hex'), 1, 32)::uuid AS list_id
                         FROM added WHERE cardinality(patient_ids) > 1),
                     placed AS (
                         INSERT INTO audit_list_entries (clinic_id, list_id, recorded_at, entry_id) SELECT clinic_id, list_id, recorded_at, id FROM named),
                     unknown AS (
                         SELECT DISTINCT ON (clinic_id, list_id) clinic_id, list_id, patient_ids FROM named n
                         WHERE NOT EXISTS (SELECT FROM audit_lists l WHERE l.clinic_id = n.clinic_id AND l.patient_id = n.patient_ids[1] AND l.list_id = n.list_id))
                INSERT INTO audit_lists (clinic_id, patient_id, list_id)
                SELECT clinic_id, patient_id, list_id FROM unknown, unnest(patient_ids) AS patient_id ORDER BY clinic_id, list_id, patient_id
                ON CONFLICT DO NOTHING;
                """));
        }

        private static string Finding(string lists) => $"""
            CREATE OR REPLACE FUNCTION find_audit_entries_by_subject() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
                AS $$
                BEGIN
                    INSERT INTO audit_subjects (clinic_id, patient_id, recorded_at, entry_id)
                    SELECT clinic_id, patient_ids[1], recorded_at, id FROM added WHERE cardinality(patient_ids) = 1;

                    IF EXISTS (SELECT FROM added WHERE cardinality(patient_ids) > 1) THEN
                        {lists}
                    END IF;
                    RETURN NULL;
                END
                $$
            """;
    }
}
