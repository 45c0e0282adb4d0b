import { printable } from "../../base/format.js";
import { codeBlock, codeSpan, escapeMarkdown } from "../../features/markdown.js";
import type { Page } from "../../protocol.js";
import { type Style, tellAncestry, tellMaking } from "../../provenance/tell.js";
import { traceRecord } from "../../provenance/trace.js";
import type { LocalStore } from "../../store/local.js";
import type { ResultRecord } from "../../store/record.js";

/** A block of text shows lines as they are, so nothing is styled. */
const style: Style = { strong: (text) => text, faint: (text) => text, plain: printable };

/** How a result was made, down to its sources: the same lines as `reprod show`. */
export async function provenancePage(
  store: LocalStore,
  record: ResultRecord,
  title: string,
  because: string,
  others: readonly ResultRecord[] = [],
): Promise<Page> {
  const ancestry = await traceRecord(store, record);
  const parts = [
    `# How ${escapeMarkdown(title)} was made`,
    listed(because.split("\n")),
    codeBlock(tellMaking(record, style).join("\n"), "text"),
    "## What it rests on",
    codeBlock(tellAncestry(ancestry, style).join("\n"), "text"),
  ];
  if (others.length > 0) {
    parts.push(
      "## The same bytes were also made by",
      others
        .map(
          ({ made, recipeId }) =>
            `- ${codeSpan(made.node)}, recipe ${codeSpan(recipeId.slice(0, 12))}, run ${codeSpan(made.run)}`,
        )
        .join("\n"),
    );
  }
  return { title: `Provenance of ${title}`, markdown: `${parts.join("\n\n")}\n` };
}

function listed(lines: readonly string[]): string {
  const mark = lines.length > 1 ? "- " : "";
  return lines.map((line) => mark + escapeMarkdown(line)).join("\n");
}
