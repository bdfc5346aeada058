using LdnApi.Clinical.Rules;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>One version of a clinic's thresholds: in force from its moment until the next. Append-only. Version 1, the defaults, is not stored.</summary>
public sealed class RuleSettingsVersion : IBelongToClinic
{
    public const long First = 1;

    public required ClinicId ClinicId { get; init; }

    /// <summary>Counts from 1; each change adds 1.</summary>
    public required long Version { get; init; }

    public required RuleSettings Settings { get; init; }

    /// <summary>From when it is in force; null for the defaults, which always were.</summary>
    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>The author: the token's subject.</summary>
    public string? RecordedBy { get; init; }

    public string? Reason { get; init; }

    /// <summary>The earlier version that it brought back.</summary>
    public long? RestoredFrom { get; init; }

    public static RuleSettingsVersion Defaults(ClinicId clinic) => new() { ClinicId = clinic, Version = First, Settings = RuleSettings.Default };

    internal sealed class Mapping : IEntityTypeConfiguration<RuleSettingsVersion>
    {
        public void Configure(EntityTypeBuilder<RuleSettingsVersion> settings)
        {
            settings.HasKey(s => new { s.ClinicId, s.Version });
            settings.Property(s => s.Version).ValueGeneratedNever();
            settings.Property(s => s.Settings).IsJson();
            settings.Property(s => s.RecordedAt).IsRequired();
            settings.Property(s => s.RecordedBy).HasMaxLength(255).IsRequired();
            settings.Property(s => s.Reason).HasMaxLength(500).IsRequired();
        }
    }
}
