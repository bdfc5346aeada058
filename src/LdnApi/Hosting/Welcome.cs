using LdnApi.Auth;
using LdnApi.Sandbox;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Npgsql;

namespace LdnApi.Hosting;

/// <summary>What someone who has just started the program wants to know.</summary>
public static class Welcome
{
    /// <param name="postgres">The server started for development, whose sandbox clinic is filled; null otherwise.</param>
    public static async Task PrintAsync(WebApplication app, LocalPostgres? postgres)
    {
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "(no address)";
        var database = new NpgsqlConnectionStringBuilder(app.Configuration.GetConnectionString("Ldn"));
        Console.WriteLine($"LdnApi     {address}{Endpoints.BasePath}");
        Console.WriteLine($"Docs       {address}/docs");
        Console.WriteLine(postgres is null
            ? $"Database   {database.Host}:{database.Port}/{database.Database} (ConnectionStrings:Ldn)"
            : $"Database   private PostgreSQL on 127.0.0.1:{postgres.Port}, kept in {postgres.Folder}, stopped with this program");
        if (!app.Environment.IsDevelopment())
        {
            return;
        }

        Console.WriteLine("Token      dotnet user-jwts create --project src/LdnApi --name dr-gray --output token \\");
        Console.WriteLine($"             --claim clinic_id={SandboxStories.Clinic} --scope \"{string.Join(' ', Scopes.All.Keys)}\"");
        if (postgres is not null)
        {
            await using var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<BackgroundCaller>().Caller = new Caller(SandboxStories.Clinic, "sandbox");
            var made = await scope.ServiceProvider.GetRequiredService<SandboxMaker>().MakeAsync(CancellationToken.None);
            Console.WriteLine($"Sandbox    clinic {SandboxStories.Clinic}: {SandboxStories.All.Count} made-up patients ({made} new)");
        }
    }
}
