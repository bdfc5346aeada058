using LdnApi.Clinical.Rules;
using LdnApi.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LdnApi.Records;

/// <summary>Where a replay stands.</summary>
public enum ReplayStatus
{
    Queued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

/// <summary>A request to play the clinic's history under draft settings, how far it has come, and what came of it. Its clinic has at most one that is not over.</summary>
public sealed class Replay : IBelongToClinic
{
    public const string OneAtATime = "one_replay_at_a_time";

    public required ClinicId ClinicId { get; init; }
    public required ReplayId Id { get; init; }

    /// <summary>The settings played; null = those that were in force at each moment.</summary>
    public RuleSettings? Settings { get; init; }

    /// <summary>The first day (UTC) of the period; null = from the beginning.</summary>
    public DateOnly? From { get; init; }

    /// <summary>The last day (UTC) of the period; null = up to the request.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Nothing that was recorded after it counts.</summary>
    public required DateTimeOffset KnownAt { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }
    public required string RequestedBy { get; init; }
    public required string RuleSetVersion { get; init; }
    public required int PatientsTotal { get; init; }

    public ReplayStatus Status { get; set; }

    /// <summary>The last patient that has been played.</summary>
    public PatientId? LastPatient { get; set; }

    public ReplayTally Tally { get; set; } = ReplayTally.Nothing;

    /// <summary>SHA-256 of the result; null until it is completed.</summary>
    public string? Hash { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Who works on it. Work is kept only as long as this is its worker, so that two never both do.</summary>
    public Guid? Worker { get; set; }

    /// <summary>When someone else may take over: the worker has then died.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>How often work was cut short since the last progress.</summary>
    public int Attempts { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Replay>
    {
        public void Configure(EntityTypeBuilder<Replay> replay)
        {
            replay.HasKey(r => new { r.ClinicId, r.Id });
            replay.Property(r => r.Settings).IsJson();
            replay.Property(r => r.Tally).IsJson();
            replay.Property(r => r.RequestedBy).HasMaxLength(255);
            replay.Property(r => r.RuleSetVersion).HasMaxLength(40);
            replay.Property(r => r.Hash).HasMaxLength(64);
            replay.HasIndex(r => r.ClinicId).IsUnique().HasFilter("status IN ('Queued', 'Running')").HasDatabaseName(OneAtATime);
        }
    }
}

/// <summary>What has been counted so far.</summary>
/// <param name="Patients">Patients played.</param>
/// <param name="NotReplayable">Patients whose log begins before evaluations were kept; they are left out.</param>
/// <param name="Evaluations">Evaluations played.</param>
/// <param name="ActsWithoutEffect">Clinicians' acts for which the draft had no follow-up, or one that did not allow them.</param>
/// <param name="Differences">How many of each kind.</param>
/// <param name="RuleSetVersions">The rule sets under which the evaluations were really made.</param>
public sealed record ReplayTally(
    int Patients, int NotReplayable, int Evaluations, int ActsWithoutEffect, IReadOnlyDictionary<ReplayDifferenceKind, int> Differences,
    IReadOnlyList<string> RuleSetVersions, IReadOnlyList<ReplayedWeek> Weeks)
{
    public static readonly ReplayTally Nothing = new(0, 0, 0, 0, new Dictionary<ReplayDifferenceKind, int>(), [], []);

    public ReplayTally Plus(ReplayTally other) => new(
        Patients + other.Patients, NotReplayable + other.NotReplayable, Evaluations + other.Evaluations, ActsWithoutEffect + other.ActsWithoutEffect,
        Differences.Concat(other.Differences).GroupBy(d => d.Key).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Sum(d => d.Value)),
        [.. RuleSetVersions.Union(other.RuleSetVersions).Order(StringComparer.Ordinal)],
        ReplayedWeek.Sum(Weeks.Concat(other.Weeks)));
}

/// <summary>One difference that a replay found. Append-only; kept apart from the live data, which a replay never touches.</summary>
public sealed class ReplayFinding : IBelongToClinic
{
    public required ClinicId ClinicId { get; init; }
    public required ReplayId ReplayId { get; init; }
    public required PatientId PatientId { get; init; }

    /// <summary>From 1, among the patient's.</summary>
    public required int Number { get; init; }

    public required ReplayDifferenceKind Kind { get; init; }

    /// <summary>The difference in the wire's JSON.</summary>
    public required string Body { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ReplayFinding>
    {
        public void Configure(EntityTypeBuilder<ReplayFinding> finding)
        {
            finding.HasKey(f => new { f.ClinicId, f.ReplayId, f.PatientId, f.Number });
            finding.Property(f => f.Body).HasColumnType("jsonb");
            finding.HasOne<Replay>().WithMany().HasForeignKey(f => new { f.ClinicId, f.ReplayId }).OnDelete(DeleteBehavior.Cascade);
            finding.HasOne<Patient>().WithMany().HasForeignKey(f => new { f.ClinicId, f.PatientId }).OnDelete(DeleteBehavior.Restrict);
        }
    }
}
