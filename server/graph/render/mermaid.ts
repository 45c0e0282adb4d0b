import type { View } from "./view.js";

/**
 * Mermaid's flowchart. Labels are quoted and everything that could end them, or that a page might take for markup,
 * is written as a character number, which Mermaid shows as the character.
 */
export function mermaidText(view: View): string {
  const lines = [
    "flowchart LR",
    `  accTitle: ${oneLine(view.title)}`,
    `  accDescr: ${oneLine(view.description)}`,
  ];
  for (const [at, { label, detail, kind }] of view.boxes.entries()) {
    const text = `"${escaped(label)}<br/>${escaped(detail)}"`;
    lines.push(kind === "family" ? `  n${at}[[${text}]]` : `  n${at}(${text})`);
  }
  for (const { from, to } of view.edges) lines.push(`  n${from} --> n${to}`);
  const targets = view.boxes.flatMap(({ target }, at) => (target ? [`n${at}`] : []));
  if (targets.length > 0)
    lines.push("  classDef target stroke-width:3px", `  class ${targets.join(",")} target`);
  lines.push("");
  return lines.join("\n");
}

function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:_×·-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** Titles are plain text to the end of the line; a brace or semicolon would begin something else. */
function oneLine(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:_"[\]×·-]/gu, " ");
}
