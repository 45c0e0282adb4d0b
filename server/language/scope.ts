import { functions } from "./functions.js";
import type { TransformSignature } from "./signature.js";
import type {
  BlockStatement,
  Expression,
  ForStatement,
  IfStatement,
  Name,
  NodeStatement,
  Statement,
} from "./syntax.js";
import type { Type } from "./types.js";

// ---------------------------------------------------------------- names of the file

export type FileNameKind = "param" | "input" | "table" | "let" | "node" | "transform" | "import";

/** One place where a name of the file is declared. */
export interface DeclaredName {
  /** The top-level statement that holds it. */
  readonly statement: Statement;
  readonly kind: FileNameKind;
  readonly name: Name;
  /** Of a node: its statement and the blocks around it, outermost first. */
  readonly node: NodeStatement | undefined;
  readonly blocks: readonly Block[];
}

export interface Block {
  readonly statement: ForStatement | IfStatement;
  readonly body: readonly BlockStatement[];
}

/** What the check of a declaration sees of a name of the file. */
export interface FileName {
  /** `unsure`: text that could not be parsed has this word, so it may well be declared there. */
  readonly kind: FileNameKind | "unsure";
  /** Of a family or node: what the name stands for where it is surely there. */
  readonly type: Type;
  /** Of a transform or import; undefined when the import could not be resolved. */
  readonly signature: TransformSignature | undefined;
  /** A node without keys that some branch may leave out: it is `T?` outside of its branch (rule 9). */
  readonly conditional: boolean;
}

/** What one declaration adds to the file, from its text alone; made once for a statement. */
export interface Outline {
  readonly declares: readonly DeclaredName[];
  /** The same by name; most names have one place, and its list is shared by every version of the file. */
  readonly byName: ReadonlyMap<string, readonly DeclaredName[]>;
  /** Names of the file that the type, or for nodes the existence, of what it declares rests on; by name. */
  readonly restsOn: ReadonlyMap<string, readonly string[]>;
}

const outlines = new WeakMap<Statement, Outline>();

export function outlineOf(statement: Statement): Outline {
  const known = outlines.get(statement);
  if (known !== undefined) return known;
  const outline = makeOutline(statement);
  outlines.set(statement, outline);
  return outline;
}

function makeOutline(statement: Statement): Outline {
  const declares: DeclaredName[] = [];
  const restsOn = new Map<string, Set<string>>();
  const single = (kind: FileNameKind, name: Name, value: Expression | undefined): void => {
    declares.push({ statement, kind, name, node: undefined, blocks: [] });
    const names = new Set<string>();
    if (value !== undefined) addNames(value, names);
    restsOn.set(name.text, names);
  };
  switch (statement.kind) {
    case "param":
    case "input":
    case "let":
      single(statement.kind, statement.name, statement.value);
      break;
    case "table":
      single("table", statement.name, statement.source);
      break;
    case "transform":
      single("transform", statement.name, undefined);
      break;
    case "import":
      for (const item of statement.items)
        declares.push({
          statement,
          kind: "import",
          name: item.alias ?? item.name,
          node: undefined,
          blocks: [],
        });
      break;
    case "node":
    case "for":
    case "if":
      outlineNodes(statement, [statement], [], declares, restsOn);
      break;
    default:
      break;
  }
  const byName = new Map<string, DeclaredName[]>();
  for (const declared of declares) {
    const { text } = declared.name;
    if (text === "") continue;
    const places = byName.get(text);
    if (places === undefined) byName.set(text, [declared]);
    else places.push(declared);
  }
  return { declares, byName, restsOn: new Map([...restsOn].map(([name, names]) => [name, [...names]])) };
}

