/** Words that a script's language keeps to itself, so that no variable can have them as its name. */
const words: Readonly<Record<string, string>> = {
  bash: "case coproc do done elif else esac fi for function if in select then time until while",
  sh: "case do done elif else esac fi for if in then until while",
  python:
    "and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield",
  r: "break else for function if in next repeat while",
  node: "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield",
};

const reserved = new Map(
  Object.entries(words).map(([interpreter, list]) => [interpreter, new Set(list.split(" "))]),
);

export function isReservedWord(interpreter: string, name: string): boolean {
  return reserved.get(interpreter)?.has(name) ?? false;
}

/** Variables that every script gets besides its own (rule 20). */
export const givenVariables: readonly string[] = ["cpus", "memory_mb"];
