import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultSettings, readSettings } from "../../../server/lsp/settings.js";

test("what is set counts", () => {
  assert.deepEqual(
    readSettings({
      lens: { enabled: false },
      inlayHints: { enabled: false },
      confirmAbove: 0,
      container: "never",
      profile: "lab",
      region: " us-west-2 ",
    }),
    {
      lenses: false,
      inlayHints: false,
      confirmAbove: 0,
      container: "never",
      profile: "lab",
      region: "us-west-2",
    },
  );
});

test("what is missing or nonsense is as by default, each for itself", () => {
  for (const value of [
    undefined,
    null,
    "off",
    7,
    [],
    {},
    { lens: false, inlayHints: null, confirmAbove: "many", container: "sometimes", profile: 7, region: " " },
    { lens: { enabled: "no" }, inlayHints: { enabled: 0 }, confirmAbove: Number.NaN, container: true },
    { lens: [], confirmAbove: Number.POSITIVE_INFINITY },
  ])
    assert.deepEqual(readSettings(value), defaultSettings);
  assert.deepEqual(readSettings({ lens: 3, confirmAbove: 5 }), { ...defaultSettings, confirmAbove: 5 });
});

test("property: whatever a client says, settings come out of it", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const { lenses, inlayHints, confirmAbove } = readSettings(value);
      assert.deepEqual(
        [typeof lenses, typeof inlayHints, Number.isFinite(confirmAbove)],
        ["boolean", "boolean", true],
      );
    }),
  );
});
