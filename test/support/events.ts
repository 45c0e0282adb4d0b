import { reprod } from "./command-line.js";

export interface RunOutcome {
  readonly code: number | null;
  /** Nodes whose script was run, in order. */
  readonly started: readonly string[];
  /** Nodes whose result was taken from the store in the course of the run. */
  readonly reused: readonly string[];
  /** Nodes that were cached before the run began. */
  readonly cached: number;
}

/** Runs a pipeline and folds its events. */
export async function runOf(folder: string, args: readonly string[]): Promise<RunOutcome> {
  const ended = await reprod(folder, ["run", ...args, "--json"]);
  const started: string[] = [];
  const reused: string[] = [];
  let cached = 0;
  for (const line of ended.stdout.trim().split("\n")) {
    const event: unknown = JSON.parse(line);
    if (typeof event !== "object" || event === null || !("event" in event)) continue;
    if (event.event === "run-started" && "cached" in event) cached = Number(event.cached);
    if (!("node" in event)) continue;
    if (event.event === "attempt-started") started.push(String(event.node));
    if (event.event === "node-done" && "from" in event && event.from !== "made")
      reused.push(String(event.node));
  }
  return { code: ended.code, started, reused, cached };
}

/** Names of the nodes of a plan by their state. */
export async function statesOf(
  folder: string,
  args: readonly string[],
): Promise<{ readonly [state: string]: readonly string[] }> {
  const ended = await reprod(folder, ["plan", ...args, "--json"]);
  const plan: { nodes: { name: string; state: string }[] } = JSON.parse(ended.stdout);
  const states: { [state: string]: string[] } = {};
  for (const { name, state } of plan.nodes) {
    states[state] ??= [];
    states[state].push(name);
  }
  return states;
}
