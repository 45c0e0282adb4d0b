import type { View } from "./view.js";

/** Graphviz. Labels are quoted strings: only quotes and backslashes mean anything in them. */
export function dotText(view: View): string {
  const lines = [`digraph ${quoted(view.title)} {`, "  rankdir=LR;", "  node [shape=box, style=rounded];"];
  for (const [at, { label, detail, kind, target }] of view.boxes.entries()) {
    const more = `${kind === "family" ? ", peripheries=2" : ""}${target ? ", penwidth=2" : ""}`;
    lines.push(`  n${at} [label=${quoted(`${label}\n${detail}`)}${more}];`);
  }
  for (const { from, to } of view.edges) lines.push(`  n${from} -> n${to};`);
  lines.push("}", "");
  return lines.join("\n");
}

function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/\r/g, "").replace(/\n/g, "\\n");
  return `"${escaped}"`;
}
