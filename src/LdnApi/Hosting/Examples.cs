using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Conditions;
using LdnApi.Clinical.Dosing;
using LdnApi.Clinical.Medicines;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;
using LdnApi.Clinical.Statistics;
using LdnApi.Common;
using LdnApi.Features.AdverseEvents;
using LdnApi.Features.Assessments;
using LdnApi.Features.Audit;
using LdnApi.Features.CheckIns;
using LdnApi.Features.Evaluations;
using LdnApi.Features.FollowUps;
using LdnApi.Features.Insights;
using LdnApi.Features.Medications;
using LdnApi.Features.Observations;
using LdnApi.Features.Patients;
using LdnApi.Features.Prescriptions;
using LdnApi.Features.Procedures;
using LdnApi.Features.Rules;
using LdnApi.Features.Titration;
using LdnApi.Records;
using LdnApi.Replays;
using LdnApi.Safety;
using LdnApi.Sandbox;

namespace LdnApi.Hosting;

/// <summary>One made-up patient, in every shape that the API takes and gives.</summary>
public static class Examples
{
    public const string Csv = "date,anxiety,sleepQuality\n2026-03-01,3,6\n2026-03-02,5,4\n";

    private static readonly DateTimeOffset Now = new(2026, 3, 28, 8, 15, 0, TimeSpan.Zero);
    private static readonly DateOnly Start = new(2026, 3, 1);
    private static readonly DateOnly Today = new(2026, 3, 28);
    private static readonly PatientId Patient = new(new Guid("0195d000-0000-7000-8000-000000000001"));
    private static readonly PrescriptionId Prescription = new(new Guid("0195d000-0000-7000-8000-000000000002"));
    private static readonly CheckInId CheckIn = new(new Guid("0195d000-0000-7000-8000-000000000003"));
    private static readonly FollowUpId FollowUp = new(new Guid("0195d000-0000-7000-8000-000000000004"));
    private static readonly TitrationScheduleId Schedule = new(new Guid("0195d000-0000-7000-8000-000000000006"));
    private static readonly AdverseEventId Event = new(new Guid("0195d000-0000-7000-8000-000000000005"));
    private static readonly EvaluationId Evaluation = new(new Guid("0195d000-0000-7000-8000-000000000008"));
    private static readonly RuleSettingsVersion Settings = new()
    {
        ClinicId = default,
        Version = 2,
        Settings = RuleSettings.Default with { SymptomaticNrs = 5 },
        RecordedAt = Now,
        RecordedBy = "dr-gray",
        Reason = "Fewer calls about single days",
    };

    private static readonly HumanName Name = new("Example", ["Ada"]);
    private static readonly Identifier Number = new("urn:example:mrn", "12345");
    private static readonly Clause Clause = new("symptomatic-days-in-window", "R-04", ClauseState.True, 8, 8, "days", [CheckIn.Value]);
    private static readonly Annotation Annotation = new(
        "R-31", "poor-sleep", 3, 3, "days", [new Evidence("check-in", CheckIn.Value, 1, Today, 2)], ["sleep-hygiene", "shift-to-morning"]);
    private static readonly Evidence Evidence = new("check-in", CheckIn.Value, 1, Today, 5);
    private static readonly ChangedFollowUp Changed = new(
        FollowUp, RuleFamily.Course, FollowUpLabel.Persistent, FollowUpPriority.Soon, FollowUpStatus.Open, new DateOnly(2026, 3, 21), Now.AddHours(72), Evaluation);

    private static readonly Association TooFew = new(AssociationStatus.InsufficientData, [new StillNeeded(NeededData.Pairs, 4)], 10);
    private static readonly Association OfDose = new(
        AssociationStatus.Measured, [], 14, 0.593391, 2.277201, 0.022774, AssociationStrength.Strong, AssociationConfidence.Low, 0.014052, 13.611989);

    private static readonly Judgement Judgement = new("Dr Gray", "dr-gray", Now, "Seen on Tuesday");
    private static readonly NaranjoAnswer[] Naranjo =
        [NaranjoAnswer.Yes, NaranjoAnswer.Yes, NaranjoAnswer.Yes, .. Enumerable.Repeat(NaranjoAnswer.Unknown, 7)];

