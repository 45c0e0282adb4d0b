import type {
  AttemptView,
  RunKey,
  RunNodeState,
  RunNodeView,
  RunState,
  RunView,
} from "../server/protocol.js";
import { ago, duration, grouped } from "./format.js";
import type { Translate } from "./translate.js";

/** Newest first; all that still run, of the others the newest `limit`. Ids are ULIDs, so they sort by time. */
export function mergedRuns(
  known: readonly RunView[],
  changed: readonly RunView[],
  limit: number,
): readonly RunView[] {
  const byId = new Map([...known, ...changed].map((run) => [run.run, run]));
  const sorted = [...byId.values()].sort((a, b) => (a.run < b.run ? 1 : -1));
  return sorted.filter((run, index) => index < limit || run.state === "running");
}

export interface Progress {
  readonly runs: number;
  /** Nodes that are dealt with, and all that there were to deal with. */
  readonly done: number;
  readonly total: number;
}

/** What the status bar says; undefined when nothing runs. */
export function progressOf(runs: readonly RunView[]): Progress | undefined {
  const active = runs.filter(({ state }) => state === "running");
  if (active.length === 0) return undefined;
  const sum = (amount: (run: RunView) => number): number =>
    active.reduce((total, run) => total + amount(run), 0);
  return { runs: active.length, done: sum(dealtWith), total: sum(toDealWith) };
}

export function dealtWith({ made, reused, failed, skipped }: RunView): number {
  return made + reused + failed + skipped;
}

export function toDealWith({ nodes, cached }: RunView): number {
  return Math.max(0, (nodes ?? 0) - (cached ?? 0));
}

// ---------------------------------------------------------------- words

export function runStateWord(state: RunState, t: Translate): string {
  switch (state) {
    case "running":
      return t("running");
    case "interrupted":
      return t("lost, its runner has ended");
    case "done":
      return t("done");
    case "failed":
      return t("failed");
    case "cancelled":
      return t("cancelled");
  }
}

export function runName(run: RunView): string {
  if (run.pipeline !== "") return run.pipeline;
  return decodeURIComponent(run.uri.split("/").at(-1) ?? run.uri);
}

/** `4 of 7 · 8 min left`, `yesterday · 2 failed`, `2 min ago · 14 made`. */
export function runDescription(run: RunView, now: number, t: Translate): string {
  return [...(run.state === "running" ? runningParts(run, t) : endedParts(run, now, t))].join(" · ");
}

function* runningParts(run: RunView, t: Translate): Generator<string> {
  if (run.nodes === undefined) {
    yield t("planning");
    return;
  }
  yield t("{0} of {1}", grouped(dealtWith(run)), grouped(toDealWith(run)));
  if (run.failed > 0) yield t("{0} failed", grouped(run.failed));
  if (run.remainingMilliseconds !== undefined) yield t("{0} left", duration(run.remainingMilliseconds, t));
}

function* endedParts(run: RunView, now: number, t: Translate): Generator<string> {
  yield ago(run.endedAt ?? run.startedAt, now, t);
  if (run.state !== "done" && !(run.state === "failed" && run.failed > 0)) yield runStateWord(run.state, t);
  // Nodes that were cancelled count as failed; the word says it already.
  if (run.failed > 0 && run.state !== "cancelled") yield t("{0} failed", grouped(run.failed));
  if (run.state === "done") {
    if (run.made > 0) yield t("{0} made", grouped(run.made));
    if (run.reused > 0) yield t("{0} reused", grouped(run.reused));
    if (run.made + run.reused === 0) yield t("all cached");
  }
}

/** The run in one sentence, for screen readers and tooltips. */
export function runSentence(run: RunView, now: number, t: Translate): string {
  const counts = [
    (run.cached ?? 0) === 0 ? undefined : t("{0} cached", grouped(run.cached ?? 0)),
    run.made === 0 ? undefined : t("{0} made", grouped(run.made)),
    run.reused === 0 ? undefined : t("{0} reused", grouped(run.reused)),
    run.running === 0 ? undefined : t("{0} running", grouped(run.running)),
    run.queued === 0 ? undefined : t("{0} waiting", grouped(run.queued)),
    run.failed === 0 ? undefined : t("{0} failed", grouped(run.failed)),
    run.skipped === 0 ? undefined : t("{0} skipped", grouped(run.skipped)),
  ].filter((text) => text !== undefined);
  return t(
    "{0}: {1}, started {2}. {3}",
    runName(run),
    runStateWord(run.state, t),
    ago(run.startedAt, now, t),
    counts.join(", "),
  ).trim();
}

/** Words that menus test with `viewItem =~`. */
export function runContext({ state }: RunView): string {
  switch (state) {
    case "running":
      return "run running cancellable";
    case "interrupted":
      return "run interrupted cancellable again";
    case "failed":
      return "run failed retryable";
    case "cancelled":
      return "run cancelled retryable";
    case "done":
      return "run done";
  }
}

