using System.ComponentModel.DataAnnotations;

namespace LdnApi.Common;

/// <summary>The system that a record came from, and the record's id there; a patient has one record of a kind for each.</summary>
public sealed record Source(
    [property: NotBlank(200)] string System,
    [property: NotBlank(200)] string Id);
