import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { children } from "../../language/children.js";
import { PROBE } from "../../language/probe.js";
import type { Expression, TransformItem } from "../../language/syntax.js";
import { type Type, withoutNull } from "../../language/types.js";
import { isSizeUnit } from "../../language/units.js";
import { declarations, operators, resources, retry, transformParts, units } from "../hover/vocabulary.js";
import { expectationOf, isExpression } from "./expected.js";
import type { CompletionPlace } from "./place.js";

interface Keyword {
  readonly word: string;
  /** What makes it whole: with it the parser is asked whether the word can stand at a place. */
  readonly rest: string;
  readonly snippet: string;
  readonly doc: string | undefined;
}

function keyword(word: string, rest: string, snippet: string, doc: string | undefined): Keyword {
  return { word, rest, snippet: `${word}${snippet}`, doc };
}

/** A script of its own, with the cursor in it. */
const SCRIPT = " ```\n  $0\n```";

/** Words that begin a line, or an item between braces. */
const BEGINNING: readonly Keyword[] = [
  ...(
    [
      ["pipeline", " x", " ${1:name}"],
      ["import", ' { X } from "./x"', ' { $2 } from "./$1"'],
      ["param", " x: Int", " ${1:name}: ${2:String} = $0"],
      ["input", ' x = file("x")', ' ${1:name} = file("$2")'],
      ["table", ' x = csv("x")', ' ${1:name} = csv("$2") {\n  $0\n}'],
      ["let", " x = 1", " ${1:name} = $0"],
      ["check", " true", ' ${1:condition}, "$2"'],
      [
        "transform",
        " X {}",
        ' ${1:Name} {\n  in ${2:input}: File\n  out ${3:result}: File = "${4:result.txt}"\n\n  run bash ```\n    $0\n  ```\n}',
      ],
      ["node", " x = X {}", " ${1:name} = ${2:Transform} {\n  $0\n}"],
      ["for", " x in [] {}", " ${1:item} in ${2:list} {\n  $0\n}"],
      ["if", " true {}", " ${1:condition} {\n  $0\n}"],
      ["else", " {}", " {\n  $0\n}"],
      ["target", " x", " $0"],
      ["publish", ' x to "x"', ' $1 to "$2"'],
    ] as const
  ).map(([word, rest, snippet]) => keyword(word, rest, snippet, declarations.get(word))),
  ...(
    [
      ["image", ' "x"', ' "$0"'],
      ["tools", " x", " $0"],
      ["in", " x: File", " ${1:name}: ${2:File}"],
      ["out", ' x: File = "x"', ' ${1:name}: ${2:File} = "$3"'],
      ["resources", " {}", " { $0 }"],
      ["retry", " {}", " { $0 }"],
      ["env", " {}", " { $0 }"],
      ["network", " yes", " yes"],
      ["user", " image", " image"],
      ["run", " sh ```\n```", ` \${1|bash,sh,python,r,node|}${SCRIPT}`],
    ] as const
  ).map(([word, rest, snippet]) => keyword(word, rest, snippet, transformParts.get(word))),
  keyword("also", ": []", ": [$0]", operators.get("also")),
];

/** Words that go on with what stands before them. */
const CONTINUING: readonly Keyword[] = [
  ...(
    [
      ["from", ' "x"', ' "./$0"'],
      ["as", " X", " "],
      ["as", ' "x"', ' "$0"'],
      ["to", ' "x"', ' "$0"'],
      ["in", " [] {}", " "],
      ["in", " []", " "],
      ["yes", "", ""],
      ["no", "", ""],
    ] as const
  ).map(([word, rest, snippet]) => keyword(word, rest, snippet, operators.get(word))),
  keyword("image", "", "", transformParts.get("user")),
  keyword("for", " x in []", " ${1:item} in $0", undefined),
  keyword("if", " true", " ", undefined),
  keyword("else", " {}", " {\n  $0\n}", declarations.get("else")),
  keyword("resources", " {}", " { $0 }", transformParts.get("resources")),
  keyword("retry", " {}", " { $0 }", transformParts.get("retry")),
];

/** A transform has these once. */
const ONCE: ReadonlySet<string> = new Set<TransformItem["kind"]>([
  "image",
  "resources",
  "retry",
  "env",
  "network",
  "user",
  "run",
]);

