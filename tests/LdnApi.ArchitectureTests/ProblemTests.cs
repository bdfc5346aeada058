using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LdnApi.Common;
using LdnApi.Hosting;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace LdnApi.ArchitectureTests;

/// <summary>The catalogue of problems: every code that the code can answer has a page, and every page a code.</summary>
public sealed partial class ProblemTests
{
    private const int NotARefusal = 304;

    /// <summary>(code, status) of every problem that is made anywhere, read from the compiled IL.</summary>
    private static readonly HashSet<(string Code, int? Status)> Made =
    [
        .. from type in ModuleDefinition.ReadModule(typeof(Program).Assembly.Location).GetAllTypes()
           from method in type.Methods
           where method.HasBody && !(type.FullName == typeof(Problem).FullName && method.Name == nameof(Problem.Refused)) // there it is an argument
           from call in CallsIn(method.Body)
           let status = call.Method.Name == nameof(Problem.Refused) ? 422 : call.Arguments.ElementAtOrDefault(1) as int?
           where status != NotARefusal
           select (call.Arguments[0] as string ?? $"(no literal in {method.FullName})", status),
    ];

    public static TheoryData<string> Codes => new(Made.Select(m => m.Code).Distinct());

    [Fact]
    public void Every_code_has_a_page_and_every_page_a_code() => Assert.Equal(
        Made.Select(m => m.Code).Distinct().Order(StringComparer.Ordinal), ProblemPages.Markdown.Keys.Order(StringComparer.Ordinal));

    /// <summary>Meaning, example, what to do; the example is the wire's own shape.</summary>
    [Theory]
    [MemberData(nameof(Codes))]
    public void A_page_says_what_it_means_shows_it_and_says_what_to_do(string code)
    {
        var page = ProblemPages.Markdown[code];
        var example = JsonNode.Parse(Example().Match(page).Groups[1].Value)!;

        Assert.StartsWith($"# {code}\n\n", page, StringComparison.Ordinal);
        Assert.Contains("\n## What to do\n\n", page, StringComparison.Ordinal);
        Assert.Equal((code, Problem.TypeOf(code)), ((string?)example["code"], (string?)example["type"]));
        Assert.Contains((code, (int)example["status"]!), Made.Select(m => (m.Code, m.Status!.Value)));
        Assert.All(["title", "instance", "traceId"], member => Assert.NotNull(example[member]));
        Assert.Contains($"**{example["status"]}**", page, StringComparison.Ordinal);
    }

    /// <summary>A reader that saw nothing would find the catalogue complete.</summary>
    [Theory]
    [InlineData("version-mismatch", 412)]
    [InlineData("date-in-future", 422)]
    [InlineData("unauthenticated", 401)]
    [InlineData("rate-limited", 429)]
    public void The_reader_sees_a_problem_that_is_there(string code, int status) => Assert.Contains((code, (int?)status), Made);

    [GeneratedRegex("```json\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();

    /// <summary>Follows what lies on the stack, as far as it is literal, to each place that makes a problem.</summary>
    private static IEnumerable<(MethodReference Method, object?[] Arguments)> CallsIn(MethodBody body)
    {
        var stacks = new Dictionary<Instruction, List<object?>>();
        List<object?>? stack = [];
        foreach (var handler in body.ExceptionHandlers)
        {
            stacks[handler.HandlerStart] = handler.HandlerType is ExceptionHandlerType.Finally ? [] : [null];
            if (handler.FilterStart is { } filter)
            {
                stacks[filter] = [null];
            }
        }

        foreach (var instruction in body.Instructions)
        {
            stack = stacks.GetValueOrDefault(instruction) ?? stack ?? [];
            var popped = Pops(instruction, body.Method, stack.Count);
            var arguments = stack.TakeLast(popped).ToArray();
            stack = [.. stack.SkipLast(popped)];
            if (instruction.OpCode.Code is Code.Newobj or Code.Call && instruction.Operand is MethodReference method && method.DeclaringType.FullName == typeof(Problem).FullName
                && (method is { Name: ".ctor", Parameters.Count: 3 } || method.Name == nameof(Problem.Refused)))
            {
                yield return (method, arguments);
            }

            stack.AddRange(Pushes(instruction, arguments));
            foreach (var target in instruction.Operand switch { Instruction one => [one], Instruction[] several => several, _ => Array.Empty<Instruction>() })
            {
                stacks.TryAdd(target, instruction.OpCode.Code is Code.Leave or Code.Leave_S ? [] : [.. stack]);
            }

            stack = instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Return or FlowControl.Throw ? null : stack;
        }
    }

    private static int Pops(Instruction instruction, MethodDefinition inside, int depth) => instruction.OpCode.StackBehaviourPop switch
    {
        StackBehaviour.Pop0 => 0,
        StackBehaviour.PopAll => depth,
        StackBehaviour.Pop1 or StackBehaviour.Popi or StackBehaviour.Popref => 1,
        StackBehaviour.Pop1_pop1 or StackBehaviour.Popi_pop1 or StackBehaviour.Popi_popi or StackBehaviour.Popi_popi8 or StackBehaviour.Popi_popr4 or StackBehaviour.Popi_popr8
            or StackBehaviour.Popref_pop1 or StackBehaviour.Popref_popi => 2,
        StackBehaviour.Varpop when instruction.OpCode.Code == Code.Ret => inside.ReturnType.FullName == "System.Void" ? 0 : 1,
        StackBehaviour.Varpop when instruction.Operand is IMethodSignature method =>
            method.Parameters.Count + (method.HasThis && instruction.OpCode.Code != Code.Newobj ? 1 : 0) + (instruction.OpCode.Code == Code.Calli ? 1 : 0),
        _ => 3,
    };

    private static IEnumerable<object?> Pushes(Instruction instruction, object?[] popped) => instruction.OpCode.StackBehaviourPush switch
    {
        StackBehaviour.Push0 => [],
        StackBehaviour.Push1_push1 => [popped[0], popped[0]],
        StackBehaviour.Varpush when instruction.Operand is IMethodSignature { ReturnType.FullName: "System.Void" } => [],
        _ => [ValueOf(instruction)],
    };

    private static object? ValueOf(Instruction instruction) => instruction.OpCode.Code switch
    {
        Code.Ldstr => instruction.Operand,
        Code.Ldc_I4 => instruction.Operand,
        Code.Ldc_I4_S => (int)(sbyte)instruction.Operand,
        _ => null,
    };
}
