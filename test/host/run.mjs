// Runs the tests that need a real VS Code, and says at the end how many passed and failed.
//   node test/host/run.mjs                            both suites
//   node test/host/run.mjs browser --grep "palette"   one suite, only tests whose name matches
//   node test/host/run.mjs browser/smoke.test.ts      only these files
// REPROD_VSCODE chooses what runs the in-host suite: "desktop" (downloaded), the path of an installed one, or
// "stand-in" (test/host/executable.mjs). Without it, desktop is taken where there is a screen and the download answers.
import { spawnSync } from "node:child_process";
import { setMaxListeners } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { runTests } from "@vscode/test-electron";
import { build, bundled, load, out, root } from "./load.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const { setUp, Missing } = await load("setup");

const args = process.argv.slice(2);
const grepAt = args.indexOf("--grep");
const grep = grepAt >= 0 ? args.splice(grepAt, 2)[1] : undefined;
if (grepAt >= 0 && grep === undefined) {
  console.error("--grep needs a pattern of names");
  process.exit(2);
}

const files = (suite) =>
  readdirSync(path.join(here, suite), { recursive: true })
    .map((file) => path.posix.join(suite, String(file).replaceAll(path.sep, "/")))
    .filter((file) => file.endsWith(".test.ts"))
    .sort();
const matches = (file, arg) => {
  const place = arg.replace(/^(\.\/)?test\/host\//, "").replace(/\/+$/, "");
  return file === place || file.startsWith(`${place}/`);
};
const all = [...files("in-host"), ...files("browser")];
// A misspelt name beside a right one would pass without a word.
const idle = args.filter((arg) => !all.some((file) => matches(file, arg)));
if (idle.length > 0) {
  console.error(`no test file matches: ${idle.join(" ")}`);
  process.exit(2);
}
const wanted = all.filter((file) => args.length === 0 || args.some((arg) => matches(file, arg)));
const chosen = (suite) => wanted.filter((file) => file.startsWith(`${suite}/`));

/** Ends the browser suite. The executable of the in-host suite ends by itself when this process is gone. */
const stop = new AbortController();
// Each file of tests listens to it.
setMaxListeners(0, stop.signal);
let inBrowserNow = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    stop.abort();
    process.exitCode = 1;
    if (!inBrowserNow) process.exit();
  });

/** What this run builds. Runs beside it in the same checkout have folders of their own. */
const work = path.join(out, `run-${process.pid}`);
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
const bundledHere = {
  ...bundled,
  define: { ...bundled.define, __REPROD_HOST_OUT__: JSON.stringify(work) },
};

const total = { passed: 0, failed: 0, skipped: 0 };
const add = ({ passed, failed, skipped }) => {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
};

