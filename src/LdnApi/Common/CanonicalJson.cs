using System.Buffers;
using System.Text.Json;

namespace LdnApi.Common;

/// <summary>One way to write a value: members sorted by name, no space, numbers without a needless zero. Two values that are equal are the same bytes.</summary>
public static class CanonicalJson
{
    /// <summary>Divided by it, 1.500 is 1.5.</summary>
    private const decimal NoScale = 1.0000000000000000000000000000m;

    public static byte[] Of<T>(T value)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            Write(writer, JsonSerializer.SerializeToElement(value, WireJson.Options));
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                writer.WriteNumberValue(value.GetDecimal() / NoScale);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
