using LdnApi.Clinical.Dosing;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

public enum TemplateStatus
{
    Active,

    /// <summary>No schedule is made from it any more; those that were keep their steps.</summary>
    Retired,
}

/// <summary>A template as it was before a change.</summary>
public sealed record TemplateVersion(
    long Version, string Name, string? Source, IReadOnlyList<TitrationStep> Steps, TemplateStatus Status, DateTimeOffset ChangedAt, string ChangedBy);

/// <summary>A clinic's own way of raising the dose. A schedule copies its steps, so a later change reaches no patient.</summary>
public sealed class TitrationTemplate : IBelongToClinic, IVersioned
{
    public const string OneActiveOfAName = "one_active_template_per_name";

    public required ClinicId ClinicId { get; init; }
    public required TitrationTemplateId Id { get; init; }
    public required string Name { get; set; }

    /// <summary>Where the steps come from, for whom they are meant.</summary>
    public string? Source { get; set; }

    public required List<TitrationStep> Steps { get; set; }
    public TemplateStatus Status { get; set; }

    /// <summary>When the present version was written, and by whom.</summary>
    public required DateTimeOffset ChangedAt { get; set; }

    public required string ChangedBy { get; set; }

    /// <summary>What it was before each change, oldest first.</summary>
    public List<TemplateVersion> Earlier { get; set; } = [];

    public long Version { get; private set; } = 1;

    /// <summary>Notes who is about to change it, and keeps what it was.</summary>
    public void KeepBeforeChange(string by, DateTimeOffset at)
    {
        Earlier = [.. Earlier, new TemplateVersion(Version, Name, Source, Steps, Status, ChangedAt, ChangedBy)];
        (ChangedAt, ChangedBy) = (at, by);
    }

    internal sealed class Mapping : IEntityTypeConfiguration<TitrationTemplate>
    {
        public void Configure(EntityTypeBuilder<TitrationTemplate> template)
        {
            template.HasKey(t => new { t.ClinicId, t.Id });
            template.Property(t => t.Name).HasMaxLength(100);
            template.Property(t => t.Source).HasMaxLength(500);
            template.Property(t => t.Steps).IsJson();
            template.Property(t => t.Earlier).IsJson();
            template.Property(t => t.ChangedBy).HasMaxLength(255);
            template.HasIndex(t => new { t.ClinicId, t.Name }).IsUnique().HasFilter("status = 'Active'").HasDatabaseName(OneActiveOfAName);
        }
    }
}
