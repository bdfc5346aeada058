using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class PurgeWithinBounds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // It works across clinics: whoever calls it, an answer is kept its time.
            migrationBuilder.Sql("""
                CREATE OR REPLACE FUNCTION purge_stored_responses(expired timestamptz, at_most integer) RETURNS integer
                    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                        WITH due AS (SELECT clinic_id, subject, key FROM stored_responses WHERE created_at < least(expired, now() - interval '24 hours') ORDER BY created_at LIMIT at_most FOR UPDATE SKIP LOCKED),
                             gone AS (DELETE FROM stored_responses r USING due d
                                      WHERE r.clinic_id = d.clinic_id AND r.subject = d.subject AND r.key = d.key RETURNING 1)
                        SELECT count(*)::integer FROM gone
                    $$
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                CREATE OR REPLACE FUNCTION purge_stored_responses(expired timestamptz, at_most integer) RETURNS integer
                    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                        WITH due AS (SELECT clinic_id, subject, key FROM stored_responses WHERE created_at < expired ORDER BY created_at LIMIT at_most FOR UPDATE SKIP LOCKED),
                             gone AS (DELETE FROM stored_responses r USING due d
                                      WHERE r.clinic_id = d.clinic_id AND r.subject = d.subject AND r.key = d.key RETURNING 1)
                        SELECT count(*)::integer FROM gone
                    $$
                """);
        }
    }
}
