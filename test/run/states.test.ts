import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { explainNode } from "../../server/run/explain.js";
import { PipelineProject } from "../support/pipeline-project.js";

const PIPELINE = `pipeline letters

param depth: Int = 30

transform Count {
  in text: File
  param depth: Int
  out count: File = "count.txt"
  run sh \`\`\`
    wc -c < "$text" > "$count"
    echo "$depth" >> "$count"
  \`\`\`
}
transform Head {
  in text: File
  out first: File = "first.txt"
  run sh \`\`\`
    head -n 1 "$text" > "$first"
  \`\`\`
}
transform Join {
  in parts: [File]
  out all: File = "all.txt"
  run bash \`\`\`
    cat "\${parts[@]}" > "$all"
  \`\`\`
}

node head = Head { text: file("input.txt") }
node count = Count { text: head.first, depth }
node other = Head { text: file("other.txt") }
node all = Join { parts: [count.count, other.first] }
target all
`;

function project(context: import("node:test").TestContext): PipelineProject {
  const made = new PipelineProject(context, PIPELINE);
  made.write("input.txt", "alpha\nbeta\n");
  made.write("other.txt", "gamma\n");
  return made;
}

test("everything is missing at first, and cached after a run", async (context) => {
  const made = project(context);
  assert.deepEqual(await made.states(), [
    "head: missing *",
    "count: missing *",
    "other: missing *",
    "all: missing *",
  ]);
  const result = await made.run();
  assert.equal(result.outcome, "done");
  assert.equal(result.made, 4);
  assert.deepEqual(await made.states(), ["head: cached", "count: cached", "other: cached", "all: cached"]);
  const again = await made.run();
  assert.deepEqual([again.made, again.cached], [0, 4]);
  assert.deepEqual(made.started(), []);
});

test("a change of layout, comments and doc leaves everything cached", async (context) => {
  const made = project(context);
  await made.run();
  made.edit("node other =", "// why it is here\n/// documented\nnode   other =");
  made.edit("transform Join {", "/// Puts parts together.\ntransform Join {\n");
  assert.deepEqual(await made.states(), ["head: cached", "count: cached", "other: cached", "all: cached"]);
});

test("B2 a changed param makes its node stale, and what rests on it waits", async (context) => {
  const made = project(context);
  await made.run();
  const set = [{ name: "depth", text: "60" }];
  assert.deepEqual(await made.states({ set }), [
    "head: cached",
    "count: stale *",
    "other: cached",
    "all: waiting *",
  ]);
  const nodes = await made.planned({ set });
  assert.deepEqual(nodes.get("count")?.why, ["param `depth` 30 → 60"]);
  assert.deepEqual(nodes.get("all")?.why, ["upstream `count`: param `depth` 30 → 60"]);

  const explanation = await explainNode(await made.open(set), "all");
  assert.equal(explanation.state, "waiting");
  assert.deepEqual(explanation.causes, [
    {
      path: ["count", "all"],
      state: "stale",
      reasons: [{ text: "param `depth` 30 → 60", difference: undefined }],
    },
  ]);
});

test("rule 25 an upstream script change whose output keeps its bytes: it runs, nothing below does", async (context) => {
  const made = project(context);
  await made.run();
  made.edit('head -n 1 "$text"', 'sed -n 1p "$text"');
  assert.deepEqual(await made.states(), [
    "head: stale *",
    "count: waiting *",
    "other: stale *",
    "all: waiting *",
  ]);
  const result = await made.run();
  assert.deepEqual(made.started().sort(), ["head", "other"]);
  assert.deepEqual([result.made, result.reused], [2, 2]);
  assert.deepEqual(made.done(), { head: "made", other: "made", count: "adopted", all: "adopted" });
  assert.deepEqual(await made.states(), ["head: cached", "count: cached", "other: cached", "all: cached"]);
});

test("A4 a content hit leaves a record for the new recipe, with its own recipe and inputs", async (context) => {
  const made = project(context);
  await made.run();
  const before = await made.open();
  const count = before.graph.byName.get("count");
  assert.ok(count);
  const old = before.identifier.ids(count);
  made.edit('head -n 1 "$text"', 'sed -n 1p "$text"');
  await made.run();
  const opened = await made.open();
  const node = opened.graph.byName.get("count");
  assert.ok(node);
  const ids = opened.identifier.ids(node);
  assert.ok("recipe" in ids && "recipe" in old);
  assert.notEqual(ids.recipe, old.recipe);
  const record = await opened.store.readRecord(ids.recipe);
  const original = await opened.store.readRecord(old.recipe);
  assert.ok(record && original);
  assert.equal(record.adoptedFrom, old.recipe);
  assert.deepEqual(record.recipe, opened.identifier.recipe(node));
  assert.deepEqual(record.outs, original.outs);
  assert.equal(record.contentId, original.contentId);
  // Found by its own recipe now, even with the old record and its content entry gone.
  const store = made.path(".reprod", "store");
  fs.rmSync(path.join(store, "results", old.recipe.slice(0, 2), `${old.recipe}.json`));
  fs.rmSync(path.join(store, "content", record.contentId.slice(0, 2), record.contentId));
  assert.deepEqual(await made.states(), ["head: cached", "count: cached", "other: cached", "all: cached"]);
});