/** Words of the language where the parser takes them: it is asked for each, so that none is offered in vain. */
export function keywordItems(place: CompletionPlace): CompletionItem[] {
  const { probe } = place;
  const { text } = place.document;
  const transform = place.around("transform");
  const offered = new Set<string>();
  const items: CompletionItem[] = [];
  const offer = ({ word, rest, snippet, doc }: Keyword): void => {
    if (offered.has(word) || !probe.accepts(word, rest)) return;
    offered.add(word);
    // What the line goes on with is not written a second time.
    const goesOn = !/^[ \t]*(?:[\r\n}\])]|$)/.test(text.slice(probe.word.end));
    items.push(
      place.item({
        label: word,
        kind: CompletionItemKind.Keyword,
        rank: 1,
        text: rest === "" || goesOn ? word : `${word} `,
        snippet: goesOn ? undefined : snippet,
        doc,
      }),
    );
  };
  if (probe.atStart) {
    for (const one of BEGINNING) {
      if (one.word === "pipeline" && hasPipeline(place)) continue;
      if (transform?.items.some(({ kind }) => kind === one.word) && ONCE.has(one.word)) continue;
      offer(one);
    }
    return items;
  }
  if (probe.before.kind === "number") items.push(...unitItems(place));
  for (const one of CONTINUING) offer(one);
  if (isBool(typeBefore(place))) {
    offer(keyword("and", " true", " ", operators.get("and")));
    offer(keyword("or", " true", " ", operators.get("or")));
  }
  return items;
}

function hasPipeline({ module, probe }: CompletionPlace): boolean {
  return module.file.declarations.some(
    ({ statement, offset, length }) =>
      statement.kind === "pipeline" && !(offset <= probe.word.start && probe.word.end <= offset + length),
  );
}

/** Sizes or times, as the place asks for; behind a number that stands where neither does, none. */
function unitItems(place: CompletionPlace): CompletionItem[] {
  const { probe, inspection } = place;
  if (inspection === undefined || !probe.accepts("B")) return [];
  const type = expectationOf(probe.path, inspection)?.type;
  const wanted = type === undefined ? undefined : withoutNull(type).kind;
  return [...units].flatMap(([unit, doc]) =>
    wanted === undefined || wanted === (isSizeUnit(unit) ? "bytes" : "duration")
      ? [place.item({ label: unit, kind: CompletionItemKind.Unit, rank: 1, doc })]
      : [],
  );
}

/** The type of what ends before the place: `a > 1` of `let b = a > 1 `. */
function typeBefore(place: CompletionPlace): Type | undefined {
  const [outermost] = expressionsBefore(place);
  return outermost === undefined ? undefined : place.inspection?.type(outermost);
}

function isBool(type: Type | undefined): boolean {
  return type?.kind === "bool" || type?.kind === "unknown" || type?.kind === "json";
}

/** The expressions that end right before the place, the outermost first. */
function expressionsBefore({ probe }: CompletionPlace): Expression[] {
  const { declaration } = probe;
  if (declaration === undefined) return [];
  const end = probe.before.end - declaration.offset;
  // Behind a number the probe is read as its unit.
  const ends = [end, probe.word.start - declaration.offset + PROBE.length];
  const found: Expression[] = [];
  const waiting = [...children(declaration.statement)];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.span.end < end || node.span.start >= end) continue;
    if (ends.includes(node.span.end) && isExpression(node)) found.push(node);
    waiting.push(...children(node));
  }
  return found.sort((a, b) => a.span.start - b.span.start);
}

// ---------------------------------------------------------------- entries of resources, retry and env

/** The keys of `resources { … }` and `retry { … }` that are not there yet. */
export function entryItems(
  place: CompletionPlace,
  clause: "resources" | "retry",
  given: readonly string[],
): CompletionItem[] {
  const hasColon = /^\s*:/.test(place.document.text.slice(place.probe.word.end));
  return [...(clause === "resources" ? resources : retry)]
    .filter(([name]) => !given.includes(name))
    .map(([name, doc]) =>
      place.item({
        label: name,
        kind: CompletionItemKind.Property,
        rank: 1,
        text: hasColon ? name : `${name}: `,
        snippet: hasColon ? undefined : name === "on" ? "on: [$0]" : `${name}: `,
        doc,
      }),
    );
}
