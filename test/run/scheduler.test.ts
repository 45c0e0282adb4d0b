import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Demand, Scheduler, type SchedulerOptions } from "../../server/run/scheduler.js";

/** What a simulated node is like. */
interface Work {
  readonly upstream: readonly number[];
  readonly demand: Demand;
  /** Time it takes, in ticks of the simulated clock. */
  readonly duration: number;
  /** Found in the store when it is ready: never runs. */
  readonly found: boolean;
  /** How many attempts fail before one goes well; more than 2 retries is a failure for good. */
  readonly failures: number;
  /** Waits for another run first. */
  readonly aside: boolean;
}

const MAX_ATTEMPTS = 3;
const capacity: Demand = { cpus: 4, memoryBytes: 1000 };

const graphs: fc.Arbitrary<readonly Work[]> = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 4 }),
      cpus: fc.constantFrom(0.1, 0.5, 1, 2, 3, 4, 9),
      memoryBytes: fc.constantFrom(0, 1, 300, 999, 1000, 5000),
      duration: fc.integer({ min: 1, max: 9 }),
      found: fc.boolean(),
      failures: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
      aside: fc.constantFrom(false, false, false, true),
    }),
    { maxLength: 40 },
  )
  .map((items) =>
    items.map((item, position) => ({
      upstream: position === 0 ? [] : [...new Set(item.picks.map((pick) => pick % position))],
      demand: { cpus: item.cpus, memoryBytes: item.memoryBytes },
      duration: item.duration,
      found: item.found,
      failures: item.failures,
      aside: item.aside,
    })),
  );

const optionsOf = (more: Partial<SchedulerOptions> = {}): SchedulerOptions => ({
  capacity,
  jobs: Number.POSITIVE_INFINITY,
  keepGoing: true,
  standby: 0,
  priority: "longest-path",
  ...more,
});

interface Outcome {
  readonly ends: ("succeeded" | "failed" | "skipped" | undefined)[];
  readonly starts: number[];
  readonly order: number[];
}

/** Runs `works` to the end on a simulated machine and clock, checking at each step what must always hold. */
function simulate(
  works: readonly Work[],
  options: SchedulerOptions,
  stopAt = Number.POSITIVE_INFINITY,
): Outcome {
  const scheduler = new Scheduler(
    works.map((work) => work.upstream),
    options,
  );
  const workAt = (position: number): Work => {
    const work = works[position];
    assert.ok(work);
    return work;
  };
  const ends: Outcome["ends"] = works.map(() => undefined);
  const starts = works.map(() => 0);
  const order: number[] = [];
  const agenda: { time: number; position: number; what: "ended" | "back" }[] = [];
  const given = new Map<number, Demand>();
  const standing = new Set<number>();
  const setEnd = (position: number, end: "succeeded" | "failed" | "skipped") => {
    assert.equal(ends[position], undefined, `position ${position} ended twice`);
    ends[position] = end;
  };
  let now = 0;
  let stopped = false;
  for (let steps = 0; !scheduler.finished; steps++) {
    assert.ok(steps < 100_000, "the run never ends");
    for (let ready = scheduler.takeReady(); ready !== undefined; ready = scheduler.takeReady()) {
      const work = workAt(ready);
      for (const up of work.upstream) assert.equal(ends[up], "succeeded", "an upstream is not settled");
      if (work.aside) {
        scheduler.setAside(ready);
        agenda.push({ time: now + 2, position: ready, what: "back" });
      } else if (work.found) {
        setEnd(ready, "succeeded");
        scheduler.succeed(ready);
      } else scheduler.enqueue(ready, work.demand);
    }
    for (let start = scheduler.takeStart(); start !== undefined; start = scheduler.takeStart()) {
      assert.ok(!stopped, "something started after the stop");
      const work = workAt(start.position);
      for (const up of work.upstream) assert.equal(ends[up], "succeeded");
      starts[start.position] = (starts[start.position] ?? 0) + 1;
      order.push(start.position);
      assert.ok(!given.has(start.position), "it runs already");
      standing.delete(start.position);
      given.set(start.position, start.given);
      const cpus = [...given.values()].reduce((sum, demand) => sum + demand.cpus, 0);
      const memory = [...given.values()].reduce((sum, demand) => sum + demand.memoryBytes, 0);
      assert.ok(cpus <= options.capacity.cpus + 1e-9, "more cpus in use than the machine has");
      assert.ok(memory <= options.capacity.memoryBytes, "more memory in use than the machine has");
      assert.ok(given.size <= options.jobs, "more jobs than allowed");
      agenda.push({ time: now + work.duration, position: start.position, what: "ended" });
    }
    for (let next = scheduler.takeStandby(); next !== undefined; next = scheduler.takeStandby()) {
      assert.ok(!stopped, "something was made ready after the stop");
      assert.ok(!given.has(next.position) && !standing.has(next.position));
      // Some turn out to need no run, or to wait for another run, while they are made ready.
      if (workAt(next.position).duration === 9) {
        scheduler.setAside(next.position);
        agenda.push({ time: now + 1, position: next.position, what: "back" });
      } else standing.add(next.position);
      assert.ok(standing.size <= options.standby, "more stand by than allowed");
    }
    if (scheduler.stopped !== undefined) {
      for (const position of standing) scheduler.dropStandby(position);
      standing.clear();
    }
    if (scheduler.finished) break;
    agenda.sort((a, b) => a.time - b.time || a.position - b.position);
    const next = agenda.shift();
    if (next === undefined) break;
    now = next.time;
    if (now >= stopAt && !stopped) {
      stopped = true;
      scheduler.stop("cancelled");
    }
    const { position } = next;
    const work = workAt(position);
    if (next.what === "back") {
      if (work.found) {
        setEnd(position, "succeeded");
        scheduler.succeed(position);
      } else scheduler.enqueue(position, work.demand);
      continue;
    }
    given.delete(position);
    // Some give their room back before their end is known.
    if (work.duration % 2 === 0) scheduler.release(position);
    const attempt = starts[position] ?? 0;
    if (attempt > work.failures) {
      setEnd(position, "succeeded");
      scheduler.succeed(position);
    } else if (attempt < MAX_ATTEMPTS) {
      scheduler.enqueue(position, { ...work.demand, memoryBytes: work.demand.memoryBytes * 2 ** attempt });
    } else {
      setEnd(position, "failed");
      const { failed, skipped } = scheduler.fail(position);
      assert.deepEqual(failed, []);
      for (const other of skipped) setEnd(other, "skipped");
    }
  }
  assert.equal(scheduler.running, 0);
  assert.deepEqual(
    scheduler.unsettled(),
    ends.flatMap((end, position) => (end === undefined ? [position] : [])),
  );
  return { ends, starts, order };
}

