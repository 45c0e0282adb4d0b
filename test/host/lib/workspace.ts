// What an editor opens: a folder that is there, a copy of one, or files that the test writes.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { root } from "./locate.js";
import { atExit } from "./processes.js";

/** A path of a folder or a `.code-workspace` is opened as it is; everything else is a folder of this test alone. */
export type WorkspaceSource =
  | string
  | { readonly copyOf: string }
  | { readonly files: Readonly<Record<string, string>> };

export interface Workspace {
  /** The folder, or the `.code-workspace` file. */
  readonly path: string;
  /** The folder that paths of files start at. */
  readonly folder: string;
  /** A path in the folder. */
  at(...names: readonly string[]): string;
  remove(): void;
}

/** The examples of the checkout, to copy. */
export const examples: WorkspaceSource = { copyOf: path.join(root, "examples") };

/** What runs of pipelines leave in the checkout is no part of what a test opens. */
const leftovers = new Set([".reprod", "results", "node_modules"]);

export function makeWorkspace(source: WorkspaceSource): Workspace {
  if (typeof source === "string") {
    const opened = path.resolve(source);
    const folder = opened.endsWith(".code-workspace") ? path.dirname(opened) : opened;
    return { path: opened, folder, at: (...names) => path.join(folder, ...names), remove() {} };
  }
  const outer = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-workspace-")));
  const remove = () => fs.rmSync(outer, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  const free = atExit(remove);
  const name = "copyOf" in source ? path.basename(source.copyOf) : "project";
  const folder = path.join(outer, name);
  fs.mkdirSync(folder);
  if ("copyOf" in source) {
    const filter = (file: string) => !leftovers.has(path.basename(file));
    fs.cpSync(source.copyOf, folder, { recursive: true, filter });
  } else {
    for (const [file, text] of Object.entries(source.files)) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), text);
    }
  }
  const several = fs.readdirSync(folder).find((file) => file.endsWith(".code-workspace"));
  return {
    path: several === undefined ? folder : path.join(folder, several),
    folder,
    at: (...names) => path.join(folder, ...names),
    remove() {
      remove();
      free();
    },
  };
}
