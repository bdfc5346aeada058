using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.SurvivalTests;

/// <summary>A streaming standby as a replica: what it answers, how old that is, and that everything else is asked of the primary.</summary>
[Collection(nameof(Servers))]
public sealed class ReplicaTests(ServerPair pair)
{
    private static readonly CacheControlHeaderValue Fresh = new() { NoCache = true };

    private readonly ClinicId _clinic = EntityId.New<ClinicId>();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_may_be_seconds_old_is_and_nothing_else()
    {
        var arena = await FollowedAsync();
        using var client = arena.ClientOf(_clinic);
        var patient = await RegisterAsync(client);
        await UntilAsync(client, $"{patient}/history", a => a.Age is not null && a.Items == 1);

        await arena.Standby!.SqlAsync("SELECT pg_wal_replay_pause()");
        await arena.Standby.UntilAsync("SELECT pg_get_wal_replay_pause_state() = 'paused'");
        await PatchAsync(client, patient);
        using var report = await client.PostAsJsonAsync($"{patient}/check-ins", new { date = $"{DateTime.UtcNow:yyyy-MM-dd}", scores = new { anxiety = 10 } }, Ct);
        var old = await GetAsync(client, $"{patient}/history");
        var fresh = await GetAsync(client, $"{patient}/history", Fresh);
        var justMade = await GetAsync(client, $"{await RegisterAsync(client)}/history");
        Answer[] decidedBy = [await GetAsync(client, patient), await GetAsync(client, $"{patient}/evaluation"), await GetAsync(client, $"{patient}/check-ins"), await GetAsync(client, "/api/v1/follow-ups")];
        var tooOld = await UntilAsync(client, $"{patient}/history", a => a.Age is null);

        await arena.Standby.SqlAsync("SELECT pg_wal_replay_resume()");
        var caughtUp = await UntilAsync(client, $"{patient}/history", a => a.Age is not null);

        Assert.Equal(HttpStatusCode.Created, report.StatusCode);
        Assert.Equal((1, true), (old.Items, old.Age <= TimeSpan.FromSeconds(8)));
        Assert.Equal((2, null), (fresh.Items, fresh.Age));
        Assert.Equal((HttpStatusCode.OK, 1, null), (justMade.Status, justMade.Items, justMade.Age)); // what the standby does not know yet, the primary does
        Assert.All(decidedBy, a => Assert.Equal((HttpStatusCode.OK, null), (a.Status, a.Age)));
        Assert.Equal((2L, 1, 1), ((long)decidedBy[0].Body["version"]!, decidedBy[2].Items, decidedBy[3].Items));
        Assert.Contains("\"raised\"", decidedBy[1].Body.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(2, tooOld.Items);
        Assert.Equal(2, caughtUp.Items);
    }

    [Fact]
    public async Task The_wall_between_clinics_stands_there_too()
    {
        var arena = await FollowedAsync();
        using var client = arena.ClientOf(_clinic);
        using var stranger = arena.ClientOf(EntityId.New<ClinicId>());
        var patient = await RegisterAsync(client);
        await UntilAsync(client, $"{patient}/history", a => a.Age is not null);

        var foreign = await GetAsync(stranger, $"{patient}/history");
        var trail = await UntilAsync(stranger, "/api/v1/audit", a => a.Age is not null);
        var own = await UntilAsync(client, "/api/v1/audit", a => a.Age is not null);

        Assert.Equal((HttpStatusCode.NotFound, null), (foreign.Status, foreign.Age));
        Assert.DoesNotContain("RegisterPatient", trail.Body.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("RegisterPatient", own.Body.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_that_dies_is_missed_by_nobody()
    {
        var arena = await FollowedAsync();
        using var client = arena.ClientOf(_clinic);
        var patient = await RegisterAsync(client);
        await UntilAsync(client, $"{patient}/history", a => a.Age is not null);

        await arena.Standby!.KillAsync();
        Answer[] without = [await GetAsync(client, $"{patient}/history"), await GetAsync(client, $"{patient}/history")];
        await arena.Standby.StartAsync("-c synchronous_commit=remote_apply");
        await UntilAsync(client, $"{patient}/history", a => a.Age is not null);

        Assert.All(without, a => Assert.Equal((HttpStatusCode.OK, 1, null), (a.Status, a.Items, a.Age)));
    }

    /// <summary>A primary that does not wait for its standby.</summary>
    private async Task<Arena> FollowedAsync()
    {
        var arena = await pair.BuiltAsync();
        await arena.WaitForStandbyAsync(isSynchronous: false);
        return arena;
    }

    /// <returns>Its address.</returns>
    private static async Task<string> RegisterAsync(HttpClient client)
    {
        using var made = await client.PostAsJsonAsync("/api/v1/patients", new { name = new { family = "Lovelace" }, timeZone = "UTC" }, Ct);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        return $"/api/v1/patients/{(await made.Content.ReadFromJsonAsync<JsonNode>(Ct))!["id"]}";
    }

    private static async Task PatchAsync(HttpClient client, string patient)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, patient) { Content = JsonContent.Create(new { timeZone = "Europe/Dublin" }, new MediaTypeHeaderValue("application/merge-patch+json")) };
        request.Headers.TryAddWithoutValidation("If-Match", "\"1\"");
        using var changed = await client.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }

    private static async Task<Answer> GetAsync(HttpClient client, string url, CacheControlHeaderValue? freshness = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { CacheControl = freshness } };
        using var response = await client.SendAsync(request, Ct);
        return new Answer(response.StatusCode, response.Headers.Age, (await response.Content.ReadFromJsonAsync<JsonNode>(Ct))!);
    }

    private static async Task<Answer> UntilAsync(HttpClient client, string url, Func<Answer, bool> isSo)
    {
        var until = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var answer = await GetAsync(client, url);
            if (answer.Status != HttpStatusCode.ServiceUnavailable && isSo(answer)) // a 503 asks to come again
            {
                return answer;
            }

            Assert.True(DateTime.UtcNow < until, $"{url}: {answer}");
            await Task.Delay(50, Ct);
        }
    }

    private sealed record Answer(HttpStatusCode Status, TimeSpan? Age, JsonNode Body)
    {
        public int Items => Body["items"]?.AsArray().Count ?? 0;
    }
}
