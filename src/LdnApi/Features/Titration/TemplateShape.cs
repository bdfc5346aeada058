using System.ComponentModel.DataAnnotations;
using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;
using Mapster;

namespace LdnApi.Features.Titration;

/// <summary>One dose and how long it is meant to be taken.</summary>
/// <param name="DoseMg">mg per day in total.</param>
/// <param name="Days">Whole days; absent for a last step that goes on.</param>
public sealed record StepBody([property: DoseMg] decimal DoseMg, [property: Range(1, 365)] int? Days = null)
{
    /// <summary>The most steps in one body.</summary>
    internal const int MaxCount = 60;

    internal static Result<IReadOnlyList<TitrationStep>> ToSteps(IReadOnlyList<StepBody> steps) => steps.SkipLast(1).Any(s => s.Days is null)
        ? Problem.Invalid("$.steps", "Each step but the last needs days.")
        : steps.Select(s => new TitrationStep(s.DoseMg, s.Days)).ToArray();
}

/// <summary>A clinic's own way of raising the dose.</summary>
/// <param name="Name">Unique among the clinic's active templates.</param>
/// <param name="Source">Where the steps come from, for whom they are meant.</param>
public sealed record TemplateBody(
    [property: NotBlank(100)] string Name,
    [property: MinLength(1), MaxLength(StepBody.MaxCount)] IReadOnlyList<StepBody> Steps,
    [property: NotBlank(500)] string? Source = null)
{
    internal static TemplateBody Of(TitrationTemplate template) => new(template.Name, [.. template.Steps.Select(s => new StepBody(s.DoseMg, s.Days))], template.Source);
}

/// <summary>A template as read.</summary>
/// <param name="Status">From a retired one no schedule is made any more.</param>
public sealed record TemplateResponse(
    TitrationTemplateId Id, string Name, string? Source, IReadOnlyList<TitrationStep> Steps, TemplateStatus Status, DateTimeOffset ChangedAt, string ChangedBy,
    long Version) : IVersioned
{
    internal static readonly Problem NameTaken = new(
        "template-name-taken", StatusCodes.Status409Conflict, "The clinic has an active titration template of this name.");

    internal static TemplateResponse Of(TitrationTemplate template) => template.Adapt<TemplateResponse>();
}
