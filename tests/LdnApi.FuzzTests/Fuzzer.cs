using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LdnApi.ContractTests;

namespace LdnApi.FuzzTests;

/// <summary>A request that succeeds as it stands, on a state that was made for it.</summary>
internal sealed record Ready(string Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body, string? MediaType);

/// <summary>What the fuzzer is given of a clinic: tokens, and states that no chance finds.</summary>
/// <param name="Marker">A word that nothing else says.</param>
/// <param name="Without">A token with every scope but one.</param>
/// <param name="Bad">Tokens that open nothing, each with a word for it.</param>
/// <param name="MakeReady">A state in which an operation succeeds, with a request that does; null where the document alone tells the way.</param>
internal sealed record Actor(string Marker, string Full, Func<string, string> Without, IReadOnlyList<(string What, string? Token)> Bad, Func<string, Task<Ready?>> MakeReady);

/// <summary>What came of a run.</summary>
/// <param name="Refused">Requests that fit the contract's schemas and were answered 400: a rule that no schema can say, or one that it should.</param>
/// <param name="Unsent">Kinds of requests that an operation was owed and did not get, or not all of them: the time was up, or none could be made.</param>
internal sealed record Report(int Seed, int Operations, int Requests, TimeSpan Took, IReadOnlyDictionary<int, int> Statuses, IReadOnlyDictionary<string, int> Refused, IReadOnlyList<string> NeverSucceeded, IReadOnlyList<string> Unsent, IReadOnlyList<Finding> Findings)
{
    public override string ToString() =>
        $"Fuzz: seed {Seed}, {Operations} operations, {Requests} requests in {Took.TotalSeconds:0} s, {Findings.Count} findings; answers {string.Join(", ", Statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}×{s.Value}"))}"
        + (NeverSucceeded.Count == 0 ? "" : $"; never succeeded: {string.Join(", ", NeverSucceeded)}")
        + (Unsent.Count == 0 ? "" : $"; not sent: {string.Join(", ", Unsent)}");
}

/// <summary>
/// Sends requests that an OpenAPI document tells it how to make: good ones, ones at and over each edge, hostile ones, with and without rights, on records of
/// one's own clinic and of another. It knows nothing of the server but the document, and what the actors make ready.
/// </summary>
internal sealed class Fuzzer(Contract contract, HttpClient client, int seed, DateOnly today)
{
    private readonly Random _random = new(seed);
    private readonly Judge _judge = new(contract);
    private readonly SortedDictionary<int, int> _statuses = [];
    private readonly SortedDictionary<string, int> _refused = [];
    private readonly HashSet<string> _succeeded = [];
    private readonly List<Finding> _findings = [];
    private readonly Dictionary<string, World> _worlds = [];
    private int _requests;
    private (Contract.Operation Operation, Actor Actor, IReadOnlyDictionary<string, string> Path, Ready Request)? _ready;

    private Values Values => field ??= new Values(contract, _random, today);

