import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { attentionOf } from "../../../client/graph/picture/attention.js";
import { causesOf } from "../../../client/graph/picture/causes.js";
import { boxDrawing, edgeDrawing } from "../../../client/graph/picture/drawing.js";
import { type Direction, moved } from "../../../client/graph/picture/moves.js";
import { PictureIndex } from "../../../client/graph/picture/picture-index.js";
import { rowsOf } from "../../../client/graph/picture/rows.js";
import { found } from "../../../client/graph/picture/search.js";
import { type Shape, shapeText } from "../../../client/graph/picture/shape.js";
import { hatch, sign } from "../../../client/graph/picture/signs.js";
import { colourNames } from "../../../client/graph/picture/style.js";
import { svgText } from "../../../client/graph/picture/svg-text.js";
import { fitting, type Measure } from "../../../client/graph/picture/text-fit.js";
import { translator } from "../../../client/graph/picture/translator.js";
import {
  anchored,
  begun,
  fitted,
  panned,
  revealing,
  type Viewport,
  zoomed,
} from "../../../client/graph/picture/viewport.js";
import { boxInWords, causesInWords } from "../../../client/graph/picture/words.js";
import { countsInWords } from "../../../client/state-text.js";
import { type ShownState, shownStates } from "../../../server/protocol.js";
import { box, picture, samples } from "./pictures.js";

const t = translator();
const index = new PictureIndex(samples);
const measure: Measure = (text, { size }) => [...text].length * size * 0.6;
const pen = { measure, t };

test("arrow keys lead along edges, to causes first, and up and down in a column", () => {
  const keys = (from: string, ...directions: readonly Direction[]) => {
    let at = from;
    for (const direction of directions) at = moved(index, at, direction)?.id ?? at;
    return at;
  };
  assert.equal(keys("node:report", "left"), "family:merged");
  assert.equal(keys("node:report", "left", "left"), 'node:reads["b"]', "the cause");
  assert.equal(keys("node:report", "left", "left", "up"), 'node:reads["a"]');
  assert.equal(keys('node:reads["b"]', "down"), "more:reads");
  assert.equal(keys("input:/p/genome.fa", "right"), 'node:reads["a"]', "the nearest");
  assert.equal(keys("input:/p/genome.fa", "right", "right", "right"), "node:report");
  for (const [from, direction] of [
    ["node:report", "right"],
    ["input:/p/genome.fa", "left"],
    ['node:reads["a"]', "up"],
    ["more:reads", "down"],
    ["no such box", "left"],
  ] as const)
    assert.equal(moved(index, from, direction), undefined, `${from} ${direction}`);
});

test("from the last box every box above it can be reached with the keys", () => {
  const reached = new Set(["node:report"]);
  for (const at of reached)
    for (const direction of ["left", "right", "up", "down"] as const) {
      const next = moved(index, at, direction);
      if (next !== undefined) reached.add(next.id);
    }
  assert.equal(reached.size, samples.boxes.length);
});

test("what waits leads back to what is stale, and says why", () => {
  const causes = causesOf(index, "node:report");
  assert.ok(causes);
  assert.deepEqual([...causes.boxes].sort(), ["family:merged", "node:report", 'node:reads["b"]'].sort());
  assert.deepEqual([...causes.edges].map(({ from, to }) => `${from} ${to}`).sort(), [
    "family:merged node:report",
    'node:reads["b"] family:merged',
  ]);
  assert.equal(causesInWords(causes, t), 'merged ← reads["b"]: param lossy false → true');
  assert.equal(causesOf(index, 'node:reads["b"]'), undefined, "a cause has none");
  assert.equal(causesOf(index, 'node:reads["a"]'), undefined);
});

test("a box that is different itself is a cause, though others are above it", () => {
  const given = picture(
    [
      box("node:a", { counts: { failed: 1 } }),
      box("family:b", {
        kind: "family",
        counts: { stale: 1, waiting: 1 },
        nodes: 2,
        why: "param depth 30 → 60",
      }),
      box("node:c", { counts: { waiting: 1 } }),
    ],
    ["node:a ⇒ family:b", "family:b ⇒ node:c"],
  );
  const causes = causesOf(new PictureIndex(given), "node:c");
  assert.ok(causes);
  assert.equal(causesInWords(causes, t), "b: param depth 30 → 60");
  assert.equal(causes.boxes.size, 3, "all of them are highlighted");
});

