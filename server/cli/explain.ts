import { type ExplainedReason, type Explanation, explainNode } from "../run/explain.js";
import type { CommandContext, PipelineOptions } from "./context.js";
import { exitCodes } from "./exit.js";
import { nodeName } from "./names.js";
import { open, refuseInvalid } from "./open.js";
import { runText, statePainter } from "./plan.js";
import type { Output } from "./terminal.js";
import { printable, writeJson } from "./text.js";

/** `reprod explain FILE NODE` */
export async function run(
  context: CommandContext,
  file: string,
  node: string,
  options: PipelineOptions,
): Promise<number> {
  const { terminal } = context;
  const opened = await open(context, file, options);
  if (refuseInvalid(terminal, opened, options.json === true)) return exitCodes.usage;
  const explanation = await explainNode(opened, nodeName(node));
  if (options.json) {
    writeJson(terminal.out, {
      ...explanation,
      recipe: explanation.recipe ?? null,
      earlier: explanation.earlier ?? null,
    });
  } else terminal.out.write(renderExplanation(explanation, terminal.out));
  return exitCodes.done;
}

export function renderExplanation(explanation: Explanation, output: Output): string {
  const { colours } = output;
  const lines = [
    `${colours.bold(printable(explanation.node))} is ${statePainter(explanation.state, output)(explanation.state)}`,
  ];
  const { run } = explanation;
  if (run !== undefined) lines.push(`  ${statePainter(run.state, output)(runText(run, explanation.node))}`);
  for (const reason of explanation.reasons) lines.push(...renderReason(reason, "  ", output));
  for (const cause of explanation.causes) {
    const arrow = colours.dim(" → ");
    lines.push("", `because ${cause.path.map(printable).join(arrow)}`);
    const [first] = cause.path;
    if (first !== undefined) {
      lines.push(`  ${colours.bold(printable(first))} is ${statePainter(cause.state, output)(cause.state)}`);
    }
    for (const reason of cause.reasons) lines.push(...renderReason(reason, "    ", output));
  }
  lines.push("", printable(explanation.outlook));
  if (explanation.earlier !== undefined) {
    const { recipe, run } = explanation.earlier;
    const when = run === undefined ? "" : ` of run ${run}`;
    lines.push(colours.dim(`Compared with recipe ${recipe.slice(0, 12)}${when}.`));
  }
  return `${lines.join("\n")}\n`;
}

/** A script's difference can be a whole file; its head says what kind of change it is. */
const DIFFERENCE_LINES = 40;

function renderReason(reason: ExplainedReason, indentation: string, output: Output): readonly string[] {
  const { colours } = output;
  const lines = [`${indentation}${printable(reason.text)}`];
  const difference = reason.difference ?? [];
  for (const line of difference.slice(0, DIFFERENCE_LINES)) {
    const paint = line.startsWith("+") ? colours.green : line.startsWith("-") ? colours.red : colours.dim;
    lines.push(`${indentation}  ${paint(printable(line))}`);
  }
  const hidden = difference.length - DIFFERENCE_LINES;
  if (hidden > 0)
    lines.push(`${indentation}  ${colours.dim(`… and ${hidden} more lines (--json has them)`)}`);
  return lines;
}
