using LdnApi.Clinical.Medicines;

namespace LdnApi.Clinical.Tests;

/// <summary>The lists against the tables they were made from: ingredient by ingredient, code by code.</summary>
public sealed class MedicineListTests
{
    [Theory]
    [InlineData("morphine", "N02AA01 N02AA51 N02AG01 A07DA52", "7052")]
    [InlineData("opium", "N02AA02 A07DA02", "7676")]
    [InlineData("hydromorphone", "N02AA03 N02AA53 N02AG04", "3423")]
    [InlineData("oxycodone", "N02AA05 N02AA55 N02AA56 N02AJ17 N02AJ18 N02AJ19", "7804")]
    [InlineData("dihydrocodeine", "N02AA08 N02AA58 N02AJ01 N02AJ02 N02AJ03", "23088")]
    [InlineData("oxymorphone", "N02AA11", "7814")]
    [InlineData("codeine", "R05DA04 N02AA59 N02AA79 N02AJ06 N02AJ07 N02AJ08 N02AJ09", "2670")]
    [InlineData("hydrocodone", "R05DA03 N02AJ22 N02AJ23", "5489")]
    [InlineData("meperidine", "N02AB02 N02AB52 N02AB72 N02AG03", "6754")]
    [InlineData("fentanyl", "N02AB03 N01AH01 N01AH51", "4337")]
    [InlineData("alfentanil", "N01AH02", "480")]
    [InlineData("sufentanil", "N01AH03", "56795")]
    [InlineData("remifentanil", "N01AH06", "73032")]
    [InlineData("propoxyphene", "N02AC04 N02AC54 N02AC74", "8785")]
    [InlineData("methadone", "N07BC02 N02AC52", "6813")]
    [InlineData("levomethadyl, levomethadone", "N07BC03 N07BC05", "237005")]
    [InlineData("pentazocine", "N02AD01 N02AD51", "8001")]
    [InlineData("buprenorphine", "N02AE01 N07BC01 N07BC51", "1819")]
    [InlineData("butorphanol", "N02AF01", "1841")]
    [InlineData("nalbuphine", "N02AF02", "7238")]
    [InlineData("levorphanol", "", "6378")]
    [InlineData("tramadol", "N02AX02 N02AJ13 N02AJ14 N02AJ15 N02AJ16", "10689")]
    [InlineData("tapentadol", "N02AX06", "787390")]
    [InlineData("oliceridine to phenazocine", "N02AX07 N02AX01 N02AX51 N02AX05 N02AX03 N02AB01 N02AG02 N02AA04 N02AA10 N02AC03 N02AC01 N02AC05 N02AD02", "")]
    [InlineData("cough suppressants", "R05DA01 R05DA05 R05DA06 R05DA08 R05DA10 R05DA12 R05FA02", "")]
    [InlineData("diamorphine", "N07BC06", "3304")]
    public void Every_opioid_of_the_table_is_one_by_each_of_its_codes(string ingredient, string atc, string rxNorm) =>
        AllAre(MedicineClass.Opioid, ingredient, atc, rxNorm);

    [Theory]
    [InlineData("methadone", "N07BC02 N02AC52 N07BC05", "6813")]
    [InlineData("buprenorphine", "N02AE01 N07BC01 N07BC51", "1819")]
    [InlineData("levomethadyl", "N07BC03", "237005")]
    public void A_long_acting_opioid_is_an_opioid_too(string ingredient, string atc, string rxNorm)
    {
        AllAre(MedicineClass.LongActingOpioid, ingredient, atc, rxNorm);
        AllAre(MedicineClass.Opioid, ingredient, atc, rxNorm);
    }

    [Theory]
    [InlineData("loperamide", "A07DA03 A07DA05 A07DA53", "6468")]
    [InlineData("diphenoxylate", "A07DA01", "1190572 1190568")]
    [InlineData("difenoxin, eluxadoline", "A07DA04 A07DA06", "")]
    [InlineData("dextromethorphan", "R05DA09 N06AX62", "3289")]
    [InlineData("noscapine, dimemorfan, combinations", "R05DA07 R05DA11 R05DA20", "")]
    [InlineData("clonidine, lofexidine", "C02AC01 N02CX02 N07BC04", "")]
    public void What_only_resembles_an_opioid_asks_and_is_none(string ingredient, string atc, string rxNorm)
    {
        AllAre(MedicineClass.OpioidLike, ingredient, atc, rxNorm);
        NoneIs(MedicineClass.Opioid, ingredient, atc, rxNorm);
    }

