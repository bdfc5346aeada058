using System;
using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace LdnApi.Records.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "patients",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    family_name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    given_names = table.Column<List<string>>(type: "text[]", nullable: false),
                    birth_date = table.Column<DateOnly>(type: "date", nullable: true),
                    gender = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    time_zone = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    anxiety_history = table.Column<bool>(type: "boolean", nullable: true),
                    sensitivity = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    conditions = table.Column<string>(type: "jsonb", nullable: false),
                    baseline_anxiety = table.Column<int>(type: "integer", nullable: true),
                    active = table.Column<bool>(type: "boolean", nullable: false),
                    registered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_patients", x => new { x.clinic_id, x.id });
                    table.CheckConstraint("baseline_anxiety_range", "baseline_anxiety BETWEEN 0 AND 10");
                });

            migrationBuilder.CreateTable(
                name: "stored_responses",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    subject = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    key = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    request_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    body = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_stored_responses", x => new { x.clinic_id, x.subject, x.key });
                });

            migrationBuilder.CreateTable(
                name: "assessments",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    instrument = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    taken_on = table.Column<DateOnly>(type: "date", nullable: false),
                    answers = table.Column<string>(type: "jsonb", nullable: false),
                    total = table.Column<int>(type: "integer", nullable: true),
                    band = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    self_harm_positive = table.Column<bool>(type: "boolean", nullable: false),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_assessments", x => new { x.clinic_id, x.id });
                    table.ForeignKey(
                        name: "fk_assessments_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "check_ins",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    on = table.Column<DateOnly>(type: "date", nullable: false),
                    occurred_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    anxiety = table.Column<int>(type: "integer", nullable: true),
                    nervousness = table.Column<int>(type: "integer", nullable: true),
                    restlessness = table.Column<int>(type: "integer", nullable: true),
                    agitation = table.Column<int>(type: "integer", nullable: true),
                    irritability = table.Column<int>(type: "integer", nullable: true),
                    mood = table.Column<int>(type: "integer", nullable: true),
                    sleep_quality = table.Column<int>(type: "integer", nullable: true),
                    vivid_dreams = table.Column<bool>(type: "boolean", nullable: true),
                    caffeine_mg = table.Column<int>(type: "integer", nullable: true),
                    dose_taken_at = table.Column<TimeOnly>(type: "time without time zone", nullable: true),
                    dose_taken_mg = table.Column<decimal>(type: "numeric(7,3)", precision: 7, scale: 3, nullable: true),
                    dose_missed = table.Column<bool>(type: "boolean", nullable: true),
                    self_harm_thoughts = table.Column<bool>(type: "boolean", nullable: true),
                    note = table.Column<string>(type: "character varying(4000)", maxLength: 4000, nullable: true),
                    source_system = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    source_id = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_check_ins", x => new { x.clinic_id, x.id });
                    table.CheckConstraint("scores_are_0_to_10", "(anxiety IS NULL OR anxiety BETWEEN 0 AND 10) AND (nervousness IS NULL OR nervousness BETWEEN 0 AND 10) AND (restlessness IS NULL OR restlessness BETWEEN 0 AND 10) AND (agitation IS NULL OR agitation BETWEEN 0 AND 10) AND (irritability IS NULL OR irritability BETWEEN 0 AND 10) AND (mood IS NULL OR mood BETWEEN 0 AND 10) AND (sleep_quality IS NULL OR sleep_quality BETWEEN 0 AND 10)");
                    table.ForeignKey(
                        name: "fk_check_ins_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "follow_ups",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    family = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    label = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    priority = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    opened_on = table.Column<DateOnly>(type: "date", nullable: false),
                    first_opened_on = table.Column<DateOnly>(type: "date", nullable: false),
                    last_evidence_on = table.Column<DateOnly>(type: "date", nullable: false),
                    closed_on = table.Column<DateOnly>(type: "date", nullable: true),
                    close_reason = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    regulatory_due_on = table.Column<DateOnly>(type: "date", nullable: true),
                    recurrence = table.Column<int>(type: "integer", nullable: false),
                    evidence_changed = table.Column<bool>(type: "boolean", nullable: false),
                    merged_into = table.Column<Guid>(type: "uuid", nullable: true),
                    rule_set_version = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    clauses = table.Column<string>(type: "jsonb", nullable: false),
                    evidence = table.Column<string>(type: "jsonb", nullable: false),
                    contributing_factors = table.Column<List<string>>(type: "text[]", nullable: false),
                    recommended_actions = table.Column<List<string>>(type: "text[]", nullable: false),
                    assignee = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    snoozed_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    outcome = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_follow_ups", x => new { x.clinic_id, x.id });
                    table.ForeignKey(
                        name: "fk_follow_ups_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "nightly_evaluations",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    evaluated_through = table.Column<DateOnly>(type: "date", nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_nightly_evaluations", x => new { x.clinic_id, x.patient_id });
                    table.ForeignKey(
                        name: "fk_nightly_evaluations_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "patient_identifiers",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    system = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    value = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("one_patient_per_identifier", x => new { x.clinic_id, x.system, x.value });
                    table.ForeignKey(
                        name: "fk_patient_identifiers_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "prescriptions",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    dose_mg = table.Column<decimal>(type: "numeric(7,3)", precision: 7, scale: 3, nullable: false),
                    form = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    strength_mg = table.Column<decimal>(type: "numeric(7,3)", precision: 7, scale: 3, nullable: true),
                    route = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    times_per_day = table.Column<int>(type: "integer", nullable: false),
                    time_of_day = table.Column<TimeOnly>(type: "time without time zone", nullable: true),
                    starts_on = table.Column<DateOnly>(type: "date", nullable: false),
                    ends_on = table.Column<DateOnly>(type: "date", nullable: true),
                    indication = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    compounding = table.Column<string>(type: "jsonb", nullable: true),
                    prescriber = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    doses = table.Column<string>(type: "jsonb", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_prescriptions", x => new { x.clinic_id, x.id });
                    table.UniqueConstraint("ak_prescriptions_clinic_id_patient_id_id", x => new { x.clinic_id, x.patient_id, x.id });
                    table.CheckConstraint("dose_is_positive", "dose_mg > 0");
                    table.ForeignKey(
                        name: "fk_prescriptions_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "record_versions",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    record_id = table.Column<Guid>(type: "uuid", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    recorded_by = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    body = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_record_versions", x => new { x.clinic_id, x.record_id, x.version });
                    table.ForeignKey(
                        name: "fk_record_versions_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "follow_up_events",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    follow_up_id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    family = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    type = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    on = table.Column<DateOnly>(type: "date", nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    recorded_by = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    label = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    priority = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    reason = table.Column<string>(type: "character varying(2000)", maxLength: 2000, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_follow_up_events", x => new { x.clinic_id, x.id });
                    table.ForeignKey(
                        name: "fk_follow_up_events_follow_ups_clinic_id_follow_up_id",
                        columns: x => new { x.clinic_id, x.follow_up_id },
                        principalTable: "follow_ups",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "adverse_events",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    term = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    text = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true),
                    coding = table.Column<string>(type: "jsonb", nullable: true),
                    severity = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    ctcae_grade = table.Column<int>(type: "integer", nullable: true),
                    seriousness = table.Column<string>(type: "jsonb", nullable: false),
                    onset_on = table.Column<DateOnly>(type: "date", nullable: true),
                    resolved_on = table.Column<DateOnly>(type: "date", nullable: true),
                    outcome = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    action_taken = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: true),
                    suspect_prescription_id = table.Column<Guid>(type: "uuid", nullable: true),
                    dose_at_onset_mg = table.Column<decimal>(type: "numeric(7,3)", precision: 7, scale: 3, nullable: true),
                    narrative = table.Column<string>(type: "character varying(4000)", maxLength: 4000, nullable: true),
                    reporter = table.Column<string>(type: "jsonb", nullable: true),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    severity_known_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_adverse_events", x => new { x.clinic_id, x.id });
                    table.ForeignKey(
                        name: "fk_adverse_events_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_adverse_events_prescriptions_clinic_id_patient_id_suspect_p",
                        columns: x => new { x.clinic_id, x.patient_id, x.suspect_prescription_id },
                        principalTable: "prescriptions",
                        principalColumns: new[] { "clinic_id", "patient_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "titration_schedules",
                columns: table => new
                {
                    clinic_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    patient_id = table.Column<Guid>(type: "uuid", nullable: false),
                    prescription_id = table.Column<Guid>(type: "uuid", nullable: false),
                    preset = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: true),
                    plan = table.Column<string>(type: "jsonb", nullable: false),
                    status = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_titration_schedules", x => new { x.clinic_id, x.id });
                    table.ForeignKey(
                        name: "fk_titration_schedules_patients_clinic_id_patient_id",
                        columns: x => new { x.clinic_id, x.patient_id },
                        principalTable: "patients",
                        principalColumns: new[] { "clinic_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_titration_schedules_prescriptions_clinic_id_patient_id_pres",
                        columns: x => new { x.clinic_id, x.patient_id, x.prescription_id },
                        principalTable: "prescriptions",
                        principalColumns: new[] { "clinic_id", "patient_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_adverse_events_clinic_id_patient_id_recorded_at_id",
                table: "adverse_events",
                columns: new[] { "clinic_id", "patient_id", "recorded_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_adverse_events_clinic_id_patient_id_suspect_prescription_id",
                table: "adverse_events",
                columns: new[] { "clinic_id", "patient_id", "suspect_prescription_id" });

            migrationBuilder.CreateIndex(
                name: "ix_assessments_clinic_id_patient_id_taken_on_id",
                table: "assessments",
                columns: new[] { "clinic_id", "patient_id", "taken_on", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_check_ins_clinic_id_patient_id_on_id",
                table: "check_ins",
                columns: new[] { "clinic_id", "patient_id", "on", "id" });

            migrationBuilder.CreateIndex(
                name: "one_check_in_per_source_id",
                table: "check_ins",
                columns: new[] { "clinic_id", "patient_id", "source_system", "source_id" },
                unique: true,
                filter: "source_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_follow_up_events_clinic_id_follow_up_id",
                table: "follow_up_events",
                columns: new[] { "clinic_id", "follow_up_id" });

            migrationBuilder.CreateIndex(
                name: "ix_follow_up_events_clinic_id_patient_id_type",
                table: "follow_up_events",
                columns: new[] { "clinic_id", "patient_id", "type" });

            migrationBuilder.CreateIndex(
                name: "ix_follow_ups_clinic_id_due_at_id",
                table: "follow_ups",
                columns: new[] { "clinic_id", "due_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_follow_ups_clinic_id_opened_on_id",
                table: "follow_ups",
                columns: new[] { "clinic_id", "opened_on", "id" });

            migrationBuilder.CreateIndex(
                name: "one_open_follow_up_per_family",
                table: "follow_ups",
                columns: new[] { "clinic_id", "patient_id", "family" },
                unique: true,
                filter: "status <> 'Closed'");

            migrationBuilder.CreateIndex(
                name: "ix_nightly_evaluations_due_at",
                table: "nightly_evaluations",
                column: "due_at");

            migrationBuilder.CreateIndex(
                name: "ix_patient_identifiers_clinic_id_patient_id",
                table: "patient_identifiers",
                columns: new[] { "clinic_id", "patient_id" });

            migrationBuilder.CreateIndex(
                name: "ix_patients_clinic_id_family_name",
                table: "patients",
                columns: new[] { "clinic_id", "family_name" });

            migrationBuilder.CreateIndex(
                name: "ix_prescriptions_clinic_id_patient_id_starts_on_id",
                table: "prescriptions",
                columns: new[] { "clinic_id", "patient_id", "starts_on", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_record_versions_clinic_id_patient_id_recorded_at",
                table: "record_versions",
                columns: new[] { "clinic_id", "patient_id", "recorded_at" });

            migrationBuilder.CreateIndex(
                name: "ix_stored_responses_created_at",
                table: "stored_responses",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_titration_schedules_clinic_id_patient_id_prescription_id",
                table: "titration_schedules",
                columns: new[] { "clinic_id", "patient_id", "prescription_id" });

            migrationBuilder.CreateIndex(
                name: "one_running_schedule_per_prescription",
                table: "titration_schedules",
                columns: new[] { "clinic_id", "prescription_id" },
                unique: true,
                filter: "status IN ('Planned', 'Active', 'Held')");
            foreach (var table in new[] { "patients", "stored_responses", "assessments", "check_ins", "follow_ups", "nightly_evaluations", "prescriptions", "adverse_events", "titration_schedules" })
            {
                migrationBuilder.WallOff(table);
            }

            // What is appended and never rewritten.
            foreach (var table in new[] { "record_versions", "follow_up_events", "patient_identifiers" })
            {
                migrationBuilder.WallOff(table, "SELECT, INSERT");
            }

            // The one question that is asked across clinics: who is due. Answered with ids and moments and nothing else.
            migrationBuilder.Sql("""
                CREATE FUNCTION patients_due_for_evaluation(as_of timestamptz, at_most integer)
                    RETURNS TABLE (clinic_id uuid, patient_id uuid, due_at timestamptz)
                    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                    AS $$ SELECT n.clinic_id, n.patient_id, n.due_at FROM nightly_evaluations n WHERE n.due_at <= as_of ORDER BY n.due_at LIMIT at_most $$;
                REVOKE ALL ON FUNCTION patients_due_for_evaluation(timestamptz, integer) FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION patients_due_for_evaluation(timestamptz, integer) TO ldn_app;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP FUNCTION patients_due_for_evaluation(timestamptz, integer)");
            migrationBuilder.DropTable(
                name: "adverse_events");

            migrationBuilder.DropTable(
                name: "assessments");

            migrationBuilder.DropTable(
                name: "check_ins");

            migrationBuilder.DropTable(
                name: "follow_up_events");

            migrationBuilder.DropTable(
                name: "nightly_evaluations");

            migrationBuilder.DropTable(
                name: "patient_identifiers");

            migrationBuilder.DropTable(
                name: "record_versions");

            migrationBuilder.DropTable(
                name: "stored_responses");

            migrationBuilder.DropTable(
                name: "titration_schedules");

            migrationBuilder.DropTable(
                name: "follow_ups");

            migrationBuilder.DropTable(
                name: "prescriptions");

            migrationBuilder.DropTable(
                name: "patients");
        }
    }
}