    /// <summary>What an order-time rule says: shown with orders, and in the refusal of one.</summary>
    public static readonly Finding Finding = new(
        "R-11", FindingEffect.OverrideRequired, "5 mg is above the usual range, which ends at 4.5 mg.", [new FindingEvidence("dose", 5, 4.5m, "mg")], ["confirm-intent"]);

    private static readonly OverrideBody Override = new("R-11", "Well at 4.5 mg for a year, asks for a little more");

    private static readonly Source Origin = new("urn:example:ehr", "MedicationStatement/7");

    private static readonly MedicationCode Sertraline = new(Medication.RxNorm, "36437", "sertraline");

    private static readonly UpsertPatient.Details Fed = new(Name, "Europe/Dublin", BirthDate: new DateOnly(1980, 5, 17), Gender: Gender.Female);

    private static readonly FamilyEvaluation RaisedCourse = new(
        RuleFamily.Course, Verdict.Raised, FollowUpLabel.Persistent, FollowUpPriority.Soon, "R-04", [Clause], null, null, null, [Evidence], [], [], ["reduce-slightly"], Today);

    private static readonly ReplayedDifference Difference = new(
        Patient, 1, ReplayDifferenceKind.Later, RuleFamily.Course, Evaluation, Now, Today,
        new ReplayedSide(FollowUp, [new ReplayedEntry(FollowUpEventType.Opened, Today, Now, FollowUpLabel.Persistent, FollowUpPriority.Soon)], RaisedCourse),
        new ReplayedSide(null, [new ReplayedEntry(FollowUpEventType.Opened, Today.AddDays(2), Now.AddDays(2), FollowUpLabel.Persistent, FollowUpPriority.Soon)],
            RaisedCourse with { Verdict = Verdict.NotRaised, Label = null, Priority = null, RecommendedActions = [] }));

    private static readonly ReplayLoad Load = new(3, 1, 4, new Dictionary<FollowUpPriority, int> { [FollowUpPriority.Soon] = 4 });

    private static readonly ReplayResponse Replayed = new(
        new ReplayId(new Guid("0195d000-0000-7000-8000-000000000009")), ReplayStatus.Completed, Settings.Settings, Start, Today, Now, RuleCatalogue.RuleSetVersion, Now, "dr-gray",
        new ReplayProgress(40, 40, 1200), Now.AddSeconds(2), new ReplayOutcome(
            "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", false, new ReplaySummary(0, 0, 0, 1, 0, 0, 0, 40, 0, 1200, [RuleCatalogue.RuleSetVersion]),
            [new ReplayWeek(new DateOnly(2026, 3, 23), Load, Load with { Opened = 2 })], [Difference]));

