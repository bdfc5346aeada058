using System.Globalization;
using LdnApi.Common;
using LdnApi.Features.CheckIns;
using LdnApi.Features.Patients;
using LdnApi.Hosting;
using LdnApi.Records;

namespace LdnApi.ArchitectureTests;

/// <summary>docs/limits.md states the limits that the code has.</summary>
public sealed class LimitTests
{
    public static TheoryData<string> Stated => new(new FormattableString[]
    {
        $"| {new RateLimitOptions().Requests:N0} at once, back evenly within {new RateLimitOptions().WindowSeconds} s;",
        $"| {new LoadOptions().ConcurrentRequests}, {new LoadOptions().QueuedRequests} for {new LoadOptions().QueueSeconds} s |",
        $"| {ConnectionOptions.PoolSize}; {ConnectionOptions.ConnectSeconds} s; {ConnectionOptions.CommandSeconds} s |",
        $"| {SubmitCheckIns.MaxItems:N0} check-ins, {UpsertPatients.MaxItems:N0} patients |",
        $"| {ImportCheckIns.CsvFile.MaxBytes / 1024 / 1024} MiB, {ImportCheckIns.MaxRows:N0} rows |",
        $"| {MergePatch<string>.MaxBytes / 1024} KiB for ",
        $"| {WireGuards.MaxBodyBytes / 1024 / 1024} MiB |",
        $"| {WireJson.MaxDepth} levels;",
        $"| {Cursor.MaxLimit} items, {Cursor.DefaultLimit} unless asked |",
        $"| {StoredResponse.Kept.TotalHours} hours at least |",
        $"| {HttpHeaders.MinKeyLength}–{HttpHeaders.MaxKeyLength} visible ASCII characters |",
    }.Select(s => s.ToString(CultureInfo.InvariantCulture)));

    [Theory]
    [MemberData(nameof(Stated))]
    public void The_page_of_limits_states_what_the_code_does(string limit) => Assert.Contains(limit, File.ReadAllText(Page()), StringComparison.Ordinal);

    private static string Page([System.Runtime.CompilerServices.CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../../docs/limits.md");
}
