using LdnApi.Clinical.AdverseEvents;
using LdnApi.Clinical.Assessments;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Hosting;
using LdnApi.Records;
using LdnApi.Safety;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LdnApi.Bench;

/// <summary>Makes a database with one clinic of a given size, each record with its version, as the API would have written it.</summary>
internal static class Seed
{
    public const string Password = "bench-password-of-no-secret";

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow.Date;
    private static readonly DateOnly Today = DateOnly.FromDateTime(Now.UtcDateTime);
    private static readonly AdverseEventTerm[] Terms = [AdverseEventTerm.VividDreams, AdverseEventTerm.Headache, AdverseEventTerm.Nausea];

    /// <summary>A database that was not filled to the end never has its name.</summary>
    public static async Task<int> RunAsync(string server, string name, long checkIns)
    {
        var database = $"{name}_unfinished";
        var administrator = new NpgsqlConnectionStringBuilder(server) { Database = "postgres" }.ConnectionString;
        await using var servers = new NpgsqlConnection(administrator);
        await servers.OpenAsync();
        await ExecuteAsync(servers, $"DROP DATABASE IF EXISTS {database}");
        await DatabaseSetup.CreateRolesAsync(administrator, Password, Password, default);
        await DatabaseSetup.CreateDatabaseAsync(administrator, database, default);
        await MigrateAsync(server, database);
        await FillAsync(server, database, checkIns);
        NpgsqlConnection.ClearAllPools();
        await ExecuteAsync(servers, $"ALTER DATABASE {database} RENAME TO {name}");
        return 0;
    }

