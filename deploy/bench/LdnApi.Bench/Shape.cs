using LdnApi.Common;

namespace LdnApi.Bench;

/// <summary>What a bench clinic looks like. Ids are counted, so that pgbench can make them up too.</summary>
internal static class Shape
{
    public const int CheckInsPerPatient = 60;
    public const int AdverseEventsPerPatient = 3;

    /// <summary>One patient in so many has an open follow-up.</summary>
    public const int PatientsPerFollowUp = 10;

    public static readonly ClinicId Clinic = new(new Guid("0198f000-0000-7000-8000-0000000000b1"));

    public static PatientId Patient(long n) => new(Id("0198f000-0000-7000-8001", n));

    /// <summary>The n-th id of a kind, from 0.</summary>
    public static Guid Id(string kind, long n) => Guid.Parse($"{kind}-{n:x12}");

    public static long PatientsOf(long checkIns) => Math.Max(PatientsPerFollowUp, checkIns / CheckInsPerPatient);
}
