import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { isRunId } from "../../server/base/brand.js";
import { followRun } from "../../server/run/follow.js";
import { readJournal } from "../../server/run/journal.js";
import { writeRequest } from "../../server/run/requests.js";
import { listRuns, runStatus } from "../../server/run/runs.js";
import { openClaims } from "../../server/store/claims.js";
import { PipelineProject } from "../support/pipeline-project.js";

const node = (name: string, script: string, more = "") => `transform ${name} {
  out made: File = "made.txt"
  ${more}
  run bash \`\`\`
    ${script}
  \`\`\`
}
node ${name.toLowerCase()} = ${name} {}
`;

test("a failed node is told with its reason; what rests on it is skipped, the rest goes on when asked", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Fail {
  param i: Int
  out made: File = "made.txt"
  run bash \`\`\`
    echo "half $i" > "$made"
    echo "no luck" >&2
    [ "$i" != 1 ] || exit 7
  \`\`\`
}
transform Use {
  in from: File
  out made: File = "used.txt"
  run sh \`\`\`
    cat "$from" > "$made"
  \`\`\`
}
for i in range(3) {
  node first[i] = Fail { i }
  node second[i] = Use { from: first[i].made }
}
target second
`,
  );
  const result = await project.run({ keepGoing: true });
  assert.equal(result.outcome, "failed");
  assert.deepEqual([result.made, result.failed, result.skipped], [4, 1, 1]);
  const failed = project.events.find((line) => line.event === "node-failed");
  assert.ok(failed?.event === "node-failed");
  assert.equal(failed.node, "first[1]");
  assert.equal(failed.failure, "ScriptFailed");
  assert.match(failed.message, /exit code 7/);
  assert.deepEqual(
    project.events.flatMap((line) => (line.event === "node-skipped" ? [line.node] : [])),
    ["second[1]"],
  );
  // Its outs are kept aside for looking, and are not in the store.
  const started = project.events.find((line) => line.event === "attempt-started" && line.node === "first[1]");
  assert.ok(started?.event === "attempt-started");
  assert.equal(fs.readFileSync(path.join(started.folder, "work", "made.txt"), "utf8"), "half 1\n");
  assert.match(fs.readFileSync(path.join(started.folder, "stderr.log"), "utf8"), /no luck/);
  assert.deepEqual(
    (await project.states()).filter((state) => !state.endsWith("cached")),
    ["first[1]: missing *", "second[1]: missing *"],
  );

  const runs = project.path(".reprod", "runs");
  const claims = openClaims(project.path(".reprod", "store"));
  const [summary] = listRuns(runs, claims, 5);
  assert.ok(summary);
  assert.equal(summary.state, "failed");
  assert.deepEqual(summary.counts, { made: 4, reused: 0, failed: 1, skipped: 1 });
  const status = runStatus(runs, claims, summary.run);
  const states = Object.fromEntries(status.touched.map(({ node, state }) => [node, state]));
  assert.deepEqual(states, {
    "first[0]": "made",
    "first[1]": "failed",
    "first[2]": "made",
    "second[0]": "made",
    "second[1]": "skipped",
    "second[2]": "made",
  });
});

test("rule 22 retry tries again with growing memory, only for the kinds it names", async (context) => {
  const project = new PipelineProject(context, "");
  const script = `echo x >> ${project.path("tries")}; [ $(wc -l < ${project.path("tries")}) -ge 3 ]; echo "$memory_mb" > "$made"`;
  const resources = "resources { memory: 8 MiB }\n  ";
  project.write(
    "test.reprod",
    node("Flaky", script, `${resources}retry { attempts: 3, on: [ScriptFailed], memory: x2 }`),
  );
  const result = await project.run();
  assert.equal(result.outcome, "done");
  const ends = project.events.flatMap((line) =>
    line.event === "attempt-ended"
      ? [[line.attempt, line.failure, line.willRetry, line.usage.memoryBytes]]
      : [],
  );
  const MiB = 2 ** 20;
  assert.deepEqual(ends, [
    [1, "ScriptFailed", true, 8 * MiB],
    [2, "ScriptFailed", true, 16 * MiB],
    [3, undefined, false, 32 * MiB],
  ]);
  const opened = await project.open();
  const ids = opened.identifier.ids(opened.graph.nodes[0] ?? assert.fail());
  assert.ok("recipe" in ids);
  assert.equal((await opened.store.readRecord(ids.recipe))?.made.attempts.length, 3);

  const other = new PipelineProject(context, node("Flaky", "exit 1", "retry { attempts: 3, on: [Timeout] }"));
  const again = await other.run();
  assert.equal(again.outcome, "failed");
  assert.equal(other.started().length, 1);
});