test("B3 a missing or broken node above a usable one is left alone", async (context) => {
  const made = project(context);
  await made.run();
  await made.forget("head");
  assert.deepEqual(await made.states(), ["head: missing", "count: cached", "other: cached", "all: cached"]);
  const opened = await made.open();
  const other = opened.graph.byName.get("other");
  assert.ok(other);
  const ids = opened.identifier.ids(other);
  assert.ok("recipe" in ids);
  const out = (await opened.store.readRecord(ids.recipe))?.outs.first;
  assert.ok(out && "sha256" in out);
  fs.rmSync(made.path(".reprod", "store", "objects", "sha256", out.sha256.slice(0, 2), out.sha256.slice(2)));
  assert.deepEqual(await made.states(), ["head: missing", "count: cached", "other: broken", "all: cached"]);
  await made.run();
  assert.deepEqual(made.started(), []);
  // Asked for itself, or needed by one that runs, it is made again.
  await made.run({ targets: ["other"] });
  assert.deepEqual(made.started(), ["other"]);
  assert.deepEqual(await made.states({ targets: ["other"] }), ["other: cached"]);
});

test("B1 what a node had earlier is read from the runs' names files, those of this checkout first", async (context) => {
  const made = project(context);
  await made.run();
  const names = made.path(".reprod", "store", "names");
  const [projectId = ""] = fs.readdirSync(names);
  const [file = ""] = fs.readdirSync(path.join(names, projectId, "letters"));
  assert.equal(fs.readdirSync(path.join(names, projectId, "letters")).length, 1);
  // Another checkout's run, newer, had `count` with depth 60.
  const set = [{ name: "depth", text: "60" }];
  await made.run({ set });
  const [, newer = ""] = made.runs();
  fs.rmSync(made.path(".reprod", "runs", newer), { recursive: true });
  assert.deepEqual(fs.readdirSync(path.join(names, projectId, "letters")).length, 2);
  const plan = await made.plan({ set: [{ name: "depth", text: "90" }] });
  const count = plan.nodes.find(({ node }) => node.name === "count")?.state;
  assert.ok(count?.state === "stale");
  assert.equal(`${count.earlier?.run}.ndjson`, file);
  const nodes = await made.planned({ set: [{ name: "depth", text: "90" }] });
  assert.deepEqual(nodes.get("count")?.why, ["param `depth` 30 → 90"]);
});

const UNSTEADY = `pipeline unsteady

transform Draw {
  out number: File = "number.txt"
  run bash \`\`\`
    echo "$RANDOM$RANDOM$RANDOM" > "$number"
  \`\`\`
}
transform Copy {
  in number: File
  out copy: File = "copy.txt"
  run sh \`\`\`
    cat "$number" > "$copy"
  \`\`\`
}
node drawn = Draw {}
node first = Copy { number: drawn.number }
node second = Copy { number: first.copy }
target second
`;

test("A2 results are never joined with an upstream that gave other bytes for the same recipe", async (context) => {
  const made = new PipelineProject(context, UNSTEADY);
  await made.run();
  await made.forget("drawn");
  assert.deepEqual(await made.states(), ["drawn: missing", "first: cached", "second: cached"]);
  await made.run({ targets: ["drawn"] });
  assert.deepEqual(await made.states(), ["drawn: cached", "first: stale *", "second: waiting *"]);
  const nodes = await made.planned();
  assert.deepEqual(nodes.get("first")?.why, ["upstream `drawn` gave other bytes for the same recipe"]);
  await made.run();
  assert.deepEqual(made.started(), ["first", "second"]);
  assert.deepEqual(await made.states(), ["drawn: cached", "first: cached", "second: cached"]);
  const { store, identifier, graph } = await made.open();
  const outs = await Promise.all(
    graph.nodes.map(async (node) => {
      const ids = identifier.ids(node);
      assert.ok("recipe" in ids);
      const out = Object.values((await store.readRecord(ids.recipe))?.outs ?? {})[0];
      assert.ok(out && "sha256" in out);
      return out.sha256;
    }),
  );
  assert.equal(new Set(outs).size, 1, "all three hold the same number");
});

