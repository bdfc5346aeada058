using System.Text.Json.Nodes;
using LdnApi.Auth;
using LdnApi.Common;
using LdnApi.Features.Rules;
using LdnApi.Replays;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.IntegrationTests;

/// <summary>A replay as a job: asked for, followed, cancelled, cut short and taken up again.</summary>
public sealed class ReplayJobTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly object Draft = new { settings = new { severeNrs = 6 } };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Fact]
    public async Task A_replay_in_the_background_is_accepted_then_followed_to_its_result()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        await PatientsAsync(client, 3);

        using var asked = await AskAsync(client);
        var url = asked.Headers.Location!.ToString();
        var queued = await client.GetOkAsync(url);
        await OnePatientAsync(clinic, queued);
        var underway = await client.GetOkAsync(url);
        await api.RunReplaysAsync();
        var completed = await client.GetOkAsync(url);

        Assert.Equal((202, url), ((int)asked.StatusCode, $"/api/v1/rules/replays/{queued["id"]}"));
        Assert.Equal(("queued", 0, 3, null), ((string)queued["status"]!, (int)queued["progress"]!["patientsDone"]!, (int)queued["progress"]!["patientsTotal"]!, queued["result"]));
        Assert.Equal((1, null), ((int)underway["progress"]!["patientsDone"]!, underway["result"]));
        Assert.Equal(("completed", 3, 3), ((string)completed["status"]!, (int)completed["progress"]!["patientsDone"]!, (int)completed["result"]!["summary"]!["added"]!));
        Assert.NotNull(completed["endedAt"]);
    }

    [Fact]
    public async Task A_replay_that_was_cut_short_goes_on_after_a_restart_and_comes_to_the_same_result()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        await PatientsAsync(client, 3);
        var whole = await api.ReplayAsync(client, Draft);

        using var asked = await AskAsync(client);
        var replay = await asked.ReadAsync();
        await OnePatientAsync(clinic, replay);
        await DieAsync(replay);
        await using var restarted = api.WithWebHostBuilder(_ => { });
        await restarted.Services.GetRequiredService<ReplayRun>().RunAsync(Ct);
        var tooEarly = await client.GetOkAsync(asked.Headers.Location!.ToString());
        api.Clock.Advance(ReplayRun.Lease);
        await restarted.Services.GetRequiredService<ReplayRun>().RunAsync(Ct);
        var resumed = await client.GetOkAsync(asked.Headers.Location!.ToString());

        Assert.Equal(("running", "completed"), ((string)tooEarly["status"]!, (string)resumed["status"]!));
        Assert.Equal((string)whole["result"]!["hash"]!, (string)resumed["result"]!["hash"]!);
        Assert.Equal(3, resumed["result"]!["differences"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_small_replay_whose_request_died_before_it_began_is_soon_played_in_the_background()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        await PatientsAsync(client, 1);
        ReplayId id;
        await using (var died = api.Services.CreateAsyncScope())
        {
            died.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = new Caller(clinic, "died");
            var kept = await died.ServiceProvider.GetRequiredService<IMediator>().Send(new ReplayRules.Command(new ReplayRules.Request(), Guid.CreateVersion7()), Ct);
            id = kept.Match<ReplayId?>(r => r.Id, _ => null)!.Value;
        }

        await api.RunReplaysAsync();
        var tooEarly = await client.GetOkAsync($"{Replaying.Url}s/{id}");
        api.Clock.Advance(ReplayRun.Handover);
        await api.RunReplaysAsync();
        var played = await client.GetOkAsync($"{Replaying.Url}s/{id}");

        Assert.Equal(("running", "completed"), ((string)tooEarly["status"]!, (string)played["status"]!));
    }

    [Fact]
    public async Task A_replay_whose_workers_die_again_and_again_is_marked_as_failed()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await PatientsAsync(client, 1);
        using var asked = await AskAsync(client);
        var replay = await asked.ReadAsync();

        await DieAsync(replay, attempts: ReplayRun.MaxAttempts - 1);
        api.Clock.Advance(ReplayRun.Lease);
        await api.RunReplaysAsync();

        await AssertFailedAsync(client, asked.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_replay_that_cannot_be_played_is_marked_as_failed_and_makes_room_for_another()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        await PatientsAsync(client, 1);
        await api.AsOwnerAsync($"UPDATE record_versions SET body = '[]' WHERE clinic_id = '{clinic}' AND kind = 'patient'");
        using var asked = await AskAsync(client);

        await api.RunReplaysAsync();

        await AssertFailedAsync(client, asked.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_cancelled_replay_is_not_played_any_further()
    {
        var clinic = LdnApiHost.NewClinic();
        using var client = api.ClientOf(clinic);
        await PatientsAsync(client, 2);
        using var asked = await AskAsync(client);
        var url = asked.Headers.Location!.ToString();
        await OnePatientAsync(clinic, await asked.ReadAsync());

        var cancelled = await client.PostOkAsync($"{url}/cancel", new { });
        await api.RunReplaysAsync();
        var left = await client.GetOkAsync(url);
        using var again = await client.SendAsync(HttpMethod.Post, $"{url}/cancel", new { });

        Assert.Equal(("cancelled", "cancelled", 1, null), ((string)cancelled["status"]!, (string)left["status"]!, (int)left["progress"]!["patientsDone"]!, left["result"]));
        Assert.Equal((409, "invalid-transition"), ((int)again.StatusCode, (string?)(await again.ReadAsync())["code"]));
    }

    [Fact]
    public async Task A_clinic_plays_one_at_a_time_and_is_told_which()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var elsewhere = api.ClientOf(LdnApiHost.NewClinic());
        using var first = await AskAsync(client);

        using var second = await AskAsync(client);
        using var theirs = await AskAsync(elsewhere);
        await client.PostOkAsync($"{first.Headers.Location}/cancel", new { });
        using var third = await AskAsync(client);

        var problem = await second.ReadAsync();
        Assert.Equal((409, "replay-in-progress", (string)(await first.ReadAsync())["id"]!), ((int)second.StatusCode, (string?)problem["code"], (string?)problem["replayId"]));
        Assert.Equal((202, 202), ((int)theirs.StatusCode, (int)third.StatusCode));
    }

    [Fact]
    public async Task Of_replays_asked_for_at_once_one_is_played()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => AskAsync(client)));

        Assert.Equal([202, 409, 409, 409, 409], answers.Select(a => (int)a.StatusCode).Order());
    }

    [Fact]
    public async Task A_large_history_is_played_in_the_background_without_being_asked()
    {
        await using var small = api.WithWebHostBuilder(host => host.UseSetting("Replay:AtOnceEvaluations", "2"));
        using var client = small.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", api.Token(LdnApiHost.NewClinic().ToString(), scope: LdnApiHost.AllScopes));
        await PatientsAsync(client, 2);
        using var atOnce = await client.SendAsync(HttpMethod.Post, Replaying.Url, Draft);
        await PatientsAsync(client, 1);

        using var background = await client.SendAsync(HttpMethod.Post, Replaying.Url, Draft);

        Assert.Equal((200, 202), ((int)atOnce.StatusCode, (int)background.StatusCode));
    }

    [Fact]
    public async Task A_small_history_is_answered_at_once_however_eager_the_workers_in_the_background_are()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        await PatientsAsync(client, 1);
        using var enough = new CancellationTokenSource();
        var workers = Task.Run(
            async () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    await api.RunReplaysAsync();
                }
            },
            Ct);

        var answers = new List<int>();
        try
        {
            for (var i = 0; i < 30; i++)
            {
                using var answer = await client.SendAsync(HttpMethod.Post, Replaying.Url, Draft);
                answers.Add((int)answer.StatusCode);
            }
        }
        finally
        {
            await enough.CancelAsync();
            await workers;
        }

        Assert.All(answers, status => Assert.Equal(200, status));
    }

    [Fact]
    public async Task The_differences_are_listed_page_by_page_and_by_kind()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patients = await PatientsAsync(client, 3);
        var url = $"/api/v1/rules/replays/{(await api.ReplayAsync(client, Draft))["id"]}/differences";

        var first = await client.GetOkAsync($"{url}?limit=2");
        var rest = await client.GetOkAsync($"{url}?limit=2&cursor={first["nextCursor"]}");
        var removed = await client.GetOkAsync($"{url}?kind=removed");

        Assert.Equal(patients.Select(p => p.ToString()).Order(StringComparer.Ordinal), first["items"]!.AsArray().Concat(rest["items"]!.AsArray()).Select(d => (string)d!["patientId"]!));
        Assert.Null(rest["nextCursor"]);
        Assert.Empty(removed["items"]!.AsArray());
    }

    [Fact]
    public async Task Another_clinics_replay_does_not_exist()
    {
        using var ours = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        await PatientsAsync(ours, 1);
        using var asked = await AskAsync(ours);
        var url = asked.Headers.Location!.ToString();

        using var read = await theirs.GetAsync(url, Ct);
        using var listed = await theirs.GetAsync($"{url}/differences", Ct);
        using var cancelled = await theirs.SendAsync(HttpMethod.Post, $"{url}/cancel", new { });

        Assert.Equal((404, 404, 404), ((int)read.StatusCode, (int)listed.StatusCode, (int)cancelled.StatusCode));
        Assert.Equal("queued", (string)(await ours.GetOkAsync(url))["status"]!);
    }

    [Fact]
    public async Task A_replay_needs_rules_manage()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic(), scope: string.Join(' ', Scopes.All.Keys.Where(s => s != Scopes.RulesManage)));

        using var asked = await client.SendAsync(HttpMethod.Post, Replaying.Url, Draft);
        using var read = await client.GetAsync($"/api/v1/rules/replays/{EntityId.New<ReplayId>()}", Ct);

        Assert.Equal((403, 403), ((int)asked.StatusCode, (int)read.StatusCode));
    }

    [Theory]
    [InlineData("""{ "settings": { "severeNrs": 9 } }""", 422, "settings-out-of-bounds", "$.settings.severeNrs")]
    [InlineData("""{ "settings": { "panicNrs": 9 } }""", 400, "invalid-request", "$.settings.panicNrs")]
    [InlineData("""{ "settings": 7 }""", 400, "invalid-request", "$.settings")]
    [InlineData("""{ "from": "2126-01-01" }""", 422, "date-in-future", "$.from")]
    [InlineData("""{ "to": "2126-01-01" }""", 422, "date-in-future", "$.to")]
    [InlineData("""{ "from": "2026-02-02", "to": "2026-02-01" }""", 422, "invalid-period", "$.to")]
    public async Task A_replay_that_cannot_be_is_refused_with_the_place_and_the_rule(string body, int status, string code, string path)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());

        using var response = await client.SendAsync(HttpMethod.Post, Replaying.Url, ApiClient.Json(body));

        var problem = await response.ReadAsync();
        Assert.Equal((status, code), ((int)response.StatusCode, (string?)problem["code"]));
        Assert.Contains(path, problem["errors"]!.AsObject().Select(e => e.Key));
    }

    private async Task<IReadOnlyList<PatientId>> PatientsAsync(HttpClient client, int count)
    {
        var patients = new List<PatientId>();
        for (var i = 0; i < count; i++)
        {
            patients.Add(await LdnApiHost.RegisterAsync(client, "UTC"));
            await client.PostOkAsync(ApiClient.Of(patients[i], "/check-ins"), new { date = Today, scores = new { anxiety = 6 } });
        }

        return patients;
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Replaying.Url) { Content = ApiClient.Json("""{ "settings": { "severeNrs": 6 } }""") };
        request.Headers.Add("Prefer", "respond-async");
        return await client.SendAsync(request, Ct);
    }

    /// <summary>Plays one patient and leaves the rest for later.</summary>
    private Task OnePatientAsync(ClinicId clinic, JsonNode replay) =>
        api.Services.GetRequiredService<ReplayRun>().AdvanceAsync(clinic, new ReplayId(Guid.Parse((string)replay["id"]!)), Guid.CreateVersion7(), TimeSpan.Zero, Ct);

    /// <summary>As a worker leaves a replay that it works on when its process is killed.</summary>
    private Task DieAsync(JsonNode replay, int attempts = 0) => api.AsOwnerAsync($"""
        UPDATE rule_replays SET status = 'Running', worker = gen_random_uuid(), attempts = {attempts}, lease_until = '{api.Clock.GetUtcNow() + ReplayRun.Lease:O}'
        WHERE id = '{replay["id"]}'
        """);

    private static async Task AssertFailedAsync(HttpClient client, string url)
    {
        var failed = await client.GetOkAsync(url);
        using var next = await AskAsync(client);
        Assert.Equal(("failed", null, 202), ((string)failed["status"]!, failed["result"], (int)next.StatusCode));
        Assert.NotNull(failed["endedAt"]);
    }
}
