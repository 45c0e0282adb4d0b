import { type Problem, problem, type Rule } from "../problems.js";
import type { Expression, OutClause } from "../syntax.js";

export const outPath: Rule = {
  code: "reprod/out-path",
  severity: "error",
  what: "The path of an out that cannot be used: absolute, empty, outside the working folder, starting with `-`, or inside another out.",
  why: "A node leaves its outs below its own working folder, each in a place of its own; anything else could not be collected, or would touch files that are not the node's.",
  fix: "Use a relative path without `..` that does not start with `-` and lies neither in `inputs/` nor in another out.",
};

/** What is wrong with an evaluated path of an out, or undefined. */
export function outPathProblem(path: string): string | undefined {
  if (path === "") return "the path of an out is empty";
  if (path.startsWith("/"))
    return `the path of an out is relative to the working folder, not absolute: "${path}"`;
  if (path.startsWith("-")) return `a path that starts with "-" would be taken for an option: "${path}"`;
  if (path.includes("\0")) return "the path of an out has a NUL character in it";
  const parts = path.split("/");
  if (parts.includes("..")) return `an out stays in the working folder, ".." leads out of it: "${path}"`;
  const [first] = parts.filter((part) => part !== "" && part !== ".");
  if (first === undefined)
    return `an out is a file or folder in the working folder, not the folder itself: "${path}"`;
  if (first === "inputs") return `inputs/ is where the ins are staged: "${path}"`;
  if (first.startsWith(".reprod")) return `names that start with .reprod are Reprod's own: "${path}"`;
  return undefined;
}

/** Two outs of one node where one is, or lies in, the other. */
export function outsOverlap(a: string, b: string): boolean {
  const [x, y] = [normal(a), normal(b)];
  return x === y || x.startsWith(`${y}/`) || y.startsWith(`${x}/`);
}

function normal(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** What the text alone says about the paths of outs; what params decide is checked once they are known. */
export function checkOutPaths(outs: readonly OutClause[], report: (problem: Problem) => void): void {
  const seen: { readonly name: string; readonly path: string }[] = [];
  for (const out of outs) {
    const written = pathText(out.value);
    if (written === undefined) continue;
    const wrong = outPathProblem(written);
    if (wrong !== undefined) {
      report(problem(outPath, out.value.span, wrong));
      continue;
    }
    // A glob finds files; whether they lie in another out is seen when they are there.
    if (out.value.kind !== "string") continue;
    const other = seen.find((earlier) => outsOverlap(earlier.path, written));
    if (other !== undefined)
      report(
        problem(
          outPath,
          out.value.span,
          `two outs with one path, or one inside the other: "${out.name.text}" and "${other.name}"`,
        ),
      );
    else seen.push({ name: out.name.text, path: written });
  }
}

/**
 * The path as far as the text says it: a hole stands for each `${…}`, one that no path has. So two outs with the
 * same text are one path whatever the params are, and a `..` beside a hole is seen.
 */
function pathText(value: Expression): string | undefined {
  const template = value.kind === "call" && value.callee.text === "glob" ? value.arguments[0]?.value : value;
  if (template?.kind !== "string") return undefined;
  let text = "";
  for (const part of template.parts)
    text += part.kind === "text" ? part.value : `\uFFFC${holeText(part.expression)}\uFFFC`;
  return text;
}

function holeText(expression: Expression): string {
  if (expression.kind === "reference") return expression.name;
  return `${expression.kind}:${expression.span.start}`;
}