test("causes of folded families that wait for each other come to an end", () => {
  const given = picture(
    [box("family:a", { counts: { waiting: 2 } }), box("family:b", { counts: { waiting: 2 } })],
    ["family:a ⇒ family:b", "family:b ⇒ family:a"],
  );
  const causes = causesOf(new PictureIndex(given), "family:a");
  assert.deepEqual(
    causes?.path.map(({ id }) => id),
    ["family:b", "family:a"],
  );
});

test("a node is shown by its own box, its family's, or the one that it is folded into", () => {
  const named = (name: string) => index.boxNamed(name)?.id;
  assert.equal(named('reads["b"]'), 'node:reads["b"]');
  assert.equal(named('reads["z"]'), "more:reads");
  assert.equal(named("reads"), "more:reads");
  assert.equal(named('merged["a"]'), "family:merged");
  assert.equal(named("report"), "node:report");
  assert.equal(named("nothing"), undefined);
  const small = new PictureIndex(picture([box('node:a["x"]', { family: "a" })], []));
  assert.equal(small.boxNamed("a")?.id, 'node:a["x"]');
});

test("what a box says to those who do not see it", () => {
  const words = (id: string) => {
    const one = index.box(id);
    assert.ok(one);
    return boxInWords(index, one, t);
  };
  assert.equal(words("node:report"), "report, node, Report; target; waiting; reads merged");
  assert.equal(
    words("family:merged"),
    'merged, family, 2 × Merge; 1 waiting, 1 cached; reads reads["a"], reads["b"], 1,990 more of reads; read by report',
  );
  assert.equal(
    words("input:/p/genome.fa"),
    'genome.fa, input in data/; read by reads["a"], reads["b"], 1,990 more of reads',
  );
  assert.match(words('node:reads["b"]'), /; stale; param lossy false → true; /);
});

test("the list has a row for every box, and one for an unfolded family", () => {
  assert.deepEqual(
    rowsOf(index).map(({ level, label, expanded, counts, position, siblings }) => [
      "  ".repeat(level - 1) + label,
      expanded,
      countsInWords(counts, t),
      `${position}/${siblings}`,
    ]),
    [
      ["genome.fa", undefined, "", "1/4"],
      ["reads", true, "1 stale, 1,991 cached", "2/4"],
      ['  reads["a"]', undefined, "1 cached", "1/3"],
      ['  reads["b"]', undefined, "1 stale", "2/3"],
      ["  and 1,990 more", undefined, "1,990 cached", "3/3"],
      ["merged", false, "1 waiting, 1 cached", "3/4"],
      ["report", undefined, "1 waiting", "4/4"],
    ],
  );
});

test("boxes are found by the words of their names, in any order and case", () => {
  const ids = (text: string) => [...(found(samples, text) ?? ["everything"])];
  assert.deepEqual(ids("MERGE"), ["family:merged"]);
  assert.deepEqual(ids('"b" reads'), ['node:reads["b"]']);
  assert.deepEqual(ids("nothing like it"), []);
  assert.deepEqual(ids("  "), ["everything"]);
});

test("zooming keeps the point under the pointer, panning keeps some of the picture in view", () => {
  const page = { width: 600, height: 400 };
  const size = { width: 3000, height: 900 };
  const at = { x: 120, y: 77 };
  const viewport = fc.record({
    x: fc.double({ min: -2000, max: 500, noNaN: true }),
    y: fc.double({ min: -2000, max: 300, noNaN: true }),
    scale: fc.double({ min: 0.05, max: 3, noNaN: true }),
  });
  const inPicture = ({ x, y, scale }: Viewport) => [(at.x - x) / scale, (at.y - y) / scale] as const;
  fc.assert(
    fc.property(viewport, fc.double({ min: 0.1, max: 10, noNaN: true }), (before, factor) => {
      const after = zoomed(before, factor, at);
      assert.ok(after.scale >= 0.05 && after.scale <= 3);
      const [[x0, y0], [x1, y1]] = [inPicture(before), inPicture(after)];
      assert.ok(
        Math.abs(x0 - x1) < 1e-6 * (1 + Math.abs(x0)) && Math.abs(y0 - y1) < 1e-6 * (1 + Math.abs(y0)),
      );
    }),
  );
  fc.assert(
    fc.property(viewport, fc.integer({ min: -9999, max: 9999 }), (before, by) => {
      const { x, y, scale } = panned(before, { x: by, y: -by }, size, page);
      assert.ok(
        x <= page.width && y <= page.height && x + size.width * scale >= 0 && y + size.height * scale >= 0,
      );
    }),
  );
});

