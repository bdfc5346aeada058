namespace LdnApi.Bench;

/// <summary>Starts the ceiling and the API as the benchmark does, says where they are, and holds them until Enter: to look at one with a profiler while wrk drives it.</summary>
internal static class Hold
{
    public static async Task<int> RunAsync(string server, Options options)
    {
        var database = $"ldn_bench_{options.CheckIns}";
        await Bench.SeedIfMissingAsync(server, database, options.CheckIns);
        await using var issuer = await Issuer.StartAsync();
        await using var ceiling = await Server.CeilingAsync(server, database);
        var seen = new Dictionary<string, string> { ["DOTNET_PerfMapEnabled"] = "1", ["DOTNET_EnableWriteXorExecute"] = "0" }; // perf finds the names of compiled methods
        await using var api = await Server.ApiAsync(options.Api, server, database, issuer, seen);
        var script = Path.Combine(AppContext.BaseDirectory, "requests.lua");
        Console.WriteLine($"wrk -t2 -c{options.Connections} -d10s -s {script} {ceiling.Address} -- point - {Shape.PatientsOf(options.CheckIns)}");
        Console.WriteLine($"wrk -t2 -c{options.Connections} -d10s -s {script} {api.Address} -- point {issuer.Token()} {Shape.PatientsOf(options.CheckIns)}");
        await Console.In.ReadLineAsync();
        return 0;
    }
}
