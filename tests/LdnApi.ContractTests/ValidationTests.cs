using LdnApi.Common;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Validation;

namespace LdnApi.ContractTests;

public sealed class ValidationTests
{
    /// <summary>The generator sees a handler's types only where the handler itself is mapped: of one that a method returns it knows nothing, and lets everything in. What may carry a sign of self-harm is validated where it is read, by ours.</summary>
    [Fact]
    public async Task Every_body_that_an_endpoint_binds_is_validated()
    {
        await using var api = new WebApplicationFactory<Program>()
            .WithWebHostBuilder(b => b.UseSetting("ConnectionStrings:Ldn", "Host=nowhere.invalid").ConfigureServices(services => services.RemoveAll<IHostedService>()));
        var validation = api.Services.GetRequiredService<IOptions<ValidationOptions>>().Value;
        var bodies = api.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items
            .SelectMany(g => g.Items).SelectMany(d => d.ParameterDescriptions).Where(p => p.Source.Id == "Body").Select(p => p.Type!).Distinct().ToArray();

        Assert.NotEmpty(bodies);
        Assert.Empty(bodies.Where(type => type.Assembly == typeof(Program).Assembly && !type.IsAssignableTo(typeof(ICarriesSelfHarmSign)) && !validation.TryGetValidatableTypeInfo(type, out _)).Select(t => $"{t.FullName}: put [ValidatableType] on it"));
    }
}
