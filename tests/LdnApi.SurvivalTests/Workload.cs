using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Common;

namespace LdnApi.SurvivalTests;

internal sealed record PatientUnderTest(Guid Id, Guid Schedule, bool IsAnxious);

/// <summary>
/// Clients that write and do not give up: what is not known to be done or refused is sent again under the same key. One in ten requests is sent twice at once to both
/// instances, one in ten again after it was acknowledged, one in twenty is given up by an impatient client, and of one in thirty the answer is lost on
/// the way.
/// </summary>
/// <param name="deduplicates">False for a control: every attempt under a key of its own.</param>
internal sealed class Workload(IReadOnlyList<ApiProcess> apis, string token, History history, int seed, bool deduplicates = true)
{
    /// <summary>Stands where the id of an operation would, in what was there before.</summary>
    public const string SetUp = "setup";

    /// <summary>Reasons for the rules that ask for one, of patients as anxious as these.</summary>
    private static readonly object[] Overrides = [.. new[] { "R-10", "R-11", "R-12" }.Select(rule => new { rule, reason = "for the test" })];

    private readonly DateOnly _today = DateOnly.FromDateTime(DateTime.UtcNow);

    /// <summary>Registers patients, each on a titration that has begun.</summary>
    public async Task<IReadOnlyList<PatientUnderTest>> AdmitAsync(int count) => await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
    {
        var patient = await MakeAsync("/api/v1/patients", new { name = new { family = "Lovelace", given = new[] { "Ada", SetUp } }, timeZone = "UTC", birthDate = "1980-05-17" });
        var path = $"/api/v1/patients/{patient["id"]}";
        var starts = _today.AddDays(-60);
        var prescription = await MakeAsync($"{path}/prescriptions", new { doseMg = 1.5, startsOn = starts, indication = SetUp });
        var schedule = await MakeAsync($"{path}/titration-schedules", new { prescriptionId = (string)prescription["id"]!, startsOn = starts, preset = "seed-standard" });
        await MakeAsync($"{path}/titration-schedules/{schedule["id"]}/start", new { reason = SetUp, on = starts }, (long)schedule["version"]!);
        return new PatientUnderTest((Guid)patient["id"]!, (Guid)schedule["id"]!, number % 2 == 0);
    }));

    /// <param name="stop">No new operation after this; those that are under way are brought to an end.</param>
    /// <param name="giveUp">What is still unknown now stays so.</param>
    public Task RunAsync(int clients, IReadOnlyList<PatientUnderTest> patients, CancellationToken stop, CancellationToken giveUp) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            var random = new Random((seed * 1000) + client);
            for (var number = 0; !stop.IsCancellationRequested; number++)
            {
                if (await NextAsync($"op-{client}-{number}", patients[random.Next(patients.Count)], random, giveUp) is { } operation)
                {
                    await PerformAsync(operation, random, giveUp);
                }
                else
                {
                    await Task.Delay(random.Next(20, 100), CancellationToken.None);
                }
            }
        }));

    private async Task<Operation?> NextAsync(string op, PatientUnderTest patient, Random random, CancellationToken ct)
    {
        var path = $"/api/v1/patients/{patient.Id}";
        var day = _today.AddDays(-random.Next(0, 60));
        var choice = random.Next(100);
        if (choice < 50)
        {
            var anxiety = patient.IsAnxious ? random.Next(4, 11) : random.Next(0, 4);
            var body = new { date = day, scores = new { anxiety, mood = 10 - anxiety }, selfHarmThoughts = random.Next(200) == 0 ? true : (bool?)null, note = op };
            return new Operation(op, Kind.CheckIn, patient.Id, HttpMethod.Post, $"{path}/check-ins", body);
        }

        if (choice < 65)
        {
            var severity = random.Next(10) == 0 ? "severe" : "mild";
            return new Operation(op, Kind.AdverseEvent, patient.Id, HttpMethod.Post, $"{path}/adverse-events",
                new { term = random.Next(2) == 0 ? "headache" : "anxiety", severity, onsetOn = day, receivedOn = day, narrative = op });
        }

        if (choice < 75)
        {
            return new Operation(op, Kind.Prescription, patient.Id, HttpMethod.Post, $"{path}/prescriptions", new { doseMg = 1.5, startsOn = _today, indication = op, overrides = Overrides });
        }

        if (choice < 85)
        {
            var schedule = await ReadAsync($"{path}/titration-schedules/{patient.Schedule}", random, ct);
            var isHeld = (string?)schedule?["status"] == "held";
            return schedule is null ? null : new Operation(op, Kind.TitrationStep, patient.Id, HttpMethod.Post,
                $"{path}/titration-schedules/{patient.Schedule}/{(isHeld ? "resume" : "hold")}", new { reason = op, on = _today, overrides = isHeld ? Overrides : null }, (long)schedule["version"]!);
        }

        if (choice < 93)
        {
            var open = (await ReadAsync($"/api/v1/follow-ups?patientId={patient.Id}&status=open", random, ct))?["items"]!.AsArray().FirstOrDefault();
            return open is null ? null : new Operation(op, Kind.Acknowledgement, patient.Id, HttpMethod.Post, $"/api/v1/follow-ups/{open["id"]}/acknowledge", new { note = op }, (long)open["version"]!);
        }

        var current = await ReadAsync(path, random, ct);
        return current is null ? null : new Operation(
            op, Kind.PatientChange, patient.Id, HttpMethod.Patch, path, new { name = new { family = "Lovelace", given = new[] { "Ada", op } } }, (long)current["version"]!);
    }

    private async Task PerformAsync(Operation operation, Random random, CancellationToken giveUp)
    {
        var isKeyed = operation.Kind != Kind.PatientChange && deduplicates;
        var (twin, late, readsBack) = (isKeyed && random.Next(10) == 0, isKeyed && random.Next(10) == 0, random.Next(20) == 0);
        var attempts = 0;
        Answer answer;
        do
        {
            if (attempts > 0)
            {
                await Task.Delay(random.Next(50, 300), CancellationToken.None);
            }

            var (first, second) = (attempts++, attempts);
            if (twin && first == 0)
            {
                attempts++;
                var both = await Task.WhenAll(SendAsync(operation, first, apis[0], random, giveUp), SendAsync(operation, second, apis[^1], random, giveUp));
                answer = both.FirstOrDefault(a => a.IsKnown) ?? both[0];
            }
            else
            {
                answer = await SendAsync(operation, first, Choose(random), random, giveUp);
            }
        }
        while (!answer.IsKnown && operation.Kind != Kind.PatientChange && !giveUp.IsCancellationRequested);

        if (late && answer.IsAcknowledged)
        {
            await SendAsync(operation, attempts, Choose(random), random, giveUp);
        }

        if (readsBack && answer.IsAcknowledged && operation.Kind == Kind.CheckIn)
        {
            await ReadBackAsync(operation, answer, random, giveUp);
        }
    }

    private async Task<Answer> SendAsync(Operation operation, int number, ApiProcess api, Random random, CancellationToken ct)
    {
        var isLost = random.Next(30) == 0;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (random.Next(20) == 0)
        {
            patience.CancelAfter(random.Next(1, 50));
        }

        var attempt = $"{operation.Op}.{number}";
        history.Add(new Invocation(operation.Op, attempt, operation.Kind, operation.Patient));
        Answer answer;
        try
        {
            var key = operation.Kind == Kind.PatientChange ? null : deduplicates ? $"key-{operation.Op}" : $"key-{attempt}";
            using var request = RequestOf(operation.Method, operation.Path, operation.Body, operation.IfMatch, key, attempt);
            using var response = await api.Http.SendAsync(request, patience.Token);
            var text = await response.Content.ReadAsStringAsync(patience.Token);
            var code = response.IsSuccessStatusCode || text.Length == 0 ? null : (string?)JsonNode.Parse(text)!["code"];
            answer = isLost ? new Answer(operation.Op, attempt, null, Answer.LostOnTheWay) : new Answer(operation.Op, attempt, (int)response.StatusCode, code, response.IsSuccessStatusCode ? text : null, response.Headers.RetryAfter is not null);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            answer = new Answer(operation.Op, attempt, null, e switch
            {
                OperationCanceledException => Answer.GivenUp,
                HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Answer.NotConnected,
                _ => Answer.CutOff,
            });
        }

        history.Add(answer);
        return answer;
    }

    private async Task ReadBackAsync(Operation operation, Answer answer, Random random, CancellationToken ct)
    {
        using var response = await TryGetAsync($"{operation.Path}/{JsonNode.Parse(answer.Body!)!["id"]}", random, ct);
        if (response?.StatusCode == HttpStatusCode.NotFound)
        {
            history.Add(new Missed(operation.Op));
        }
    }

    /// <summary>An instance that a balancer would choose; any when there is none.</summary>
    private ApiProcess Choose(Random random)
    {
        var ready = apis.Where(a => a.IsReady).ToArray();
        return ready.Length > 0 ? ready[random.Next(ready.Length)] : apis[random.Next(apis.Count)];
    }

    private async Task<JsonNode?> ReadAsync(string path, Random random, CancellationToken ct)
    {
        using var response = await TryGetAsync(path, random, ct);
        return response is { IsSuccessStatusCode: true } ? JsonNode.Parse(await response.Content.ReadAsStringAsync(CancellationToken.None)) : null;
    }

    private async Task<HttpResponseMessage?> TryGetAsync(string path, Random random, CancellationToken ct)
    {
        try
        {
            using var request = RequestOf(HttpMethod.Get, path);
            return await Choose(random).Http.SendAsync(request, ct);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Before the faults begin. A machine that is busy with other things may need several tries.</summary>
    private async Task<JsonNode> MakeAsync(string path, object body, long? ifMatch = null)
    {
        var key = $"{SetUp}-{Guid.NewGuid():N}";
        for (var tries = 1; ; tries++)
        {
            using var request = RequestOf(HttpMethod.Post, path, body, ifMatch, key);
            using var response = await apis[0].Http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                return JsonNode.Parse(text)!;
            }

            Assert.True(response.StatusCode == HttpStatusCode.ServiceUnavailable && tries < 20, $"{path}: {response.StatusCode} {text}");
            await Task.Delay(200);
        }
    }

    private HttpRequestMessage RequestOf(HttpMethod method, string path, object? body = null, long? ifMatch = null, string? key = null, string? attempt = null)
    {
        var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        if (body is not null)
        {
            request.Content = new StringContent(JsonSerializer.Serialize(body, WireJson.Options), Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        if (ifMatch is { } version)
        {
            request.Headers.TryAddWithoutValidation("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{version}\""));
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (attempt is not null)
        {
            request.Headers.Add("X-Request-Id", attempt);
        }

        return request;
    }

    private sealed record Operation(string Op, Kind Kind, Guid Patient, HttpMethod Method, string Path, object Body, long? IfMatch = null);
}
