import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import type { Account } from "../../server/cloud/account.js";
import { takeLock } from "../../server/cloud/reconcile/lock.js";
import type { Clock } from "../../server/cloud/reconcile/patience.js";

interface Parameter {
  Name: string;
  Value: string;
  LastModifiedDate: Date;
}

/** A parameter store in a map: the stand-in at the outermost edge, so that ten minutes pass at once. */
class Store {
  readonly parameters = new Map<string, Parameter>();
  denied = false;
  puts = 0;

  readonly account = {
    profile: "small",
    region: "eu-central-1",
    accountId: "123456789012",
    callerArn: "arn:aws:iam::123456789012:user/jane",
    partition: "aws",
    aws: { ssm: async () => this.#ssm },
    // Only what a lock asks for.
  } as unknown as Account;

  readonly #ssm = {
    getParametersByPath: async () =>
      this.#answer(() => ({ Parameters: [...this.parameters.values()].map((one) => ({ ...one })) })),
    getParameter: async ({ Name }: { Name: string }) =>
      this.#answer(() => {
        const found = this.parameters.get(Name);
        if (found === undefined) throw named("ParameterNotFound");
        return { Parameter: { ...found } };
      }),
    putParameter: async ({ Name, Value, Overwrite }: { Name: string; Value: string; Overwrite: boolean }) =>
      this.#answer(() => {
        this.puts++;
        if (!Overwrite && this.parameters.has(Name)) throw named("ParameterAlreadyExists");
        this.parameters.set(Name, { Name, Value, LastModifiedDate: new Date() });
        return {};
      }),
    deleteParameter: async ({ Name }: { Name: string }) =>
      this.#answer(() => {
        if (!this.parameters.delete(Name)) throw named("ParameterNotFound");
        return {};
      }),
  };

  async #answer<Result>(work: () => Result): Promise<Result> {
    await Promise.resolve();
    if (this.denied) {
      throw Object.assign(
        new Error("User: arn:aws:iam::123456789012:user/jane is not authorized to perform: ssm:PutParameter"),
        { name: "AccessDeniedException", $fault: "client", $metadata: { httpStatusCode: 400 } },
      );
    }
    return work();
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name, $fault: "client", $metadata: { httpStatusCode: 400 } });
}

/** Time goes on when a test says so. */
class HandClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { until: this.#now + milliseconds, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }
  async pass(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const project = "abcdefghij23";

function take(store: Store, clock = new HandClock()) {
  return takeLock(store.account, project, { clock, signal: undefined, tags: { "reprod:project": project } });
}

/** A lock of a process on another machine, heard of so long ago. */
function foreign(store: Store, milliseconds: number): void {
  const Name = `/reprod/${project}/lock/eu-central-1/7`;
  const process = { hostId: "another", bootId: "another", pid: 1, startTime: "1" };
  const Value = JSON.stringify({
    nonce: "another",
    caller: "arn:aws:iam::123456789012:user/joe",
    host: "lab-3",
    process,
  });
  store.parameters.set(Name, { Name, Value, LastModifiedDate: new Date(Date.now() - milliseconds) });
}

const isBusy = (error: unknown) => error instanceof Failure && error.code === "setup-busy";

test("F4 of two who take the lock one has it, and it is free when that one is done", async () => {
  const store = new Store();
  const lock = await take(store);
  await assert.rejects(take(store), isBusy);
  await lock.release();
  assert.equal(store.parameters.size, 0);
  await (await take(store)).release();
});

test("F4 of many at the same moment never two have it", async () => {
  for (let round = 0; round < 50; round++) {
    const store = new Store();
    const clock = new HandClock();
    const ended = Promise.allSettled([take(store, clock), take(store, clock), take(store, clock)]);
    for (let step = 0; step < 12; step++) await clock.pass(1000);
    const taken = (await ended).filter(({ status }) => status === "fulfilled");
    assert.ok(taken.length <= 1, String(taken.length));
  }
});

test("F4 a lock of another machine holds for ten minutes of silence, names its holder, and is superseded after", async () => {
  const store = new Store();
  foreign(store, 9 * 60_000);
  await assert.rejects(take(store), (error) => isBusy(error) && /user\/joe on lab-3/.test(String(error)));
  foreign(store, 11 * 60_000);
  const lock = await take(store);
  assert.deepEqual([...store.parameters.keys()], [`/reprod/${project}/lock/eu-central-1/8`]);
  await lock.release();
});

test("F4 it is renewed each minute, and given up when it was taken or could not be renewed", async () => {
  const store = new Store();
  const clock = new HandClock();
  const lock = await take(store, clock);
  const before = store.puts;
  await clock.pass(60_000);
  assert.equal(store.puts, before + 1);
  store.denied = true;
  for (let minute = 0; minute < 8; minute++) {
    await clock.pass(60_000);
    assert.ok(!lock.lost.aborted, `after ${minute + 1} minutes`);
  }
  await clock.pass(60_000);
  assert.ok(lock.lost.aborted);

  const other = new Store();
  const taken = await take(other, clock);
  for (const parameter of other.parameters.values()) parameter.Value = "somebody else's";
  await clock.pass(60_000);
  assert.ok(taken.lost.aborted && isBusy(taken.lost.reason));
});

test("F4 a lock that this process left behind is over", async () => {
  const store = new Store();
  const lock = await take(store);
  const [kept] = store.parameters.values();
  assert.ok(kept);
  await lock.release();
  store.parameters.set(kept.Name, kept);
  await (await take(store)).release();
});

test("a refusal names the action; it is no defect", async () => {
  const store = new Store();
  store.denied = true;
  await assert.rejects(
    take(store),
    (error) =>
      error instanceof Failure &&
      error.code === "access-denied" &&
      /ssm:PutParameter/.test(error.message + (error.why ?? "")),
  );
});