test("the whole picture fits, in the middle and never enlarged; a box that is seen is not moved", () => {
  const page = { width: 600, height: 400 };
  assert.deepEqual(fitted({ width: 1200, height: 400 }, page), { x: 0, y: 100, scale: 0.5 });
  assert.deepEqual(fitted({ width: 200, height: 100 }, page), { x: 200, y: 150, scale: 1 });
  const viewport = { x: 0, y: 0, scale: 1 };
  const at = (x: number, y: number) => ({ x, y, width: 100, height: 50 });
  assert.deepEqual(revealing(viewport, at(10, 10), page), viewport);
  assert.deepEqual(revealing(viewport, at(700, 10), page), { x: -224, y: 0, scale: 1 });
  assert.deepEqual(revealing(viewport, at(10, -80), page), { x: 0, y: 104, scale: 1 });
  assert.deepEqual(anchored({ x: 5, y: 5, scale: 2 }, { x: 10, y: 10 }, { x: 10, y: 30 }), {
    x: 5,
    y: -35,
    scale: 2,
  });
});

test("a picture that does not fit begins on the left, or where attention is wanted", () => {
  const [picture, page] = [
    { width: 3000, height: 200 },
    { width: 600, height: 400 },
  ];
  const seen = { x: 24, y: 115, scale: 0.85 };
  assert.deepEqual(begun(picture, page), seen);
  const at = (x: number, width: number) => ({ x, y: 50, width, height: 100 });
  assert.deepEqual(begun(picture, page, at(2000, 100)), { ...seen, x: 600 - 24 - 2100 * 0.85 });
  const smaller = begun(picture, page, at(2000, 1000));
  assert.equal(smaller.scale, 552 / 1000, "all of it can be read when it is smaller");
  assert.equal(begun(picture, page, at(1000, 2000)).x, 24 - 1000 * 0.85, "else from its start");
});

test("attention goes to what failed, then to what is stale; never to what is cached or was never made", () => {
  const around = (first: ShownState, second: ShownState) =>
    attentionOf([
      box("node:a", { x: 0, y: 10, counts: { [first]: 1 } }),
      box("node:b", { x: 300, y: 90, counts: { [second]: 1 } }),
    ]);
  const size = { width: 140, height: 46 };
  assert.equal(around("cached", "missing"), undefined);
  assert.deepEqual(around("stale", "failed"), { x: 300, y: 90, ...size });
  assert.deepEqual(around("stale", "waiting"), { x: 0, y: 10, ...size });
  assert.deepEqual(around("stale", "stale"), { x: 0, y: 10, width: 440, height: 126 });
});

test("texts that are too long lose their middle, so that keys stay", () => {
  const style = { size: 10, bold: false };
  assert.equal(fitting("short", 100, style, measure), "short");
  assert.equal(fitting('aligned["ANN0830", 2]', 78, style, measure), 'aligne…0", 2]');
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 12, max: 200 }), (text, width) => {
      assert.ok(measure(fitting(text, width, style, measure), style) <= width);
    }),
  );
});

