using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsvHelper;
using CsvHelper.Configuration;
using LdnApi.Auth;
using LdnApi.Common;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LdnApi.Features.CheckIns;

/// <summary>Takes a diary kept elsewhere: one check-in a row. Every row is read as the item of a batch would be.</summary>
public static class ImportCheckIns
{
    public const int MaxRows = 5000;

    /// <summary>Column → the place in a check-in.</summary>
    private static readonly Dictionary<string, string[]> Columns = new(StringComparer.Ordinal)
    {
        ["date"] = ["date"],
        ["recordedAt"] = ["recordedAt"],
        ["anxiety"] = ["scores", "anxiety"],
        ["nervousness"] = ["scores", "nervousness"],
        ["restlessness"] = ["scores", "restlessness"],
        ["agitation"] = ["scores", "agitation"],
        ["irritability"] = ["scores", "irritability"],
        ["mood"] = ["scores", "mood"],
        ["sleepQuality"] = ["scores", "sleepQuality"],
        ["vividDreams"] = ["vividDreams"],
        ["caffeineMg"] = ["caffeineMg"],
        ["doseTakenAt"] = ["dose", "takenAt"],
        ["doseMg"] = ["dose", "doseMg"],
        ["doseMissed"] = ["dose", "missed"],
        ["selfHarmThoughts"] = ["selfHarmThoughts"],
        ["note"] = ["note"],
        ["sourceSystem"] = ["source", "system"],
        ["sourceId"] = ["source", "id"],
    };

    private static readonly HashSet<string> Texts = ["date", "recordedAt", "doseTakenAt", "note", "sourceSystem", "sourceId"];

    public static void Map(IEndpointRouteBuilder patient) => patient
        .MapPost("/check-ins/import", Post)
        .Accepts<string>("text/csv")
        .WithName(nameof(ImportCheckIns))
        .WithSummary("Import check-ins from a CSV file")
        .WithDescription($"UTF-8, comma separated, with a header row. Columns: {string.Join(", ", Columns.Keys.Select(c => $"`{c}`"))}; an empty cell = not reported. "
            + $"At most {MaxRows} rows. The good rows are kept, the broken are named in the answer.")
        .NeedsScope(Scopes.ClinicalWrite);

    private static async Task<Results<Ok<BatchResponse>, ProblemHttpResult>> Post(PatientId patientId, CsvFile file, IMediator mediator, CancellationToken ct) =>
        (await Read(file).ThenAsync(rows => mediator.Send(new SubmitCheckIns.Command(patientId, rows), ct))).ToOk();

    private static Result<IReadOnlyList<JsonElement>> Read(CsvFile file)
    {
        using var csv = file.Open();
        if (!csv.Read() || !csv.ReadHeader())
        {
            return Problem.Invalid("row 1", "Must be the header row.");
        }

        var header = csv.HeaderRecord!;
        if (Array.Find(header, h => !Columns.ContainsKey(h)) is not null || header.Distinct().Count() != header.Length)
        {
            return Problem.Invalid("row 1", $"Each column once, and only these: {string.Join(", ", Columns.Keys)}.");
        }

        var rows = new List<JsonElement>();
        while (csv.Read())
        {
            if (rows.Count == MaxRows)
            {
                return Problem.Invalid($"row {MaxRows + 2}", $"At most {MaxRows} rows.");
            }

            rows.Add(csv.Parser.Count == header.Length ? ToJson(header, csv) : JsonSerializer.SerializeToElement(new { tooManyOrTooFewCells = true }));
        }

        return rows.Count == 0 ? Problem.Invalid("row 2", "There is no row of data.") : rows;
    }

    private static JsonElement ToJson(string[] header, CsvReader csv)
    {
        var item = new JsonObject();
        for (var i = 0; i < header.Length; i++)
        {
            if (csv.GetField(i) is not { Length: > 0 } cell)
            {
                continue;
            }

            var path = Columns[header[i]];
            var parent = path.Length == 1 ? item : (JsonObject)(item[path[0]] ??= new JsonObject());
            parent[path[^1]] = ValueOf(header[i], cell);
        }

        return JsonSerializer.SerializeToElement(item);
    }

    /// <summary>Numbers and flags become what they are; anything else stays text, which the check-in then refuses in that place.</summary>
    private static JsonValue ValueOf(string column, string cell) =>
        Texts.Contains(column) ? JsonValue.Create(cell)
        : cell is "true" or "false" ? JsonValue.Create(cell == "true")
        : long.TryParse(cell, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole)
        : decimal.TryParse(cell, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number)
        : JsonValue.Create(cell);

    /// <summary>A file of comma-separated values.</summary>
    public sealed record CsvFile(string Text, string Digest) : ISubmission
    {
        private const string Sign = "selfHarmThoughts";

        public const int MaxBytes = 2 * 1024 * 1024;

        /// <summary>Looked for when the file is refused as a whole; of a file that is taken, each row is looked at.</summary>
        public bool CarriesSign
        {
            get
            {
                using var csv = Open();
                if (!csv.Read() || !csv.ReadHeader() || Array.IndexOf(csv.HeaderRecord!, Sign) is not (>= 0 and var column))
                {
                    return false;
                }

                while (csv.Read())
                {
                    if (csv.GetField(column) == "true")
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        internal CsvReader Open() => new(new StringReader(Text), new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null, MissingFieldFound = null, TrimOptions = TrimOptions.Trim });

        /// <exception cref="UnreadableException">415 for anything but CSV, 413 over the limit, 400 for what is not UTF-8.</exception>
        public static async ValueTask<CsvFile> BindAsync(HttpContext http, ParameterInfo _)
        {
            if (http.Request.GetTypedHeaders().ContentType?.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase) != true)
            {
                throw new UnreadableException("The body must be text/csv.", StatusCodes.Status415UnsupportedMediaType);
            }

            var bytes = await RawBody.ReadAsync(http, MaxBytes);
            try
            {
                var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
                return new CsvFile(text.TrimStart('\uFEFF'), RawBody.DigestOf(bytes)); // spreadsheets begin their files with a byte order mark
            }
            catch (DecoderFallbackException e)
            {
                throw new UnreadableException("Must be UTF-8.", place: "$", inner: e);
            }
        }
    }
}