function outlineNodes(
  top: Statement,
  statements: readonly BlockStatement[],
  blocks: readonly Block[],
  declares: DeclaredName[],
  restsOn: Map<string, Set<string>>,
): void {
  for (const statement of statements) {
    switch (statement.kind) {
      case "node": {
        declares.push({ statement: top, kind: "node", name: statement.name, node: statement, blocks });
        let names = restsOn.get(statement.name.text);
        if (names === undefined) {
          names = new Set();
          restsOn.set(statement.name.text, names);
        }
        addHeaderNames(statement, blocks, names);
        break;
      }
      case "for":
        outlineNodes(
          top,
          statement.body,
          [...blocks, { statement, body: statement.body }],
          declares,
          restsOn,
        );
        break;
      case "if":
        outlineNodes(
          top,
          statement.then,
          [...blocks, { statement, body: statement.then }],
          declares,
          restsOn,
        );
        if (statement.otherwise !== undefined)
          outlineNodes(
            top,
            statement.otherwise,
            [...blocks, { statement, body: statement.otherwise }],
            declares,
            restsOn,
          );
        break;
      default:
        break;
    }
  }
}

/** The names of the file that decide whether a node is there and which keys it has; local names seen through. */
function addHeaderNames(node: NodeStatement, blocks: readonly Block[], names: Set<string>): void {
  const mentioned = new Set<string>();
  for (const key of node.keys) addNames(key, mentioned);
  const local = new Map<string, Expression | undefined>();
  for (const { statement, body } of blocks) {
    if (statement.kind === "for") {
      addNames(statement.source, mentioned);
      for (const name of statement.names) local.set(name.text, undefined);
    } else addNames(statement.condition, mentioned);
    for (const inner of body) if (inner.kind === "let") local.set(inner.name.text, inner.value);
  }
  // A set that grows while it is walked: each local name is opened once.
  for (const name of mentioned) {
    if (!local.has(name)) names.add(name);
    else {
      const value = local.get(name);
      if (value !== undefined) addNames(value, mentioned);
    }
  }
}

/** Every name that an expression refers to and does not itself bind. */
export function addNames(expression: Expression, names: Set<string>): void {
  switch (expression.kind) {
    case "reference":
      names.add(expression.name);
      break;
    case "string":
      for (const part of expression.parts)
        if (part.kind === "interpolation") addNames(part.expression, names);
      break;
    case "list":
      for (const item of expression.items) addNames(item, names);
      break;
    case "comprehension": {
      const inner = new Set<string>();
      addNames(expression.element, inner);
      for (const clause of expression.clauses) {
        addNames(clause.source, inner);
        for (const condition of clause.conditions) addNames(condition, inner);
      }
      // Shadowing is an error, so a bound name is never one of the file too.
      for (const clause of expression.clauses) for (const name of clause.names) inner.delete(name.text);
      for (const name of inner) names.add(name);
      break;
    }
    case "member":
      addNames(expression.object, names);
      break;
    case "index":
      addNames(expression.object, names);
      for (const key of expression.keys) if (key.kind !== "wildcard") addNames(key, names);
      break;
    case "call":
      for (const argument of expression.arguments) addNames(argument.value, names);
      break;
    case "unary":
      addNames(expression.operand, names);
      break;
    case "binary":
      addNames(expression.left, names);
      addNames(expression.right, names);
      break;
    case "conditional":
      addNames(expression.condition, names);
      addNames(expression.then, names);
      addNames(expression.otherwise, names);
      break;
    default:
      break;
  }
}

/** The single nodes (without keys) that a block declares whichever way its branches go (rule 9). */
export function alwaysDeclared(statements: readonly BlockStatement[]): Set<string> {
  const always = new Set<string>();
  for (const statement of statements) {
    if (statement.kind === "node" && statement.keys.length === 0) always.add(statement.name.text);
    if (statement.kind === "if" && statement.otherwise !== undefined) {
      const otherwise = alwaysDeclared(statement.otherwise);
      for (const name of alwaysDeclared(statement.then)) if (otherwise.has(name)) always.add(name);
    }
  }
  return always;
}

// ---------------------------------------------------------------- local names

