import type { GraphBox, GraphEdge, GraphPicture } from "../../../server/protocol.js";

/** A box that is nothing in particular. */
export function box(id: string, given: Partial<GraphBox> = {}): GraphBox {
  return {
    id,
    kind: "node",
    label: id.replace(/^[a-z]+:/, ""),
    detail: "Make",
    x: 0,
    y: 0,
    width: 140,
    height: 46,
    target: false,
    nodes: 1,
    counts: { cached: 1 },
    ...given,
  };
}

/** `a → b`, or `a ⇒ b` from a cause. */
export function picture(boxes: readonly GraphBox[], lines: readonly string[]): GraphPicture {
  const edges = lines.map((line): GraphEdge => {
    const [from = "", arrow, to = ""] = line.split(" ");
    return { from, to, causal: arrow === "⇒", points: [] };
  });
  return { title: "test", description: "A test.", width: 800, height: 400, boxes, edges };
}

/** Reads to the left, merged in the middle, a report to the right; one sample is stale. */
export const samples: GraphPicture = picture(
  [
    box("input:/p/genome.fa", {
      kind: "input",
      label: "genome.fa",
      detail: "data/",
      x: 0,
      y: 0,
      nodes: 0,
      counts: {},
    }),
    box('node:reads["a"]', { family: "reads", x: 200, y: 0, detail: "Cut" }),
    box('node:reads["b"]', {
      family: "reads",
      x: 200,
      y: 60,
      detail: "Cut",
      counts: { stale: 1 },
      why: "param lossy false → true",
    }),
    box("more:reads", {
      kind: "more",
      family: "reads",
      label: "and 1,990 more",
      detail: "reads",
      x: 200,
      y: 120,
      nodes: 1990,
      counts: { cached: 1990 },
    }),
    box("family:merged", {
      kind: "family",
      family: "merged",
      detail: "2 × Merge",
      x: 400,
      y: 40,
      height: 76,
      nodes: 2,
      counts: { waiting: 1, cached: 1 },
    }),
    box("node:report", { detail: "Report", x: 600, y: 60, target: true, counts: { waiting: 1 } }),
  ],
  [
    'input:/p/genome.fa → node:reads["a"]',
    'input:/p/genome.fa → node:reads["b"]',
    "input:/p/genome.fa → more:reads",
    'node:reads["a"] → family:merged',
    'node:reads["b"] ⇒ family:merged',
    "more:reads → family:merged",
    "family:merged ⇒ node:report",
  ],
);
