using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using LdnApi.Safety;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.CheckIns;

/// <summary>What became of one item of a batch, or one row of a file.</summary>
public enum ItemOutcome
{
    Created,

    /// <summary>The same report of the same source was there already.</summary>
    Duplicate,

    Rejected,
}

/// <summary>The result of one item or row.</summary>
/// <param name="Number">Item or data row, from 1.</param>
/// <param name="Code">Why it was rejected.</param>
/// <param name="Errors">JSON path, or column, → what is wrong there.</param>
public sealed record ItemResult(int Number, ItemOutcome Outcome, CheckInId? Id, string? Code, IReadOnlyDictionary<string, string[]>? Errors);

/// <summary>What became of a batch or file. The good are kept, the broken are named.</summary>
/// <param name="Created">How many were recorded.</param>
/// <param name="Duplicates">How many were known already by their source.</param>
/// <param name="Rejected">How many were refused: see <c>items</c>.</param>
public sealed record BatchResponse(int Created, int Duplicates, int Rejected, IReadOnlyList<ItemResult> Items, IReadOnlyList<ChangedFollowUp> FollowUps);

/// <summary>Records many check-ins of one patient at once, with one evaluation at the end.</summary>
public static class SubmitCheckIns
{
    public const int MaxItems = 1000;

    public sealed record Request([property: MinLength(1), MaxLength(MaxItems)] IReadOnlyList<JsonElement> Items) : ICarriesSelfHarmSign
    {
        public static int MaxBytes => 4 * 1024 * 1024;

        public static bool CarriesSign(JsonElement json) =>
            WireBody.ValuesOf(json, "items").Where(items => items.ValueKind == JsonValueKind.Array).Any(items => items.EnumerateArray().Any(CheckInBody.CarriesSign));
    }

    public sealed record Command(PatientId PatientId, IReadOnlyList<JsonElement> Items) : ICommand<Result<BatchResponse>>, IConcernsPatient;

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/check-ins/batch", Post)
        .Accepts<Request>("application/json")
        .WithName(nameof(SubmitCheckIns))
        .WithSummary("Submit up to 1,000 check-ins")
        .WithDescription("Each item is a check-in. Items are judged one by one; the good are kept, the broken are named in the answer.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<BatchResponse>, ProblemHttpResult>> Post(PatientId patientId, Submission<Request> submission, IMediator mediator, CancellationToken ct) =>
        (await submission.Body.ThenAsync(request => mediator.Send(new Command(patientId, request.Items), ct))).ToOk();

    public sealed class Handler(LdnDbContext db, FollowUpMonitor monitor, TimeProvider clock) : ICommandHandler<Command, Result<BatchResponse>>
    {
        public async Task<Result<BatchResponse>> Handle(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            var patient = db.Locked(command.PatientId);
            var known = (await db.CheckIns.AsNoTracking().Where(c => c.PatientId == patient.Id && c.SourceId != null).ToListAsync(ct))
                .ToDictionary(c => (c.SourceSystem!, c.SourceId!));
            var kept = new List<CheckIn>();
            var results = command.Items.Select((item, i) => Take(item, i + 1, patient, known, kept, now)).ToList();
            await db.InsertManyAsync(kept, ct);
            return new BatchResponse(
                results.Count(r => r.Outcome == ItemOutcome.Created), results.Count(r => r.Outcome == ItemOutcome.Duplicate),
                results.Count(r => r.Outcome == ItemOutcome.Rejected), results, await monitor.ReviewAsync(patient, now, ct));
        }

        private static ItemResult Take(JsonElement item, int number, Patient patient, Dictionary<(string, string), CheckIn> known, List<CheckIn> kept, DateTimeOffset now)
        {
            var read = WireBody.Read<CheckInBody>(item);
            var result = read.Match(body => body.DayFor(patient, now).Match(day => Keep(body, day), Reject), Reject);
            if (result.Outcome == ItemOutcome.Rejected && CheckInBody.CarriesSign(item))
            {
                var sign = KeepSign.ToRecord(patient, RawBody.DigestOf(Encoding.UTF8.GetBytes(item.GetRawText())), now);
                if (known.TryAdd((sign.SourceSystem!, sign.SourceId!), sign))
                {
                    kept.Add(sign);
                }
            }

            return result;

            ItemResult Keep(CheckInBody body, DateOnly day)
            {
                var checkIn = body.ToRecord(patient, day, now);
                if (body.Source is { } source && !known.TryAdd((source.System, source.Id), checkIn))
                {
                    var there = known[(source.System, source.Id)];
                    return CheckInResponse.Of(there) with { Id = checkIn.Id, ReceivedAt = now, Version = 1, Status = RecordStatus.Final } is var same
                        && JsonSerializer.Serialize(same, WireJson.Options) == JsonSerializer.Serialize(CheckInResponse.Of(checkIn), WireJson.Options)
                            ? new ItemResult(number, ItemOutcome.Duplicate, there.Id, null, null)
                            : Reject(Sourced.Taken);
                }

                kept.Add(checkIn);
                return new ItemResult(number, ItemOutcome.Created, checkIn.Id, null, null);
            }

            ItemResult Reject(Problem problem) => new(number, ItemOutcome.Rejected, null, problem.Code, problem.Errors);
        }
    }
}
