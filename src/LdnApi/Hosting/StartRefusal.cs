using System.Reflection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LdnApi.Hosting;

/// <summary>What must be configured before the program can do anything.</summary>
public class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Says why the program does not start: what to set, a line for each, and no stack trace that would bury it. The exit code is 1.</summary>
public static class StartRefusal
{
    /// <summary>A host that others start, as tests do, is told by the exception.</summary>
    private static readonly bool IsProgram = Assembly.GetEntryAssembly() == typeof(StartRefusal).Assembly;

    /// <summary>Does what the program was started for.</summary>
    public static async Task<int> OrSayWhyAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (IsProgram && MessagesOf(e) is { Count: > 0 } messages)
        {
            foreach (var message in messages)
            {
                await Console.Error.WriteLineAsync(message);
            }

            return 1;
        }
    }

    /// <summary>Before anything starts, so that the framework does not log it first, with the trace.</summary>
    /// <exception cref="OptionsValidationException">Something is missing or weak.</exception>
    /// <exception cref="ConfigurationException">Something cannot be read.</exception>
    public static Task<int> CheckConfigurationAsync(this WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<IStartupValidator>().Validate();
            return Task.FromResult(0);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static IReadOnlyList<string> MessagesOf(Exception exception) => exception switch
    {
        AggregateException many => [.. many.InnerExceptions.SelectMany(MessagesOf)],
        OptionsValidationException options => [.. options.Failures],
        ConfigurationException or NpgsqlException => [exception.Message],
        _ => [],
    };
}
