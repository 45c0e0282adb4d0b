import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import { test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import type { Account } from "../../server/cloud/account.js";
import { makeClients } from "../../server/cloud/make-clients.js";
import { takeLock } from "../../server/cloud/reconcile/lock.js";
import type { Clock } from "../../server/cloud/reconcile/patience.js";

interface Parameter {
  Name: string;
  Value: string;
  LastModifiedDate: Date;
}

/** What notes the dates of answers. */
type Middleware = (
  next: (args: unknown) => Promise<{ output: object; response: unknown }>,
) => (args: unknown) => Promise<{ output: object }>;

/**
 * A parameter store in a map, with a clock of its own: the stand-in at the outermost edge, so that ten minutes pass at
 * once. It refuses what AWS warns of: a parameter of a name that was deleted less than half a minute ago.
 */
class Store {
  readonly parameters = new Map<string, Parameter>();
  /** AWS's time, of which the time of this machine may be anything. */
  now = Date.UTC(2030, 0, 1);
  denied = false;
  dated = true;
  /** So many puts are done and not answered. */
  answersLost = 0;
  /** Looks at the row do not see the newest parameter so many times. */
  unseen = 0;
  /** Done once between an action and its answer. */
  meanwhile: { action: string; work: () => void } | undefined;
  readonly created: string[] = [];
  readonly asked: string[] = [];
  readonly #deleted = new Map<string, number>();
  #note: Middleware = (next) => next;

  readonly account = {
    profile: "small",
    region: "eu-central-1",
    accountId: "123456789012",
    callerArn: "arn:aws:iam::123456789012:user/jane",
    partition: "aws",
    aws: { ssm: async () => this.#ssm },
    // Only what a lock asks for.
  } as unknown as Account;

  put(Name: string, Value: string, silentFor = 0): void {
    this.parameters.set(Name, { Name, Value, LastModifiedDate: new Date(this.now - silentFor) });
  }

  delete(Name: string): boolean {
    this.#deleted.set(Name, this.now);
    return this.parameters.delete(Name);
  }

  count(action: string): number {
    return this.asked.filter((one) => one === action).length;
  }

  readonly #ssm = {
    middlewareStack: {
      add: (note: Middleware) => {
        this.#note = note;
      },
    },
    getParametersByPath: async () => {
      const output = await this.#answer("look", () => {
        const all = [...this.parameters.values()].map((one) => ({ ...one }));
        return { Parameters: this.unseen-- > 0 ? all.slice(0, -1) : all };
      });
      const headers = this.dated ? { date: new Date(this.now).toUTCString() } : {};
      return (await this.#note(async () => ({ output, response: { headers } }))({})).output;
    },
    getParameter: async ({ Name }: { Name: string }) =>
      this.#answer("get", () => {
        const found = this.parameters.get(Name);
        if (found === undefined) throw named("ParameterNotFound");
        return { Parameter: { ...found } };
      }),
    putParameter: async ({ Name, Value, Overwrite }: { Name: string; Value: string; Overwrite: boolean }) =>
      this.#answer("put", () => {
        const isThere = this.parameters.has(Name);
        const isFresh = this.now - (this.#deleted.get(Name) ?? 0) < 30_000;
        if (!Overwrite && (isThere || isFresh)) throw named("ParameterAlreadyExists");
        if (!isThere) this.created.push(Name);
        this.put(Name, Value);
        if (this.answersLost-- > 0) throw Object.assign(new Error("no answer"), { name: "TimeoutError" });
        return {};
      }),
    deleteParameter: async ({ Name }: { Name: string }) =>
      this.#answer("delete", () => {
        if (!this.delete(Name)) throw named("ParameterNotFound");
        return {};
      }),
  };

  async #answer<Result>(action: string, work: () => Result): Promise<Result> {
    await Promise.resolve();
    this.asked.push(action);
    if (this.denied) {
      throw Object.assign(
        new Error("User: arn:aws:iam::123456789012:user/jane is not authorized to perform: ssm:PutParameter"),
        { name: "AccessDeniedException", $fault: "client", $metadata: { httpStatusCode: 400 } },
      );
    }
    const result = work();
    if (this.meanwhile?.action === action) {
      const { work: other } = this.meanwhile;
      this.meanwhile = undefined;
      other();
    }
    return result;
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
    signal?.throwIfAborted();
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
const row = `/reprod/${project}/lock/eu-central-1`;

