import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import type { CommitStep } from "../../server/store/commit-group.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { verifyStore } from "../../server/store/verify.js";
import { fileOut, hashFile, recordOf, recordPath, storedRecord, temporaryFolder } from "../support/store.js";

const STEPS: readonly CommitStep[] = [
  "objects-synced",
  "records-written",
  "records-published",
  "content-entered",
  "folders-synced",
];
const NODES = 10;

/** What the process does that is killed: this file again, with the step in its environment. */
async function commitAndDie(folder: string, step: string): Promise<void> {
  const store = openLocalStore(folder, {
    onCommitStep: (at) => {
      if (at === step) process.kill(process.pid, "SIGKILL");
    },
  });
  await Promise.all(records(store).map((record) => store.commit(record)));
}

function records(store: ReturnType<typeof openLocalStore>) {
  return Array.from({ length: NODES }, (_, n) => storedRecord(store, `echo ${n}`, `${n}\n`));
}

const child = process.env.REPROD_TEST_COMMIT_CHILD;
if (child !== undefined) {
  const { folder, step }: { folder: string; step: string } = JSON.parse(child);
  void commitAndDie(folder, step);
} else {
  for (const step of STEPS) {
    test(`C10 killed when it has "${step}", a store has whole results only, and the rest is made again`, async (context) => {
      const folder = path.join(temporaryFolder(context), "store");
      const env = { ...process.env, REPROD_TEST_COMMIT_CHILD: JSON.stringify({ folder, step }) };
      const ended = spawn(process.execPath, [__filename], { env, stdio: ["ignore", "inherit", "inherit"] });
      assert.deepEqual(await once(ended, "exit"), [null, "SIGKILL"]);

      const store = openLocalStore(folder);
      const wanted = records(store);
      const ids = wanted.map((record) => record.recipeId);
      const kinds = (await store.lookup(ids, { objects: true })).map((answer) => answer.kind);
      const published = STEPS.indexOf(step) >= STEPS.indexOf("records-published");
      assert.deepEqual(new Set(kinds), new Set([published ? "usable" : "absent"]));
      assert.deepEqual((await verifyStore(store, hashFile)).problems, []);

      const outcomes = await Promise.all(wanted.map((record) => store.commit(record)));
      for (const outcome of outcomes) {
        assert.equal(outcome.kind, published ? "lost" : "created");
        assert.ok(outcome.kind === "created" || outcome.sameBytes);
      }
      for (const record of wanted) {
        assert.equal((await store.adoptable(record.contentId))?.recipeId, record.recipeId);
      }
    });
  }

  test("C10 a record comes after its objects, its content entry after it", async (context) => {
    const folder = path.join(temporaryFolder(context), "store");
    const seen: string[] = [];
    const store = openLocalStore(folder, {
      onCommitStep: (step) => {
        const there = fs.existsSync(recordPath(store, record));
        const entered = fs.existsSync(
          path.join(folder, "content", record.contentId.slice(0, 2), record.contentId),
        );
        seen.push(`${step} ${there} ${entered}`);
      },
    });
    const record = storedRecord(store, "echo a", "a\n");
    await store.commit(record);
    assert.deepEqual(seen, [
      "objects-synced false false",
      "records-written false false",
      "records-published true false",
      "content-entered true true",
      "folders-synced true true",
    ]);
  });

  test("C10 records that come together are one batch, and flush waits for all that came before it", async (context) => {
    let batches = 0;
    const store = openLocalStore(path.join(temporaryFolder(context), "store"), {
      onCommitStep: (step) => {
        if (step === "folders-synced") batches++;
      },
    });
    const done: number[] = [];
    const all = records(store).map((record, n) => store.commit(record).then(() => done.push(n)));
    await store.flush();
    assert.equal(batches, 1);
    await Promise.all(all);
    assert.equal(done.length, NODES);
    assert.deepEqual(fs.readdirSync(path.join(store.folder, "tmp")), []);
  });

  test("C10 a batch of one bad record and good ones fails the bad one alone", async (context) => {
    const store = openLocalStore(path.join(temporaryFolder(context), "store"));
    const good = records(store);
    const bad = { ...recordOf("bad", {}), recipeId: recordOf("other", {}).recipeId };
    const outcomes = await Promise.allSettled([...good, bad].map((record) => store.commit(record)));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      [...good.map(() => "fulfilled"), "rejected"],
    );
  });

  test("C11 on a full disk nothing half-written is left, and all goes well when there is space again", async (context) => {
    const disk = path.join(temporaryFolder(context), "disk");
    fs.mkdirSync(disk);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", disk]).status !== 0) {
      context.skip("mounting a small tmpfs needs CAP_SYS_ADMIN");
      return;
    }
    try {
      await fillAndFree(disk);
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  test("C11 a file of another file system becomes an object by a copy, and is gone there", async (context) => {
    if (process.platform !== "linux" || fs.statSync("/dev/shm").dev === fs.statSync(process.cwd()).dev) {
      context.skip("there is no second file system here");
      return;
    }
    const store = openLocalStore(path.join(temporaryFolder(context, process.cwd()), "store"));
    const scratch = temporaryFolder(context, "/dev/shm");
    const file = path.join(scratch, "made");
    const { sha256, size } = fileOut(openLocalStore(path.join(scratch, "other")), "made elsewhere\n");
    fs.writeFileSync(file, "made elsewhere\n");
    await store.objects.put(file, sha256, size);
    assert.equal(fs.existsSync(file), false);
    assert.equal(store.objects.read(sha256)?.toString(), "made elsewhere\n");
    assert.equal(fs.statSync(store.objects.pathOf(sha256)).mode & 0o777, 0o444);
    assert.deepEqual(fs.readdirSync(path.join(store.folder, "tmp")), []);
  });
}

async function fillAndFree(disk: string): Promise<void> {
  const store = openLocalStore(path.join(disk, "store"));
  const before = storedRecord(store, "echo before", "before\n");
  await store.commit(before);

  const ballast = path.join(disk, "ballast");
  const record = storedRecord(store, "echo a", "a\n", { node: "n".repeat(20_000) });
  fillUp(ballast);
  await assert.rejects(store.commit(record), isFailure("disk-full"));
  assert.throws(() => fileOut(store, "x".repeat(10_000)), isFailure("disk-full"));
  await assert.rejects(
    store.writeNames("p", "q", record.made.run, []).then(() => Promise.reject(new Error("there was space"))),
    isFailure("disk-full"),
  );
  assert.deepEqual(fs.readdirSync(path.join(store.folder, "tmp")), []);
  assert.equal((await store.lookup([before.recipeId], { objects: true }))[0]?.kind, "usable");
  assert.equal((await store.lookup([record.recipeId], { objects: true }))[0]?.kind, "absent");

  fs.unlinkSync(ballast);
  assert.deepEqual(await store.commit(record), { kind: "created" });
  assert.deepEqual((await verifyStore(store, hashFile)).problems, []);
}

function fillUp(file: string): void {
  const descriptor = fs.openSync(file, "w");
  try {
    for (;;) fs.writeSync(descriptor, Buffer.alloc(4096));
  } catch {
    // Full: that was the aim.
  } finally {
    fs.closeSync(descriptor);
  }
}

function isFailure(code: string) {
  return (error: unknown) => error instanceof Failure && error.code === code;
}
