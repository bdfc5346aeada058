using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace LdnApi.Records;

/// <summary>
/// Reads rows of several kinds in one round trip, where one query after another would wait for the network each time. The rows are not tracked. Inside a transaction it
/// sees what the transaction sees, and takes along what waits to be sent (<see cref="LdnDbContext.Append"/>); outside one it brings the clinic along, as <see cref="ClinicWall"/> does.
/// </summary>
/// <remarks>In a condition <c>$1</c> is the clinic, and each row is asked to be of it; further values begin with <c>$2</c>.</remarks>
public sealed class RecordBatch(LdnDbContext db)
{
    private readonly List<(NpgsqlBatchCommand Command, Func<NpgsqlDataReader, CancellationToken, Task>? Take)> _parts = [];

    /// <summary>Asks for the rows of a kind.</summary>
    /// <param name="condition">SQL, and whatever may follow a condition.</param>
    /// <returns>The list, filled once the batch is read.</returns>
    public List<T> All<T>(string condition, params object[] values) where T : class, IBelongToClinic => All<T, T>(condition, values);

    /// <summary>Asks for rows of a kind, of each only what a record needs whose parameters have the names of its properties.</summary>
    /// <param name="condition">SQL, and whatever may follow a condition.</param>
    /// <returns>The list, filled once the batch is read.</returns>
    public List<TShape> All<T, TShape>(string condition, params object[] values) where T : class, IBelongToClinic
    {
        var rows = Rows<T, TShape>.Of(db);
        var found = new List<TShape>();
        Ask($"{rows.Select} WHERE clinic_id = $1 AND {condition}", values, async (reader, ct) =>
        {
            found.Clear(); // a batch that broke half-way is read again
            while (await reader.ReadAsync(ct))
            {
                found.Add(rows.Make(reader));
            }
        });
        return found;
    }

    /// <summary>Does something else on the way.</summary>
    /// <param name="sql">What answers with no rows.</param>
    /// <returns>What knows, once the batch is read, how many rows it was done to.</returns>
    public NpgsqlBatchCommand Do(string sql, params object[] values) => Ask(sql, values, null);

    /// <summary>Reads everything that was asked for.</summary>
    public Task ReadAsync(CancellationToken ct) => db.Database.CurrentTransaction is null
        ? db.Database.CreateExecutionStrategy().ExecuteAsync(() => ReadOnceAsync(ct))
        : ReadOnceAsync(ct);

    private NpgsqlBatchCommand Ask(string sql, object[] values, Func<NpgsqlDataReader, CancellationToken, Task>? take)
    {
        var command = new NpgsqlBatchCommand(sql);
        if (sql.Contains("$1", StringComparison.Ordinal))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = db.Clinic.Value });
        }

        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        _parts.Add((command, take));
        return command;
    }

    private async Task ReadOnceAsync(CancellationToken ct)
    {
        await db.Database.OpenConnectionAsync(ct);
        try
        {
            await using var batch = new NpgsqlBatch((NpgsqlConnection)db.Database.GetDbConnection());
            var saysClinic = db.Database.CurrentTransaction is null || db.OwesClinic;
            db.OwesClinic = false;
            if (saysClinic)
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand(ClinicWall.Set) { Parameters = { new() { Value = db.Clinic.ToString() } } });
            }

            foreach (var command in db.TakeWaiting().Concat(_parts.Select(p => p.Command)))
            {
                batch.BatchCommands.Add(command);
            }

            await using var reader = await batch.ExecuteReaderAsync(ct);
            if (saysClinic)
            {
                await reader.NextResultAsync(ct);
            }

            foreach (var take in _parts.Select(p => p.Take).OfType<Func<NpgsqlDataReader, CancellationToken, Task>>())
            {
                await take(reader, ct);
                await reader.NextResultAsync(ct); // passes over what answers with no rows
            }
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>How rows of a kind are asked for and made into objects: as the model maps them, worked out once.</summary>
    private sealed class Rows<T, TShape> where T : class
    {
        private static Rows<T, TShape>? _known;

        private Rows(LdnDbContext db)
        {
            var (kind, sql) = (db.Model.FindEntityType(typeof(T))!, db.GetService<ISqlGenerationHelper>());
            var maker = typeof(TShape).GetConstructors().Single();
            var parameters = maker.GetParameters();
            var properties = parameters.Length == 0
                ? kind.GetProperties().ToList()
                : [.. parameters.Select(p => kind.GetProperties().Single(k => k.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)))];
            Select = $"SELECT {string.Join(", ", properties.Select(p => sql.DelimitIdentifier(p.GetColumnName())))} FROM {kind.GetTableName()}";
            var reader = Expression.Parameter(typeof(NpgsqlDataReader));
            var values = properties.Select((p, i) => ValueOf(p, reader, i));
            Expression made = parameters.Length == 0
                ? Expression.MemberInit(Expression.New(maker), properties.Zip(values, (p, value) => Expression.Bind(p.PropertyInfo!, value)))
                : Expression.New(maker, values.Zip(parameters, (value, p) => Expression.Convert(value, p.ParameterType)));
            Make = Expression.Lambda<Func<NpgsqlDataReader, TShape>>(made, reader).Compile();
        }

        public string Select { get; }

        public Func<NpgsqlDataReader, TShape> Make { get; }

        public static Rows<T, TShape> Of(LdnDbContext db) => _known ??= new Rows<T, TShape>(db);

        private static Expression ValueOf(IProperty property, ParameterExpression reader, int column)
        {
            var ordinal = Expression.Constant(column);
            var converter = property.GetTypeMapping().Converter;
            var stored = converter?.ProviderClrType ?? property.ClrType;
            var read = Expression.Call(reader, GetFieldValue.MakeGenericMethod(Nullable.GetUnderlyingType(stored) ?? stored), ordinal);
            var value = Expression.Convert(converter is null ? read : Expression.Invoke(converter.ConvertFromProviderExpression, Expression.Convert(read, stored)), property.ClrType);
            return property.IsNullable
                ? Expression.Condition(Expression.Call(reader, IsDBNull, ordinal), Expression.Default(property.ClrType), value)
                : value;
        }
    }

    private static readonly MethodInfo GetFieldValue = typeof(NpgsqlDataReader).GetMethod(nameof(NpgsqlDataReader.GetFieldValue))!;
    private static readonly MethodInfo IsDBNull = typeof(NpgsqlDataReader).GetMethod(nameof(NpgsqlDataReader.IsDBNull))!;
}