function begin(store: Store, clock: HandClock, signal?: AbortSignal) {
  return takeLock(store.account, project, { clock, signal, tags: { "reprod:project": project } });
}

/** Lets as many seconds pass as taking it may need. */
async function take(store: Store, clock = new HandClock(), signal?: AbortSignal) {
  const taking = begin(store, clock, signal);
  taking.catch(() => undefined);
  let settled = false;
  const settle = () => {
    settled = true;
  };
  taking.then(settle, settle);
  for (let step = 0; step < 100 && !settled; step++) await clock.pass(500);
  return taking;
}

/** The lock of a process on another machine. */
function foreign(nonce = "another"): string {
  const process = { hostId: "another", bootId: "another", pid: 1, startTime: "1" };
  return JSON.stringify({ nonce, caller: "arn:aws:iam::123456789012:user/joe", host: "lab-3", process });
}

const isBusy = (error: unknown) => error instanceof Failure && error.code === "setup-busy";
const isJoes = (error: unknown) => isBusy(error) && /user\/joe on lab-3/.test(String(error));
const minutes = 60_000;

test("F4 of two who take the lock one has it, and it is free when that one is done", async () => {
  const store = new Store();
  const lock = await take(store);
  await assert.rejects(take(store), isBusy);
  await lock.release();
  assert.equal(store.parameters.size, 0);
  await (await take(store)).release();
});

test("F4 no name is used again: the lock can be taken as soon as it was released, and each is above the one before", async () => {
  const store = new Store();
  for (let round = 0; round < 5; round++) await (await take(store)).release();
  assert.equal(new Set(store.created).size, 5);
  // One of a machine whose clock is years ahead.
  store.put(`${row}/99999999999999-another`, foreign(), 11 * minutes);
  const lock = await take(store);
  assert.match([...store.parameters.keys()].join(), /\/100000000000000-[^/,]+$/);
  await lock.release();
});

test("F4 of many at the same moment never two have it", async () => {
  for (let round = 0; round < 50; round++) {
    const store = new Store();
    const clock = new HandClock();
    const ended = Promise.allSettled([begin(store, clock), begin(store, clock), begin(store, clock)]);
    for (let step = 0; step < 24; step++) await clock.pass(500);
    const taken = (await ended).filter(({ status }) => status === "fulfilled");
    assert.ok(taken.length <= 1, String(taken.length));
    assert.equal(store.parameters.size, taken.length);
    for (const result of await ended) if (result.status === "fulfilled") await result.value.release();
  }
});

test("F4 who put a lower one a moment later steps back too: safety rests on no clock", async () => {
  const store = new Store();
  const clock = new HandClock();
  const refused = assert.rejects(begin(store, clock), isJoes);
  await clock.pass(0);
  assert.equal(store.parameters.size, 1);
  // The other one's clock is behind; it looked before there was anything to see.
  store.put(`${row}/7-another`, foreign());
  for (let step = 0; step < 4; step++) await clock.pass(500);
  await refused;
  assert.deepEqual([...store.parameters.keys()], [`${row}/7-another`]);
});

test("F4 what others put is looked for when it can be seen, and by nobody who does not see itself", async () => {
  const store = new Store();
  const clock = new HandClock();
  store.meanwhile = { action: "put", work: () => (store.unseen = 1) };
  const lock = await take(store, clock);
  assert.equal(store.created.length, 2, "the first was not seen, and stepped back");
  assert.equal(store.parameters.size, 1);
  await lock.release();
});

test("F4 a lock of another machine holds for ten minutes of silence, names its holder, and is superseded after", async () => {
  const store = new Store();
  store.put(`${row}/7-another`, foreign(), 9 * minutes);
  await assert.rejects(take(store), isJoes);
  store.put(`${row}/7-another`, foreign(), 11 * minutes);
  const lock = await take(store);
  assert.equal(store.parameters.size, 1);
  assert.ok(!store.parameters.has(`${row}/7-another`));
  await lock.release();
});

