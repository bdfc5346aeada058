using System.Globalization;
using LdnApi.Bench;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return args switch
{
    ["seed", var server, var database, var checkIns] => await Seed.RunAsync(server, database, long.Parse(checkIns, NumberFormatInfo.InvariantInfo)),
    ["ceiling", var connection, var url] => await Ceiling.RunAsync(connection, url),
    ["evaluate"] => Evaluate.Run(),
    ["run", var server, .. var options] => await Bench.RunAsync(server, Options.Of(options)),
    ["hold", var server, .. var options] => await Hold.RunAsync(server, Options.Of(options)),
    ["growth", var server, .. var options] => await Growth.RunAsync(server, Options.Of(options)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("seed SERVER DATABASE CHECK-INS | ceiling CONNECTION URL | evaluate | run SERVER [name=value]… | growth SERVER [name=value]… | hold SERVER [name=value]…   (see deploy/bench/run)");
    return 2;
}
