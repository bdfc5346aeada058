namespace LdnApi.Clinical.Medicines;

/// <summary>
/// Which medicines the rules mean. Codes alone decide, never a name: a medicine that carries neither an ATC code nor the RxNorm id of an
/// ingredient on a list is of no class.
/// </summary>
/// <remarks>
/// ATC: the WHO index of 2026-04-25. RxNorm ingredients: the opioid list of the CDC guideline's decision support (2020) and CPIC; the ids of
/// sufentanil, remifentanil, diamorphine and loperamide are from general knowledge.
/// </remarks>
public static class MedicineLists
{
    private const string Atc = "WHO ATC index, 2026-04-25";
    private const string AtcAndRxNorm = Atc + "; RxNorm ids: CPIC";

    public static readonly IReadOnlyList<MedicineList> All =
    [
        new(MedicineClass.Opioid, 1, Atc + "; RxNorm ids: opioid list of the CDC guideline's decision support, 2020; CPIC",
            [
                Group("opioids", "N02A"),
                Group("opioid anesthetics", "N01AH"),
                Group("opium alkaloids and derivatives, cough suppressants", "R05DA"),
                Group("opium derivatives and expectorants", "R05FA"),
                Group("opium and morphine, antipropulsives", "A07DA02", "A07DA52"),
                Group("drugs used in opioid dependence", "N07BC"),
                Ingredient("morphine", "7052"),
                Ingredient("opium", "7676"),
                Ingredient("hydromorphone", "3423"),
                Ingredient("oxycodone", "7804"),
                Ingredient("dihydrocodeine", "23088"),
                Ingredient("oxymorphone", "7814"),
                Ingredient("codeine", "2670"),
                Ingredient("hydrocodone", "5489"),
                Ingredient("meperidine", "6754"),
                Ingredient("fentanyl", "4337"),
                Ingredient("alfentanil", "480"),
                Ingredient("sufentanil", "56795"),
                Ingredient("remifentanil", "73032"),
                Ingredient("propoxyphene", "8785"),
                Ingredient("methadone", "6813"),
                Ingredient("levomethadyl", "237005"),
                Ingredient("pentazocine", "8001"),
                Ingredient("buprenorphine", "1819"),
                Ingredient("butorphanol", "1841"),
                Ingredient("nalbuphine", "7238"),
                Ingredient("levorphanol", "6378"),
                Ingredient("tramadol", "10689"),
                Ingredient("tapentadol", "787390"),
                Ingredient("diamorphine", "3304"),
            ],
            // noscapine, dextromethorphan, dimemorfan and combinations only ask; lofexidine is no opioid
            ["R05DA07", "R05DA09", "R05DA11", "R05DA20", "N07BC04"]),

        // Levomethadone stands for methadone, of which it is the active half. Extended-release and transdermal products are marked on the record.
        new(MedicineClass.LongActingOpioid, 1, Atc + "; opioid-free interval of buprenorphine and methadone: naltrexone labels",
            [
                new("methadone", ["N07BC02", "N02AC52", "N07BC05"], ["6813"]),
                new("buprenorphine", ["N02AE01", "N07BC01", "N07BC51"], ["1819"]),
                new("levomethadyl", ["N07BC03"], ["237005"]),
            ],
            []),

        new(MedicineClass.OpioidLike, 1, AtcAndRxNorm,
            [
                new("loperamide", ["A07DA03", "A07DA05", "A07DA53"], ["6468"]),
                new("diphenoxylate", ["A07DA01"], ["1190572", "1190568"]), // two products; the ingredient's id is not known to us
                Group("difenoxin", "A07DA04"),
                Group("eluxadoline", "A07DA06"),
                new("dextromethorphan", ["R05DA09", "N06AX62"], ["3289"]),
                Group("noscapine", "R05DA07"),
                Group("dimemorfan", "R05DA11"),
                Group("cough suppressant combinations", "R05DA20"), // may hold codeine
                Group("clonidine", "C02AC01", "N02CX02"),
                Group("lofexidine", "N07BC04"),
            ],
            []),

        new(MedicineClass.PeripheralOpioidAntagonist, 1, Atc, [Group("peripheral opioid receptor antagonists", "A06AH")], []),

        new(MedicineClass.Naltrexone, 1, AtcAndRxNorm + "; products: CMS value set",
            [
                new("naltrexone", ["N07BB04"], ["7243", "1483744", "637213"]), // ingredient, 50 mg tablet, 380 mg injection
                new("bupropion and naltrexone", ["A08AA62"], ["1551468"]),
            ],
            []),

        new(MedicineClass.Disulfiram, 1, Atc, [Group("disulfiram", "N07BB01")], []),

        new(MedicineClass.Stimulant, 1, AtcAndRxNorm,
            [
                Group("centrally acting sympathomimetics", "N06BA"),
                Ingredient("methylphenidate", "6901"),
                Ingredient("modafinil", "30125"),
                Ingredient("atomoxetine", "38400"),
                Group("nasal decongestant sympathomimetics", "R01BA"),
                Group("ephedrine", "R03CA02"),
                Group("centrally acting antiobesity products", "A08AA"),
            ],
            ["A08AA62"]),

        new(MedicineClass.Neurotransmitter, 1, AtcAndRxNorm,
            [
                Group("non-selective monoamine reuptake inhibitors", "N06AA"),
                Group("selective serotonin reuptake inhibitors", "N06AB"),
                Ingredient("citalopram", "2556"),
                Ingredient("escitalopram", "321988"),
                Ingredient("fluoxetine", "4493"),
                Ingredient("fluvoxamine", "42355"),
                Ingredient("paroxetine", "32937"),
                Ingredient("sertraline", "36437"),
                Group("non-selective monoamine oxidase inhibitors", "N06AF"),
                Group("monoamine oxidase A inhibitors", "N06AG"),
                Group("other antidepressants", "N06AX"),
                Ingredient("venlafaxine", "39786"),
                Ingredient("duloxetine", "72625"),
                Ingredient("bupropion", "42347"),
                Ingredient("mirtazapine", "15996"),
                Ingredient("vortioxetine", "1455099"),
                Group("centrally acting sympathomimetics", "N06BA"),
                Ingredient("methylphenidate", "6901"),
                Ingredient("modafinil", "30125"),
                Ingredient("atomoxetine", "38400"),
                new("bupropion and naltrexone", ["A08AA62"], ["1551468"]),
            ],
            []),

        new(MedicineClass.ThyroidOrImmune, 1, Atc, [Group("thyroid hormones", "H03AA"), Group("immunosuppressants", "L04A")], []),
    ];

    private static readonly Dictionary<MedicineClass, MedicineList> ByClass = All.ToDictionary(l => l.Class);

    public static MedicineList Of(MedicineClass medicineClass) => ByClass[medicineClass];

    /// <summary>The classes of a medicine; none when its codes are on no list.</summary>
    public static IReadOnlyList<MedicineClass> ClassesOf(string? atc, string? rxNorm) => [.. All.Where(l => l.Holds(atc, rxNorm)).Select(l => l.Class)];

    private static MedicineEntry Group(string name, params string[] atc) => new(name, atc, []);

    private static MedicineEntry Ingredient(string name, params string[] rxNorm) => new(name, [], rxNorm);
}
