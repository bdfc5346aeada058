namespace LdnApi.Bench;

internal static class Hold
{
    public static async Task<int> RunAsync(string server, string database, string dll)
    {
        await using var issuer = await Issuer.StartAsync();
        await using var api = await Server.ApiAsync(dll, server, database, issuer, new Dictionary<string, string> { ["DOTNET_PerfMapEnabled"] = "1", ["DOTNET_EnableWriteXorExecute"] = "0" });
        await File.WriteAllTextAsync("/tmp/hold.env", $"ADDR={api.Address}\nTOKEN={issuer.Token()}\n");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
