using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Features.AdverseEvents;
using LdnApi.Features.Assessments;
using LdnApi.Features.CheckIns;
using LdnApi.Features.FollowUps;
using LdnApi.Features.History;
using LdnApi.Features.Medications;
using LdnApi.Features.Observations;
using LdnApi.Features.Patients;
using LdnApi.Features.Prescriptions;
using LdnApi.Features.Procedures;
using LdnApi.Features.Titration;
using LdnApi.Records;
using MediatR;

namespace LdnApi.Hosting;

/// <summary>The history of every record, beside the record. No slice knows of it.</summary>
public static class HistoryRoutes
{
    public static void MapHistory(this IEndpointRouteBuilder patient)
    {
        patient.MapGet("/history", (PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<Patient, PatientResponse>(patientId, patientId.Value, paging, (p, _) => PatientResponse.Of(p), mediator, ct))
            .Answers<Patient>("Patients");

        patient.MapGet("/medications/{medicationId}/history", (PatientId patientId, MedicationId medicationId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<Medication, MedicationResponse>(patientId, medicationId.Value, paging, (m, _) => MedicationResponse.Of(m), mediator, ct))
            .Answers<Medication>("Co-medications");

        patient.MapGet("/observations/{observationId}/history", (PatientId patientId, ObservationId observationId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<Observation, ObservationResponse>(patientId, observationId.Value, paging, (o, _) => ObservationResponse.Of(o), mediator, ct))
            .Answers<Observation>("Observations");

        patient.MapGet("/procedures/{procedureId}/history", (PatientId patientId, ProcedureId procedureId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<Procedure, ProcedureResponse>(patientId, procedureId.Value, paging, (p, _) => ProcedureResponse.Of(p), mediator, ct))
            .Answers<Procedure>("Procedures");

        patient.MapGet("/prescriptions/{prescriptionId}/history", (PatientId patientId, PrescriptionId prescriptionId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<Prescription, PrescriptionResponse>(patientId, prescriptionId.Value, paging, (p, _) => PrescriptionResponse.Of(p), mediator, ct))
            .Answers<Prescription>("Prescriptions");

        patient.MapGet("/titration-schedules/{titrationScheduleId}/history", (PatientId patientId, TitrationScheduleId titrationScheduleId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<TitrationSchedule, ScheduleResponse>(patientId, titrationScheduleId.Value, paging, ScheduleResponse.Of, mediator, ct))
            .Answers<TitrationSchedule>("Titration");

        patient.MapGet("/check-ins/{checkInId}/history", (PatientId patientId, CheckInId checkInId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<CheckIn, CheckInResponse>(patientId, checkInId.Value, paging, (c, _) => CheckInResponse.Of(c), mediator, ct))
            .Answers<CheckIn>("Check-ins");

        patient.MapGet("/assessments/{assessmentId}/history", (PatientId patientId, AssessmentId assessmentId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<Assessment, AssessmentResponse>(patientId, assessmentId.Value, paging, (a, _) => AssessmentResponse.Of(a), mediator, ct))
            .Answers<Assessment>("Assessments");

        patient.MapGet("/adverse-events/{adverseEventId}/history", (PatientId patientId, AdverseEventId adverseEventId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
                ReadHistory.AnswerAsync<AdverseEvent, AdverseEventResponse>(patientId, adverseEventId.Value, paging, (e, _) => AdverseEventResponse.Of(e), mediator, ct))
            .Answers<AdverseEvent>("Adverse events");
    }

    public static void MapFollowUpHistory(this IEndpointRouteBuilder followUps) => GetFollowUpHistory.Map(followUps).Answers<FollowUp>("Follow-ups");

    private static void Answers<TRecord>(this RouteHandlerBuilder endpoint, string tag) where TRecord : IClinicalRecord => endpoint
        .WithName($"Get{typeof(TRecord).Name}History")
        .WithSummary("Read every version with its author, moment and reason, newest first")
        .WithTags(tag)
        .WithMetadata(new HistoryOf(typeof(TRecord)))
        .NeedsScope(Scopes.ClinicalRead);
}
