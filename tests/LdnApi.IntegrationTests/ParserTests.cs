using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using LdnApi.Clinical.Time;
using LdnApi.Common;
using LdnApi.Features.CheckIns;
using LdnApi.Features.Patients;
using Microsoft.AspNetCore.Http;

namespace LdnApi.IntegrationTests;

/// <summary>Whatever comes in, a parser refuses it or gives back what was written; it never throws what nobody expects.</summary>
public sealed class ParserTests
{
    private static readonly Gen<string> Digits = OneOf("0", "1", "2", "3", "9", "-", ":", "T", "Z", "+", ".", " ", "a", "f", "x", "{", "}", "٣", "\0", "\n").Array[0, 40].Select(string.Concat);

    private static readonly Gen<string> Instants = Gen.Select(Gen.Int[0, 10_000], Gen.Int[0, 13], Gen.Int[0, 32], Gen.Int[0, 25], Gen.Int[0, 61], Gen.Int[0, 61], OneOf("", ".1", ".1234567", ".123456789", ".1234567890", "."), OneOf("Z", "z", "+00:00", "-00:00", "+14:00", "-14:00", "+14:01", "+24:00", "", "+1400"))
        .Select((y, mo, d, h, mi, s, fraction, zone) => $"{y:0000}-{mo:00}-{d:00}T{h:00}:{mi:00}:{s:00}{fraction}{zone}");

    private static readonly Gen<string> Ids = Gen.Select(Gen.Guid, OneOf("D", "N", "B", "P", "X", "D", "D"), Gen.Int[0, 40], OneOf("", " ", "+", "0x", "-", "g", "\0", "\t"))
        .Select((id, format, at, noise) => id.ToString(format).Insert(Math.Min(at, id.ToString(format).Length), noise));

