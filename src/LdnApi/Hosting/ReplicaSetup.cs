using System.ComponentModel.DataAnnotations;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LdnApi.Hosting;

/// <summary>What is asked of <c>ConnectionStrings:LdnReplica</c>, under <c>Replica</c>.</summary>
public sealed class ReplicaOptions
{
    /// <summary>Seconds that a replica may be behind. Beyond, the primary is read.</summary>
    [Range(0.1, 300)]
    public double MaxLagSeconds { get; set; } = 10;
}

/// <summary>A second server, for reads that may be seconds old.</summary>
public static class ReplicaSetup
{
    /// <summary>Seconds that a read waits for a connection to it: the primary is there for it, too.</summary>
    private const int ConnectSeconds = 1;

    public static IServiceCollection AddLdnReplica(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ReplicaOptions>().BindConfiguration("Replica").ValidateDataAnnotations().ValidateOnStart();
        services.AddScoped<Freshness>();
        services.AddSingleton(provider => new Replica(
            provider.GetRequiredService<NpgsqlDataSource>(), Standby(configuration.GetConnectionString("LdnReplica")),
            TimeSpan.FromSeconds(provider.GetRequiredService<IOptions<ReplicaOptions>>().Value.MaxLagSeconds), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ProductMetrics>()));
        return services;
    }

    private static NpgsqlDataSource? Standby(string? given) => string.IsNullOrWhiteSpace(given)
        ? null
        : new NpgsqlDataSourceBuilder(ConnectionOptions.Complete(given, ofSeveral: "standby", ConnectSeconds)) { Name = "ldn-replica" }.Build();
}
