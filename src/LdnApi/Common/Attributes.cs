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

/// <summary>Text that says something: 1 to so many characters, not all of them blank.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NotBlankAttribute : StringLengthAttribute
{
    public NotBlankAttribute(int maximumLength)
        : base(maximumLength)
    {
        MinimumLength = 1;
        ErrorMessage = "The field {0} must have {2} to {1} characters and not be blank.";
    }

    public override bool IsValid(object? value) => base.IsValid(value) && (value is not string text || !string.IsNullOrWhiteSpace(text));
}

/// <summary>One of the names of an enum, as they are on the wire.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class WireEnumAttribute(Type type) : ValidationAttribute($"The field {{0}} must be one of: {string.Join(", ", WireNames.NamesOf(type))}.")
{
    public Type EnumType => type;

    public override bool IsValid(object? value) => value is null || (value is string name && WireNames.NamesOf(type).Contains(name));
}

/// <summary>Every text of a list has a length from <paramref name="minimum"/> to <paramref name="maximum"/> characters.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class EachLengthAttribute(int minimum, int maximum) : ValidationAttribute($"Each of {{0}} must have {minimum} to {maximum} characters.")
{
    public int Minimum => minimum;

    public int Maximum => maximum;

    public override bool IsValid(object? value) => value is null || (value is IEnumerable<string> texts && texts.All(t => t?.Length >= minimum && t.Length <= maximum));
}

/// <summary>Every number of a list, where one is given, lies from <paramref name="minimum"/> to <paramref name="maximum"/>.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class EachRangeAttribute(int minimum, int maximum) : ValidationAttribute($"Each of {{0}} must be a whole number from {minimum} to {maximum}, or null.")
{
    public int Minimum => minimum;

    public int Maximum => maximum;

    public override bool IsValid(object? value) => value is null || (value is IEnumerable<int?> numbers && numbers.All(n => n is null || (n >= minimum && n <= maximum)));
}
