import type { Plan, PlanJson } from "../run/plan.js";
import { planJson, planPipeline } from "../run/plan.js";
import type { NodeRun } from "../run/said.js";
import type { StateName } from "../run/states.js";
import type { CommandContext, TargetOptions } from "./context.js";
import { exitCodes } from "./exit.js";
import { open, refuseInvalid, reportRemarks } from "./open.js";
import type { Output } from "./terminal.js";
import { count, duration, grouped, printable, table, writeJson } from "./text.js";

/** `reprod plan FILE`: what a run would do, and why. */
export async function run(context: CommandContext, file: string, options: TargetOptions): Promise<number> {
  const { terminal } = context;
  const opened = await open(context, file, options);
  // A plan of a file with errors would leave out what they touch, and a reader would not see that.
  if (refuseInvalid(terminal, opened, options.json === true)) return exitCodes.usage;
  if (!options.json) reportRemarks(terminal, opened);
  const plan = await planPipeline(opened, { targets: options.target });
  const json = await planJson(plan);
  if (options.json) writeJson(terminal.out, json);
  else terminal.out.write(renderPlan(plan, json, terminal.out));
  return exitCodes.done;
}

/** More groups than this fill screens without telling more; `--json` has them all. */
const GROUPS_SHOWN = 60;
const REASONS_SHOWN = 4;

export function renderPlan(plan: Plan, json: PlanJson, output: Output): string {
  const { colours } = output;
  const { opened } = plan;
  const lines = [
    `${colours.bold(printable(opened.pipeline))}  ${count(plan.nodes.length, "node")}, ${whereText(plan)}`,
  ];
  const groups = groupNodes(json);
  if (groups.length > 0) lines.push("");
  const shown = groups.slice(0, GROUPS_SHOWN);
  const rows = table(
    shown.map((group) => [`  ${group.state}`, groupName(group), reasonText(group)]),
    [(state) => statePainter(state.trim(), output)(state), (name) => name, colours.dim],
  ).split("\n");
  rows.forEach((row, at) => {
    lines.push(row);
    const { run, names: [name] = [] } = shown[at] ?? {};
    if (run !== undefined && name !== undefined)
      lines.push(`    ${statePainter(run.state, output)(runText(run, name))}`);
  });
  if (groups.length > GROUPS_SHOWN) {
    lines.push(`  … and ${count(groups.length - GROUPS_SHOWN, "more group")} (--json lists every node)`, "");
  }
  lines.push(summaryLine(json, output));
  const { estimate } = plan;
  if (plan.toRun === 0) lines.push("Nothing to do.");
  else if (estimate !== undefined) lines.push(estimateText(estimate));
  return `${lines.join("\n")}\n`;
}

/** `failed in run 01…: the script ended with exit code 3 (reprod logs 01… 'step[2]')` */
export function runText({ state, run, message, attempt }: NodeRun, node: string): string {
  const why = message === undefined ? "" : `: ${message}`;
  const logs = attempt === undefined ? "" : ` (reprod logs ${run} '${node.replaceAll("'", "'\\''")}')`;
  return printable(`${state} in run ${run}${why}${logs}`);
}

function whereText({ opened: { where } }: Plan): string {
  return where.useImages
    ? `in images with ${where.engine} (${where.because})`
    : `on the host (${where.because})`;
}

function estimateText(estimate: NonNullable<Plan["estimate"]>): string {
  const { lowMilliseconds: low, highMilliseconds: high, unknownNodes, basis } = estimate;
  const range = duration(low) === duration(high) ? duration(low) : `${duration(low)} to ${duration(high)}`;
  const unknown = unknownNodes === 0 ? "" : `, besides ${count(unknownNodes, "node")} that never ran here`;
  return `Takes ${range}${unknown} (${printable(basis)}).`;
}

interface Group {
  readonly state: StateName;
  readonly why: readonly string[];
  /** The same for all of them: with `[…]` for the keys of the nodes that it speaks of. */
  readonly alike: readonly string[];
  /** What the newest run says of the first of them, and of the others but for their attempts. */
  readonly run: NodeRun | undefined;
  readonly names: string[];
  readonly family: string;
  /** Members of the family in the plan, in whatever state. */
  members: number;
}

/** Nodes of one family with one state for the same reasons are one line. Cached ones are counted, not listed. */
function groupNodes(json: PlanJson): readonly Group[] {
  const groups = new Map<string, Group>();
  const members = new Map<string, number>();
  for (const node of json.nodes) {
    const family = familyOf(node.name);
    members.set(family, (members.get(family) ?? 0) + 1);
    if (node.state === "cached" && !node.runs) continue;
    const alike = [...new Set(node.why.map(withoutKeys))];
    const key = JSON.stringify([
      family,
      node.state,
      alike,
      node.run?.state,
      node.run?.run,
      node.run?.message,
    ]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, {
        state: node.state,
        why: node.why,
        alike,
        run: node.run,
        names: [node.name],
        family,
        members: 0,
      });
    } else group.names.push(node.name);
  }
  for (const group of groups.values()) group.members = members.get(group.family) ?? 0;
  return [...groups.values()];
}

function withoutKeys(reason: string): string {
  return reason.replace(/`(\w+)\[[^`]*\]`/g, "`$1[…]`");
}

/**
 * The state's own name is no reason. What several members of a family are the reason for is said once, for the family;
 * `reprod explain` and `--json` tell all.
 */
function reasonText({ state, why, alike, names }: Group): string {
  const one = names.length === 1 && why.length === alike.length ? why : alike;
  const reasons = one.filter((reason) => reason !== state).map(printable);
  const shown = reasons.slice(0, REASONS_SHOWN);
  if (reasons.length > shown.length) shown.push(`and ${count(reasons.length - shown.length, "more reason")}`);
  return shown.join("; ");
}

function groupName(group: Group): string {
  const [only] = group.names;
  if (group.names.length === 1 && only !== undefined) return printable(only);
  const of = group.names.length === group.members ? "" : ` of ${group.members}`;
  return `${group.family}[…] (${group.names.length}${of})`;
}

export function familyOf(name: string): string {
  const bracket = name.indexOf("[");
  return bracket < 0 ? name : name.slice(0, bracket);
}

function summaryLine(json: PlanJson, output: Output): string {
  const parts = stateNames
    .filter((state) => json.summary[state] > 0)
    .map((state) => statePainter(state, output)(`${grouped(json.summary[state])} ${state}`));
  return parts.length === 0 ? "no nodes" : parts.join(", ");
}

const stateNames: readonly StateName[] = ["cached", "stale", "waiting", "missing", "broken", "unknown"];

export function statePainter(state: string, output: Output): (text: string) => string {
  const { colours } = output;
  switch (state) {
    case "cached":
    case "done":
    case "made":
    case "reused":
    case "adopted":
      return colours.green;
    case "stale":
    case "waiting":
    case "interrupted":
    case "cancelled":
      return colours.yellow;
    case "missing":
    case "queued":
    case "running":
      return colours.cyan;
    case "broken":
    case "failed":
      return colours.red;
    default:
      return colours.dim;
  }
}
