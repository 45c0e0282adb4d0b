import { type Problem, problem, type Rule } from "../problems.js";
import { pathOf } from "../scope.js";
import type { Expression, OutClause } from "../syntax.js";
import { outOverlap } from "./out-overlap.js";

export const outPath: Rule = {
  code: "reprod/out-path",
  severity: "error",
  what: "The path of an out that cannot be used: absolute, empty, outside the working folder, or starting with `-`.",
  why: "Outs are what a script leaves in its own folder. A path that leads out of it would write over other things, one that begins with `-` would be read as an option, and `inputs/` and `.reprod` are the engine's own.",
  fix: 'Use a relative path without `..`, such as `"${sample}.bam"`.',
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
  if (parts.some(isTooLong)) return `no file system takes a name of more than 255 bytes: "${path}"`;
  const [first] = parts.filter((part) => part !== "" && part !== ".");
  if (first === undefined)
    return `an out is a file or folder in the working folder, not the folder itself: "${path}"`;
  if (first.toLowerCase() === "inputs") return `inputs/ is where the ins are staged: "${path}"`;
  if (first.toLowerCase().startsWith(".reprod"))
    return `names that start with .reprod are Reprod's own: "${path}"`;
  return undefined;
}

function isTooLong(part: string): boolean {
  return part.length > 255 / 3 && new TextEncoder().encode(part).length > 255;
}

/** Two outs of one node where one is, or lies in, the other; case is ignored, since some file systems do. */
export function outsOverlap(a: string, b: string): boolean {
  const [x, y] = [normal(a), normal(b)];
  return x === y || x.startsWith(`${y}/`) || y.startsWith(`${x}/`);
}

function normal(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")
    .toLowerCase();
}

/** What the text alone says about the paths of outs; what params decide is checked once they are known. */
export function checkOutPaths(outs: readonly OutClause[], report: (problem: Problem) => void): void {
  const seen: { readonly name: string; readonly path: string }[] = [];
  const holes: string[] = [];
  for (const out of outs) {
    const path = pathText(out.value, holes);
    if (path === undefined) continue;
    const wrong = outPathProblem(path);
    if (wrong !== undefined) {
      report(problem(outPath, out.value.span, shown(wrong, holes)));
      continue;
    }
    // A glob finds files; whether they lie in another out is seen when they are there.
    if (out.value.kind !== "string") continue;
    const other = seen.find((earlier) => outsOverlap(earlier.path, path));
    if (other === undefined) seen.push({ name: out.name.text, path });
    else
      report(
        problem(
          outOverlap,
          out.value.span,
          `two outs with one path, or one inside the other: "${out.name.text}" and "${other.name}"`,
        ),
      );
  }
}

/** Stands around the number of an interpolation, whose text is not known; no path of a user has it. */
const HOLE = "\uFFFC";

/**
 * The path as far as the text says it, with a numbered hole for each `${…}`: outs with the same text are one path
 * whatever the params are. Undefined for what is no string.
 */
function pathText(value: Expression, holes: string[]): string | undefined {
  const template = value.kind === "call" && value.callee.text === "glob" ? value.arguments[0]?.value : value;
  if (template?.kind !== "string") return undefined;
  let text = "";
  for (const part of template.parts) {
    if (part.kind === "text") {
      text += part.value;
      continue;
    }
    // Two references to one name are the same text; anything that is computed may differ.
    const hole = pathOf(part.expression);
    let number = hole === undefined ? -1 : holes.indexOf(hole);
    if (number < 0) number = holes.push(hole ?? "…") - 1;
    text += `${HOLE}${number}${HOLE}`;
  }
  return text;
}

function shown(message: string, holes: readonly string[]): string {
  return message.replace(
    new RegExp(`${HOLE}(\\d+)${HOLE}`, "g"),
    (_, number: string) => `\${${holes[Number(number)] ?? "…"}}`,
  );
}
