import * as path from "node:path";
import { lineStarts, placeAt } from "../../server/language/place.js";
import type { PlacedProblem } from "../../server/language/problems.js";
import type { TextSource } from "../../server/language/program.js";

/**
 * Fixtures with their problems drawn in:
 *
 *     === the title of a case
 *     param depth: Int = "x"
 *                        ~~~ reprod/wrong-type: param "depth" needs Int, found "x"
 *     --- other.reprod
 *     …
 *
 * The first file of a case is `main.reprod`. A problem that is no error has its severity behind the code, a
 * suggestion follows the message behind ` => `. A squiggle goes to the end of its line at most.
 */
export interface DrawnCase {
  readonly title: string;
  readonly files: ReadonlyMap<string, string>;
}

const DRAWN = /^\s*~+ reprod\//;

export function readCases(fixture: string): DrawnCase[] {
  const cases: DrawnCase[] = [];
  for (const part of fixture.split(/^=== /m).slice(1)) {
    const newline = part.indexOf("\n");
    const files = new Map<string, string>();
    for (const file of `--- main.reprod\n${part.slice(newline + 1)}`.split(/^--- /m).slice(1)) {
      const [name = "", ...lines] = file.split("\n");
      files.set(name, lines.filter((line) => !DRAWN.test(line)).join("\n"));
    }
    cases.push({ title: part.slice(0, newline), files });
  }
  return cases;
}

/** The case as it stands in the fixture, with these problems drawn in. */
export function drawCase({ title, files }: DrawnCase, problems: readonly PlacedProblem[]): string {
  let drawn = `=== ${title}\n`;
  for (const [name, text] of files) {
    if (name !== "main.reprod") drawn += `--- ${name}\n`;
    drawn += drawFile(
      text,
      problems.filter((problem) => problem.path === `/${name}`),
    );
  }
  return drawn;
}

function drawFile(text: string, problems: readonly PlacedProblem[]): string {
  const starts = lineStarts(text);
  const lines = text.split("\n");
  const below = lines.map((): string[] => []);
  for (const { span, rule, message, suggestion } of problems) {
    const { line, column } = placeAt(starts, span.start);
    const rest = (lines[line - 1] ?? "").length - (column - 1);
    const width = Math.max(1, Math.min(span.end - span.start, rest));
    const severity = rule.severity === "error" ? "" : ` ${rule.severity}`;
    const mend = suggestion === undefined ? "" : ` => ${suggestion}`;
    below[line - 1]?.push(
      `${" ".repeat(column - 1)}${"~".repeat(width)} ${rule.code}${severity}: ${message}${mend}`,
    );
  }
  return lines.map((line, at) => [line, ...(below[at] ?? [])].join("\n")).join("\n");
}

/** The files of a case as if they lay in `/`. */
export function sourceOf(files: ReadonlyMap<string, string>): TextSource {
  return {
    read: (file) => files.get(file.slice(1)),
    resolve: (from, reference) => path.posix.resolve(path.posix.dirname(from), reference),
  };
}