    private static readonly object[] All =
    [
        new PatientBody(Name, "Europe/Dublin", [Number], new DateOnly(1980, 5, 17), Gender.Female, AnxietyHistory: false, BaselineAnxiety: 2),
        new PatientResponse(Patient, Name, "Europe/Dublin", [Number], new DateOnly(1980, 5, 17), Gender.Female, false, Sensitivity.Standard, [], 2, true, Now, 1),
        Fed,
        new UpsertPatient.Request(Number, Fed),
        new SearchPatients.Request(Number, BirthDate: new DateOnly(1980, 5, 17)),
        new UpsertPatients.Request([JsonSerializer.SerializeToElement(new UpsertPatients.Item(Number, Fed, IfNoneMatch: Preconditions.Any), WireJson.Options)]),
        new UpsertPatients.Response(1, 0, 0, [new UpsertPatients.ItemResult(1, 201, Patient, "\"1\"", null)]),
        new MedicationBody(Sertraline, "N06AB06", Start.AddDays(-200), ChangedOn: Start.AddDays(-10), Source: Origin),
        new ChangeMedication.AmendRequest("The dose had been raised", new MedicationBody(Sertraline, "N06AB06", Start.AddDays(-200), ChangedOn: Start.AddDays(-3))),
        new ChangeMedication.StopRequest(Today, "No longer needed"),
        new ChangeMedication.RetractRequest("Meant for another patient"),
        new MedicationResponse(new MedicationId(new Guid("0195d000-0000-7000-8000-000000000008")), Patient, Sertraline, "N06AB06", Start.AddDays(-200), null, false, Start.AddDays(-10),
            Origin, [MedicineClass.Neurotransmitter], RecordStatus.Final, Now, 1, null),
        new ObservationBody(ObservationCode.Alt, Start, 52, 40),
        new RetractObservation.Request("Meant for another patient"),
        new ObservationResponse(new ObservationId(new Guid("0195d000-0000-7000-8000-000000000009")), Patient, ObservationCode.Alt, Start, 52, 40, 1.3m, null, null, RecordStatus.Final, Now, 1),
        new ProcedureBody(Today.AddDays(9), "Knee arthroscopy"),
        new CancelProcedure.Request("Put off by the surgeon"),
        new ProcedureResponse(new ProcedureId(new Guid("0195d000-0000-7000-8000-00000000000a")), Patient, Today.AddDays(9), "Knee arthroscopy", null, ProcedureStatus.Preparation, Now, 1),
        new WritePrescription.Request(Start, 1.5m, Form: DoseForm.Capsule, StrengthMg: 1.5m, Route: AdministrationRoute.Oral, TimeOfDay: new TimeOnly(21, 0), Indication: "Fibromyalgia",
            Source: Origin with { Id = "MedicationRequest/4" }),
        new ChangePrescription.Request(Start, "First dose taken"),
        new ChangePrescription.DoseRequest(5.0m, Today, "Tolerated well", Overrides: [Override]),
        new PrescriptionResponse(Prescription, Patient, 5.0m, DoseForm.Capsule, 1.5m, AdministrationRoute.Oral, 1, new TimeOnly(21, 0), Start, null, "Fibromyalgia", null, null,
            Origin with { Id = "MedicationRequest/4" }, PrescriptionStatus.Active, [new DoseChange(Start, 4.5m, null), new DoseChange(Today, 5.0m, "Tolerated well")],
            [new OrderOverride(Override.Rule, Override.Reason, 5.0m, Today, Now, "dr-gray")], Now, 3) { Findings = [Finding] },
        new PlanTitration.Request(Prescription, Start, "seed-standard"),
        new MoveTitration.Request("First dose taken", Start),
        new MoveTitration.LengthenRequest("Some nervousness after the step", 7, FollowUpId: FollowUp),
        new MoveTitration.RestartRequest("Three weeks without the capsules", Today.AddDays(-21)),
        new MoveTitration.TaperRequest("No benefit after three months", [new StepBody(3.0m, 14), new StepBody(1.5m, 14)]),
        new ScheduleResponse(Schedule, Patient, Prescription, "seed-standard", null, null, TitrationStatus.Active, Start,
            [new DatedStep(1, 1.5m, 14, TitrationPhase.Starting, Start, Start), new DatedStep(2, 3.0m, 14, TitrationPhase.Titration, Start.AddDays(14), null)],
            1.5m, Start.AddDays(14), -13, true, null, null, [TitrationAction.Advance, TitrationAction.Hold, TitrationAction.Lengthen, TitrationAction.Stop],
            [new TitrationChange(TitrationAction.Start, Start, Now, "dr-gray", "First dose taken", ToDoseMg: 1.5m)], Now, 2),
        new SimulateTitration.Request { StrengthsMg = [1.5m, 3.0m], Supply = [new SimulateTitration.SupplyBody(1.5m, 20)] },
        new SimulateTitration.PlanRequest { Preset = "seed-standard", StartsOn = Today.AddDays(2), StrengthsMg = [1.5m, 3.0m, 4.5m] },
        new SimulateTitration.Response("Arithmetic on the plan, the calendar and the capsules.", Today, Simulated(28, []), [new SimulateTitration.Alternative(14, null, 14, Simulated(42, []))]),
        new DayDose(Today, 3.0m, 1.5m, 1.5m, DoseSource.CheckIns),
        new ListDoses.Response(Today, Today, [new DayDose(Today, 3.0m, 1.5m, 1.5m, DoseSource.CheckIns)], new Adherence(1, 1, 1, 0, 0, 1)),
        new TemplateBody("Very slow start", [new StepBody(0.25m, 14), new StepBody(0.5m, 14), new StepBody(1.0m)], "For patients with an anxiety history"),
        new TemplateResponse(new TitrationTemplateId(new Guid("0195d000-0000-7000-8000-000000000008")), "Very slow start", "For patients with an anxiety history",
            [new TitrationStep(0.25m, 14), new TitrationStep(0.5m, 14), new TitrationStep(1.0m, null)], TemplateStatus.Active, Now, "dr-gray", 1),
        new ListPresets.Response([TitrationPresets.All[0]]),
        new CheckInBody(Today, Scores: new Scores(Anxiety: 5, SleepQuality: 4), CaffeineMg: 120, Note: "Restless evening"),
        new CorrectCheckIn.Request("Typed the wrong day's score", new CheckInBody(Today, Scores: new Scores(Anxiety: 2))),
        new RetractCheckIn.Request("Meant for another patient"),
        new CheckInResponse(CheckIn, Patient, Today, null, new Scores(Anxiety: 5, SleepQuality: 4), null, 120, null, null, "Restless evening", null, RecordStatus.Final, Now, 1, [Changed]),
        new SubmitCheckIns.Request([JsonSerializer.SerializeToElement(new CheckInBody(Today, Scores: new Scores(Anxiety: 5)), WireJson.Options)]),
        new BatchResponse(1, 0, 0, [new ItemResult(1, ItemOutcome.Created, CheckIn, null, null)], [Changed]),
        new AssessmentBody(Instrument.Gad7, [2, 2, 1, 2, 1, 1, 1], Today, Origin with { Id = "QuestionnaireResponse/5" }),
        new RetractAssessment.Request("Filled in by someone else"),
        new AssessmentResponse(new AssessmentId(new Guid("0195d000-0000-7000-8000-000000000007")), Patient, Instrument.Gad7, Today, [2, 2, 1, 2, 1, 1, 1], 10, "moderate", true,
            Origin with { Id = "QuestionnaireResponse/5" }, RecordStatus.Final, Now, 1, null),
        new AdverseEventBody(AdverseEventTerm.Restlessness, Severity.Moderate, CtcaeGrade: 2, OnsetOn: Today, SuspectPrescriptionId: Prescription, Reporter: new EventReporter(ReporterRole.Patient),
            Source: Origin with { Id = "AdverseEvent/2" }),
        new ChangeAdverseEvent.AmendRequest("Graded after a call", new AdverseEventBody(AdverseEventTerm.Restlessness, Severity.Mild, OnsetOn: Today)),
        new ChangeAdverseEvent.ResolveRequest(Today),
        new ChangeAdverseEvent.RetractRequest("Meant for another patient"),
        new AdverseEventResponse(Event, Patient, AdverseEventTerm.Restlessness, AdverseEventCategory.Mood, null, null, Severity.Moderate, 2, [], Today, null, null, null, Prescription, 1.5m, 27, [], null,
            new EventReporter(ReporterRole.Patient), new Causality(WhoUmc: new WhoUmcAssessment(WhoUmcCategory.Possible, null, Judgement)), Today, null, true, [],
            Origin with { Id = "AdverseEvent/2" }, RecordStatus.Final, Now, 1, null, null),
        new DraftAdverseEvent.Response(
            new AdverseEventBody(AdverseEventTerm.Anxiety, Severity.Moderate, OnsetOn: Today, SuspectPrescriptionId: Prescription, Reporter: new EventReporter(ReporterRole.Patient),
                ReceivedOn: Today, ConcomitantMedicationIds: []),
            1.5m, 27, [], ["$.term", "$.severity", "$.seriousness"], []),
        new AssessCausality.Request("Dr Gray", new AssessCausality.NaranjoAnswers(Naranjo), new AssessCausality.WhoUmcJudgement(WhoUmcCategory.Possible), Note: "Seen on Tuesday"),
        new ReviewAdverseEvent.Response(Event, 1, false, [new ReviewAdverseEvent.CriterionMet(MinimumCriterion.Reporter, false)], new ReviewAdverseEvent.RegulatoryClock(Today, Today.AddDays(15), 15), false,
            [new Challenge(ChallengeKind.Dechallenge, Today.AddDays(-14), 3.0m, 1.5m, ChallengeResponse.Positive, 5, 2, 7, 10)],
            new CausalitySuggestion(WhoUmcCategory.Probable, [CausalityReason.NoOtherCauseOnRecord, CausalityReason.DechallengePositive])),
        new FollowUpItem(FollowUp, Patient, RuleFamily.Course, FollowUpLabel.Persistent, FollowUpPriority.Soon, FollowUpStatus.Open, new DateOnly(2026, 3, 21), Today, Now.AddHours(72),
            null, null, 0, false, ["reduce-slightly", "repeat-gad7"], Evaluation, 3),
        new FollowUpResponse(FollowUp, Patient, RuleFamily.Course, FollowUpLabel.Persistent, FollowUpPriority.Soon, FollowUpStatus.Open, new DateOnly(2026, 3, 21), new DateOnly(2026, 3, 21), Today,
            Now.AddHours(72), null, null, null, null, null, null, 0, false, null, Evaluation, RuleCatalogue.RuleSetVersion, 1, [Clause], [Evidence], ["poor-sleep"], [Annotation],
            ["reduce-slightly", "repeat-gad7", "sleep-hygiene", "shift-to-morning"],
            [new FollowUpEntry(FollowUpEventType.Opened, new DateOnly(2026, 3, 21), Now, "dr-gray", FollowUpLabel.Emerging, FollowUpPriority.Routine, null, Evaluation)],
            [new OfferedRequest(TitrationAction.Hold, "Stay at the present dose; the later dates wait.", "POST",
                $"/api/v1/patients/{Patient}/titration-schedules/{Schedule}/hold", new Dictionary<string, string> { ["If-Match"] = "\"2\"", ["Content-Type"] = "application/json" },
                new OfferedBody("course follow-up: persistent, soon", FollowUp), 1.5m, null)], 3),
        new SummarizeFollowUps.Response(3, 1, 0, 2, new Dictionary<string, int> { ["urgent"] = 1, ["soon"] = 2 }, new Dictionary<string, int> { ["course"] = 2, ["severe"] = 1 }),
        new ActOnFollowUp.NoteRequest("Called the patient"),
        new ActOnFollowUp.AssignRequest("dr-gray"),
        new ActOnFollowUp.SnoozeRequest(2, "Back on Monday"),
        new ActOnFollowUp.ResolveRequest(FollowUpOutcome.DoseHeld, "Hold for two weeks"),
        new ActOnFollowUp.DismissRequest("Explained by a bereavement"),
        new GetEvaluation.Response(Patient, Today, Now, RuleCatalogue.RuleSetVersion, 1, Start, 2,
            [new FamilyEvaluation(RuleFamily.Course, Verdict.Raised, FollowUpLabel.Persistent, FollowUpPriority.Soon, "R-04", [Clause], null, null, null, [Evidence], ["poor-sleep"], [Annotation],
                ["reduce-slightly", "sleep-hygiene", "shift-to-morning"], Today)],
            [new RuleEvent(Today, RuleFamily.Course, RuleEventType.Upgrade, FollowUpLabel.Persistent, FollowUpPriority.Soon)],
            [new OpenFollowUp(RuleFamily.Course, FollowUpLabel.Persistent, FollowUpPriority.Soon, new DateOnly(2026, 3, 21), Today, 0, false)], [new DayAnxiety(Today, 5, true)]),
        new GetAssociation.Response(Patient, Today, Now, Association.Caution, Start,
            [new DoseChangeAssociation(Start.AddDays(14), 1.5m, 3.0m, new PhaseDays(Start, Start.AddDays(13), 7), new PhaseDays(Start.AddDays(14), Today, 7),
                OfDose with { Tau = 0.714286 }, 0.857143, 3, 4, 1, 0.030886)],
            new DoseAssociation(OfDose, [new LagAssociation(0, 14, 0.593391, 0.022774, 0.091097)], 0),
            new TimingAssociation(new TimeOnly(21, 0), null, TooFew, TooFew), new TrendAssociation(OfDose with { Tau = 0.43543, Z = 1.964082, P = 0.049521 }, 0.153846)),
        new GetTimeline.Response(Patient, Start, Today,
            [new GetTimeline.Day(Today, 3.0m, 3.0m, 3.0m, DoseSource.CheckIns, 7, 5, 6, 4)],
            [new GetTimeline.Questionnaire(new AssessmentId(new Guid("0195d000-0000-7000-8000-00000000000d")), Instrument.Gad7, Today, 11, "moderate")],
            [new GetTimeline.AdverseEventBar(Event, AdverseEventTerm.VividDreams, Severity.Mild, false, Start.AddDays(2), Start.AddDays(6))],
            [new GetTimeline.Flag(FollowUp, RuleFamily.Course, FollowUpLabel.Persistent, FollowUpPriority.Soon, FollowUpStatus.Open, new DateOnly(2026, 3, 21), null)],
            [new GetTimeline.Hold(Schedule, Start.AddDays(14), null)]),
        new AuditEntryResponse(new AuditEntryId(new Guid("0195d000-0000-7000-8000-00000000000b")), Now, "dr-gray", "clinic-app", "GetPatient", "GET", [Patient], "TREAT",
            "0195d000-0000-7000-8000-00000000000c", 200, 1234, Convert.ToHexStringLower(SHA256.HashData([]))),
        new GetRules.Response(RuleCatalogue.RuleSetVersion, 1, [RuleCatalogue.All[0]], [OrderRuleCatalogue.All[0]], [MedicineLists.Of(MedicineClass.Naltrexone)],
            new GetRules.ConditionCodes(ConditionList.Version, ConditionList.Source, ConditionList.LocalSystem, [ConditionList.All[0]])),
        new ChangeRuleSettings.Request("Fewer calls about single days", System.Text.Json.JsonSerializer.SerializeToElement(new { symptomaticNrs = 5 }, WireJson.Options)),
        new ChangeRuleSettings.RestoreRequest(1, "Too few calls"),
        RuleSettingsResponse.Of(Settings, 0),
        RuleSettingsEntry.Of(Settings),
        new ReplayRules.Request(System.Text.Json.JsonSerializer.SerializeToElement(new { symptomaticNrs = 5 }, WireJson.Options), Start, Today),
        Replayed,
        Difference,
        new MakeSandboxPatients.Response(8, [new MakeSandboxPatients.Story("well", "urn:ldnapi:sandbox|well", "Four weeks of calm reports: no follow-up.")]),
    ];

