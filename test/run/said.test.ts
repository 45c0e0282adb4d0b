import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { isRunId, type RunId } from "../../server/base/brand.js";
import { explainNode } from "../../server/run/explain.js";
import { Journal, readJournal, readJournalEnd } from "../../server/run/journal.js";
import type { PlanJson } from "../../server/run/plan.js";
import { createRunFolder, newRunId } from "../../server/run/runs.js";
import { openClaims } from "../../server/store/claims.js";
import { PipelineProject } from "../support/pipeline-project.js";
import { recordOf } from "../support/store.js";
import { temporaryFolder } from "../support/temporary.js";

/** `step` ends with exit code 3 unless the file `gate` is there; `other` needs it. */
function project(context: TestContext): PipelineProject {
  const made = new PipelineProject(context, "");
  made.write(
    "test.reprod",
    `param depth: Int = 1
transform Step {
  param depth: Int
  out made: File = "made.txt"
  run sh \`\`\`
    [ -e ${made.path("gate")} ] || exit 3
    echo "$depth" > "$made"
  \`\`\`
}
transform Use {
  in from: File
  out made: File = "used.txt"
  run sh \`\`\`
    cat "$from" > "$made"
  \`\`\`
}
node step = Step { depth }
node other = Use { from: step.made }
`,
  );
  return made;
}

function newest(made: PipelineProject): RunId {
  const run = made.runs().at(-1);
  assert.ok(run !== undefined && isRunId(run));
  return run;
}

async function runOf(made: PipelineProject, node = "step"): Promise<PlanJson["nodes"][number]["run"]> {
  return (await made.planned()).get(node)?.run;
}

test("B2 a plan and an explanation tell that the node failed, as long as its recipe is the same", async (context) => {
  const made = project(context);
  assert.equal(await runOf(made), undefined);
  await made.run();
  const failed = {
    state: "failed",
    run: newest(made),
    message: "the script ended with exit code 3",
    exitCode: 3,
    attempt: 1,
  };
  const plan = await made.planned();
  assert.equal(plan.get("step")?.state, "missing");
  assert.deepEqual(plan.get("step")?.run, failed);
  assert.equal(plan.get("other")?.run, undefined);
  assert.deepEqual((await explainNode(await made.open(), "step")).run, failed);

  const set = [{ name: "depth", text: "2" }];
  assert.equal((await made.planned({ set })).get("step")?.run, undefined);
  assert.equal((await explainNode(await made.open(set), "step")).run, undefined);
});

test("B2 what a run says counts no more once a later one has a result of the same recipe", async (context) => {
  const made = project(context);
  await made.run();
  made.write("gate", "");
  await made.run();
  assert.equal(await runOf(made), undefined);
  await made.forget("step");
  const missing = (await made.planned()).get("step");
  assert.equal(missing?.state, "missing");
  assert.equal(missing.run, undefined);
  // As `reprod gc` does: the store still knows which run had it last.
  fs.rmSync(made.path(".reprod", "runs", newest(made)), { recursive: true });
  assert.equal(await runOf(made), undefined);
});

test("B2 of a broken result too, only what failed after it was made is told", async (context) => {
  const made = project(context);
  await made.run();
  made.write("gate", "");
  await made.run({ targets: ["step"] });
  fs.rmSync(made.path(".reprod", "store", "objects"), { recursive: true });
  const broken = (await made.planned()).get("step");
  assert.equal(broken?.state, "broken");
  assert.equal(broken.run, undefined);
  fs.rmSync(made.path(".reprod", "runs", newest(made)), { recursive: true });
  assert.equal(await runOf(made), undefined);
  fs.rmSync(made.path("gate"));
  await made.run();
  assert.equal((await runOf(made))?.run, newest(made));
});

test("B2 running and queued need a live lease; the runs of another file say nothing", async (context) => {
  const made = project(context);
  const opened = await made.open();
  const { runs, store } = opened.project.folders;
  const recipeOf = async (name: string) => {
    const recipe = (await made.planned()).get(name)?.recipe;
    assert.ok(recipe);
    return recipe;
  };
  const [step, other] = [await recipeOf("step"), await recipeOf("other")];
  const start = (run: RunId, file: string): void => {
    const folder = createRunFolder(runs, {
      v: 1,
      run,
      file,
      pipeline: "",
      createdAt: "2026-01-01T00:00:00.000Z",
      detached: false,
      options: made.options(),
    });
    const journal = Journal.open(folder);
    journal.write({ event: "node-queued", node: "step", recipe: step, why: [] });
    journal.write({ event: "node-queued", node: "other", recipe: other, why: [] });
    journal.write({
      event: "attempt-started",
      node: "step",
      recipe: step,
      content: recordOf("echo", {}).contentId,
      attempt: 1,
      id: "a",
      folder,
      adopted: false,
    });
    journal.close();
  };
  const run = newRunId(undefined);
  start(run, opened.file);
  const elsewhere = newRunId(run);
  start(elsewhere, `${opened.file}2`);

  const claims = openClaims(store, { run });
  context.after(() => claims.close());
  assert.equal(await runOf(made), undefined);
  for (const id of [run, elsewhere]) assert.equal(claims.tryAcquire({ kind: "run", id }).kind, "held");
  assert.deepEqual(await runOf(made), { state: "running", run, attempt: 1 });
  assert.deepEqual(await runOf(made, "other"), { state: "queued", run });
});

test("a plan of what is cached reads no journal", async (context) => {
  const made = project(context);
  made.write("gate", "");
  await made.run();
  // Whoever reads this one fails.
  fs.mkdirSync(made.path(".reprod", "runs", newest(made), "events.9.jsonl"));
  assert.deepEqual(
    [...(await made.planned()).values()].map(({ state }) => state),
    ["cached", "cached"],
  );
  await assert.rejects(made.planned({ set: [{ name: "depth", text: "2" }] }), { code: "EISDIR" });
});

test("the end of a journal is that of its files together, in whole lines", (context) => {
  const folder = temporaryFolder(context);
  for (const part of [1, 2]) {
    const journal = Journal.open(folder, () => 0);
    for (const line of [1, 2, 3])
      journal.write({ event: "warning", code: "test", message: `${part}.${line}`, node: undefined });
    journal.close();
  }
  const size = fs.statSync(path.join(folder, "events.1.jsonl")).size;
  const messages = (bytes: number) =>
    readJournalEnd(folder, bytes).map((line) => (line.event === "warning" ? line.message : line.event));
  assert.deepEqual(readJournalEnd(folder, size * 2), readJournal(folder));
  assert.deepEqual(messages(size * 2 - 1), ["1.2", "1.3", "2.1", "2.2", "2.3"]);
  assert.deepEqual(messages(size), ["2.1", "2.2", "2.3"]);
  assert.deepEqual(messages(size - 1), ["2.2", "2.3"]);
  assert.deepEqual(messages(5), []);
});
