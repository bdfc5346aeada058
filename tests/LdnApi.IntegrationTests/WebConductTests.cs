using System.Net;
using LdnApi.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LdnApi.IntegrationTests;

/// <summary>What browsers and proxies are told, and whom of them the API believes.</summary>
public sealed class WebConductTests(LdnApiHost api, WebConductTests.BehindProxies behind) : IClassFixture<LdnApiHost>, IClassFixture<WebConductTests.BehindProxies>
{
    private const string Ward = "https://ward.example.org";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/api/v1/patients", 200)]
    [InlineData("GET", "/api/v1/patients", 401, "nobody")]
    [InlineData("GET", "/api/v1/patients", 403, "openid")]
    [InlineData("GET", "/api/v1/patients/0198f000-0000-7000-8000-0000000000ff", 404)]
    [InlineData("GET", "/api/v1/patients?limit=0", 400)]
    [InlineData("GET", "/api/v1/nowhere", 404)]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("GET", "/nowhere", 401, "nobody")]
    [InlineData("DELETE", "/api/v1/patients", 405)]
    [InlineData("POST", "/api/v1/patients", 400)]
    [InlineData("GET", "/health/live", 200, "nobody")]
    [InlineData("GET", "/health/ready", 200, "nobody")]
    [InlineData("GET", "/metrics", 200, "nobody")]
    [InlineData("GET", "/openapi.json", 200, "nobody")]
    public async Task Every_answer_may_be_neither_sniffed_framed_kept_nor_run(string method, string url, int status, string? scope = null)
    {
        using var client = scope == "nobody" ? api.CreateClient() : api.ClientOf(LdnApiHost.NewClinic(), scope: scope);
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        using var response = await client.SendAsync(request, Ct);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("nosniff", Of(response, "X-Content-Type-Options"));
        Assert.Equal("no-referrer", Of(response, "Referrer-Policy"));
        Assert.Equal("DENY", Of(response, "X-Frame-Options"));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Of(response, "Content-Security-Policy"));
        Assert.Contains("no-store", Of(response, "Cache-Control"), StringComparison.Ordinal);
        Assert.NotEqual("", Of(response, "X-Request-Id"));
        Assert.Equal("", Of(response, "Server") + Of(response, "X-Powered-By") + Of(response, "Strict-Transport-Security"));
    }

    /// <summary>The page of the docs runs its own scripts, which are files, and nobody else's.</summary>
    [Fact]
    public async Task The_docs_run_their_own_scripts_only()
    {
        using var client = api.CreateClient();

        using var response = await client.GetAsync("/docs/index.html", Ct);
        var html = await response.Content.ReadAsStringAsync(Ct);

        var policy = Of(response, "Content-Security-Policy");
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Of(response, "X-Content-Type-Options"));
        Assert.Contains("<script src=", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("<script(?![^>]*\\bsrc=)|\\bon[a-z]+=\"|https?://", html);
    }

    [Theory]
    [InlineData(Ward, true)]
    [InlineData("http://localhost:5173", true)]
    [InlineData("https://ward.example.org.evil.test", false)]
    [InlineData("https://evil-ward.example.org", false)]
    [InlineData("http://ward.example.org", false)]
    [InlineData("https://ward.example.org:8443", false)]
    [InlineData("https://WARD.example.org.", false)]
    [InlineData("null", false)]
    [InlineData("*", false)]
    public async Task Only_pages_of_the_named_origins_may_read_answers(string origin, bool allowed)
    {
        using var client = behind.Host.CreateClient();
        using var question = new HttpRequestMessage(HttpMethod.Options, "/api/v1/patients");
        question.Headers.Add("Access-Control-Request-Method", "POST");
        question.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
        question.Headers.TryAddWithoutValidation("Origin", origin);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/patients");
        request.Headers.TryAddWithoutValidation("Origin", origin);

        using var preflight = await client.SendAsync(question, Ct);
        using var error = await client.SendAsync(request, Ct);

        Assert.Equal(allowed ? origin : "", Of(preflight, "Access-Control-Allow-Origin"));
        Assert.Equal(allowed ? origin : "", Of(error, "Access-Control-Allow-Origin")); // a 401 too, or the page could not tell why
        Assert.Equal(HttpStatusCode.Unauthorized, error.StatusCode);
        Assert.Equal("", Of(preflight, "Access-Control-Allow-Credentials") + Of(error, "Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Without_a_named_origin_no_page_may()
    {
        using var client = api.ClientOf(LdnApiHost.NewClinic());
        client.DefaultRequestHeaders.Add("Origin", Ward);

        using var response = await client.GetAsync("/api/v1/patients", Ct);

        Assert.Equal("", Of(response, "Access-Control-Allow-Origin"));
    }

    /// <summary>Seen by what it means: over TLS the browser is told to stay there.</summary>
    [Theory]
    [InlineData("10.0.0.7", "203.0.113.9", true)]
    [InlineData("::ffff:10.0.0.7", "203.0.113.9", true)]
    [InlineData("10.1.2.3", "203.0.113.9", true)]
    [InlineData("10.0.0.7", "203.0.113.9, 10.1.2.3", true)]
    [InlineData("10.0.0.8", "203.0.113.9", false)]
    [InlineData("127.0.0.1", "203.0.113.9", false)]
    [InlineData("203.0.113.9", "10.0.0.7", false)]
    public async Task Only_named_proxies_are_believed(string from, string forwardedFor, bool believed)
    {
        using var client = behind.Host.CreateClient();
        client.DefaultRequestHeaders.Add(From.Header, from);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", string.Join(", ", forwardedFor.Split(',').Select(_ => "https")));

        using var response = await client.GetAsync("/api/v1/patients", Ct);

        Assert.Equal(believed ? "max-age=31536000" : "", Of(response, "Strict-Transport-Security"));
        Assert.Equal(believed ? "203.0.113.9" : IPAddress.Parse(from).ToString(), Of(response, "Test-Address"));
    }

    [Fact]
    public async Task Where_no_proxy_is_named_none_is_believed()
    {
        using var host = api.WithWebHostBuilder(b => b.ConfigureTestServices(services => services.AddSingleton<IStartupFilter, From>()));
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Add(From.Header, "127.0.0.1");
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");

        using var response = await client.GetAsync("/api/v1/patients", Ct);

        Assert.Equal(("", "127.0.0.1"), (Of(response, "Strict-Transport-Security"), Of(response, "Test-Address")));
    }

    [Theory]
    [InlineData("Cors:Origins:0", "*", "Cors:Origins")]
    [InlineData("Proxies:Trusted:0", "0.0.0.0/0", "Proxies:Trusted")]
    [InlineData("ForwardedHeaders_Enabled", "true", "Proxies:Trusted")]
    public void It_does_not_start_when_told_to_believe_everybody(string setting, string value, string named)
    {
        using var host = api.WithWebHostBuilder(b => b.UseSetting(setting, value));

        Assert.Contains(named, Assert.Throws<OptionsValidationException>(() => host.CreateClient()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://*.example.org")]
    [InlineData("http://ward.example.org")]
    [InlineData("https://ward.example.org/")]
    [InlineData("https://ward.example.org/app")]
    [InlineData("https://user@ward.example.org")]
    [InlineData("https://WARD.example.org")]
    [InlineData("https://ward.example.org:443")]
    [InlineData("file:///ward")]
    [InlineData("null")]
    [InlineData("")]
    public void What_no_browser_sends_is_no_origin(string text) => Assert.False(CorsOriginOptions.IsOrigin(text));

    [Theory]
    [InlineData("everybody")]
    [InlineData("::/0")]
    [InlineData("10.0.0.0/33")]
    [InlineData("proxy.example.org")]
    [InlineData("10.0.0.7:443")]
    [InlineData("")]
    public void A_proxy_is_named_by_its_address(string text) => Assert.False(ProxyOptions.IsTrustable(text));

    private static string Of(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var values) || response.Content.Headers.TryGetValues(header, out values) ? string.Join(", ", values) : "";

    /// <summary>An API that two origins may read and two sorts of proxies stand before.</summary>
    public sealed class BehindProxies(PostgresServer postgres) : IAsyncLifetime
    {
        private readonly LdnApiHost _host = new(postgres);

        public WebApplicationFactory<Program> Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await _host.InitializeAsync();
            Host = _host.WithWebHostBuilder(b => b
                .UseSetting("Cors:Origins:0", Ward).UseSetting("Cors:Origins:1", "http://localhost:5173")
                .UseSetting("Proxies:Trusted:0", "10.0.0.7").UseSetting("Proxies:Trusted:1", "10.1.0.0/16")
                .ConfigureTestServices(services => services.AddSingleton<IStartupFilter, From>()));
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await _host.DisposeAsync();
        }
    }

    /// <summary>A request comes from the address that a header of the test names; the answer repeats the one that the API took it to be.</summary>
    private sealed class From : IStartupFilter
    {
        public const string Header = "Test-From";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, rest) =>
            {
                http.Connection.RemoteIpAddress = IPAddress.TryParse(http.Request.Headers[Header], out var address) ? address : IPAddress.IPv6Loopback;
                http.Response.OnStarting(() =>
                {
                    http.Response.Headers["Test-Address"] = $"{http.Connection.RemoteIpAddress}";
                    return Task.CompletedTask;
                });
                return rest(http);
            });
            next(app);
        };
    }
}
