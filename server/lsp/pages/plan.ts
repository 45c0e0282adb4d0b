import { count, duration } from "../../base/format.js";
import { codeSpan, escapeMarkdown, inCell } from "../../features/markdown.js";
import { countStates } from "../../features/node-states.js";
import { countsInWords } from "../../features/state-texts.js";
import { type PlanView, stateSigns } from "../../protocol.js";
import { type Plan, planJson } from "../../run/plan.js";
import { reasonMarkdown } from "../node-hover.js";

const GROUPS_SHOWN = 200;

/** What a run would do, as data and as a page. `confirmAbove`: more nodes than this are asked about first. */
export async function planView(plan: Plan, confirmAbove: number): Promise<PlanView> {
  const { opened, estimate } = plan;
  const json = await planJson(plan);
  const shown = new Map(json.nodes.map(({ name, state, run }) => [name, run?.state ?? state]));
  const counts = countStates(shown.values());
  const lines = [`# Plan of ${escapeMarkdown(opened.pipeline)}`];
  lines.push(
    `${count(plan.nodes.length, "node")}: ${countsInWords(counts)}`,
    plan.toRun === 0
      ? "**Nothing to do.** Everything that the targets need is in the store."
      : `**${count(plan.toRun, "node")} to do**, ${where(plan)}.`,
  );
  if (estimate !== undefined) {
    const { lowMilliseconds: low, highMilliseconds: high, basis, unknownNodes } = estimate;
    const range = duration(low) === duration(high) ? duration(low) : `${duration(low)} to ${duration(high)}`;
    const unknown = unknownNodes === 0 ? "" : `, besides ${count(unknownNodes, "node")} that never ran here`;
    lines.push(
      `Takes **${range}**${unknown}, ${reasonMarkdown(basis)}. It costs no money: it runs on this machine.`,
    );
  } else if (plan.toRun > 0) {
    lines.push(
      "How long it takes is not known: nothing of it has run here before. It costs no money: it runs on this machine.",
    );
  }
  const groups = new Map<
    string,
    { readonly transform: string; readonly reason: string; readonly names: string[] }
  >();
  for (const [at, { name, state, why, runs }] of json.nodes.entries()) {
    const node = plan.nodes[at]?.node;
    if (!runs || node === undefined) continue;
    const reason = `${stateSigns[state]} ${state}${why[0] === undefined || why[0] === state ? "" : `: ${reasonMarkdown(why[0].replace(/`(\w+)\[[^`]*\]`/g, "`$1[…]`"))}`}`;
    const key = `${node.transform.name}\0${reason}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { transform: node.transform.name, reason, names: [name] });
    else group.names.push(name);
  }
  if (groups.size > 0) {
    lines.push("## What runs");
    const rows = ["| transform | nodes | why |", "|---|---|---|"];
    for (const { transform, reason, names } of [...groups.values()].slice(0, GROUPS_SHOWN))
      rows.push(`| ${[codeSpan(transform), namesText(names), reason].map(inCell).join(" | ")} |`);
    lines.push(rows.join("\n"));
    if (groups.size > GROUPS_SHOWN)
      lines.push(`… and ${groups.size - GROUPS_SHOWN} more groups (\`reprod plan --json\` lists every node)`);
  }
  const unpinned = opened.problems.filter(
    ({ rule }) => rule.code === "reprod/unpinned-image" || rule.code === "reprod/unlocked-url",
  );
  if (unpinned.length > 0) {
    lines.push("## Not pinned");
    for (const { message } of unpinned) lines.push(`- ${escapeMarkdown(message)}`);
  }
  return {
    page: { title: `Plan of ${opened.pipeline}`, markdown: `${lines.join("\n\n")}\n` },
    nodes: plan.nodes.length,
    toRun: plan.toRun,
    counts,
    ...(estimate && {
      estimate: { lowMilliseconds: estimate.lowMilliseconds, highMilliseconds: estimate.highMilliseconds },
    }),
    missingParams: [],
    confirm: plan.toRun > confirmAbove,
  };
}

const NAMES_SHOWN = 4;

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(codeSpan).join(", ");
  return names.length > NAMES_SHOWN ? `${names.length}: ${shown}, …` : shown;
}

function where({ opened: { where } }: Plan): string {
  return where.useImages
    ? `in images with ${where.engine ?? "Docker or Podman"} (${escapeMarkdown(where.because)})`
    : `on this machine's host (${escapeMarkdown(where.because)})`;
}
