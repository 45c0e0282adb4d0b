// Writes docs/errors.md from the rules and the fixtures of the checks: node scripts/docs-errors.mjs
// With --check it only says whether the page is as it would be written.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const { outputFiles } = await build({
  stdin: {
    contents:
      'export { rules } from "./server/features/rules.js"; export { exampleOf } from "./test/support/examples.js";',
    resolveDir: process.cwd(),
    loader: "ts",
  },
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
const { rules, exampleOf } = module.exports;

const words = { error: "Error", warning: "Warning", hint: "Hint" };
const sections = rules.map(({ code, severity, what, why, fix }) => {
  const name = code.replace("reprod/", "");
  const fixture = `test/language/checks/${name}.txt`;
  const example = existsSync(fixture) ? exampleOf(code, readFileSync(fixture, "utf8")) : undefined;
  return [
    `## ${name}`,
    "",
    `\`${code}\` · ${words[severity]}`,
    "",
    what,
    "",
    `**Why:** ${why}`,
    "",
    `**What to do:** ${fix}`,
    ...(example === undefined ? [] : ["", "```text", example, "```"]),
  ].join("\n");
});
const page = `# Problems and what to do about them

Every problem that Reprod finds before a run has a code. This page has one section a code: what it means, why it is a
problem, and what to do. An **error** keeps a pipeline from running, a **warning** does not, a **hint** is only shown in
the editor. One mistake gives one problem; what is not known (a file on a server, an unread table) gives none.

<!-- Written by scripts/docs-errors.mjs from the rules: change those, not this page. -->

${sections.join("\n\n")}
`;
if (!process.argv.includes("--check")) writeFileSync("docs/errors.md", page);
else if (readFileSync("docs/errors.md", "utf8") !== page) {
  console.error("docs/errors.md is not as the rules have it: run node scripts/docs-errors.mjs");
  process.exitCode = 1;
}
