using LdnApi.Clinical.Rules;

namespace LdnApi.Clinical.Tests;

/// <summary>What is called added, removed, earlier, later or changed when a draft is held against what really happened.</summary>
public sealed class ReplayComparisonTests
{
    private static readonly DateOnly Monday = new(2026, 3, 2);

    [Fact]
    public void The_same_log_is_no_difference() => Assert.Empty(Compare([FollowUp(Opened(1), Closed(9))], [FollowUp(Opened(1), Closed(9))]));

    [Fact]
    public void What_only_the_draft_raises_is_added_and_what_only_was_raised_really_is_removed()
    {
        Assert.Equal([(ReplayDifferenceKind.Added, 1)], Compare([], [FollowUp(Opened(1))]));
        Assert.Equal([(ReplayDifferenceKind.Removed, 1)], Compare([FollowUp(Opened(1))], []));
    }

    [Fact]
    public void What_is_announced_on_another_day_of_the_same_spell_is_earlier_or_later_and_parted_at_the_first()
    {
        Assert.Equal([(ReplayDifferenceKind.Earlier, 1)], Compare([FollowUp(Opened(3), Closed(9))], [FollowUp(Opened(1), Closed(9))]));
        Assert.Equal([(ReplayDifferenceKind.Later, 1)], Compare([FollowUp(Opened(1), Closed(9))], [FollowUp(Opened(3))]));
    }

    [Fact]
    public void Two_spells_that_do_not_touch_are_one_removed_and_one_added() =>
        Assert.Equal([(ReplayDifferenceKind.Removed, 1), (ReplayDifferenceKind.Added, 12)], Compare([FollowUp(Opened(1), Closed(9))], [FollowUp(Opened(12))]));

    [Fact]
    public void Another_family_is_another_follow_up() => Assert.Equal(
        [(ReplayDifferenceKind.Removed, 1), (ReplayDifferenceKind.Added, 1)],
        Compare([FollowUp(Opened(1))], [FollowUp(Opened(1)) with { Family = RuleFamily.Severe }]));

    [Fact]
    public void What_goes_on_differently_is_changed_and_parted_where_it_does()
    {
        var rise = Entry(FollowUpEventType.Upgraded, 4) with { Priority = FollowUpPriority.Urgent };

        Assert.Equal([(ReplayDifferenceKind.Changed, 4)], Compare([FollowUp(Opened(1))], [FollowUp(Opened(1), rise)]));
        Assert.Equal([(ReplayDifferenceKind.Changed, 9)], Compare([FollowUp(Opened(1), Closed(9))], [FollowUp(Opened(1), Closed(11))]));
        Assert.Equal([(ReplayDifferenceKind.Changed, 1)], Compare([FollowUp(Opened(1))], [FollowUp(Opened(1) with { Label = FollowUpLabel.Persistent })]));
    }

    [Fact]
    public void Where_only_added_evidence_differs_nobody_would_notice() => Assert.Equal(
        [(ReplayDifferenceKind.EvidenceOnly, 3)],
        Compare([FollowUp(Opened(1))], [FollowUp(Opened(1), Entry(FollowUpEventType.EvidenceAdded, 3))]));

    [Fact]
    public void The_same_entries_in_another_order_or_number_are_a_difference()
    {
        var (acknowledged, assigned) = (Entry(FollowUpEventType.Acknowledged, 2), Entry(FollowUpEventType.Assigned, 2));

        Assert.Equal([(ReplayDifferenceKind.Changed, 1)], Compare([FollowUp(Opened(1), acknowledged, assigned)], [FollowUp(Opened(1), assigned, acknowledged)]));
        Assert.Equal([(ReplayDifferenceKind.Changed, 1)], Compare([FollowUp(Opened(1), acknowledged)], [FollowUp(Opened(1), acknowledged, acknowledged)]));
    }

    [Fact]
    public void A_week_counts_what_was_announced_raised_and_closed_on_each_side()
    {
        var live = FollowUp(Opened(1), Entry(FollowUpEventType.Upgraded, 2) with { Priority = FollowUpPriority.Urgent }, Closed(8));
        var foundInThePast = FollowUp(Opened(1), Closed(1));

        var weeks = ReplayComparison.WeeksOf([live], [FollowUp(Opened(8)), foundInThePast]);

        Assert.Equal([Monday, Monday.AddDays(7)], weeks.Select(w => w.From));
        Assert.Equal([(1, 1, 1), (0, 0, -1)], weeks.Select(w => (w.Live.Opened, w.Live.Raised, w.Live.Net)));
        Assert.Equal([(0, 0, 0), (1, 0, 1)], weeks.Select(w => (w.Draft.Opened, w.Draft.Raised, w.Draft.Net)));
        Assert.Equal([(FollowUpPriority.Soon, 1), (FollowUpPriority.Urgent, 1)], weeks[0].Live.ByPriority.Select(p => (p.Key, p.Value)));
    }

    [Theory]
    [InlineData("2026-03-01T23:59:59Z", "2026-02-23")]
    [InlineData("2026-03-02T00:00:00Z", "2026-03-02")]
    [InlineData("2026-03-08T23:30:00-05:00", "2026-03-09")]
    public void A_week_begins_on_monday_in_utc(string at, string monday) =>
        Assert.Equal(DateOnly.Parse(monday, null), ReplayComparison.WeekOf(DateTimeOffset.Parse(at, null)));

    private static IEnumerable<(ReplayDifferenceKind, int)> Compare(LoggedFollowUp[] live, LoggedFollowUp[] draft) =>
        ReplayComparison.Of(live, draft).Select(d => (d.Kind, (int)d.Parted));

    private static LoggedFollowUp FollowUp(params LogEntry[] log) => new(null, RuleFamily.Course, log);

    private static LogEntry Opened(int day) => Entry(FollowUpEventType.Opened, day);

    private static LogEntry Closed(int day) => Entry(FollowUpEventType.AutoClosed, day);

    private static LogEntry Entry(FollowUpEventType type, int day) => new(
        type, Monday.AddDays(day - 1), new DateTimeOffset(Monday.AddDays(day - 1), new TimeOnly(9, 0), TimeSpan.Zero), FollowUpLabel.Emerging, FollowUpPriority.Soon, day);
}
