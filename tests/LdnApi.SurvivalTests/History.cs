using System.Text.Json;
using LdnApi.Common;

namespace LdnApi.SurvivalTests;

/// <summary>What is written, and where the id of the operation travels within it.</summary>
internal enum Kind
{
    /// <summary>In <c>note</c>.</summary>
    CheckIn,

    /// <summary>In <c>narrative</c>.</summary>
    AdverseEvent,

    /// <summary>In <c>indication</c>.</summary>
    Prescription,

    /// <summary>In the reason of the change.</summary>
    TitrationStep,

    /// <summary>In the reason of the event.</summary>
    Acknowledgement,

    /// <summary>As a given name. Sent once: it has no key, and its If-Match says whether it is still wanted.</summary>
    PatientChange,
}

/// <summary>One operation is about to be sent, perhaps again.</summary>
/// <param name="Attempt">Its <c>X-Request-Id</c>.</param>
internal sealed record Invocation(string Op, string Attempt, Kind Kind, Guid Patient);

/// <summary>What came of an attempt.</summary>
/// <param name="Status">Null when there was no answer.</param>
/// <param name="Code">Of a problem; without an answer one of those below.</param>
/// <param name="Body">Of an acknowledgement.</param>
/// <param name="SaysWhen">A <c>Retry-After</c> was there.</param>
internal sealed record Answer(string Op, string Attempt, int? Status, string? Code = null, string? Body = null, bool SaysWhen = false)
{
    /// <summary>The client would not wait.</summary>
    public const string GivenUp = "given up";

    /// <summary>There was nobody: it was never sent, and a balancer sends it elsewhere.</summary>
    public const string NotConnected = "not connected";

    /// <summary>It was sent, and the connection broke.</summary>
    public const string CutOff = "cut off";

    /// <summary>It came, and the client does not know it.</summary>
    public const string LostOnTheWay = "answer lost";

    public bool IsAcknowledged => Status is >= 200 and < 300;

    /// <summary>It was not done, and never will be.</summary>
    public bool IsRefused => Status is >= 400 and < 500 && !IsTemporary;

    public bool IsKnown => IsAcknowledged || IsRefused;

    private bool IsTemporary => Status is 408 or 425 or 429 || Code == "idempotency-in-progress";
}

/// <summary>A record that was acknowledged and could not be read right afterwards.</summary>
internal sealed record Missed(string Op);

/// <summary>Everything that was sent and answered, in order. Each line is on disk before the request goes out.</summary>
internal sealed class History(string file) : IDisposable
{
    private readonly StreamWriter _file = new(file, append: true) { AutoFlush = true };
    private readonly List<Invocation> _invocations = [];
    private readonly List<Answer> _answers = [];
    private readonly List<Missed> _missed = [];
    private readonly List<DateTime> _acknowledged = [];
    private readonly Lock _lock = new();

    public IReadOnlyList<Invocation> Invocations => _invocations;
    public IReadOnlyList<Answer> Answers => _answers;
    public IReadOnlyList<Missed> Missed => _missed;

    /// <summary>When each acknowledgement came.</summary>
    public IReadOnlyList<DateTime> Acknowledged => _acknowledged;

    public void Add(Invocation invocation) => Write(invocation, _invocations);

    public void Add(Answer answer)
    {
        Write(answer, _answers);
        if (answer.IsAcknowledged)
        {
            lock (_lock)
            {
                _acknowledged.Add(DateTime.UtcNow);
            }
        }
    }

    public void Add(Missed missed) => Write(missed, _missed);

    public void Dispose() => _file.Dispose();

    private void Write<T>(T line, List<T> list)
    {
        lock (_lock)
        {
            list.Add(line);
            _file.WriteLine(JsonSerializer.Serialize(line, WireJson.Options));
        }
    }
}