    private static SimulatedPlan Simulated(int daysToTarget, IReadOnlyList<GuardrailHit> guardrails) => new(
        Today, Today.AddDays(daysToTarget + 27), 4.5m, Today.AddDays(daysToTarget), daysToTarget,
        [new SimulatedStep(1.5m, Today, Today.AddDays(13), 14, [new Capsules(1.5m, 1)])], [new Capsules(1.5m, 14)], [], null,
        [new Refill(Today, Today.AddDays(-7), Today.AddDays(29), [new Capsules(1.5m, 14)])], guardrails);

    private static readonly Dictionary<Type, object> ByType = All.ToDictionary(e => e.GetType());

    /// <inheritdoc cref="Of"/>
    public static JsonNode? JsonOf(Type type)
    {
        var example = Of(type);
        return JsonSerializer.SerializeToNode(example, example.GetType(), WireJson.Options);
    }

    /// <summary>A merge patch of a shape: one member set, one cleared.</summary>
    public static JsonNode PatchOf(Type type) => type == typeof(PatientBody)
        ? new JsonObject { ["baselineAnxiety"] = 3, ["birthDate"] = null }
        : new JsonObject { ["name"] = "Slower", ["source"] = null };

    /// <exception cref="KeyNotFoundException">A shape without an example: add one.</exception>
    private static object Of(Type type) =>
        !type.IsGenericType ? ByType[type]
        : type.GetGenericTypeDefinition() == typeof(Page<>) ? new { Items = new[] { Of(type.GetGenericArguments()[0]) } }
        : Activator.CreateInstance(type, 2L, Now, "dr-gray", "Corrected after a call", Of(type.GetGenericArguments()[0]))!; // a HistoryEntry
}
