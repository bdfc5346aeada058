using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace LdnApi.Records;

/// <summary>One row as it is, without what EF would remember of it.</summary>
internal static class OneRow
{
    private static readonly ConcurrentDictionary<Type, (string Sql, (IProperty Column, string Type)[] Columns)> Known = new();

    /// <summary>The statement for a row that is not there yet. Values that the database gives by default are left to it.</summary>
    public static NpgsqlBatchCommand Insert(IModel model, IBelongToClinic row)
    {
        var (sql, columns) = Known.GetOrAdd(row.GetType(), type => InsertOf(model.FindEntityType(type)!));
        var command = new NpgsqlBatchCommand(sql);
        foreach (var (column, type) in columns)
        {
            var value = column.GetGetter().GetClrValue(row);
            command.Parameters.Add(new NpgsqlParameter { DataTypeName = type, Value = (column.GetTypeMapping().Converter is { } convert ? convert.ConvertToProvider(value) : value) ?? DBNull.Value });
        }

        return command;
    }

    private static (string Sql, (IProperty Column, string Type)[] Columns) InsertOf(IEntityType kind)
    {
        var columns = ManyRows.ColumnsOf(kind);
        var sql = $"INSERT INTO {kind.GetTableName()} ({string.Join(", ", columns.Select(c => $"\"{c.GetColumnName()}\""))}) VALUES ({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))})";
        return (sql, [.. columns.Select(c => (c, ManyRows.TypeOf(c)))]);
    }
}

/// <summary>
/// Many rows in one statement, a column at a time: <c>INSERT … SELECT … FROM unnest(…)</c>. PostgreSQL refuses COPY where row-level security holds.
/// </summary>
internal static class ManyRows
{
    /// <summary>The statement for rows that are not there yet. Values that the database gives by default are left to it.</summary>
    public static NpgsqlBatchCommand Insert<T>(IModel model, IReadOnlyList<T> rows) where T : class, IBelongToClinic
    {
        var kind = model.FindEntityType(typeof(T))!;
        var columns = ColumnsOf(kind);
        var command = new NpgsqlBatchCommand(
            $"INSERT INTO {kind.GetTableName()} ({string.Join(", ", columns.Select(c => $"\"{c.GetColumnName()}\""))}) SELECT * FROM unnest({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))})");
        foreach (var column in columns)
        {
            command.Parameters.Add(new NpgsqlParameter { DataTypeName = $"{TypeOf(column)}[]", Value = ValuesOf(column, rows) });
        }

        return command;
    }

    internal static List<IProperty> ColumnsOf(IEntityType kind) =>
        [.. kind.GetProperties().Where(p => p.GetDefaultValueSql() is null && p.GetBeforeSaveBehavior() is not PropertySaveBehavior.Ignore)];

    internal static string TypeOf(IProperty column) => column.GetColumnType().Split('(')[0];

    private static Array ValuesOf<T>(IProperty column, IReadOnlyList<T> rows)
    {
        var convert = column.GetTypeMapping().Converter;
        var stored = convert?.ProviderClrType ?? column.ClrType;
        var values = Array.CreateInstance(column.IsNullable && stored.IsValueType && Nullable.GetUnderlyingType(stored) is null ? typeof(Nullable<>).MakeGenericType(stored) : stored, rows.Count);
        var getter = column.GetGetter();
        for (var i = 0; i < rows.Count; i++)
        {
            var value = getter.GetClrValue(rows[i]!);
            values.SetValue(convert is null ? value : convert.ConvertToProvider(value), i);
        }

        return values;
    }
}