    /// <summary>Replaces all that is there of the clinic, what runs have left too; the access logs and the trail stay.</summary>
    public static async Task FillAsync(string server, string database, long checkIns)
    {
        var target = new NpgsqlConnectionStringBuilder(server) { Database = database, CommandTimeout = 0 }.ConnectionString;
        var options = new DbContextOptionsBuilder<LdnDbContext>();
        LdnDbContext.Configure(options, target);
        await using var model = new LdnDbContext(options.Options).For(Auth.Caller.Nobody, TimeProvider.System);
        var patients = Shape.PatientsOf(checkIns);
        await using var connection = new NpgsqlConnection(target);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "SET session_replication_role = replica"); // what is made here fits; the checks would take most of the time
        await ExecuteAsync(connection, "TRUNCATE patients, stored_responses CASCADE");
        Write<Patient>(patients, "patients", model, connection, n => [PatientOf(n)]);
        Write<Prescription>(patients, "prescriptions", model, connection, n => [PrescriptionOf(n)]);
        Write<Assessment>(patients, "assessments", model, connection, n => [AssessmentOf(n)]);
        Write<AdverseEvent>(patients, "adverse events", model, connection, n => Enumerable.Range(0, Shape.AdverseEventsPerPatient).Select(i => AdverseEventOf(n, i)));
        Write<CheckIn>(patients, "check-ins", model, connection, n => Enumerable.Range(0, Shape.CheckInsPerPatient).Select(i => CheckInOf(n, i)));
        WriteOnly<CheckInDigest>(patients, "digests", model, connection, n => [DigestOf(n)]);
        Write<FollowUp>(patients / Shape.PatientsPerFollowUp, "follow-ups", model, connection, n => [FollowUpOf(n * Shape.PatientsPerFollowUp)]);
        WriteOnly<EvaluationEntry>(patients, "evaluations", model, connection, n => [EvaluationOf(n)]);
        WriteOnly<NightlyEvaluation>(patients, "nightly", model, connection, n => [new NightlyEvaluation { ClinicId = Shape.Clinic, PatientId = Shape.Patient(n), DueAt = Now.AddDays(2) }]);
        Console.Error.Write("vacuum, analyze… ");
        await ExecuteAsync(connection, "VACUUM (ANALYZE)");
        await ExecuteAsync(connection, "CHECKPOINT");
        Console.Error.WriteLine("done");
    }

    public static Task MigrateAsync(string server, string database) =>
        DatabaseSetup.MigrateAsync(new NpgsqlConnectionStringBuilder(server) { Database = database, Username = DatabaseSetup.OwnerRole, Password = Password }.ConnectionString, default);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Records, then the version of each.</summary>
    private static void Write<T>(long patients, string what, LdnDbContext model, NpgsqlConnection connection, Func<long, IEnumerable<T>> of) where T : class, IClinicalRecord
    {
        WriteOnly(patients, what, model, connection, of);
        WriteOnly(patients, "  versions", model, connection, n => of(n).Select(r => RecordVersion.Of(r, "bench", RecordedAt(r))));
    }

    private static void WriteOnly<T>(long patients, string what, LdnDbContext model, NpgsqlConnection connection, Func<long, IEnumerable<T>> of) where T : class
    {
        var progress = new Progress(what, patients);
        using var copy = new Copy<T>(model, connection);
        for (var n = 0L; n < patients; n++)
        {
            foreach (var record in of(n))
            {
                copy.Add(record);
            }

            progress.At(n + 1);
        }

        copy.Complete();
    }

    private static DateTimeOffset RecordedAt(IClinicalRecord record) => record is CheckIn c ? c.RecordedAt : Now.AddDays(-Shape.CheckInsPerPatient);

    private static Patient PatientOf(long n) => new()
    {
        ClinicId = Shape.Clinic,
        Id = Shape.Patient(n),
        FamilyName = $"Family{n % 5000}",
        GivenNames = [$"Given{n}"],
        BirthDate = new DateOnly(1950, 1, 1).AddDays((int)(n % 18_000)),
        Gender = (Gender)(n % 4),
        TimeZone = "UTC",
        AnxietyHistory = n % 7 == 0,
        BaselineAnxiety = (int)(n % 3),
        RegisteredAt = Now.AddDays(-Shape.CheckInsPerPatient - 1),
    };

    private static Prescription PrescriptionOf(long n)
    {
        var start = Today.AddDays(-Shape.CheckInsPerPatient);
        return new Prescription
        {
            ClinicId = Shape.Clinic,
            Id = new PrescriptionId(Shape.Id("0198f000-0000-7000-8002", n)),
            PatientId = Shape.Patient(n),
            DoseMg = 4.5m,
            StartsOn = start,
            Status = PrescriptionStatus.Active,
            Doses = [new(start, 1.5m, null), new(start.AddDays(14), 3m, null), new(start.AddDays(28), 4.5m, null)],
            RecordedAt = Now.AddDays(-Shape.CheckInsPerPatient),
        };
    }

    private static Assessment AssessmentOf(long n) => new()
    {
        ClinicId = Shape.Clinic,
        Id = new AssessmentId(Shape.Id("0198f000-0000-7000-8003", n)),
        PatientId = Shape.Patient(n),
        Instrument = Instrument.Gad7,
        TakenOn = Today.AddDays(-Shape.CheckInsPerPatient),
        Answers = [1, 1, 0, 1, 0, 1, 0],
        Total = 4,
        Band = "minimal",
        SelfHarmPositive = false,
        RecordedAt = Now.AddDays(-Shape.CheckInsPerPatient),
    };

    private static AdverseEvent AdverseEventOf(long n, int i)
    {
        var onset = Today.AddDays(-Shape.CheckInsPerPatient + (i * 10));
        return new AdverseEvent
        {
            ClinicId = Shape.Clinic,
            Id = new AdverseEventId(Shape.Id("0198f000-0000-7000-8004", (n * Shape.AdverseEventsPerPatient) + i)),
            PatientId = Shape.Patient(n),
            Term = Terms[i % Terms.Length],
            Severity = Severity.Mild,
            OnsetOn = onset,
            ResolvedOn = onset.AddDays(5),
            ReceivedOn = onset,
            DoseAtOnsetMg = 1.5m,
            DaysSinceIncrease = i,
            Narrative = "Came on in the second week and passed.",
            RecordedAt = Now.AddDays(-Shape.CheckInsPerPatient + (i * 10)),
            SeverityKnownAt = Now.AddDays(-Shape.CheckInsPerPatient + (i * 10)),
        };
    }

    /// <summary>Calm for the most part; every tenth patient has been anxious for the last twelve days.</summary>
    private static CheckIn CheckInOf(long n, int i)
    {
        var at = Now.AddDays(-Shape.CheckInsPerPatient + i);
        var anxious = n % Shape.PatientsPerFollowUp == 0 && i >= Shape.CheckInsPerPatient - 12;
        return new CheckIn
        {
            ClinicId = Shape.Clinic,
            Id = new CheckInId(Shape.Id("0198f000-0000-7000-8005", (n * Shape.CheckInsPerPatient) + i)),
            PatientId = Shape.Patient(n),
            On = DateOnly.FromDateTime(at.UtcDateTime),
            Anxiety = anxious ? 5 : (int)((n + i) % 3),
            Nervousness = 1,
            Mood = 7,
            SleepQuality = 6 + (i % 3),
            CaffeineMg = 80,
            DoseTakenAt = new TimeOnly(21, 30),
            DoseTakenMg = 1.5m,
            Note = "Slept well enough.",
            RecordedAt = at,
            ChangedAt = at,
        };
    }

    /// <summary>What an evaluation keeps once a patient has reported for some weeks.</summary>
    private static CheckInDigest DigestOf(long n)
    {
        var checkIns = Enumerable.Range(0, Shape.CheckInsPerPatient).Select(i => CheckInOf(n, i));
        return new CheckInDigest
        {
            ClinicId = Shape.Clinic,
            PatientId = Shape.Patient(n),
            Format = CheckInDigest.PresentFormat,
            Body = CheckInDigest.Write(PatientFactsReader.ToFacts(PatientOf(n), [.. checkIns], []).CheckIns),
        };
    }

    private static FollowUp FollowUpOf(long n)
    {
        var on = Today.AddDays(-5);
        return new FollowUp
        {
            ClinicId = Shape.Clinic,
            Id = new FollowUpId(Shape.Id("0198f000-0000-7000-8006", n)),
            PatientId = Shape.Patient(n),
            Family = RuleFamily.Course,
            Label = FollowUpLabel.Persistent,
            Priority = FollowUpPriority.Soon,
            Status = FollowUpStatus.Open,
            OpenedOn = on,
            FirstOpenedOn = on,
            LastEvidenceOn = Today.AddDays(-1),
            DueAt = Now.AddSeconds(n),
            RuleSetVersion = RuleCatalogue.RuleSetVersion,
            RecommendedActions = ["repeat-gad7"],
        };
    }

    private static EvaluationEntry EvaluationOf(long n) => new()
    {
        ClinicId = Shape.Clinic,
        Id = new EvaluationId(Shape.Id("0198f000-0000-7000-8007", n)),
        PatientId = Shape.Patient(n),
        At = Now,
        AsOf = Today.AddDays(-1),
        LastCompletedDay = Today.AddDays(-1),
        SettingsVersion = 1,
        RuleSetVersion = RuleCatalogue.RuleSetVersion,
    };
}
