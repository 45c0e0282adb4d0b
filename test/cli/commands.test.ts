import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { reprod, reprodJson } from "../support/command-line.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

/** Two samples, upper-cased, then joined. */
const PIPELINE = `/// Joins greetings.
pipeline greetings

param greeting: String = "hello"
let names = ["ann", "bob"]

for name in names {
  node said[name] = Say { name, greeting }
}
node all = Join { parts: said[*].text }

publish all.text to "results/"

transform Say {
  param name: String
  param greeting: String
  out text: File = "\${name}.txt"
  run sh \`\`\`
    echo "$greeting, $name" > "$text"
    echo "saying $greeting to $name"
    echo "loudly" >&2
  \`\`\`
}

transform Join {
  tools cat
  in parts: [File]
  out text: File = "all.txt"
  run bash \`\`\`
    cat "\${parts[@]}" > "$text"
  \`\`\`
}
`;

const FAILING = `pipeline failing

node good = Make { text: "fine" }
node bad = Fail { }
node below = Copy { file: bad.made }
node apart = Copy { file: good.made }

transform Make {
  param text: String
  out made: File = "made.txt"
  run sh \`\`\`
    echo "$text" > "$made"
  \`\`\`
}
transform Fail {
  out made: File = "made.txt"
  run sh \`\`\`
    echo "going wrong" >&2
    echo x > "$made"
    exit 3
  \`\`\`
}
transform Copy {
  tools cp
  in file: File
  out made: File = "copy.txt"
  run sh \`\`\`
    cp "$file" "$made"
  \`\`\`
}
`;

function project(t: TestContext, files: { readonly [name: string]: string }): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": '{"projectId": "abcdefghijkl", "name": "test"}\n', ...files });
  return folder;
}

