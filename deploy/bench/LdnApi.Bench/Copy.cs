using System.Globalization;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>Binary COPY of records, with the columns and conversions of the API's own model. As an administrator: row-level security and COPY do not go together.</summary>
internal sealed class Copy<T>(LdnDbContext model, NpgsqlConnection connection) : IDisposable where T : class
{
    private readonly NpgsqlBinaryImporter _importer = Begin(model, connection, out _);
    private readonly Column[] _columns = ColumnsOf(model);

    public void Add(T record)
    {
        _importer.StartRow();
        foreach (var column in _columns)
        {
            if (column.Of(record) is { } value)
            {
                _importer.Write(value, column.Type);
            }
            else
            {
                _importer.WriteNull();
            }
        }
    }

    public void Complete() => _importer.Complete();

    public void Dispose() => _importer.Dispose();

    private static NpgsqlBinaryImporter Begin(LdnDbContext model, NpgsqlConnection connection, out string table)
    {
        table = model.Model.FindEntityType(typeof(T))!.GetTableName()!;
        return connection.BeginBinaryImport($"COPY {table} ({string.Join(", ", ColumnsOf(model).Select(c => c.Name))}) FROM STDIN (FORMAT BINARY)");
    }

    private static Column[] ColumnsOf(LdnDbContext model) =>
        [.. model.Model.FindEntityType(typeof(T))!.GetProperties().Where(p => p.GetDefaultValueSql() is null).Select(p => new Column(p))];

    private sealed class Column(IProperty property)
    {
        private readonly Func<object?, object?>? _convert = property.GetTypeMapping().Converter?.ConvertToProvider;

        public string Name => $"\"{property.GetColumnName()}\"";

        public string Type { get; } = property.GetColumnType().Split('(')[0]; // without its length

        public object? Of(T record)
        {
            var value = property.GetGetter().GetClrValue(record);
            return value is null || _convert is null ? value : _convert(value);
        }
    }
}

/// <summary>How far something is, on one line.</summary>
internal sealed class Progress(string what, long total)
{
    private const int Width = 40;
    private readonly DateTime _begun = DateTime.UtcNow;
    private int _shown = -1;

    public void At(long done)
    {
        var percent = (int)(done * 100 / total);
        if (percent == _shown || (Console.IsErrorRedirected && done < total))
        {
            return;
        }

        _shown = percent;
        var bar = new string('#', percent * Width / 100).PadRight(Width, '.');
        var rate = done / Math.Max(0.001, (DateTime.UtcNow - _begun).TotalSeconds);
        Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{what,-12} [{bar}] {percent,3} %  {rate:n0}/s "));
        if (done >= total)
        {
            Console.Error.WriteLine();
        }
    }
}
