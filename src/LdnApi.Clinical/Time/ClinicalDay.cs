using System.Globalization;
using System.Text.RegularExpressions;

namespace LdnApi.Clinical.Time;

/// <summary>The calendar day on which something happened where the patient lives.</summary>
public static partial class ClinicalDay
{
    /// <summary>The calendar date of an instant in an IANA zone. Midnight belongs to the new day.</summary>
    /// <exception cref="TimeZoneNotFoundException">The zone is not in the IANA database.</exception>
    public static DateOnly Of(DateTimeOffset instant, string ianaZone) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, TimeZoneInfo.FindSystemTimeZoneById(ianaZone)).DateTime);

    /// <summary>The instant at which a clock in the zone shows this time on this day; where it is skipped, the first instant after the gap.</summary>
    public static DateTimeOffset InstantOf(DateOnly day, TimeOnly time, string ianaZone)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(ianaZone);
        var local = day.ToDateTime(time);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(15);
        }

        return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary>Reads an RFC 3339 instant. One without an offset is refused: it names no moment.</summary>
    public static bool TryParseInstant(string text, out DateTimeOffset instant)
    {
        instant = default;
        return Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out instant);
    }

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Rfc3339();
}