test("rule 22 resources follow the size of what upstream nodes made; reprod.json says what is asked for otherwise", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Make {
  out big: File = "big"
  out parts: [File] = glob("part*")
  run bash \`\`\`
    head -c 3145728 /dev/zero > big
    echo "$memory_mb" > parta
    head -c 1048576 /dev/zero > partb
  \`\`\`
}
transform Measure {
  in big: File
  in parts: [File]
  out told: File = "told"
  resources { memory: 2 * size(big) + size(parts) + 10 MiB, cpus: 1 }
  run bash \`\`\`
    echo "$memory_mb" > told
  \`\`\`
}
node make = Make {}
node measure = Measure { big: make.big, parts: make.parts }
`,
  );
  project.write("reprod.json", JSON.stringify({ resources: { memory: "123 MiB", timeout: "90 s" } }));
  const first = (await project.open()).graph.nodes[0]?.resources();
  assert.deepEqual([first?.memoryBytes, first?.timeoutMilliseconds], [123 * 2 ** 20, 90_000]);
  assert.equal((await project.run()).outcome, "done");
  const told = new Map<string, string>();
  for (const { node, state } of (await project.plan()).nodes) {
    assert.ok(state.state === "cached");
    for (const out of Object.values(state.result.outs).flat()) {
      if (out === null || out.size > 10) continue;
      const place = [".reprod/store/objects/sha256", out.sha256.slice(0, 2), out.sha256.slice(2)];
      told.set(node.name, fs.readFileSync(project.path(...place), "utf8").trim());
    }
  }
  // 2 × 3 MiB, 1 MiB and four bytes, 10 MiB.
  assert.deepEqual(
    [...told],
    [
      ["make", "123"],
      ["measure", "17"],
    ],
  );
});

test("rule 22 a size that is not known yet is no problem of a plan", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Make {
  param word: String
  out made: File = "made"
  run sh \`\`\`
    yes "$word" | head -c 2097152 > made
  \`\`\`
}
transform Copy {
  in made: File
  out copy: File = "copy"
  resources { memory: size(made) }
  run sh \`\`\`
    cp "$made" copy
  \`\`\`
}
node make = Make { word: "a" }
node copy = Copy { made: make.made }
`,
  );
  assert.equal((await project.run()).outcome, "done");
  project.edit('word: "a"', 'word: "b"');
  const plan = await project.plan();
  assert.deepEqual([plan.toRun, plan.estimate?.unknownNodes], [2, 0]);
});

test("an out that is missing fails the node, and a timeout ends it", async (context) => {
  const missing = new PipelineProject(context, node("Nothing", "true # $made"));
  await missing.run();
  const failed = missing.events.find((line) => line.event === "node-failed");
  assert.ok(failed?.event === "node-failed");
  assert.equal(failed.failure, "OutMissing");

  const slow = new PipelineProject(
    context,
    node("Slow", 'sleep 60; echo > "$made"', "resources { timeout: 200 ms }"),
  );
  await slow.run();
  const ended = slow.events.find((line) => line.event === "node-failed");
  assert.ok(ended?.event === "node-failed");
  assert.equal(ended.failure, "Timeout");
  assert.equal(ended.message, "the script ran longer than its timeout of 200 ms");
});

test("a cancelled run ends its scripts, keeps what is finished, and the next run goes on", async (context) => {
  const project = new PipelineProject(context, "");
  project.write(
    "test.reprod",
    `${node("Quick", 'echo quick > "$made"')}${node("Slow", `[ -e ${project.path("gate")} ] || exec sleep 60; echo > "$made"`)}target quick, slow\n`,
  );
  const stop = new AbortController();
  let quick = false;
  const result = await project.run(
    { keepGoing: true },
    {
      signal: stop.signal,
      onEvent: (line) => {
        quick ||= line.event === "node-done";
        if (quick && project.started().length === 2) stop.abort();
      },
    },
  );
  assert.equal(result.outcome, "cancelled");
  assert.deepEqual(await project.states(), ["quick: cached", "slow: missing *"]);
  project.write("gate", "");
  assert.equal((await project.run()).outcome, "done");
  assert.deepEqual(project.started(), ["slow"]);
});

