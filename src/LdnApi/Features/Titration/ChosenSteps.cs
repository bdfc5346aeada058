using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Features.Titration;

/// <summary>The steps that a request asks for: of a preset, of one of the clinic's templates, or its own.</summary>
internal sealed record ChosenSteps(IReadOnlyList<TitrationStep> Steps, TitrationTemplate? Template)
{
    public static async Task<Result<ChosenSteps>> ReadAsync(
        LdnDbContext db, string? preset, TitrationTemplateId? templateId, IReadOnlyList<StepBody>? steps, DateOnly startsOn, CancellationToken ct)
    {
        if (new object?[] { preset, templateId, steps }.Count(asked => asked is not null) != 1)
        {
            return Problem.Invalid("$.steps", "Name a preset, name a template or give steps: exactly one of them.");
        }

        var chosen = preset is not null ? OfPreset(preset) : steps is not null ? OfBody(steps) : await OfTemplateAsync(db, templateId!.Value, ct);
        return chosen.Match<Result<ChosenSteps>>(
            c => startsOn.DayNumber + c.Steps.Sum(s => s.Days ?? 0) > Days.Latest.DayNumber ? Problem.Invalid("$.startsOn", "Must leave the plan an end before 2200.") : c,
            problem => problem);
    }

    private static Result<ChosenSteps> OfPreset(string name) => TitrationPresets.Find(name) is { } preset
        ? new ChosenSteps(preset.Steps, null)
        : Problem.Invalid("$.preset", $"Must be one of: {string.Join(", ", TitrationPresets.All.Select(p => p.Name))}.");

    private static Result<ChosenSteps> OfBody(IReadOnlyList<StepBody> steps) =>
        StepBody.ToSteps(steps).Match<Result<ChosenSteps>>(s => new ChosenSteps(s, null), problem => problem);

    private static async Task<Result<ChosenSteps>> OfTemplateAsync(LdnDbContext db, TitrationTemplateId id, CancellationToken ct) =>
        await db.TitrationTemplates.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, ct) switch
        {
            null => Problem.Refused("unknown-template", "The clinic has no such titration template.", "$.templateId", "Must be a template of this clinic."),
            { Status: TemplateStatus.Retired } => Problem.Refused("template-retired", "The titration template is retired.", "$.templateId", "Must be an active template."),
            var template => new ChosenSteps(template.Steps, template),
        };
}
