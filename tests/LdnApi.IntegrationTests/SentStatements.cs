using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace LdnApi.IntegrationTests;

/// <summary>What is sent to one database, as Npgsql itself tells it: by whatever way a statement was made.</summary>
internal sealed class SentStatements : IDisposable
{
    private readonly ActivityListener _listener;

    /// <param name="connectionString">Names the database: tests of other classes run meanwhile on theirs.</param>
    public SentStatements(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if ((activity.GetTagItem("db.namespace") as string) == database && activity.GetTagItem("db.query.text") is string text)
                {
                    Texts.Enqueue(text);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ConcurrentQueue<string> Texts { get; } = [];

    public void Dispose() => _listener.Dispose();
}

/// <summary>Those who read what Npgsql tells run one after another: an exporter of one takes from a span what another looks for.</summary>
[CollectionDefinition(nameof(SpansAreRead))]
public sealed class SpansAreRead;
