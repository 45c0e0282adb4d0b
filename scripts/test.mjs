// Bundles the program and the tests, then runs the tests with node's own runner, fast folders first.
//   npm test                                everything
//   npm test -- language graph              only these folders of test/
//   npm test -- test/store/gc.test.ts       only these files
//   npm test -- store --grep "^A1"          only tests whose name matches
//   npm test -- language --no-build         tests that start no process of the program
// Without arguments the suites in a real VS Code follow (test/host/run.mjs), and the last line counts all of them.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { build } from "esbuild";

/** Folders of test/ in the order they run: what fails in a second must not wait for what takes minutes. */
const order = [
  "base",
  "language",
  "graph",
  "data",
  "features",
  "store",
  "cloud",
  "functions",
  "provenance",
  "client",
  "syntaxes",
  "executors",
  "cli",
  "aws",
  "run",
  "project",
  "lsp",
  "neovim",
  "examples",
];

const args = process.argv.slice(2).filter((arg) => arg !== "--no-build");
const buildFirst = !process.argv.includes("--no-build");
const grepAt = args.indexOf("--grep");
const grep = grepAt >= 0 ? args.splice(grepAt, 2)[1] : undefined;

const rank = (file) => {
  const at = order.indexOf(file.split("/")[1]);
  return at < 0 ? order.length : at;
};
const all = readdirSync("test", { recursive: true })
  .map((file) => path.posix.join("test", String(file)))
  // Those in a real VS Code have a runner of their own.
  .filter((file) => file.endsWith(".test.ts") && !file.startsWith("test/host/"))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
const matches = (file, arg) => {
  const place = arg.replace(/\/+$/, "");
  return file === place || file.startsWith(`${place}/`) || file.startsWith(`test/${place}/`);
};
const wanted = args.length === 0 ? all : all.filter((file) => args.some((arg) => matches(file, arg)));
// A misspelt folder beside a right one would pass without a word.
const idle = args.filter((arg) => !all.some((file) => matches(file, arg)));
if (idle.length > 0) {
  console.error(`no test file matches: ${idle.join(" ")}`);
  process.exit(2);
}

if (
  buildFirst &&
  spawnSync(process.execPath, ["scripts/build.mjs", "--dev"], { stdio: "inherit" }).status !== 0
)
  process.exit(1);
const outdir = process.env.REPROD_TEST_OUT ?? "out/test";
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: wanted,
  outbase: "test",
  outdir,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  packages: "external",
  define: { __REPROD_DIST__: JSON.stringify(path.resolve(process.env.REPROD_DIST ?? "dist")) },
  sourcemap: "linked",
  logLevel: "warning",
});

const stream = run({
  files: wanted.map((file) => path.resolve(outdir, path.relative("test", file).replace(/\.ts$/, ".js"))),
  // Many wait for processes and for what is not ready yet.
  concurrency: availableParallelism() + 1,
  timeout: 15 * 60_000,
  ...(grep === undefined ? {} : { testNamePatterns: [new RegExp(grep)] }),
});
const counts = { passed: 0, failed: 0, skipped: 0 };
stream.on("test:pass", ({ skip, details }) => {
  if (details.type === "suite") return;
  if (skip === undefined || skip === false) counts.passed++;
  else counts.skipped++;
});
stream.on("test:fail", ({ details }) => {
  if (details.type !== "suite") counts.failed++;
  process.exitCode = 1;
});
await pipeline(stream.compose(new spec()), process.stdout, { end: false });

if (args.length === 0 && grep === undefined) {
  const host = await inVSCode();
  for (const part of Object.keys(counts)) counts[part] += host[part];
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
}

/** Runs the suites in a real VS Code, and reads from their last line what they came to. */
async function inVSCode() {
  const child = spawn(process.execPath, ["test/host/run.mjs"], { stdio: ["inherit", "pipe", "inherit"] });
  let end = "";
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    end = (end + chunk).slice(-4096);
  });
  const [code] = await once(child, "close");
  if (code !== 0) process.exitCode = 1;
  const last = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(
    end.trimEnd().split("\n").at(-1) ?? "",
  );
  if (last === null && code === 0) return { passed: 0, failed: 0, skipped: 1 };
  return { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 1), skipped: Number(last?.[3] ?? 0) };
}
