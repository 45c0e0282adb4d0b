import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { isRunId, type RunId } from "../../server/base/brand.js";
import { openProject } from "../../server/data/project.js";
import { deleteOldRuns, findOldRuns } from "../../server/run/old-runs.js";
import { createRunFolder, markFinished, newRunId, runIds } from "../../server/run/runs.js";
import { openClaims } from "../../server/store/claims.js";
import { temporaryFolder } from "../support/temporary.js";

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2030, 0, 1);

function place(context: TestContext) {
  const folder = temporaryFolder(context);
  fs.mkdirSync(path.join(folder, ".reprod/store"), { recursive: true });
  const { folders } = openProject(folder);
  const claims = openClaims(folders.store);
  context.after(() => claims.close());
  /** A run that began so many days ago, with one attempt that left a log and a working folder. */
  const run = (daysAgo: number, file = "a.reprod"): RunId => {
    const id = newRunId(undefined, () => NOW - daysAgo * DAY);
    const made = createRunFolder(folders.runs, {
      v: 1,
      run: id,
      file: path.join(folder, file),
      pipeline: "a",
      createdAt: "",
      detached: false,
      options: {
        set: [],
        directory: folder,
        container: undefined,
        targets: [],
        noCache: [],
        keepGoing: false,
        jobs: undefined,
        executor: "local",
      },
    });
    markFinished(made);
    const attempt = path.join(folders.tmp, id, "attempt");
    fs.mkdirSync(path.join(attempt, "work"), { recursive: true });
    fs.writeFileSync(path.join(attempt, "stdout.log"), "said\n");
    fs.writeFileSync(path.join(attempt, "work/left"), "x".repeat(1000));
    return id;
  };
  const attemptOf = (id: RunId) => path.join(folders.tmp, id, "attempt");
  return { folders, claims, run, attemptOf };
}

test("E2 runs that are over and old go with their logs; the newest of each file, named and young ones stay", async (context) => {
  const { folders, claims, run, attemptOf } = place(context);
  const gone = run(50);
  const named = run(45);
  const newestOfOther = run(40, "b.reprod");
  const young = run(10);
  const rules = { before: NOW - 30 * DAY, named: new Set([named]) };
  const old = findOldRuns(folders, claims, rules);
  assert.deepEqual(
    old.map((each) => [each.run, each.whole]),
    [
      [gone, true],
      [named, false],
      [newestOfOther, false],
    ],
  );
  assert.ok(old.every(({ bytes }) => bytes >= 1000));
  // Listing deletes nothing.
  assert.equal(runIds(folders.runs).length, 4);
  await deleteOldRuns(old);
  assert.deepEqual([...runIds(folders.runs)].sort(), [named, newestOfOther, young].sort());
  assert.ok(!fs.existsSync(path.join(folders.tmp, gone)));
  for (const kept of [named, newestOfOther]) {
    assert.ok(fs.existsSync(path.join(attemptOf(kept), "stdout.log")));
    assert.ok(!fs.existsSync(path.join(attemptOf(kept), "work")));
  }
  assert.ok(fs.existsSync(path.join(attemptOf(young), "work/left")));
  assert.deepEqual(findOldRuns(folders, claims, rules), []);
});

test("C4 E1 a run that lives, or left attempts that may be taken over, is never old", (context) => {
  const { folders, claims, run } = place(context);
  const living = run(50);
  const killed = run(49);
  run(1);
  assert.ok(isRunId(living));
  const lease = claims.tryAcquire({ kind: "run", id: living });
  assert.ok(lease.kind === "held");
  fs.writeFileSync(path.join(folders.runs, killed, "unfinished"), "");
  const rules = { before: NOW, named: new Set<RunId>() };
  assert.deepEqual(
    findOldRuns(folders, claims, rules).map((each) => each.run),
    [runIds(folders.runs)[0]],
  );
  claims.release(lease.claim);
  assert.deepEqual(
    findOldRuns(folders, claims, rules).map((each) => each.run),
    [living, runIds(folders.runs)[0]],
  );
});
