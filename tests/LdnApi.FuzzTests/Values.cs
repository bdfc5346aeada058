using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LdnApi.ContractTests;

namespace LdnApi.FuzzTests;

/// <summary>Makes instances of schemas: good ones, and ones at and over every edge. Same seed, same values.</summary>
/// <param name="today">Days and instants are mostly made near it.</param>
internal sealed partial class Values(Contract contract, Random random, DateOnly today)
{
    /// <summary>In every hostile text, so that an answer that repeats one is found.</summary>
    public const string Canary = "zqEcho";

    private static readonly string[] Texts = ["UTC", "Europe/Dublin", "Pacific/Auckland", "America/New_York", "08:30", "21:00", "\"1\"", "on-hold", "seed-standard", "R-04", "a", "A-1"];

    /// <summary>Text that has broken other servers.</summary>
    public static readonly string[] Hostile =
    [
        $"{Canary}\0", $"{Canary}\ud800", $"{Canary}'; DROP TABLE patients; --", $"{Canary}\" OR 1=1", $"{Canary}%00%0a", $"../../../etc/{Canary}", $"{Canary}{{0}}${{7*7}}<%= 7*7 %>",
        $"<script>{Canary}</script>", $"{Canary}\r\nSet-Cookie: a=b", $"\u202e{Canary}\u200b\ufeff", $"{Canary}e\u0301\u212b", $"{Canary}\ud83d\ude00", $"{Canary}\\", $"%{Canary}_%", $"{Canary}|a|b", "null", "NaN",
        "-1", "1e400", "true", " ", "\t", "\u0001\u001f", new string('9', 400), Canary + new string('a', 5_000), "(a+)+$" + new string('a', 60), "9999-12-31", "0001-01-01", "infinity", "2026-02-30",
    ];

    /// <summary>A good instance. Members that may be left out are left out half of the time.</summary>
    /// <param name="known">An id that a member of this name should carry; null = any.</param>
    public JsonNode? Good(JsonNode schema, string name, string marker, Func<string, string?> known, int depth = 0)
    {
        if (schema["oneOf"] is JsonArray either)
        {
            return Good(either[random.Next(either.Count)]!, name, marker, known, depth);
        }

        var own = contract.Resolve(schema);
        if (own["enum"] is JsonArray names)
        {
            return names[random.Next(names.Count)]?.DeepClone();
        }

        if (own["oneOf"] is not null)
        {
            return Good(own, name, marker, known, depth);
        }

        var types = Types(own);
        return types[random.Next(types.Length)] switch
        {
            "null" => null,
            "boolean" => random.Next(2) == 0,
            "integer" => Integer(own),
            "number" => Number(own),
            "string" => Text(own, name, marker, known),
            "array" => Array(own, name, marker, known, depth),
            _ => Object(own, marker, known, depth),
        };
    }

    /// <summary>What to put in the place of a value, each with a word for it: at an edge, over it, of another type, hostile.</summary>
    public IEnumerable<(string What, JsonNode? Value)> Edges(JsonObject schema)
    {
        yield return ("null", null);
        foreach (var (type, other) in new (string, JsonNode)[] { ("string", "5"), ("integer", 5), ("number", 0.5m), ("boolean", true), ("array", new JsonArray()), ("object", new JsonObject()) })
        {
            yield return ($"a {type}", other);
        }

        var types = Types(schema);
        if (types.Contains("integer") || types.Contains("number"))
        {
            var step = schema["multipleOf"] is { } multiple ? (decimal)multiple : 1;
            var least = (decimal?)schema["minimum"] ?? (decimal?)schema["exclusiveMinimum"] ?? 0;
            var most = (decimal?)schema["maximum"] ?? int.MaxValue;
            foreach (var number in new[] { least, least - step, least + step, most, most + step, most - step, 0, -1, 0.0005m, 1.0m, int.MaxValue, (decimal)int.MaxValue + 1, decimal.MaxValue })
            {
                yield return ($"{number}", number);
            }
        }

        if (types.Contains("string"))
        {
            var least = (int?)schema["minLength"] ?? 0;
            var most = (int?)schema["maxLength"] ?? 100;
            foreach (var length in new[] { least, least - 1, most, most + 1 }.Where(l => l is >= 0 and <= 20_000))
            {
                yield return ($"{length} characters", new string('a', length));
            }

            yield return ($"{most} characters beyond the basic plane", string.Concat(Enumerable.Repeat("\ud83d\ude00", Math.Min(most, 5_000))));
            foreach (var text in Hostile)
            {
                yield return ($"hostile text {text[..Math.Min(text.Length, 24)]}", text);
            }

            foreach (var name in (schema["enum"]?.AsArray() ?? []).OfType<JsonValue>().Take(1).Select(n => (string)n!))
            {
                yield return ("another case", name.ToUpperInvariant());
                yield return ("with spaces", $" {name} ");
            }
        }

        if (types.Contains("array") && schema["items"] is { } items)
        {
            var one = Good(items, "", "", _ => null);
            var most = (int?)schema["maxItems"] ?? 10;
            foreach (var count in new[] { 0, 1, (int?)schema["minItems"] ?? 0, most, most + 1 }.Distinct())
            {
                yield return ($"{count} items", new JsonArray([.. Enumerable.Range(0, count).Select(_ => one?.DeepClone())]));
            }

            yield return ("an item that is null", new JsonArray((JsonNode?)null));
        }
    }

