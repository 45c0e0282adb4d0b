// Builds the program and the benchmarks, and runs them: `npm run bench -- --help` says how to choose.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";

if (spawnSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" }).status !== 0) process.exit(1);
await build({
  entryPoints: ["bench/main.ts"],
  outfile: "out/bench/main.js",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  define: { __REPROD_DIST__: JSON.stringify(path.resolve(process.env.REPROD_DIST ?? "dist")) },
  logLevel: "warning",
});
const done = spawnSync(process.execPath, ["--expose-gc", "out/bench/main.js", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(done.status ?? 1);
