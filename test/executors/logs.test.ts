import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  LINE_LIMIT_BYTES,
  LogKeeper,
  type LogLine,
  printable,
  readLog,
  SecretMask,
} from "../../server/executors/logs.js";
import { attempt, executorIn, makeFifo, runWell, temporaryFolder } from "./support.js";

async function all(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const found = [];
  for await (const line of lines) found.push(line);
  return found;
}

const ENDED = "started 1 1 1 1 boot 100.0\nexited 0 200.5\n";

test("lines have the time at which the runner first saw them, and their stream", async (t) => {
  const folder = temporaryFolder(t);
  const keeper = new LogKeeper(folder, []);
  const out = path.join(folder, "stdout.log");
  fs.writeFileSync(out, "one\ntw");
  keeper.poll(1000);
  fs.writeFileSync(path.join(folder, "stderr.log"), "oops\n");
  keeper.poll(1250);
  fs.appendFileSync(out, "o\n\nthree");
  keeper.poll(1500);
  keeper.poll(1750);
  fs.appendFileSync(out, " and four");
  fs.writeFileSync(path.join(folder, "state"), ENDED);
  assert.deepEqual(await all(readLog(folder)), [
    { stream: "stdout", time: 1000, text: "one" },
    { stream: "stderr", time: 1250, text: "oops" },
    { stream: "stdout", time: 1000, text: "two" },
    { stream: "stdout", time: 1500, text: "" },
    { stream: "stdout", time: 1500, text: "three and four" },
  ]);
});

test("without notes lines have the time of the end", async (t) => {
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, "stdout.log"), "quick\n");
  fs.writeFileSync(path.join(folder, "state"), ENDED);
  assert.deepEqual(await all(readLog(folder)), [{ stream: "stdout", time: 200_500, text: "quick" }]);
});

test("a follower sees a line while the script runs, and ends with it", async (t) => {
  const folder = temporaryFolder(t);
  const go = path.join(folder, "go");
  makeFifo(go);
  const spec = attempt(folder, 'echo first\ncat "$go"\necho last\n', { values: { go } });
  const handle = executorIn(t, folder).start(spec);
  const seen: string[] = [];
  for await (const line of readLog(spec.folder, { follow: true, pollMilliseconds: 1 })) {
    seen.push(line.text);
    if (line.text === "first") fs.writeFileSync(go, "middle\n");
  }
  assert.deepEqual(seen, ["first", "middle", "last"]);
  await handle.ended;
});

test("a follower can be stopped", async (t) => {
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, "stdout.log"), "one\n");
  const stop = new AbortController();
  for await (const line of readLog(folder, { follow: true, signal: stop.signal })) {
    assert.equal(line.text, "one");
    stop.abort();
  }
});

test("D12 control characters are escaped, except tabs and colours", () => {
  const cases = [
    ["plain\ttext é😀", "plain\ttext é😀"],
    ["\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"],
    ["\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"],
    ["a\rb\x00\x7f\x9b31m", "a\\x0db\\x00\\x7f\\x9b31m"],
    ["\u202egnp.exe", "\\u202egnp.exe"],
  ] as const;
  for (const [given, shown] of cases) assert.equal(printable(given), shown);
});

test("of a progress bar, written over with carriage returns, the last state is the line", async (t) => {
  const folder = temporaryFolder(t);
  const bar = Array.from({ length: 3_000 }, (_, at) => `${at} of 3000 ${"=".repeat(40)}\r`).join("");
  fs.writeFileSync(path.join(folder, "stdout.log"), `10%\r20%\r\nplain\r\n${bar}done\n`);
  fs.writeFileSync(path.join(folder, "state"), ENDED);
  assert.deepEqual(
    (await all(readLog(folder))).map(({ text }) => text),
    ["20%", "plain", "done"],
  );
});

test("D12 long lines are cut, and memory stays bounded", async (t) => {
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, "stdout.log"), `${"x".repeat(3 * LINE_LIMIT_BYTES)}\nnext\n`);
  fs.writeFileSync(path.join(folder, "state"), ENDED);
  const [long, next] = await all(readLog(folder));
  assert.equal(
    long?.text,
    `${"x".repeat(LINE_LIMIT_BYTES)} [reprod: ${2 * LINE_LIMIT_BYTES} more characters in this line]`,
  );
  assert.equal(next?.text, "next");
});

test("D12 of a log over the limit head and tail are kept", async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, "stdout.log");
  const content = Array.from({ length: 10_000 }, (_, i) => `line ${i}\n`).join("");
  fs.writeFileSync(file, content);
  await new LogKeeper(folder, []).finish(0, 1000);
  const kept = fs.readFileSync(file, "utf8");
  const notice = `\n[reprod: ${content.length - 1000} bytes left out here]\n`;
  assert.equal(kept, content.slice(0, 500) + notice + content.slice(-500));
});

test("D11 secrets are masked wherever chunks are cut, and where they overlap", () => {
  const mask = (secrets: readonly string[], chunks: readonly string[]) => {
    const masker = new SecretMask(secrets.map((secret) => Buffer.from(secret)));
    return Buffer.concat([
      ...chunks.map((chunk) => masker.push(Buffer.from(chunk))),
      masker.end(),
    ]).toString();
  };
  assert.equal(mask(["secret"], ["a sec", "ret b"]), "a *** b");
  assert.equal(mask(["ab", "bcd"], ["xab", "cdy"]), "x***y");
  assert.equal(mask(["abc", "xabcdef"], ["xabc", "def"]), "***");
  assert.equal(mask(["aa"], ["a", "a", "a"]), "***");
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 3 }),
      fc.array(letters, { maxLength: 8 }),
      (secrets, chunks) => {
        const cut = mask(secrets, chunks);
        assert.equal(cut, mask(secrets, [chunks.join("")]));
        for (const part of cut.split("***")) for (const secret of secrets) assert.ok(!part.includes(secret));
        if (!secrets.some((secret) => chunks.join("").includes(secret))) assert.equal(cut, chunks.join(""));
      },
    ),
  );
});

test("binary output is shown as text that cannot do anything", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(folder, "printf '\\377\\000\\001\\n'\n");
  await runWell(executorIn(t, folder), spec);
  assert.deepEqual(
    (await all(readLog(spec.folder))).map((line) => line.text),
    ["\ufffd\\x00\\x01"],
  );
});