test("wrong use ends with 2, help and version with 0", async (t) => {
  const folder = project(t, { "p.reprod": PIPELINE });
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["--help"], 0, /Usage: reprod/],
    [["run", "--help"], 0, /--keep-going/],
    [["help", "run"], 0, /--keep-going/],
    [["--version"], 0, /^\d+\.\d+\.\d+\n$/],
    [[], 2, /Usage: reprod/],
    [["pln", "p.reprod"], 2, /Did you mean one of pin, plan|Did you mean plan/],
    [["plan"], 2, /missing required argument 'file'/],
    [["plan", "p.reprod", "--nope"], 2, /unknown option '--nope'/],
    [["plan", "p.reprod", "more"], 2, /too many arguments/],
    [["run", "p.reprod", "--set", "greeting"], 2, /NAME=VALUE/],
    [["run", "p.reprod", "--jobs", "0"], 2, /whole number/],
    [["run", "p.reprod", "--executor", "moon"], 2, /Allowed choices are local/],
    [["gc", "--keep", "soon"], 2, /30d/],
    [["plan", "nowhere.reprod"], 2, /nowhere\.reprod/],
    [["check", "nowhere"], 2, /error\[no-such-file\]/],
    [["plan", "p.reprod", "--target", "nothing"], 2, /error\[unknown-target\].*"nothing"/],
    [["explain", "p.reprod", "nothing"], 2, /error\[unknown-target\]/],
    [["status"], 2, /error\[unknown-run\]/],
    [["-C", "nowhere", "runs"], 2, /no such folder/],
    [["show", "nothing"], 2, /error\[nothing-to-show\]/],
    [["get", "p.reprod", "all", "--to", "out"], 2, /error\[not-made\]/],
  ];
  for (const [args, code, text] of cases) {
    const ended = await reprod(folder, args);
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stdout}${ended.stderr}`);
    assert.match(ended.stdout + ended.stderr, text);
    assert.doesNotMatch(ended.stderr, /^\s+at .*:\d+:\d+/m, "no stack trace");
  }
});

test("a first run makes everything, a second one nothing; plan, show, get, logs and status tell of it", async (t) => {
  const folder = project(t, { "p.reprod": PIPELINE });
  const first = await reprod(folder, ["run", "p.reprod"]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /3 nodes, 0 cached, 3 to do/);
  assert.match(first.stdout, /✓ said\["ann"\]/);
  assert.match(first.stdout, /done in .*: 3 made, 0 cached\npublished to results\n$/);
  assert.equal(fs.readFileSync(path.join(folder, "results/all.txt"), "utf8"), "hello, ann\nhello, bob\n");

  const second = await reprod(folder, ["run", "p.reprod"]);
  assert.match(second.stdout, /0 made, 3 cached/);

  const plan = await reprodJson(folder, ["plan", "p.reprod"]);
  assert.deepEqual(shape(plan), {
    summary: { cached: 3, stale: 0, waiting: 0, missing: 0, broken: 0, unknown: 0 },
    nodes: ['said["ann"]', 'said["bob"]', "all"].map((name) => ({ name, state: "cached", why: [] })),
  });

  const shown = await reprod(folder, ["show", "results/all.txt"]);
  assert.match(shown.stdout, /out text of all/);
  assert.match(shown.stdout, /parts: said\["ann"\]/);
  assert.match(shown.stdout, /greeting = "hello"/);
  assert.match(shown.stdout, /echo "\$greeting, \$name" > "\$text"/);

  const got = await reprod(folder, ["get", "p.reprod", 'said["ann"].text', "--to", "mine"]);
  assert.equal(got.stdout, "mine/ann.txt\n");
  assert.equal(fs.readFileSync(path.join(folder, "mine/ann.txt"), "utf8"), "hello, ann\n");
  fs.appendFileSync(path.join(folder, "mine/ann.txt"), "changed\n");
  const changed = await reprod(folder, ["show", "mine/ann.txt"]);
  assert.equal(changed.code, 2);
  assert.match(changed.stderr, /no result that is stored here has these bytes/);
  assert.equal((await reprod(folder, ["verify"])).code, 0, "what was got out is a copy");

  const runs = await reprodJson(folder, ["runs"]);
  const ids = list(member(runs, "runs")).map((run) => String(member(run, "run")));
  assert.equal(ids.length, 2);
  const logs = await reprod(folder, ["logs", ids[1]?.slice(0, 20) ?? "", 'said["bob"]']);
  // Both runs began in one second perhaps, so the start of an id may name two.
  if (logs.code === 0) assert.match(logs.stdout, /^\d\d:\d\d:\d\d\.\d{3} [|!] /);
  const whole = await reprod(folder, ["logs", ids[1] ?? "", 'said["bob"]', "--json"]);
  const texts = whole.stdout
    .trim()
    .split("\n")
    .map((line) => [member(JSON.parse(line), "stream"), member(JSON.parse(line), "text")]);
  assert.deepEqual(texts.sort(), [
    ["stderr", "loudly"],
    ["stdout", "saying hello to bob"],
  ]);
  const status = await reprodJson(folder, ["status", ids[1] ?? ""]);
  assert.equal(member(status, "state"), "done");
  assert.deepEqual(
    list(member(status, "nodes")).map((node) => member(node, "state")),
    ["made", "made", "made"],
  );
  const none = await reprod(folder, ["logs", "latest", "all"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /it was cached/);
});

test("run --json prints one event a line, and nothing else", async (t) => {
  const folder = project(t, { "p.reprod": PIPELINE });
  const ended = await reprod(folder, ["run", "p.reprod", "--json"]);
  assert.equal(ended.stderr, "");
  const events = ended.stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const names = events.map((event) => member(event, "event"));
  assert.equal(names[0], "run-started");
  assert.equal(names.at(-1), "run-ended");
  assert.equal(names.filter((name) => name === "node-done").length, 3);
});

test("a changed param is named with its old and new value, and only what depends on it is stale", async (t) => {
  const folder = project(t, { "p.reprod": PIPELINE });
  await reprod(folder, ["run", "p.reprod"]);
  const set = ["--set", "greeting=ahoy"];
  const plan = await reprod(folder, ["plan", "p.reprod", ...set]);
  assert.match(plan.stdout, /stale +said\[…\] \(2\) +param `greeting` "hello" → "ahoy"/);
  assert.match(plan.stdout, /2 stale, 1 waiting/);
  const explained = await reprod(folder, ["explain", "p.reprod", 'said["ann"]', ...set]);
  assert.match(explained.stdout, /^said\["ann"\] is stale\n {2}param `greeting` "hello" → "ahoy"\n/);
  const below = await reprod(folder, ["explain", "p.reprod", "all", ...set]);
  assert.match(below.stdout, /because said\["ann"\] → all\n.*is stale\n +param `greeting` "hello" → "ahoy"/);
  const json = await reprodJson(folder, ["explain", "p.reprod", "all", ...set]);
  assert.equal(member(json, "state"), "waiting");
});

test("failed nodes end a run with 1, their log's end and the command for the rest of it", async (t) => {
  const folder = project(t, { "f.reprod": FAILING });
  const ended = await reprod(folder, ["run", "f.reprod", "--keep-going"]);
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /✗ bad: .*3/);
  assert.match(ended.stdout, / {2}\| going wrong\n/);
  assert.match(ended.stdout, /reprod logs \w+ 'bad'/);
  assert.match(ended.stdout, /failed in .*: 2 made, 0 cached, 1 failed, 1 not started\n$/);
  const plan = await reprodJson(folder, ["plan", "f.reprod"]);
  assert.equal(member(member(plan, "summary"), "cached"), 2);
  const status = await reprod(folder, ["status"]);
  assert.match(status.stdout, /failed +bad/);
  assert.match(status.stdout, /skipped +below/);
});

test("problems: check ends with 1, plan and run with 2; a warning alone with 0", async (t) => {
  const folder = project(t, {
    "bad.reprod": 'pipeline bad\nparam n: Int = "x"\n',
    "warned.reprod": "pipeline warned\nparam unused: Int = 1\n",
  });
  for (const [args, code] of [
    [["check", "bad.reprod"], 1],
    [["plan", "bad.reprod"], 2],
    [["run", "bad.reprod"], 2],
    [["explain", "bad.reprod", "x"], 2],
    [["check", "warned.reprod"], 0],
    [["check", "."], 1],
  ] as const) {
    const ended = await reprod(folder, args);
    assert.equal(ended.code, code, args.join(" "));
    if (code !== 0) assert.match(ended.stderr, /error\[reprod\/wrong-type\].*\n.*bad\.reprod:2:16\n/);
  }
  const json = JSON.parse((await reprod(folder, ["check", "bad.reprod", "--json"])).stdout);
  const problem = list(member(json, "problems")).find((each) => member(each, "code") === "reprod/wrong-type");
  assert.deepEqual(Object.keys(Object(problem)), [
    "code",
    "severity",
    "message",
    "file",
    "range",
    "why",
    "fix",
    "suggestion",
    "related",
  ]);
  assert.deepEqual(member(problem, "range"), {
    start: { line: 2, column: 16 },
    end: { line: 2, column: 19 },
  });
});

test("fmt formats in place, --check only tells, broken files stay as they are", async (t) => {
  const folder = project(t, {
    "a.reprod": "pipeline   a\nparam x:Int=1\n",
    "sub/b.reprod": "param x: = {\n",
  });
  const checked = await reprod(folder, ["fmt", "--check", "a.reprod"]);
  assert.deepEqual([checked.code, checked.stdout], [1, "a.reprod\n"]);
  const both = await reprod(folder, ["fmt", "."]);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /not formatted, it has syntax errors .*"sub\/b\.reprod"/);
  assert.equal(fs.readFileSync(path.join(folder, "a.reprod"), "utf8"), "pipeline a\nparam x: Int = 1\n");
  assert.equal(fs.readFileSync(path.join(folder, "sub/b.reprod"), "utf8"), "param x: = {\n");
  assert.equal((await reprod(folder, ["fmt", "--check", "a.reprod"])).code, 0);
});

test("A13 run --check ends with 1 when a node gives other bytes the second time", async (t) => {
  const folder = project(t, {});
  const counter = path.join(folder, "counter");
  writeFiles(folder, {
    "p.reprod": `node n = Count { }\ntransform Count {\n  out o: File = "o"\n  run sh \`\`\`\n    echo x >> ${counter}\n    cp ${counter} "$o"\n  \`\`\`\n}\n`,
  });
  const checked = await reprod(folder, ["run", "p.reprod", "--check"]);
  assert.equal(checked.code, 1, checked.stderr);
  assert.match(checked.stdout + checked.stderr, /warning\[not-deterministic\]: n: made twice, .*`o` differ/);
  assert.match(checked.stdout, /1 made, 0 cached, 1 not deterministic/);
  assert.equal((await reprod(folder, ["run", "p.reprod", "--check"])).code, 0);
});

