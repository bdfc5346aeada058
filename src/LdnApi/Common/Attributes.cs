using System.ComponentModel.DataAnnotations;

namespace LdnApi.Common;

/// <summary>mg, most often per day in total, or each of several: above 0 and below 1000, in whole micrograms. A finer dose would be rounded in silence, so it is refused.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class DoseMgAttribute() : ValidationAttribute("The field {0} must be above 0, at most 999.999, with no more than 3 decimals.")
{
    public override bool IsValid(object? value) => value switch
    {
        null => true,
        decimal dose => dose is > 0 and < 1000 && decimal.Round(dose, 3) == dose,
        IEnumerable<decimal> doses => doses.All(dose => IsValid(dose)),
        _ => false,
    };
}

/// <summary>A measured value: 0 to 99999.999 with no more than 3 decimals. A finer one would be rounded in silence, so it is refused.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class MeasuredAttribute() : ValidationAttribute("The field {0} must be from 0 to 99999.999, with no more than 3 decimals.")
{
    public override bool IsValid(object? value) => value is null || (value is decimal measured && measured is >= 0 and < 100_000 && decimal.Round(measured, 3) == measured);
}

/// <summary>One of the names of an enum, as they are on the wire.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class WireEnumAttribute(Type type) : ValidationAttribute($"The field {{0}} must be one of: {string.Join(", ", WireNames.NamesOf(type))}.")
{
    public Type EnumType => type;

    public override bool IsValid(object? value) => value is null || (value is string name && WireNames.NamesOf(type).Contains(name));
}
