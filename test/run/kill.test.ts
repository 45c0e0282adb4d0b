import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hashOneFile } from "../../server/run/hash.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { verifyStore } from "../../server/store/verify.js";
import { PipelineProject } from "../support/pipeline-project.js";
import { bundleRunEntry, startRun } from "../support/run-process.js";

let bundle: Awaited<ReturnType<typeof bundleRunEntry>>;
before(async () => {
  bundle = await bundleRunEntry();
});
after(() => bundle.remove());

/** 200 nodes in 20 chains of ten; each script notes that it ran, outside of everything the store knows. */
const CHAINS = (log: string, generation = 0) => `pipeline chains
transform Step {
  in before: File?
  param chain: Int
  param step: Int
  out made: File = "made.txt"
  run bash \`\`\`
    echo "$chain $step" >> ${log}
    if [ -n "$before" ]; then cat "$before" > "$made"; fi
    echo "$chain $step ${generation}" >> "$made"
  \`\`\`
}
for chain in range(20) {
  node step[chain, 0] = Step { chain, step: 0 }
  for i in range(1, 10) {
    node step[chain, i] = Step { chain, step: i, before: step[chain, i - 1].made }
  }
}
target step
`;

/** Nodes that have a whole record in the store, with its recipe. */
async function recorded(project: PipelineProject): Promise<ReadonlyMap<string, string>> {
  const plan = await project.plan();
  return new Map(
    plan.nodes.flatMap(({ node, state }) =>
      state.state === "cached" ? [[node.name, state.result.recipe] as const] : [],
    ),
  );
}

test("C4 C10 a run killed at 50 random moments: each next run goes on, nothing with a record runs again", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", CHAINS(project.path("ran.log")));
  // Another seed tells of other moments.
  let seed = Number(process.env.REPROD_KILL_SEED ?? 42);
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  let kills = 0;
  let generation = 0;
  const ranWithRecord: string[] = [];
  let lastCached = 0;
  while (kills < 50) {
    const had = await recorded(project);
    assert.ok(had.size >= lastCached, "a record was lost");
    lastCached = had.size;
    if (had.size === 200) {
      // All done: start over with other bytes, so that every kill hits a run with work to do. Counted by itself: a
      // fast machine may end all of it before any kill.
      project.write("test.reprod", CHAINS(project.path("ran.log"), ++generation));
      lastCached = 0;
      continue;
    }
    // After a random number of events (between outs and records, in the middle of a group), or at any moment at all.
    let left = random() < 0.7 ? 1 + Math.floor(random() * 60) : Number.POSITIVE_INFINITY;
    const run = startRun(bundle.entry, project.file, {
      onEvent: () => {
        if (--left === 0) run.child.kill("SIGKILL");
      },
    });
    const timer =
      left === Number.POSITIVE_INFINITY
        ? setTimeout(() => run.child.kill("SIGKILL"), random() * 600)
        : undefined;
    const { code, stderr } = await run.ended;
    clearTimeout(timer);
    assert.ok(code === null || code === 0, `exit ${code}: ${stderr}`);
    if (code === null) kills++;
    for (const event of run.events) {
      if (event.event !== "attempt-started") continue;
      const recipe = had.get(event.node);
      if (recipe === undefined) continue;
      // The run is a program of its own, bundled after this one: sources that changed in between give other ids.
      assert.equal(
        event.recipe,
        recipe,
        "the program under test is not the one that this test was built from",
      );
      ranWithRecord.push(`after ${kills} kills, of ${had.size} recorded: ${JSON.stringify(event)}`);
    }
  }
  assert.deepEqual(ranWithRecord, []);
  const last = startRun(bundle.entry, project.file);
  const { code, stderr } = await last.ended;
  assert.equal(code, 0, stderr);
  assert.equal((await recorded(project)).size, 200);
  const store = openLocalStore(project.path(".reprod", "store"));
  assert.deepEqual((await verifyStore(store, hashOneFile)).problems, []);
  await store.close();
  // Every dead run has been settled: nothing of it is left to look after, and nobody runs.
  const runs = project.path(".reprod", "runs");
  const unfinished = fs.readdirSync(runs).filter((run) => fs.existsSync(path.join(runs, run, "unfinished")));
  assert.deepEqual(unfinished, []);
});

test("C4 a living script of a killed runner is adopted: it is not started again, and its result counts", async (context) => {
  const project = new PipelineProject(context, "");
  const gate = project.path("gate");
  project.write(
    "test.reprod",
    `transform Wait {
  out made: File = "made.txt"
  run bash \`\`\`
    echo ran >> ${project.path("ran.log")}
    while [ ! -e ${gate} ]; do sleep 0.05; done
    echo done > "$made"
  \`\`\`
}
node waited = Wait {}
`,
  );
  const killed = startRun(bundle.entry, project.file, {});
  while (!fs.existsSync(project.path("ran.log"))) await delay(20);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const next = startRun(bundle.entry, project.file, {
    onEvent: (line) => {
      if (line.event === "attempt-started") fs.writeFileSync(gate, "");
    },
  });
  const { code, stderr } = await next.ended;
  assert.equal(code, 0, stderr);
  const started = next.events.filter((line) => line.event === "attempt-started");
  assert.deepEqual(
    started.map((line) => line.event === "attempt-started" && line.adopted),
    [true],
  );
  assert.equal(project.read("ran.log"), "ran\n");
});

test("C4 a script that ended while nobody ran is harvested, not run again", async (context) => {
  const project = new PipelineProject(context, "");
  const gate = project.path("gate");
  project.write(
    "test.reprod",
    `transform Wait {
  out made: File = "made.txt"
  run bash \`\`\`
    echo ran >> ${project.path("ran.log")}
    while [ ! -e ${gate} ]; do sleep 0.02; done
    echo done > "$made"
    echo end >> ${project.path("ran.log")}
  \`\`\`
}
node waited = Wait {}
`,
  );
  const killed = startRun(bundle.entry, project.file, {});
  while (!fs.existsSync(project.path("ran.log"))) await delay(20);
  killed.child.kill("SIGKILL");
  await killed.ended;
  fs.writeFileSync(gate, "");
  while (!project.read("ran.log").includes("end")) await delay(20);
  await delay(100);
  const next = startRun(bundle.entry, project.file);
  const { code, stderr } = await next.ended;
  assert.equal(code, 0, stderr);
  assert.equal(project.read("ran.log"), "ran\nend\n");
});

test("C1 C2 two runs at once on one store: every node is made once", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", CHAINS(project.path("ran.log")));
  const runs = [startRun(bundle.entry, project.file), startRun(bundle.entry, project.file)];
  for (const run of runs) {
    const { code, stderr } = await run.ended;
    assert.equal(code, 0, stderr);
  }
  const lines = project.read("ran.log").trim().split("\n");
  assert.equal(lines.length, 200);
  assert.equal(new Set(lines).size, 200);
  const started = runs.map((run) => run.events.filter((line) => line.event === "attempt-started").length);
  assert.equal((started[0] ?? 0) + (started[1] ?? 0), 200);
});
