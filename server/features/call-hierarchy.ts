import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  Position,
  SymbolKind,
} from "vscode-languageserver-types";
import { walk } from "../language/children.js";
import type { ModuleCheck } from "../language/module-check.js";
import { originsOf } from "../language/origins.js";
import { checkOf, type Module } from "../language/program.js";
import { addNames, type DeclaredName } from "../language/scope.js";
import { symbolsAt } from "../language/symbols.js";
import type { Expression, Span, SyntaxNode } from "../language/syntax.js";
import type { Document, Workspace } from "./document.js";
import { symbolKinds } from "./document-symbols.js";
import { absolute, placeIn } from "./tree.js";

/**
 * The graph as a call hierarchy: a family is "called" by the families that read it, and "calls" the families, inputs
 * and tables that it reads, also through `let` and the loops and conditions around it. A transform is called by the
 * nodes that it makes.
 */
export function prepareCallHierarchy(
  document: Document,
  position: Position,
  workspace: Workspace,
): CallHierarchyItem[] {
  const offset = document.lines.offset(position);
  const { path, program, module } = document;
  const items = itemsIn(workspace);
  for (const { kind, name, definitions } of symbolsAt(program, path, offset)) {
    if (kind === "node" || kind === "input" || kind === "table") return items(module, name);
    const [home] = definitions;
    const other = home === undefined ? undefined : program.modules.get(home.path);
    if ((kind === "transform" || kind === "import") && home !== undefined && other !== undefined)
      return items(other, other.file.text.slice(home.span.start, home.span.end));
  }
  const nodes = placeIn(module, offset)?.nodes ?? [];
  const member = nodes.findLastIndex((node) => node.kind === "member");
  const families = familiesOf(module, nodes.slice(0, member), nodes[member]).flatMap((name) =>
    items(module, name),
  );
  if (families.length > 0) return families;
  const around = nodes.findLast((node) => node.kind === "node");
  return around === undefined ? [] : items(module, around.name.text);
}

export function incomingCalls(item: CallHierarchyItem, workspace: Workspace): CallHierarchyIncomingCall[] {
  const data = dataOf(item);
  if (data === undefined) return [];
  const calls: CallHierarchyIncomingCall[] = [];
  const items = itemsIn(workspace);
  const add = (module: Module, users: ReadonlyMap<string, readonly Span[]>): void => {
    const lines = workspace.lines(module.path);
    for (const [name, spans] of users)
      for (const from of items(module, name))
        calls.push({ from, fromRanges: spans.map((span) => lines.range(span)) });
  };
  const seen = new Set<string>();
  for (const program of workspace.programsWith(data.path))
    for (const module of program.modules.values()) {
      if (seen.has(module.path)) continue;
      seen.add(module.path);
      if (data.kind === "transform") add(module, nodesMadeBy(module, data));
      else if (module.path === data.path) add(module, usersOf(module, data.name));
    }
  return calls;
}

export function outgoingCalls(item: CallHierarchyItem, workspace: Workspace): CallHierarchyOutgoingCall[] {
  const data = dataOf(item);
  const module =
    data === undefined ? undefined : workspace.programsWith(data.path)[0]?.modules.get(data.path);
  const reads = module === undefined ? undefined : readsOf(module).get(data?.name ?? "");
  if (module === undefined || reads === undefined || data?.kind !== "node") return [];
  const items = itemsIn(workspace);
  const lines = workspace.lines(module.path);
  return [...reads].flatMap(([name, spans]) =>
    items(module, name).map((to) => ({ to, fromRanges: spans.map((span) => lines.range(span)) })),
  );
}

// ---------------------------------------------------------------- items

/** What an item is about, given back by the client as it was given out. */
interface ItemData {
  readonly path: string;
  readonly kind: string;
  readonly name: string;
}

function dataOf({ data }: CallHierarchyItem): ItemData | undefined {
  const given: unknown = data;
  if (typeof given !== "object" || given === null) return undefined;
  if (!("path" in given && "kind" in given && "name" in given)) return undefined;
  const { path, kind, name } = given;
  return typeof path === "string" && typeof kind === "string" && typeof name === "string"
    ? { path, kind, name }
    : undefined;
}

