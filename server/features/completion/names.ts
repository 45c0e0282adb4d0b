import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { type FunctionSignature, functions } from "../../language/functions.js";
import type { Expectation, Surroundings } from "../../language/infer.js";
import { checkOf, type Module } from "../../language/program.js";
import { addNames, type FileNameKind, type Local, type LocalKind, outlineOf } from "../../language/scope.js";
import { transformWithMembers } from "../../language/signature.js";
import type { NameReference, Statement, SyntaxNode, TransformStatement } from "../../language/syntax.js";
import {
  BOOL,
  isAssignable,
  listOf,
  NULL,
  optionalOf,
  type Type,
  typeFromSyntax,
  withoutNull,
} from "../../language/types.js";
import { quotedText, typeText } from "../texts.js";
import { expectationOf } from "./expected.js";
import type { CompletionPlace, Rank } from "./place.js";

/** A name that an expression can use at a place. */
export interface NameInSight {
  readonly name: string;
  readonly kind: FileNameKind | LocalKind;
  /** With what is known there about null. */
  readonly type: Type;
  readonly local: boolean;
}

export type InSight = Surroundings & { readonly locals: readonly Local[] };

/** Every value that can be named; transforms are none. Grows with the names of the file. */
export function namesInSight(module: Module, { scope, locals, insVisible }: InSight): NameInSight[] {
  const found = new Map<string, NameInSight>();
  const present = (name: string, type: Type): Type =>
    type.kind === "optional" && scope.isNotNull(name) ? type.inner : type;
  for (const { kind, name, type } of locals)
    if (name.text !== "" && !found.has(name.text) && (kind !== "in" || insVisible))
      found.set(name.text, { name: name.text, kind, type: present(name.text, type), local: true });
  const check = checkOf(module);
  if (check === undefined || scope.isClosed) return [...found.values()];
  for (const { statement } of module.file.declarations)
    for (const { name, kind } of check.declarationsInside(statement)) {
      if (name.text === "" || found.has(name.text) || kind === "transform" || kind === "import") continue;
      const type = check.fileName(name.text)?.type;
      if (type === undefined) continue;
      const sure = check.fileName(name.text)?.conditional !== true || scope.hasNode(name.text);
      found.set(name.text, {
        name: name.text,
        kind,
        type: present(name.text, sure ? type : optionalOf(type)),
        local: false,
      });
    }
  return [...found.values()];
}

/** Names, functions and literals where an expression stands. */
export function expressionItems(place: CompletionPlace, reference: NameReference): CompletionItem[] {
  const { probe, inspection } = place;
  const insight = inspection?.surroundings(reference);
  if (inspection === undefined || insight === undefined) return [];
  const expectation = expectationOf(probe.path, inspection);
  const parent = place.at(1);
  const argument = parent?.kind === "node-argument" ? parent.name.text : undefined;
  const { items, onlyThose } = namedArguments(place);
  if (onlyThose) return items;
  if (parent?.kind === "out" && withoutNull(typeFromSyntax(parent.type)).kind === "list")
    return functionItems(place, insight, expectation).filter(({ label }) => label === "glob");
  const onlyNodes = place.at(1)?.kind === "target" || place.at(1)?.kind === "publish";
  const circular = namesThatWouldGoRound(place);
  for (const one of namesInSight(place.module, insight)) {
    if (circular(one.name)) continue;
    if (onlyNodes && !isNodeLike(one.type)) continue;
    items.push(nameItem(place, one, expectation, argument));
    if (expectation !== undefined) items.push(...memberPaths(place, one, expectation, argument));
  }
  if (onlyNodes) return items;
  // Only an out of many files is found by a pattern.
  items.push(
    ...functionItems(place, insight, expectation).filter(
      ({ label }) => parent?.kind !== "out" || label !== "glob",
    ),
  );
  items.push(...literals(place, expectation));
  return items;
}

/** Where a value of a call may begin: the names of those that are given by name, and whether nothing else is left. */
function namedArguments(place: CompletionPlace): {
  readonly items: CompletionItem[];
  readonly onlyThose: boolean;
} {
  const argument = place.at(1);
  const call = place.at(2);
  if (argument?.kind !== "argument" || argument.name !== undefined || call?.kind !== "call")
    return { items: [], onlyThose: false };
  const signature = functions.get(call.callee.text);
  if (signature === undefined) return { items: [], onlyThose: false };
  const given = new Set(call.arguments.map(({ name }) => name?.text));
  const items = signature.named
    .filter(({ name }) => !given.has(name))
    .map(({ name, expected }) =>
      place.item({
        label: `${name}:`,
        kind: CompletionItemKind.Property,
        rank: 0,
        detail: expected,
        text: `${name}: `,
      }),
    );
  const index = call.arguments.filter(({ name }) => name === undefined).indexOf(argument);
  return { items, onlyThose: index >= signature.parameters.length && !signature.variadic };
}