try {
  await setUp({ browser: true });
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(`The tests in VS Code cannot run: ${error.message}`);
  console.log(`0 passed, 0 failed, ${wanted.length} files not run`);
  // A person without a browser may go on; where nobody looks, tests that did not run must not pass for tests that did.
  process.exit(process.env.CI === undefined || process.env.CI === "false" ? 0 : 1);
}
removeOldRuns();
const extension = prepareExtension();
if (chosen("in-host").length > 0) await inHost(chosen("in-host"));
if (chosen("browser").length > 0 && !stop.signal.aborted) await inBrowser(chosen("browser"));
if (total.passed + total.failed === 0) {
  console.error(`no test ran${grep === undefined ? "" : `: none matches "${grep}"`}`);
  process.exitCode = 1;
}
if (total.failed > 0) process.exitCode = 1;
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped === 0 ? "" : `, ${total.skipped} skipped`}`,
);
process.exit();

/** Builds of runs that were killed before they could take them away. */
function removeOldRuns() {
  for (const name of readdirSync(out)) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(path.join(out, name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/**
 * The extension as this checkout has it, built into a folder of its own: another build in the checkout (of `npm test`,
 * say) empties dist/ while a window has it open.
 */
function prepareExtension() {
  const folder = path.join(work, "extension");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const built = spawnSync(process.execPath, ["scripts/build.mjs"], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, REPROD_DIST: path.join(folder, "dist") },
  });
  if (built.status !== 0) process.exit(1);
  const apart = new Set(["dist", "node_modules", "out", "test", "server", "client", "bench"]);
  for (const name of readdirSync(root)) {
    if (apart.has(name) || name.startsWith(".")) continue;
    symlinkSync(path.join(root, name), path.join(folder, name));
  }
  return folder;
}

async function bundle(suite, entries, outdir) {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...bundledHere,
    entryPoints: entries.map((file) => path.join(here, file)),
    outbase: path.join(here, suite),
    outdir,
  });
  return outdir;
}

async function inHost(entries) {
  const outdir = await bundle(
    "in-host",
    [...entries, "in-host/index.ts"],
    // In the folder of the extension: `vscode` is then its own, as for its other modules.
    path.join(extension, "in-host"),
  );
  const scratch = mkdtempSync(path.join(tmpdir(), "reprod-in-host-"));
  const workspace = path.join(scratch, "examples");
  const leftovers = new Set([".reprod", "results"]);
  cpSync(path.join(root, "examples"), workspace, {
    recursive: true,
    filter: (file) => !leftovers.has(path.basename(file)),
  });
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const results = path.join(scratch, "results.json");
  const executable = await vscode();
  console.log(
    `In the extension host of ${executable === undefined ? "desktop VS Code" : `"${executable}"`}:`,
  );
  let why = "";
  try {
    await runTests({
      ...(executable === undefined ? {} : { vscodeExecutablePath: executable }),
      cachePath: path.join(root, "out/vscode-test"),
      extensionDevelopmentPath: extension,
      extensionTestsPath: path.join(outdir, "index.js"),
      launchArgs: [workspace],
      extensionTestsEnv: {
        REPROD_HOST_RESULTS: results,
        ...(grep === undefined ? {} : { REPROD_HOST_GREP: grep }),
      },
    });
  } catch (error) {
    why = `: ${error.message}`;
  }
  const counted = existsSync(results)
    ? JSON.parse(readFileSync(results, "utf8"))
    : { passed: 0, failed: 0, skipped: 0 };
  // Failed without a failed test, or ended before the end: that counts as well.
  if (!existsSync(results) || (why !== "" && counted.failed === 0)) {
    console.error(`The extension host did not run the tests to their end${why}`);
    counted.failed += 1;
  }
  add(counted);
}

/** The executable for the in-host suite; undefined has desktop VS Code downloaded. */
async function vscode() {
  const choice = process.env.REPROD_VSCODE;
  const standIn = path.join(here, "executable.mjs");
  if (choice === "desktop") return undefined;
  if (choice === "stand-in") return standIn;
  if (choice !== undefined) return path.resolve(choice);
  const screen = process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!screen) return standIn;
  try {
    const signal = AbortSignal.timeout(3_000);
    await fetch("https://update.code.visualstudio.com/api/releases/stable", { method: "HEAD", signal });
    return undefined;
  } catch {
    return standIn;
  }
}

/** The extension that the harness's own tests look at. */
async function prepareProbe() {
  const folder = path.join(work, "probe");
  await build({
    ...bundledHere,
    entryPoints: [path.join(here, "probe/extension.ts")],
    outfile: path.join(folder, "extension.js"),
  });
  cpSync(path.join(here, "probe/package.json"), path.join(folder, "package.json"));
}

async function inBrowser(entries) {
  const outdir = await bundle("browser", entries, path.join(work, "browser"));
  await prepareProbe();
  process.env.REPROD_HOST_EXTENSION = extension;
  if (grep !== undefined) process.env.REPROD_HOST_GREP = grep;
  inBrowserNow = true;
  const stream = run({
    files: entries.map((file) => path.join(outdir, path.relative("browser", file).replace(/\.ts$/, ".js"))),
    concurrency: 1,
    timeout: 10 * 60_000,
    signal: stop.signal,
  });
  // A test of several steps tells of itself after them. It counts only when it failed by something of its own.
  const steps = [];
  const count = (kind) => (event) => {
    const ofSteps = steps[event.nesting + 1] === true;
    steps[event.nesting + 1] = false;
    steps[event.nesting] = true;
    if (event.skip === "not chosen by --grep") return;
    if (event.skip !== undefined || event.todo !== undefined) add({ passed: 0, failed: 0, skipped: 1 });
    else if (kind === "passed" ? !ofSteps : event.details.error?.failureType !== "subtestsFailed")
      add({ passed: 0, failed: 0, skipped: 0, [kind]: 1 });
  };
  stream.on("test:pass", count("passed"));
  stream.on("test:fail", count("failed"));
  await new Promise((resolve) => stream.compose(new spec()).on("end", resolve).pipe(process.stdout));
  inBrowserNow = false;
}