    /// <param name="perOperation">Requests of a kind for each operation, at most; there are eight kinds.</param>
    /// <param name="limit">No request begins after it.</param>
    public async Task<Report> RunAsync(IReadOnlyList<Actor> actors, int perOperation, TimeSpan limit, CancellationToken ct)
    {
        var started = Stopwatch.StartNew();
        foreach (var actor in actors)
        {
            _worlds[actor.Marker] = new World(contract, actor.Marker);
        }

        // What makes records first, and the shorter path first: a patient before what a patient has.
        var operations = contract.Operations.OrderBy(o => o.Method != "POST").ThenBy(o => o.Path.Count(c => c == '{')).ThenBy(o => o.Path.Length).ToArray();
        foreach (var operation in operations)
        {
            foreach (var actor in actors)
            {
                await SendAllReadyAsync(actor, operation, AsMadeReady(operation));
            }
        }

        for (var round = 0; round < 3; round++)
        {
            foreach (var actor in actors)
            {
                foreach (var operation in operations)
                {
                    await SendAllAsync(actor, Good(actor, operation, 3));
                }
            }
        }

        List<string> unsent = [];
        foreach (var operation in operations)
        {
            var actor = actors[_random.Next(actors.Count)];
            var other = actors.First(a => a != actor);
            foreach (var makes in operations.Where(o => o.Responses.ContainsKey("201") || (o.Method == "GET" && contract.Operations.Any(i => i.Method == "GET" && Regex.IsMatch(i.Path, $"^{Regex.Escape(o.Path)}/[^/]+}}$")))))
            {
                await SendAllAsync(actor, Good(actor, makes, 1)); // fresh records: those of earlier operations have come to their end
            }

            foreach (var (kind, made, isOwed, mayUseUp) in new[]
            {
                ("good", Good(actor, operation, perOperation), true, true), ("edges", Bodies(actor, operation), Json(operation) is not null, true),
                ("hostile bodies", RawBodies(actor, operation), operation.Body.Count > 0, false), ("hostile paths", Paths(actor, operation), operation.Path.Contains('{'), false),
                ("queries", Queries(actor, operation), true, false), ("headers", Headers(actor, operation), true, true),
                ("rights", Rights(actor, operation), operation.Scope is not null, false), ("foreign", Foreign(actor, other, operation), operation.Path.Contains('{'), false),
            })
            {
                var probes = Some(made, perOperation).ToArray();
                var sent = await (mayUseUp ? SendAllReadyAsync(actor, operation, probes) : SendAllAsync(actor, probes));
                if (sent < probes.Length || (isOwed && sent == 0))
                {
                    unsent.Add($"{operation.Id} {kind}");
                }
            }
        }

        return new Report(
            seed, operations.Length, _requests, started.Elapsed, _statuses, _refused, [.. operations.Select(o => o.Id).Where(id => !_succeeded.Contains(id))], unsent,
            [.. _findings.GroupBy(f => (f.Kind, f.Probe.Operation.Id, f.Detail)).Select(g => g.First())]);

        async Task<int> SendAllReadyAsync(Actor actor, Contract.Operation operation, IEnumerable<Func<Task<Probe>>> probes)
        {
            if (started.Elapsed >= limit)
            {
                return 0;
            }

            await MakeReadyAsync(actor, operation);
            return await SendAllAsync(actor, probes);
        }

        async Task<int> SendAllAsync(Actor actor, IEnumerable<Func<Task<Probe>>> probes)
        {
            var sent = 0;
            foreach (var probe in probes)
            {
                if (started.Elapsed < limit)
                {
                    await SendAsync(actor, await probe(), ct);
                    sent++;
                }
            }

            return sent;
        }
    }

    /// <summary>A fresh state for an operation: what was sent before may have used up the last.</summary>
    private async Task MakeReadyAsync(Actor actor, Contract.Operation operation)
    {
        _ready = null;
        if (await actor.MakeReady(operation.Id) is { } request)
        {
            _worlds[actor.Marker].LearnPath(request.Url);
            var path = operation.Path.Split('/').Zip(request.Url.Split('?')[0].Split('/')).Where(p => p.First.StartsWith('{')).ToDictionary(p => p.First.Trim('{', '}'), p => p.Second);
            _ready = (operation, actor, path, request);
        }
    }

    private IEnumerable<Func<Task<Probe>>> AsMadeReady(Contract.Operation operation)
    {
        if (_ready is { } ready && ready.Operation == operation)
        {
            yield return () => Task.FromResult(new Probe(
                operation, "made ready", ready.Request.Url, ready.Request.Headers, ready.Request.Body, ready.Request.MediaType, Right.Full, ready.Actor.Full, Fits: null, OfAnotherClinic: false));
        }
    }

    private async Task<Answer> SendAsync(Actor actor, Probe probe, CancellationToken ct)
    {
        using var request = probe.ToRequest();
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        var answer = await Answer.ReadAsync(response, ct);
        _requests++;
        _statuses[answer.Code] = _statuses.GetValueOrDefault(answer.Code) + 1;
        if (answer.Succeeded)
        {
            _succeeded.Add(probe.Operation.Id);
            _worlds[actor.Marker].Learn(probe.Url, answer.Headers.GetValueOrDefault("Location"), answer.Json);
        }
        else if (answer.Code == 400 && probe.Fits == true)
        {
            var rule = $"{probe.Operation}: {answer.Json?["errors"]?.ToJsonString() ?? (string?)answer.Json?["detail"]}";
            _refused[rule] = _refused.GetValueOrDefault(rule) + 1;
        }

        _findings.AddRange(_judge.Find(probe, answer, _worlds[actor.Marker], [.. _worlds.Values.Where(w => w.Marker != actor.Marker)]));
        return answer;
    }

    /// <summary>A fixed share of what may be many.</summary>
    private IEnumerable<Func<Task<Probe>>> Some(IEnumerable<Func<Task<Probe>>> probes, int count)
    {
        var all = probes.ToArray();
        _random.Shuffle(all);
        return all.Take(count);
    }