const KINDS: { readonly [kind in NameInSight["kind"]]: CompletionItemKind } = {
  param: CompletionItemKind.Constant,
  input: CompletionItemKind.File,
  table: CompletionItemKind.Struct,
  let: CompletionItemKind.Variable,
  node: CompletionItemKind.Value,
  transform: CompletionItemKind.Class,
  import: CompletionItemKind.Class,
  loop: CompletionItemKind.Variable,
  in: CompletionItemKind.File,
  out: CompletionItemKind.File,
};

function nameItem(
  place: CompletionPlace,
  { name, kind, type }: NameInSight,
  expectation: Expectation | undefined,
  argument: string | undefined,
): CompletionItem {
  const statement = place.probe.path[0];
  return place.item({
    label: name,
    kind: KINDS[kind],
    rank: rankOf(type, expectation, name === argument),
    detail: typeText(type),
    data:
      statement?.kind === "transform"
        ? {
            path: place.document.path,
            kind: "member",
            module: place.document.path,
            transform: statement.name.text,
            name,
          }
        : { path: place.document.path, kind: "name", name },
  });
}

/** Best is what fits and has the name of the argument; then what fits, what has members that may, and the rest. */
export function rankOf(type: Type, expectation: Expectation | undefined, sameName = false): Rank {
  if (expectation === undefined) return 2;
  if (type.kind === "unknown" || type.kind === "json") return sameName ? 1 : 3;
  if (expectation.fits(type)) return sameName ? 0 : 1;
  return ["row", "node", "family"].includes(elementOf(type).kind) ? 3 : 5;
}

function elementOf(type: Type): Type {
  const plain = withoutNull(type);
  return plain.kind === "list" ? withoutNull(plain.element) : plain;
}

function isNodeLike(type: Type): boolean {
  return ["node", "family", "unknown"].includes(elementOf(type).kind);
}

/** `s.lane`, `report.html`, `merged[*].bam`: what fits and is one step away. */
function memberPaths(
  place: CompletionPlace,
  { name, type }: NameInSight,
  expectation: Expectation,
  argument: string | undefined,
): CompletionItem[] {
  const items: CompletionItem[] = [];
  const members = type.kind === "row" ? type.columns : membersOf(type);
  if (members === undefined) return items;
  const outs = type.kind === "row" ? undefined : outsOf(members);
  for (const [member, memberType] of members) {
    if (outs?.has(member) === false || memberType.kind === "unknown") continue;
    const whole = type.kind === "family" ? listOf(memberType) : memberType;
    if (!expectation.fits(whole)) continue;
    const path = `${name}${type.kind === "family" ? stars(type.keys.length) : ""}.${member}`;
    items.push(
      place.item({
        label: path,
        kind: CompletionItemKind.Field,
        rank: member === argument ? 0 : 1,
        detail: typeText(whole),
        data: memberData(place, type, member),
      }),
    );
  }
  return items;
}

function membersOf(type: Type): ReadonlyMap<string, Type> | undefined {
  return type.kind === "node" || type.kind === "family" ? type.members : undefined;
}

/** Of what several transforms have in common any member may be meant. */
export function outsOf(members: ReadonlyMap<string, Type>): ReadonlySet<string> | undefined {
  const transform = transformWithMembers(members);
  if (transform === undefined) return undefined;
  return new Set(transform.items.flatMap((item) => (item.kind === "out" ? [item.name.text] : [])));
}

export function stars(keys: number): string {
  return `[${Array.from({ length: keys }, () => "*").join(", ")}]`;
}

/** Of a member of a node; columns are told apart by their table, see `members.ts`. */
export function memberData(place: CompletionPlace, type: Type, name: string) {
  const members = membersOf(type);
  const transform = members === undefined ? undefined : transformWithMembers(members);
  const module = transform === undefined ? undefined : moduleOf(place, transform);
  if (transform === undefined || module === undefined) return undefined;
  const { path } = place.document;
  return { path, kind: "member", module, transform: transform.name.text, name } as const;
}

function moduleOf(place: CompletionPlace, transform: TransformStatement): string | undefined {
  for (const symbol of place.module.transforms.values())
    if (symbol.statement === transform) return symbol.module;
  return undefined;
}

// ---------------------------------------------------------------- functions and literals

/** Functions whose first value is a path or pattern in quotes. */
const TAKES_PATH = new Set(["file", "files", "dir", "csv", "tsv", "json", "lines", "glob", "secret"]);

/** The functions that belong to the place. */
export function functionItems(
  place: CompletionPlace,
  surroundings: Surroundings | undefined,
  expectation: Expectation | undefined,
): CompletionItem[] {
  return [...functions.values()]
    .filter((signature) => signature.place === undefined || signature.place === surroundings?.place)
    .map((signature) => functionItem(place, signature, expectation));
}

