using System.Text;
using System.Text.Json;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Equal values are equal bytes, or a hash would say that they differ.</summary>
public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{ "b": 1, "a": { "d": [2, 1], "c": null } }""", """{"a":{"c":null,"d":[2,1]},"b":1}""")]
    [InlineData("[1.500, 1.5, 150e-2, 0.0, -0, 100]", "[1.5,1.5,1.5,0,0,100]")]
    [InlineData("""{ "B": 1, "a": 2, "_": 3 }""", """{"B":1,"_":3,"a":2}""")]
    [InlineData("""[true, "t ext", "\u00e9"]""", "[true,\"t ext\",\"\\u00E9\"]")]
    public void Members_are_sorted_and_numbers_have_no_needless_zero(string json, string canonical) =>
        Assert.Equal(canonical, Encoding.UTF8.GetString(CanonicalJson.Of(JsonSerializer.Deserialize<JsonElement>(json))));
}
