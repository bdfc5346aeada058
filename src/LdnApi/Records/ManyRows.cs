using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace LdnApi.Records;

/// <summary>
/// Many rows in one statement, a column at a time: <c>INSERT … SELECT … FROM unnest(…)</c>. PostgreSQL refuses COPY where row-level security holds.
/// </summary>
internal static class ManyRows
{
    /// <summary>The statement for rows that are not there yet. Values that the database gives by default are left to it.</summary>
    public static NpgsqlBatchCommand Insert<T>(IModel model, IReadOnlyList<T> rows) where T : class, IBelongToClinic
    {
        var kind = model.FindEntityType(typeof(T))!;
        var columns = kind.GetProperties().Where(p => p.GetDefaultValueSql() is null).ToList();
        var command = new NpgsqlBatchCommand(
            $"INSERT INTO {kind.GetTableName()} ({string.Join(", ", columns.Select(c => $"\"{c.GetColumnName()}\""))}) SELECT * FROM unnest({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))})");
        foreach (var column in columns)
        {
            command.Parameters.Add(new NpgsqlParameter { DataTypeName = $"{column.GetColumnType().Split('(')[0]}[]", Value = ValuesOf(column, rows) });
        }

        return command;
    }

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
