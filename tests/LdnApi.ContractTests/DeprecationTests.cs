using System.Text.Json.Nodes;
using LdnApi.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace LdnApi.ContractTests;

/// <summary>What is on its way out says so, in each answer and in the contract.</summary>
public sealed class DeprecationTests
{
    private static readonly DateTimeOffset Since = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Uri Guide = new("/docs/change-policy#old", UriKind.Relative);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_of_a_deprecated_endpoint_says_since_when_until_when_and_what_instead()
    {
        await using var api = await StartAsync();
        using var client = api.GetTestClient();
        using var good = await client.GetAsync("/old/1", Ct);
        using var refused = await client.GetAsync("/old/none", Ct);
        using var current = await client.GetAsync("/new", Ct);

        Assert.Equal((200, 400, 200), ((int)good.StatusCode, (int)refused.StatusCode, (int)current.StatusCode));
        Assert.All([good, refused], answer =>
        {
            Assert.Equal("@1767225600", answer.Headers.GetValues("Deprecation").Single()); // RFC 9745: a date of structured fields
            Assert.Equal("Wed, 01 Jul 2026 00:00:00 GMT", answer.Headers.GetValues("Sunset").Single()); // RFC 8594: an HTTP date
            Assert.Equal("</docs/change-policy#old>; rel=\"deprecation\"; type=\"text/html\"", answer.Headers.GetValues("Link").Single());
        });
        Assert.All(["Deprecation", "Sunset", "Link"], header => Assert.False(current.Headers.Contains(header)));
    }

    [Fact]
    public async Task The_contract_marks_it_and_no_other()
    {
        await using var api = await StartAsync();
        using var client = api.GetTestClient();

        var paths = JsonNode.Parse(await client.GetStringAsync("/openapi.json", Ct))!["paths"]!;

        var old = paths["/old/{number}"]!["get"]!;
        Assert.True((bool?)old["deprecated"]);
        Assert.Contains("gone on 2026-07-01", (string)old["description"]!, StringComparison.Ordinal);
        Assert.NotNull(old["responses"]!["200"]!["headers"]!["Deprecation"]);
        Assert.NotNull(old["responses"]!["200"]!["headers"]!["Sunset"]);
        Assert.Null(paths["/new"]!["get"]!["deprecated"]);
    }

    [Fact]
    public async Task A_shorter_notice_than_promised_does_not_start()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        Assert.Throws<ArgumentException>(() => app.MapGet("/old", () => "old").IsDeprecated(Since, Since.AddDays(179), Guide));
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddLdnProblems();
        builder.Services.AddLdnOpenApi();
        builder.Services.AddAuthorization();
        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseWireHeaders();
        app.MapLdnOpenApi();
        app.MapGet("/old/{number}", (int number) => TypedResults.Text($"{number}")).WithName("Old").WithTags("Rules").IsDeprecated(Since, Since.AddDays(181), Guide);
        app.MapGet("/new", () => TypedResults.Text("new")).WithName("New").WithTags("Rules");
        await app.StartAsync(Ct);
        return app;
    }
}
