using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>Drives the ceiling, the API and PostgreSQL alone with the same requests, in turns, and prints the ratios.</summary>
internal static class Bench
{
    /// <summary>Name, target as a ratio to the ceiling, and the statement for pgbench.</summary>
    public static readonly (string Operation, string Target, string Statement)[] Operations =
    [
        ("point", "≥ 0.4", Statements.Point),
        ("page", "≥ 0.7", Statements.CheckIns),
        ("queue", "≥ 0.7", Statements.Queue),
        ("timeline", "≥ 0.7", Statements.Timeline),
        ("adverse-event", "≥ 0.5", Statements.InsertAdverseEvent),
        ("check-in", "≥ 0.5", Statements.InsertCheckIn),
    ];

    private static readonly string[] Bulk = ["batch", "import"];
    private const int Starts = 5; // each is started and ended so often before it is measured
    private const int WarmingSeconds = 4; // of each operation in a turn
    private const int MostTurns = 12;
    private const double StillCompiling = 0.02; // of a core

    public static async Task<int> RunAsync(string server, Options options)
    {
        var database = $"ldn_bench_{options.CheckIns}";
        await SeedIfMissingAsync(server, database, options.CheckIns);
        var patients = Shape.PatientsOf(options.CheckIns);
        await using var issuer = await Issuer.StartAsync();
        var token = issuer.Token();
        var starts = new List<(double Api, double Ceiling)>();
        for (var start = 0; start < Starts; start++)
        {
            await using var first = await Server.CeilingAsync(server, database);
            await using var then = await Server.ApiAsync(options.Api, server, database, issuer, new Dictionary<string, string>());
            starts.Add((then.ReadyAfter.TotalSeconds, first.ReadyAfter.TotalSeconds));
        }

        await using var ceiling = await Server.CeilingAsync(server, database);
        await using var api = await Server.ApiAsync(options.Api, server, database, issuer, new Dictionary<string, string>());
        var found = Operations.ToDictionary(o => o.Operation, _ => new Found());
        var postgres = await PostgresCpu.OfAsync(server);
        var bulk = Bulk.ToDictionary(b => b, _ => new List<double>());

        var compiling = (Ceiling: await WarmAsync(ceiling, "-", patients, options), Api: await WarmAsync(api, token, patients, options));
        await Seed.FillAsync(server, database, options.CheckIns); // what was written until now would be read by what is measured

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (operation, _, statement) in Operations)
            {
                var f = found[operation];
                var above = await DriveAsync(ceiling, operation, "-", f.Ceiling);
                var ours = await DriveAsync(api, operation, token, f.Api);
                var alone = await Tools.PgbenchAsync(server, database, statement, patients, options);
                f.Pgbench.Add(alone.PerSecond);
                f.Bad += above.Bad + ours.Bad;
                Console.Error.WriteLine(Text($"round {round} {operation,-14} ceiling {f.Ceiling[^1]}  api {f.Api[^1]}  ratio {ours.PerSecond / above.PerSecond:n2}  pgbench {alone.PerSecond,8:n0}/s  bad {above.Bad}+{ours.Bad}"));
            }

