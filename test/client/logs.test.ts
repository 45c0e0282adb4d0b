import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { followLog, type LogPiece } from "../../client/log-follow.js";
import { LogText } from "../../client/log-text.js";

function textOf(...pieces: readonly string[]): string {
  const log = new LogText();
  for (const piece of pieces) log.append(piece);
  return log.text;
}

test("colours, titles and other orders to a terminal are not shown", () => {
  assert.equal(textOf("\u001b[1;32mok\u001b[0m done\n"), "ok done\n");
  assert.equal(textOf("\u001b]0;title\u0007text\n"), "text\n");
  assert.equal(textOf("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\\n"), "link\n");
  assert.equal(textOf("\u001b(Bplain\u001b=\n"), "plain\n");
  assert.equal(textOf("bell\u0007 and nul\u0000\n"), "bell and nul\n");
});

test("a line that is written over is shown as it was left", () => {
  assert.equal(textOf("10 %\r50 %\r100 %\ndone\n"), "100 %\ndone\n");
  assert.equal(textOf("10 %\r", "50 %"), "50 %");
  assert.equal(textOf("10 %\r", "50 %\r"), "50 %");
  assert.equal(textOf("windows\r\nlines\r\n"), "windows\nlines\n");
  assert.equal(textOf("windows\r", "\nlines"), "windows\nlines");
});

test("pieces may be cut anywhere", () => {
  const text = "a\u001b[31mred\u001b[0m\r\nb 1\rb 2\n\u001b]0;t\u0007c\tétoile ✓\n";
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
      const sorted = [0, ...cuts.sort((a, b) => a - b), text.length];
      const pieces = sorted.slice(1).map((end, at) => text.slice(sorted[at], end));
      assert.equal(textOf(...pieces), textOf(text));
    }),
  );
});

test("a sign that begins no sequence is not held back for ever", () => {
  assert.equal(textOf(`\u001b]${"x".repeat(5000)}`, "\nend\n").endsWith("\nend\n"), true);
});

test("of a long log the end is kept, from the beginning of a line", () => {
  const log = new LogText(100);
  for (let at = 0; at < 50; at++) log.append(`line ${at}\n`);
  assert.ok(log.text.length <= 125);
  assert.match(log.text, /^line \d+\n/);
  assert.match(log.text, /line 49\n$/);
  assert.ok(log.dropped > 0);
});

interface Script {
  readonly pieces: readonly LogPiece[];
  /** What each answer takes. */
  readonly takes?: number;
}

/** Follows a scripted server; time goes by only when it is asked or waited for. */
async function followed({ pieces, takes = 5000 }: Script, stopAfter = Number.POSITIVE_INFINITY) {
  let now = 0;
  const asked: (string | undefined)[] = [];
  const took: string[] = [];
  let paused = 0;
  await followLog(undefined, {
    ask: async (cursor) => {
      asked.push(cursor);
      now += takes;
      const piece = pieces[asked.length - 1];
      assert.ok(piece !== undefined, "asked after the end");
      return piece;
    },
    took: ({ text }) => took.push(text),
    stopped: () => asked.length >= stopAfter,
    pause: async (milliseconds) => {
      paused += milliseconds;
      now += milliseconds;
    },
    now: () => now,
  });
  return { asked, text: took.join(""), paused };
}

test("a log is taken until its attempt has ended and nothing more is there", async () => {
  const { asked, text, paused } = await followed({
    pieces: [
      { text: "a\n", cursor: "1", ended: false },
      { text: "", cursor: "1", ended: false },
      { text: "b\n", cursor: "2", ended: true },
      { text: "c\n", cursor: "3", ended: true },
      { text: "", cursor: "3", ended: true },
    ],
  });
  assert.equal(text, "a\nb\nc\n");
  assert.deepEqual(asked, [undefined, "1", "1", "2", "3"]);
  assert.equal(paused, 0, "the server has waited already");
});

test("a server that does not wait is not asked in a circle", async () => {
  const { paused } = await followed({
    takes: 1,
    pieces: [
      { text: "", cursor: "0", ended: false },
      { text: "", cursor: "0", ended: false },
      { text: "", cursor: "0", ended: true },
    ],
  });
  assert.ok(paused >= 500);
});

test("what comes after nobody looks is not taken: it is asked for again", async () => {
  const { text } = await followed({ pieces: [{ text: "late\n", cursor: "1", ended: false }] }, 1);
  assert.equal(text, "");
});
