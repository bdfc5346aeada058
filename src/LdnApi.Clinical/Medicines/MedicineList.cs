namespace LdnApi.Clinical.Medicines;

/// <summary>An ingredient or a group on a list.</summary>
/// <param name="Atc">WHO ATC codes. One stands for itself and for everything under it.</param>
/// <param name="RxNorm">RxNorm concept ids of ingredients; of products where the source names only those.</param>
public sealed record MedicineEntry(string Name, IReadOnlyList<string> Atc, IReadOnlyList<string> RxNorm);

/// <summary>The medicines of a class.</summary>
/// <param name="Version">Rises with any change of what the list holds.</param>
/// <param name="Source">Where the codes come from.</param>
/// <param name="ExceptAtc">ATC codes under those of an entry that do not belong to the class.</param>
public sealed record MedicineList(
    MedicineClass Class, int Version, string Source, IReadOnlyList<MedicineEntry> Entries, IReadOnlyList<string> ExceptAtc)
{
    /// <summary>Whether the list holds a medicine by either of its codes.</summary>
    public bool Holds(string? atc, string? rxNorm) => HoldsAtc(atc) || (rxNorm is not null && Entries.Any(e => e.RxNorm.Contains(rxNorm)));

    private bool HoldsAtc(string? atc) =>
        atc is not null && Entries.Any(e => e.Atc.Any(code => IsUnder(atc, code))) && !ExceptAtc.Any(code => IsUnder(atc, code));

    private static bool IsUnder(string atc, string code) => atc.StartsWith(code, StringComparison.Ordinal);
}