    /// <summary>The document's own example, and instances made of its schemas.</summary>
    private IEnumerable<Func<Task<Probe>>> Good(Actor actor, Contract.Operation operation, int count) =>
        Enumerable.Range(0, count).Select<int, Func<Task<Probe>>>(i => async () => (await DraftAsync(actor, operation, fromExample: i == 0)).ToProbe(i == 0 ? "example" : "good"));

    /// <summary>One place of a good body changed.</summary>
    private IEnumerable<Func<Task<Probe>>> Bodies(Actor actor, Contract.Operation operation)
    {
        var schema = Json(operation)?["schema"];
        if (schema is null)
        {
            yield break;
        }

        foreach (var (path, place) in Places(schema, []))
        {
            foreach (var (what, value) in Values.Edges(place))
            {
                yield return () => ChangeAsync(path, what, (parent, name) => parent[name] = value?.DeepClone());
            }

            yield return () => ChangeAsync(path, "left out", (parent, name) => parent.Remove(name));
            yield return () => ChangeAsync(path, "an unknown member beside it", (parent, name) => parent[$"{name}X"] = 1);
        }

        async Task<Probe> ChangeAsync(string[] path, string what, Action<JsonObject, string> change)
        {
            var draft = await DraftAsync(actor, operation, fromExample: _random.Next(2) == 0);
            var parent = draft.Body as JsonObject;
            foreach (var name in path[..^1])
            {
                parent = parent is null ? null : parent[name] is JsonArray { Count: > 0 } list ? list[0] as JsonObject : (parent[name] ??= new JsonObject()) as JsonObject;
            }

            if (parent is not null)
            {
                change(parent, path[^1]);
            }

            return draft.ToProbe($"{string.Join('.', path)}: {what}");
        }
    }

    /// <summary>Bodies that are no instance of anything.</summary>
    private IEnumerable<Func<Task<Probe>>> RawBodies(Actor actor, Contract.Operation operation)
    {
        if (operation.Body.Count == 0)
        {
            yield break;
        }

        var isJson = Json(operation) is not null;
        (string What, string Text)[] raw =
        [
            ("empty", ""), ("no JSON", "{"), ("null", "null"), ("a list", "[]"), ("a number", "7"), ("a text", $"\"{Values.Canary}\""), ("an empty object", "{}"), ("a comment", "{ /* */ }"), ("a byte order mark", "\ufeff{}"),
            ("deep", string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200)), ("deep list", new string('[', 5_000)), ("1e400", "{\"doseMg\":1e400,\"days\":1e400}"),
            ("a member twice", "{\"reason\":\"a\",\"reason\":\"b\"}"), ("__proto__", "{\"__proto__\":{\"a\":1}}"), ("large", $"{{\"note\":\"{new string('a', 5_000_000)}\"}}"),
            ("half a character", "{\"reason\":\"\\ud800\",\"note\":\"\\ud800\"}"), ("NUL", "{\"reason\":\"\\u0000\",\"note\":\"a\\u0000\"}"), ("CSV", "date,anxiety\n2026-03-01,\"3\n"), ("CSV with a formula", "date,note\n2026-03-01,=1+1\n"),
        ];
        foreach (var (what, text) in raw)
        {
            yield return async () => (await DraftAsync(actor, operation)).ToProbe(what, Encoding.UTF8.GetBytes(text), fits: isJson && what is not ("an empty object" or "1e400" or "a byte order mark") ? false : null, unsure: true);
        }

