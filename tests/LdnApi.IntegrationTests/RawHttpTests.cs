using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LdnApi.IntegrationTests;

/// <summary>Bytes that no HTTP client would send, at the real server. It refuses or hangs up, with nothing but its own status line where it cannot say more, and serves the next.</summary>
public sealed class RawHttpTests(RawHttpTests.Served served) : IClassFixture<RawHttpTests.Served>
{
    private static readonly Dictionary<string, (string Bytes, int[] Statuses)> Requests = new()
    {
        ["no HTTP"] = ("\u0016\u0003\u0001\u0002\0\u0001\r\n\r\n", [400]),
        ["a method of its own"] = ("BREW /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [405]),
        ["TRACE"] = ("TRACE /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [405]),
        ["CONNECT"] = ("CONNECT evil.test:443 HTTP/1.1\r\nConnection: close\r\nHost: evil.test:443\r\n\r\n", [400, 401, 404, 405]),
        ["another host's address"] = ("GET http://evil.test/api/v1/patients HTTP/1.1\r\nHost: a\r\n\r\n", [400, 401]),
        ["two hosts"] = ("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
        ["no host"] = ("GET /health/live HTTP/1.1\r\n\r\n", [400]),
        ["a host that is none"] = ("GET /health/live HTTP/1.1\r\nHost: a b/../c\r\n\r\n", [400]),
        ["HTTP of the future"] = ("GET /health/live HTTP/7.0\r\nHost: a\r\n\r\n", [505]),
        ["a header of 64 kB"] = ("GET /health/live HTTP/1.1\r\nHost: a\r\nX-Fat: {64k}\r\n\r\n", [431]),
        ["a thousand headers"] = ("GET /health/live HTTP/1.1\r\nHost: a\r\n{1000 headers}\r\n", [431]),
        ["an address of 64 kB"] = ("GET /{64k} HTTP/1.1\r\nHost: a\r\n\r\n", [414]),
        ["a header folded"] = ("GET /health/live HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", [400]),
        ["a space before the colon"] = ("GET /health/live HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n", [400]),
        ["NUL in a header"] = ("GET /health/live HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n", [400]),
        ["two lengths"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", [400]),
        ["a length below nothing"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Length: -1\r\n\r\n{}", [400]),
        ["a length and chunks"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        ["chunks of no size"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", [400]),
        ["chunks in another coding"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [400, 415, 501]),
        ["half a body, then silence"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"name\":", [408]),
        ["a body of 9 exabytes announced"] = ("POST /api/v1/patients HTTP/1.1\r\nHost: a\r\n{auth}\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n{", [413]),
        ["NUL in the path"] = ("GET /api/v1/patients/%00 HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [400]),
        ["half a pair in the path"] = ("GET /api/v1/patients/%ed%a0%80 HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [400]),
        ["overlong dots in the path"] = ("GET /api/v1/patients/%c0%ae%c0%ae%2f HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [400]),
        ["up and away"] = ("GET /api/v1/patients/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [404]),
        ["up and away, encoded"] = ("GET /api/v1/patients/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [400, 404]),
        ["out of the docs"] = ("GET /docs/..%2f..%2fappsettings.json HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [404]),
        ["a backslash"] = ("GET /docs/..\\..\\appsettings.json HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [404]),
        ["bytes that are no ASCII"] = ("GET /api/v1/patients/\u00ff\u00fe HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n", [400]),
    };

    public static TheoryData<string> Names => new(Requests.Keys);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_refuses_or_hangs_up_and_serves_the_next(string name)
    {
        var (bytes, statuses) = Requests[name];

        var answer = await served.SendAsync(bytes);
        var next = await served.SendAsync("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Contains(StatusOf(answer), statuses);
        Assert.DoesNotContain("Server:", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1 - (StatusOf(answer) == 0 ? -1 : 0)); // one request, one answer: nothing was smuggled in behind it
        Assert.Equal(200, StatusOf(next));
    }

    private static int StatusOf(string answer) => answer.Split(' ') is [_, var status, ..] && answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(status, System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>The API on a port.</summary>
    public sealed class Served(PostgresServer postgres) : IAsyncLifetime
    {
        private readonly LdnApiHost _host = new(postgres);
        private IPEndPoint _address = null!;
        private string _token = "";

        public async ValueTask InitializeAsync()
        {
            await _host.InitializeAsync();
            _token = _host.Token(LdnApiHost.NewClinic().ToString(), scope: LdnApiHost.AllScopes);
            _host.UseKestrel(0);
            using var client = _host.CreateClient();
            _address = new IPEndPoint(IPAddress.Loopback, client.BaseAddress!.Port);
        }

        /// <summary>What comes back until the server hangs up, which it is asked to do.</summary>
        public async Task<string> SendAsync(string bytes)
        {
            var whole = bytes.Replace("Host: a\r\n", "Host: a\r\nConnection: close\r\n", StringComparison.Ordinal).Replace("{auth}", $"Authorization: Bearer {_token}", StringComparison.Ordinal).Replace("{64k}", new string('a', 65_536), StringComparison.Ordinal)
                .Replace("{1000 headers}", string.Concat(Enumerable.Range(0, 1000).Select(i => $"X-{i}: a\r\n")), StringComparison.Ordinal);
            using var socket = new TcpClient();
            await socket.ConnectAsync(_address, Ct);
            await using var stream = socket.GetStream();
            var answer = new StringBuilder();
            try
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(whole), Ct);
                using var reader = new StreamReader(stream, Encoding.Latin1);
                answer.Append(await reader.ReadToEndAsync(Ct));
            }
            catch (IOException)
            {
                answer.Append(""); // hung up while it was still being talked to
            }

            return answer.ToString();
        }

        public ValueTask DisposeAsync() => _host.DisposeAsync();
    }
}
