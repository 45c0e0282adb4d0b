import type { Span } from "../language/syntax.js";
import type { Place } from "./reports.js";

/** Where a cell is declared: the place of a cycle that it is part of. */
export interface Site {
  readonly place: Place;
  readonly span: Span;
}

/** Anything but undefined, which stands for "not known yet". */
export type CellValue = NonNullable<unknown> | null;

/**
 * Evaluation on demand: a cell is computed when it is first asked for, and once. Names are free in order, so cells
 * ask for each other in any pattern, chains of 100,000 included, and JavaScript's stack is short. When the stack gets
 * deep, the cell that is asked for is postponed: everything unwinds, the driver computes that cell on a fresh stack,
 * and then begins the interrupted one again. Each stretch of the chain is walked twice at most.
 */
export abstract class Cell<T extends CellValue> {
  /** Undefined until it is known; no value is undefined. */
  value: T | undefined;
  /** It has no value: a problem was reported, or a fact is not known yet. */
  halted = false;
  /** Being computed, or interrupted until a cell that it asks for is there. */
  active = false;

  abstract compute(): T;
  /** How the path of a cycle calls it. */
  abstract readonly label: string;
  abstract readonly site: Site | undefined;
}

/** A cell whose computation is a function of its owner. */
export class Computed<T extends CellValue> extends Cell<T> {
  constructor(
    readonly label: string,
    readonly compute: () => T,
    readonly site: Site | undefined = undefined,
  ) {
    super();
  }
}

/**
 * Thrown where there is no value to go on with; what to tell the user has been told. Not an `Error`: thousands of
 * nodes may rest on one missing value, and each stack trace would cost more than the evaluation.
 */
export class Halt {
  static readonly instance = new Halt();
  private constructor() {}
}

class Postponed {
  constructor(readonly cell: Cell<CellValue>) {}
}

export function isHalt(error: unknown): error is Halt {
  return error instanceof Halt;
}

/** Expressions within expressions and cells on the stack before a further cell is postponed. */
const DEPTH_LIMIT = 250;

export class Demand {
  /** Everything being computed or interrupted, in the order of asking: the path of a cycle lies in it. */
  readonly #asking: Cell<CellValue>[] = [];
  /** Grows with every level of evaluation, cells and expressions; kept by whoever recurses. */
  depth = 0;

  constructor(readonly onCycle: (path: readonly Cell<CellValue>[]) => void) {}

  /** The value of a cell. Throws `Halt` when it has none; other throws must pass through the caller. */
  force<T extends CellValue>(cell: Cell<T>): T {
    if (cell.value !== undefined) return cell.value;
    if (cell.halted) throw Halt.instance;
    if (cell.active) {
      this.onCycle(this.#asking.slice(this.#asking.indexOf(cell)));
      throw Halt.instance;
    }
    if (this.depth > DEPTH_LIMIT) throw new Postponed(cell);
    return this.#run(cell);
  }

  /** Computes a cell from the outside, never from within a computation. True when it has a value then. */
  settle(cell: Cell<CellValue>): boolean {
    if (cell.value !== undefined) return true;
    if (cell.halted) return false;
    const waiting: { readonly cell: Cell<CellValue>; readonly base: number }[] = [{ cell, base: 0 }];
    for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
      this.#forget(top.base);
      if (top.cell.value !== undefined || top.cell.halted) {
        waiting.pop();
        continue;
      }
      this.depth = 0;
      try {
        this.#run(top.cell);
      } catch (error) {
        if (error instanceof Postponed) waiting.push({ cell: error.cell, base: this.#asking.length });
        else if (!isHalt(error)) throw error;
      }
    }
    return cell.value !== undefined;
  }

  #run<T extends CellValue>(cell: Cell<T>): T {
    cell.active = true;
    this.#asking.push(cell);
    const depth = this.depth++;
    try {
      const value = cell.compute();
      cell.value = value;
      this.#end(cell);
      return value;
    } catch (error) {
      // A postponed cell leaves those above it active: they still wait for it, and it may not ask for them.
      if (isHalt(error)) {
        cell.halted = true;
        this.#end(cell);
      }
      throw error;
    } finally {
      this.depth = depth;
    }
  }

  #end(cell: Cell<CellValue>): void {
    cell.active = false;
    this.#asking.pop();
  }

  /** Takes back the marks of an interrupted computation that begins again. */
  #forget(base: number): void {
    for (let cell = this.#last(base); cell !== undefined; cell = this.#last(base)) this.#end(cell);
  }

  #last(base: number): Cell<CellValue> | undefined {
    return this.#asking.length > base ? this.#asking.at(-1) : undefined;
  }
}
