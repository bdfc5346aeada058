namespace LdnApi.Bench;

/// <summary>What the ceiling asks, and pgbench too: $1 is the clinic, $2 the patient or the first value.</summary>
internal static class Statements
{
    public const string Point = """
        SELECT id, family_name, given_names, identifiers::text, birth_date, gender, time_zone, anxiety_history, sensitivity, conditions::text, baseline_anxiety, active, registered_at, version
        FROM patients WHERE clinic_id = $1 AND id = $2
        """;

    public const string CheckIns = """
        SELECT id, patient_id, "on", anxiety, nervousness, restlessness, agitation, irritability, mood, sleep_quality, caffeine_mg, dose_taken_at, dose_taken_mg, note, status, recorded_at, version
        FROM check_ins WHERE clinic_id = $1 AND patient_id = $2 ORDER BY "on" DESC, id DESC LIMIT 51
        """;

    public const string Queue = """
        SELECT id, patient_id, family, label, priority, status, opened_on, last_evidence_on, due_at, assignee, recurrence, evidence_changed, recommended_actions, version
        FROM follow_ups WHERE clinic_id = $1 AND status <> 'Closed' AND (snoozed_until IS NULL OR snoozed_until <= now()) ORDER BY due_at, id LIMIT 51
        """;

    /// <summary>The last 90 days.</summary>
    public const string Timeline = """
        SELECT 'check-in' AS kind, id, "on" AS day, anxiety, mood, sleep_quality, dose_taken_mg, NULL::text AS what, NULL::text AS how, NULL::date AS until
        FROM check_ins WHERE clinic_id = $1 AND patient_id = $2 AND "on" > current_date - 90 AND status <> 'EnteredInError'
        UNION ALL
        SELECT 'adverse-event', id, onset_on, NULL, NULL, NULL, NULL, term, severity, resolved_on
        FROM adverse_events WHERE clinic_id = $1 AND patient_id = $2 AND status <> 'EnteredInError'
        UNION ALL
        SELECT 'assessment', id, taken_on, total, NULL, NULL, NULL, instrument, band, NULL
        FROM assessments WHERE clinic_id = $1 AND patient_id = $2 AND status <> 'EnteredInError'
        UNION ALL
        SELECT 'prescription', id, starts_on, NULL, NULL, NULL, dose_mg, status, doses::text, ends_on
        FROM prescriptions WHERE clinic_id = $1 AND patient_id = $2
        UNION ALL
        SELECT 'titration', id, NULL, NULL, NULL, NULL, NULL, status, plan::text, NULL
        FROM titration_schedules WHERE clinic_id = $1 AND patient_id = $2
        UNION ALL
        SELECT 'follow-up', id, opened_on, NULL, NULL, NULL, NULL, family, label, closed_on
        FROM follow_ups WHERE clinic_id = $1 AND patient_id = $2
        """;

    public const string InsertCheckIn = """
        INSERT INTO check_ins (clinic_id, id, patient_id, "on", anxiety, status, recorded_at, changed_at, version) VALUES ($1, $2, $3, $4, $5, 'Final', $6, $6, 1)
        """;

    public const string InsertAdverseEvent = """
        INSERT INTO adverse_events (clinic_id, id, patient_id, onset_on, term, severity, seriousness, concomitant_medication_ids, status, received_on, recorded_at, severity_known_at, version)
        VALUES ($1, $2, $3, $4, 'Headache', 'Mild', '[]', '[]', 'Final', $4, $5, $5, 1)
        """;

    public static bool IsWrite(string statement) => statement.StartsWith("INSERT", StringComparison.Ordinal);
}
