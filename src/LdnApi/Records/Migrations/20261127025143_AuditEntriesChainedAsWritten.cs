using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class AuditEntriesChainedAsWritten : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                -- The caller's clinic. Entries that have no transaction of their own are linked as they are written, if the head is where the writer believes it to be and nobody
                -- else has it in hand; if not, they wait to be linked, as those of changes do. Answers with the head as it then is.
                CREATE FUNCTION append_audit_entries(
                        after bigint, previous bytea, hashes bytea[], ids uuid[], recorded timestamptz[], subjects text[], clients text[], operations text[], methods text[],
                        patients text[], purposes text[], requests text[], statuses integer[])
                    RETURNS TABLE (head_number bigint, head_hash bytea)
                    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                    DECLARE
                        clinic CONSTANT uuid := nullif(current_setting('ldn.clinic_id', true), '')::uuid;
                        is_linked boolean;
                        written integer;
                    BEGIN
                        SELECT h.number, h.hash INTO head_number, head_hash FROM audit_heads h WHERE h.clinic_id = clinic FOR UPDATE SKIP LOCKED;
                        is_linked := FOUND AND head_number = after AND head_hash = previous;
                        IF is_linked THEN
                            head_number := after + cardinality(ids);
                            head_hash := hashes[cardinality(ids)];
                            UPDATE audit_heads h SET number = head_number, hash = head_hash WHERE h.clinic_id = clinic;
                        END IF;

                        INSERT INTO audit_entries (clinic_id, id, recorded_at, subject, client, operation, method, patient_ids, purpose_of_use, request_id, status, number, hash)
                        SELECT clinic, e.id, e.recorded_at, e.subject, e.client, e.operation, e.method, e.patient_ids::uuid[], e.purpose_of_use, e.request_id, e.status,
                               CASE WHEN is_linked THEN after + e.place END, CASE WHEN is_linked THEN e.hash END
                        FROM unnest(ids, recorded, subjects, clients, operations, methods, patients, purposes, requests, statuses, hashes) WITH ORDINALITY
                            AS e (id, recorded_at, subject, client, operation, method, patient_ids, purpose_of_use, request_id, status, hash, place)
                        ON CONFLICT DO NOTHING;
                        GET DIAGNOSTICS written = ROW_COUNT;
                        IF is_linked AND written <> cardinality(ids) THEN
                            RAISE EXCEPTION 'an entry was there already: its place in the chain would stay empty';
                        END IF;

                        RETURN NEXT;
                    END
                    $$;

                -- For who links what waits: until the transaction ends nobody moves the head.
                CREATE FUNCTION lock_audit_head() RETURNS TABLE (number bigint, hash bytea)
                    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT h.number, h.hash FROM audit_heads h WHERE h.clinic_id = nullif(current_setting('ldn.clinic_id', true), '')::uuid FOR UPDATE $$;

                REVOKE ALL ON FUNCTION
                    append_audit_entries(bigint, bytea, bytea[], uuid[], timestamptz[], text[], text[], text[], text[], text[], text[], text[], integer[]), lock_audit_head() FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION
                    append_audit_entries(bigint, bytea, bytea[], uuid[], timestamptz[], text[], text[], text[], text[], text[], text[], text[], integer[]), lock_audit_head() TO ldn_app;

                -- From one clinic to the next, not from one entry to the next.
                CREATE OR REPLACE FUNCTION clinics_with_unlinked_audit_entries() RETURNS SETOF uuid
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                        WITH RECURSIVE clinics AS (
                            (SELECT clinic_id FROM audit_entries WHERE number IS NULL ORDER BY clinic_id LIMIT 1)
                            UNION ALL
                            SELECT (SELECT e.clinic_id FROM audit_entries e WHERE e.number IS NULL AND e.clinic_id > c.clinic_id ORDER BY e.clinic_id LIMIT 1)
                            FROM clinics c WHERE c.clinic_id IS NOT NULL)
                        SELECT clinic_id FROM clinics WHERE clinic_id IS NOT NULL
                    $$;

                CREATE OR REPLACE FUNCTION oldest_unlinked_audit_entry() RETURNS timestamptz
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$
                        SELECT min(oldest.recorded_at)
                        FROM clinics_with_unlinked_audit_entries() AS clinic,
                             LATERAL (SELECT e.recorded_at FROM audit_entries e WHERE e.clinic_id = clinic AND e.number IS NULL ORDER BY e.recorded_at LIMIT 1) AS oldest
                    $$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                CREATE OR REPLACE FUNCTION oldest_unlinked_audit_entry() RETURNS timestamptz
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT min(recorded_at) FROM audit_entries WHERE number IS NULL $$;

                CREATE OR REPLACE FUNCTION clinics_with_unlinked_audit_entries() RETURNS SETOF uuid
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT DISTINCT clinic_id FROM audit_entries WHERE number IS NULL $$;

                DROP FUNCTION
                    append_audit_entries(bigint, bytea, bytea[], uuid[], timestamptz[], text[], text[], text[], text[], text[], text[], text[], integer[]), lock_audit_head();
                """);
        }
    }
}