    /// <summary>A good value of a parameter, as text.</summary>
    public string GoodText(JsonObject schema, string name, Func<string, string?> known) => Good(schema, name, "", known) switch
    {
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => (string)value!,
        { } other => other.ToJsonString(),
        null => "",
    };

    public static string[] Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray several => [.. several.Select(t => (string)t!)],
        { } one => [(string)one!],
        null => [schema["properties"] is null ? "null" : "object"],
    };

    private JsonNode Integer(JsonObject schema)
    {
        var least = (long?)schema["minimum"] ?? 0;
        return random.NextInt64(least, Math.Max(least, Math.Min((long?)schema["maximum"] ?? 100, int.MaxValue)) + 1);
    }

    private JsonNode Number(JsonObject schema)
    {
        var step = (decimal?)schema["multipleOf"] ?? 0.5m;
        var most = Math.Min((decimal?)schema["maximum"] ?? 100, random.Next(2) == 0 ? 6 : 1000); // doses are small, and so must most of them be
        return step * random.Next(1, (int)(most / step) + 1);
    }

    private JsonNode Text(JsonObject schema, string name, string marker, Func<string, string?> known)
    {
        switch ((string?)schema["format"])
        {
            case "uuid":
                return known(name) ?? RandomId();
            case "date":
                return Day().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
            case "date-time":
                return $"{Day():yyyy-MM-dd}T{random.Next(24):00}:{random.Next(60):00}:00Z";
        }

        if (schema["pattern"] is { } pattern)
        {
            var fitting = Texts.Where(t => Regex.IsMatch(t, (string)pattern!, RegexOptions.None, TimeSpan.FromSeconds(1))).ToArray();
            return fitting.Length > 0 && random.Next(4) > 0 ? fitting[random.Next(fitting.Length)] : PatternText.Make((string)pattern!, random);
        }

        var text = random.Next(4) == 0 ? Texts[random.Next(Texts.Length)] : $"{marker} {random.Next(100_000)}";
        var (least, most) = ((int?)schema["minLength"] ?? 0, (int?)schema["maxLength"] ?? 100);
        return text.Length > most ? text[..most] : text.PadRight(least, 'x');
    }

    private JsonArray Array(JsonObject schema, string name, string marker, Func<string, string?> known, int depth)
    {
        var least = (int?)schema["minItems"] ?? 0;
        var most = Math.Min((int?)schema["maxItems"] ?? 3, least + 8);
        return new JsonArray([.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => Good(schema["items"]!, name, marker, known, depth + 1))]);
    }

    private JsonObject Object(JsonObject schema, string marker, Func<string, string?> known, int depth)
    {
        var required = (schema["required"]?.AsArray() ?? []).Select(r => (string)r!).ToHashSet();
        var made = new JsonObject();
        foreach (var (name, member) in schema["properties"]?.AsObject() ?? [])
        {
            if (required.Contains(name) || (depth < 4 && random.Next(2) == 0))
            {
                made[name] = Good(member!, name, marker, known, depth + 1);
            }
        }

        return made;
    }

    private DateOnly Day() => random.Next(20) switch
    {
        0 => new DateOnly(1900, 1, 1),
        1 => new DateOnly(2199, 12, 31),
        2 => today.AddDays(random.Next(-20_000, 1)),
        3 => today.AddDays(random.Next(1, 30)),
        _ => today.AddDays(-random.Next(60)),
    };

    public string RandomId()
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }
}