        yield return async () => (await DraftAsync(actor, operation)).ToProbe("no text", [0xff, 0xfe, 0x00, 0x80], fits: null);
        foreach (var mediaType in new[] { "text/plain", "application/xml", "application/json; charset=klingon-8", "application/json; charset=utf-16", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "nonsense", "" })
        {
            yield return async () => ((await DraftAsync(actor, operation)) with { MediaType = mediaType }).ToProbe($"media type {mediaType}", fits: false);
        }
    }

    private IEnumerable<Func<Task<Probe>>> Paths(Actor actor, Contract.Operation operation)
    {
        foreach (var parameter in operation.Parameters.Where(p => (string?)p["in"] == "path").Select(p => (string)p["name"]!))
        {
            foreach (var text in new[] { Values.RandomId(), Guid.Empty.ToString(), "7", "null", $"{Values.Canary}'--", "%01", "..%2f..", "%ud800", "{}", new string('a', 2_000), Values.RandomId().Replace("-", ""), $"{{{Values.RandomId()}}}", "\u202e" })
            {
                yield return async () => (await DraftAsync(actor, operation)).With(parameter, text).ToProbe($"{parameter} {text[..Math.Min(20, text.Length)]}", fits: Guid.TryParseExact(text, "D", out _) ? null : false);
            }

            yield return async () => (await DraftAsync(actor, operation)) is var draft && draft.Path.GetValueOrDefault(parameter) is { } id ? draft.With(parameter, id.ToUpperInvariant()).ToProbe($"{parameter} in capitals") : draft.ToProbe("good");
        }
    }

    private IEnumerable<Func<Task<Probe>>> Queries(Actor actor, Contract.Operation operation)
    {
        foreach (var parameter in operation.Parameters.Where(p => (string?)p["in"] == "query"))
        {
            var name = (string)parameter["name"]!;
            var schema = contract.Resolve(parameter["schema"]!);
            for (var i = 0; i < 4; i++)
            {
                yield return async () => (await DraftAsync(actor, operation)).AskNothing(name) is var draft && Values.GoodText(schema, name, member => _worlds[actor.Marker].IdFor(member, draft.Path, _random)) is var text ? draft.Ask(name, text).ToProbe($"{name}: good", unsure: true) : throw new UnreachableException();
            }

            foreach (var (what, value) in Values.Edges(schema))
            {
                var text = value is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.String ? (string)v! : value?.ToJsonString() ?? "";
                yield return async () => (await DraftAsync(actor, operation)).AskNothing(name).Ask(name, text).ToProbe($"{name}: {what}", fits: FitsQuery(schema, text), unsure: true);
            }

            yield return async () => (await DraftAsync(actor, operation)).AskNothing(name).Ask(name, "1").Ask(name, "2").ToProbe($"{name}: twice", unsure: true);
            yield return async () => (await DraftAsync(actor, operation)).AskNothing(name).ToProbe($"without {name}", fits: (bool?)parameter["required"] == true ? false : null, unsure: true);
        }

        yield return async () => (await DraftAsync(actor, operation)).Ask("unknown", Values.Canary).ToProbe("an unknown parameter", unsure: true);
        yield return async () => (await DraftAsync(actor, operation)).Ask("a\0", "b\0").ToProbe("NUL in the query", unsure: true);
    }

    private IEnumerable<Func<Task<Probe>>> Headers(Actor actor, Contract.Operation operation)
    {
        foreach (var parameter in operation.Parameters.Where(p => (string?)p["in"] == "header"))
        {
            var name = (string)parameter["name"]!;
            var required = (bool?)parameter["required"] == true;
            foreach (var text in new[] { "\"1\"", "\"0\"", "W/\"1\"", "*", "1", "\"-1\"", "\"9223372036854775808\"", "\"1\", \"2\"", "\"\"", Values.Canary, "short", new string('k', 128), new string('k', 129), "with space inside", "üñí-çødé", "\u0001\u0002control" })
            {
                yield return async () => (await DraftAsync(actor, operation)).Send(name, text).ToProbe($"{name}: {text}", fits: required && contract.Judge(parameter["schema"]!, text).Count > 0 ? false : null, unsure: true);
            }

            yield return async () => (await DraftAsync(actor, operation)).Send(name, null).ToProbe($"without {name}", fits: required ? false : null, unsure: true);
        }

        foreach (var (name, text) in new[] { ("X-Request-Id", "abc-1"), ("X-Request-Id", $"{Values.Canary} \"<>"), ("X-Request-Id", new string('a', 500)), ("Accept", "text/html"), ("Accept", "application/xml;q=1"), ("Accept", "nonsense"), ("Content-Encoding", "gzip"), ("Expect", "100-continue"), ("X-HTTP-Method-Override", "DELETE"), ("Host", "evil.example") })
        {
            yield return async () => (await DraftAsync(actor, operation)).Send(name, text).ToProbe($"{name}: {text}", unsure: true);
        }
    }

    private IEnumerable<Func<Task<Probe>>> Rights(Actor actor, Contract.Operation operation)
    {
        if (operation.Scope is not { } scope)
        {
            yield break;
        }

        yield return async () => ((await DraftAsync(actor, operation)) with { Token = actor.Without(scope), Right = Right.WithoutScope }).ToProbe($"without {scope}");
        foreach (var (what, token) in actor.Bad)
        {
            yield return async () => ((await DraftAsync(actor, operation)) with { Token = token, Right = Right.None }).ToProbe(what);
        }
    }

    /// <summary>The other clinic's records, in the path and in the body.</summary>
    private IEnumerable<Func<Task<Probe>>> Foreign(Actor actor, Actor other, Contract.Operation operation)
    {
        if (!operation.Path.Contains('{'))
        {
            yield break;
        }

        for (var i = 0; i < 6; i++)
        {
            yield return async () =>
            {
                var theirs = await DraftAsync(other, operation);
                return (theirs with { Token = actor.Full }).ToProbe("another clinic's record", foreign: theirs.Path.Count > 0);
            };
        }

        var bodyIds = Json(operation)?["schema"] is { } schema ? Places(schema, []).Where(p => (string?)p.Place["format"] == "uuid").Select(p => p.Path).ToArray() : [];
        foreach (var path in bodyIds)
        {
            yield return async () =>
            {
                var draft = await DraftAsync(actor, operation);
                if (_worlds[other.Marker].IdFor(path[^1], new Dictionary<string, string>(), _random) is { } id && path.Length == 1 && draft.Body is JsonObject body)
                {
                    body[path[^1]] = id;
                }

                return draft.ToProbe($"{path[^1]} of another clinic");
            };
        }
    }

    /// <summary>Places in a body where something can be put, by the names that lead there.</summary>
    private IEnumerable<(string[] Path, JsonObject Place)> Places(JsonNode schema, string[] path)
    {
        var own = contract.Resolve(schema);
        if (own["oneOf"] is JsonArray either)
        {
            own = contract.Resolve(either.First(e => (string?)(e!["type"] as JsonValue) != "null")!);
        }

        if (path.Length > 0)
        {
            yield return (path, own);
        }

        var inner = own["items"] is { } items ? contract.Resolve(items) : own;
        foreach (var (name, member) in path.Length < 4 ? inner["properties"]?.AsObject() ?? [] : [])
        {
            foreach (var place in Places(member!, [.. path, name]))
            {
                yield return place;
            }
        }
    }

    private static bool? FitsQuery(JsonObject schema, string text) =>
        Values.Types(schema).Contains("string") ? schema["enum"] is JsonArray names && text.Length > 0 && names.All(n => (string?)n != text) ? false : text.Length > ((int?)schema["maxLength"] ?? int.MaxValue) ? false : null
        : Values.Types(schema).Contains("integer") && text.Length > 0 && (!long.TryParse(text, out var number) || number < ((long?)schema["minimum"] ?? long.MinValue) || number > ((long?)schema["maximum"] ?? long.MaxValue)) ? false
        : null;

    private static JsonObject? Json(Contract.Operation operation) => operation.Body.FirstOrDefault(b => b.Key.EndsWith("json", StringComparison.Ordinal)).Value;

    private async Task<Draft> DraftAsync(Actor actor, Contract.Operation operation, bool fromExample = true)
    {
        var world = _worlds[actor.Marker];
        var ready = _ready is { } made && made.Operation == operation && made.Actor == actor && _random.Next(4) > 0 ? made : default;
        var path = ready.Path ?? world.Choose(operation.Path, _random);
        var mediaType = operation.Body.Count == 0 ? null : operation.Body.Keys.ElementAt(_random.Next(operation.Body.Count));
        var media = mediaType is null ? null : operation.Body[mediaType];
        var body = media is null ? null
            : fromExample && ready.Request is { Body: { } bytes } && ready.Request.MediaType == mediaType ? mediaType!.EndsWith("json", StringComparison.Ordinal) ? JsonNode.Parse(bytes) : Encoding.UTF8.GetString(bytes)
            : fromExample && media["example"] is { } example ? Own(example.DeepClone(), world, path)
            : mediaType!.EndsWith("json", StringComparison.Ordinal) ? Values.Good(media["schema"]!, "", world.Marker, member => world.IdFor(member, path, _random))
            : media["example"]?.DeepClone();
        var draft = new Draft(contract, operation, path, [], [], body, mediaType, media?["schema"], actor.Full, Right.Full);
        foreach (var parameter in operation.Parameters.Where(p => (string?)p["in"] == "query" && (bool?)p["required"] == true))
        {
            var name = (string)parameter["name"]!;
            draft = draft.Ask(name, Values.GoodText(contract.Resolve(parameter["schema"]!), name, member => world.IdFor(member, path, _random)));
        }

        return operation.Parameters.Any(p => (string)p["name"]! == "If-Match" && (bool?)p["required"] == true) ? draft.Send("If-Match", await VersionAsync(actor, operation, path)) : draft;
    }

    /// <summary>The example, about this clinic's records and in its own words.</summary>
    private JsonNode? Own(JsonNode? example, World world, IReadOnlyDictionary<string, string> path)
    {
        if (example is JsonObject o)
        {
            foreach (var (name, value) in o.ToArray())
            {
                if (value is JsonValue text && text.GetValueKind() == System.Text.Json.JsonValueKind.String)
                {
                    o[name] = Guid.TryParseExact((string)text!, "D", out _) ? world.IdFor(name, path, _random) ?? (string)text!
                        : name is "note" or "family" or "value" or "narrative" or "indication" or "reason" ? $"{world.Marker} {_random.Next(1_000_000)}"
                        : (string)text!;
                }
                else
                {
                    Own(value, world, path);
                }
            }
        }

        foreach (var item in example as JsonArray ?? [])
        {
            Own(item, world, path);
        }

        return example;
    }

    /// <summary>The ETag of what an action is about: of the nearest path above it whose read declares one.</summary>
    private async Task<string> VersionAsync(Actor actor, Contract.Operation operation, IReadOnlyDictionary<string, string> path)
    {
        var read = contract.Operations.Where(o => o.Method == "GET" && (operation.Path == o.Path || operation.Path.StartsWith(o.Path + "/", StringComparison.Ordinal)) && o.Responses.GetValueOrDefault("200")?["headers"]?["ETag"] is not null).MaxBy(o => o.Path.Length);
        if (read is null || (path.Count == 0 && read.Path.Contains('{')))
        {
            return "\"1\"";
        }

        var answer = await SendAsync(actor, new Draft(contract, read, path, [], [], null, null, null, actor.Full, Right.Full).ToProbe("read before a change"), CancellationToken.None);
        return answer.Headers.GetValueOrDefault("ETag", "\"1\"");
    }
}