    [Fact]
    public void An_id_is_read_in_its_one_form() => Gen.OneOf(Digits, Ids).Sample(text =>
        !PatientId.TryParse(text, out var id) || string.Equals(id.ToString(), text, StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void An_id_that_was_written_is_read_back() => Gen.Guid.Sample(id => PatientId.TryParse(new PatientId(id).ToString(), out var read) && read.Value == id);

    [Fact]
    public void A_day_is_read_in_its_one_form() => Gen.OneOf(Digits, Instants, Instants.Select(t => t[..10])).Sample(text =>
        !Days.TryParse(text, out var day) || Days.Format(day) == text);

    [Fact]
    public void A_time_of_day_is_read_in_its_one_form() => Gen.OneOf(Digits, Instants.Select(t => t.Split('T')[1][..5])).Sample(text =>
        !Days.TryParseClockTime(text, out var time) || time.ToString("HH:mm", CultureInfo.InvariantCulture) == text);

    /// <summary>What is answered names the same moment, to the microsecond that is kept; and the answer is read back as itself.</summary>
    [Fact]
    public void An_instant_is_the_moment_that_was_written() => Gen.OneOf(Digits, Instants).Sample(text =>
    {
        if (Read<DateTimeOffset>(JsonSerializer.Serialize(text)) is not { } instant)
        {
            return;
        }

        Assert.True(ClinicalDay.TryParseInstant(text, out var meant));
        Assert.Equal(meant.UtcTicks, instant.UtcTicks);
        Assert.Equal(TimeSpan.Zero, instant.Offset);
        Assert.InRange(instant.Year, 1900, 2199);
        var written = JsonSerializer.Serialize(instant, WireJson.Options);
        Assert.Equal(written, JsonSerializer.Serialize(Read<DateTimeOffset>(written)!.Value, WireJson.Options));
    });

    [Fact]
    public void If_Match_is_one_strong_tag_of_ours_or_a_refusal() => Gen.OneOf(Digits, Gen.Long.Select(v => $"\"{v}\""), Gen.Int[0, 99].Select(v => $"W/\"{v}\""), Gen.Int[0, 99].Select(v => $"\"{v}\", \"{v}\""), Gen.Int[0, 99].Select(v => $"\"0{v}\"")).Sample(text =>
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.IfMatch = text;
        try
        {
            var version = IfMatch.BindAsync(http, null!).AsTask().GetAwaiter().GetResult().Version;
            Assert.Equal(text, string.Create(CultureInfo.InvariantCulture, $"\"{version}\""));
        }
        catch (BadHttpRequestException e)
        {
            Assert.Contains(e.StatusCode, new[] { 400, 428 });
        }
    });

    [Fact]
    public void A_place_in_a_list_is_read_or_refused() => Json.Sample(json =>
    {
        _ = Cursor.Decode<Place>(json);
        Assert.Equal(new Place("a", 7), Cursor.Decode<Place>(JsonSerializer.Serialize(new Place("a", 7), WireJson.Options)).Match(p => p, _ => null));
    });

    /// <summary>Good bodies with parts exchanged, left out, doubled and renamed.</summary>
    [Fact]
    public void A_body_is_read_or_refused_with_its_place() => Gen.Select(Json, Gen.Int[0, 30], Gen.Bool).Sample((part, at, rename) =>
    {
        var patient = Broken("""{"name":{"family":"Ada","given":["A"]},"timeZone":"UTC","identifiers":[{"system":"s","value":"v"}],"birthDate":"1980-05-17","conditions":[{"system":"s","code":"c"}],"baselineAnxiety":3}""", part, at, rename);
        var checkIn = Broken("""{"date":"2026-03-10","scores":{"anxiety":5,"mood":3},"dose":{"takenAt":"21:00","doseMg":1.5},"note":"n","source":{"system":"s","id":"i"}}""", part, at, rename);

        IsReadOrRefused(WireBody.Read<PatientBody>(patient));
        IsReadOrRefused(WireBody.Read<CheckInBody>(checkIn));
        _ = CheckInBody.CarriesSign(checkIn);
        _ = CheckInBody.CarriesSign(patient);
    });

    [Fact]
    public void A_merge_patch_is_applied_or_refused_with_its_place() => Json.Sample(json =>
    {
        var current = new PatientBody(new HumanName("Lovelace", ["Ada"]), "UTC");
        using var document = JsonDocument.Parse(json);

        IsReadOrRefused(new MergePatch<PatientBody>(document.RootElement).Apply(current));
    });

    /// <summary>RFC 7396: what a patch names is as the patch says, what it does not name is as it was, and a second time changes nothing.</summary>
    [Fact]
    public void A_merge_patch_changes_what_it_names_and_nothing_else() => Gen.Select(Json, Json).Where((target, patch) => !(target + patch).Contains(@"\ud800", StringComparison.Ordinal)).Sample((target, patch) =>
    {
        using var document = JsonDocument.Parse(patch);

        var once = MergePatch.Merge(JsonNode.Parse(target), document.RootElement);
        var twice = MergePatch.Merge(once?.DeepClone(), document.RootElement);

        Assert.True(JsonNode.DeepEquals(once, twice));
        Assert.True(document.RootElement.ValueKind != JsonValueKind.Object || once is JsonObject);
        if (document.RootElement.ValueKind == JsonValueKind.Object && JsonNode.Parse(target) is JsonObject before)
        {
            var named = document.RootElement.EnumerateObject().Select(m => m.Name).ToHashSet();
            Assert.All(before.Where(m => !named.Contains(m.Key)), m => Assert.True(JsonNode.DeepEquals(m.Value, once![m.Key])));
            Assert.All(document.RootElement.EnumerateObject(), m => Assert.Equal(m.Value.ValueKind == JsonValueKind.Null, !once!.AsObject().ContainsKey(m.Name)));
        }
    });

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private sealed record Place(string Key, int Id);

    /// <summary>JSON of our own member names and others, three levels deep.</summary>
    private static Gen<string> Json { get; } = JsonOf(3);

    private static Gen<string> JsonOf(int depth)
    {
        var leaf = Gen.OneOf(
            OneOf("null", "true", "0", "-1", "1.5", "1e400", "99999999999999999999", "\"UTC\"", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"2026-03-10\"", "[]", "{}"),
            Gen.String[0, 10].Select(t => JsonSerializer.Serialize(t)), Gen.Int.Select(n => n.ToString(CultureInfo.InvariantCulture)));
        if (depth == 0)
        {
            return leaf;
        }

        var member = Gen.Select(OneOf("name", "family", "given", "timeZone", "birthDate", "identifiers", "system", "scores", "anxiety", "note", "key", "id", "missing required properties", "'", "", "x.y"), JsonOf(depth - 1));
        return Gen.OneOf(leaf, JsonOf(depth - 1).Array[0, 3].Select(items => $"[{string.Join(',', items)}]"),
            member.Array[0, 4].Select(members => $"{{{string.Join(',', members.DistinctBy(m => m.Item1).Select(m => $"{JsonSerializer.Serialize(m.Item1)}:{m.Item2}"))}}}"));
    }

    private static JsonElement Broken(string good, string part, int at, bool rename)
    {
        var places = good.Index().Where(c => c.Item == (rename ? '"' : ':')).Select(c => c.Index).ToArray();
        var place = places[at % places.Length];
        var end = rename ? good.IndexOf('"', place + 1) + 1 : good.IndexOfAny([',', '}', ']'], place);
        var broken = rename ? good[..place] + JsonSerializer.Serialize(part) + good[end..] : $"{good[..(place + 1)]}{part}{good[end..]}";
        try
        {
            return JsonElement.Parse(broken);
        }
        catch (JsonException)
        {
            return JsonElement.Parse(part); // the brackets did not fit: the part alone, then
        }
    }

    private static void IsReadOrRefused<T>(Result<T> result) where T : class => Assert.True(result.Refusal is null || result.Refusal is { Status: 400, Errors.Count: > 0 }, $"{result.Refusal}");

    private static T? Read<T>(string json) where T : struct
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, WireJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
