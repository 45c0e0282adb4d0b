import type { Diagnostic } from "vscode-languageserver-types";
import type { PlacedProblem } from "../language/problems.js";
import { withoutTwins } from "./diagnostics.js";

/**
 * Problems by file, as the pipelines that have the file see them. A file is told anew only when what is known of it
 * differs from what was told last.
 */
export class ProblemBoard<Source> {
  readonly #bySource = new Map<Source, ReadonlyMap<string, readonly PlacedProblem[]>>();
  readonly #told = new Map<string, string>();

  /** What a pipeline says now; returns the files that it speaks, or spoke, of. */
  set(source: Source, problems: readonly PlacedProblem[], files: Iterable<string>): readonly string[] {
    const before = this.#bySource.get(source);
    const now = new Map<string, PlacedProblem[]>();
    for (const file of files) now.set(file, []);
    for (const problem of problems) {
      const known = now.get(problem.path);
      if (known === undefined) now.set(problem.path, [problem]);
      else known.push(problem);
    }
    this.#bySource.set(source, now);
    return [...new Set([...(before?.keys() ?? []), ...now.keys()])];
  }

  remove(source: Source): readonly string[] {
    const files = [...(this.#bySource.get(source)?.keys() ?? [])];
    this.#bySource.delete(source);
    return files;
  }

  /** What a pipeline said of one file counts no more; nobody is told yet. */
  forget(source: Source, file: string): void {
    const known = this.#bySource.get(source);
    if (known !== undefined) this.#bySource.set(source, new Map([...known, [file, []]]));
  }

  /** Those that have found something in a file. */
  sourcesOf(file: string): readonly Source[] {
    return [...this.#bySource].flatMap(([source, problems]) =>
      (problems.get(file) ?? []).length > 0 ? [source] : [],
    );
  }

  of(file: string): readonly PlacedProblem[] {
    const found: PlacedProblem[] = [];
    for (const problems of this.#bySource.values()) found.push(...(problems.get(file) ?? []));
    return withoutTwins(found);
  }

  /** True when these diagnostics are others than those that were told of the file last. `version`: of its text. */
  isNews(file: string, version: number | undefined, diagnostics: readonly Diagnostic[]): boolean {
    const text = `${version ?? ""} ${JSON.stringify(diagnostics)}`;
    if ((this.#told.get(file) ?? NOTHING) === text) return false;
    if (text === NOTHING) this.#told.delete(file);
    else this.#told.set(file, text);
    return true;
  }

  forgetTold(file: string): void {
    this.#told.delete(file);
  }
}

/** Of a file that is not open and has no problems. */
const NOTHING = " []";
