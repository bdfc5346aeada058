using System.Collections;
using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using LdnApi.Auth;
using LdnApi.Common;

namespace LdnApi.Records;

/// <summary>What a request does with whose data: gathered on its way, left as one <see cref="AuditEntry"/>.</summary>
public sealed class AuditTrail(TimeProvider clock)
{
    private readonly SortedSet<Guid> _patients = [];

    /// <summary>The request; null for a background task.</summary>
    public AuditedRequest? Request { get; set; }

    /// <summary>The status of the answer to a change that is made although its request is refused.</summary>
    public int? RefusedWith { get; set; }

    /// <summary>An entry has been left, or could not be: there is nothing more to do.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The data of this patient is asked for or changed, whether or not it will be had.</summary>
    public void Concerns(PatientId patient) => _patients.Add(patient.Value);

    /// <summary>The data of every patient whom this answer names is shown.</summary>
    public void Shows(object? answer) => PatientsIn.Answer(answer, _patients);

    /// <summary>The entry of a change, to be saved with it.</summary>
    /// <param name="useCase">What is done, where there is no request to say so.</param>
    /// <param name="answer">What will be answered.</param>
    public AuditEntry EntryOfChange(Caller caller, string useCase, object? answer = null)
    {
        Shows(answer);
        var success = answer is IMadeOrFound { IsNew: var isNew } ? isNew ? 201 : 200 : Request?.SuccessStatus;
        return Entry(caller, useCase, RefusedWith ?? success);
    }

    /// <summary>The entry of an answer that changed nothing.</summary>
    public AuditEntry EntryOfAnswer(Caller caller, int status) => Entry(caller, Request!.Operation, status);

    private AuditEntry Entry(Caller caller, string useCase, int? status) => new()
    {
        ClinicId = caller.Clinic,
        Id = EntityId.New<AuditEntryId>(),
        RecordedAt = clock.GetUtcNow(),
        Subject = caller.Subject,
        Client = Request?.Client,
        Operation = Request?.Operation ?? useCase,
        Method = Request?.Method,
        PatientIds = [.. _patients],
        PurposeOfUse = Request?.PurposeOfUse,
        RequestId = Request?.Id,
        Status = status,
    };
}

/// <summary>What an entry says of a request.</summary>
/// <param name="SuccessStatus">The status that its answer has unless it is refused.</param>
public sealed record AuditedRequest(string Operation, string Method, string Id, string? PurposeOfUse, int SuccessStatus)
{
    /// <summary>Known when the token is.</summary>
    public string? Client { get; set; }
}

/// <summary>Names patients without showing anything of them: what is said of the trail is not said of the patient.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OnlyNamedAttribute : Attribute;

/// <summary>Finds the patients in an answer by the type of their ids, so that no list or batch can forget to name one.</summary>
internal static class PatientsIn
{
    private static readonly ConcurrentDictionary<Type, Action<object, ISet<Guid>>[]> Ways = new();

    /// <summary>Adds every patient whom an answer names.</summary>
    public static void Answer(object? answer, ISet<Guid> named)
    {
        switch (answer)
        {
            case null or string:
                break;
            case PatientId patient:
                named.Add(patient.Value);
                break;
            case IEnumerable items:
                foreach (var item in items)
                {
                    Answer(item, named);
                }

                break;
            default:
                foreach (var way in Ways.GetOrAdd(answer.GetType(), type => [.. WaysFrom(type, []).Select(Compile)]))
                {
                    way(answer, named);
                }

                break;
        }
    }

    private static Action<object, ISet<Guid>> Compile(PropertyInfo property)
    {
        var (answer, named) = (Expression.Parameter(typeof(object)), Expression.Parameter(typeof(ISet<Guid>)));
        var value = Expression.Property(Expression.Convert(answer, property.DeclaringType!), property);
        Expression way = property.PropertyType == typeof(PatientId)
            ? Expression.Call(named, nameof(ISet<>.Add), null, Expression.Property(value, nameof(PatientId.Value)))
            : Expression.Call(((Action<object?, ISet<Guid>>)Answer).Method, Expression.Convert(value, typeof(object)), named);
        return Expression.Lambda<Action<object, ISet<Guid>>>(way, answer, named).Compile();
    }

    /// <summary>The properties behind which there may be a patient's id.</summary>
    private static IEnumerable<PropertyInfo> WaysFrom(Type type, HashSet<Type> seen) => IsOurs(type) && seen.Add(type)
        ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<OnlyNamedAttribute>() is null && LeadsToPatient(p.PropertyType, seen))
        : [];

    private static bool LeadsToPatient(Type type, HashSet<Type> seen) =>
        type == typeof(PatientId)
        || (type.IsGenericType && type.GetGenericArguments().Any(a => LeadsToPatient(a, seen)))
        || (type.IsArray && LeadsToPatient(type.GetElementType()!, seen))
        || WaysFrom(type, [.. seen]).Any();

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith(nameof(LdnApi), StringComparison.Ordinal) == true && !type.IsEnum && !EntityId.Types.Contains(type);
}
