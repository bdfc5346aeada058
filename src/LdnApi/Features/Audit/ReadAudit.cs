using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Audit;

/// <summary>Who looked at patient data or changed it.</summary>
/// <param name="Subject">The token's subject, or the name of a background task.</param>
/// <param name="Client">The program that the token was issued to, as far as the token says.</param>
/// <param name="Operation">The operation of this contract, or what a background task did.</param>
/// <param name="Method">HTTP method; absent for a background task.</param>
/// <param name="PatientIds">Whose data was asked for, shown or changed.</param>
/// <param name="PurposeOfUse">As stated; absent when nothing was.</param>
/// <param name="RequestId">The request's <c>X-Request-Id</c>.</param>
/// <param name="Number">Its place in the clinic's chain, from 1. Absent until it is linked, moments after it was written.</param>
/// <param name="Hash">SHA-256 that binds it to the entry before it, in hexadecimal. Kept elsewhere, it proves later that nothing before it was changed.</param>
/// <param name="Status">HTTP status of the answer: 200 to 599. Absent for a background task, which leaves an entry only when it succeeds.</param>
public sealed record AuditEntryResponse(
    AuditEntryId Id, DateTimeOffset RecordedAt, string Subject, string? Client, string Operation, string? Method,
    [property: OnlyNamed] IReadOnlyList<PatientId> PatientIds, string? PurposeOfUse, string? RequestId, int? Status, long? Number, string? Hash)
{
    internal static AuditEntryResponse Of(AuditEntry e) => new(
        e.Id, e.RecordedAt, e.Subject, e.Client, e.Operation, e.Method, [.. e.PatientIds.Select(PatientId.From)], e.PurposeOfUse, e.RequestId, e.Status, e.Number,
        e.Hash is null ? null : Convert.ToHexStringLower(e.Hash));
}

/// <summary>The clinic's audit trail, newest first.</summary>
public static class ListAuditEntries
{
    public sealed record Filter
    {
        /// <summary>Only what concerns this patient.</summary>
        public PatientId? PatientId { get; init; }

        /// <summary>Only what this person, program or background task did.</summary>
        [StringLength(AuditEntry.MaxSubjectLength)]
        public string? Subject { get; init; }

        /// <summary>Only from this instant on.</summary>
        public DateTimeOffset? From { get; init; }

        /// <summary>Only before this instant.</summary>
        public DateTimeOffset? To { get; init; }

        [Range(1, Common.Cursor.MaxLimit)]
        public int? Limit { get; init; }

        [StringLength(Common.Cursor.MaxLength)]
        public string? Cursor { get; init; }
    }

    public sealed record Query(Filter Filter) : IQuery<Result<Page<AuditEntryResponse>>>, IMayBeSecondsOld;

    public static void Map(IEndpointRouteBuilder audit) => audit
        .MapGet("/audit", Get)
        .WithName(nameof(ListAuditEntries))
        .WithSummary("List who read or changed what")
        .WithDescription("Newest first. Reading the trail leaves an entry too; it names the patient only when one was asked for.")
        .NeedsScope(Scopes.AuditRead);

    private static async Task<Results<Ok<Page<AuditEntryResponse>>, ProblemHttpResult>> Get([AsParameters] Filter filter, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(filter), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<AuditEntryResponse>>>
    {
        public Task<Result<Page<AuditEntryResponse>>> Handle(Query query, CancellationToken ct)
        {
            var f = query.Filter;
            var found = f.PatientId is { } patient ? db.AuditEntriesOf(patient) : db.AllAuditEntries();
            found = f.Subject is { } subject ? found.Where(e => e.Entry.Subject == subject) : found;
            found = f.From is { } from ? found.Where(e => e.RecordedAt >= from.ToUniversalTime()) : found;
            found = f.To is { } to ? found.Where(e => e.RecordedAt < to.ToUniversalTime()) : found;
            return found.PageAsync(f.Limit ?? Common.Cursor.DefaultLimit, f.Cursor, ct);
        }
    }
}

/// <summary>Who looked at one patient's data or changed it: what a patient may ask for.</summary>
public static class GetAccessLog
{
    public sealed record Query(PatientId PatientId, int Limit, string? Cursor) : IQuery<Result<Page<AuditEntryResponse>>>, IConcernsPatient, IMayBeSecondsOld;

    public static void Map(IEndpointRouteBuilder audit) => audit
        .MapGet("/patients/{patientId}/access-log", Get)
        .WithName(nameof(GetAccessLog))
        .WithSummary("List who read or changed a patient's data")
        .WithDescription("Newest first, refused attempts included.")
        .NeedsScope(Scopes.AuditRead);

    private static async Task<Results<Ok<Page<AuditEntryResponse>>, ProblemHttpResult>> Get(
        PatientId patientId, [AsParameters] Paging paging, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Query(patientId, paging.Size, paging.Cursor), ct)).ToOk();

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<AuditEntryResponse>>>
    {
        public Task<Result<Page<AuditEntryResponse>>> Handle(Query query, CancellationToken ct) =>
            db.AuditEntriesOf(query.PatientId).PageAsync(query.Limit, query.Cursor, ct);
    }
}

internal static class AuditPages
{
    private sealed record Key(DateTimeOffset RecordedAt, Guid Id);

    /// <summary>An entry where an index has it.</summary>
    internal sealed class Placed
    {
        public required DateTimeOffset RecordedAt { get; init; }
        public required AuditEntryId Id { get; init; }
        public required AuditEntry Entry { get; init; }
    }

    public static IQueryable<Placed> AllAuditEntries(this LdnDbContext db) =>
        db.AuditEntries.AsNoTracking().Select(e => new Placed { RecordedAt = e.RecordedAt, Id = e.Id, Entry = e });

    /// <summary>Ordered and cut by what the patient's own index holds, so that no more entries are read than are shown.</summary>
    public static IQueryable<Placed> AuditEntriesOf(this LdnDbContext db, PatientId patient) =>
        from subject in db.AuditSubjects.AsNoTracking()
        where subject.PatientId == patient
        join entry in db.AuditEntries.AsNoTracking() on subject.EntryId equals entry.Id
        select new Placed { RecordedAt = subject.RecordedAt, Id = subject.EntryId, Entry = entry };

    public static Task<Result<Page<AuditEntryResponse>>> PageAsync(this IQueryable<Placed> entries, int limit, string? cursor, CancellationToken ct) =>
        Cursor.Decode<Key>(cursor).ThenAsync<Page<AuditEntryResponse>>(async after =>
        {
            if (after is not null)
            {
                var id = new AuditEntryId(after.Id);
                entries = entries.Where(e => e.RecordedAt < after.RecordedAt || (e.RecordedAt == after.RecordedAt && e.Id < id));
            }

            var found = await entries.OrderByDescending(e => e.RecordedAt).ThenByDescending(e => e.Id).Take(limit + 1).ToListAsync(ct);
            return found.ToPage(limit, e => new Key(e.RecordedAt, e.Id.Value)).Select(e => AuditEntryResponse.Of(e.Entry));
        });
}