test("never over capacity, order respected, every node settled once, failures contained", () => {
  fc.assert(
    fc.property(
      graphs,
      fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
      fc.nat(3),
      (works, jobs, standby) => {
        const { ends, starts } = simulate(works, optionsOf({ jobs, standby }));
        works.forEach((work, position) => {
          const above = work.upstream.map((up) => ends[up]);
          const expected = above.some((end) => end !== "succeeded")
            ? "skipped"
            : !work.found && work.failures >= MAX_ATTEMPTS
              ? "failed"
              : "succeeded";
          assert.equal(ends[position], expected);
          const runs = expected === "skipped" || work.found ? 0 : Math.min(work.failures + 1, MAX_ATTEMPTS);
          assert.equal(starts[position], runs);
        });
      },
    ),
    { numRuns: 300 },
  );
});

test("without keep-going nothing starts after the first failure, and what runs ends", () => {
  fc.assert(
    fc.property(graphs, fc.nat(3), (works, standby) => {
      const { ends, order } = simulate(works, optionsOf({ keepGoing: false, standby }));
      if (!ends.includes("failed")) assert.ok(ends.every((end) => end === "succeeded"));
      assert.ok(order.length <= works.length * MAX_ATTEMPTS);
    }),
    { numRuns: 200 },
  );
});

test("a cancelled run starts nothing more and ends", () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 20 }), fc.nat(3), (works, stopAt, standby) => {
      simulate(works, optionsOf({ standby }), stopAt);
    }),
    { numRuns: 200 },
  );
});

test("the same events give the same order", () => {
  fc.assert(
    fc.property(
      graphs,
      fc.constantFrom("longest-path" as const, "first-ready" as const),
      (works, priority) => {
        const options = optionsOf({ priority });
        assert.deepEqual(simulate(works, options).order, simulate(works, options).order);
      },
    ),
    { numRuns: 50 },
  );
});

test("a big node on standby is overtaken by small ones for a while only", () => {
  const small = 500;
  const scheduler = new Scheduler(
    [[], ...Array.from({ length: small }, () => [])],
    optionsOf({ standby: 1 }),
  );
  for (let p = scheduler.takeReady(); p !== undefined; p = scheduler.takeReady())
    if (p > 0) scheduler.enqueue(p, { cpus: 1, memoryBytes: 0 });
    else scheduler.setAside(p);
  const running: number[] = [];
  for (let start = scheduler.takeStart(); start !== undefined; start = scheduler.takeStart())
    running.push(start.position);
  // The big one is first in the queue, since it was there first, and stands by.
  scheduler.enqueue(0, { cpus: 4, memoryBytes: 0 });
  assert.equal(scheduler.takeStandby()?.position, 0);
  let overtaken = 0;
  for (;;) {
    const ended = running.shift();
    if (ended === undefined) break;
    scheduler.succeed(ended);
    const next = scheduler.takeStart();
    if (next === undefined) continue;
    if (next.position === 0) break;
    overtaken++;
    running.push(next.position);
  }
  assert.ok(overtaken > 0 && overtaken < small / 2, `${overtaken} went ahead of it`);
});

