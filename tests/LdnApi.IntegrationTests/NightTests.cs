using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>What the nightly run must not undo: it looks at the day just ended, while the present day may have begun to speak.</summary>
public sealed class NightTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task A_severe_report_after_midnight_is_still_followed_up_when_the_night_has_been_evaluated()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await HalfPastMidnightAsync(client);
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } });

        await RunAtThreeAsync();

        Assert.Equal("severe open", await QueueAsync(client, patient, "severe"));
    }

    [Fact]
    public async Task What_a_clinician_resolved_after_midnight_is_not_opened_again_by_the_night()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var raised = (await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 8 } }))["followUps"]![0]!;
        GoTo(Today.AddDays(1), new TimeOnly(0, 30));
        await client.PostOkAsync($"/api/v1/follow-ups/{raised["id"]}/resolve", new { outcome = "other" }, 1);

        await RunAtThreeAsync();

        Assert.Equal("", await QueueAsync(client, patient, "severe"));
    }

    private async Task<PatientId> HalfPastMidnightAsync(HttpClient client)
    {
        GoTo(Today.AddDays(1), new TimeOnly(0, 30));
        return await LdnApiHost.RegisterAsync(client, "UTC");
    }

    private async Task RunAtThreeAsync()
    {
        GoTo(Today, new TimeOnly(3, 0));
        await api.RunNightlyAsync();
    }

    private void GoTo(DateOnly day, TimeOnly time) => api.Clock.SetUtcNow(new DateTimeOffset(day, time, TimeSpan.Zero));

    private static async Task<string> QueueAsync(HttpClient client, PatientId patient, string family) => string.Join(
        ", ", (await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family={family}"))["items"]!.AsArray().Select(f => $"{f!["family"]} {f["status"]}"));
}
