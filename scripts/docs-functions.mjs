// Writes the table of functions into docs/language.md from their signatures: node scripts/docs-functions.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: ["server/language/functions.ts"],
  bundle: true,
  write: false,
  platform: "node",
  format: "cjs",
  logLevel: "warning",
});
const module = { exports: {} };
new Function("module", "exports", "require", outputFiles[0].text)(
  module,
  module.exports,
  createRequire(path.resolve("package.json")),
);
const rows = [...module.exports.functions.values()].map(
  ({ shown, doc }) => `| \`${shown.replaceAll("|", "\\|")}\` | ${doc} |`,
);
const table = `| function | what it gives |\n|---|---|\n${rows.join("\n")}\n`;
const page = readFileSync("docs/language.md", "utf8");
const marks = /(<!-- functions -->\n)[\s\S]*?(<!-- end of functions -->)/;
writeFileSync(
  "docs/language.md",
  page.replace(marks, (_, from, to) => `${from}${table}${to}`),
);
