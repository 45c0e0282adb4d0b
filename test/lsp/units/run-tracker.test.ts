import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import type { RunId } from "../../../server/base/brand.js";
import { openProject, type Project } from "../../../server/data/project.js";
import { contentIdOf, recipeIdOf } from "../../../server/graph/recipe.js";
import { FolderWatch } from "../../../server/lsp/folder-watch.js";
import { RunTracker, type TrackedRun } from "../../../server/lsp/run-tracker.js";
import type { RunEvent } from "../../../server/run/events.js";
import { Journal } from "../../../server/run/journal.js";
import { createRunFolder } from "../../../server/run/runs.js";
import { openClaims } from "../../../server/store/claims.js";
import type { Claims } from "../../../server/store/local.js";
import { recipeOf, runId } from "../../support/store.js";
import { temporaryFolder } from "../../support/temporary.js";
import { Heard } from "./heard.js";

const recipe = recipeIdOf(recipeOf("made"));
const content = contentIdOf(recipeOf("made"), {}) ?? assert.fail();

/** A runner as far as its folder shows it: what a test says is written, nothing else. */
class Runner {
  readonly folder: string;
  readonly #claims: Claims;
  #journal: Journal | undefined;

  constructor(
    t: TestContext,
    readonly project: Project,
    readonly run: RunId,
    readonly file = path.join(project.root, "main.reprod"),
  ) {
    const { runs, store } = project.folders;
    this.folder = createRunFolder(runs, {
      v: 1,
      run,
      file,
      pipeline: "main",
      createdAt: new Date().toISOString(),
      detached: true,
      options: {
        set: [],
        directory: project.root,
        container: undefined,
        targets: ["all"],
        noCache: [],
        keepGoing: true,
        jobs: undefined,
        executor: "local",
      },
    });
    this.#claims = openClaims(store, { run });
    t.after(() => this.die());
  }