            foreach (var operation in Bulk)
            {
                var measure = await Tools.WrkAsync(api.Address, operation, token, patients, options with { Connections = 4 });
                bulk[operation].Add(measure.PerSecond * 1000);
                Console.Error.WriteLine(Text($"round {round} {operation,-14} {measure.PerSecond * 1000,8:n0} rows/s  bad {measure.Bad}"));
            }
        }

        var table = new StringBuilder();
        table.AppendLine(Text($"{options.CheckIns:n0} check-ins of {patients:n0} patients, {options.Connections} connections, {options.Rounds} rounds of {options.Seconds} s, in turns. Ratio to the ceiling: median (least–most)."));
        table.AppendLine(Text($"µs: CPU for one request, of the server itself and of PostgreSQL, its background included."));
        table.AppendLine(Text($"As measuring began the runtime's compiler took {compiling.Api:p1} of a core in the API, {compiling.Ceiling:p1} in the ceiling."));
        table.AppendLine().AppendLine("| Operation | PostgreSQL alone, /s | Ceiling, /s | µs, itself + PostgreSQL | API, /s | µs, itself + PostgreSQL | Ratio | Target | Bad |").AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var (operation, target, _) in Operations)
        {
            var f = found[operation];
            var ratios = f.Ratios;
            table.AppendLine(Text($"| {operation} | {Median(f.Pgbench):n0} | {Of(f.Ceiling)} | {Of(f.Api)} | **{Median(ratios):n2}** ({ratios.Min():n2}–{ratios.Max():n2}) | {target} | {f.Bad} |"));
        }

        table.AppendLine().AppendLine("| Bulk | Rows/s | Ratio to single check-ins | Target |").AppendLine("|---|---|---|---|");
        foreach (var operation in Bulk)
        {
            table.AppendLine(Text($"| {operation} of 1,000 | {Median(bulk[operation]):n0} | **{Median(bulk[operation]) / Median(found["check-in"].Api.Select(r => r.PerSecond)):n1}** | ≥ 10 |"));
        }

        table.AppendLine().AppendLine("| | API | Ceiling | Ratio | Target |").AppendLine("|---|---|---|---|---|");
        table.AppendLine(Text($"| memory at its most, MB | {api.PeakMb} | {ceiling.PeakMb} | **{(double)api.PeakMb / ceiling.PeakMb:n2}** | ≤ 1.76 (220 where the ceiling has 125) |"));
        table.AppendLine(Text($"| from start to ready, s: median of {Starts} | {Median(starts.Select(s => s.Api)):n2} | {Median(starts.Select(s => s.Ceiling)):n2} | **{Median(starts.Select(s => s.Api / s.Ceiling)):n2}** | ≤ 5.2 (1.5 where the ceiling takes 0.29) |"));
        Directory.CreateDirectory(options.Out);
        await File.WriteAllTextAsync(Path.Combine(options.Out, "ratios.md"), table.ToString());
        await File.WriteAllLinesAsync(Path.Combine(options.Out, "ratios.dat"), Operations.Select(o => Text($"{o.Operation} {Median(found[o.Operation].Ratios):n3} {found[o.Operation].Ratios.Min():n3} {found[o.Operation].Ratios.Max():n3} {o.Target[2..]}")));
        Console.WriteLine(table);
        return 0;

        async Task<Measure> DriveAsync(Server driven, string operation, string bearer, List<Round> rounds)
        {
            var (own, below) = (driven.Cpu, postgres.Microseconds);
            var measure = await Tools.WrkAsync(driven.Address, operation, bearer, patients, options);
            var requests = measure.PerSecond * options.Seconds;
            rounds.Add(new Round(measure.PerSecond, (driven.Cpu - own).TotalMicroseconds / requests, (postgres.Microseconds - below) / requests));
            return measure;
        }

        static string Of(List<Round> rounds) => Text($"{Median(rounds.Select(r => r.PerSecond)):n0} | {Median(rounds.Select(r => r.Own)):n0} + {Median(rounds.Select(r => r.Postgres)):n0}");
    }

    /// <summary>What one round of one operation gave.</summary>
    /// <param name="Own">CPU of the server for one request, µs.</param>
    /// <param name="Postgres">CPU of PostgreSQL for one request, µs.</param>
    private readonly record struct Round(double PerSecond, double Own, double Postgres)
    {
        public override string ToString() => Text($"{PerSecond,8:n0}/s ({Own:n0} + {Postgres:n0} µs)");
    }

    private sealed class Found
    {
        public List<Round> Ceiling { get; } = [];

        public List<Round> Api { get; } = [];

        public List<double> Pgbench { get; } = [];

        public long Bad { get; set; }

        public List<double> Ratios => [.. Api.Zip(Ceiling, (a, c) => a.PerSecond / c.PerSecond)];
    }

    /// <summary>
    /// Drives a server with each operation, in turns, until its code is compiled for good. What is called often is compiled anew, twice, beside the requests, and takes as much of the
    /// machine as they do; that passes within minutes of a server's life of weeks.
    /// </summary>
    /// <returns>How much of a core the compiler took at last: little, unless that takes very long.</returns>
    public static async Task<double> WarmAsync(Server server, string token, long patients, Options options)
    {
        double share;
        var turn = 0;
        do
        {
            var (compiled, clock) = (await server.CompiledAsync(), Stopwatch.StartNew());
            foreach (var (operation, _, _) in Operations)
            {
                await Tools.WrkAsync(server.Address, operation, token, patients, options, WarmingSeconds);
            }

            share = (await server.CompiledAsync() - compiled) / clock.Elapsed;
            Console.Error.WriteLine(Text($"warming, turn {++turn}: the compiler took {share:p1} of a core"));
        }
        while (share > StillCompiling && turn < MostTurns);
        return share;
    }

    public static async Task SeedIfMissingAsync(string server, string database, long checkIns)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        command.Parameters.AddWithValue(database);
        if (await command.ExecuteScalarAsync() is not true)
        {
            await Seed.RunAsync(server, database, checkIns);
            return;
        }

        await Seed.MigrateAsync(server, database); // made by an earlier build
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
