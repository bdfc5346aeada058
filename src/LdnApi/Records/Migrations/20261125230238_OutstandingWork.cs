using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class OutstandingWork : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Asked across clinics for the metrics: answered with counts and a moment and nothing else.
            migrationBuilder.Sql("""
                CREATE OR REPLACE FUNCTION follow_ups_outstanding(as_of timestamptz) RETURNS TABLE (priority text, open bigint, overdue bigint)
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT f.priority, count(*), count(*) FILTER (WHERE f.due_at < as_of) FROM follow_ups f WHERE f.status <> 'Closed' GROUP BY f.priority $$;

                CREATE OR REPLACE FUNCTION oldest_unlinked_audit_entry() RETURNS timestamptz
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT min(recorded_at) FROM audit_entries WHERE number IS NULL $$;

                REVOKE ALL ON FUNCTION follow_ups_outstanding(timestamptz), oldest_unlinked_audit_entry() FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION follow_ups_outstanding(timestamptz), oldest_unlinked_audit_entry() TO ldn_app;
                """);

            // Without a lock that writes would wait for, hence outside a transaction; what a broken run left behind goes first.
            migrationBuilder.Sql("DROP INDEX CONCURRENTLY IF EXISTS open_follow_ups", suppressTransaction: true);
            migrationBuilder.Sql("CREATE INDEX CONCURRENTLY open_follow_ups ON follow_ups (priority, due_at) WHERE status <> 'Closed'", suppressTransaction: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP INDEX open_follow_ups");
            migrationBuilder.Sql("DROP FUNCTION follow_ups_outstanding(timestamptz), oldest_unlinked_audit_entry()");
        }
    }
}
