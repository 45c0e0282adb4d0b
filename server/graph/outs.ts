import picomatch from "picomatch";
import { outPath, outPathProblem } from "../language/checks/out-path.js";
import { fixedFolder } from "./made.js";
import type { NodeOut } from "./model.js";
import { Trouble } from "./reports.js";

/** Most outs are a plain name, with nothing to look into. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;

/**
 * The path of an out in its one form: without `./`, doubled or trailing slashes, so that one place has one text in
 * every id. A trouble when a script must not write there (rule 18, engine-rules.md C9).
 */
export function normalOutPath(text: string): string | Trouble {
  if (PLAIN.test(text) && reservedProblem(text) === undefined) return text;
  const wrong = outPathProblem(text);
  if (wrong !== undefined) return new Trouble(outPath, wrong);
  const path = text
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  // `./-x` is `-x` once it is in its one form.
  const wrongNow = outPathProblem(path) ?? reservedProblem(path);
  return wrongNow === undefined ? path : new Trouble(outPath, wrongNow);
}

/** Some file systems ignore letter case, and `Inputs` is then the folder of the ins. */
function reservedProblem(path: string): string | undefined {
  return /^(inputs|\.reprod[^/]*)(\/|$)/i.test(path)
    ? `this is a folder of the engine: ${JSON.stringify(path)}`
    : undefined;
}

/**
 * Two outs that would be one file, or one inside the other. Letter case is ignored, since some file systems do.
 * `k log k` for `k` outs, and `k` times the number of globs.
 */
export function overlap(outs: readonly NodeOut[]): Trouble | undefined {
  if (outs.length < 2) return undefined;
  const plain = outs
    .filter(({ kind }) => kind !== "glob")
    .map(({ name, path }) => ({ name, path, folded: folded(path) }))
    // A slash sorts before all else here, so what lies inside a path comes right behind it.
    .sort((a, b) => (a.folded < b.folded ? -1 : 1));
  for (const [at, next] of plain.entries()) {
    const before = plain[at - 1];
    if (before !== undefined && next.folded.startsWith(before.folded)) return both(before, next);
  }
  for (const [at, glob] of outs.entries()) {
    if (glob.kind !== "glob") continue;
    const matches = picomatch(glob.path, { dot: false, windows: false, nocase: true });
    const folder = folded(fixedFolder(glob.path));
    for (const [other, out] of outs.entries()) {
      if (other === at) continue;
      if (out.kind === "glob" ? other > at && out.path === glob.path : matches(out.path))
        return both(glob, out);
      if (out.kind === "dir" && folder.startsWith(folded(out.path))) return both(glob, out);
    }
  }
  return undefined;
}

/** With a zero byte for each slash and one at the end: a prefix is then a folder, and sorts before its neighbours. */
function folded(path: string): string {
  const text = path.toLowerCase().replaceAll("/", "\0");
  return text.endsWith("\0") || text === "" ? text : `${text}\0`;
}

function both(a: Pick<NodeOut, "name" | "path">, b: Pick<NodeOut, "name" | "path">): Trouble {
  return new Trouble(
    outPath,
    `outs "${a.name}" and "${b.name}" write to one place: ${JSON.stringify(a.path)}, ${JSON.stringify(b.path)}`,
  );
}
