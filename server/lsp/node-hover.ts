import { URI } from "vscode-uri";
import { bytes, count, duration } from "../base/format.js";
import { codeSpan, escapeMarkdown } from "../features/markdown.js";
import { countsInWords, stateWithReason } from "../features/state-texts.js";
import { t } from "../features/words.js";
import type { GraphNode, RecordedFile, RecordedOut } from "../graph/model.js";
import { commands, type NodeArguments, type RunArguments, shownStates, stateSigns } from "../protocol.js";
import type { ResultRecord } from "../store/record.js";
import type { Snapshot } from "./snapshot.js";

/** Members that are told one by one; those that are not cached come first. */
const MEMBERS_SHOWN = 10;
const REASONS_SHOWN = 5;
const OUTS_SHOWN = 6;

export interface HoverOptions {
  readonly uri: string;
  /** The client has the commands that links name. */
  readonly links: boolean;
  readonly canRun: boolean;
}

/**
 * What is known of a node or a family: states with reasons, recipes, what was made and what it took. Markdown; every
 * text that comes from a pipeline or a record is escaped (engine-rules.md D8). Reads some records, at most ten.
 */
export async function nodeHover(
  snapshot: Snapshot,
  family: string,
  options: HoverOptions,
): Promise<string | undefined> {
  const members = snapshot.graph.families.get(family);
  if (members === undefined || members.length === 0) return undefined;
  const { counts } = snapshot.summary(members);
  const [first] = members;
  const parts: string[] = [];
  if (members.length > 1 || (first?.keys.length ?? 0) > 0) {
    const transforms = [...new Set(members.map(({ transform }) => transform.name))];
    parts.push(
      `**${escapeMarkdown(family)}** — ${transforms.map(codeSpan).join(", ")} — ` +
        `${count(members.length, "node")}: ${countsInWords(counts, ", ")}`,
    );
  }
  const order = new Map(shownStates.map((state, at) => [state, at]));
  const sorted = [...members].sort(
    (a, b) =>
      (order.get(snapshot.shownState(a)) ?? 0) - (order.get(snapshot.shownState(b)) ?? 0) ||
      a.index - b.index,
  );
  const shown = sorted.slice(0, members.length === 1 ? 1 : MEMBERS_SHOWN);
  for (const node of shown) parts.push(await memberText(snapshot, node, members.length > 1));
  if (members.length > shown.length) parts.push(`*${t("and {0} more", members.length - shown.length)}*`);
  if (options.links) parts.push(links(family, snapshot, members, options));
  return parts.join("\n\n");
}

async function memberText(snapshot: Snapshot, node: GraphNode, oneOfMany: boolean): Promise<string> {
  const known = snapshot.of(node);
  const lines = [
    `${codeSpan(node.name)} ${stateSigns[known.state]} ${escapeMarkdown(stateWithReason(known.state, undefined))}`,
  ];
  const state = snapshot.states.of(node);
  const cached = known.state === "cached";
  if (!cached) {
    const why = await snapshot.whyOf(node);
    for (const reason of why.slice(0, REASONS_SHOWN)) lines.push(`- ${reasonMarkdown(reason)}`);
    if (why.length > REASONS_SHOWN) lines.push(`- ${t("and {0} more", why.length - REASONS_SHOWN)}`);
  }
  // Of many that are cached the line is enough.
  if (cached && oneOfMany) return lines.join("\n");
  const earlier = "earlier" in state ? state.earlier : undefined;
  const before =
    earlier === undefined || earlier.line.recipe === known.recipe ? undefined : earlier.line.recipe;
  if (known.recipe !== undefined)
    lines.push(
      `- ${t("recipe")} ${codeSpan(known.recipe.slice(0, 12))}` +
        (before === undefined ? "" : ` ${t("before")} ${codeSpan(before.slice(0, 12))}`),
    );
  const recipe = state.state === "cached" ? state.result.recipe : before;
  const record = recipe === undefined ? undefined : await snapshot.opened.store.readRecord(recipe);
  if (record !== undefined) lines.push(...recordLines(snapshot, record));
  return lines.join("\n");
}