export type LocalKind = "loop" | "let" | "in" | "param" | "out";

/** A name of a block, a comprehension, or the body of a transform. */
export class Local {
  /** Something names it. */
  used = false;
  #type: Type | (() => Type);

  constructor(
    readonly kind: LocalKind,
    readonly name: Name,
    type: Type | (() => Type),
  ) {
    this.#type = type;
  }

  /** Worked out when first asked for. */
  get type(): Type {
    if (typeof this.#type === "function") this.#type = this.#type();
    return this.#type;
  }
}

/** What can be named at a place besides the names of the file, and what is known of it there. */
export class Scope {
  readonly #locals = new Map<string, Local>();
  #notNull: Set<string> | undefined;

  constructor(
    readonly parent: Scope | undefined,
    /** Names of the file cannot be seen: the inside of a transform. */
    readonly closed: boolean = false,
    /** Single nodes that are surely there inside this block. */
    readonly nodes: ReadonlySet<string> | undefined = undefined,
  ) {}

  bind(local: Local): void {
    this.#locals.set(local.name.text, local);
  }

  /** Only of this very scope. */
  own(name: string): Local | undefined {
    return this.#locals.get(name);
  }

  find(name: string): Local | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const local = scope.#locals.get(name);
      if (local !== undefined) return local;
    }
    return undefined;
  }

  /** Every local name that can be seen, innermost first. */
  names(): string[] {
    return this.locals().map(({ name }) => name.text);
  }

  locals(): Local[] {
    const locals: Local[] = [];
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      locals.push(...scope.#locals.values());
    return locals;
  }

  get isClosed(): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      if (scope.closed) return true;
    return false;
  }

  hasNode(name: string): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      if (scope.nodes?.has(name)) return true;
    return false;
  }

  /** A scope in which these paths (`x`, `s.r2`) are known not to be null. */
  narrowed(paths: readonly string[]): Scope {
    if (paths.length === 0) return this;
    const scope = new Scope(this);
    scope.#notNull = new Set(paths);
    return scope;
  }

  isNotNull(path: string): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      if (scope.#notNull?.has(path)) return true;
    return false;
  }
}

/** `x`, `s.r2`: what a comparison with null can narrow. Undefined for anything that is computed. */
export function pathOf(expression: Expression): string | undefined {
  if (expression.kind === "reference") return expression.name;
  if (expression.kind !== "member") return undefined;
  const object = pathOf(expression.object);
  return object === undefined ? undefined : `${object}.${expression.member.text}`;
}

export interface Narrowing {
  /** Paths that are not null when the condition is true. */
  readonly whenTrue: readonly string[];
  readonly whenFalse: readonly string[];
}

const NOTHING: Narrowing = { whenTrue: [], whenFalse: [] };

/** What a condition tells about null (rule 11). */
export function narrowingOf(condition: Expression): Narrowing {
  if (condition.kind === "unary" && condition.operator === "not") {
    const inner = narrowingOf(condition.operand);
    return { whenTrue: inner.whenFalse, whenFalse: inner.whenTrue };
  }
  if (condition.kind !== "binary") return NOTHING;
  const { operator, left, right } = condition;
  if (operator === "==" || operator === "!=") {
    const other = left.kind === "null" ? right : right.kind === "null" ? left : undefined;
    const path = other === undefined ? undefined : pathOf(other);
    if (path === undefined) return NOTHING;
    return operator === "!=" ? { whenTrue: [path], whenFalse: [] } : { whenTrue: [], whenFalse: [path] };
  }
  if (operator === "and" || operator === "or") {
    const a = narrowingOf(left);
    const b = narrowingOf(right);
    return operator === "and"
      ? { whenTrue: [...a.whenTrue, ...b.whenTrue], whenFalse: [] }
      : { whenTrue: [], whenFalse: [...a.whenFalse, ...b.whenFalse] };
  }
  return NOTHING;
}

export const functionNames: readonly string[] = [...functions.keys()];