export function sameRun(a: RunKey, b: RunKey): boolean {
  return a.run === b.run && a.project === b.project;
}

// ---------------------------------------------------------------- nodes of a run

export type GroupName = "failed" | "running" | "queued" | "interrupted" | "cancelled" | "skipped" | "done";

/** In the order in which they are listed: what wants attention first. */
const groupNames: readonly GroupName[] = [
  "failed",
  "running",
  "queued",
  "interrupted",
  "cancelled",
  "skipped",
  "done",
];

export interface NodeGroup {
  readonly name: GroupName;
  readonly nodes: readonly RunNodeView[];
  /** Of those that are done, the ones whose result was there already. */
  readonly reused: number;
}

export function groupOf(state: RunNodeState): GroupName {
  switch (state) {
    case "made":
    case "reused":
    case "adopted":
      return "done";
    default:
      return state;
  }
}

/** Only groups that have nodes. */
export function groupsOf(nodes: readonly RunNodeView[]): readonly NodeGroup[] {
  const byName = new Map<GroupName, RunNodeView[]>();
  for (const node of nodes) {
    const name = groupOf(node.state);
    const group = byName.get(name);
    if (group === undefined) byName.set(name, [node]);
    else group.push(node);
  }
  return groupNames.flatMap((name) => {
    const members = byName.get(name);
    if (members === undefined) return [];
    return [{ name, nodes: members, reused: members.filter(({ state }) => state === "reused").length }];
  });
}

export function groupWord(name: GroupName, t: Translate): string {
  switch (name) {
    case "failed":
      return t("failed");
    case "running":
      return t("running");
    case "queued":
      return t("waiting");
    case "interrupted":
      return t("lost");
    case "cancelled":
      return t("cancelled");
    case "skipped":
      return t("skipped");
    case "done":
      return t("done");
  }
}

/** `3 min · attempt 2`, `exit 1 · 12 s`, `reused`. */
export function nodeDescription(node: RunNodeView, now: number, t: Translate): string {
  const last = node.attempts.at(-1);
  const parts: string[] = [];
  if (node.state === "reused") parts.push(t("reused"));
  if (node.state === "adopted") parts.push(t("taken over"));
  if (node.message !== undefined) parts.push(whyInShort(node.message, last?.exitCode, t));
  if (last !== undefined) {
    const took = attemptMilliseconds(last, now);
    if (took !== undefined) parts.push(durationSoFar(took, last, t));
    if (node.attempts.length > 1 || last.number > 1) parts.push(t("attempt {0}", last.number));
  }
  return parts.join(" · ");
}

/** Rows are narrow, and the number is what is looked for: it must not be what is cut off. */
function whyInShort(message: string, exitCode: number | undefined, t: Translate): string {
  const isExit = exitCode !== undefined && message.endsWith(` exit code ${exitCode}`);
  return isExit ? t("exit {0}", exitCode) : firstLine(message);
}

export function attemptDescription(attempt: AttemptView, now: number, t: Translate): string {
  const parts: string[] = [];
  if (attempt.message !== undefined) parts.push(whyInShort(attempt.message, attempt.exitCode, t));
  else if (attempt.exitCode !== undefined) parts.push(t("exit {0}", attempt.exitCode));
  else if (attempt.endedAt === undefined) parts.push(t("running"));
  const took = attemptMilliseconds(attempt, now);
  if (took !== undefined) parts.push(durationSoFar(took, attempt, t));
  return parts.join(" · ");
}

/** Of an attempt that still runs in whole seconds: nobody reads milliseconds that grow. */
function durationSoFar(took: number, { endedAt, wallMilliseconds }: AttemptView, t: Translate): string {
  const ended = endedAt !== undefined || wallMilliseconds !== undefined;
  return ended ? duration(took, t) : duration(Math.max(1000, Math.floor(took / 1000) * 1000), t);
}

export function attemptMilliseconds(attempt: AttemptView, now: number): number | undefined {
  if (attempt.wallMilliseconds !== undefined) return attempt.wallMilliseconds;
  const end = attempt.endedAt === undefined ? now : Date.parse(attempt.endedAt);
  const took = end - Date.parse(attempt.startedAt);
  return Number.isFinite(took) ? Math.max(0, took) : undefined;
}

export function nodeContext(node: RunNodeView): string {
  return [
    "runNode",
    groupOf(node.state),
    ...(node.attempts.length > 0 ? ["logs"] : []),
    ...(groupOf(node.state) === "done" || node.state === "failed" ? ["outputs"] : []),
  ].join(" ");
}

// ---------------------------------------------------------------- filter

export interface RunFilter {
  readonly state?: RunState;
  readonly text?: string;
}

export function matches(run: RunView, { state, text }: RunFilter): boolean {
  if (state !== undefined && run.state !== state) return false;
  if (text === undefined || text.trim() === "") return true;
  const wanted = text.trim().toLowerCase();
  return [run.pipeline, run.uri, run.run, ...run.targets].some((part) => part.toLowerCase().includes(wanted));
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
