using System.Net;
using System.Net.Sockets;

namespace LdnApi.SurvivalTests;

/// <summary>The network between an instance and its database, which may fall silent: nothing is refused, nothing arrives, and what was on its way arrives when it speaks again.</summary>
internal sealed class Wire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly int _server;
    private volatile TaskCompletionSource _speaks = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="server">The port of the database.</param>
    public Wire(int server)
    {
        _server = server;
        _speaks.SetResult();
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void FallSilent() => _speaks = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Speak() => _speaks.TrySetResult();

    public void Dispose()
    {
        _ended.Cancel();
        Speak();
        _listener.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = JoinAsync(await _listener.AcceptTcpClientAsync(_ended.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            return; // the end
        }
    }

    /// <summary>One connection. When either side ends it, the other is told.</summary>
    private async Task JoinAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                await _speaks.Task;
                await far.ConnectAsync(IPAddress.Loopback, _server, _ended.Token);
                near.NoDelay = far.NoDelay = true;
                await Task.WhenAny(CarryAsync(near, far), CarryAsync(far, near));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return; // the server is down: the near side sees its connection end
            }
        }
    }

    private async Task CarryAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var (source, target, buffer) = (from.GetStream(), to.GetStream(), new byte[16 * 1024]);
            while (await source.ReadAsync(buffer, _ended.Token) is > 0 and var read)
            {
                await _speaks.Task;
                await target.WriteAsync(buffer.AsMemory(0, read), _ended.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // either side ended it
        }
    }
}
