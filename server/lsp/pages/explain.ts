import { codeBlock, codeSpan, escapeMarkdown } from "../../features/markdown.js";
import { type Page, stateSigns } from "../../protocol.js";
import { type ExplainedReason, type Explanation, explainNode } from "../../run/explain.js";
import type { OpenedPipeline } from "../../run/pipeline.js";
import { reasonMarkdown } from "../node-hover.js";

/** Lines of a script's difference that a page shows; a script can be a whole program. */
const DIFFERENCE_LINES = 200;

/** Why a node has its state, as a page. Throws `Failure` `unknown-target`. */
export async function explainPage(opened: OpenedPipeline, node: string): Promise<Page> {
  const explanation = await explainNode(opened, node);
  return { title: `Explain ${explanation.node}`, markdown: render(explanation) };
}

function render(explanation: Explanation): string {
  const { node, state, run, reasons, causes, outlook, earlier, recipe } = explanation;
  const parts = [`# ${escapeMarkdown(node)}`, `**${stateSigns[state]} ${state}**`];
  if (run !== undefined) {
    const why = run.message === undefined ? "" : `: ${escapeMarkdown(run.message)}`;
    parts.push(`${stateSigns[run.state]} ${run.state} in run ${codeSpan(run.run)}${why}`);
  }
  if (reasons.length > 0) parts.push(reasons.map((reason) => reasonText(reason)).join("\n"));
  for (const { path, members, reasons } of alike(causes)) {
    // The way goes from what is asked about up to its cause, as a reader asks.
    const way = [...path].reverse().map(codeSpan).join(" ← ");
    const others = members > 1 ? ` and ${members - 1} more of its family` : "";
    parts.push(`## Because of ${codeSpan(path[0] ?? "")}${others}`, way);
    parts.push(reasons.map((reason) => reasonText(reason)).join("\n"));
  }
  parts.push("---", escapeMarkdown(outlook));
  const rows = [
    recipe === undefined ? undefined : `| now | ${codeSpan(recipe)} | |`,
    earlier === undefined
      ? undefined
      : `| before | ${codeSpan(earlier.recipe)} | ${earlier.run === undefined ? "" : codeSpan(earlier.run)} |`,
  ].filter((row) => row !== undefined);
  if (rows.length > 0) parts.push(["| | recipe | run |", "|---|---|---|", ...rows].join("\n"));
  return `${parts.join("\n\n")}\n`;
}

interface AlikeCauses {
  /** Of the first of them. */
  readonly path: readonly string[];
  members: number;
  readonly reasons: readonly ExplainedReason[];
}

/** Causes whose ways lead through the same families for the same reasons are told once. */
function alike(causes: Explanation["causes"]): readonly AlikeCauses[] {
  const found = new Map<string, AlikeCauses>();
  for (const { path, reasons } of causes) {
    const families = path.map((name) => name.replace(/\[.*$/s, ""));
    const key = JSON.stringify([families, reasons]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { path, members: 1, reasons });
    else known.members++;
  }
  return [...found.values()];
}

function reasonText({ text, difference }: ExplainedReason): string {
  const line = `- ${reasonMarkdown(text)}`;
  if (difference === undefined || difference.length === 0) return line;
  const shown = difference.slice(0, DIFFERENCE_LINES);
  const more = difference.length - shown.length;
  const block = codeBlock(shown.join("\n"), "diff");
  return `${line}\n\n${block}\n${more > 0 ? `\n… and ${more} more lines (\`reprod explain --json\` has them)\n` : ""}`;
}
