import { unreachable } from "../base/failure.js";
import { wrongType } from "../language/checks/wrong-type.js";
import type { PlacedProblem } from "../language/problems.js";
import type {
  BlockStatement,
  Declaration,
  ForStatement,
  IfStatement,
  NodeStatement,
} from "../language/syntax.js";
import type { Budget } from "./budget.js";
import { duplicateNode } from "./checks/duplicate-node.js";
import { evaluationLimit } from "./checks/evaluation-limit.js";
import { Cell, Computed, Halt, type Site } from "./demand.js";
import type { Expressions } from "./expressions.js";
import { keyText, nodeName } from "./names.js";
import { type Draft, EvaluatedNode } from "./nodes.js";
import type { Reports } from "./reports.js";
import { BlockScope, blocksOf, declares, type StatementScope, shapeOf, type TopScope } from "./scopes.js";
import type { LoweredTransform } from "./transforms.js";
import type { Value } from "./value.js";
import { describe } from "./values.js";

/** All nodes declared by one name, wherever they are declared (rule 9). */
export class Family {
  /** Top-level statements that declare members, in the order of the text. */
  readonly parts: { readonly statement: BlockStatement; readonly scope: TopScope }[] = [];
  readonly members: Cell<Members>;

  constructor(
    readonly name: string,
    expand: (family: Family) => Members,
  ) {
    this.members = new MembersCell(this, expand);
  }
}

class MembersCell extends Cell<Members> {
  constructor(
    readonly family: Family,
    readonly expand: (family: Family) => Members,
  ) {
    super();
  }
  compute(): Members {
    return this.expand(this.family);
  }
  get label(): string {
    return this.family.name;
  }
  /** The first declaration. */
  get site(): Site | undefined {
    const [first] = this.family.parts;
    const node = first === undefined ? undefined : firstDeclaration(first.statement, this.family.name);
    return first === undefined || node === undefined
      ? undefined
      : { place: first.scope.place, span: node.name.span };
  }
}

/** The members of a family in evaluation order, found by name or by some of their keys. */
export class Members {
  readonly list: Draft[] = [];
  /** False when a loop or a key could not be evaluated: what is not here may yet exist. */
  complete = true;
  /** Whether any declaration has keys; without, the name stands for the one node or for null. */
  keyed = false;
  readonly #byName = new Map<string, Draft>();
  readonly #byKeys = new Map<string, ReadonlyMap<string, readonly Draft[]>>();

  get(name: string): Draft | undefined {
    return this.#byName.get(name);
  }

  add(draft: Draft): void {
    this.list.push(draft);
    this.#byName.set(draft.node.name, draft);
  }

  /**
   * Members whose keys are those given; undefined stands for `*`. Each set of positions gets an index when it is
   * first used, so that `aligned[name, *]` for each of 10,000 names looks at every member once.
   */
  matching(keys: readonly (string | undefined)[]): readonly Draft[] {
    const positions = keys.flatMap((key, position) => (key === undefined ? [] : [position]));
    if (positions.length === 0) return this.list.filter(({ node }) => node.keys.length === keys.length);
    const mask = `${keys.length}:${positions.join(",")}`;
    let index = this.#byKeys.get(mask);
    if (index === undefined) {
      const lists = new Map<string, Draft[]>();
      for (const draft of this.list) {
        if (draft.node.keys.length !== keys.length) continue;
        const at = positions.map((position) => keyText(draft.node.keys[position] ?? null)).join();
        const list = lists.get(at);
        if (list === undefined) lists.set(at, [draft]);
        else list.push(draft);
      }
      index = lists;
      this.#byKeys.set(mask, index);
    }
    return index.get(positions.map((position) => keys[position]).join()) ?? [];
  }
}

/** Walks loops and branches to find the members of families. */
export class Expander {
  readonly #expressions: Expressions;
  readonly #reports: Reports;
  readonly #budget: Budget;
  readonly #transformOf: (statement: NodeStatement) => LoweredTransform | undefined;
  readonly #draft: (node: EvaluatedNode, scope: StatementScope) => Draft;
  #nodes = 0;

  constructor(
    expressions: Expressions,
    reports: Reports,
    budget: Budget,
    transformOf: (statement: NodeStatement) => LoweredTransform | undefined,
    draft: (node: EvaluatedNode, scope: StatementScope) => Draft,
  ) {
    this.#expressions = expressions;
    this.#reports = reports;
    this.#budget = budget;
    this.#transformOf = transformOf;
    this.#draft = draft;
  }

  expand(family: Family): Members {
    const members = new Members();
    for (const { statement, scope } of family.parts) this.#walk([statement], scope, family.name, members);
    return members;
  }

