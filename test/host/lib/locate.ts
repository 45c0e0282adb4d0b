// Where things lie: the checkout, the VS Code server, a Node that can run it, a browser.
import * as fs from "node:fs";
import * as path from "node:path";

declare const __REPROD_ROOT__: string;
declare const __REPROD_HOST_OUT__: string;

/** The checkout. */
export const root = __REPROD_ROOT__;
/** What a run builds. */
export const out = __REPROD_HOST_OUT__;
/** This package, with node_modules of its own. */
export const hostFolder = path.join(root, "test/host");
/** VS Code as code-server carries it. Its own wrapper is not needed: the server starts alone, and faster. */
export const vscodeFolder = path.join(hostFolder, "node_modules/code-server/lib/vscode");

/** Something that this machine lacks. Its message says how to get it. */
export class Missing extends Error {
  override readonly name = "Missing";
}

/** The extension under test: what the runner has built for this run, else the checkout itself. */
export function extensionFolder(): string {
  return process.env.REPROD_HOST_EXTENSION ?? root;
}

/** The first major version of Node that runs the server (it needs `module.registerHooks`). */
const firstNode = 24;

/** A Node for the server: this one, or the one installed beside the server. */
export function serverNode(): string {
  if (Number(process.versions.node.split(".")[0]) >= firstNode) return process.execPath;
  const beside = path.join(hostFolder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (fs.existsSync(beside)) return beside;
  throw new Missing(
    `the VS Code server needs Node ${firstNode} or newer: run this with it (this is "${process.version}")`,
  );
}

const browserNames = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
];
const browserPlaces = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];

/** The program of that name on PATH. */
export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

/** Chromium or a browser made of it; `REPROD_CHROMIUM` names another one. */
export function browserProgram(): string | undefined {
  const named = process.env.REPROD_CHROMIUM;
  if (named !== undefined) {
    if (isExecutable(named)) return named;
    throw new Missing(`REPROD_CHROMIUM is not a program: "${named}"`);
  }
  for (const name of browserNames) {
    const found = onPath(name);
    if (found !== undefined) return found;
  }
  return browserPlaces.find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
