import type { BlockStatement, ForStatement, IfStatement, LetStatement } from "../language/syntax.js";
import { type Cell, Computed } from "./demand.js";
import type { Family } from "./families.js";
import type { Place } from "./reports.js";
import type { DataReference, OutReference, Value } from "./value.js";

/** What a name stands for: a value, a cell that has one, a family, or nothing here. */
export type Found = Value | Cell<Value> | Family | undefined;

export interface Scope {
  /** Spans of expressions in this scope count from here. */
  readonly place: Place;
  lookup(name: string): Found;
  /** Bytes of data, where `size(…)` may stand. */
  readonly sizeOf?: (data: DataReference | OutReference) => number;
}

/** The names of a transform, whose params may rest on each other's defaults. */
export interface ParamScope extends Scope {
  /** The param at a position of `transform.params`. */
  param(index: number): Value;
}

/** A scope that statements stand in, with the turns of the loops and branches directly in it. */
export abstract class StatementScope implements Scope {
  abstract readonly place: Place;
  abstract lookup(name: string): Found;
  #turns: Map<ForStatement | IfStatement, Cell<readonly BlockScope[]>> | undefined;

  /** The same turns for everyone who asks: each family in a loop, and its checks, walk it on their own. */
  turns(
    statement: ForStatement | IfStatement,
    make: () => Cell<readonly BlockScope[]>,
  ): Cell<readonly BlockScope[]> {
    this.#turns ??= new Map();
    let turns = this.#turns.get(statement);
    if (turns === undefined) {
      turns = make();
      this.#turns.set(statement, turns);
    }
    return turns;
  }
}

/** The top level of the pipeline file, seen from one of its declarations. */
export class TopScope extends StatementScope {
  constructor(
    readonly place: Place,
    readonly names: ReadonlyMap<string, Cell<Value> | Family>,
  ) {
    super();
  }

  lookup(name: string): Found {
    return this.names.get(name);
  }
}

/** What all turns of a loop share, so that each of a hundred thousand turns is small. */
export interface SharedByTurns {
  readonly parent: Scope;
  readonly shape: BlockShape;
  /** The loop's variables. */
  readonly names: readonly string[];
  readonly evaluateLet: (statement: LetStatement, scope: Scope) => Value;
}

/** One turn of a loop, or one branch: its variables, its `let`s, and the turns of the loops inside it. */
export class BlockScope extends StatementScope {
  #lets: Map<string, Cell<Value>> | undefined;

  constructor(
    readonly shared: SharedByTurns,
    readonly values: readonly Value[],
  ) {
    super();
  }

  get place(): Place {
    return this.shared.parent.place;
  }

  get shape(): BlockShape {
    return this.shared.shape;
  }

  lookup(name: string): Found {
    const at = this.shared.names.indexOf(name);
    if (at >= 0) return this.values[at];
    return this.letCell(name) ?? this.shared.parent.lookup(name);
  }

  letCell(name: string): Cell<Value> | undefined {
    const statement = this.shape.lets.get(name);
    if (statement === undefined) return undefined;
    this.#lets ??= new Map();
    let cell = this.#lets.get(name);
    if (cell === undefined) {
      cell = new Computed(name, () => this.shared.evaluateLet(statement, this));
      this.#lets.set(name, cell);
    }
    return cell;
  }
}

/** The variables of one turn of a comprehension. */
export class VariableScope implements Scope {
  readonly place: Place;

  constructor(
    readonly parent: Scope,
    readonly names: readonly string[],
    readonly values: readonly Value[],
  ) {
    this.place = parent.place;
  }

  lookup(name: string): Found {
    const at = this.names.indexOf(name);
    return at >= 0 ? this.values[at] : this.parent.lookup(name);
  }
}

/** What a block declares, found in its text once: a loop has many turns. */
export interface BlockShape {
  readonly statements: readonly BlockStatement[];
  readonly lets: ReadonlyMap<string, LetStatement>;
  /** Families declared at any depth. */
  readonly families: ReadonlySet<string>;
  /** Statements that hold a `let` or `check` at any depth. */
  readonly checked: readonly BlockStatement[];
}

const shapes = new WeakMap<readonly BlockStatement[], BlockShape>();

export function shapeOf(block: readonly BlockStatement[]): BlockShape {
  let shape = shapes.get(block);
  if (shape !== undefined) return shape;
  const lets = new Map<string, LetStatement>();
  const families = new Set<string>();
  const checked: BlockStatement[] = [];
  for (const statement of block) {
    switch (statement.kind) {
      case "let":
        if (!lets.has(statement.name.text)) lets.set(statement.name.text, statement);
        checked.push(statement);
        break;
      case "check":
        checked.push(statement);
        break;
      case "node":
        families.add(statement.name.text);
        break;
      case "for":
      case "if": {
        let holdsChecks = false;
        for (const inner of blocksOf(statement)) {
          const within = shapeOf(inner);
          for (const name of within.families) families.add(name);
          holdsChecks ||= within.checked.length > 0;
        }
        if (holdsChecks) checked.push(statement);
        break;
      }
    }
  }
  shape = { statements: block, lets, families, checked };
  shapes.set(block, shape);
  return shape;
}

export function blocksOf(statement: ForStatement | IfStatement): readonly (readonly BlockStatement[])[] {
  if (statement.kind === "for") return [statement.body];
  return statement.otherwise === undefined ? [statement.then] : [statement.then, statement.otherwise];
}

/** Whether a family is declared in a loop or branch, at any depth. */
export function declares(statement: ForStatement | IfStatement, family: string): boolean {
  return blocksOf(statement).some((block) => shapeOf(block).families.has(family));
}
