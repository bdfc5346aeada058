using System.Text.Json.Nodes;
using LdnApi.ContractTests;

namespace LdnApi.FuzzTests;

/// <summary>Holds an answer against the contract. Knows nothing of the server but its document.</summary>
internal sealed class Judge(Contract contract)
{
    public const string ServerError = "server error";
    public const string UndeclaredStatus = "undeclared status";
    public const string UndeclaredMediaType = "undeclared media type";
    public const string BrokenSchema = "answer breaks its schema";
    public const string MissingHeader = "declared header is missing";
    public const string AnotherClinic = "another clinic's data";
    public const string OpenDoor = "answered without the right";
    public const string AcceptedBroken = "accepted what the contract refuses";
    public const string Echo = "refusal repeats what was sent";

    /// <param name="own">The caller's clinic.</param>
    /// <param name="others">The clinics whose data the caller must not see.</param>
    public IEnumerable<Finding> Find(Probe probe, Answer answer, World own, IReadOnlyList<World> others)
    {
        if (answer.Code >= 500)
        {
            yield return Of(ServerError, $"{answer.Code}");
        }
        else if (!probe.Operation.Responses.TryGetValue($"{answer.Code}", out var declared))
        {
            yield return Of(UndeclaredStatus, $"{answer.Code}");
        }
        else
        {
            foreach (var wrong in Against(declared, answer))
            {
                yield return Of(wrong.Kind, wrong.Detail);
            }
        }

        foreach (var other in others)
        {
            own.Named.UnionWith(other.Ids.Where(id => probe.Sent.Contains(id, StringComparison.OrdinalIgnoreCase)));
            if (answer.Text.Contains(other.Marker, StringComparison.Ordinal) && !probe.Sent.Contains(other.Marker, StringComparison.Ordinal))
            {
                yield return Of(AnotherClinic, "a text of another clinic");
            }

            if (other.Ids.FirstOrDefault(id => answer.Text.Contains(id, StringComparison.OrdinalIgnoreCase) && !own.Named.Contains(id)) is { } foreign)
            {
                yield return Of(AnotherClinic, $"an id of another clinic, {foreign}");
            }
        }

        var owed = probe.Right switch { Right.None => 401, Right.WithoutScope => 403, _ => 0 };
        if (owed > 0 && answer.Code != owed)
        {
            yield return Of(OpenDoor, $"{answer.Code} instead of {owed}");
        }

        if (probe.OfAnotherClinic && answer.Code != 404)
        {
            yield return Of(OpenDoor, $"{answer.Code} instead of 404 for a record of another clinic");
        }

        // A batch answers 200 and says of each item what became of it.
        if (probe.Fits == false && answer.Succeeded && answer.Json?["rejected"] is not JsonValue)
        {
            yield return Of(AcceptedBroken, $"{answer.Code}");
        }

        if (answer.Code >= 400 && answer.Json is JsonObject problem && Without(problem, "instance").Contains(Values.Canary, StringComparison.Ordinal))
        {
            yield return Of(Echo, "the text that was sent");
        }

        Finding Of(string kind, string detail) => new(kind, detail, probe, answer);
    }

    private IEnumerable<(string Kind, string Detail)> Against(JsonObject declared, Answer answer)
    {
        foreach (var (name, header) in declared["headers"]?.AsObject() ?? [])
        {
            if ((bool?)contract.Resolve(header!)["required"] == true && !answer.Headers.ContainsKey(name))
            {
                yield return (MissingHeader, name);
            }
            else if (answer.Headers.TryGetValue(name, out var value) && contract.Resolve(header!)["schema"] is { } schema)
            {
                JsonNode sent = Values.Types(contract.Resolve(schema)).Contains("integer") && long.TryParse(value, out var number) ? number : value;
                foreach (var wrong in contract.Judge(schema, sent))
                {
                    yield return (BrokenSchema, $"{name}: {wrong}");
                }
            }
        }

        var content = declared["content"]?.AsObject() ?? [];
        if (content.Count == 0)
        {
            if (answer.Text.Length > 0)
            {
                yield return (UndeclaredMediaType, $"a body of {answer.MediaType} where none is declared");
            }
        }
        else if (answer.MediaType is null || content[answer.MediaType] is not { } media)
        {
            yield return (UndeclaredMediaType, answer.MediaType ?? "none");
        }
        else if (answer.MediaType.EndsWith("json", StringComparison.Ordinal))
        {
            foreach (var wrong in answer.Json is null ? ["no JSON"] : contract.Judge(media["schema"]!, answer.Json))
            {
                yield return (BrokenSchema, wrong);
            }

            if (answer.Code >= 400 && (int?)answer.Json?["status"] != answer.Code)
            {
                yield return (BrokenSchema, $"the problem's status is not {answer.Code}");
            }
        }
    }

    private static string Without(JsonObject problem, string member)
    {
        var copy = problem.DeepClone().AsObject();
        copy.Remove(member);
        return copy.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
