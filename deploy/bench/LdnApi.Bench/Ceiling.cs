using System.Runtime;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using NpgsqlTypes;

namespace LdnApi.Bench;

/// <summary>
/// What can be had at most: the same rows as the same JSON, by hand, on raw Npgsql with prepared statements. It knows nobody, checks nothing, isolates nothing and
/// leaves no trace. Part of the benchmark, not of the product.
/// </summary>
internal static partial class Ceiling
{
    public static async Task<int> RunAsync(string connectionString, string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, Shapes.Default));
        await using var source = new NpgsqlDataSourceBuilder(connectionString).Build();
        await using var app = builder.Build();

        app.MapGet("/patients/{id:guid}", (Guid id) => OneAsync(source, Statements.Point, PatientOf, id));
        app.MapGet("/patients/{id:guid}/check-ins", (Guid id) => ManyAsync(source, Statements.CheckIns, CheckInOf, id));
        app.MapGet("/follow-ups", () => ManyAsync(source, Statements.Queue, FollowUpOf, null));
        app.MapGet("/patients/{id:guid}/timeline", (Guid id) => ManyAsync(source, Statements.Timeline, MomentOf, id));
        app.MapPost("/patients/{id:guid}/check-ins", (Guid id, NewCheckIn body) => InsertAsync(source, Statements.InsertCheckIn, id, DateOnly.Parse(body.Date, null), body.Scores.Anxiety));
        app.MapPost("/patients/{id:guid}/adverse-events", (Guid id, NewAdverseEvent body) => InsertAsync(source, Statements.InsertAdverseEvent, id, DateOnly.Parse(body.OnsetOn, null), null));
        app.MapGet("/metrics", () => FormattableString.Invariant($"{Server.CompilationTime} {JitInfo.GetCompilationTime().TotalSeconds}"));
        await app.RunAsync();
        return 0;
    }

    private static async Task<IResult> OneAsync<T>(NpgsqlDataSource source, string sql, Func<NpgsqlDataReader, T> of, Guid id)
    {
        await using var command = CommandFor(source, sql, id);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? TypedResults.Ok(of(reader)) : TypedResults.NotFound();
    }

    private static async Task<IResult> ManyAsync<T>(NpgsqlDataSource source, string sql, Func<NpgsqlDataReader, T> of, Guid? id)
    {
        await using var command = CommandFor(source, sql, id);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<T>(64);
        while (await reader.ReadAsync())
        {
            found.Add(of(reader));
        }

        return TypedResults.Ok(found);
    }

    private static async Task<IResult> InsertAsync(NpgsqlDataSource source, string sql, Guid patient, DateOnly on, int? anxiety)
    {
        var (id, now) = (Guid.CreateVersion7(), DateTime.UtcNow);
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Shape.Clinic.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = patient });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = on });
        if (anxiety is { } score)
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = score });
        }

        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync();
        return TypedResults.Created($"/{id}", new Made(id, patient, on, now, 1));
    }

    private static NpgsqlCommand CommandFor(NpgsqlDataSource source, string sql, Guid? id)
    {
        var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Shape.Clinic.Value });
        if (id is { } one)
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = one });
        }

        return command;
    }

    private static Patient PatientOf(NpgsqlDataReader r) => new(
        r.GetGuid(0), r.GetString(1), r.GetFieldValue<string[]>(2), Text(r, 3), Date(r, 4), Text(r, 5), r.GetString(6), r.IsDBNull(7) ? null : r.GetBoolean(7), r.GetString(8), Text(r, 9),
        Int(r, 10), r.GetBoolean(11), r.GetDateTime(12), r.GetInt64(13));

    private static CheckIn CheckInOf(NpgsqlDataReader r) => new(
        r.GetGuid(0), r.GetGuid(1), r.GetFieldValue<DateOnly>(2), new Scores(Int(r, 3), Int(r, 4), Int(r, 5), Int(r, 6), Int(r, 7), Int(r, 8), Int(r, 9)), Int(r, 10),
        new Dose(r.IsDBNull(11) ? null : r.GetFieldValue<TimeOnly>(11), r.IsDBNull(12) ? null : r.GetDecimal(12)), Text(r, 13), r.GetString(14), r.GetDateTime(15), r.GetInt64(16));

    private static FollowUp FollowUpOf(NpgsqlDataReader r) => new(
        r.GetGuid(0), r.GetGuid(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5), r.GetFieldValue<DateOnly>(6), r.GetFieldValue<DateOnly>(7), r.GetDateTime(8), Text(r, 9),
        r.GetInt32(10), r.GetBoolean(11), r.GetFieldValue<string[]>(12), r.GetInt64(13));

    private static Moment MomentOf(NpgsqlDataReader r) => new(
        r.GetString(0), r.GetGuid(1), Date(r, 2), Int(r, 3), Int(r, 4), Int(r, 5), r.IsDBNull(6) ? null : r.GetDecimal(6), Text(r, 7), Text(r, 8), Date(r, 9));

    private static string? Text(NpgsqlDataReader r, int i) => r.IsDBNull(i) ? null : r.GetString(i);

    private static int? Int(NpgsqlDataReader r, int i) => r.IsDBNull(i) ? null : r.GetInt32(i);

    private static DateOnly? Date(NpgsqlDataReader r, int i) => r.IsDBNull(i) ? null : r.GetFieldValue<DateOnly>(i);

    internal sealed record Patient(
        Guid Id, string FamilyName, string[] GivenNames, string? Identifiers, DateOnly? BirthDate, string? Gender, string TimeZone, bool? AnxietyHistory, string Sensitivity, string? Conditions,
        int? BaselineAnxiety, bool Active, DateTime RegisteredAt, long Version);

    internal sealed record Scores(int? Anxiety, int? Nervousness, int? Restlessness, int? Agitation, int? Irritability, int? Mood, int? SleepQuality);

    internal sealed record Dose(TimeOnly? TakenAt, decimal? DoseMg);

    internal sealed record CheckIn(Guid Id, Guid PatientId, DateOnly Date, Scores Scores, int? CaffeineMg, Dose Dose, string? Note, string Status, DateTime ReceivedAt, long Version);

    internal sealed record FollowUp(
        Guid Id, Guid PatientId, string Family, string Label, string Priority, string Status, DateOnly OpenedOn, DateOnly LastEvidenceOn, DateTime DueAt, string? Assignee, int Recurrence,
        bool EvidenceChanged, string[] RecommendedActions, long Version);

    /// <summary>One thing on the patient's axis of time.</summary>
    internal sealed record Moment(string Kind, Guid Id, DateOnly? On, int? Anxiety, int? Mood, int? SleepQuality, decimal? DoseMg, string? What, string? How, DateOnly? Until);

    internal sealed record Made(Guid Id, Guid PatientId, DateOnly On, DateTime ReceivedAt, long Version);

    internal sealed record NewScores(int Anxiety);

    internal sealed record NewCheckIn(string Date, NewScores Scores);

    internal sealed record NewAdverseEvent(string Term, string Severity, string OnsetOn);

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
    [JsonSerializable(typeof(Patient))]
    [JsonSerializable(typeof(List<CheckIn>))]
    [JsonSerializable(typeof(List<FollowUp>))]
    [JsonSerializable(typeof(List<Moment>))]
    [JsonSerializable(typeof(Made))]
    [JsonSerializable(typeof(NewCheckIn))]
    [JsonSerializable(typeof(NewAdverseEvent))]
    internal sealed partial class Shapes : JsonSerializerContext;
}
