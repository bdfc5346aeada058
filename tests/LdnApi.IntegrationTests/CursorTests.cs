using System.Text.Json.Nodes;
using LdnApi.Common;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LdnApi.IntegrationTests;

/// <summary>Paging loses nothing and repeats nothing, and a cursor continues its own list and no other.</summary>
public sealed class CursorTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    /// <summary>The clock stands still, so that most items tie: whatever was there at the first page is seen once, whatever is added meanwhile at most once.</summary>
    [Theory]
    [InlineData("patients", 1)]
    [InlineData("patients", 2)]
    [InlineData("check-ins", 3)]
    [InlineData("check-ins", 4)]
    [InlineData("adverse-events", 5)]
    [InlineData("prescriptions", 6)]
    [InlineData("assessments", 7)]
    [InlineData("follow-ups", 8)]
    [InlineData("follow-ups?sort=opened-on", 9)]
    public async Task What_was_there_is_seen_once_while_others_are_added(string list, int seed)
    {
        var random = new Random(seed);
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var url = list == "patients" || list.StartsWith("follow-ups", StringComparison.Ordinal) ? $"/api/v1/{list}" : ApiClient.Of(patient, $"/{list}");
        for (var i = 0; i < 12; i++)
        {
            await AddAsync(client, patient, list, random.Next(4));
        }

        var before = await IdsAsync(client, url, 200);
        var adding = Task.Run(async () =>
        {
            for (var i = 0; i < 12; i++)
            {
                await AddAsync(client, patient, list, random.Next(4));
            }
        }, Ct);
        var seen = await IdsAsync(client, url, 1 + (seed % 3));
        await adding;

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(before.Except(seen));
        Assert.Equal(24 + (list == "patients" ? 1 : 0), (await IdsAsync(client, url, 5)).Distinct().Count());
    }

    [Fact]
    public async Task A_cursor_alone_goes_on_with_the_same_filters_order_and_limit()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        foreach (var family in new[] { "Ünal & Søn", "Ünal & Søn", "Byron", "Ünal & Søn", "Ünal & Søn" })
        {
            await client.PostOkAsync("/api/v1/patients", new { name = new { family }, timeZone = "UTC" });
        }

        var first = await SearchAsync(client, new { name = "Ünal & S", limit = 3 });
        var alone = await SearchAsync(client, new { cursor = (string)first["nextCursor"]! });
        var whole = await SearchAsync(client, new { name = "Ünal & S", limit = 3, cursor = (string)first["nextCursor"]! });
        var (listed, goingOn) = (await client.GetOkAsync("/api/v1/audit?subject=dr-gray&limit=3"), (string?)null);
        goingOn = (string)(await client.GetOkAsync($"/api/v1/audit?cursor={listed["nextCursor"]}"))["nextCursor"]!;

        Assert.Equal(3, first["items"]!.AsArray().Count);
        Assert.Equal("Ünal & Søn", (string)alone["items"]!.AsArray().Single()!["name"]!["family"]!);
        Assert.Equal(alone.ToJsonString(), whole.ToJsonString());
        Assert.Null(alone["nextCursor"]);
        Assert.Equal(2, (await client.GetOkAsync($"/api/v1/audit?limit=2&subject=dr-gray&cursor={goingOn}"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_search_goes_on_to_its_end_and_the_limit_may_change_on_the_way()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        for (var i = 0; i < 6; i++)
        {
            await client.PostOkAsync("/api/v1/patients", new { name = new { family = i % 2 == 0 ? "Byron" : "Byrne" }, timeZone = "UTC", birthDate = "1980-05-17" });
        }

        var first = await SearchAsync(client, new { name = "Byro", birthDate = "1980-05-17", limit = 1 });
        var second = await SearchAsync(client, new { cursor = (string)first["nextCursor"]! });
        var third = await SearchAsync(client, new { cursor = (string)second["nextCursor"]!, limit = 5 });

        Assert.Equal([1, 1, 1], new[] { first, second, third }.Select(p => p["items"]!.AsArray().Count));
        Assert.Equal(3, new[] { first, second, third }.Select(p => (string)p["items"]![0]!["id"]!).Distinct().Count());
        Assert.Null(third["nextCursor"]);
    }

    [Fact]
    public async Task A_search_takes_no_cursor_but_its_own()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        await LdnApiHost.RegisterAsync(client, "UTC");
        await LdnApiHost.RegisterAsync(client, "UTC");
        var cursor = (string)(await SearchAsync(client, new { name = "Love", limit = 1 }))["nextCursor"]!;
        var ofList = (string)(await client.GetOkAsync("/api/v1/patients?limit=1"))["nextCursor"]!;

        object[] bad =
        [
            new { cursor = ofList }, new { cursor, name = "Byron" }, new { cursor, name = "love" }, new { cursor, birthDate = "1980-05-17" }, new { cursor, identifier = new { system = "urn:ehr", value = "7" } },
            new { cursor = "" }, new { cursor = cursor[..^4] }, new { cursor = new string('A', 5000) }, new { cursor = new string('A', 7000) }, new { cursor = "üü" }, new { cursor = "=" },
        ];
        var codes = await Task.WhenAll(bad.Select(body => SearchCodeAsync(client, body)));

        Assert.All(codes, code => Assert.Equal("400 invalid-request $.cursor", code));
        Assert.Equal("400 invalid-request $.cursor", await SearchCodeAsync(theirs, new { cursor }));
        Assert.Equal("invalid-request", await CodeAsync(client, $"/api/v1/patients?cursor={cursor}"));
        Assert.DoesNotContain("Love", cursor, StringComparison.OrdinalIgnoreCase);
    }

    private static Task<JsonNode> SearchAsync(HttpClient client, object body) => client.PostOkAsync("/api/v1/patients/search", body);

    private static async Task<string> SearchCodeAsync(HttpClient client, object body)
    {
        using var response = await client.SendAsync(HttpMethod.Post, "/api/v1/patients/search", body);
        var problem = await response.ReadAsync();
        return $"{(int)response.StatusCode} {problem["code"]} {string.Join(',', problem["errors"]?.AsObject().Select(e => e.Key) ?? [])}";
    }

    [Fact]
    public async Task A_cursor_of_another_clinic_list_patient_or_filter_or_a_changed_one_is_400()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        using var theirs = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        var another = await LdnApiHost.RegisterAsync(client, "UTC");
        await AddAsync(client, patient, "check-ins", 1);
        await AddAsync(client, patient, "check-ins", 2);
        var cursor = (string)(await client.GetOkAsync(ApiClient.Of(patient, "/check-ins?limit=1")))["nextCursor"]!;
        var ofPatients = (string)(await client.GetOkAsync("/api/v1/patients?limit=1"))["nextCursor"]!;
        var ofAudit = (string)(await client.GetOkAsync("/api/v1/audit?subject=dr-gray&limit=1"))["nextCursor"]!;

        Assert.Null(await CodeAsync(client, ApiClient.Of(patient, $"/check-ins?cursor={cursor}")));
        Assert.Null(await CodeAsync(client, $"/api/v1/patients?cursor={ofPatients}&limit=7"));
        string[] bad =
        [
            ApiClient.Of(patient, $"/adverse-events?cursor={cursor}"), ApiClient.Of(another, $"/check-ins?cursor={cursor}"),
            $"/api/v1/audit?subject=dr-king&cursor={ofAudit}", $"/api/v1/audit?patientId={patient}&cursor={ofAudit}", $"/api/v1/follow-ups?cursor={ofPatients}",
            ApiClient.Of(patient, "/check-ins?cursor="), ApiClient.Of(patient, $"/check-ins?cursor={cursor[..^4]}"), ApiClient.Of(patient, $"/check-ins?cursor={cursor}&cursor={cursor}"),
            ApiClient.Of(patient, $"/check-ins?cursor={new string('A', 7000)}"), ApiClient.Of(patient, "/check-ins?cursor=%C3%BC%C3%BC"),
            .. Enumerable.Range(0, cursor.Length).Where(i => i % 7 == 0).Select(i => ApiClient.Of(patient, $"/check-ins?cursor={cursor[..i]}{(cursor[i] == 'A' ? 'B' : 'A')}{cursor[(i + 1)..]}")),
        ];
        Assert.All(await Task.WhenAll(bad.Select(url => CodeAsync(client, url))), code => Assert.Equal("invalid-request", code));
        Assert.Equal("invalid-request", await CodeAsync(theirs, $"/api/v1/patients?cursor={ofPatients}"));
    }

    [Fact]
    public async Task Whatever_else_is_asked_and_however_the_path_is_spelled_a_cursor_can_be_used()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await LdnApiHost.RegisterAsync(client, "UTC");
        await AddAsync(client, patient, "check-ins", 1);
        await AddAsync(client, patient, "check-ins", 2);
        var unknown = new string('y', 5000);

        var ofPatients = (string)(await client.GetOkAsync($"/api/v1/patients?LIMIT=1&x={unknown}"))["nextCursor"]!;
        var ofCheckIns = (string)(await client.GetOkAsync($"{ApiClient.Of(patient, "/check-ins")}/?limit=1"))["nextCursor"]!;

        Assert.True(ofPatients.Length < 500, $"{ofPatients.Length} characters");
        Assert.Single((await client.GetOkAsync($"/api/v1/patients?cursor={ofPatients}"))["items"]!.AsArray());
        Assert.Single((await client.GetOkAsync($"/api/v1/patients?cursor={ofPatients}&x={unknown}"))["items"]!.AsArray());
        Assert.Single((await client.GetOkAsync($"/api/v1/patients/{patient.ToString()!.ToUpperInvariant()}/check-ins?cursor={ofCheckIns}"))["items"]!.AsArray());
    }

    /// <summary>The longest filters that are taken, in a script of which each character is three bytes.</summary>
    [Fact]
    public async Task A_cursor_of_the_longest_filters_is_not_too_long_to_be_sent()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var family = new string('語', 200);
        for (var i = 0; i < 2; i++)
        {
            await client.PostOkAsync("/api/v1/patients", new { name = new { family }, timeZone = "UTC" });
        }

        var first = await SearchAsync(client, new { name = family, limit = 1 });

        Assert.Single((await SearchAsync(client, new { cursor = (string)first["nextCursor"]! }))["items"]!.AsArray());
    }

    /// <summary>From the endpoints themselves: none that answers a page takes a cursor that is not its own.</summary>
    [Fact]
    public async Task Every_list_refuses_a_forged_cursor()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var lists = api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.OfType<IProducesResponseTypeMetadata>().Any(m => m.Type is { IsGenericType: true } t && t.GetGenericTypeDefinition() == typeof(Page<>)))
            .Select(e => System.Text.RegularExpressions.Regex.Replace(e.RoutePattern.RawText!, "{[^}]+}", Guid.NewGuid().ToString())).ToList();

        Assert.True(lists.Count > 12);
        Assert.All(await Task.WhenAll(lists.Select(url => CodeAsync(client, $"{url}?cursor=Zm9yZ2Vk"))), code => Assert.Equal("invalid-request", code));
    }

    [Fact]
    public void Production_does_not_start_without_a_key()
    {
        using var keyless = api.WithWebHostBuilder(host => host.UseSetting("Cursors:Key", null));
        using var tooShort = api.WithWebHostBuilder(host => host.UseSetting("Cursors:Key", "AAAA"));

        Assert.All([keyless, tooShort], host => Assert.Contains("Cursors:Key", Assert.Throws<OptionsValidationException>(() => host.CreateClient()).Message));
    }

    private static async Task<List<string>> IdsAsync(HttpClient client, string url, int limit)
    {
        var ids = new List<string>();
        var page = await client.GetOkAsync($"{url}{(url.Contains('?') ? '&' : '?')}limit={limit}");
        while (true)
        {
            ids.AddRange(page["items"]!.AsArray().Select(i => (string)i!["id"]!));
            if ((string?)page["nextCursor"] is not { } cursor)
            {
                return ids;
            }

            page = await client.GetOkAsync($"{url.Split('?')[0]}?cursor={cursor}");
        }
    }

    private async Task AddAsync(HttpClient client, PatientId patient, string list, int daysAgo)
    {
        var day = Today.AddDays(-daysAgo);
        switch (list)
        {
            case "patients":
                await LdnApiHost.RegisterAsync(client, "UTC");
                break;
            case "check-ins":
                await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = day, note = "as always" });
                break;
            case "adverse-events":
                await client.PostOkAsync(ApiClient.Of(patient, "/adverse-events"), new { term = "headache", severity = "mild", onsetOn = day });
                break;
            case "prescriptions":
                await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5, startsOn = day });
                break;
            case "assessments":
                await client.PostOkAsync(ApiClient.Of(patient, "/assessments"), new { instrument = "gad-2", answers = new[] { 0, 0 }, takenOn = day });
                break;
            default:
                await client.PostOkAsync(ApiClient.Of(await LdnApiHost.RegisterAsync(client, "UTC"), "/check-ins"), new { date = day, selfHarmThoughts = true });
                break;
        }
    }

    private static async Task<string?> CodeAsync(HttpClient client, string url)
    {
        using var response = await client.GetAsync(url, Ct);
        return (string?)(await response.ReadAsync())["code"];
    }
}
