import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { LogFollower } from "../../../server/lsp/log-follower.js";
import { temporaryFolder } from "../../support/temporary.js";

const RUNNING = "started 1 1 1 1 boot 100.0\n";
const ENDED = `${RUNNING}exited 0 200.5\n`;

const always = new AbortController().signal;

/** The folder of an attempt, as a supervisor and its script leave it. */
function attempt(t: TestContext, state: string, stdout: string): string {
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, "state"), state);
  fs.writeFileSync(path.join(folder, "stdout.log"), stdout);
  return folder;
}

function follower(t: TestContext, folder: string): LogFollower {
  const made = new LogFollower(folder, () => {});
  t.after(() => made.close());
  return made;
}

test("a big log comes in pieces, whole and in order", async (t) => {
  const count = 60_000;
  const line = (i: number): string => `line ${i} ${"x".repeat(i % 40)}`;
  const folder = attempt(t, ENDED, Array.from({ length: count }, (_, i) => `${line(i)}\n`).join(""));
  const follows = follower(t, folder);
  const texts: string[] = [];
  while (!follows.ended) {
    const piece = await follows.take(always);
    assert.ok(piece.text.length < 600_000, `${piece.text.length} in one message`);
    texts.push(piece.text);
  }
  assert.ok(texts.length > 2, "more than one message");
  const lines = texts.join("").split("\n");
  assert.equal(lines.length, count + 1);
  assert.equal(lines[31_415], line(31_415));
  assert.equal(follows.lines, count);
});

test("a reader that comes back goes on behind what it has, wherever that is", async (t) => {
  const folder = attempt(t, ENDED, "one\ntwo\nthree\nfour\n");
  for (const [known, text] of [
    [0, "one\ntwo\nthree\nfour\n"],
    [2, "three\nfour\n"],
    [4, ""],
    [9, ""],
  ] as const) {
    const follows = follower(t, folder);
    await follows.skip(known, always);
    assert.deepEqual(await follows.take(always), { text, lines: 4, ended: true });
  }
});

test("who waits is answered when there is more, and told of the end with the last line", async (t) => {
  const folder = attempt(t, RUNNING, "one\n");
  const follows = follower(t, folder);
  assert.deepEqual(await follows.take(always), { text: "one\n", lines: 1, ended: false });
  const next = follows.take(always);
  fs.appendFileSync(path.join(folder, "stdout.log"), "two\n");
  assert.deepEqual(await next, { text: "two\n", lines: 2, ended: false });
  const last = follows.take(always);
  fs.appendFileSync(path.join(folder, "stdout.log"), "three, without an end");
  fs.writeFileSync(path.join(folder, "state"), ENDED);
  assert.deepEqual(await last, { text: "three, without an end\n", lines: 3, ended: true });
});

test("who gives up is answered at once, and the line that comes then is not lost", async (t) => {
  const folder = attempt(t, RUNNING, "");
  const follows = follower(t, folder);
  const stop = new AbortController();
  const given = follows.take(stop.signal);
  stop.abort();
  assert.equal((await given).text, "");
  fs.appendFileSync(path.join(folder, "stdout.log"), "one\n");
  assert.equal((await follows.take(always)).text, "one\n");
});

test("closed in the middle of a log, it holds no file open", async (t) => {
  const folder = attempt(t, ENDED, "a line\n".repeat(200_000));
  const follows = follower(t, folder);
  await follows.take(always);
  const isOpen = (): boolean =>
    fs.readdirSync("/proc/self/fd").some((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    });
  assert.equal(isOpen(), true);
  follows.close();
  await new Promise(setImmediate);
  assert.equal(isOpen(), false);
});

test("colours go, and nothing of a script's output can act", async (t) => {
  const folder = attempt(t, ENDED, "\x1b[31mred\x1b[0m \x1b]0;title\x07end\n");
  assert.doesNotMatch((await follower(t, folder).take(always)).text, /\x1b/);
});
