using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Pipeline;

/// <summary>Answers a caller who has the current version of a record from the versions alone, without reading the record.</summary>
public sealed class NotModifiedBehavior<TQuery, TResponse>(LdnDbContext db, KnownVersions known) : IPipelineBehavior<TQuery, TResponse>
    where TQuery : IQuery<TResponse>, IReadsRecord, IConcernsPatient
    where TResponse : IOutcome<TResponse>
{
    public async Task<TResponse> Handle(TQuery query, CancellationToken ct, RequestHandlerDelegate<TResponse> next)
    {
        if (!known.Asked)
        {
            return await next();
        }

        var kind = RecordVersion.KindOf(query.Record);
        var current = await db.RecordVersions
            .Where(v => v.RecordId == query.RecordId && v.PatientId == query.PatientId && v.Kind == kind).MaxAsync(v => (long?)v.Version, ct);
        return current is { } version && known.Includes(version) ? TResponse.Refuse(Problem.NotModified(version)) : await next();
    }
}
