using System.Globalization;
using System.Text;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>Drives the ceiling, the API and PostgreSQL alone with the same requests, in turns, and prints the ratios.</summary>
internal static class Bench
{
    /// <summary>Name, target as a ratio to the ceiling, and the statement for pgbench.</summary>
    public static readonly (string Operation, string Target, string? Statement)[] Operations =
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
        var found = Operations.ToDictionary(o => o.Operation, _ => (Ceiling: new List<double>(), Api: new List<double>(), Pgbench: new List<double>(), CpuMicroseconds: new List<double>(), Bad: 0L));
        var bulk = Bulk.ToDictionary(b => b, _ => new List<double>());

        foreach (var (operation, _, _) in Operations) // nobody is measured cold
        {
            await Tools.WrkAsync(ceiling.Address, operation, "-", patients, options, 2);
            await Tools.WrkAsync(api.Address, operation, token, patients, options, 15); // until its code is compiled for good
        }

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (operation, _, statement) in Operations)
            {
                var f = found[operation];
                var above = await Tools.WrkAsync(ceiling.Address, operation, "-", patients, options);
                var before = api.Cpu;
                var ours = await Tools.WrkAsync(api.Address, operation, token, patients, options);
                var cpu = (api.Cpu - before).TotalMicroseconds / (ours.PerSecond * options.Seconds);
                var alone = await Tools.PgbenchAsync(server, database, statement!, patients, options);
                f.Ceiling.Add(above.PerSecond);
                f.Api.Add(ours.PerSecond);
                f.Pgbench.Add(alone.PerSecond);
                f.CpuMicroseconds.Add(cpu);
                found[operation] = f with { Bad = f.Bad + above.Bad + ours.Bad };
                Console.Error.WriteLine(Text($"round {round} {operation,-14} ceiling {above.PerSecond,8:n0}/s  api {ours.PerSecond,8:n0}/s  ratio {ours.PerSecond / above.PerSecond:n2}  {cpu:n0} µs  pgbench {alone.PerSecond,8:n0}/s  bad {above.Bad}+{ours.Bad}"));
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
        table.AppendLine().AppendLine("| Operation | PostgreSQL alone, /s | Ceiling, /s | API, /s | Ratio | Target | API CPU, µs | Bad |").AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var (operation, target, _) in Operations)
        {
            var f = found[operation];
            var ratios = f.Api.Zip(f.Ceiling, (a, c) => a / c).ToList();
            table.AppendLine(Text($"| {operation} | {Median(f.Pgbench):n0} | {Median(f.Ceiling):n0} | {Median(f.Api):n0} | **{Median(ratios):n2}** ({ratios.Min():n2}–{ratios.Max():n2}) | {target} | {Median(f.CpuMicroseconds):n0} | {f.Bad} |"));
        }

        table.AppendLine().AppendLine("| Bulk | Rows/s | Ratio to single check-ins | Target |").AppendLine("|---|---|---|---|");
        foreach (var operation in Bulk)
        {
            table.AppendLine(Text($"| {operation} of 1,000 | {Median(bulk[operation]):n0} | **{Median(bulk[operation]) / Median(found["check-in"].Api):n1}** | ≥ 10 |"));
        }

        table.AppendLine().AppendLine("| | API | Ceiling | Ratio | Target |").AppendLine("|---|---|---|---|---|");
        table.AppendLine(Text($"| memory at its most, MB | {api.PeakMb} | {ceiling.PeakMb} | **{(double)api.PeakMb / ceiling.PeakMb:n2}** | ≤ 1.76 (220 where the ceiling has 125) |"));
        table.AppendLine(Text($"| from start to ready, s: median of {Starts} | {Median(starts.Select(s => s.Api)):n2} | {Median(starts.Select(s => s.Ceiling)):n2} | **{Median(starts.Select(s => s.Api / s.Ceiling)):n2}** | ≤ 5.2 (1.5 where the ceiling takes 0.29) |"));
        Directory.CreateDirectory(options.Out);
        await File.WriteAllTextAsync(Path.Combine(options.Out, "ratios.md"), table.ToString());
        await File.WriteAllLinesAsync(Path.Combine(options.Out, "ratios.dat"), Operations.Select(o => Text($"{o.Operation} {Ratio(found[o.Operation], Median):n3} {Ratio(found[o.Operation], r => r.Min()):n3} {Ratio(found[o.Operation], r => r.Max()):n3} {o.Target[2..]}")));
        Console.WriteLine(table);
        return 0;

        static double Ratio((List<double> Ceiling, List<double> Api, List<double>, List<double>, long) f, Func<List<double>, double> of) => of([.. f.Api.Zip(f.Ceiling, (a, c) => a / c)]);
    }

    public static async Task SeedIfMissingAsync(string server, string database, long checkIns)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        command.Parameters.AddWithValue(database);
        if (await command.ExecuteScalarAsync() is not true)
        {
            await Seed.RunAsync(server, database, checkIns);
        }
        else
        {
            await Seed.MigrateAsync(server, database); // filled by an earlier build
        }
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
