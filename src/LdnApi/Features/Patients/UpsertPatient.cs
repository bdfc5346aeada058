using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.Patients;

/// <summary>Registers the patient of an identifier, or changes the one there is: what another system knows of a patient, sent without having read ours.</summary>
public static class UpsertPatient
{
    /// <summary>A patient to register or change.</summary>
    /// <param name="Identifier">By which the sender knows the patient.</param>
    public sealed record Request(Identifier Identifier, Details Patient);

    /// <summary>What another system knows of a patient. What it leaves out it does not know: that stays as it is here.</summary>
    /// <param name="TimeZone">IANA time zone the patient lives in, such as Europe/Dublin.</param>
    /// <param name="Identifiers">Further identifiers of the patient; they are added to those there are.</param>
    /// <param name="AnxietyHistory">An anxiety disorder on record.</param>
    /// <param name="Sensitivity">Of a new patient, when left out: <c>standard</c>.</param>
    /// <param name="Conditions">All of them: the list replaces the one there is.</param>
    /// <param name="BaselineAnxiety">Anxiety at intake, 0–10.</param>
    /// <param name="Active">Of a new patient, when left out: <c>true</c>.</param>
    public sealed record Details(
        HumanName Name,
        [property: IanaTimeZone] string TimeZone,
        [property: MaxLength(PatientBody.MaxIdentifiers)] IReadOnlyList<Identifier>? Identifiers = null,
        DateOnly? BirthDate = null,
        Gender? Gender = null,
        bool? AnxietyHistory = null,
        Sensitivity? Sensitivity = null,
        [property: MaxLength(100)] IReadOnlyList<Condition>? Conditions = null,
        [property: Range(0, 10)] int? BaselineAnxiety = null,
        bool? Active = null)
    {
        internal PatientBody Onto(PatientBody? known, Identifier identifier) => new(
            Name with { Given = Name.Given ?? known?.Name.Given },
            TimeZone,
            [.. (known?.Identifiers ?? []).Append(identifier).Concat(Identifiers ?? []).Distinct()],
            BirthDate ?? known?.BirthDate,
            Gender ?? known?.Gender,
            AnxietyHistory ?? known?.AnxietyHistory,
            Sensitivity ?? known?.Sensitivity ?? Records.Sensitivity.Standard,
            Conditions ?? known?.Conditions,
            BaselineAnxiety ?? known?.BaselineAnxiety,
            Active ?? known?.Active ?? true);
    }

    /// <summary>The patient as it is now, and whether it is a new one.</summary>
    public sealed record Outcome(PatientResponse Patient, bool IsNew) : IMadeOrFound;

    public sealed record Command(Identifier Identifier, Preconditions Preconditions, Details Patient) : ICommand<Result<Outcome>>;

    public static void Map(IEndpointRouteBuilder patients) => patients
        .MapPut("", Put)
        .WithName(nameof(UpsertPatient))
        .WithSummary("Register or change the patient of an identifier")
        .WithDescription("For a feed that knows the patient by a number of its own and has not read ours. What it leaves out stays, identifiers are added, and what changes nothing makes no version. "
            + "With `If-None-Match: *` a patient is only made, with `If-Match` only changed: 412 otherwise. With neither it is whichever is due.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<PatientResponse>, Created<PatientResponse>, ProblemHttpResult>> Put(
        Preconditions preconditions, Request request, IMediator mediator, CancellationToken ct)
    {
        var result = await mediator.Send(new Command(request.Identifier, preconditions, request.Patient), ct);
        return result.Match<Results<Ok<PatientResponse>, Created<PatientResponse>, ProblemHttpResult>>(
            outcome => outcome.IsNew ? TypedResults.Created($"/api/v1/patients/{outcome.Patient.Id}", outcome.Patient) : TypedResults.Ok(outcome.Patient),
            problem => problem.Under("$.patient").ToHttp());
    }

    public sealed class Handler(LdnDbContext db, AuditTrail trail, IMediator mediator) : ICommandHandler<Command, Result<Outcome>>
    {
        private static readonly Problem TooManyIdentifiers = Problem.Refused(
            "too-many-identifiers", "A patient has too many identifiers.", "$.identifiers", $"With those there are, at most {PatientBody.MaxIdentifiers}.");

        public async Task<Result<Outcome>> Handle(Command command, CancellationToken ct)
        {
            var known = await db.LockPatientAsync(command.Identifier.ToValue(), (command.Patient.Identifiers ?? []).Select(i => i.ToValue()), ct);
            if (known is not null)
            {
                trail.Concerns(known.Id);
            }

            if (command.Preconditions.Refusal(known?.Version) is { } refusal)
            {
                return refusal;
            }

            var body = command.Patient.Onto(known is null ? null : PatientBody.Of(known), command.Identifier);
            if (body.Identifiers!.Count > PatientBody.MaxIdentifiers)
            {
                return TooManyIdentifiers;
            }

            var done = known is null
                ? await mediator.Send(new RegisterPatient.Command(body), ct)
                : await mediator.Send(new UpdatePatient.Command(known.Id, new IfMatch(known.Version), new Replacement<PatientBody>(body)), ct);
            return done.Match<Result<Outcome>>(patient => new Outcome(patient, known is null), problem => problem);
        }
    }
}
