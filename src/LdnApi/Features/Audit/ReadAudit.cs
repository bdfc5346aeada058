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
/// <param name="Number">Its place in the clinic's chain, from 1. Absent until it is linked: as it is written, or about a second later.</param>
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
            var (from, to) = (f.From?.ToUniversalTime(), f.To?.ToUniversalTime());
            return db.AuditPageAsync(new AuditPages.Wanted(f.PatientId, f.Subject, from, to, f.Limit ?? Common.Cursor.DefaultLimit), f.Cursor, ct);
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
            db.AuditPageAsync(new AuditPages.Wanted(query.PatientId, null, null, null, query.Limit), query.Cursor, ct);
    }
}

internal static class AuditPages
{
    private sealed record Key(DateTimeOffset RecordedAt, Guid Id);

    /// <param name="From">UTC.</param>
    /// <param name="To">UTC; what was recorded then is left out.</param>
    internal sealed record Wanted(PatientId? Patient, string? Subject, DateTimeOffset? From, DateTimeOffset? To, int Limit);

    public static Task<Result<Page<AuditEntryResponse>>> AuditPageAsync(this LdnDbContext db, Wanted wanted, string? cursor, CancellationToken ct) =>
        Cursor.Decode<Key>(cursor).ThenAsync<Page<AuditEntryResponse>>(async after =>
        {
            var found = await (wanted.Patient is { } patient ? db.Of(patient, wanted, after) : db.OfAll(wanted, after))
                .OrderByDescending(e => e.RecordedAt).ThenByDescending(e => e.Id).Take(wanted.Limit + 1).ToListAsync(ct);
            return found.ToPage(wanted.Limit, e => new Key(e.RecordedAt, e.Id.Value)).Select(AuditEntryResponse.Of);
        });

    private static IQueryable<AuditEntry> OfAll(this LdnDbContext db, Wanted wanted, Key? after)
    {
        var found = db.AuditEntries.AsNoTracking();
        found = wanted.Subject is { } subject ? found.Where(e => e.Subject == subject) : found;
        found = wanted.From is { } from ? found.Where(e => e.RecordedAt >= from) : found;
        found = wanted.To is { } to ? found.Where(e => e.RecordedAt < to) : found;
        if (after is null)
        {
            return found;
        }

        var id = new AuditEntryId(after.Id);
        return found.Where(e => e.RecordedAt < after.RecordedAt || (e.RecordedAt == after.RecordedAt && e.Id < id));
    }

    /// <summary>
    /// Of each place where entries that name the patient are found the newest that are wanted: no more entries are read than are shown. With a subject all are looked through
    /// until there are enough of that person.
    /// </summary>
    private static IQueryable<AuditEntry> Of(this LdnDbContext db, PatientId patient, Wanted wanted, Key? after)
    {
        var (clinic, id, most) = (db.Clinic.Value, patient.Value, wanted.Limit + 1);
        var (from, to) = (wanted.From ?? DateTimeOffset.MinValue, wanted.To ?? DateTimeOffset.MaxValue); // PostgreSQL's infinities: coalesce would keep row-level security from the index
        var (before, beforeId) = (after?.RecordedAt ?? DateTimeOffset.MaxValue, after?.Id ?? Guid.Empty);
        return db.AuditEntries.FromSql($"""
            SELECT e.* FROM (
                (SELECT s.recorded_at, s.entry_id FROM audit_subjects s
                    WHERE s.clinic_id = {clinic} AND s.patient_id = {id}
                      AND s.recorded_at >= {from} AND s.recorded_at < {to} AND (s.recorded_at, s.entry_id) < ({before}, {beforeId})
                      AND ({wanted.Subject}::text IS NULL OR EXISTS (SELECT FROM audit_entries a WHERE a.clinic_id = s.clinic_id AND a.id = s.entry_id AND a.subject = {wanted.Subject}))
                    ORDER BY s.recorded_at DESC, s.entry_id DESC LIMIT {most})
                UNION ALL
                SELECT newest.* FROM audit_lists l CROSS JOIN LATERAL (
                    SELECT s.recorded_at, s.entry_id FROM audit_list_entries s
                    WHERE s.clinic_id = l.clinic_id AND s.list_id = l.list_id
                      AND s.recorded_at >= {from} AND s.recorded_at < {to} AND (s.recorded_at, s.entry_id) < ({before}, {beforeId})
                      AND ({wanted.Subject}::text IS NULL OR EXISTS (SELECT FROM audit_entries a WHERE a.clinic_id = s.clinic_id AND a.id = s.entry_id AND a.subject = {wanted.Subject}))
                    ORDER BY s.recorded_at DESC, s.entry_id DESC LIMIT {most}) newest
                WHERE l.clinic_id = {clinic} AND l.patient_id = {id}
                ORDER BY recorded_at DESC, entry_id DESC LIMIT {most}) placed
            JOIN audit_entries e ON e.clinic_id = {clinic} AND e.id = placed.entry_id
            """).AsNoTracking();
    }
}