  begin(nodes: number): this {
    assert.equal(this.#claims.tryAcquire({ kind: "run", id: this.run }).kind, "held");
    const { run, file } = this;
    return this.says({
      event: "run-started",
      run,
      pipeline: "main",
      file,
      targets: ["all"],
      executor: "local",
      engine: "host",
      nodes,
      cached: 0,
      pid: process.pid,
      epoch: 1,
    });
  }

  queued(node: string): this {
    return this.says({ event: "node-queued", node, recipe, why: [] });
  }

  started(node: string, attempt = 1): this {
    const id = `${node}-${attempt}`;
    const folder = path.join(this.project.folders.tmp, id);
    return this.says({
      event: "attempt-started",
      node,
      recipe,
      content,
      attempt,
      id,
      folder,
      adopted: false,
    });
  }

  made(node: string): this {
    return this.says({ event: "node-done", node, recipe, content, from: "made", record: "" });
  }

  end(outcome: "done" | "failed" | "cancelled" = "done"): this {
    this.says({
      event: "run-ended",
      outcome,
      made: 1,
      reused: 0,
      failed: 0,
      skipped: 0,
      wallMilliseconds: 1,
    });
    this.die();
    return this;
  }

  says(event: RunEvent): this {
    this.#journal ??= Journal.open(this.folder);
    this.#journal.write(event);
    this.#journal.flush();
    return this;
  }

  /** The next lines go into a journal file of their own. */
  nextEpoch(): this {
    this.#journal?.close();
    this.#journal = undefined;
    return this;
  }

  /** Without a word. */
  die(): void {
    this.nextEpoch();
    this.#claims.close();
  }
}

interface Tracked {
  readonly project: Project;
  readonly tracker: RunTracker;
  /** The next that is told of a run. */
  readonly next: (run: RunId, test: (told: TrackedRun) => boolean) => Promise<TrackedRun>;
}

function tracked(t: TestContext, prepare: (project: Project) => void = () => {}): Tracked {
  const folder = temporaryFolder(t);
  fs.mkdirSync(path.join(folder, ".reprod"));
  const project = openProject(path.join(folder, "main.reprod"));
  prepare(project);
  const heard = new Heard<TrackedRun>();
  const watch = new FolderWatch();
  const tracker = new RunTracker(project, watch, (runs) => runs.forEach(heard.hear));
  t.after(() => {
    tracker.close();
    watch.close();
  });
  return { project, tracker, next: (run, test) => heard.next((one) => one.summary.run === run && test(one)) };
}

const first = runId(1);
const second = runId(2);

test("a run that goes is followed from its first word to its last", async (t) => {
  const { project, tracker, next } = tracked(t);
  const runner = new Runner(t, project, first).begin(2);
  await next(first, ({ summary }) => summary.state === "running" && summary.nodes === 2);
  runner.queued("a").queued("b").started("a");
  const { counts } = await next(first, ({ counts }) => counts.running === 1);
  assert.deepEqual(counts, { running: 1, queued: 1 });
  runner.made("a");
  await next(first, ({ counts }) => counts.made === 1);
  const [newest] = await tracker.newestOf(runner.file);
  assert.deepEqual(
    newest?.touched.map(({ node, state }) => `${node} ${state}`),
    ["a made", "b queued"],
  );
  runner.end();
  const ended = await next(first, ({ summary }) => summary.state === "done");
  assert.deepEqual([ended.targets, ended.summary.holder], [["all"], undefined]);
  assert.equal(tracker.list(9).length, 1);
});

test("a run whose runner was killed is interrupted, and so is what it had begun", async (t) => {
  const { project, tracker, next } = tracked(t);
  const runner = new Runner(t, project, first).begin(2).queued("a").started("a");
  await next(first, ({ counts }) => counts.running === 1);
  runner.die();
  await next(first, ({ summary }) => summary.state === "interrupted");
  assert.deepEqual(
    tracker.nodes(first).map(({ state }) => state),
    ["interrupted"],
  );
  const [newest] = await tracker.newestOf(runner.file);
  assert.deepEqual(
    newest?.touched.map(({ state }) => state),
    ["interrupted"],
  );
});

test("a line that is written in two halves, or torn for ever, costs no other line", async (t) => {
  const { project, next } = tracked(t);
  const runner = new Runner(t, project, first).begin(3).queued("a");
  await next(first, ({ counts }) => counts.queued === 1);
  const line = JSON.stringify({ v: 1, seq: 9, time: "", event: "node-queued", node: "b", recipe, why: [] });
  const journal = path.join(runner.folder, "events.1.jsonl");
  fs.appendFileSync(journal, line.slice(0, 40));
  runner.queued("c");
  // The half and the line behind it are one line now, which says nothing; the next one does.
  runner.queued("d");
  await next(first, ({ counts }) => counts.queued === 2);
  fs.appendFileSync(journal, line.slice(0, 40));
  fs.appendFileSync(journal, `${line.slice(40)}\n`);
  await next(first, ({ counts }) => counts.queued === 3);
});

test("a second epoch of a journal goes on where the first one ended", async (t) => {
  const { project, tracker, next } = tracked(t);
  const runner = new Runner(t, project, first).begin(2).queued("a").started("a");
  await next(first, ({ counts }) => counts.running === 1);
  runner.nextEpoch().made("a").queued("b");
  await next(first, ({ counts }) => counts.made === 1 && counts.queued === 1);
  assert.deepEqual(
    tracker.nodes(first).map(({ node, state }) => `${node} ${state}`),
    ["a made", "b queued"],
  );
});

test("what `reprod gc` has deleted is gone here too", async (t) => {
  const { project, tracker, next } = tracked(t, (project) => {
    new Runner(t, project, first).begin(1).started("a").end("failed");
  });
  const runner = new Runner(t, project, second).begin(1).queued("a");
  await next(second, ({ counts }) => counts.queued === 1);
  assert.deepEqual(
    (await tracker.newestOf(runner.file)).map(({ run }) => run),
    [second, first],
  );
  fs.rmSync(path.join(project.folders.runs, first), { recursive: true });
  assert.deepEqual(
    (await tracker.newestOf(runner.file)).map(({ run }) => run),
    [second],
  );
  assert.deepEqual(
    tracker.list(9).map(({ summary }) => summary.run),
    [second],
  );
  assert.throws(() => tracker.nodes(first), { code: "unknown-run" });
  // And a run that goes, together with its lease.
  fs.rmSync(runner.folder, { recursive: true });
  runner.end();
  assert.deepEqual(await tracker.newestOf(runner.file), []);
});

test("journals of runs that ended are read once, and those that were followed not at all", async (t) => {
  const file = (project: Project): string => path.join(project.root, "main.reprod");
  const { project, tracker, next } = tracked(t, (project) => {
    new Runner(t, project, first).begin(1).made("a").end();
  });
  const of = async (): Promise<readonly string[]> =>
    (await tracker.newestOf(file(project))).map(({ run, touched }) => `${run} ${touched[0]?.state}`);
  assert.deepEqual(await of(), [`${first} made`]);
  const runner = new Runner(t, project, second).begin(1).started("a");
  await next(second, ({ counts }) => counts.running === 1);
  runner.end();
  await next(second, ({ summary }) => summary.state === "done");
  for (const run of [first, second])
    fs.writeFileSync(path.join(project.folders.runs, run, "events.1.jsonl"), "nothing to read any more\n");
  assert.deepEqual(await of(), [`${second} interrupted`, `${first} made`]);
});

test("of a pipeline file the three newest ended runs count, and every one that goes", async (t) => {
  const { project, tracker } = tracked(t, (project) => {
    for (let n = 2; n <= 6; n++) new Runner(t, project, runId(n)).begin(1).end();
    new Runner(t, project, runId(7), path.join(project.root, "other.reprod")).begin(1).end();
    new Runner(t, project, first).begin(1).started("long");
  });
  assert.deepEqual(
    (await tracker.newestOf(path.join(project.root, "main.reprod"))).map(({ run }) => run),
    [runId(6), runId(5), runId(4), first],
  );
});

test("a folder that says nothing, and one that may not be read, are no runs", async (t) => {
  const { project, tracker } = tracked(t);
  fs.mkdirSync(path.join(project.folders.runs, first), { recursive: true });
  fs.mkdirSync(path.join(project.folders.runs, second, "run.json"), { recursive: true });
  assert.deepEqual(tracker.list(9), []);
  assert.deepEqual(await tracker.newestOf(path.join(project.root, "main.reprod")), []);
});

test("looking at runs writes nothing, so it is for workspaces without trust too", async (t) => {
  const { project, tracker } = tracked(t);
  tracker.list(9);
  await tracker.newestOf(path.join(project.root, "main.reprod"));
  tracker.close();
  assert.deepEqual(fs.readdirSync(project.root, { recursive: true }), [".reprod"]);
});
