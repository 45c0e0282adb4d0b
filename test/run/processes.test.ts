import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bundlePath } from "../../server/base/bundle.js";
import { cancelRun } from "../../server/run/cancel.js";
import { followRun } from "../../server/run/follow.js";
import { startDetachedRun } from "../../server/run/runner.js";
import { runStatus } from "../../server/run/runs.js";
import { openClaims } from "../../server/store/claims.js";
import { PipelineProject } from "../support/pipeline-project.js";
import { bundleRunEntry, startRun } from "../support/run-process.js";

let bundle: Awaited<ReturnType<typeof bundleRunEntry>>;
before(async () => {
  bundle = await bundleRunEntry();
});
after(() => bundle.remove());

const WAIT = (project: PipelineProject) => `transform Wait {
  out made: File = "made.txt"
  run bash \`\`\`
    echo ran >> ${project.path("ran.log")}
    while [ ! -e ${project.path("gate")} ]; do sleep 0.02; done
    echo done > "$made"
  \`\`\`
}
node waited = Wait {}
`;

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 1500, "it never came");
    await delay(20);
  }
}

test("C6 a detached run goes on from its own copy of the program, is followed, and ends by itself", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", WAIT(project));
  const run = await startDetachedRun(await project.open(), project.options());
  const folder = project.path(".reprod", "runs", run);
  const claims = openClaims(project.path(".reprod", "store"));
  assert.ok(fs.existsSync(path.join(folder, "program", path.basename(bundlePath("cli")))));
  await until(() => fs.existsSync(project.path("ran.log")));
  const status = () => runStatus(project.path(".reprod", "runs"), claims, run);
  // What it tells is on disk within a twentieth of a second.
  await until(() => status().touched[0]?.state === "running");
  const during = status();
  assert.equal(during.state, "running");
  assert.notEqual(during.holder?.pid, process.pid);
  assert.deepEqual(
    during.touched.map(({ node, state }) => [node, state]),
    [["waited", "running"]],
  );
  fs.writeFileSync(project.path("gate"), "");
  const events: string[] = [];
  const alive = () => claims.holderOf({ kind: "run", id: run }) !== undefined;
  for await (const line of followRun(folder, { alive })) events.push(line.event);
  assert.equal(events[0], "run-started");
  assert.equal(events.at(-1), "run-ended");
  assert.equal(runStatus(project.path(".reprod", "runs"), claims, run).state, "done");
  assert.deepEqual(await project.states(), ["waited: cached"]);
});

test("what keeps a detached run from starting is told to whoever started it", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", WAIT(project));
  const opened = await project.open();
  project.write("test.reprod", "node waited = Nothing {}\n");
  await assert.rejects(startDetachedRun(opened, project.options()), { code: "file-has-errors" });
});

test("C5 a detached run is cancelled by request, and one without a runner by ending what it left", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", WAIT(project));
  const claims = openClaims(project.path(".reprod", "store"));
  const run = await startDetachedRun(await project.open(), project.options());
  await until(() => fs.existsSync(project.path("ran.log")));
  const opened = await project.open();
  assert.equal((await cancelRun(opened.project, claims, run)).kind, "requested");
  const alive = () => claims.holderOf({ kind: "run", id: run }) !== undefined;
  await until(() => !alive());
  assert.equal(runStatus(project.path(".reprod", "runs"), claims, run).state, "cancelled");
  assert.equal((await cancelRun(opened.project, claims, run)).kind, "already-ended");

  fs.rmSync(project.path("ran.log"));
  const killed = startRun(bundle.entry, project.file);
  await until(() => fs.existsSync(project.path("ran.log")));
  const started = killed.events.find((line) => line.event === "run-started");
  killed.child.kill("SIGKILL");
  await killed.ended;
  assert.ok(started?.event === "run-started");
  assert.equal(runStatus(project.path(".reprod", "runs"), claims, started.run).state, "interrupted");
  assert.deepEqual(await cancelRun(opened.project, claims, started.run), { kind: "cleaned", ended: 1 });
  assert.equal((await cancelRun(opened.project, claims, started.run)).kind, "already-ended");
  // The script is gone: with its gate open it would have made its out.
  fs.writeFileSync(project.path("gate"), "");
  await delay(200);
  assert.deepEqual(await project.states(), ["waited: missing *"]);
});

test("Ctrl-C ends a run in the foreground cleanly", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", WAIT(project));
  const run = startRun(bundle.entry, project.file);
  await until(() => fs.existsSync(project.path("ran.log")));
  run.child.kill("SIGINT");
  const { code } = await run.ended;
  assert.equal(code, 130);
  const last = run.events.at(-1);
  assert.ok(last?.event === "run-ended" && last.outcome === "cancelled");
});

test("a store that cannot be written: planning works, running says so before it starts", async (context) => {
  const project = new PipelineProject(context, "");
  project.write("test.reprod", WAIT(project));
  fs.writeFileSync(project.path("gate"), "");
  await project.run();
  project.edit("echo done", "echo other");
  assert.deepEqual(await project.states(), ["waited: stale *"]);
  fs.chmodSync(project.folder, 0o755);
  const root = process.getuid?.() === 0;
  // Modes don't hold against root, who runs it as nobody.
  if (!root) spawnSync("chmod", ["-R", "a-w", project.folder]);
  try {
    const run = startRun(bundle.entry, project.file, root ? { uid: 65534 } : {});
    const { code, stderr } = await run.ended;
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^(store|project)-read-only: /);
    assert.doesNotMatch(stderr, /\n\s+at /);
  } finally {
    if (!root) spawnSync("chmod", ["-R", "u+w", project.folder]);
  }
});

test("a file with errors can be planned, not run", async (context) => {
  const project = new PipelineProject(context, "node waited = Nothing {}\n");
  const run = startRun(bundle.entry, project.file);
  const { code, stderr } = await run.ended;
  assert.equal(code, 2);
  assert.match(stderr, /^file-has-errors: /);
});
