using System.Text;

namespace LdnApi.Bench;

/// <summary>The same operations in a small clinic and in a large one: what they cost must not grow with the clinic.</summary>
internal static class Growth
{
    private const long Small = 10_000;

    public static async Task<int> RunAsync(string server, Options options)
    {
        long[] sizes = [Small, options.CheckIns];
        await using var issuer = await Issuer.StartAsync();
        var token = issuer.Token();
        var found = new Dictionary<(string Operation, long Size), (List<double> Api, List<double> Pgbench)>();
        var servers = new Dictionary<long, Server>();
        try
        {
            foreach (var size in sizes)
            {
                await Bench.SeedIfMissingAsync(server, $"ldn_bench_{size}", size);
                servers[size] = await Server.ApiAsync(options.Api, server, $"ldn_bench_{size}", issuer, new Dictionary<string, string>());
                await Bench.WarmAsync(servers[size], token, Shape.PatientsOf(size), options);
                foreach (var (operation, _, _) in Bench.Operations)
                {
                    found[(operation, size)] = ([], []);
                }

                if (size == Small)
                {
                    await Seed.FillAsync(server, $"ldn_bench_{size}", size); // warming has made its few patients large
                }
            }

            foreach (var kind in Bench.Operations.GroupBy(o => Statements.IsWrite(o.Statement)))
            {
                for (var round = 1; round <= options.Rounds; round++)
                {
                    foreach (var (operation, _, statement) in kind)
                    {
                        foreach (var size in sizes)
                        {
                            if (kind.Key && size == Small)
                            {
                                await Seed.FillAsync(server, $"ldn_bench_{size}", size); // what was written has made its few patients large
                            }

                            var api = await Tools.WrkAsync(servers[size].Address, operation, token, Shape.PatientsOf(size), options);
                            var alone = await Tools.PgbenchAsync(server, $"ldn_bench_{size}", statement, Shape.PatientsOf(size), options);
                            found[(operation, size)].Api.Add(api.PerSecond);
                            found[(operation, size)].Pgbench.Add(alone.PerSecond);
                            Console.Error.WriteLine(Bench.Text($"round {round} {operation,-14} {size,12:n0} check-ins: api {api.PerSecond,8:n0}/s  pgbench {alone.PerSecond,8:n0}/s  bad {api.Bad}"));
                        }
                    }
                }
            }
        }
        finally
        {
            foreach (var one in servers.Values)
            {
                await one.DisposeAsync();
            }
        }

        var table = new StringBuilder();
        table.AppendLine(Bench.Text($"How many times slower with {options.CheckIns:n0} check-ins than with {Small:n0}: medians of {options.Rounds} rounds of {options.Seconds} s, in turns."));
        table.AppendLine().AppendLine(Bench.Text($"| Operation | API, /s small | API, /s large | API slower by | Statement alone slower by | Ratio | Target |")).AppendLine("|---|---|---|---|---|---|---|");
        foreach (var (operation, _, _) in Bench.Operations)
        {
            var (small, large) = (found[(operation, Small)], found[(operation, options.CheckIns)]);
            var (ours, alone) = (Bench.Median(small.Api) / Bench.Median(large.Api), Bench.Median(small.Pgbench) / Bench.Median(large.Pgbench));
            table.AppendLine(Bench.Text($"| {operation} | {Bench.Median(small.Api):n0} | {Bench.Median(large.Api):n0} | {ours:n2} × | {alone:n2} × | **{ours / alone:n2}** | ≤ 1.2 |"));
        }

        Directory.CreateDirectory(options.Out);
        await File.WriteAllTextAsync(Path.Combine(options.Out, "growth.md"), table.ToString());
        Console.WriteLine(table);
        return 0;
    }
}
