import * as path from "node:path";
import { DataReference } from "../../graph/value.js";
import type { PlacedProblem, Rule } from "../../language/problems.js";
import { mostSimilar } from "../../language/similar.js";
import { type CheckInput, dataUses, type FactCheck, literalCalls, needsNoEscape, placed } from "./check.js";

const rule: Rule = {
  code: "reprod/missing-file",
  severity: "error",
  what: "A file or folder that is not there, or that is the one where the other is meant.",
  why: "What reads it can neither be planned nor run, and everything below waits for it.",
  fix: "Correct the path (it starts at the folder of the file with the text, or of the table), or put the data there.",
};

const CALLS: ReadonlySet<string> = new Set(["file", "dir"]);

/** O(literals and data of the graph) questions of existence. */
function find(input: CheckInput): readonly PlacedProblem[] {
  const { program, graph, facts } = input;
  const problems: PlacedProblem[] = [];
  const told = new Set<string>();
  for (const { module, declaration, call, text, span } of literalCalls(program, CALLS)) {
    if (/^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(text) || text.includes("\0")) continue;
    const kind = call.callee.text === "dir" ? "dir" : "file";
    const file = path.resolve(path.dirname(module.path), text);
    const exists = facts.exists(new DataReference(kind, { kind: "local", path: file }, path.basename(file)));
    if (exists.kind !== "absent") continue;
    told.add(file);
    const name = kind === "file" ? similarName(input, file) : undefined;
    const suggestion =
      name === undefined ? undefined : text.slice(0, text.length - path.basename(text).length) + name;
    const hint = name === undefined ? "" : `; did you mean "${name}"?`;
    problems.push(
      placed(
        rule,
        module.path,
        declaration,
        span,
        exists.message + hint,
        suggestion && needsNoEscape(suggestion) ? suggestion : undefined,
      ),
    );
  }
  // What no literal names (cells of tables, composed paths) is told where the first node takes it in. A table of
  // ten thousand files in a wrong folder is one mistake, and told once.
  const byPlace = new Map<string, { readonly problem: PlacedProblem; count: number }>();
  for (const { node, data, span } of dataUses(graph)) {
    if (data.place.kind !== "local" || told.has(data.place.path)) continue;
    const exists = facts.exists(data);
    if (exists.kind !== "absent") continue;
    const problem = placed(
      rule,
      node.module,
      node.declaration,
      span,
      `${exists.message}, read by ${node.name}`,
    );
    const key = `${problem.path}\0${problem.span.start}`;
    const known = byPlace.get(key);
    if (known === undefined) byPlace.set(key, { problem, count: 1 });
    else known.count++;
  }
  for (const { problem, count } of byPlace.values()) {
    problems.push(
      count === 1 ? problem : { ...problem, message: `${problem.message} (the first of ${count} here)` },
    );
  }
  return problems;
}

/** The file beside it that the name is most likely a slip of. */
function similarName({ facts }: CheckInput, file: string): string | undefined {
  const siblings = facts.glob(path.dirname(file), "*");
  return siblings.kind === "known" ? mostSimilar(path.basename(file), siblings.value) : undefined;
}

export const missingFile: FactCheck = { rule, find };
