import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import type { Argument, Command, Option } from "commander";
import colors from "picocolors";
import { buildProgram } from "../../server/cli/commands.js";
import { exitCodes } from "../../server/cli/exit.js";
import type { Output } from "../../server/cli/terminal.js";

const output: Output = {
  write: () => {},
  colours: colors.createColors(false),
  interactive: false,
  columns: 80,
};
const signal = new AbortController().signal;
const program = buildProgram(
  { out: output, notes: output, unread: signal, interrupted: signal, handleInterrupts: () => {} },
  "0.0.0",
  () => {},
);

function argumentText(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}…` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionRow(option: Option): string {
  const choices =
    option.argChoices === undefined
      ? ""
      : ` (${option.argChoices.map((choice) => `\`${choice}\``).join(", ")})`;
  const byDefault =
    option.defaultValueDescription ??
    (option.negate || option.defaultValue === undefined ? undefined : String(option.defaultValue));
  const standard = byDefault === undefined ? "" : `; default: ${byDefault}`;
  return `| \`${option.flags}\` | ${option.description}${choices}${standard} |`;
}

function describeCommand(command: Command): string {
  const args = command.registeredArguments;
  return [
    `### ${command.name()}`,
    "",
    `\`reprod ${[command.name(), ...args.map(argumentText)].join(" ")}\`: ${command.description()}.`,
    "",
    ...(args.length === 0
      ? []
      : [
          "| argument | |",
          "|---|---|",
          ...args.map((argument) => `| \`${argument.name()}\` | ${argument.description} |`),
          "",
        ]),
    ...(command.options.length === 0
      ? []
      : ["| option | |", "|---|---|", ...command.options.map(optionRow), ""]),
  ].join("\n");
}

test("docs/cli.md has every command with every argument and option", () => {
  const [before = "", rest = ""] = fs.readFileSync("docs/cli.md", "utf8").split("<!-- commands -->\n");
  const [, after = ""] = rest.split("<!-- /commands -->\n");
  const visible = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== "help");
  assert.ok(visible.length > 15);
  const commands = visible.map(describeCommand).join("\n");
  const expected = `${before}<!-- commands -->\n\n${commands}\n<!-- /commands -->\n${after}`;
  if (process.env.REPROD_UPDATE === "1") fs.writeFileSync("docs/cli.md", expected);
  else assert.equal(fs.readFileSync("docs/cli.md", "utf8"), expected);
});

test("docs/cli.md has every exit code", () => {
  const text = fs.readFileSync("docs/cli.md", "utf8");
  for (const code of Object.values(exitCodes)) assert.match(text, new RegExp(`^\\| ${code} \\|`, "m"));
});

test("docs/cli.md names every setting of reprod.json, those within others too", () => {
  const schema: unknown = JSON.parse(fs.readFileSync("media/reprod.schema.json", "utf8"));
  const [, section = ""] =
    /^## `reprod\.json`\n([\s\S]*?)^## /m.exec(fs.readFileSync("docs/cli.md", "utf8")) ?? [];
  const missing: string[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== "object" || node === null || !("properties" in node)) return;
    for (const [name, below] of Object.entries(Object(node.properties))) {
      if (!new RegExp(`[\`"]${name.replace("$", "\\$")}[\`"]`).test(section)) missing.push(name);
      look(below);
    }
  };
  look(schema);
  assert.deepEqual(missing, []);
});

test("docs/failures.md explains every failure, and no other", () => {
  const codes = new Set(["defect"]);
  for (const file of fs.readdirSync("server", { recursive: true }).map(String)) {
    if (!file.endsWith(".ts")) continue;
    const text = fs.readFileSync(path.join("server", file), "utf8");
    for (const match of text.matchAll(/new (?:Failure|Transient)\(\s*"([a-z-]+)"/g))
      codes.add(match[1] ?? "");
  }
  const explained = [...fs.readFileSync("docs/failures.md", "utf8").matchAll(/^### ([a-z-]+)$/gm)].map(
    (match) => match[1],
  );
  assert.deepEqual(explained, [...explained].sort(), "sections are in order");
  const missing = [...codes].filter((code) => !explained.includes(code)).sort();
  assert.deepEqual(missing, [], "failures without a section");
  const text = fs
    .readdirSync("server", { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => fs.readFileSync(path.join("server", file), "utf8"))
    .join("\n");
  assert.deepEqual(
    explained.filter((code) => !text.includes(`"${code}"`)),
    [],
    "sections without a failure",
  );
});

test("the README's commands and documents exist", () => {
  const readme = fs.readFileSync("README.md", "utf8");
  const names = new Set(program.commands.map((command) => command.name()));
  for (const match of readme.matchAll(/npx reprod (\w+)/g)) assert.ok(names.has(match[1] ?? ""), match[0]);
  for (const file of [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "examples/weather/README.md",
    "examples/variants/README.md",
  ]) {
    const text = fs.readFileSync(file, "utf8");
    for (const match of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      const target = path.join(path.dirname(file), match[1] ?? "");
      assert.ok(fs.existsSync(target), `${file} links to ${target}`);
    }
  }
});
