import { evaluationLimit } from "./checks/evaluation-limit.js";
import type { Limits } from "./evaluate.js";
import { Trouble } from "./reports.js";

const DEFAULTS: Limits = { nodes: 1_000_000, turns: 2_000_000, elements: 20_000_000, text: 1 << 30 };

/** Longest text and list that one expression may make. */
const LONGEST_TEXT = 1 << 26;

/** Counts what an evaluation makes, so that a slip ends in a message, never in a hang (rule 5). */
export class Budget {
  readonly limits: Limits;
  #elements = 0;
  #turns = 0;
  #text = 0;

  constructor(limits: Partial<Limits> | undefined) {
    this.limits = { ...DEFAULTS, ...limits };
  }

  /** Call before making `count` elements. */
  elements(count: number): Trouble | undefined {
    this.#elements += count;
    if (this.#elements <= this.limits.elements) return undefined;
    return new Trouble(
      evaluationLimit,
      `lists, ranges and loops come to more elements than the limit, "${this.limits.elements}"`,
    );
  }

  /** Call before making `count` turns of a loop: each has a scope of its own that stays until the end. */
  turns(count: number): Trouble | undefined {
    this.#turns += count;
    if (this.#turns <= this.limits.turns) return undefined;
    return new Trouble(evaluationLimit, `loops come to more turns than the limit, "${this.limits.turns}"`);
  }

  /** Call before making a text of `length` UTF-16 code units. */
  text(length: number): Trouble | undefined {
    this.#text += length;
    if (this.#text <= this.limits.text && length <= LONGEST_TEXT) return undefined;
    return new Trouble(
      evaluationLimit,
      `texts come to more characters than the limit, "${Math.min(this.limits.text, LONGEST_TEXT)}"`,
    );
  }
}