  #walk(
    statements: readonly BlockStatement[],
    scope: StatementScope,
    family: string,
    members: Members,
  ): void {
    for (const statement of statements) {
      if (statement.kind === "node") {
        if (statement.name.text === family) this.#add(statement, scope, members);
      } else if ((statement.kind === "for" || statement.kind === "if") && declares(statement, family)) {
        const turns = this.#expressions.attempt(() => this.turns(statement, scope));
        if (turns === undefined) {
          members.complete = false;
          // Keys tell whether the name alone is a node, even where no member could be found.
          members.keyed ||= hasKeys(statement, family);
          continue;
        }
        for (const turn of turns) this.#walk(turn.shape.statements, turn, family, members);
        if (turns.length === 0) members.keyed ||= hasKeys(statement, family);
      }
    }
  }

  #add(statement: NodeStatement, scope: StatementScope, members: Members): void {
    if (statement.keys.length > 0) members.keyed = true;
    const transform = this.#transformOf(statement);
    const keys = this.#expressions.attempt(() => this.#keys(statement, scope));
    if (transform === undefined || keys === undefined) {
      members.complete = false;
      return;
    }
    const { declaration, path } = scope.place;
    const family = statement.name.text;
    const name = nodeName(family, keys.texts);
    const first = members.get(name);
    if (first !== undefined) {
      this.#reports.add(
        scope.place,
        statement.name.span,
        duplicateNode,
        `a node of this name and keys exists already: "${name}"`,
        [
          related(
            first.node.module,
            first.node.declaration,
            first.node.statement,
            first.node.statement === statement
              ? "an earlier turn of the loop made it here"
              : "the first is declared here",
          ),
        ],
      );
      return;
    }
    if (++this.#nodes > this.#budget.limits.nodes) {
      this.#reports.add(
        scope.place,
        statement.name.span,
        evaluationLimit,
        `the pipeline has more nodes than the limit, "${this.#budget.limits.nodes}"`,
      );
      throw Halt.instance;
    }
    const node = new EvaluatedNode(family, keys.values, name, transform, statement, declaration, path);
    members.add(this.#draft(node, scope));
  }

  #keys(
    statement: NodeStatement,
    scope: StatementScope,
  ): { readonly values: readonly Value[]; readonly texts: readonly string[] } {
    const values: Value[] = [];
    const texts: string[] = [];
    for (const key of statement.keys) {
      const value = this.#expressions.evaluate(key, scope);
      const text = keyText(value);
      if (text === undefined) {
        const message = `a key is a String, Int, Float or Bool, not ${describe(value)}`;
        throw this.#expressions.fail(key, scope, { rule: wrongType, message });
      }
      values.push(value);
      texts.push(text);
    }
    return { values, texts };
  }

  /** The scopes of a loop's turns, or of the branch that is taken. */
  turns(statement: ForStatement | IfStatement, scope: StatementScope): readonly BlockScope[] {
    const cell = scope.turns(statement, () => {
      const { span } = statement.kind === "for" ? statement.source : statement.condition;
      const compute = () => this.#makeTurns(statement, scope);
      return new Computed(`the "${statement.kind}"`, compute, { place: scope.place, span });
    });
    return this.#expressions.force(cell);
  }

  #makeTurns(statement: ForStatement | IfStatement, scope: StatementScope): readonly BlockScope[] {
    const evaluateLet = this.#expressions.evaluateLet;
    if (statement.kind === "if") {
      const condition = this.#expressions.condition(statement.condition, scope);
      const block = condition ? statement.then : statement.otherwise;
      if (block === undefined) return [];
      return [new BlockScope({ parent: scope, shape: shapeOf(block), names: [], evaluateLet }, [])];
    }
    const names = statement.names.map((name) => name.text);
    const items = this.#expressions.list(statement.source, scope);
    const over = this.#budget.turns(items.length);
    if (over !== undefined) throw this.#expressions.fail(statement.source, scope, over);
    const shared = { parent: scope, shape: shapeOf(statement.body), names, evaluateLet };
    return items.map((item) => {
      const values = this.#expressions.bind(names, item, statement.source, scope);
      return new BlockScope(shared, values);
    });
  }
}

function firstDeclaration(statement: BlockStatement, family: string): NodeStatement | undefined {
  if (statement.kind === "node") return statement.name.text === family ? statement : undefined;
  if (statement.kind !== "for" && statement.kind !== "if") return undefined;
  for (const inner of blocksOf(statement).flat()) {
    const found = firstDeclaration(inner, family);
    if (found !== undefined) return found;
  }
  return undefined;
}

function hasKeys(statement: BlockStatement, family: string): boolean {
  switch (statement.kind) {
    case "node":
      return statement.name.text === family && statement.keys.length > 0;
    case "for":
      return statement.body.some((inner) => hasKeys(inner, family));
    case "if":
      return [...statement.then, ...(statement.otherwise ?? [])].some((inner) => hasKeys(inner, family));
    case "let":
    case "check":
      return false;
    default:
      return unreachable(statement);
  }
}

function related(
  path: string,
  declaration: Declaration,
  statement: NodeStatement,
  message: string,
): PlacedProblem["related"][number] {
  const { start, end } = statement.name.span;
  return { path, span: { start: declaration.offset + start, end: declaration.offset + end }, message };
}