test("C5 a request to cancel is a file of its own, acknowledged by an event", async (context) => {
  const project = new PipelineProject(context, node("Slow", 'sleep 60; echo > "$made"'));
  let request = "";
  const result = await project.run(
    {},
    {
      onEvent: (line) => {
        if (line.event !== "attempt-started") return;
        const [run = ""] = project.runs();
        request = writeRequest(project.path(".reprod", "runs", run), "cancel");
      },
    },
  );
  assert.equal(result.outcome, "cancelled");
  assert.ok(project.events.some((line) => line.event === "request" && line.id === request));
});

test("C5 the journal has one writer a file, every line in order, and a torn last line is left out", async (context) => {
  const project = new PipelineProject(context, node("Make", 'echo 1 > "$made"'));
  const { run } = await project.run();
  const folder = project.path(".reprod", "runs", run);
  const lines = readJournal(folder);
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    lines.map((_, at) => at + 1),
  );
  assert.deepEqual(lines, JSON.parse(JSON.stringify(project.events)));
  assert.equal(lines.at(-1)?.event, "run-ended");
  fs.appendFileSync(path.join(folder, "events.1.jsonl"), '{"v":1,"seq":99,"event":"node-done","no');
  assert.equal(readJournal(folder).length, lines.length);
  const claims = openClaims(project.path(".reprod", "store"));
  assert.equal(listRuns(project.path(".reprod", "runs"), claims, 1)[0]?.state, "done");
  // Cut within the last line, as a full disk or a power cut does: the run counts as interrupted.
  const file = path.join(folder, "events.1.jsonl");
  const end = fs.readFileSync(file, "utf8").indexOf('"event":"run-ended"');
  fs.truncateSync(file, end);
  const summary = listRuns(project.path(".reprod", "runs"), claims, 1)[0];
  assert.equal(summary?.state, "interrupted");
  const followed = [];
  for await (const line of followRun(folder, { alive: () => false })) followed.push(line);
  assert.equal(followed.length, lines.length - 1);
});

test("C1 nodes of one content id in a run share one execution, and each gets its own record", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Make {
  param words: String
  out made: File = "made.txt"
  run bash \`\`\`
    echo "\${#words}" > "$made"
  \`\`\`
}
transform Double {
  in from: File
  out made: File = "double.txt"
  run sh \`\`\`
    cat "$from" "$from" > "$made"
  \`\`\`
}
for words in ["abc", "xyz"] {
  node length[words] = Make { words }
  node double[words] = Double { from: length[words].made }
}
target double
`,
  );
  const result = await project.run();
  assert.equal(result.outcome, "done");
  assert.equal(project.started().filter((name) => name.startsWith("double")).length, 1);
  assert.deepEqual(Object.values(project.done()).sort(), ["adopted", "made", "made", "made"]);
  assert.ok((await project.states()).every((state) => state.endsWith("cached")));
});

test("C10 finished nodes count for those below before their records are durable, and are reported after", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Step {
  in before: File?
  param i: Int
  out made: File = "made.txt"
  run sh \`\`\`
    echo "$i" > "$made"
  \`\`\`
}
node step[0] = Step { i: 0 }
for i in range(1, 4) {
  node step[i] = Step { i, before: step[i - 1].made }
}
target step
`,
  );
  const store = project.path(".reprod", "store");
  await project.run(
    {},
    {
      onEvent: (line) => {
        if (line.event !== "node-done") return;
        const record = path.join(store, "results", line.recipe.slice(0, 2), `${line.recipe}.json`);
        assert.ok(fs.existsSync(record), "a node was reported before its record was there");
      },
    },
  );
  const last = project.events.findIndex(
    (line) => line.event === "attempt-started" && line.node === "step[3]",
  );
  const done = project.events.filter((line, at) => at < last && line.event === "node-done").length;
  assert.ok(last > 0 && done < 3, "the chain waited for the disk");
});

test("the ids of runs grow although the clock jumps back, so history stays in order", async (context) => {
  const project = new PipelineProject(
    context,
    `param depth: Int = 1\ntransform Make {\n  param depth: Int\n  out made: File = "f"\n  run sh \`\`\`\n    echo "$depth" > "$made"\n  \`\`\`\n}\nnode make = Make { depth }\n`,
  );
  const hour = 3_600_000;
  const now = Date.now();
  const first = await project.run({}, { clock: () => now });
  const set = [{ name: "depth", text: "2" }];
  const second = await project.run({ set }, { clock: () => now - hour });
  assert.ok(isRunId(second.run) && second.run > first.run);
  assert.equal(second.outcome, "done");
  const nodes = await project.planned({ set: [{ name: "depth", text: "3" }] });
  assert.deepEqual(nodes.get("make")?.why, ["param `depth` 2 → 3"]);
});

