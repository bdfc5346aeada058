using System.ComponentModel.DataAnnotations;
using LdnApi.Auth;
using LdnApi.Clinical.Orders;
using LdnApi.Clinical.Rules;
using LdnApi.Common;
using LdnApi.Records;
using Microsoft.EntityFrameworkCore;

namespace LdnApi.Safety;

/// <summary>Why an order goes through although a rule wants a reason. A block has no override.</summary>
/// <param name="Rule">The rule of the finding, e.g. <c>R-11</c>.</param>
/// <param name="Reason">Kept with the prescription, with who gave it and when.</param>
public sealed record OverrideBody(
    [property: NotBlank(20)] string Rule, [property: NotBlank(500)] string Reason);

/// <summary>What orders for one prescription of a patient are held against.</summary>
public sealed record KnownForOrders(PatientFacts Facts, RuleSettings Settings, IReadOnlyList<Prescription> Others, IReadOnlyList<FollowUp> FollowUps)
{
    /// <param name="prescription">As it will be when the order is carried out.</param>
    /// <param name="doseMg">The dose that it orders, mg per day; other prescriptions are added to it.</param>
    public IReadOnlyList<Finding> Check(Prescription prescription, DateOnly on, decimal doseMg, bool isFromMicrograms = false)
    {
        OtherPrescription[] beside = [.. Others.Where(p => p.DoseOn(on) > 0).Select(p => new OtherPrescription(p.Id.Value, p.Version, p.DoseOn(on)))];
        // Open on the day, or open now: a day in the past does not get round what is known today.
        var open = FollowUps.Where(f => f.Status != FollowUpStatus.Closed || (f.OpenedOn <= on && f.ClosedOn > on));
        var order = OrderContext.Of(
            Facts with { Doses = PatientFactsReader.DosesOf([.. Others, prescription]) }, Settings, on, doseMg + beside.Sum(p => p.DoseMg),
            [.. open.Select(f => new OpenFamily(f.Family, f.Id.Value))]);
        return OrderRules.Check(order with { OtherPrescriptions = beside, IsFromMicrograms = isFromMicrograms }, Settings);
    }
}

/// <summary>Holds an order against the order-time rules before it is carried out.</summary>
public sealed class OrderSafety(LdnDbContext db, PatientFactsReader reader, ClinicSettings settings, Caller caller)
{
    /// <summary>The most overrides that an order may give.</summary>
    public const int MaxOverrides = 10;

    /// <summary>A block, or a finding that needs an override and has none. Nothing is stored.</summary>
    public static Problem CheckFailed(IReadOnlyList<Finding> findings) => new(
        "safety-check-failed", StatusCodes.Status422UnprocessableEntity, "An order-time rule blocks the order, or wants a reason for it.")
    {
        Members = new Dictionary<string, object?> { ["findings"] = findings },
    };

    /// <summary>What is known of a patient beside the prescription that an order is for.</summary>
    public async Task<KnownForOrders> ReadAsync(Patient patient, PrescriptionId? prescription, CancellationToken ct) => new(
        await reader.ReadAsync(patient, ct),
        (await settings.CurrentAsync(ct)).Settings,
        await db.Prescriptions.AsNoTracking().Where(p => p.PatientId == patient.Id && p.Id != prescription && p.Status != PrescriptionStatus.EnteredInError).OrderBy(p => p.Id).ToListAsync(ct),
        await db.FollowUps.AsNoTracking().Where(f => f.PatientId == patient.Id).OrderBy(f => f.Id).ToListAsync(ct));

    /// <summary>Call it with the patient locked and before the order is saved. The overrides that were needed are kept with the prescription.</summary>
    /// <param name="prescription">As it will be when the order is carried out.</param>
    /// <param name="doseMg">The dose that it orders, mg per day; other prescriptions are added to it.</param>
    /// <returns>The findings; the problem when one stands in the way.</returns>
    public async Task<Result<List<Finding>>> CheckAsync(
        Patient patient, Prescription prescription, DateOnly on, decimal doseMg, IReadOnlyList<OverrideBody>? overrides, DateTimeOffset now, CancellationToken ct,
        bool isFromMicrograms = false)
    {
        var known = await ReadAsync(patient, prescription.Id, ct);
        List<Finding> findings = [.. known.Check(prescription, on, doseMg, isFromMicrograms)];

        var given = (overrides ?? []).DistinctBy(o => o.Rule).ToDictionary(o => o.Rule, o => o.Reason);
        if (OrderRules.Unmet(findings, [.. given.Keys, .. OverriddenBefore(prescription, doseMg)]).Count > 0)
        {
            return CheckFailed(findings);
        }

        var needed = findings.Where(f => f.Effect == FindingEffect.OverrideRequired && given.ContainsKey(f.Rule))
            .Select(f => new OrderOverride(f.Rule, given[f.Rule], doseMg, on, now, caller.Subject));
        prescription.Overrides = [.. prescription.Overrides, .. needed];
        return findings;
    }

    /// <summary>
    /// A reason given for this dose of the prescription holds when it is taken again: on activation, after a hold. Not one for raising the dose of an
    /// anxious patient, who may be worse now.
    /// </summary>
    private static IEnumerable<string> OverriddenBefore(Prescription prescription, decimal doseMg) =>
        prescription.Overrides.Where(o => o.DoseMg == doseMg && o.Rule != OrderRules.WhileSymptomatic).Select(o => o.Rule);
}
