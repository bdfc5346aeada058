using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.History;

/// <summary>The kind of record whose history an endpoint answers: what has a history and no such endpoint fails a test.</summary>
public sealed record HistoryOf(Type Record);

/// <summary>Every version of one record of a patient, newest first, in the shape in which the record is read.</summary>
public static class ReadHistory
{
    public sealed record Query(PatientId PatientId, Type Record, Guid RecordId, int Limit, string? Cursor) : IQuery<Result<Page<DatedVersion>>>, IConcernsPatient, IMayBeSecondsOld;

    /// <param name="On">The clinical day on which the version became known.</param>
    public sealed record DatedVersion(RecordVersion Version, DateOnly On);

    /// <param name="read">The record as it is read on a day.</param>
    public static async Task<Results<Ok<Page<HistoryEntry<TResponse>>>, ProblemHttpResult>> AnswerAsync<TRecord, TResponse>(
        PatientId patientId, Guid recordId, Paging paging, Func<TRecord, DateOnly, TResponse> read, IMediator mediator, CancellationToken ct) where TRecord : IClinicalRecord
    {
        var found = await mediator.Send(new Query(patientId, typeof(TRecord), recordId, paging.Size, paging.Cursor), ct);
        return found.Match(
            page => page.Select(v => v.Version.ToEntry(read(v.Version.Read<TRecord>(), v.On))),
            problem => (Result<Page<HistoryEntry<TResponse>>>)problem).ToOk();
    }

    public sealed class Handler(LdnDbContext db) : IQueryHandler<Query, Result<Page<DatedVersion>>>
    {
        public async Task<Result<Page<DatedVersion>>> Handle(Query query, CancellationToken ct)
        {
            var patient = await db.Patients.AsNoTracking().SingleAsync(p => p.Id == query.PatientId, ct);
            var kind = RecordVersion.KindOf(query.Record);
            return await db.RecordVersions.AsNoTracking().Where(v => v.PatientId == query.PatientId && v.Kind == kind)
                .PageAsync(query.RecordId, query.Limit, query.Cursor, v => new DatedVersion(v, patient.DayAt(v.RecordedAt)), ct);
        }
    }
}
