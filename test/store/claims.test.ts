import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import type { ContentId } from "../../server/base/brand.js";
import { type Liveness, type ProcessIdentity, thisProcess } from "../../server/base/process.js";
import { type ClaimsWorld, openClaims } from "../../server/store/claims.js";
import type { ClaimKey, Claims } from "../../server/store/local.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { recordOf, runId, storedRecord, temporaryFolder } from "../support/store.js";

const KEYS = 100;

function contentKey(n: number): ClaimKey & { readonly kind: "content"; readonly id: ContentId } {
  return { kind: "content", id: recordOf(`echo ${n}`, {}).contentId };
}

/** A machine with its own clock and timers, that pids say something about or not. */
class World implements ClaimsWorld {
  now = 0;
  readonly tasks = new Set<() => void>();
  constructor(
    readonly self: ProcessIdentity,
    readonly livenessOf: (identity: ProcessIdentity) => Liveness,
  ) {}
  readonly monotonic = () => this.now;
  readonly every = (_milliseconds: number, task: () => void) => {
    this.tasks.add(task);
    return () => this.tasks.delete(task);
  };
  renew(): void {
    for (const task of this.tasks) task();
  }
}

function machine(name: string): World {
  const self = { hostId: name, bootId: "boot", pid: 1, startTime: "1" };
  return new World(self, (identity) => (identity.hostId === name ? "alive" : "unknown"));
}

/** A process of this host that this test decides about. */
function processOf(dead: Set<number>, pid: number): World {
  const self = { hostId: "here", bootId: "boot", pid, startTime: String(pid) };
  return new World(self, (identity) => (dead.has(identity.pid) ? "dead" : "alive"));
}

/** What a child process does: claims what it can, tells it, and waits to be ended. */
function claimAll(folder: string): void {
  const claims = openClaims(folder);
  const held: number[] = [];
  for (let n = 0; n < KEYS; n++) if (claims.tryAcquire(contentKey(n)).kind === "held") held.push(n);
  console.log(JSON.stringify(held));
  process.stdin.resume().on("end", () => process.exit());
}

async function heldBy(child: ChildProcess): Promise<readonly number[]> {
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error("the child said nothing");
}