export function functionItem(
  place: CompletionPlace,
  { name, shown, doc, result }: FunctionSignature,
  expectation: Expectation | undefined,
): CompletionItem {
  const type = result([]);
  const follows = place.document.text.charAt(place.probe.word.end) === "(";
  // What may be anything fits everywhere and says nothing.
  const fits = expectation?.fits(type) === true && type.kind !== "unknown" && type.kind !== "json";
  return place.item({
    label: name,
    kind: CompletionItemKind.Function,
    rank: fits ? 2 : 4,
    detail: shown,
    snippet: follows ? undefined : `${name}(${TAKES_PATH.has(name) ? '"$1"' : "$1"})`,
    doc,
  });
}

function literals(place: CompletionPlace, expectation: Expectation | undefined): CompletionItem[] {
  const keyword = (label: string, rank: Rank, text?: string): CompletionItem =>
    place.item({ label, kind: CompletionItemKind.Keyword, rank, text });
  const items: CompletionItem[] = [];
  const type = expectation?.type === undefined ? undefined : withoutNull(expectation.type);
  if (type?.kind === "choice")
    for (const choice of type.choices)
      items.push(
        place.item({
          label: quotedText(choice),
          kind: CompletionItemKind.EnumMember,
          rank: 0,
          // Without the quote: the word that is typed has none.
          filter: choice,
        }),
      );
  const bool = expectation?.type !== undefined && isAssignable(BOOL, expectation.type);
  items.push(
    keyword("true", bool ? 2 : 4),
    keyword("false", bool ? 2 : 4),
    keyword("not", bool ? 2 : 4, "not "),
  );
  if (expectation === undefined || expectation.fits(NULL)) items.push(keyword("null", 3));
  return items;
}

// ---------------------------------------------------------------- circles

/** Names that the place may not use, since they rest on what is declared there. */
function namesThatWouldGoRound(place: CompletionPlace): (name: string) => boolean {
  const { path } = place.probe;
  const statement = path[0];
  if (statement === undefined) return () => false;
  if (statement.kind === "transform") return defaultsThatWouldGoRound(path);
  const declared = declaredAt(path, statement);
  if (declared.size === 0) return () => false;
  const usedBy = new Map<string, string[]>();
  for (const { statement: other } of place.module.file.declarations)
    for (const [name, rests] of outlineOf(other).restsOn)
      for (const used of rests) {
        const users = usedBy.get(used);
        if (users === undefined) usedBy.set(used, [name]);
        else users.push(name);
      }
  const round = closure(declared, (name) => usedBy.get(name) ?? []);
  return (name) => round.has(name);
}

/** Everything that can be reached, a work list, so that no chain is too long. */
function closure(from: Iterable<string>, next: (name: string) => Iterable<string>): ReadonlySet<string> {
  const reached = new Set(from);
  for (const name of reached) for (const other of next(name)) reached.add(other);
  return reached;
}

/** What cannot be used at the place: the name that is declared, or the nodes whose keys or number it decides. */
function declaredAt(path: readonly SyntaxNode[], statement: SyntaxNode): ReadonlySet<string> {
  switch (statement.kind) {
    case "param":
    case "input":
    case "table":
    case "let":
      return new Set([statement.name.text]);
    case "node":
    case "for":
    case "if": {
      const names = new Set<string>();
      for (const [at, node] of path.entries()) {
        const child = path[at + 1];
        if (node.kind === "for" && child === node.source) addNodes(statement, names);
        if (node.kind === "if" && child === node.condition) addNodes(statement, names);
        if (node.kind !== "node") continue;
        if (node.keys.some((key) => key === child)) addNodes(statement, names);
        // A member of a family may use another; a node alone may not use itself.
        else if (node.keys.length === 0) names.add(node.name.text);
      }
      return names;
    }
    default:
      return new Set();
  }
}

function addNodes(statement: Statement, names: Set<string>): void {
  for (const { name, kind } of outlineOf(statement).declares) if (kind === "node") names.add(name.text);
}

/** The defaults of a transform's params use each other. */
function defaultsThatWouldGoRound(path: readonly SyntaxNode[]): (name: string) => boolean {
  const [transform, item] = path;
  if (transform?.kind !== "transform" || item?.kind !== "param") return () => false;
  const mentions = new Map<string, Set<string>>();
  for (const one of transform.items) {
    if (one.kind !== "param" || one.value === undefined) continue;
    const names = new Set<string>();
    addNames(one.value, names);
    mentions.set(one.name.text, names);
  }
  const rests = (name: string): boolean =>
    closure([name], (each) => mentions.get(each) ?? []).has(item.name.text);
  return rests;
}
