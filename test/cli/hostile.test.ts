import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { reprod, reprodJson } from "../support/command-line.js";
import { statesOf } from "../support/events.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

/** Keys and values that break programs which paste them somewhere. */
const HOSTILE = [
  "plain",
  "with space",
  "quote\"s and 's",
  "$(touch pwned)",
  "`touch pwned`",
  "; touch pwned #",
  "-rf",
  "../../up",
  "new\nline",
  "\u001b[2J\u001b]0;title\u0007",
  "日本 🧬",
  "*",
  "%2e%2e",
  "\\",
];

test("hostile names and values are only ever text: run, plan, status, logs, show and get", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "reprod.json": '{"projectId": "abcdefghijkl"}\n',
    "p.reprod": `pipeline hostile
table rows = csv("rows.csv") { name: String }
for r in rows {
  node echo[r.name] = Echo { value: r.name }
}
transform Echo {
  param value: String
  out text: File = "text.txt"
  run bash \`\`\`
    printf %s "$value" > "$text"
    printf '%s\\n' "$value"
  \`\`\`
}
`,
    "rows.csv": ["name", ...HOSTILE.map((name) => `"${name.replaceAll('"', '""')}"`)].join("\n"),
  });
  const names = HOSTILE.map((name) => `echo[${JSON.stringify(name)}]`);
  const seen: string[] = [];
  const say = async (...args: string[]) => {
    const ended = await reprod(folder, args);
    seen.push(ended.stdout, ended.stderr);
    return ended;
  };
  const run = await say("run", "p.reprod");
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.match(run.stdout, new RegExp(`${HOSTILE.length} made, 0 cached`));
  assert.deepEqual(await statesOf(folder, ["p.reprod"]), { cached: names });

  await say("plan", "p.reprod");
  await say("status");
  for (const [index, name] of names.entries()) {
    if (index % 4 !== 1 && index !== 9) continue;
    assert.equal((await say("logs", "latest", name)).code, 0, name);
    assert.equal((await say("explain", "p.reprod", name)).code, 0, name);
    assert.match((await say("show", name)).stdout, /printf %s "\$value"/);
    const got = await say("get", "p.reprod", `${name}.text`, "--to", `got/${index}`);
    assert.equal(got.code, 0, got.stderr);
    assert.equal(fs.readFileSync(path.join(folder, `got/${index}/text.txt`), "utf8"), HOSTILE[index]);
  }
  await say("explain", "p.reprod", "\u001b[2Jnothing");
  await say("show", "\u001b[2Jnothing");
  await say("check", "\u001b[2J");

  assert.ok(!fs.existsSync(path.join(folder, "pwned")), "nothing was run that was not written");
  for (const text of seen) assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]/);
  const runs = await reprodJson(folder, ["runs"]);
  assert.ok(JSON.stringify(runs).includes("hostile"));
  // Nothing outside of the store's own letters: no key became a path.
  const stored = fs.readdirSync(path.join(folder, ".reprod"), { recursive: true }).map(String);
  for (const file of stored) assert.match(file, /^[\w./%-]+$/);
});
