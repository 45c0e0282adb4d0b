import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { isPageState, isToPanel } from "../../../client/graph/messages.js";
import { pageText } from "../../../client/graph/page.js";
import { Refresher } from "../../../client/graph/refresher.js";

interface Question {
  readonly signal: AbortSignal;
  readonly answer: () => Promise<void>;
}

/** A refresher whose questions wait until they are answered, and a clock that stands. */
function refresher(): { readonly asked: readonly Question[]; readonly refresher: Refresher } {
  const asked: Question[] = [];
  const made = new Refresher(
    (signal) =>
      new Promise((resolve) => {
        const answer = async () => {
          resolve();
          await Promise.resolve();
          await Promise.resolve();
          await Promise.resolve();
        };
        asked.push({ signal, answer });
      }),
    250,
  );
  return { asked, refresher: made };
}

test("many changes are one question, some time after the first", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { asked, refresher: one } = refresher();
  one.watched = true;
  one.soon();
  mock.timers.tick(200);
  one.soon();
  assert.equal(asked.length, 0);
  mock.timers.tick(50);
  assert.equal(asked.length, 1, "the second change does not put it off");
  mock.timers.tick(5000);
  assert.equal(asked.length, 1);
});

test("what changes while an answer is on its way is asked for after it", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { asked, refresher: one } = refresher();
  one.watched = true;
  one.now();
  one.soon();
  one.soon();
  mock.timers.tick(5000);
  assert.equal(asked.length, 1, "one at a time");
  await asked[0]?.answer();
  mock.timers.tick(250);
  assert.equal(asked.length, 2);
  await asked[1]?.answer();
  mock.timers.tick(5000);
  assert.equal(asked.length, 2);
  assert.equal(asked[0]?.signal.aborted, false);
});

test("who waits for it gives up what is on its way", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { asked, refresher: one } = refresher();
  one.watched = true;
  one.soon();
  one.now();
  assert.equal(asked.length, 1);
  one.now();
  assert.deepEqual(
    asked.map(({ signal }) => signal.aborted),
    [true, false],
  );
  await asked[0]?.answer();
  one.soon();
  mock.timers.tick(5000);
  assert.equal(asked.length, 2, "the newer one is still on its way");
});

test("while nobody looks nothing is asked, and once when somebody looks again", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { asked, refresher: one } = refresher();
  one.soon();
  one.now();
  mock.timers.tick(5000);
  assert.equal(asked.length, 0);
  one.watched = true;
  assert.equal(asked.length, 1);
});

test("a question that was put off is remembered when nobody looks any more; nothing comes after the end", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { asked, refresher: one } = refresher();
  one.watched = true;
  one.soon();
  one.watched = false;
  mock.timers.tick(5000);
  assert.equal(asked.length, 0);
  one.watched = true;
  assert.equal(asked.length, 1);
  one.close();
  assert.equal(asked[0]?.signal.aborted, true);
  one.now();
  one.soon();
  mock.timers.tick(5000);
  assert.equal(asked.length, 1);
});

test("the page may load its own script and styles and nothing else, whatever names are in it", () => {
  const page = pageText({
    uri: 'file:///a"><script>alert(1)</script>.reprod',
    language: "de",
    bundle: { 'say "no"': "<b>nein</b>" },
    script: "https://host/dist/graph-view.js",
    styles: "https://host/dist/graph-view.css",
    source: "https://host",
    nonce: "abc123",
  });
  const [policy] = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.slice(1) ?? [];
  assert.equal(policy, "default-src 'none'; style-src https://host; script-src 'nonce-abc123'");
  assert.equal(page.match(/<script/g)?.length, 1);
  assert.ok(page.includes('<script nonce="abc123" src="https://host/dist/graph-view.js">'));
  assert.ok(
    page.includes('data-bundle="{&quot;say \\&quot;no\\&quot;&quot;:&quot;&lt;b&gt;nein&lt;/b&gt;&quot;}"'),
  );
});

test("what comes from the page is looked at before it is believed", () => {
  for (const message of [
    { type: "ready", unfolded: [] },
    { type: "unfolded", unfolded: ["a"] },
    { type: "open", box: "node:a" },
    { type: "export", svg: "<svg/>" },
    { type: "retry" },
  ])
    assert.ok(isToPanel(message), message.type);
  for (const message of [
    undefined,
    "ready",
    {},
    { type: "ready" },
    { type: "unfolded", unfolded: [1] },
    { type: "open", box: {} },
    { type: "run", command: "rm" },
  ])
    assert.ok(!isToPanel(message), JSON.stringify(message));
  assert.ok(isPageState({ uri: "file:///a.reprod", unfolded: ["a"], selected: "node:a" }));
  assert.ok(
    !isPageState({ uri: "file:///a.reprod" }) && !isPageState(undefined) && !isPageState({ unfolded: [] }),
  );
});
