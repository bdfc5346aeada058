using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.IntegrationTests;

/// <summary>Why a patient is flagged, or is not, as the API says it.</summary>
public sealed class ReasonTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    private static readonly JsonArray TimingCases = Read("timing.json");
    private static readonly JsonNode[] AnnotationCases = [.. Read("interactions.json").Where(c => (string)c!["kind"]! == "annotation").Select(c => c!)];

    public static TheoryData<string> Timing => [.. TimingCases.Select(c => (string)c!["id"]!)];
    public static TheoryData<string> Annotations => [.. AnnotationCases.Select(c => (string)c["id"]!)];

    private DateOnly Today => DateOnly.FromDateTime(api.Clock.GetUtcNow().UtcDateTime);

    [Theory]
    [MemberData(nameof(Timing))]
    public async Task Irregular_intake_is_an_annotation_of_an_open_course(string id)
    {
        var c = TimingCases.Single(t => (string)t!["id"]! == id)!;
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC", anxietyHistory: true);
        var dayZero = Today.AddDays(-(int)c["asOf"]!);
        var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5, startsOn = dayZero, timeOfDay = (string?)c["scheduled"] });
        await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{prescription["id"]}/activate"), new { on = dayZero }, 1);
        foreach (var intake in c["administrations"]!.AsArray())
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new
            {
                date = dayZero.AddDays((int)intake!["day"]!),
                scores = new { anxiety = 5 },
                dose = new { takenAt = (string)intake["takenAt"]! },
            });
        }

        var course = VectorPatient.Course(await client.GetOkAsync(ApiClient.Of(patient, "/evaluation")));

        var expected = c["expected"]!;
        Assert.Equal("raised", (string)course["verdict"]!);
        Assert.Equal((bool)expected["raised"]! ? ["R-17"] : [], course["annotations"]!.AsArray().Select(a => (string)a!["rule"]!));
        Assert.Equal((bool)expected["raised"]!, course["contributingFactors"]!.AsArray().Any(f => (string)f! == "inconsistent-timing"));
        Assert.Equal(
            (bool)expected["raised"]! ? expected["deviations"]!.AsArray().Select(d => (decimal)d!).Where(d => d > 120) : [],
            course["annotations"]!.AsArray().SelectMany(a => a!["evidence"]!.AsArray()).Select(e => (decimal)e!["value"]!));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)] // 08:00 is the time of one of the two
    public async Task Only_a_dose_that_is_not_divided_has_a_time_to_be_far_from(int timesPerDay, bool raised)
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC", anxietyHistory: true);
        var start = Today.AddDays(-4);
        var prescription = await client.PostOkAsync(ApiClient.Of(patient, "/prescriptions"), new { doseMg = 1.5, startsOn = start, timesPerDay, timeOfDay = "08:00" });
        await client.PostOkAsync(ApiClient.Of(patient, $"/prescriptions/{prescription["id"]}/activate"), new { on = start }, 1);
        for (var day = start; day <= Today; day = day.AddDays(1))
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = day, scores = new { anxiety = 5 }, dose = new { takenAt = "20:00" } });
        }

        var course = VectorPatient.Course(await client.GetOkAsync(ApiClient.Of(patient, "/evaluation")));

        Assert.Equal(raised ? ["R-17"] : [], course["annotations"]!.AsArray().Select(a => (string)a!["rule"]!));
    }

    [Theory]
    [MemberData(nameof(Annotations))]
    public async Task A_course_has_the_expected_annotations(string id)
    {
        var c = AnnotationCases.Single(t => (string)t["id"]! == id);
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC", anxietyHistory: false);
        var day = (int)c["day"]!;
        var dayZero = Today.AddDays(-day);
        await client.PrescribeAsync(patient, dayZero);
        var episode = (int?)c["episodeStartDay"] ?? day - 4;
        foreach (var anxious in Enumerable.Range(episode, 4))
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = dayZero.AddDays(anxious), scores = new { anxiety = 5 } });
        }

        foreach (var m in c["medications"]?.AsArray() ?? [])
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = (string)m!["atc"]!, startedOn = dayZero.AddDays((int)m["startedDay"]!) });
        }

        await client.PostOkAsync(
            ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = (bool)c["symptomatic"]! ? 5 : 1 }, caffeineMg = (int?)c["caffeineMg"] });

        var course = VectorPatient.Course(await client.GetOkAsync(ApiClient.Of(patient, "/evaluation")));

        Assert.Equal("raised", (string)course["verdict"]!);
        Assert.Equal(c["expected"]!["rules"]!.AsArray().Select(r => (string)r!), course["annotations"]!.AsArray().Select(a => (string)a!["rule"]!));
    }

    [Fact]
    public async Task An_open_course_shows_what_may_explain_it_as_that_comes_and_goes_and_neither_its_log_nor_its_version_moves()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-20));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins/batch"), new { items = Enumerable.Range(0, 5).Select(d => new { date = Today.AddDays(-d), scores = new { anxiety = 5 } }) });
        var url = $"/api/v1/follow-ups/{(await client.GetOkAsync($"/api/v1/follow-ups?patientId={patient}&family=course"))["items"]![0]!["id"]}";
        var plain = await client.GetOkAsync(url);

        var medication = await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N06AB04", startedOn = Today.AddDays(-10) });
        var explained = await client.GetOkAsync(url);
        await client.PostOkAsync(ApiClient.Of(patient, $"/medications/{medication["id"]}/retract"), new { reason = "another patient's" }, 1);
        var plainAgain = await client.GetOkAsync(url);
        await client.PostOkAsync(ApiClient.Of(patient, "/medications"), new { atc = "N06AB04", startedOn = Today.AddDays(-10) });
        var acknowledged = await client.PostOkAsync($"{url}/acknowledge", new { }, (long)plain["version"]!);

        Assert.Equal(["", "R-24", "", "R-24"], new[] { plain, explained, plainAgain, acknowledged }.Select(f => string.Join(", ", f["annotations"]!.AsArray().Select(a => (string)a!["rule"]!))));
        Assert.Equal([0, 1, 0, 1], new[] { plain, explained, plainAgain, acknowledged }.Select(f => f["contributingFactors"]!.AsArray().Count(c => (string)c! == "interaction")));
        Assert.Equal((string)medication["id"]!, (string)explained["annotations"]![0]!["evidence"]![0]!["id"]!);
        Assert.Equal([1, 1, 1, 2], new[] { plain, explained, plainAgain, acknowledged }.Select(f => (int)f["version"]!));
        Assert.Equal([1, 1, 1, 2], new[] { plain, explained, plainAgain, acknowledged }.Select(f => f["events"]!.AsArray().Count));
        Assert.Empty((await client.GetOkAsync($"{url}/history"))["items"]!.AsArray()[1]!["record"]!["annotations"]!.AsArray());
    }

    [Fact]
    public async Task A_patient_who_is_not_flagged_is_one_named_change_away_from_it()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC", anxietyHistory: false);
        await client.PrescribeAsync(patient, Today.AddDays(-4));
        foreach (var (score, day) in new[] { 4, 4, 3, 0, 0 }.Select((s, i) => (s, Today.AddDays(i - 4))))
        {
            await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = day, scores = new { anxiety = score } });
        }

        var course = VectorPatient.Course(await client.GetOkAsync(ApiClient.Of(patient, "/evaluation")));

        Assert.Equal("not-raised", (string)course["verdict"]!);
        var distance = course["distance"]!;
        Assert.Equal(("check-in", "anxiety", $"{Today.AddDays(-2):yyyy-MM-dd}", 3, 4, "points", 1), (
            (string)distance["kind"]!, (string)distance["fact"]!, (string)distance["on"]!, (int)distance["from"]!, (int)distance["to"]!, (string)distance["unit"]!, (int)distance["size"]!));

        await client.PostOkAsync(
            ApiClient.Of(patient, $"/check-ins/{distance["id"]}/correct"), new { reason = "mistyped", checkIn = new { date = Today.AddDays(-2), scores = new { anxiety = 4 } } }, 1);

        Assert.Equal("raised", (string)VectorPatient.Course(await client.GetOkAsync(ApiClient.Of(patient, "/evaluation")))["verdict"]!);
    }

    [Fact]
    public async Task What_is_missing_is_unknown_and_what_would_suffice_is_said()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC");
        await client.PrescribeAsync(patient, Today.AddDays(-20));
        await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today.AddDays(-1), scores = new { anxiety = 1 } });

        var evaluation = await client.GetOkAsync(ApiClient.Of(patient, "/evaluation"));

        var course = VectorPatient.Course(evaluation);
        Assert.Equal("insufficient-data", (string)course["verdict"]!);
        Assert.Equal(
            $$"""{"what":"reported-days","count":3,"present":1,"required":4,"from":"{{Today.AddDays(-13):yyyy-MM-dd}}","to":"{{Today:yyyy-MM-dd}}"}""",
            course["stillNeeded"]!.ToJsonString());
        Assert.Equal("unknown", (string)Clause(course, "symptomatic-days-in-window")["holds"]!);
        Assert.Equal("unknown", (string)Clause(course, "anxiety-history")["holds"]!);
        Assert.All(evaluation["families"]!.AsArray(), f => Assert.True(f!["distance"] is not null || f["noDistance"] is not null || (string)f["verdict"]! == "raised"));
    }

    [Fact]
    public async Task The_records_of_a_verdict_can_be_looked_up()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        var patient = await LdnApiHost.RegisterAsync(client, "UTC", anxietyHistory: true, baselineAnxiety: 1);
        var (prescription, _) = await client.PrescribeAsync(patient, Today.AddDays(-1));
        var checkIn = await client.PostOkAsync(ApiClient.Of(patient, "/check-ins"), new { date = Today, scores = new { anxiety = 5 } });

        var course = VectorPatient.Course(await client.GetOkAsync(ApiClient.Of(patient, "/evaluation")));

        Assert.Equal(
            [$"check-in {checkIn["id"]} 1 5", $"dose {prescription} 2 1.5", $"patient {patient} 1 1"],
            course["evidence"]!.AsArray().Select(e => $"{e!["kind"]} {e["id"]} {e["version"]} {e["value"]}"));
        Assert.Equal([(string)checkIn["id"]!], Clause(course, "anxiety-of-the-day")["records"]!.AsArray().Select(r => (string)r!));
        Assert.Equal([$"{patient}"], Clause(course, "anxiety-history")["records"]!.AsArray().Select(r => (string)r!));
    }

    private static JsonArray Read(string vectors) => JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", vectors)))!.AsArray();

    private static JsonNode Clause(JsonNode family, string name) => family["clauses"]!.AsArray().Single(c => (string)c!["name"]! == name)!;
}