test("every state has a sign and a hatch of its own, the sign is that of the gutter", () => {
  const shapes = new Map(shownStates.map((state) => [shapeText(withoutClass(sign(state, 0, 0, 16))), state]));
  assert.equal(shapes.size, shownStates.length);
  assert.equal(new Set(shownStates.map(hatch)).size, shownStates.length);
  for (const [drawn, state] of shapes) {
    const file = fs.readFileSync(`media/states/${state}-light.svg`, "utf8");
    const gutter = [...file.matchAll(/ (?:d|cx|cy|r)="[^"]+"/g)].map(String);
    assert.deepEqual([...drawn.matchAll(/ (?:d|cx|cy|r)="[^"]+"/g)].map(String), gutter, state);
  }
});

function withoutClass({ tag, attributes, children }: Shape): Shape {
  const { class: _, ...others } = attributes;
  return {
    tag,
    attributes: others,
    children: children.map((child) => (typeof child === "string" ? child : withoutClass(child))),
  };
}

test("a family's bar has a part for each state, as long as there are nodes in it, none too small to see", () => {
  const family = box("family:a", {
    kind: "family",
    family: "a",
    nodes: 1000,
    width: 200,
    counts: { failed: 1, stale: 299, cached: 700 },
  });
  const bar = [
    ...shapeText(boxDrawing(family, pen)).matchAll(
      /class="part state-(\w+)" x="([\d.]+)" y="\d+" width="([\d.]+)"/g,
    ),
  ];
  const parts = bar.map(([, state, , width]) => [state, Number(width)] as const);
  assert.deepEqual(
    parts.map(([state]) => state),
    ["failed", "stale", "cached"],
  );
  const widths = parts.map(([, width]) => width);
  assert.ok((widths[0] ?? 0) >= 4);
  assert.ok(Math.abs(widths.reduce((sum, width) => sum + width, 0) - 176) < 0.5);
  assert.ok((widths[2] ?? 0) > 2 * (widths[1] ?? 0));
});

test("counts that do not fit end in dots", () => {
  const counts = Object.fromEntries(shownStates.map((state) => [state, 1000]));
  const drawn = shapeText(
    boxDrawing(box("family:a", { kind: "family", family: "a", nodes: 10_000, counts }), pen),
  );
  assert.match(drawn, />1,000<.*>…</);
  for (const [, x, content = ""] of drawn.matchAll(/<text class="[^"]+" x="([\d.]+)"[^>]*>([^<]*)</g))
    assert.ok(Number(x) + measure(content, { size: 11, bold: false }) <= 140, content);
});

test("lines leave and enter boxes level and end in a head that points at the box", () => {
  const line = (points: readonly { readonly x: number; readonly y: number }[]) =>
    shapeText(edgeDrawing({ from: "a", to: "b", points, causal: false }));
  assert.match(
    line([
      { x: 0, y: 10 },
      { x: 100, y: 50 },
    ]),
    /d="M0 10C46\.5 10 46\.5 50 93 50".*d="M100 50L93 46\.5V53\.5z"/,
  );
  assert.match(
    line([
      { x: 0, y: 10 },
      { x: 100, y: 10 },
    ]),
    /d="M0 10H93"/,
  );
  assert.match(
    line([
      { x: 100, y: 10 },
      { x: 0, y: 50 },
    ]),
    /d="M0 50L7 46\.5V53\.5z"/,
    "backwards",
  );
  assert.equal(line([]), '<g class="edge"/>');
});

test("the export is one well-formed file without scripts, variables or anything from elsewhere", () => {
  const colours = new Map(colourNames.map((name, at) => [name, `#0000${(at + 16).toString(16)}`]));
  const svg = svgText(samples, pen, {
    colour: (name) => colours.get(name) ?? "",
    font: "'Segoe UI', sans-serif",
  });
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" aria-labelledby="/);
  assert.ok(
    svg.includes('viewBox="0 0 800 400"') && svg.includes("<title") && svg.includes(">A test.</desc>"),
  );
  assert.ok(!/var\(|NaN|undefined|<script|href|url\((?!#)/.test(svg));
  for (const [, used] of svg.matchAll(/url\(#([\w-]+)\)/g)) assert.ok(svg.includes(`id="${used}"`), used);
  for (const colour of colours.values()) assert.ok(svg.includes(colour), colour);
  const open: string[] = [];
  for (const [, closing, name = "", alone] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^>]*?)?(\/?)>/g)) {
    if (closing === "/") assert.equal(open.pop(), name);
    else if (alone !== "/") open.push(name);
  }
  assert.deepEqual(open, []);
  assert.equal(svg.match(/class="box/g)?.length, samples.boxes.length);
});

test("hostile names stay text", () => {
  const label = "</text><script>alert(1)</script>\"'&\u202e\u0001";
  const given = picture([box("node:x", { label, width: 2000 })], []);
  const svg = svgText(given, pen, { colour: () => "#000", font: "serif" });
  assert.ok(!svg.includes("<script") && !/[\u0001\u202e]/.test(svg));
  assert.ok(svg.includes("&lt;/text&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\ufffd\ufffd"));
});

test("texts are translated, and their values put in", () => {
  const german = translator({ "read by {0}": "gelesen von {0}", failed: "fehlgeschlagen" });
  assert.equal(german("read by {0}", "report"), "gelesen von report");
  assert.equal(german("failed"), "fehlgeschlagen");
  assert.equal(german("{0} and {1} more", "a", 3), "a and 3 more");
  assert.equal(german("{0} {7}", "{1}"), "{1} {7}", "values are not looked into");
});
