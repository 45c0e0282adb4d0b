import * as path from "node:path";

/** Replaced by the bundler: the folder that holds the bundles (`scripts/build.mjs`). */
declare const __REPROD_DIST__: string;

/** Absolute path of a bundle that is started as a process or a worker of its own. */
export function bundlePath(name: "cli" | "hash-worker" | "main"): string {
  return path.join(__REPROD_DIST__, `${name}.js`);
}

/** Absolute path of the code of a Lambda function, as Lambda takes it. */
export function functionBundle(name: string): string {
  return path.join(__REPROD_DIST__, "functions", `${name}.zip`);
}