test("the node with the longest way below it starts first", () => {
  // 0 and 1 end at once; 2 → 3 → 4 is a chain.
  const scheduler = new Scheduler([[], [], [], [2], [3]], optionsOf({ jobs: 1 }));
  for (let p = scheduler.takeReady(); p !== undefined; p = scheduler.takeReady())
    scheduler.enqueue(p, { cpus: 1, memoryBytes: 0 });
  assert.equal(scheduler.takeStart()?.position, 2);
});

test("a node that asks for more than the machine has runs alone, with all of it", () => {
  const scheduler = new Scheduler([[], []], optionsOf());
  assert.equal(scheduler.takeReady(), 0);
  scheduler.enqueue(0, { cpus: 64, memoryBytes: 10 ** 12 });
  assert.equal(scheduler.takeReady(), 1);
  scheduler.enqueue(1, { cpus: 1, memoryBytes: 1 });
  assert.deepEqual(scheduler.takeStart(), { position: 0, given: capacity });
  assert.equal(scheduler.takeStart(), undefined);
  scheduler.succeed(0);
  assert.equal(scheduler.takeStart()?.position, 1);
});

test("a big node is not overtaken for ever by small ones", () => {
  const small = 400;
  // It waits for another run at first, and comes back when the machine is full of small ones.
  const blocked = new Scheduler([[], ...Array.from({ length: small }, () => [])], optionsOf());
  for (let p = blocked.takeReady(); p !== undefined; p = blocked.takeReady()) {
    if (p === 0) blocked.setAside(p);
    else blocked.enqueue(p, { cpus: 1, memoryBytes: 0 });
  }
  const running: number[] = [];
  const startAll = () => {
    for (let s = blocked.takeStart(); s !== undefined; s = blocked.takeStart()) running.push(s.position);
  };
  startAll();
  blocked.enqueue(0, { cpus: 4, memoryBytes: 0 });
  let ended = 0;
  while (!running.includes(0) && ended < small) {
    const first = running.shift();
    assert.ok(first !== undefined);
    blocked.succeed(first);
    ended++;
    startAll();
  }
  assert.ok(ended < 100, `it waited for ${ended} others`);
});

test("C1 equal content ids within a run share one execution and its end", () => {
  const scheduler = new Scheduler([[], [], [1]], optionsOf());
  assert.equal(scheduler.takeReady(), 0);
  scheduler.enqueue(0, { cpus: 1, memoryBytes: 0 });
  assert.equal(scheduler.takeReady(), 1);
  scheduler.follow(1, 0);
  assert.equal(scheduler.takeStart()?.position, 0);
  assert.equal(scheduler.takeStart(), undefined);
  scheduler.succeed(0);
  assert.equal(scheduler.takeReady(), 1);
  scheduler.succeed(1);
  assert.equal(scheduler.takeReady(), 2);

  const failing = new Scheduler([[], [], [1]], optionsOf());
  failing.takeReady();
  failing.enqueue(0, { cpus: 1, memoryBytes: 0 });
  failing.takeReady();
  failing.follow(1, 0);
  failing.takeStart();
  assert.deepEqual(failing.fail(0), { failed: [1], skipped: [2] });
  assert.ok(failing.finished);
});

test("C11 after a full disk nothing new starts, and what runs goes on", () => {
  const scheduler = new Scheduler([[], [], [0]], optionsOf());
  for (let p = scheduler.takeReady(); p !== undefined; p = scheduler.takeReady())
    scheduler.enqueue(p, { cpus: 4, memoryBytes: 0 });
  assert.equal(scheduler.takeStart()?.position, 0);
  scheduler.stop("disk-full");
  assert.ok(!scheduler.finished);
  scheduler.succeed(0);
  assert.equal(scheduler.takeStart(), undefined);
  assert.equal(scheduler.takeReady(), undefined);
  assert.ok(scheduler.finished);
  assert.deepEqual(scheduler.unsettled(), [1, 2]);
});

test("100,000 nodes are scheduled in well under a second", () => {
  const count = 100_000;
  const scheduler = new Scheduler(
    Array.from({ length: count }, (_, position) => (position % 10 === 0 ? [] : [position - 1])),
    optionsOf(),
  );
  const before = process.cpuUsage();
  let settled = 0;
  const running: number[] = [];
  while (!scheduler.finished) {
    for (let p = scheduler.takeReady(); p !== undefined; p = scheduler.takeReady())
      scheduler.enqueue(p, { cpus: 1, memoryBytes: 1 });
    for (let s = scheduler.takeStart(); s !== undefined; s = scheduler.takeStart()) running.push(s.position);
    const ended = running.pop();
    assert.ok(ended !== undefined);
    scheduler.succeed(ended);
    settled++;
  }
  assert.equal(settled, count);
  // Generous, as other work may share the machine: it takes some 0.1 s; anything quadratic takes minutes.
  assert.ok(process.cpuUsage(before).user < 3_000_000);
});
