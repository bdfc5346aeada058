using System.Diagnostics;
using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Rules;

namespace LdnApi.Bench;

/// <summary>The rules alone, on one patient with a year of daily check-ins.</summary>
internal static class Evaluate
{
    private const int Days = 365;
    private const int Rounds = 2000;
    private static readonly DateOnly Start = new(2025, 1, 1);

    public static int Run()
    {
        Console.WriteLine("| A year of daily check-ins | µs, median | µs, least | kB allocated |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (name, facts) in Patients())
        {
            var (asOf, times) = (Start.AddDays(Days), new List<double>(Rounds));
            for (var i = 0; i < Rounds; i++)
            {
                RuleEngine.Decide(facts, RuleSettings.Default, asOf, asOf.AddDays(-1)); // until it is compiled for good
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Rounds; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                RuleEngine.Decide(facts, RuleSettings.Default, asOf, asOf.AddDays(-1));
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMicroseconds);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Console.WriteLine(Bench.Text($"| {name} | {Bench.Median(times):n0} | {times.Min():n0} | {allocated / 1024.0 / Rounds:n0} |"));
        }

        return 0;
    }

    private static IEnumerable<(string Name, PatientFacts Facts)> Patients()
    {
        yield return ("calm", Of(false, _ => 1));
        yield return ("anxious for three weeks in spring", Of(false, day => day is > 90 and < 112 ? 6 : 1));
        yield return ("anxious since autumn", Of(false, day => day > 300 ? 5 : 1));
        yield return ("with an anxiety history, good and bad days", Of(true, day => day % 5));
    }

    private static PatientFacts Of(bool history, Func<int, int> anxiety) => new(
        history, 1,
        [.. new[] { 1.5m, 3m, 4.5m }.Select((mg, i) => new DoseFact(Start.AddDays(i * 14), mg, Guid.CreateVersion7(), 1))],
        [.. Enumerable.Range(0, Days).Select(day => new CheckInFact(
            Guid.CreateVersion7(), 1, Start.AddDays(day), KnownOn(day), anxiety(day), 1, null, null, false, 6 + (day % 3), 80, new TimeOnly(21, 30), null, null))],
        [.. Enumerable.Range(0, 4).Select(i => new AdverseEventFact(
            Guid.CreateVersion7(), 1, AdverseEventTerm.Headache, Severity.Mild, null, Start.AddDays(i * 60), Start.AddDays((i * 60) + 4), KnownOn(i * 60), Start.AddDays(i * 60), false))],
        [],
        []);

    private static Known KnownOn(int day) => new(Start.AddDays(day), new DateTimeOffset(Start.AddDays(day), new TimeOnly(21, 40), TimeSpan.Zero));
}