test("an executor that this version has not is refused, not passed over; stores that are not read are told", async (t) => {
  const folder = project(t, {
    "p.reprod": PIPELINE,
    "reprod.json": '{"executor": "batch", "stores": {"read": ["s3://bucket/x", "../nowhere"]}}',
  });
  const refused = await reprod(folder, ["run", "p.reprod"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /executor-cloud.*"batch"/s);
  const here = await reprod(folder, ["run", "p.reprod", "--executor", "local"]);
  assert.equal(here.code, 0, here.stderr);
  assert.match(here.stderr, /not read: .*"s3:\/\/bucket\/x" .*cloud part/);
  assert.match(here.stderr, /not read: .*nowhere"/);
});

test("verify finds a damaged object and the next run makes it again; gc shows before it deletes", async (t) => {
  const folder = project(t, { "p.reprod": PIPELINE });
  await reprod(folder, ["run", "p.reprod"]);
  const plan = await reprodJson(folder, ["show", "all"]);
  const sha256 = String(member(member(member(member(plan, "record"), "outs"), "text"), "sha256"));
  const object = path.join(folder, ".reprod/store/objects/sha256", sha256.slice(0, 2), sha256.slice(2));
  fs.chmodSync(object, 0o644);
  fs.writeFileSync(object, "HELLO, ann\nhello, bob\n");
  const verified = await reprod(folder, ["verify"]);
  assert.equal(verified.code, 1);
  assert.match(verified.stdout, /damaged +object/);
  assert.match((await reprod(folder, ["plan", "p.reprod"])).stdout, /2 cached, 1 broken/);
  const healed = await reprod(folder, ["run", "p.reprod"]);
  assert.match(healed.stdout, /1 made, 2 cached/);
  assert.equal((await reprod(folder, ["verify"])).code, 0);

  const dry = await reprodJson(folder, ["gc", "--dry-run"]);
  assert.equal(member(dry, "collected"), null);
  assert.equal((await reprod(folder, ["gc"])).code, 0);
  assert.match((await reprod(folder, ["plan", "p.reprod"])).stdout, /3 cached\n/);

  // The names of these runs stay, so their journals do; what their scripts left behind goes.
  const log = ["logs", "latest", "all"];
  assert.equal((await reprod(folder, log)).code, 0);
  const old = await reprod(folder, ["gc", "--keep", "0d"]);
  assert.match(old.stdout, /Long over: working folders of 2 runs/);
  assert.equal((await reprod(folder, log)).code, 0);
  for (const run of fs.readdirSync(path.join(folder, ".reprod/tmp")))
    fs.rmSync(path.join(folder, ".reprod/tmp", run), { recursive: true });
  const deleted = await reprod(folder, log);
  assert.equal(deleted.code, 2);
  assert.match(deleted.stderr, /logs of this node have been deleted/);
});

test("a detached run goes on without its starter; cancel ends a run", async (t) => {
  const folder = project(t, {
    "slow.reprod":
      'pipeline slow\nnode n = Sleep { }\ntransform Sleep {\n  out o: File = "o"\n  run sh ```\n    echo begun\n    sleep 60 > "$o"\n  ```\n}\n',
    "p.reprod": PIPELINE,
  });
  const started = await reprod(folder, ["run", "p.reprod", "--detach"]);
  assert.match(started.stdout, /^[0-9A-Z]{26}\n$/, started.stderr);
  const id = started.stdout.trim();
  await until(async () => member(await reprodJson(folder, ["status", id]), "state") === "done");
  assert.match((await reprod(folder, ["plan", "p.reprod"])).stdout, /3 cached\n/);

  const slow = (await reprod(folder, ["run", "slow.reprod", "--detach"])).stdout.trim();
  const logs = reprod(folder, ["logs", slow, "n", "--follow"]);
  await until(async () =>
    list(member(await reprodJson(folder, ["status", slow]), "nodes")).some(
      (node) => member(node, "state") === "running",
    ),
  );
  const cancelled = await reprod(folder, ["cancel", slow]);
  assert.equal(cancelled.code, 0, cancelled.stderr);
  await until(async () => member(await reprodJson(folder, ["status", slow]), "state") === "cancelled");
  assert.match((await logs).stdout, /\| begun\n/);
  assert.match((await reprod(folder, ["cancel", slow])).stdout, /has ended already/);
});

test("--json holds a failure too", async (t) => {
  const folder = project(t, {});
  const ended = await reprod(folder, ["status", "--json"]);
  assert.equal(ended.code, 2);
  assert.equal(member(member(JSON.parse(ended.stdout), "error"), "code"), "unknown-run");
  assert.equal(ended.stderr, "");
});

test("--json holds a wrong command line too", async (t) => {
  const folder = project(t, {});
  for (const [args, message] of [
    [["setup"], /missing required argument 'group'/],
    [["env", "zz"], /'zz' is invalid for argument 'action'/],
    [["resources", "--bogus"], /unknown option '--bogus'/],
    [["resourcs"], /unknown/],
  ] as const) {
    const ended = await reprod(folder, [...args, "--json"]);
    assert.equal(ended.code, 2, args.join(" "));
    const error = member(JSON.parse(ended.stdout), "error");
    assert.equal(member(error, "code"), "wrong-use");
    assert.match(String(member(error, "message")), message);
    assert.doesNotMatch(String(member(error, "message")), /^error/);
  }
  const help = await reprod(folder, ["setup", "--help", "--json"]);
  assert.deepEqual([help.code, help.stdout.includes('"error"')], [0, false]);
});

test("a group that there is not is wrong use, beside `all` too", async (t) => {
  const folder = project(t, {});
  for (const args of [
    ["setup", "all", "foo"],
    ["teardown", "all", "storge"],
  ]) {
    const ended = await reprod(folder, args);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /error\[unknown-group\].*"(foo|storge)"/);
  }
});

test("what is wrong with a name in reprod.json is said, and where to read what may stand there", async (t) => {
  const settings = (...repositories: readonly string[]): string =>
    JSON.stringify({ cloud: { repositories } });
  const folder = project(t, {});
  for (const [text, message] of [
    [settings("tools/bwa", "tools/bwa"), /: "tools\/bwa" is named twice$/m],
    [settings("a".repeat(101)), /: "a{20}…" is longer than 100 characters$/m],
    [settings("Tools"), /of lower case letters and digits/],
    [settings("a"), /the name of a container repository/],
    [JSON.stringify({ cloud: { importFrom: ["a".repeat(64)] } }), /is longer than 63 characters$/m],
  ] as const) {
    writeFiles(folder, { "reprod.json": text });
    const ended = await reprod(folder, ["runs"]);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /^error\[project-invalid\]/);
    assert.match(ended.stderr, message);
    assert.match(ended.stderr, /docs\/cli\.md#reprodjson lists what may stand in it/);
  }
  writeFiles(folder, { "reprod.json": settings("a".repeat(100), "tools/bwa") });
  assert.equal((await reprod(folder, ["runs"])).code, 0);
});

// ---------------------------------------------------------------- reading JSON

function member(value: unknown, name: string): unknown {
  assert.ok(typeof value === "object" && value !== null, `no object with ${name}: ${JSON.stringify(value)}`);
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function list(value: unknown): readonly unknown[] {
  assert.ok(Array.isArray(value), `no list: ${JSON.stringify(value)}`);
  return value;
}

/** A plan without ids and estimate, which differ between machines. */
function shape(plan: unknown): unknown {
  return {
    summary: member(plan, "summary"),
    nodes: list(member(plan, "nodes")).map((node) => ({
      name: member(node, "name"),
      state: member(node, "state"),
      why: member(node, "why"),
    })),
  };
}

/** Asks again until it is so; the test's own time limit ends a wait that is in vain. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}