function recordLines(snapshot: Snapshot, record: ResultRecord): readonly string[] {
  const lines: string[] = [];
  const outs = Object.entries(record.outs).flatMap(([name, out]) =>
    filesOf(out).map((file) => ({ name, file })),
  );
  for (const { name, file } of outs.slice(0, OUTS_SHOWN)) {
    const object = URI.file(snapshot.opened.store.objects.pathOf(file.sha256)).toString();
    lines.push(
      `- ${escapeMarkdown(name)} [${escapeMarkdown(file.path)}](${object}) ${bytes(file.size)} · ` +
        `sha256 ${codeSpan(file.sha256.slice(0, 12))}`,
    );
  }
  if (outs.length > OUTS_SHOWN) lines.push(`- ${t("and {0} more", outs.length - OUTS_SHOWN)}`);
  lines.push(`- ${lastText(record)}`);
  return lines;
}

/** `last 4 min 10 s · 3.6 cpu · 7.9 GiB peak · host · 2026-11-21 14:02 (run 01JD…)` */
function lastText({ made }: ResultRecord): string {
  const usage = made.attempts.at(-1)?.usage;
  const parts: string[] = [];
  if (usage !== undefined) {
    parts.push(duration(usage.wallMilliseconds));
    if (usage.cpuMilliseconds !== undefined && usage.wallMilliseconds > 0)
      parts.push(`${(usage.cpuMilliseconds / usage.wallMilliseconds).toFixed(1)} cpu`);
    if (usage.peakMemoryBytes !== undefined) parts.push(`${bytes(usage.peakMemoryBytes)} ${t("peak")}`);
  }
  parts.push(escapeMarkdown(made.engine === "host" ? made.executor : `${made.executor}, ${made.engine}`));
  parts.push(`${escapeMarkdown(made.endedAt.slice(0, 16).replace("T", " "))} UTC`);
  return `${t("last")} ${parts.join(" · ")} (${t("run")} ${codeSpan(made.run)})`;
}

function filesOf(out: RecordedOut): readonly RecordedFile[] {
  if (out === null) return [];
  return "sha256" in out ? [out] : out;
}

/** Sentences of ours with names and values in back-ticks: those stay code, and all else is escaped. */
export function reasonMarkdown(reason: string): string {
  return reason
    .split(/(`[^`]*`)/)
    .map((part) => {
      if (part.startsWith("`") && part.slice(1, -1).trim() !== "") return codeSpan(part.slice(1, -1));
      // What is escaped loses the blanks at its ends, which part words here.
      const [before = ""] = /^\s*/.exec(part) ?? [];
      const [after = ""] = /\s*$/.exec(part.slice(before.length)) ?? [];
      return `${before && " "}${escapeMarkdown(part)}${after && " "}`;
    })
    .join("");
}

function links(
  family: string,
  snapshot: Snapshot,
  members: readonly GraphNode[],
  { uri, canRun }: HoverOptions,
): string {
  const link = (title: string, command: string, argument: RunArguments | NodeArguments): string =>
    `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([argument]))})`;
  const node: NodeArguments = { uri, node: family };
  const found: string[] = [];
  const { counts } = snapshot.summary(members);
  const isCached = counts.cached === members.length;
  if (canRun && !isCached) found.push(link(t("Run"), commands.run, { uri, targets: [family] }));
  if (!isCached) found.push(link(t("Explain"), commands.explain, node));
  found.push(link(t("Provenance"), commands.provenance, node));
  found.push(link(t("Logs"), commands.logs, node));
  if ((counts.cached ?? 0) > 0) found.push(link(t("Reveal output"), commands.reveal, node));
  return found.join(" · ");
}