if (process.env.REPROD_TEST_CLAIMS_CHILD !== undefined) claimAll(process.env.REPROD_TEST_CLAIMS_CHILD);
else {
  const startChild = (context: TestContext, folder: string): ChildProcess => {
    const env = { ...process.env, REPROD_TEST_CLAIMS_CHILD: folder };
    const child = spawn(process.execPath, [__filename], { env, stdio: ["pipe", "pipe", "inherit"] });
    context.after(() => child.kill("SIGKILL"));
    return child;
  };
  const heldClaim = (claims: Claims, key: ClaimKey) => {
    const attempt = claims.tryAcquire(key);
    assert.ok(attempt.kind === "held");
    return attempt.claim;
  };

  test("C1 a content id is claimed by one at a time, and free when it was given back", (context) => {
    const folder = temporaryFolder(context);
    const [a, b] = [openClaims(folder, { run: runId(1) }), openClaims(folder)];
    const claim = heldClaim(a, contentKey(1));
    const refused = b.tryAcquire(contentKey(1));
    assert.ok(refused.kind === "taken");
    assert.deepEqual(refused.by, a.holder);
    assert.equal(refused.by?.run, runId(1));
    assert.equal(b.tryAcquire(contentKey(2)).kind, "held");
    assert.equal(a.stillHolds(claim), true);
    a.release(claim);
    assert.equal(a.stillHolds(claim), false);
    assert.equal(b.tryAcquire(contentKey(1)).kind, "held");
    a.close();
    b.close();
    const left = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      left.filter((entry) => entry.isFile()),
      [],
    );
  });

  test("C2 with every claim deleted while two runs work, each result is there once and whole", async (context) => {
    const folder = path.join(temporaryFolder(context), "store");
    const store = openLocalStore(folder);
    const [a, b] = [openClaims(folder), openClaims(folder)];
    const claim = heldClaim(a, contentKey(1));
    fs.rmSync(path.join(folder, "claims"), { recursive: true });
    assert.equal(a.stillHolds(claim), false);
    const second = heldClaim(b, contentKey(1));
    const outcomes = await Promise.all(
      ["monday\n", "tuesday\n"].map((text) => store.commit(storedRecord(store, "date", text))),
    );
    assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ["created", "lost"]);
    // The late one gives back what it believes to hold: that must not free the other's.
    a.release(claim);
    assert.equal(b.stillHolds(second), true);
    assert.equal(a.tryAcquire(contentKey(1)).kind, "taken");
    assert.equal(a.tryAcquire(contentKey(2)).kind, "held");
  });

  test("C3 a claim whose process is gone is taken over at once, by the next epoch, and nothing is unlinked", (context) => {
    const folder = temporaryFolder(context);
    const dead = new Set<number>();
    const [a, b, c] = [1, 2, 3].map((pid) => openClaims(folder, { world: processOf(dead, pid) }));
    assert.ok(a && b && c);
    const first = heldClaim(a, contentKey(1));
    assert.equal(b.tryAcquire(contentKey(1)).kind, "taken");
    dead.add(1);
    const second = heldClaim(b, contentKey(1));
    assert.deepEqual([first.epoch, second.epoch], [1, 2]);
    const { id } = contentKey(1);
    const names = fs.readdirSync(path.join(folder, "claims", "content", id.slice(0, 2))).sort();
    assert.deepEqual(names, [`${id}.1`, `${id}.2`]);
    // A paused process wakes up late: it sees that it was taken over, and what it gives back is its own alone.
    assert.equal(a.stillHolds(first), false);
    a.release(first);
    assert.equal(b.stillHolds(second), true);
    assert.equal(c.tryAcquire(contentKey(1)).kind, "taken");
    b.release(second);
    assert.equal(heldClaim(c, contentKey(1)).epoch, 1);
  });

  test("C3 a first epoch that was given back is not made again beside the second", (context) => {
    const folder = temporaryFolder(context);
    const dead = new Set<number>([1]);
    const [a, b, c] = [1, 2, 3].map((pid) => openClaims(folder, { world: processOf(dead, pid) }));
    assert.ok(a && b && c);
    const first = heldClaim(a, contentKey(1));
    const second = heldClaim(b, contentKey(1));
    a.release(first);
    const refused = c.tryAcquire(contentKey(1));
    assert.ok(refused.kind === "taken");
    assert.equal(refused.by?.pid, 2);
    assert.equal(b.stillHolds(second), true);
    assert.equal(
      fs.readdirSync(path.join(folder, "claims", "content", contentKey(1).id.slice(0, 2))).length,
      1,
    );
  });

  test("C3 a pid that was used again does not keep a claim alive", (context) => {
    const folder = temporaryFolder(context);
    const earlier = openClaims(folder, {
      world: new World({ ...thisProcess(), startTime: "long ago" }, () => "alive"),
    });
    heldClaim(earlier, { kind: "run", id: runId(1) });
    const now = openClaims(folder);
    assert.equal(now.holderOf({ kind: "run", id: runId(1) }), undefined);
    assert.equal(now.tryAcquire({ kind: "run", id: runId(1) }).kind, "held");
  });

  test("C3 on another host only a counter that stands still for 120 s, as seen here, is a death", (context) => {
    const folder = temporaryFolder(context);
    const [there, here] = [machine("there"), machine("here")];
    const theirs = openClaims(folder, { world: there });
    const ours = openClaims(folder, { world: here });
    const claim = heldClaim(theirs, contentKey(1));
    const look = () => ours.tryAcquire(contentKey(1)).kind;
    here.now = 1_000_000;
    assert.equal(look(), "taken");
    for (let n = 0; n < 20; n++) {
      here.now += 100_000;
      there.renew();
      assert.equal(look(), "taken");
    }
    here.now += 119_999;
    assert.equal(look(), "taken");
    // Its file's times, and ours, may be anything: they are not compared.
    const file = path.join(folder, "claims", "holders", `${theirs.holder.nonce}.json`);
    fs.utimesSync(file, 4e9, 4e9);
    here.now += 1;
    assert.equal(look(), "held");
    assert.equal(theirs.stillHolds(claim), false);
  });

  test("C3 two processes that race for a dead one's claims get each claim once", async (context) => {
    const folder = temporaryFolder(context);
    const killed = startChild(context, folder);
    assert.equal((await heldBy(killed)).length, KEYS);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    const racers = [startChild(context, folder), startChild(context, folder)];
    const held = (await Promise.all(racers.map(heldBy))).flat();
    assert.deepEqual(
      held.sort((a, b) => a - b),
      Array.from({ length: KEYS }, (_, n) => n),
    );
    const ours = openClaims(folder);
    assert.equal(ours.tryAcquire(contentKey(0)).kind, "taken");
    for (const racer of racers) racer.stdin?.end();
    await Promise.all(racers.map((racer) => once(racer, "exit")));
    assert.equal(ours.tryAcquire(contentKey(0)).kind, "held");
  });

  test("C3 damaged claim files are nobody's", (context) => {
    const folder = temporaryFolder(context);
    const claims = openClaims(folder);
    const { id } = contentKey(1);
    const within = path.join(folder, "claims", "content", id.slice(0, 2));
    fs.mkdirSync(within, { recursive: true });
    for (const [name, text] of [
      [`${id}.1`, ""],
      [`${id}.2`, '{"pid":1}'],
      [`${id}.x`, "x"],
      [`${id}.`, "x"],
    ] as const) {
      fs.writeFileSync(path.join(within, name), text);
    }
    assert.equal(heldClaim(claims, contentKey(1)).epoch, 3);
  });

  test("C5 a run's lease tells whether its runner lives, to one who writes nothing", (context) => {
    const folder = temporaryFolder(context);
    const dead = new Set<number>();
    const runner = openClaims(folder, { run: runId(7), world: processOf(dead, 1) });
    const face = openClaims(folder, { world: processOf(dead, 2) });
    const key: ClaimKey = { kind: "run", id: runId(7) };
    assert.equal(face.holderOf(key), undefined);
    heldClaim(runner, key);
    assert.deepEqual(face.holderOf(key), runner.holder);
    dead.add(1);
    assert.equal(face.holderOf(key), undefined);
    assert.deepEqual(fs.readdirSync(path.join(folder, "claims", "holders")), [`${runner.holder.nonce}.json`]);
  });

  test("E1 the store lock: many shared, or one exclusive; the dead hold nothing", (context) => {
    const folder = temporaryFolder(context);
    const dead = new Set<number>();
    const [a, b, c] = [1, 2, 3].map((pid) => openClaims(folder, { world: processOf(dead, pid) }));
    assert.ok(a && b && c);
    const first = a.lockShared();
    const second = b.lockShared();
    assert.ok(first.kind === "locked" && second.kind === "locked");
    const refused = c.lockExclusive();
    assert.ok(refused.kind === "busy");
    assert.deepEqual(refused.by.map((holder) => holder.pid).sort(), [1, 2]);
    first.release();
    dead.add(2);
    const exclusive = c.lockExclusive();
    assert.ok(exclusive.kind === "locked");
    const late = a.lockShared();
    assert.ok(late.kind === "busy");
    assert.deepEqual(late.by, [c.holder]);
    assert.equal(a.lockExclusive().kind, "busy");
    assert.equal(c.removeDead() > 0, true);
    exclusive.release();
    assert.equal(a.lockShared().kind, "locked");
  });
}
