using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class PurgeOfStoredResponses : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Across clinics, and the app may not delete: only what has been kept its time, and some at a time.
            migrationBuilder.Sql("""
                CREATE FUNCTION purge_stored_responses(expired timestamptz, at_most integer) RETURNS integer
                    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                        WITH due AS (SELECT clinic_id, subject, key FROM stored_responses WHERE created_at < expired ORDER BY created_at LIMIT at_most FOR UPDATE SKIP LOCKED),
                             gone AS (DELETE FROM stored_responses r USING due d
                                      WHERE r.clinic_id = d.clinic_id AND r.subject = d.subject AND r.key = d.key RETURNING 1)
                        SELECT count(*)::integer FROM gone
                    $$;
                REVOKE ALL ON FUNCTION purge_stored_responses(timestamptz, integer) FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION purge_stored_responses(timestamptz, integer) TO ldn_app;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("DROP FUNCTION purge_stored_responses(timestamptz, integer)");
    }
}
