import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { bundlePath } from "../../server/base/bundle.js";
import { plainEnvironment, reprod, shellQuoted } from "../support/command-line.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const PIPELINE = `pipeline p
param names: [String] = ["ann", "bob's"]
for name in names {
  node said[name] = Say { name }
}
node all = Join { parts: said[*].text }

transform Say {
  param name: String
  out text: File = "t.txt"
  out log: File = "l.txt"
  run sh \`\`\`
    echo "$name" > "$text"
    echo > "$log"
  \`\`\`
}
transform Join {
  in parts: [File]
  out text: File = "all.txt"
  run bash \`\`\`
    cat "\${parts[@]}" > "$text"
  \`\`\`
}
`;

/** A project with a space in the name of its pipeline, and a `reprod` that the shell finds. */
function project(t: TestContext): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "reprod.json": "{}\n",
    "my p.reprod": PIPELINE,
    "broken.reprod": "node = {",
    "bin/reprod": `#!/bin/sh\nexec ${shellQuoted(process.execPath)} ${shellQuoted(bundlePath("cli"))} "$@"\n`,
  });
  fs.chmodSync(path.join(folder, "bin/reprod"), 0o755);
  return folder;
}

/** What bash offers, once it has sourced the script: without any startup file, and so without bash-completion. */
function bashOffers(folder: string, lines: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const calls = lines.map(
    (words) =>
      `COMP_WORDS=(${["reprod", ...words].map(shellQuoted).join(" ")}); COMP_CWORD=${words.length}; _reprod reprod; printf '%s\\n' "\${COMPREPLY[@]}" --end--`,
  );
  const script = `source <(reprod completion bash)\ncomplete -p reprod\n${calls.join("\n")}\n`;
  const ended = spawnSync("bash", ["--norc", "--noprofile", "-c", script], {
    cwd: folder,
    encoding: "utf8",
    env: plainEnvironment({ PATH: `${path.join(folder, "bin")}:${process.env.PATH ?? ""}` }),
  });
  assert.equal(ended.stderr, "");
  const [registered = "", ...rest] = ended.stdout.split("\n");
  assert.equal(registered, "complete -o default -F _reprod reprod", "files where nothing is offered");
  return rest
    .join("\n")
    .split("--end--\n")
    .slice(0, -1)
    .map((text) => text.split("\n").filter((line) => line !== ""));
}

test("bash completes commands, options, choices, runs, nodes, members and outs; all else as files", async (t) => {
  const folder = project(t);
  const run = await reprod(folder, ["run", "my p.reprod"]);
  assert.equal(run.code, 0, run.stderr);
  const [id = ""] = fs.readdirSync(path.join(folder, ".reprod/runs"));
  const file = "'my p.reprod'";
  const cases: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
    [["ex"], ["explain"]],
    [["-C", "bin", "ca"], ["cancel"]],
    [["--vers"], ["--version"]],
    [["help", "ver"], ["verify"]],
    [["plan", "my"], []],
    [["check", "my", "x"], []],
    [["plan", file, "--ta"], ["--target"]],
    [["graph", file, "--format", "s"], ["svg"]],
    [["graph", file, "--format", "=", "s"], ["svg"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [
      ["status", ""],
      ["latest", id],
    ],
    [
      ["-C", "bin", "status", ""],
      ["latest", id],
    ],
    [["logs", id.slice(0, 8)], [id]],
    [["cancel", "latest", ""], []],
    [
      ["plan", file, "--target", ""],
      ["said", "all"],
    ],
    [["plan", "my\\ p.reprod", "-t", "al"], ["all"]],
    [["run", file, "--no-cache", "al"], ["all"]],
    [["explain", file, "sa"], ["said"]],
    [
      ["explain", file, "said"],
      ["said", `'said["ann"]'`, `'said["bob'\\''s"]'`],
    ],
    [["explain", file, "said[a"], [`'said["ann"]'`]],
    [["explain", file, `'said["b`], [`said["bob'\\''s"]`]],
    [["explain", file, `"said[\\"a`], [`said[\\"ann\\"]`]],
    [["logs", "latest", "said[a"], [`'said["ann"]'`]],
    [["explain", file, "--set", "names", "=", `'["x:y"]'`, "said[x"], [`'said["x:y"]'`]],
    [
      ["get", file, "said."],
      ["said.text", "said.log"],
    ],
    [["get", file, `'said["ann"].l`], [`said["ann"].log`]],
    [["get", file, "all", "--to", ""], []],
    [["-C", "nowhere", "status", ""], []],
    [["explain", "nowhere.reprod", ""], []],
    [["explain", "broken.reprod", ""], []],
    [["explain", "bin", ""], []],
    [["nothing", ""], []],
  ];
  const offers = bashOffers(
    folder,
    cases.map(([words]) => words),
  );
  for (const [index, [words, offered]] of cases.entries())
    assert.deepEqual(offers[index], offered, words.join(" "));
});

test("zsh and fish are given descriptions, and quote by themselves", async (t) => {
  const folder = project(t);
  const ask = async (...words: string[]) => (await reprod(folder, ["__complete", ...words])).stdout;
  assert.equal(await ask("fish", "--", "fm"), "fmt\tformat pipeline files in place\n");
  assert.equal(await ask("zsh", "--", "fm"), "fmt:format pipeline files in place\n");
  const quoted = ["--", "explain", "my\\ p.reprod", "--set", `'names=["x:y"]'`, "'said["];
  assert.equal(await ask("zsh", ...quoted), 'said["x\\:y"]:\n');
  const unquoted = ["--", "explain", "my p.reprod", "--set", 'names=["x:y"]', "'said["];
  assert.equal(await ask("fish", ...unquoted), 'said["x:y"]\t\n');
  assert.equal(await ask("fish", "--", "plan", ""), "");
  for (const shell of ["zsh", "fish"]) {
    const script = await reprod(folder, ["completion", shell]);
    assert.match(script.stdout, new RegExp(`reprod __complete ${shell} -- `));
  }
});