/// <summary>A request in the making.</summary>
internal sealed record Draft(
    Contract Contract, Contract.Operation Operation, IReadOnlyDictionary<string, string> Path, IReadOnlyList<KeyValuePair<string, string>> Query, IReadOnlyList<KeyValuePair<string, string>> Headers,
    JsonNode? Body, string? MediaType, JsonNode? Schema, string? Token, Right Right)
{
    /// <summary>An id that no record has.</summary>
    private const string Unknown = "0195d000-0000-7000-8000-0000000000ff";

    public Draft With(string parameter, string text) => this with { Path = new Dictionary<string, string>(Path) { [parameter] = text } };

    public Draft Ask(string name, string text) => this with { Query = [.. Query, new(name, text)] };

    public Draft AskNothing(string name) => this with { Query = [.. Query.Where(q => q.Key != name)] };

    public Draft Send(string name, string? text) => this with { Headers = [.. Headers.Where(h => h.Key != name), .. text is null ? [] : new[] { KeyValuePair.Create(name, text) }] };

    /// <param name="bytes">Instead of the body.</param>
    /// <param name="fits">What is known of it; when absent, what the body's schema says.</param>
    /// <param name="unsure">Something else than the body may be wrong.</param>
    public Probe ToProbe(string what, byte[]? bytes = null, bool? fits = null, bool unsure = false, bool foreign = false)
    {
        var url = string.Join('/', Operation.Path.Split('/').Select(part => part.StartsWith('{') ? Escape(Path.GetValueOrDefault(part.Trim('{', '}'), Unknown)) : part))
            + (Query.Count == 0 ? "" : $"?{string.Join('&', Query.Select(q => $"{Escape(q.Key)}={Escape(q.Value)}"))}");
        var isJson = MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        var bodyFits = bytes is null && isJson && Schema is not null && Right == Right.Full ? Contract.Judge(Schema, Body).Count == 0 : (bool?)null;
        var content = bytes ?? (Operation.Body.Count == 0 ? null : Encoding.UTF8.GetBytes(isJson || Body is not JsonValue text ? Body?.ToJsonString() ?? "null" : (string)text!));
        return new Probe(Operation, what, url, Headers, content, content is null ? null : MediaType, Right, Token, fits ?? (unsure && bodyFits == true ? null : bodyFits), foreign);
    }

    /// <summary>Percent-encoded, unless it is so already: half characters cannot be.</summary>
    private static string Escape(string text) => text.StartsWith('%') || text.StartsWith("..%", StringComparison.Ordinal) ? text : Uri.EscapeDataString(text.Replace("\ud800", "", StringComparison.Ordinal));
}
