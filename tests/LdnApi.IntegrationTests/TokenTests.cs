using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LdnApi.Auth;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LdnApi.IntegrationTests;

/// <summary>The API, as in production, and a real issuer beside it: what it signs is let in, what only looks like it is not.</summary>
public sealed class TokenTests(TokenTests.Issued issued) : IClassFixture<TokenTests.Issued>
{
    private static readonly Dictionary<string, Func<Forger, string>> Forgeries = new()
    {
        ["nothing"] = _ => "",
        ["garbage"] = _ => "garbage",
        ["dots"] = _ => "..",
        ["two parts of three"] = f => f.Good[..f.Good.LastIndexOf('.')],
        ["four parts"] = f => $"{f.Good}.e30",
        ["parts that are no base64"] = _ => "%%%.%%%.%%%",
        ["parts that are no JSON"] = f => Forger.Raw("no json", "no json"),
        ["a header that is a list"] = f => Forger.Raw("[]", f.Payload.ToJsonString()),
        ["a payload that is a list"] = f => f.Signed(f.Header, "[]"),
        ["a header nested a thousand deep"] = f => Forger.Raw(new string('[', 1000) + new string(']', 1000), f.Payload.ToJsonString()),
        ["300 kB of claims"] = f => f.With("fat", new string('a', 300_000)),
        ["20 kB of claims"] = f => f.With("fat", new string('a', 20_000)),
        ["a signature that is cut"] = f => f.Good[..^8],
        ["no signature"] = f => f.Good[..(f.Good.LastIndexOf('.') + 1)],
        ["another payload under the signature"] = f => $"{f.Good.Split('.')[0]}.{Base64UrlEncoder.Encode(f.Payload.ToJsonString().Replace("clinical.read", "clinical.write"))}.{f.Good.Split('.')[2]}",
        ["alg none"] = f => f.Unsigned("none"),
        ["alg None"] = f => f.Unsigned("None"),
        ["alg empty"] = f => f.Unsigned(""),
        ["alg absent"] = f => Forger.Raw("""{"typ":"at+jwt","kid":"rsa"}""", f.Payload.ToJsonString()),
        ["alg unknown"] = f => f.Unsigned("RS257"),
        ["alg a number"] = f => Forger.Raw("""{"alg":256,"typ":"at+jwt","kid":"rsa"}""", f.Payload.ToJsonString()),
        ["HMAC with the public key in PEM"] = f => f.Hmac(Encoding.ASCII.GetBytes(((RSA)f.Rsa.Key).ExportSubjectPublicKeyInfoPem())),
        ["HMAC with the public key in PKCS 1 PEM"] = f => f.Hmac(Encoding.ASCII.GetBytes(((RSA)f.Rsa.Key).ExportRSAPublicKeyPem())),
        ["HMAC with the public key in DER"] = f => f.Hmac(((RSA)f.Rsa.Key).ExportSubjectPublicKeyInfo()),
        ["HMAC with the public key as a JWK"] = f => f.Hmac(Encoding.UTF8.GetBytes(f.Rsa.Public.ToJsonString())),
        ["HMAC with the modulus"] = f => f.Hmac(Base64UrlEncoder.DecodeBytes((string)f.Rsa.Public["n"]!)),
        ["HMAC with an empty key"] = f => f.Hmac([]),
        ["an RSA signature called ES256"] = f => f.WithHeader("alg", "ES256"),
        ["kid absent"] = f => f.WithHeader("kid", null),
        ["kid unknown"] = f => f.WithHeader("kid", "unknown"),
        ["an RSA key asked to check an EC signature"] = f => f.Signed(f.Header, f.Payload.ToJsonString(), f.Ec),
        ["kid of the other key"] = f => f.WithHeader("kid", "ec"),
        ["kid a path"] = f => f.WithHeader("kid", "../../../../dev/null"),
        ["kid SQL"] = f => f.WithHeader("kid", "rsa' UNION SELECT 'key' --"),
        ["kid an address"] = f => f.WithHeader("kid", "http://127.0.0.1:9/key"),
        ["kid NUL"] = f => f.WithHeader("kid", "rsa\0"),
        ["kid a number"] = f => f.WithHeader("kid", 7),
        ["kid a list"] = f => f.WithHeader("kid", new JsonArray("rsa")),
        ["kid 10 kB long"] = f => f.WithHeader("kid", new string('k', 10_000)),
        ["a key of its own as jwk"] = f => f.ByThief(("jwk", f.Thief.Public.DeepClone())),
        ["a key of its own at jku"] = f => f.ByThief(("jku", "http://127.0.0.1:9/jwks")),
        ["a key of its own at x5u"] = f => f.ByThief(("x5u", "http://127.0.0.1:9/cert")),
        ["a key of its own as x5c"] = f => f.ByThief(("x5c", new JsonArray(f.Certificate()))),
        ["a key of its own under the issuer's kid"] = f => f.ByThief(),
        ["crit with something unknown"] = f => f.WithHeader("crit", new JsonArray("unheard-of"), ("unheard-of", true)),
        ["crit b64, which is not spoken here"] = f => f.WithHeader("crit", new JsonArray("b64"), ("b64", false)),
        ["typ JWT, as of an ID token"] = f => f.WithHeader("typ", "JWT"),
        ["typ absent"] = f => f.WithHeader("typ", null),
        ["typ a number"] = f => f.WithHeader("typ", 1),
        ["sub a character too long"] = f => f.With("sub", new string('s', 256)),
        ["sub with NUL"] = f => f.With("sub", "dr\0gray"),
        ["an ID token"] = f => f.WithHeader("typ", "JWT", payload: f.PayloadWith(("aud", "ehr-feed"), ("nonce", "n"))),
        ["expired a minute ago"] = f => f.With("exp", Forger.Now - 60),
        ["exp absent"] = f => f.With("exp", null),
        ["exp a text"] = f => f.With("exp", "tomorrow"),
        ["exp negative"] = f => f.With("exp", -1),
        ["exp beyond all time"] = f => f.Signed(f.Header, f.Payload.ToJsonString().Replace($"\"exp\":{f.Payload["exp"]}", "\"exp\":1e400")),
        ["not valid for another minute"] = f => f.With("nbf", Forger.Now + 60),
        ["nbf after exp"] = f => f.With("nbf", Forger.Now + 6000),
        ["another audience"] = f => f.With("aud", "https://another.test"),
        ["audience absent"] = f => f.With("aud", null),
        ["audience an empty list"] = f => f.With("aud", new JsonArray()),
        ["audience that only begins right"] = f => f.With("aud", OidcIssuer.Audience + ".evil.test"),
        ["audience a number"] = f => f.With("aud", 7),
        ["another issuer"] = f => f.With("iss", "https://another.test"),
        ["issuer absent"] = f => f.With("iss", null),
        ["issuer that only begins right"] = f => f.With("iss", f.Payload["iss"] + "/evil"),
        ["a JWE by RSA"] = f => f.Encrypted(new EncryptingCredentials(f.Rsa.Security, SecurityAlgorithms.RsaOAEP, SecurityAlgorithms.Aes256CbcHmacSha512)),
        ["a JWE by a password, to be stretched two billion times"] = _ =>
            $"{Base64UrlEncoder.Encode("""{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAA"}""")}.AAAA.AAAA.AAAA.AAAA",
    };

    public static TheoryData<string> Names => new(Forgeries.Keys);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_token_that_is_not_good_is_401_and_is_not_told_why(string name)
    {
        var token = Forgeries[name](await issued.ForgerAsync());

        using var first = await issued.GetAsync(token);
        using var second = await issued.GetAsync(token); // a good one would be remembered by now

        await IsUnauthenticatedAsync(first);
        await IsUnauthenticatedAsync(second);
    }

    [Fact]
    public async Task A_token_of_the_issuer_is_good_for_its_scope_and_no_other()
    {
        var forger = await issued.ForgerAsync();

        using var read = await issued.GetAsync(forger.Good);
        using var written = await issued.GetAsync(await issued.Issuer.TokenAsync("clinical.write"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (read.StatusCode, written.StatusCode));
        TestContext.Current.SendDiagnosticMessage("Tokens held against oidc-provider at {0}: {1} forgeries", issued.Issuer.Url, Forgeries.Count);
    }

    [Fact]
    public async Task What_a_good_token_says_is_read_once_for_all_requests_that_bring_it()
    {
        var token = (await issued.ForgerAsync()).Good;
        var options = issued.Api.Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>().Get(JwtBearerDefaults.AuthenticationScheme);

        using var first = await issued.GetAsync(token);
        var kept = await KeptAsync();
        using var second = await issued.GetAsync(token);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.NotNull(kept);
        Assert.Same(kept, await KeptAsync()); // had the second been held against everything, it would have left one of its own

        async Task<Bearer?> KeptAsync() => issued.Api.Services.GetRequiredService<RememberedTokens>()
            .Find($"Bearer {token}", await options.ConfigurationManager!.GetConfigurationAsync(Ct), options.TokenValidationParameters.ClockSkew);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("RS512")]
    [InlineData("ES256")]
    public async Task The_forger_can_make_a_token_that_is_let_in_and_its_forgeries_fail_for_the_reason_they_name(string algorithm)
    {
        var forger = await issued.ForgerAsync();

        using var response = await issued.GetAsync(forger.Signed(algorithm));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("exp", -20)]
    [InlineData("nbf", 20)]
    public async Task Clocks_may_differ_by_half_a_minute(string claim, int seconds)
    {
        var forger = await issued.ForgerAsync();

        using var response = await issued.GetAsync(forger.With(claim, Forger.Now + seconds));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("\"\"")]
    [InlineData("\"not-a-uuid\"")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("[\"0198f000-0000-7000-8000-00000000000a\", \"0198f000-0000-7000-8000-00000000000b\"]")]
    public async Task A_token_that_names_no_clinic_or_two_opens_nothing(string? clinic)
    {
        var forger = await issued.ForgerAsync();

        using var response = await issued.GetAsync(forger.With("clinic_id", clinic is null ? null : JsonNode.Parse(clinic)));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_token_is_taken_from_the_header_and_nowhere_else()
    {
        var token = (await issued.ForgerAsync()).Good;
        using var client = issued.Api.CreateClient(new WebApplicationFactoryClientOptions { HandleCookies = false });
        using var inCookie = new HttpRequestMessage(HttpMethod.Get, "/api/v1/patients") { Headers = { { "Cookie", $"access_token={token}; Authorization=Bearer {token}" } } };
        using var asBasic = new HttpRequestMessage(HttpMethod.Get, "/api/v1/patients");
        asBasic.Headers.TryAddWithoutValidation("Authorization", $"Basic {token}");
        using var twice = new HttpRequestMessage(HttpMethod.Get, "/api/v1/patients");
        twice.Headers.TryAddWithoutValidation("Authorization", [$"Bearer {token}", "Bearer garbage"]);

        using var query = await client.GetAsync($"/api/v1/patients?access_token={token}", Ct);
        using var cookie = await client.SendAsync(inCookie, Ct);
        using var basic = await client.SendAsync(asBasic, Ct);
        using var two = await client.SendAsync(twice, Ct);

        await IsUnauthenticatedAsync(query);
        await IsUnauthenticatedAsync(cookie);
        await IsUnauthenticatedAsync(basic);
        await IsUnauthenticatedAsync(two);
    }

    [Fact]
    public async Task The_issuer_changes_its_key_while_the_API_runs_and_the_one_it_withdrew_is_refused()
    {
        await issued.ForgerAsync();
        var (first, second) = (IssuerKey.Rsa("first"), IssuerKey.Rsa("second"));
        await using var issuer = await OidcIssuer.StartAsync(null, first);
        await using var api = issued.For(issuer.Url);
        var old = await issuer.TokenAsync();
        using var before = await Issued.GetAsync(api, old);

        await issuer.PublishAsync(second);
        using var known = await Issued.GetAsync(api, old); // nobody has asked the issuer yet
        var renewed = await issuer.TokenAsync();
        var after = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Issued.GetAsync(api, renewed)));
        using var withdrawn = await Issued.GetAsync(api, old);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before.StatusCode, known.StatusCode));
        Assert.All(after, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode)); // not one of them 401, the first least of all
        await IsUnauthenticatedAsync(withdrawn);
    }

    [Fact]
    public async Task A_key_published_ahead_and_one_on_its_way_out_are_both_good()
    {
        await issued.ForgerAsync();
        var (first, second) = (IssuerKey.Rsa("first"), IssuerKey.Rsa("second"));
        await using var issuer = await OidcIssuer.StartAsync(null, first, second);
        await using var api = issued.For(issuer.Url);
        var old = await issuer.TokenAsync();
        await issuer.PublishAsync(second, first);
        var renewed = await issuer.TokenAsync();

        using var one = await Issued.GetAsync(api, old);
        using var other = await Issued.GetAsync(api, renewed);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (one.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task While_the_issuer_is_down_the_keys_that_are_known_go_on()
    {
        await issued.ForgerAsync();
        var key = IssuerKey.Rsa("only");
        await using var issuer = await OidcIssuer.StartAsync(null, key);
        await using var api = issued.For(issuer.Url);
        var good = await issuer.TokenAsync();
        using var before = await Issued.GetAsync(api, good);
        await issuer.DisposeAsync();

        using var unknown = await Issued.GetAsync(api, new Forger(good, IssuerKey.Rsa("another"), key).Signed("RS256")); // makes it ask for new keys, in vain
        using var known = await Issued.GetAsync(api, good);

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        await IsUnauthenticatedAsync(unknown);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    /// <summary>Each would have the keys fetched anew, were that not held back: a stranger could have the issuer asked as often as they liked.</summary>
    [Fact]
    public async Task A_flood_of_unknown_keys_is_401_asks_the_issuer_once_and_holds_up_nobody()
    {
        await issued.ForgerAsync();
        var key = IssuerKey.Rsa("only");
        await using var issuer = await OidcIssuer.StartAsync(null, key);
        await using var api = issued.For(issuer.Url);
        var good = await issuer.TokenAsync();
        using var before = await Issued.GetAsync(api, good);
        var asked = await issuer.KeysAskedAsync();
        var forger = new Forger(good, key, key);
        string[] flood = [.. Enumerable.Range(0, 400).Select(i => i % 20 == 19 ? good : forger.WithHeader("kid", $"unknown-{i}"))];

        var answers = new System.Collections.Concurrent.ConcurrentBag<(bool IsGood, HttpStatusCode Status)>();
        await Parallel.ForEachAsync(flood, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Ct }, async (token, _) =>
        {
            using var response = await Issued.GetAsync(api, token);
            answers.Add((token == good, response.StatusCode));
        });
        using var after = await Issued.GetAsync(api, good);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before.StatusCode, after.StatusCode));
        Assert.All(answers, a => Assert.Equal(a.IsGood ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, a.Status));
        Assert.Equal(400, answers.Count);
        Assert.InRange(await issuer.KeysAskedAsync() - asked, 0, 2);
    }

    /// <summary>The issuer's clock is the wrong one here: what counts is how far the two are apart.</summary>
    [Theory]
    [InlineData(61, 401, 401)]
    [InlineData(-61, 200, 401)] // without nbf nothing in a token says when it began: see docs/security.md
    public async Task A_clock_that_is_an_hour_wrong_is_401_at_worst_and_never_500(int minutesFast, int plain, int withNbf)
    {
        await issued.ForgerAsync();
        var key = IssuerKey.Rsa("only");
        await using var issuer = await OidcIssuer.StartAsync(null, TimeSpan.FromMinutes(-minutesFast), key);
        await using var api = issued.For(issuer.Url);
        var token = await issuer.TokenAsync();
        var forger = new Forger(token, key, key);

        using var one = await Issued.GetAsync(api, token);
        using var other = await Issued.GetAsync(api, forger.With("nbf", forger.Payload["iat"]!.DeepClone()));

        Assert.Equal((plain, withNbf), ((int)one.StatusCode, (int)other.StatusCode));
    }

    [Fact]
    public async Task Before_the_first_keys_a_token_is_503_and_the_API_recovers_when_the_issuer_does()
    {
        await issued.ForgerAsync();
        var key = IssuerKey.Rsa("only");
        var gone = await OidcIssuer.StartAsync(null, key);
        var token = await gone.TokenAsync();
        await gone.DisposeAsync();
        await using var api = issued.For(gone.Url);
        using var client = api.CreateClient();

        using var without = await client.GetAsync("/api/v1/patients", Ct);
        using var live = await client.GetAsync("/health/live", Ct);
        using var early = await Issued.GetAsync(api, token);
        await using var back = await OidcIssuer.StartAsync(gone.Url, key);
        using var late = await Issued.GetAsync(api, token);

        await IsUnauthenticatedAsync(without);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (early.StatusCode, (string?)(await early.ReadAsync())["code"]));
        Assert.NotNull(early.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
    }

    /// <summary>Takes the connection and never answers: the time-out of the way to the issuer ends the wait, not the client's patience.</summary>
    [Fact]
    public async Task An_issuer_that_never_answers_is_503_too()
    {
        await issued.ForgerAsync();
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var api = issued.For($"http://{silent.LocalEndpoint}");

        using var response = await Issued.GetAsync(api, (await issued.ForgerAsync()).Good);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    /// <summary>Read at start by the library, too early for our code: so it must stand in the file beside the program.</summary>
    [Fact]
    public void The_program_waits_for_new_keys_instead_of_refusing_the_first_token_of_one()
    {
        var settings = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(typeof(Program).Assembly.Location, ".runtimeconfig.json")))!["runtimeOptions"]!["configProperties"]!;

        Assert.True((bool)settings["Switch.Microsoft.IdentityModel.UpdateConfigAsBlocking"]!);
    }

    private static async Task IsUnauthenticatedAsync(HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.Unauthorized, "unauthenticated"), (response.StatusCode, (string?)(await response.ReadAsync())["code"]));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    /// <summary>One issuer with an RSA and an EC key, and an API that trusts it.</summary>
    public sealed class Issued(PostgresServer postgres) : IAsyncLifetime
    {
        private readonly LdnApiHost _host = new(postgres);
        private Forger? _forger;

        internal OidcIssuer Issuer { get; private set; } = null!;

        public WebApplicationFactory<Program> Api { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            if (await OidcIssuer.WhyNone is not null)
            {
                return; // each test says so
            }

            await _host.InitializeAsync();
            var (rsa, ec) = (IssuerKey.Rsa("rsa"), IssuerKey.Ec("ec"));
            Issuer = await OidcIssuer.StartAsync(null, rsa, ec);
            Api = For(Issuer.Url);
            _forger = new Forger(await Issuer.TokenAsync(), rsa, ec);
        }

        /// <summary>Skips the test where there is no issuer to be had.</summary>
        internal async Task<Forger> ForgerAsync()
        {
            Assert.SkipWhen(_forger is null, await OidcIssuer.WhyNone ?? "");
            return _forger;
        }

        /// <summary>An API that trusts the issuer at an address and nobody else.</summary>
        public WebApplicationFactory<Program> For(string issuer) => _host.WithWebHostBuilder(host =>
        {
            host.UseSetting("Authentication:Schemes:Bearer:Authority", issuer);
            host.UseSetting("Authentication:Schemes:Bearer:RequireHttpsMetadata", "false");
            host.UseSetting("Authentication:Schemes:Bearer:ValidIssuer", null);
            host.UseSetting("Authentication:Schemes:Bearer:ValidAudiences:0", OidcIssuer.Audience);
            host.ConfigureTestServices(services => services.PostConfigure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, o =>
                o.TokenValidationParameters.IssuerSigningKey = null)); // the one that the other tests sign with
        });

        public Task<HttpResponseMessage> GetAsync(string token) => GetAsync(Api, token);

        public static async Task<HttpResponseMessage> GetAsync(WebApplicationFactory<Program> api, string token)
        {
            using var client = api.CreateClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/patients");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            return await client.SendAsync(request, Ct);
        }

        public async ValueTask DisposeAsync()
        {
            if (_forger is not null)
            {
                await Api.DisposeAsync();
                await Issuer.DisposeAsync();
                await _host.DisposeAsync();
            }
        }
    }

    /// <summary>Makes tokens by hand, so that every part of them can be wrong: from a good one, with the issuer's own keys.</summary>
    internal sealed class Forger(string good, IssuerKey rsa, IssuerKey ec)
    {
        public string Good => good;
        public IssuerKey Rsa => rsa;
        public IssuerKey Ec => ec;
        public IssuerKey Thief { get; } = IssuerKey.Rsa("thief");
        public JsonObject Header => new() { ["alg"] = "RS256", ["typ"] = "at+jwt", ["kid"] = rsa.Kid };
        public JsonObject Payload => JsonNode.Parse(Base64UrlEncoder.Decode(good.Split('.')[1]))!.AsObject();
        public static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        public string Signed(string algorithm) => Signed(
            new JsonObject { ["alg"] = algorithm, ["typ"] = "at+jwt", ["kid"] = algorithm == "ES256" ? ec.Kid : rsa.Kid }, Payload.ToJsonString(), algorithm == "ES256" ? ec : rsa);

        /// <summary>A good signature over anything.</summary>
        public string Signed(JsonObject header, string payload, IssuerKey? by = null)
        {
            var text = Text(header.ToJsonString(), payload);
            return $"{text}.{Base64UrlEncoder.Encode(Sign(Encoding.ASCII.GetBytes(text), by ?? rsa, (string)header["alg"]!))}";
        }

        /// <summary>A good token but for one claim, which is left out when null.</summary>
        public string With(string claim, JsonNode? value) => Signed(Header, PayloadWith((claim, value)));

        /// <summary>A good token but for one member of its header, which is left out when null; signed with RSA and SHA-256 whatever the header says.</summary>
        public string WithHeader(string name, JsonNode? value, (string Name, JsonNode Value)? also = null, string? payload = null)
        {
            var header = Changed(Header, (name, value));
            if (also is { } more)
            {
                header[more.Name] = more.Value;
            }

            var text = Text(header.ToJsonString(), payload ?? Payload.ToJsonString());
            return $"{text}.{Base64UrlEncoder.Encode(Sign(Encoding.ASCII.GetBytes(text), rsa, "RS256"))}";
        }

        public string PayloadWith(params (string, JsonNode?)[] claims) => Changed(Payload, claims).ToJsonString();

        public string Unsigned(string algorithm) => Raw(Changed(Header, ("alg", algorithm)).ToJsonString(), Payload.ToJsonString());

        public static string Raw(string header, string payload) => $"{Text(header, payload)}.";

        public string Hmac(byte[] key)
        {
            var text = Text(Changed(Header, ("alg", "HS256")).ToJsonString(), Payload.ToJsonString());
            return $"{text}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text)))}";
        }

        /// <summary>Signed with a key that the issuer has never seen, which the header offers in its own way.</summary>
        public string ByThief(params (string, JsonNode?)[] header) => Signed(Changed(Header, header), Payload.ToJsonString(), Thief);

        public string Certificate()
        {
            var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=thief", (RSA)Thief.Key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            return Convert.ToBase64String(certificate.RawData);
        }

        public string Encrypted(EncryptingCredentials to) => new JsonWebTokenHandler().EncryptToken(good, to);

        private static string Text(string header, string payload) => $"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(payload)}";

        private static byte[] Sign(byte[] text, IssuerKey by, string algorithm) => by.Key switch
        {
            ECDsa key => key.SignData(text, HashAlgorithmName.SHA256),
            RSA key => key.SignData(text, new HashAlgorithmName("SHA" + algorithm[2..]), algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
            _ => throw new NotSupportedException(),
        };

        private static JsonObject Changed(JsonObject json, params (string Name, JsonNode? Value)[] changes)
        {
            foreach (var (name, value) in changes)
            {
                json.Remove(name);
                if (value is not null)
                {
                    json[name] = value;
                }
            }

            return json;
        }
    }
}
