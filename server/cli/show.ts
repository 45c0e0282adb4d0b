import { type Style, tellAncestry, tellMaking } from "../provenance/tell.js";
import { type Ancestry, traceRecord } from "../provenance/trace.js";
import { type FoundMaking, findMaking } from "../run/find-making.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { nodeName } from "./names.js";
import { currentProject } from "./open.js";
import type { Output } from "./terminal.js";
import { printable, writeJson } from "./text.js";

interface ShowOptions extends JsonOption {
  readonly record?: true;
}

/** `reprod show NODE|RECIPE|PATH`: how a result was made, down to its sources. */
export async function run({ terminal }: CommandContext, what: string, options: ShowOptions): Promise<number> {
  const { out } = terminal;
  const answer = await findMaking(what, currentProject(), nodeName(what));
  const { store, record } = answer;
  const ancestry = options.record
    ? { root: record.recipeId, records: new Map(), sources: [] }
    : await traceRecord(store, record);
  if (options.json) {
    writeJson(out, {
      record,
      others: answer.others.map((other) => other.recipeId),
      ancestry: [...ancestry.records.values()].map((traced) => traced.record),
      sources: ancestry.sources,
    });
  } else out.write(render(answer, ancestry, options, out));
  return exitCodes.done;
}

function render(answer: FoundMaking, ancestry: Ancestry, options: ShowOptions, out: Output): string {
  const { colours } = out;
  const style: Style = { strong: colours.bold, faint: colours.dim, plain: printable };
  const lines = [answer.because, "", ...tellMaking(answer.record, style)];
  if (options.record !== true) lines.push("", ...tellAncestry(ancestry, style));
  if (answer.others.length > 0) {
    lines.push("", "The same bytes were also made by:");
    for (const other of answer.others) {
      lines.push(
        `  ${style.plain(other.made.node)}  ${style.faint(`recipe ${other.recipeId.slice(0, 12)}, run ${other.made.run}`)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