test("F4 silence is reckoned in AWS's time, whatever this machine's clock says", async (t) => {
  for (const wrong of [-60 * minutes, 60 * minutes, 365 * 24 * 60 * minutes]) {
    const store = new Store();
    t.mock.timers.enable({ apis: ["Date"], now: store.now + wrong });
    store.put(`${row}/7-another`, foreign(), 1 * minutes);
    await assert.rejects(take(store), isJoes);
    assert.equal(store.count("put"), 0, "a living one is left in peace");
    store.put(`${row}/7-another`, foreign(), 11 * minutes);
    await (await take(store)).release();
    t.mock.timers.reset();
  }
  const store = new Store();
  store.dated = false;
  store.put(`${row}/7-another`, foreign(), 11 * minutes);
  await assert.rejects(take(store), isJoes);
});

test("F4 the date of an answer is heard through the SDK", async (t) => {
  const now = Date.UTC(2001, 0, 1);
  const server = http.createServer((_, response) => {
    const parameter = { Name: `${row}/7-another`, Value: foreign(), LastModifiedDate: now / 1000 - 9 * 60 };
    response
      .writeHead(200, { "content-type": "application/x-amz-json-1.1", date: new Date(now).toUTCString() })
      .end(JSON.stringify({ Parameters: [parameter] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const closing = new AbortController();
  const aws = makeClients({
    region: "eu-central-1",
    credentials: async () => ({ accessKeyId: "a", secretAccessKey: "b" }),
    endpointOf: () => `http://127.0.0.1:${address.port}`,
    signal: closing.signal,
    close: () => closing.abort(),
  });
  t.after(() => {
    aws.destroy();
    server.close();
    server.closeAllConnections();
  });
  // By the clock of this machine it is silent for decades.
  const account = { ...new Store().account, aws };
  const options = { clock: new HandClock(), signal: undefined, tags: {} };
  await assert.rejects(takeLock(account, project, options), isJoes);
});

test("F4 busy names the one that holds: the highest that lives", async () => {
  const store = new Store();
  store.put(`${row}/7-another`, foreign().replace("joe", "ann"), 9 * minutes);
  store.put(`${row}/10-another`, foreign(), 8 * minutes);
  store.put(`${row}/11-another`, foreign().replace("joe", "tom"), 11 * minutes);
  await assert.rejects(take(store), isJoes);
});

test("F4 a put whose answer was lost is known again, though looks do not show it yet", async () => {
  const store = new Store();
  store.answersLost = 2;
  store.meanwhile = { action: "look", work: () => (store.unseen = 1) };
  const lock = await take(store);
  assert.equal(store.created.length, 2);
  assert.equal(store.parameters.size, 1);
  await lock.release();
  assert.equal(store.parameters.size, 0);
});

test("F4 a take that is cancelled leaves nothing", async () => {
  const store = new Store();
  const clock = new HandClock();
  const cancel = new AbortController();
  const ended = assert.rejects(begin(store, clock, cancel.signal));
  await clock.pass(0);
  assert.equal(store.parameters.size, 1);
  cancel.abort();
  await ended;
  assert.equal(store.parameters.size, 0);
});

test("F4 it is renewed each minute, and given up when it was taken or could not be renewed", async () => {
  const store = new Store();
  const clock = new HandClock();
  const lock = await take(store, clock);
  const before = store.count("put");
  await clock.pass(1 * minutes);
  assert.equal(store.count("put"), before + 1);
  store.denied = true;
  for (let minute = 0; minute < 8; minute++) {
    await clock.pass(1 * minutes);
    assert.ok(!lock.lost.aborted, `after ${minute + 1} minutes`);
  }
  await clock.pass(1 * minutes);
  assert.ok(lock.lost.aborted && isBusy(lock.lost.reason));
  store.denied = false;
  await lock.release();

  const other = new Store();
  const taken = await take(other, clock);
  for (const name of other.parameters.keys()) other.delete(name);
  await clock.pass(1 * minutes);
  assert.ok(taken.lost.aborted && isBusy(taken.lost.reason));
  assert.equal(other.parameters.size, 0, "what was taken away is not brought back");
  await taken.release();
});

test("F4 taken over between the two calls of a renewal, it is given up, and what came back goes", async () => {
  const store = new Store();
  const clock = new HandClock();
  const lock = await take(store, clock);
  const [own] = store.parameters.values();
  assert.ok(own);
  const above = `${row}/${Date.now() + 1e6}-another`;
  store.meanwhile = {
    action: "get",
    work: () => {
      store.put(above, foreign());
      store.delete(own.Name);
    },
  };
  await clock.pass(1 * minutes);
  assert.ok(lock.lost.aborted && isJoes(lock.lost.reason));
  const puts = store.count("put");
  await clock.pass(1 * minutes);
  assert.equal(store.count("put"), puts, "it is not renewed any more");
  await lock.release();
  assert.deepEqual([...store.parameters.keys()], [above]);
});

test("F4 of two that hold it the highest goes on", async () => {
  const store = new Store();
  const clock = new HandClock();
  const lock = await take(store, clock);
  store.put(`${row}/7-another`, foreign());
  await clock.pass(1 * minutes);
  assert.ok(!lock.lost.aborted);
  store.put(`${row}/${Date.now() + 1e6}-another`, foreign(), 11 * minutes);
  await clock.pass(1 * minutes);
  assert.ok(!lock.lost.aborted, "a dead one does not count");
  store.put(`${row}/${Date.now() + 1e6}-another`, foreign());
  await clock.pass(1 * minutes);
  assert.ok(isJoes(lock.lost.reason));
  await lock.release();
});

test("F4 after a night asleep it is given up at once, though its timers stood still", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.UTC(2030, 0, 1) });
  const store = new Store();
  const lock = await take(store);
  t.mock.timers.tick(5_000);
  assert.ok(!lock.lost.aborted);
  t.mock.timers.setTime(Date.now() + 8 * 60 * minutes);
  const asked = store.asked.length;
  t.mock.timers.tick(1_000);
  assert.ok(lock.lost.aborted && isBusy(lock.lost.reason));
  assert.equal(store.asked.length, asked, "without asking anybody");
  await lock.release();
});

test("F4 after a nap it is renewed at once, not only a minute later", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.UTC(2030, 0, 1) });
  const store = new Store();
  const clock = new HandClock();
  const lock = await take(store, clock);
  const puts = store.count("put");
  t.mock.timers.setTime(Date.now() + 5 * minutes);
  t.mock.timers.tick(1_000);
  await clock.pass(0);
  assert.equal(store.count("put"), puts + 1);
  // Those five minutes count no more.
  t.mock.timers.setTime(Date.now() + 5 * minutes);
  t.mock.timers.tick(1_000);
  await clock.pass(0);
  assert.ok(!lock.lost.aborted);
  await lock.release();
});