test("the record tells how a result was made: inputs, attempts, usage, commit", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Use {\n  in from: File\n  out made: File = "f"\n  run sh \`\`\`\n    cat "$from" > "$made"\n  \`\`\`\n}\nnode used = Use { from: file("in put.txt") }\n`,
  );
  project.write("in put.txt", "hello\n");
  const { run } = await project.run();
  const opened = await project.open();
  const ids = opened.identifier.ids(opened.graph.nodes[0] ?? assert.fail());
  assert.ok("recipe" in ids);
  const record = await opened.store.readRecord(ids.recipe);
  assert.ok(record);
  const from = record.inputs.from;
  assert.ok(from !== null && from !== undefined && "from" in from);
  assert.equal(from.from, "in put.txt");
  assert.equal(from.name, "inputs/in put.txt");
  assert.equal(record.made.run, run);
  assert.equal(record.made.file, "test.reprod");
  assert.equal(record.made.engine, "host");
  assert.equal(record.made.network, "open");
  assert.equal(record.made.attempts.length, 1);
  assert.ok((record.made.attempts[0]?.usage.wallMilliseconds ?? 0) > 0);
});

test("A13 --check makes twice what it makes, names what differs, and stores the first only", async (context) => {
  const project = new PipelineProject(context, "");
  const log = project.path("ran.log");
  project.write(
    "test.reprod",
    `transform Make {
  param counting: Bool
  out same: File = "same.txt"
  out folder: Dir = "folder"
  run sh \`\`\`
    echo run >> ${log}
    echo same > same.txt
    mkdir folder
    echo kept > folder/a
    if [ "$counting" = true ]; then wc -l < ${log} > folder/b; fi
  \`\`\`
}
node steady = Make { counting: false }
node counted = Make { counting: true }
`,
  );
  const result = await project.run({ check: true, jobs: 1 });
  assert.deepEqual([result.outcome, result.made, result.differing], ["done", 2, 1]);
  assert.equal(project.read("ran.log"), "run\n".repeat(4));
  const warnings = project.events.flatMap((line) => (line.event === "warning" ? [line] : []));
  assert.deepEqual(
    warnings.map(({ code, node }) => [code, node]),
    [["not-deterministic", "counted"]],
  );
  const message = warnings[0]?.message ?? "";
  assert.match(message, /its out `folder` differ/);
  // Both can be compared: the first is in the store, the second lies where the warning says.
  const second = /"(.*)"$/.exec(message)?.[1] ?? "";
  assert.equal(fs.readFileSync(path.join(second, "work/folder/a"), "utf8"), "kept\n");
  const objects = fs.readdirSync(project.path(".reprod/store/objects/sha256"), { recursive: true });
  // same.txt, folder/a, the first counted folder/b, and two manifests.
  assert.equal(objects.filter((name) => /[0-9a-f]{62}$/.test(String(name))).length, 5);
  assert.deepEqual(await project.states(), ["steady: cached", "counted: cached"]);
  const again = await project.run({ check: true });
  assert.deepEqual([again.made, again.differing], [0, 0]);
});

test("publish copies outs by name after the run, and leaves alone what is there", async (context) => {
  const project = new PipelineProject(
    context,
    `${node("Make", 'echo 1 > "$made"')}publish make.made to "results/"\n`,
  );
  await project.run();
  const file = project.path("results", "made.txt");
  assert.equal(fs.readFileSync(file, "utf8"), "1\n");
  const before = fs.statSync(file).mtimeMs;
  await project.run();
  assert.equal(fs.statSync(file).mtimeMs, before);
  fs.writeFileSync(file, "spoilt\n");
  await project.run();
  assert.equal(fs.readFileSync(file, "utf8"), "1\n");
});

test("an input that changes after planning fails its node as InputChanged, and nothing is stored", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Use {\n  in from: File\n  out made: File = "f"\n  run sh \`\`\`\n    cat "$from" > "$made"\n  \`\`\`\n}\nnode used = Use { from: file("in.txt") }\n`,
  );
  project.write("in.txt", "before\n");
  await project.run(
    {},
    {
      onEvent: (line) => {
        if (line.event === "run-started") project.write("in.txt", "after it was planned\n");
      },
    },
  );
  const failed = project.events.find((line) => line.event === "node-failed");
  assert.ok(failed?.event === "node-failed");
  assert.equal(failed.failure, "InputChanged");
});