test("A2 with some upstream gone, the present ones still count", async (context) => {
  const text = UNSTEADY.replace(
    "node second = Copy { number: first.copy }",
    'transform Both {\n  in a: File\n  in b: File as "b.txt"\n  out both: File = "both.txt"\n  run sh ```\n    cat "$a" "$b" > "$both"\n  ```\n}\nnode second = Both { a: drawn.number, b: first.copy }',
  );
  const made = new PipelineProject(context, text);
  await made.run();
  await made.forget("first");
  assert.deepEqual(await made.states(), ["drawn: cached", "first: missing", "second: cached"]);
  await made.forget("drawn");
  await made.run({ targets: ["drawn"] });
  assert.deepEqual(await made.states(), ["drawn: cached", "first: missing *", "second: stale *"]);
});

test("--no-cache makes a node again, and what rests on it only when the bytes differ", async (context) => {
  const made = project(context);
  await made.run();
  assert.deepEqual(await made.states({ noCache: ["head"] }), [
    "head: stale *",
    "count: waiting *",
    "other: cached",
    "all: waiting *",
  ]);
  const result = await made.run({ noCache: ["head"] });
  assert.deepEqual(made.started(), ["head"]);
  assert.deepEqual([result.made, result.reused], [1, 2]);

  const unsteady = new PipelineProject(context, UNSTEADY);
  await unsteady.run();
  await unsteady.run({ noCache: ["drawn"] });
  assert.deepEqual(unsteady.started(), ["drawn", "first", "second"]);
  assert.deepEqual(await unsteady.states(), ["drawn: cached", "first: cached", "second: cached"]);
});

test("an unknown input makes the state unknown, and a run says so before it starts", async (context) => {
  const made = new PipelineProject(
    context,
    PIPELINE.replace('file("other.txt")', 'file("https://example.org/other.txt")'),
  );
  made.write("input.txt", "alpha\n");
  assert.deepEqual(await made.states(), [
    "head: missing *",
    "count: missing *",
    "other: unknown *",
    "all: unknown *",
  ]);
  await assert.rejects(made.run(), { code: "unknown-input" });
});

test("a target is a node, a family, or members by their keys, with or without quotes", async (context) => {
  const made = new PipelineProject(
    context,
    `transform Make {
  param a: String
  param b: Int
  out f: File = "f"
  run sh \`\`\`
    echo "$a $b" > "$f"
  \`\`\`
}
for a in ["x, y", "z"] {
  for b in range(2) {
    node made[a, b] = Make { a, b }
  }
}
`,
  );
  const names = async (target: string) =>
    (await made.plan({ targets: [target] })).nodes.map(({ node }) => node.name);
  assert.deepEqual(await names('made["z", 1]'), ['made["z", 1]']);
  assert.deepEqual(await names('made["z",1]'), ['made["z", 1]']);
  assert.deepEqual(await names("made[z,1]"), ['made["z", 1]']);
  assert.deepEqual(await names('made["x, y", *]'), ['made["x, y", 0]', 'made["x, y", 1]']);
  assert.equal((await names("made")).length, 4);
  await assert.rejects(names("mode"), { code: "unknown-target" });
});

test("rule 25 a plan finds many nodes by their content ids before anything runs", async (context) => {
  const text = `transform Seed {
  out seed: File = "seed.txt"
  run sh \`\`\`
    echo seed > "$seed"
  \`\`\`
}
transform Use {
  in seed: File
  param i: Int
  out made: File = "made.txt"
  run sh \`\`\`
    cat "$seed" > "$made"
    echo "$i" >> "$made"
  \`\`\`
}
node seed = Seed {}
for i in range(80) {
  node used[i] = Use { seed: seed.seed, i }
}
target used
`;
  const made = new PipelineProject(context, text);
  await made.run();
  made.edit("echo seed", "printf 'seed\\n'");
  const before = (await made.plan()).summary;
  assert.deepEqual([before.stale, before.waiting], [1, 80]);
  await made.run({ targets: ["seed"] });
  const plan = await made.plan();
  assert.equal(plan.summary.cached, 81);
  assert.equal(plan.toRun, 0);
  const by = plan.nodes.map(({ state }) => (state.state === "cached" ? state.by : state.state));
  assert.equal(by.filter((how) => how === "content").length, 80);
  // A run that finds them writes the records of their new recipes (A4).
  await made.run();
  assert.deepEqual(made.started(), []);
  const after = await made.plan();
  assert.ok(after.nodes.every(({ state }) => state.state === "cached" && state.by === "recipe"));
});