test("F4 a renewal that gets no answer for eight minutes is not waited for", async (t) => {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.UTC(2030, 0, 1) });
  const store = new Store();
  const lock = await take(store);
  t.mock.timers.tick(8 * minutes);
  assert.ok(!lock.lost.aborted);
  t.mock.timers.tick(2_000);
  assert.ok(lock.lost.aborted);
  await lock.release();
});

test("F4 who slept between put and look until another one took it steps back, also when that one is done", async () => {
  const store = new Store();
  const clock = new HandClock();
  const taking = begin(store, clock);
  await clock.pass(0);
  const [own] = store.parameters.keys();
  assert.ok(own !== undefined);
  store.now += 60 * minutes;
  // Taken, worked under, and released.
  store.delete(own);
  for (let step = 0; step < 8; step++) await clock.pass(500);
  const lock = await taking;
  assert.equal(store.created.length, 2);
  assert.ok(!store.parameters.has(own));
  await lock.release();
});

test("F4 one that was killed between put and look holds up others for ten minutes at most", async () => {
  const store = new Store();
  store.put(`${row}/${Date.now() + 1e6}-another`, foreign());
  await assert.rejects(take(store), isJoes);
  store.now += 10 * minutes + 1_000;
  const lock = await take(store);
  assert.equal(store.parameters.size, 1);
  await lock.release();
});

test("F4 a lock that this process left behind is over", async () => {
  const store = new Store();
  const lock = await take(store);
  const [kept] = store.parameters.values();
  assert.ok(kept);
  await lock.release();
  store.parameters.set(kept.Name, kept);
  await (await take(store)).release();
  assert.equal(store.parameters.size, 0);
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
