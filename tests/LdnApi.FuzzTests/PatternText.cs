using System.Text;

namespace LdnApi.FuzzTests;

/// <summary>Makes texts that match a pattern: literals, classes, groups, alternatives and repetition, as JSON Schema patterns are mostly written.</summary>
internal sealed class PatternText(string pattern, Random random)
{
    private int _at;

    public static string Make(string pattern, Random random) => new PatternText(pattern.TrimStart('^').TrimEnd('$'), random).Alternatives();

    private bool More => _at < pattern.Length;

    /// <summary>All alternatives are made, so that the reading goes on behind them, and one is taken.</summary>
    private string Alternatives()
    {
        List<string> made = [Sequence()];
        while (More && pattern[_at] == '|')
        {
            _at++;
            made.Add(Sequence());
        }

        return made[random.Next(made.Count)];
    }

    private string Sequence()
    {
        var text = new StringBuilder();
        while (More && pattern[_at] is not ('|' or ')'))
        {
            var start = _at;
            var once = Atom();
            var end = _at;
            var (least, most) = Count();
            var after = _at;
            var count = random.Next(least, most + 1);
            text.Append(count > 0 ? once : "");
            for (var i = 1; i < count; i++)
            {
                _at = start;
                text.Append(Atom());
            }

            _at = Math.Max(after, end);
        }

        return text.ToString();
    }

    private string Atom()
    {
        switch (pattern[_at++])
        {
            case '(':
                _at += pattern[_at..].StartsWith("?:", StringComparison.Ordinal) ? 2 : 0;
                var group = Alternatives();
                _at++;
                return group;
            case '[':
                return Class().ToString();
            case '\\':
                return pattern[_at++] switch { 'd' => $"{random.Next(10)}", var literal => $"{literal}" };
            case '.':
                return "x";
            case var literal:
                return $"{literal}";
        }
    }

    private char Class()
    {
        List<char> chars = [];
        while (pattern[_at] != ']')
        {
            var first = pattern[_at] == '\\' ? pattern[++_at] : pattern[_at];
            _at++;
            if (pattern[_at] == '-' && pattern[_at + 1] != ']')
            {
                var last = pattern[_at + 1];
                _at += 2;
                chars.AddRange(Enumerable.Range(first, last - first + 1).Select(c => (char)c));
            }
            else
            {
                chars.Add(first);
            }
        }

        _at++;
        return chars[random.Next(chars.Count)];
    }

    private (int Least, int Most) Count()
    {
        if (!More)
        {
            return (1, 1);
        }

        switch (pattern[_at])
        {
            case '?':
                _at++;
                return (0, 1);
            case '*':
                _at++;
                return (0, 3);
            case '+':
                _at++;
                return (1, 4);
            case '{':
                var end = pattern.IndexOf('}', _at);
                var bounds = pattern[(_at + 1)..end].Split(',');
                _at = end + 1;
                var least = int.Parse(bounds[0], System.Globalization.CultureInfo.InvariantCulture);
                return (least, bounds.Length == 1 ? least : bounds[1].Length == 0 ? least + 3 : int.Parse(bounds[1], System.Globalization.CultureInfo.InvariantCulture));
            default:
                return (1, 1);
        }
    }
}
