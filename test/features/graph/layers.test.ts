import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Layout,
  type LayoutBox,
  type LayoutEdge,
  layered,
} from "../../../server/graph/render/layers.js";

const boxes = (count: number): readonly LayoutBox[] =>
  Array.from({ length: count }, (_, at) => ({ width: 100 + (at % 7) * 10, height: at % 3 === 0 ? 70 : 40 }));

/** Any edges, circles and edges from a box to itself among them. */
const graphs = fc.integer({ min: 0, max: 30 }).chain((count) => {
  const position = fc.integer({ min: 0, max: Math.max(count - 1, 0) });
  const edges = fc.array(fc.record({ from: position, to: position }), { maxLength: count === 0 ? 0 : 60 });
  return fc.record({ boxes: fc.constant(boxes(count)), edges });
});

function assertSound(given: readonly LayoutBox[], edges: readonly LayoutEdge[], layout: Layout): void {
  const placed = layout.boxes.map(({ x, y, width }, at) => {
    const height = given[at]?.height ?? 0;
    assert.ok(width >= (given[at]?.width ?? 0), `box ${at} is wide enough`);
    assert.ok(x >= 0 && y >= 0 && x + width <= layout.width && y + height <= layout.height, `box ${at}`);
    return { left: x, top: y, right: x + width, bottom: y + height };
  });
  for (const [at, a] of placed.entries())
    for (const [other, b] of placed.slice(0, at).entries())
      assert.ok(
        a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top,
        `boxes ${other} and ${at} lie over each other`,
      );
  assert.equal(layout.edges.length, edges.length);
  for (const [at, { from, to }] of edges.entries()) {
    const points = layout.edges[at] ?? [];
    if (from === to) {
      assert.deepEqual(points, []);
      continue;
    }
    const [first, last] = [points[0], points.at(-1)];
    const [start, end] = [placed[from], placed[to]];
    assert.ok(first && last && start && end);
    assert.ok(first.x === start.left || first.x === start.right, `edge ${at} starts at the border`);
    assert.ok(last.x === end.left || last.x === end.right, `edge ${at} ends at the border`);
    assert.ok(first.y > start.top && first.y < start.bottom && last.y > end.top && last.y < end.bottom);
    for (const { x, y } of points) assert.ok(x >= 0 && x <= layout.width && y >= 0 && y <= layout.height);
  }
}

test("no boxes overlap, every edge runs from border to border, and all of it is in the picture", () => {
  fc.assert(
    fc.property(graphs, (graph) => assertSound(graph.boxes, graph.edges, layered(graph.boxes, graph.edges))),
    { numRuns: 300 },
  );
});

test("the same graph gives the same layout", () => {
  fc.assert(
    fc.property(graphs, (graph) =>
      assert.deepEqual(layered(graph.boxes, graph.edges), layered(graph.boxes, graph.edges)),
    ),
  );
});

test("edges lead to the right, but for one of a circle", () => {
  const { boxes: placed } = layered(boxes(4), [
    { from: 3, to: 1 },
    { from: 1, to: 0 },
    { from: 0, to: 2 },
    { from: 2, to: 1 },
  ]);
  const [x0 = 0, x1 = 0, x2 = 0, x3 = 0] = placed.map(({ x }) => x);
  // Whichever of the circle 1 → 0 → 2 → 1 is turned round, the others run forwards.
  assert.equal([x1 < x0, x0 < x2, x2 < x1].filter(Boolean).length, 2);
  assert.ok(x3 < x1, "what is outside of the circle keeps its direction");
});

test("what reads nothing stands just before its first reader", () => {
  const edges = [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
    { from: 3, to: 2 },
  ];
  const { boxes: placed } = layered(boxes(4), edges);
  assert.equal(placed[3]?.x, placed[1]?.x);
});

test("no lines cross where none have to", () => {
  // Ten chains whose boxes are declared in a mixed order.
  const edges = Array.from({ length: 10 }, (_, at) => ({ from: at, to: 10 + ((at * 7) % 10) }));
  const layout = layered(boxes(20), edges);
  const lines = layout.edges.map(([start, end]) => [start?.y ?? 0, end?.y ?? 0] as const);
  for (const [at, [a0, a1]] of lines.entries())
    for (const [b0, b1] of lines.slice(0, at)) assert.ok((a0 - b0) * (a1 - b1) > 0);
});

test("the largest pictures are laid out in an instant, even where everything is connected with everything", (t) => {
  const worst: readonly [string, number, (at: number) => LayoutEdge][] = [
    ["500 boxes, 2,500 edges anywhere", 500, (at) => ({ from: (at * 7919) % 499, to: (at * 104_729) % 500 })],
    ["two columns of 50", 100, (at) => ({ from: at % 50, to: 50 + (Math.floor(at / 50) % 50) })],
    [
      "a chain of 500 with lines across it",
      500,
      (at) => ({ from: (at * 31) % 499, to: at % 5 === 0 ? 499 : ((at * 31) % 499) + 1 }),
    ],
  ];
  for (const [name, count, edgeAt] of worst) {
    const edges = Array.from({ length: 2500 }, (_, at) => edgeAt(at));
    const start = performance.now();
    const layout = layered(boxes(count), edges);
    const milliseconds = performance.now() - start;
    t.diagnostic(`${name}: ${milliseconds.toFixed(0)} ms`);
    assertSound(boxes(count), edges, layout);
    assert.ok(milliseconds < 2000);
  }
});
