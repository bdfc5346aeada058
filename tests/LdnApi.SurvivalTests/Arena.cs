using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using LdnApi.Common;
using LdnApi.Hosting;

namespace LdnApi.SurvivalTests;

/// <summary>A database, perhaps with a standby, and two instances of the API over it. All of it real processes.</summary>
internal sealed class Arena : IAsyncDisposable
{
    private const string Database = "ldn";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"ldn-survival-{Guid.NewGuid():N}");
    private readonly string _password = RandomNumberGenerator.GetHexString(32);
    private readonly string _cursors = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly Issuer _issuer = new();

    private Arena(string bin, bool hasStandby)
    {
        Directory.CreateDirectory(_folder);
        Primary = new PostgresNode(bin, Path.Combine(_folder, "a"), _password);
        Standby = hasStandby ? new PostgresNode(bin, Path.Combine(_folder, "b"), _password) : null;
    }

    public PostgresNode Primary { get; private set; }

    public PostgresNode? Standby { get; private set; }

    public IReadOnlyList<ApiProcess> Apis { get; private set; } = [];

    /// <summary>What the second instance reaches a lone server by.</summary>
    public Wire? Wire { get; private set; }

    /// <summary>How much time one scenario has: LDN_SURVIVAL_SECONDS, else a short one.</summary>
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(NumberFrom("LDN_SURVIVAL_SECONDS", 3));

    /// <summary>What the choices of clients and nemesis follow from: LDN_SURVIVAL_SEED.</summary>
    public static int Seed { get; } = NumberFrom("LDN_SURVIVAL_SEED", 20261125);

    /// <summary>Skips the test, and says why, where the servers cannot be had.</summary>
    public static async Task<Arena> BuildAsync(bool hasStandby = false, Dictionary<string, string>? environment = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are killed and frozen the Linux way.");
        var bin = LocalPostgres.FindBinaries();
        Assert.SkipWhen(bin is null, "PostgreSQL's server programs are not installed (apt-get install postgresql, or LDN_POSTGRES_BIN).");
        var arena = new Arena(bin, hasStandby);
        try
        {
            await arena.StartAsync(environment ?? []);
            return arena;
        }
        catch
        {
            await arena.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of the first instance.</summary>
    public HttpClient ClientOf(ClinicId clinic) => new() { BaseAddress = new Uri(Apis[0].Address), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", _issuer.TokenFor(clinic)) } };

    /// <summary>Lets clients write while the nemesis does its worst, waits until all is mended, and judges.</summary>
    /// <param name="nemesis">Given its random choices and how long to go on; answers how many faults it made.</param>
    /// <param name="afterwards">Done when the clients have ended, before anyone looks.</param>
    public async Task<Report> RunAsync(string name, Func<Random, TimeSpan, Task<int>> nemesis, int clients = 8, bool deduplicates = true, Func<Task>? afterwards = null)
    {
        var clinic = EntityId.New<ClinicId>();
        var token = _issuer.TokenFor(clinic);
        using var history = new History(Path.Combine(_folder, $"{clinic}.jsonl"));
        var workload = new Workload(Apis, token, history, Seed, deduplicates);
        var patients = await workload.AdmitAsync(Math.Clamp((int)Time.TotalSeconds, 8, 40));
        using var stop = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        var began = DateTime.UtcNow;
        var writing = workload.RunAsync(clients, patients, stop.Token, giveUp.Token);

        int faults;
        try
        {
            faults = await nemesis(new Random(Seed), Time);
            await MendedAsync();
        }
        catch
        {
            await giveUp.CancelAsync();
            throw;
        }
        finally
        {
            stop.CancelAfter(TimeSpan.FromMilliseconds(500)); // what was stuck goes first, then something new
            giveUp.CancelAfter(TimeSpan.FromSeconds(30));
            await writing;
        }

        if (afterwards is not null)
        {
            await afterwards();
            await MendedAsync();
        }

        var observed = await new Witness(Apis[0], Primary.Connect(DatabaseSetup.OwnerRole, Database), token, clinic).LookAsync(patients);
        var report = Report.Of(name, history, faults, began, Judge.Try(history.Invocations, history.Answers, history.Missed, observed));
        TestContext.Current.SendDiagnosticMessage("{0}", report);
        return report;
    }

    /// <summary>The standby becomes the primary, the dead primary a fresh standby.</summary>
    public async Task RebuildStandbyAsync(bool isSynchronous)
    {
        (Primary, Standby) = (Standby!, Primary);
        await FollowAsync(isSynchronous);
    }

    /// <summary>How the primary waits for the standby.</summary>
    public async Task WaitForStandbyAsync(bool isSynchronous)
    {
        await Primary.SqlAsync($"ALTER SYSTEM SET synchronous_standby_names = '{(isSynchronous ? "*" : "")}'");
        await Primary.SqlAsync("SELECT pg_reload_conf()");
        if (isSynchronous)
        {
            await Primary.UntilAsync("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var api in Apis)
        {
            api.Dispose();
        }

        Wire?.Dispose();
        await Primary.KillAsync();
        await (Standby?.KillAsync() ?? Task.CompletedTask);
        _issuer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(Dictionary<string, string> environment)
    {
        await Primary.CreateAsync();
        await Primary.StartAsync("-c synchronous_commit=remote_apply");
        await DatabaseSetup.CreateRolesAsync(Primary.Administrator, _password, _password, CancellationToken.None);
        await DatabaseSetup.CreateDatabaseAsync(Primary.Administrator, Database, CancellationToken.None);
        await DatabaseSetup.MigrateAsync(Primary.Connect(DatabaseSetup.OwnerRole, Database), CancellationToken.None);
        if (Standby is not null)
        {
            // A replica user would do; the administrator's password is the one at hand.
            await File.AppendAllTextAsync(Path.Combine(_folder, "a", "data", "pg_hba.conf"), "host replication all 127.0.0.1/32 scram-sha-256\n");
            await FollowAsync(isSynchronous: true);
        }

        var ports = new[] { Primary, Standby }.OfType<PostgresNode>().Select(n => n.Port).ToList();
        Wire = Standby is null ? new Wire(Primary.Port) : null;
        Apis =
        [
            new ApiProcess("api-1", _folder, SettingsFor(ports, "", environment)),
            new ApiProcess("api-2", _folder, Wire is null ? SettingsFor(ports, "", environment) : SettingsFor([Wire.Port], "Command Timeout=2", environment)),
        ];
        await Task.WhenAll(Apis.Select(a => a.StartAndWaitAsync()));
    }

    /// <param name="ports">Where the database is, for this instance.</param>
    /// <param name="limits">Of its connections: soon enough to be seen.</param>
    private Dictionary<string, string> SettingsFor(IReadOnlyCollection<int> ports, string limits, Dictionary<string, string> environment)
    {
        var connection = $"Host={string.Join(',', ports.Select(p => $"127.0.0.1:{p}"))};Username={DatabaseSetup.AppRole};Password={_password};Database={Database};GSS Encryption Mode=Disable";
        return new(environment)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ConnectionStrings__Ldn"] = $"{connection};{limits};{environment.GetValueOrDefault("ConnectionStrings__Ldn")}",
            ["ConnectionStrings__LdnReplica"] = Standby is null ? "" : connection, // of both hosts the standby, whichever it is by then
            ["Replica__MaxLagSeconds"] = "8",
            ["Authentication__Schemes__Bearer__Authority"] = _issuer.Address,
            ["Authentication__Schemes__Bearer__RequireHttpsMetadata"] = "false",
            ["Authentication__Schemes__Bearer__ValidAudiences__0"] = Issuer.Audience,
            ["Cursors__Key"] = _cursors,
            ["RateLimits__Requests"] = "1000000",
            ["Logging__LogLevel__Default"] = "Warning",
            ["Shutdown__GraceSeconds"] = "2", // the clients ask for readiness ten times a second
        };
    }

    private async Task FollowAsync(bool isSynchronous)
    {
        await Standby!.FollowAsync(Primary);
        await Standby.StartAsync("-c synchronous_commit=remote_apply");
        await WaitForStandbyAsync(isSynchronous);
    }

    private Task MendedAsync() => Task.WhenAll(Apis.Select(a => a.UntilReadyAsync()));

    private static int NumberFrom(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}

/// <summary>What came of one scenario.</summary>
/// <param name="Kinds">Of the unknown attempts: how many of each.</param>
internal sealed record Report(string Name, int Acknowledged, int Unknown, int Faults, TimeSpan LongestSilence, IReadOnlyList<Verdict> Verdicts, IReadOnlyDictionary<string, int> Kinds)
{
    public int Lost => Verdicts.Count(v => v.Fault == Fault.Lost);
    public int Doubled => Verdicts.Count(v => v.Fault == Fault.AppliedTwice);
    public int Other => Verdicts.Count - Lost - Doubled;

    public static Report Of(string name, History history, int faults, DateTime began, IReadOnlyList<Verdict> verdicts)
    {
        DateTime[] moments = [began, .. history.Acknowledged.Order()];
        var silence = moments.Zip(moments.Skip(1), (a, b) => b - a).DefaultIfEmpty().Max();
        var unknown = history.Answers.Where(a => !a.IsKnown).ToList();
        return new(name, history.Answers.Where(a => a.IsAcknowledged).DistinctBy(a => a.Op).Count(), unknown.Count, faults, silence, verdicts,
            unknown.GroupBy(a => a.Code!).ToDictionary(g => g.Key, g => g.Count()));
    }

    /// <summary>Nothing is wrong, and something happened.</summary>
    public void IsClean()
    {
        Assert.True(Verdicts.Count == 0, $"{this}\n{string.Join('\n', Verdicts.Take(20))}");
        Assert.True(Acknowledged > 0 && Faults > 0, ToString());
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name}: {Acknowledged} acknowledged, {Unknown} unknown attempts{(Unknown > 0 ? $" ({string.Join(", ", Kinds.Select(k => $"{k.Key} {k.Value}"))})" : "")}, {Faults} faults, longest time without an ack {LongestSilence.TotalSeconds:0.00} s, lost {Lost}, doubled {Doubled}, other {Other}");
}
