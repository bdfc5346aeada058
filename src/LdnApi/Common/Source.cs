using System.ComponentModel.DataAnnotations;

namespace LdnApi.Common;

/// <summary>The system that a record came from, and the record's id there; a patient has one record of a kind for each.</summary>
public sealed record Source(
    [property: StringLength(200, MinimumLength = 1)] string System,
    [property: StringLength(200, MinimumLength = 1)] string Id);
