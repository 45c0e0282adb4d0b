import assert from "node:assert/strict";
import { test } from "node:test";
import { Later } from "../../../server/lsp/later.js";

test("many causes are one piece of work, as soon as the most urgent of them wants it", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let done = 0;
  const later = new Later(() => done++, 250);
  later.ask();
  later.ask();
  later.ask(0);
  assert.equal(later.waiting, true);
  t.mock.timers.tick(1);
  assert.equal(done, 1);
  t.mock.timers.tick(1_000);
  assert.equal(done, 1, "the later ones were of the same work");
  later.ask(0);
  later.ask();
  t.mock.timers.tick(1);
  assert.equal(done, 2, "asked for later as well, it is not put off");
});

test("closed, it does nothing any more", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let done = 0;
  const later = new Later(() => done++, 10);
  later.ask();
  later.close();
  later.ask();
  t.mock.timers.tick(1_000);
  assert.equal(done, 0);
});