/** Makes the item of a name of a file: one, or none when nothing of this name can be in a hierarchy. */
function itemsIn(workspace: Workspace): (module: Module, name: string) => CallHierarchyItem[] {
  return (module, name) => {
    const check = checkOf(module);
    const places = check?.declarationsOf(name) ?? [];
    const [first] = places;
    const declaration = first === undefined ? undefined : check?.declarationWith(first.statement);
    const kind = first === undefined ? undefined : iconOf(first);
    if (first === undefined || declaration === undefined || kind === undefined) return [];
    const lines = workspace.lines(module.path);
    const transforms = new Set(places.map(({ node }) => node?.transform.text ?? ""));
    const data: ItemData = { path: module.path, kind: first.kind, name };
    return [
      {
        name,
        kind,
        detail: [...transforms].filter((one) => one !== "").join(", "),
        uri: workspace.uri(module.path),
        range: lines.range(absolute(declaration, (first.node ?? first.statement).span)),
        selectionRange: lines.range(absolute(declaration, first.name.span)),
        data,
      },
    ];
  };
}

function iconOf({ kind, node }: DeclaredName): SymbolKind | undefined {
  switch (kind) {
    case "node":
      return symbolKinds[node !== undefined && node.keys.length > 0 ? "family" : "node"];
    case "input":
    case "table":
    case "transform":
      return symbolKinds[kind];
    default:
      return undefined;
  }
}

/** The families that the object of a member comes from: `aligned` of `aligned[*].bam`. */
function familiesOf(
  module: Module,
  around: readonly SyntaxNode[],
  member: SyntaxNode | undefined,
): readonly string[] {
  const check = checkOf(module);
  if (check === undefined || member?.kind !== "member") return [];
  const origins = originsOf(member.object, around, (name) => letValue(check, name));
  return [...origins].filter((name) => check.declarationsOf(name)[0]?.kind === "node");
}

// ---------------------------------------------------------------- who reads what

/** Absolute places by what is read. */
type Reads = Map<string, Span[]>;

/** What each family of a file reads. O(size of its nodes and of the blocks around them). */
function readsOf(module: Module): ReadonlyMap<string, Reads> {
  const check = checkOf(module);
  const families = new Map<string, Reads>();
  if (check === undefined) return families;
  for (const declaration of module.file.declarations)
    for (const declared of check.declarationsInside(declaration.statement)) {
      const { name, node, blocks } = declared;
      if (node === undefined) continue;
      const reads: Reads = families.get(name.text) ?? new Map();
      families.set(name.text, reads);
      const lets = new Map<string, Expression>();
      const heads: SyntaxNode[] = [];
      for (const { statement, body } of blocks) {
        heads.push(statement.kind === "for" ? statement.source : statement.condition);
        for (const inner of body) if (inner.kind === "let") lets.set(inner.name.text, inner.value);
      }
      for (const root of [...heads, node])
        walk(root, (one) => {
          if (one.kind !== "reference") return true;
          for (const read of readThrough(check, one.name, lets))
            addSpan(reads, read, absolute(declaration, one.span));
          return true;
        });
    }
  return families;
}

function addSpan(reads: Reads, name: string, span: Span): void {
  const spans = reads.get(name);
  if (spans === undefined) reads.set(name, [span]);
  // The head of a loop is read by each of the nodes in it, also of one family.
  else if (!spans.some(({ start }) => start === span.start)) spans.push(span);
}

/** The nodes, inputs and tables that a name stands for: itself, or what the values of `let` name. */
function readThrough(
  check: ModuleCheck,
  name: string,
  lets: ReadonlyMap<string, Expression>,
): readonly string[] {
  // A set that grows while it is walked: each name is opened once.
  const names = new Set([name]);
  const read: string[] = [];
  for (const one of names) {
    const kind = check.declarationsOf(one)[0]?.kind;
    const value = lets.get(one) ?? letValue(check, one);
    if (value !== undefined) addNames(value, names);
    else if (kind === "node" || kind === "input" || kind === "table") read.push(one);
  }
  return read;
}

function letValue(check: ModuleCheck, name: string): Expression | undefined {
  const statement = check.declarationsOf(name)[0]?.statement;
  return statement?.kind === "let" ? statement.value : undefined;
}

function usersOf(module: Module, name: string): Reads {
  const users: Reads = new Map();
  for (const [family, reads] of readsOf(module)) {
    const spans = reads.get(name);
    if (spans !== undefined) users.set(family, spans);
  }
  return users;
}

function nodesMadeBy(module: Module, transform: ItemData): Reads {
  const families: Reads = new Map();
  const check = checkOf(module);
  for (const declaration of module.file.declarations)
    for (const { name, node } of check?.declarationsInside(declaration.statement) ?? []) {
      const made = node === undefined ? undefined : module.transforms.get(node.transform.text);
      if (node === undefined || made?.module !== transform.path) continue;
      if (made.statement.name.text === transform.name)
        addSpan(families, name.text, absolute(declaration, node.transform.span));
    }
  return families;
}
