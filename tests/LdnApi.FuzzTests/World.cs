using System.Text.Json.Nodes;
using LdnApi.ContractTests;

namespace LdnApi.FuzzTests;

/// <summary>What a clinic has, learnt from the answers: records by the path that reads them.</summary>
internal sealed class World(Contract contract, string marker)
{
    /// <summary>Keeps a long run from working on an ever longer list.</summary>
    private const int Kept = 40;

    private readonly Dictionary<string, List<IReadOnlyDictionary<string, string>>> _records = contract.Operations.Select(o => o.Path).Distinct().Where(p => p.EndsWith('}')).ToDictionary(p => p, _ => new List<IReadOnlyDictionary<string, string>>());

    /// <summary>Stands in every text that the clinic writes, and in nobody else's.</summary>
    public string Marker => marker;

    /// <summary>Every id that this clinic has been given.</summary>
    public HashSet<string> Ids { get; } = [];

    /// <summary>Ids of other clinics that this one has sent: a trail of what was asked for may tell them again.</summary>
    public HashSet<string> Named { get; } = [];

    /// <summary>Takes in what an answer says of records: where a new one lives, and the items of a list.</summary>
    public void Learn(string path, string? location, JsonNode? answer)
    {
        if (location is not null)
        {
            Keep(location);
        }

        foreach (var item in answer?["items"] as JsonArray ?? [])
        {
            if (item is JsonObject record && record["id"] is JsonValue id)
            {
                Keep($"{path.Split('?')[0]}/{id}");
            }
        }
    }

    /// <summary>Takes in the records that a path names.</summary>
    public void LearnPath(string path)
    {
        var segments = path.Split('?')[0].Split('/');
        for (var length = 1; length <= segments.Length; length++)
        {
            Keep(string.Join('/', segments[..length]));
        }
    }

    /// <summary>Path parameters for an operation: those of a record that there is, as deep as the path goes. Empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Choose(string path, Random random)
    {
        foreach (var template in _records.Keys.Where(t => path == t || path.StartsWith(t + "/", StringComparison.Ordinal)).OrderByDescending(t => t.Length))
        {
            if (_records[template] is { Count: > 0 } found)
            {
                return found[Math.Min(random.Next(found.Count), random.Next(found.Count))]; // rather a new one
            }
        }

        return new Dictionary<string, string>();
    }

    /// <summary>An id for a body's member that refers to another record: <c>suspectPrescriptionId</c> to a prescription, of the same patient where it can be.</summary>
    public string? IdFor(string member, IReadOnlyDictionary<string, string> path, Random random)
    {
        var candidates = _records.SelectMany(r => r.Value).Where(r => member.EndsWith(r.Keys.Last(), StringComparison.OrdinalIgnoreCase)).ToArray();
        var near = candidates.Where(c => path.All(p => !c.TryGetValue(p.Key, out var value) || value == p.Value)).ToArray();
        return near.Length > 0 ? near[random.Next(near.Length)].Values.Last() : candidates.Length > 0 ? candidates[random.Next(candidates.Length)].Values.Last() : null;
    }

    private void Keep(string location)
    {
        var segments = location.Split('/');
        foreach (var (template, records) in _records)
        {
            var parts = template.Split('/');
            if (parts.Length != segments.Length || !parts.Zip(segments).All(p => p.First.StartsWith('{') ? Guid.TryParse(p.Second, out _) : p.First == p.Second))
            {
                continue;
            }

            var parameters = parts.Zip(segments).Where(p => p.First.StartsWith('{')).ToDictionary(p => p.First.Trim('{', '}'), p => p.Second);
            if (Ids.Add(parameters.Values.Last()))
            {
                records.Insert(0, parameters);
                if (records.Count > Kept)
                {
                    records.RemoveAt(records.Count - 1);
                }
            }
        }
    }
}
