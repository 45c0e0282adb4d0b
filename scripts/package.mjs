// `npm run package`: the extension as one file, out/reprod-<version>.vsix, with only what it needs, and what is in it.
//   node scripts/package.mjs [--out FILE]
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { createVSIX, listFiles } from "@vscode/vsce";

const { values } = parseArgs({ options: { out: { type: "string" } } });
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const out = path.resolve(values.out ?? `out/${manifest.name}-${manifest.version}.vsix`);

if (spawnSync(process.execPath, ["scripts/build.mjs", "--report"], { stdio: "inherit" }).status !== 0)
  process.exit(1);

mkdirSync(path.dirname(out), { recursive: true });
// Everything is bundled, so no package comes along; what goes in is listed in .vscodeignore.
await createVSIX({
  cwd: process.cwd(),
  packagePath: out,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const files = (await listFiles({ cwd: process.cwd(), dependencies: false })).map((file) => ({
  file,
  size: statSync(file).size,
}));
console.log(`\n${path.relative(process.cwd(), out)}: ${kib(statSync(out).size)}, ${files.length} files`);
for (const { file, size } of files.sort((a, b) => b.size - a.size).slice(0, 12))
  console.log(`  ${kib(size).padStart(12)}  ${file}`);
