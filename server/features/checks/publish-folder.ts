import * as path from "node:path";
import type { PlacedProblem, Rule } from "../../language/problems.js";
import type { PublishStatement } from "../../language/syntax.js";
import { type CheckInput, type FactCheck, placed } from "./check.js";

const rule: Rule = {
  code: "reprod/publish-folder",
  severity: "error",
  what: "A `publish` names a folder that is not in the project, or one of the project's own.",
  why: "Nothing that a pipeline says may write outside of the folder that it came in: it may be from anybody.",
  fix: "Publish into a folder of the project; copy results elsewhere with `reprod get`.",
};

/** Folders in a project that are not the user's to fill. */
const RESERVED = new Set([".reprod", ".git"]);

function find({ program, graph, root }: CheckInput): readonly PlacedProblem[] {
  const told = new Set<PublishStatement>();
  const problems: PlacedProblem[] = [];
  for (const { folder, statement } of graph.publish) {
    if (told.has(statement) || isInProject(root, folder)) continue;
    told.add(statement);
    const declaration = program.root.file.declarations.find((one) => one.statement === statement);
    if (declaration === undefined) continue;
    const message = `results are published within the project only: "${folder}"`;
    problems.push(placed(rule, program.root.path, declaration, statement.folder.span, message));
  }
  return problems;
}

/** By the text of the paths; links are looked at when something is published (run/publish.ts). */
function isInProject(root: string, folder: string): boolean {
  const relative = path.relative(root, folder);
  const [first = ""] = relative.split(path.sep);
  return first !== ".." && !path.isAbsolute(relative) && !RESERVED.has(first.toLowerCase());
}

export const publishFolder: FactCheck = { rule, find };
