import type { Span } from "./syntax.js";

export type Severity = "error" | "warning" | "hint";

/**
 * One kind of problem that the checker reports: stable code, and the three texts that users read about it.
 * There is one file a rule under `checks/`; `docs/errors.md` has one section a rule, held together by a test.
 */
export interface Rule {
  /** Stable: `reprod/unknown-name`. */
  readonly code: `reprod/${string}`;
  readonly severity: Severity;
  /** What it means, in one sentence. */
  readonly what: string;
  /** Why it is a problem. */
  readonly why: string;
  /** What to do about it. */
  readonly fix: string;
}

export interface Problem {
  readonly rule: Rule;
  /** Relative to the declaration that the problem is kept at. */
  readonly span: Span;
  /** What is wrong here: the variable part last, in quotes. */
  readonly message: string;
  /** Other places that take part (the first declaration of a duplicate, the members of a cycle). */
  readonly related?: readonly RelatedPlace[];
  /** A text that would mend it, for the quick fix ("did you mean `depth`?"). */
  readonly suggestion?: string;
}

/** A problem of one place; `suggestion` is what to write there instead. */
export function problem(rule: Rule, span: Span, message: string, suggestion?: string): Problem {
  return suggestion === undefined ? { rule, span, message } : { rule, span, message, suggestion };
}

export interface RelatedPlace {
  /** Path as the file is known to the program. */
  readonly path: string;
  /** Absolute offsets in that file. */
  readonly span: Span;
  readonly message: string;
}

/** A problem with its place in the world: what faces show. */
export interface PlacedProblem {
  readonly path: string;
  /** Absolute offsets. */
  readonly span: Span;
  readonly rule: Rule;
  readonly message: string;
  readonly related: readonly RelatedPlace[];
  readonly suggestion: string | undefined;
}