    [Theory]
    [InlineData("methylnaltrexone to naldemedine", "A06AH01 A06AH02 A06AH03 A06AH04 A06AH05", "7242")]
    [InlineData("naltrexone, nalmefene, bupropion and naltrexone", "N07BB04 N07BB05 A08AA62", "7243")]
    [InlineData("aspirin", "N02BA01", "1191")]
    [InlineData("no code", "", "")]
    public void An_antagonist_or_another_analgesic_is_no_opioid(string ingredient, string atc, string rxNorm)
    {
        NoneIs(MedicineClass.Opioid, ingredient, atc, rxNorm);
        NoneIs(MedicineClass.OpioidLike, ingredient, atc, rxNorm);
        Assert.False(MedicineLists.Of(MedicineClass.Opioid).Holds(null, null));
    }

    [Theory]
    [InlineData(MedicineClass.PeripheralOpioidAntagonist, "methylnaltrexone to naldemedine", "A06AH01 A06AH02 A06AH03 A06AH04 A06AH05", "")]
    [InlineData(MedicineClass.Naltrexone, "naltrexone", "N07BB04 A08AA62", "7243 1483744 637213 1551468")]
    [InlineData(MedicineClass.Disulfiram, "disulfiram", "N07BB01", "")]
    [InlineData(MedicineClass.Stimulant, "stimulants, sympathomimetics", "N06BA04 R01BA02 R03CA02 A08AA01", "6901 30125 38400")]
    [InlineData(MedicineClass.Neurotransmitter, "antidepressants", "N06AA09 N06AB06 N06AF03 N06AG02 N06AX16 N06AX17 N06AX21 N06AX23 N06AX28 N06AX12 N06AX62 N06BA04 A08AA62",
        "2556 321988 4493 42355 32937 36437 39786 72625 42347 15996 1455099 6901 30125 38400 1551468")]
    [InlineData(MedicineClass.ThyroidOrImmune, "thyroid hormones, immunosuppressants", "H03AA01 L04AA13 L04AX03", "")]
    public void Every_other_medicine_of_the_table_is_of_its_class(MedicineClass medicineClass, string ingredient, string atc, string rxNorm) =>
        AllAre(medicineClass, ingredient, atc, rxNorm);

    [Theory]
    [InlineData(MedicineClass.Naltrexone, "nalmefene, naloxone", "N07BB05 A06AH04", "7242")]
    [InlineData(MedicineClass.Stimulant, "bupropion and naltrexone, caffeine, sertraline", "A08AA62 N06BC01 N06AB06", "1886 36437")]
    [InlineData(MedicineClass.Neurotransmitter, "diazepam, salbutamol, caffeine", "N05BA01 R03AC02 N06BC01", "3322 435 1886")]
    [InlineData(MedicineClass.ThyroidOrImmune, "antithyroid, corticosteroid", "H03BB02 H02AB08", "10759")]
    public void A_medicine_of_another_group_is_not(MedicineClass medicineClass, string ingredient, string atc, string rxNorm) =>
        NoneIs(medicineClass, ingredient, atc, rxNorm);

    [Fact]
    public void Every_class_has_one_list_with_a_version_and_a_source()
    {
        Assert.Equal(Enum.GetValues<MedicineClass>(), MedicineLists.All.Select(l => l.Class).Order());
        Assert.All(MedicineLists.All, l => Assert.True(l is { Version: >= 1, Source.Length: > 0, Entries.Count: > 0 }));
        Assert.All(MedicineLists.All.SelectMany(l => l.Entries), e => Assert.True(e.Atc.Count + e.RxNorm.Count > 0, e.Name));
    }

    [Fact]
    public void A_medicine_may_be_of_several_classes() => Assert.Equal(
        [MedicineClass.Naltrexone, MedicineClass.Neurotransmitter], MedicineLists.ClassesOf("A08AA62", null));

    private static void AllAre(MedicineClass medicineClass, string ingredient, string atc, string rxNorm)
    {
        Assert.NotEmpty(ingredient);
        Assert.All(Codes(atc), code => Assert.True(MedicineLists.Of(medicineClass).Holds(code, null), code));
        Assert.All(Codes(rxNorm), id => Assert.True(MedicineLists.Of(medicineClass).Holds(null, id), id));
    }

    private static void NoneIs(MedicineClass medicineClass, string ingredient, string atc, string rxNorm)
    {
        Assert.NotEmpty(ingredient);
        Assert.All(Codes(atc), code => Assert.False(MedicineLists.Of(medicineClass).Holds(code, null), code));
        Assert.All(Codes(rxNorm), id => Assert.False(MedicineLists.Of(medicineClass).Holds(null, id), id));
    }

    private static string[] Codes(string codes) => codes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
