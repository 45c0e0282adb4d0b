import type { PlacedProblem, RelatedPlace, Rule } from "../language/problems.js";
import type { Program } from "../language/program.js";
import type { Declaration, Span } from "../language/syntax.js";

/** Where expressions stand: the declaration that their spans count from, and the file that their paths start at. */
export interface Place {
  /** Absolute path of the file. */
  readonly path: string;
  /** Its folder. */
  readonly folder: string;
  readonly declaration: Declaration;
}

/** What is wrong with values; whoever knows the place makes a problem of it. */
export class Trouble {
  constructor(
    readonly rule: Rule,
    readonly message: string,
  ) {}
}

/** A loop over a bad table fails in every turn; more than this many of a kind at one place teach nothing. */
const SAME_PLACE_LIMIT = 10;

/** Collects problems: each once, and few of one kind at one place. */
export class Reports {
  readonly #problems: PlacedProblem[] = [];
  readonly #seen = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #pending = new Set<string>();
  readonly #program: Program;
  readonly #wrongDeclarations = new Map<Declaration, boolean>();

  constructor(program: Program) {
    this.#program = program;
  }

  add(place: Place, span: Span, rule: Rule, message: string, related: readonly RelatedPlace[] = []): void {
    const { offset } = place.declaration;
    this.addAt(place.path, { start: offset + span.start, end: offset + span.end }, rule, message, related);
  }

  /** `span` is absolute in the file at `path`. */
  addAt(path: string, span: Span, rule: Rule, message: string, related: readonly RelatedPlace[] = []): void {
    const where = `${rule.code} ${span.start} ${span.end} ${path}`;
    const what = `${where} ${message}`;
    if (this.#seen.has(what)) return;
    const count = this.#counts.get(where) ?? 0;
    this.#counts.set(where, count + 1);
    if (count >= SAME_PLACE_LIMIT) return;
    this.#seen.add(what);
    this.#problems.push({ path, span, rule, message, related, suggestion: undefined });
  }

  /** A fact that shapes the graph is not known yet. */
  wait(reason: string): void {
    this.#pending.add(reason);
  }

  /** Whether the checker has found an error in this declaration, so that whatever fails in it is no news. */
  isKnownWrong({ path, declaration }: Place): boolean {
    let wrong = this.#wrongDeclarations.get(declaration);
    if (wrong === undefined) {
      const end = declaration.offset + declaration.length;
      wrong = this.#program.problems.some(
        (problem) =>
          problem.rule.severity === "error" &&
          problem.path === path &&
          problem.span.start >= declaration.offset &&
          problem.span.start <= end,
      );
      this.#wrongDeclarations.set(declaration, wrong);
    }
    return wrong;
  }

  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /** By path, then by place. */
  get problems(): readonly PlacedProblem[] {
    const hidden = [...this.#counts.values()].some((count) => count > SAME_PLACE_LIMIT);
    const problems = hidden ? this.#problems.map((problem) => this.#withCount(problem)) : this.#problems;
    return [...problems].sort(
      (a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.span.start - b.span.start,
    );
  }

  #withCount(problem: PlacedProblem): PlacedProblem {
    const { rule, span, path } = problem;
    const count = this.#counts.get(`${rule.code} ${span.start} ${span.end} ${path}`) ?? 0;
    if (count <= SAME_PLACE_LIMIT) return problem;
    return { ...problem, message: `${problem.message} (one of ${count} here)` };
  }
}
