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
    private readonly string[] _atc = [.. Entries.SelectMany(e => e.Atc)];
    private readonly HashSet<string> _rxNorm = [.. Entries.SelectMany(e => e.RxNorm)];

    /// <summary>Whether the list holds a medicine by either of its codes.</summary>
    public bool Holds(string? atc, string? rxNorm) =>
        (atc is not null && IsUnderAny(_atc, atc) && !IsUnderAny(ExceptAtc, atc)) || (rxNorm is not null && _rxNorm.Contains(rxNorm));

    private static bool IsUnderAny(IReadOnlyList<string> codes, string atc)
    {
        foreach (var code in codes)
        {
            if (atc.StartsWith(code, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
