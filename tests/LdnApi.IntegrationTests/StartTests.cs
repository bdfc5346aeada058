using LdnApi.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Options;

namespace LdnApi.IntegrationTests;

/// <summary>In Production it does not start with something missing, weak or meant for Development, and says what, without repeating it.</summary>
public sealed class StartTests(LdnApiHost api) : IClassFixture<LdnApiHost>
{
    [Theory]
    [InlineData("Authentication:Schemes:Bearer:ValidAudiences:0", null, ":ValidAudiences")]
    [InlineData("Authentication:Schemes:Bearer:ValidAudiences:0", " ", ":ValidAudiences")]
    [InlineData("Authentication:Schemes:Bearer:ValidIssuer", "dotnet-user-jwts", "Development")]
    [InlineData("Authentication:Schemes:Bearer:SigningKeys:0:Value", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=", "SigningKeys")]
    [InlineData("ConnectionStrings:Ldn", null, "ldn_app")]
    [InlineData("ConnectionStrings:Ldn", "nonsense", "ldn_app")]
    [InlineData("ConnectionStrings:Ldn", "Host=db;Username=postgres;Password=qj3!xT9#pLw2", "ldn_app")]
    [InlineData("ConnectionStrings:Ldn", "Host=db;Username=ldn_owner;Password=qj3!xT9#pLw2", "ldn_app")]
    [InlineData("ConnectionStrings:Ldn", "Host=db;Username=ldn_app;Password=hunter2", "12 characters")]
    [InlineData("ConnectionStrings:Ldn", "Host=db;Username=ldn_app;Password=ldn_app_ldn_app", "12 characters")]
    [InlineData("ConnectionStrings:Ldn", "Host=db;Username=ldn_app;Password=qj3!xT9#pLw2;Include Error Detail=true", "error details")]
    [InlineData("ConnectionStrings:LdnReplica", "nonsense", "LdnReplica")]
    [InlineData("ConnectionStrings:LdnReplica", "Host=standby;Username=ldn_owner;Password=qj3!xT9#pLw2", "LdnReplica")]
    [InlineData("ConnectionStrings:LdnReplica", "Host=standby;Username=ldn_app;Password=hunter2", "12 characters")]
    [InlineData("ConnectionStrings:LdnReplica", "Host=standby;Username=ldn_app;Password=qj3!xT9#pLw2;Include Error Detail=true", "error details")]
    [InlineData("Replica:MaxLagSeconds", "0", "MaxLagSeconds")]
    [InlineData("Cursors:Key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Cursors:Key")]
    [InlineData("Cursors:Key", "YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWI=", "Cursors:Key")]
    [InlineData("Cursors:Key", "not base64", "Cursors:Key")]
    [InlineData("Limits:RequestSeconds", "0", "Limits:RequestSeconds")]
    [InlineData("Proxies:Trusted:0", "0.0.0.0/0", "Proxies:Trusted")]
    [InlineData("Cors:Origins:0", "*", "Cors:Origins")]
    public void It_says_what_to_set(string setting, string? value, string said)
    {
        using var host = api.WithWebHostBuilder(b => b.UseSetting(setting, value));

        var refusal = Assert.Throws<OptionsValidationException>(() => host.CreateClient());

        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(value?.Split("Password=")[^1] is { Length: > 11 } secret && !secret.StartsWith("dotnet", StringComparison.Ordinal) ? secret : "\0", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>As an operator sees it: the program itself, what it prints and its exit code.</summary>
    [Theory]
    [InlineData("", null, null, "Set ConnectionStrings:Ldn", "Set Authentication:Schemes:Bearer:Authority", "Set Cursors:Key")]
    [InlineData("--migrate", null, null, "Set ConnectionStrings:LdnOwner")]
    [InlineData("--migrate", "ConnectionStrings__LdnOwner", "hunter2 hunter2", "Set ConnectionStrings:LdnOwner")]
    [InlineData("--migrate", "ConnectionStrings__LdnOwner", "Host=127.0.0.1;Port=1;Username=ldn_owner;Password=hunter2", "127.0.0.1:1")]
    [InlineData("--verify-audit", null, null, "Set ConnectionStrings:LdnOwner")]
    [InlineData("", "Limits__RequestSeconds", "hunter2 seconds", "Limits:RequestSeconds")]
    [InlineData("", "Authentication__Schemes__Bearer__Authority", "http://id.example.org", "HTTPS")]
    public async Task The_program_prints_what_is_to_be_done_and_nothing_else(string argument, string? setting, string? value, params string[] said)
    {
        using var program = ApiProcess.Start(argument.Length == 0 ? [] : [argument], setting is null ? [] : new() { [setting] = value! });

        var (exitCode, output, errors) = await program.EndAsync();

        Assert.Equal(1, exitCode);
        Assert.All(said, text => Assert.Contains(text, errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", output + errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", output + errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Password=hunter2", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_issuers_keys_come_over_TLS()
    {
        using var asked = api.WithWebHostBuilder(b => b.UseSetting("Authentication:Schemes:Bearer:Authority", "http://id.example.org"));
        using var insisted = api.WithWebHostBuilder(b => b.UseSetting("Authentication:Schemes:Bearer:Authority", "http://id.example.org").UseSetting("Authentication:Schemes:Bearer:RequireHttpsMetadata", "false"));

        Assert.Contains("HTTPS", Assert.Throws<ConfigurationException>(() => asked.CreateClient()).Message, StringComparison.Ordinal);
        Assert.Contains("https", Assert.Throws<OptionsValidationException>(() => insisted.CreateClient()).Message, StringComparison.Ordinal);
    }
}
