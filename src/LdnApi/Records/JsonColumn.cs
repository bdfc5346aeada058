using System.Text.Json;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>Values that belong to their row and are never searched: one jsonb column, in the wire's JSON.</summary>
internal static class JsonColumn
{
    public static PropertyBuilder<T> IsJson<T>(this PropertyBuilder<T> property) => property.HasColumnType("jsonb").HasConversion(
        value => JsonSerializer.Serialize(value, WireJson.Stored),
        json => JsonSerializer.Deserialize<T>(json, WireJson.Stored)!,
        new ValueComparer<T>(
            (a, b) => JsonSerializer.Serialize(a, WireJson.Stored) == JsonSerializer.Serialize(b, WireJson.Stored),
            value => JsonSerializer.Serialize(value, WireJson.Stored).GetHashCode(StringComparison.Ordinal),
            value => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, WireJson.Stored), WireJson.Stored)!));
}
