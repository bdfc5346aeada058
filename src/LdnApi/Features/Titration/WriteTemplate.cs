using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Records;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LdnApi.Features.Titration;

/// <summary>Adds a titration template to the clinic's.</summary>
public static class CreateTemplate
{
    public sealed record Command(TemplateBody Template) : ICommand<Result<TemplateResponse>>;

    public static void Map(IEndpointRouteBuilder templates) => templates
        .MapPost("", Post)
        .WithName("CreateTitrationTemplate")
        .WithSummary("Create a titration template")
        .NeedsScope(Scopes.Prescribe);

    private static async Task<Results<Created<TemplateResponse>, ProblemHttpResult>> Post(TemplateBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(request), ct)).ToCreated(t => $"/api/v1/titration-templates/{t.Id}");

    public sealed class Handler(LdnDbContext db, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<TemplateResponse>>
    {
        public Task<Result<TemplateResponse>> Handle(Command command, CancellationToken ct) =>
            StepBody.ToSteps(command.Template.Steps).ThenAsync<TemplateResponse>(async steps =>
            {
                var template = new TitrationTemplate
                {
                    ClinicId = caller.Clinic,
                    Id = EntityId.New<TitrationTemplateId>(),
                    Name = command.Template.Name,
                    Source = command.Template.Source,
                    Steps = [.. steps],
                    ChangedAt = clock.GetUtcNow(),
                    ChangedBy = caller.Subject,
                };
                db.TitrationTemplates.Add(template);
                try
                {
                    await db.SaveChangesAsync(ct);
                }
                catch (DbUpdateException e) when (e.InnerException is PostgresException { ConstraintName: TitrationTemplate.OneActiveOfAName })
                {
                    return TemplateResponse.NameTaken;
                }

                return TemplateResponse.Of(template);
            });
    }
}

/// <summary>Replaces or retires a template. Schedules that were made from it keep their steps.</summary>
public static class ChangeTemplate
{
    /// <param name="Revision">What it becomes; null retires it.</param>
    public sealed record Command(TitrationTemplateId Id, IfMatch Read, IRevision<TemplateBody>? Revision) : ICommand<Result<TemplateResponse>>;

    public static void Map(IEndpointRouteBuilder templates)
    {
        templates.MapPut("/{titrationTemplateId}", Put)
            .WithName("ReplaceTitrationTemplate").WithSummary("Replace a titration template").NeedsScope(Scopes.Prescribe);
        templates.MapPatch("/{titrationTemplateId}", Patch)
            .Accepts<TemplateBody>(MergePatch.MediaType)
            .WithName("PatchTitrationTemplate").WithSummary("Change some of a titration template")
            .WithDescription("What is left out stays, null clears, a list is replaced whole.")
            .NeedsScope(Scopes.Prescribe);
        templates.MapPost("/{titrationTemplateId}/retire", Retire)
            .WithName("RetireTitrationTemplate").WithSummary("Retire a titration template: no schedule is made from it any more").NeedsScope(Scopes.Prescribe);
    }

    private static async Task<Results<Ok<TemplateResponse>, ProblemHttpResult>> Put(
        TitrationTemplateId titrationTemplateId, IfMatch ifMatch, TemplateBody request, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(titrationTemplateId, ifMatch, new Replacement<TemplateBody>(request)), ct)).ToOk();

    private static async Task<Results<Ok<TemplateResponse>, ProblemHttpResult>> Patch(
        TitrationTemplateId titrationTemplateId, IfMatch ifMatch, MergePatch<TemplateBody> patch, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(titrationTemplateId, ifMatch, patch), ct)).ToOk();

    private static async Task<Results<Ok<TemplateResponse>, ProblemHttpResult>> Retire(
        TitrationTemplateId titrationTemplateId, IfMatch ifMatch, IMediator mediator, CancellationToken ct) =>
        (await mediator.Send(new Command(titrationTemplateId, ifMatch, null), ct)).ToOk();

    public sealed class Handler(LdnDbContext db, Caller caller, TimeProvider clock) : ICommandHandler<Command, Result<TemplateResponse>>
    {
        public async Task<Result<TemplateResponse>> Handle(Command command, CancellationToken ct)
        {
            if (await db.TitrationTemplates.SingleOrDefaultAsync(t => t.Id == command.Id, ct) is not { } template)
            {
                return Problem.NotFound;
            }

            if (template.Version != command.Read.Version)
            {
                return Problem.StaleAt(template.Version);
            }

            if (template.Status == TemplateStatus.Retired)
            {
                return Problem.InvalidTransition(WireNames.NameOf(template.Status));
            }

            if (command.Revision is not { } revision)
            {
                template.KeepBeforeChange(caller.Subject, clock.GetUtcNow());
                template.Status = TemplateStatus.Retired;
                return await SaveAsync(template, ct);
            }

            return await revision.Apply(TemplateBody.Of(template)).ThenAsync(body => StepBody.ToSteps(body.Steps).ThenAsync(steps =>
            {
                template.KeepBeforeChange(caller.Subject, clock.GetUtcNow());
                (template.Name, template.Source, template.Steps) = (body.Name, body.Source, [.. steps]);
                return SaveAsync(template, ct);
            }));
        }

        private async Task<Result<TemplateResponse>> SaveAsync(TitrationTemplate template, CancellationToken ct)
        {
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { ConstraintName: TitrationTemplate.OneActiveOfAName })
            {
                return TemplateResponse.NameTaken;
            }

            return TemplateResponse.Of(template);
        }
    }
}
