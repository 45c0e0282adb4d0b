import type { SyntaxNode } from "./syntax.js";

/** One row for each kind of node: its children in the order they are written, as nodes or lists of nodes. */
type Part = SyntaxNode | undefined | readonly SyntaxNode[];
type ChildTable = {
  readonly [Kind in SyntaxNode["kind"]]: (node: Extract<SyntaxNode, { kind: Kind }>) => readonly Part[];
};

const NONE: readonly Part[] = [];
const none = () => NONE;

const CHILDREN: ChildTable = {
  name: none,
  null: none,
  boolean: none,
  number: none,
  reference: none,
  wildcard: none,
  broken: none,
  text: none,
  factor: none,
  "named-type": none,
  "broken-type": none,
  unparsed: none,
  network: none,
  user: none,
  run: none,

  string: (node) => [node.parts],
  interpolation: (node) => [node.expression],
  list: (node) => [node.items],
  comprehension: (node) => [node.element, node.clauses],
  clause: (node) => [node.names, node.source, node.conditions],
  member: (node) => [node.object, node.member],
  index: (node) => [node.object, node.keys],
  call: (node) => [node.callee, node.arguments],
  argument: (node) => [node.name, node.value],
  unary: (node) => [node.operand],
  binary: (node) => [node.left, node.right],
  conditional: (node) => [node.condition, node.then, node.otherwise],

  "list-type": (node) => [node.element],
  "optional-type": (node) => [node.inner],
  "choice-type": (node) => [node.choices],

  pipeline: (node) => [node.name],
  import: (node) => [node.items, node.path],
  "import-item": (node) => [node.name, node.alias],
  param: (node) => [node.name, node.type, node.value],
  input: (node) => [node.name, node.value],
  table: (node) => [node.name, node.source, node.columns],
  column: (node) => [node.name, node.type, node.header],
  let: (node) => [node.name, node.value],
  check: (node) => [node.condition, node.message],
  node: (node) => [node.name, node.keys, node.transform, node.arguments, node.resources, node.retry],
  // A shorthand's value has the place of its name; walking it once more would find the reference twice.
  "node-argument": (node) => (node.shorthand ? [node.value] : [node.name, node.value]),
  for: (node) => [node.names, node.source, node.body],
  if: (node) => [node.condition, node.then, node.otherwise],
  target: (node) => [node.targets],
  publish: (node) => [node.value, node.folder],

  transform: (node) => [node.name, node.items],
  image: (node) => [node.reference],
  tools: (node) => [node.tools],
  tool: (node) => [node.name, node.also],
  in: (node) => [node.name, node.type, node.stagedAs, node.value],
  out: (node) => [node.name, node.type, node.value],
  resources: (node) => [node.entries],
  retry: (node) => [node.entries],
  env: (node) => [node.entries],
  entry: (node) => [node.name, node.value],
  "retry-entry": (node) => [node.name, node.value],
};

/**
 * The children of a node in the order of the text. Walking, symbols, folding and semantic tokens all come from
 * this one table, so a new kind of node is known to all of them at once (the compiler asks for its row).
 */
export function children(node: SyntaxNode): SyntaxNode[] {
  // The table's own type says that each row takes its kind; the compiler cannot follow that through the index.
  const row = CHILDREN[node.kind] as (node: SyntaxNode) => readonly Part[];
  const result: SyntaxNode[] = [];
  for (const part of row(node)) {
    if (part === undefined) continue;
    if (isList(part)) result.push(...part);
    else result.push(part);
  }
  return result;
}

function isList(part: SyntaxNode | readonly SyntaxNode[]): part is readonly SyntaxNode[] {
  return Array.isArray(part);
}

/** Calls `visit` with a node and everything below it, parents first; `false` leaves out what is below. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => boolean | undefined): void {
  if (visit(node) === false) return;
  for (const child of children(node)) walk(child, visit);
}
