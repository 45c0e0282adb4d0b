import type { AttemptView, RunNodeView, RunView } from "../../server/protocol.js";
import { type GroupName, groupsOf, type NodeGroup, nodeContext, runContext } from "../runs-model.js";

/** Entries of the Runs view. Those of runs and groups stay the same objects; `project`, `run`, `uri` and `node` make
 * them arguments of commands. */
export interface RunEntry {
  readonly kind: "run";
  readonly id: string;
  readonly project: string;
  readonly run: string;
  readonly uri: string;
  view: RunView;
  groups: readonly GroupEntry[];
}
export interface GroupEntry {
  readonly kind: "group";
  readonly id: string;
  readonly of: RunEntry;
  group: NodeGroup;
  /** How many nodes are shown at most. */
  limit: number;
}
export interface NodeEntry {
  readonly kind: "node";
  readonly id: string;
  readonly project: string;
  readonly run: string;
  readonly uri: string;
  readonly node: string;
  readonly group: GroupEntry;
  readonly view: RunNodeView;
}
export interface AttemptEntry {
  readonly kind: "attempt";
  readonly id: string;
  readonly project: string;
  readonly run: string;
  readonly uri: string;
  readonly node: string;
  readonly attempt: number;
  readonly of: NodeEntry;
  readonly view: AttemptView;
}
/** A line that says something: that there is more, or that there is nothing. */
export interface NoteEntry {
  readonly kind: "note";
  readonly id: string;
  readonly of: RunEntry | GroupEntry;
  /** How many nodes are not shown; undefined: nothing had to be made. */
  readonly more?: number;
}
export type Entry = RunEntry | GroupEntry | NodeEntry | AttemptEntry | NoteEntry;

const firstNodes = 50;

export function newRun(view: RunView): RunEntry {
  return {
    kind: "run",
    id: view.run,
    project: view.project,
    run: view.run,
    uri: view.uri,
    view,
    groups: [],
  };
}

/** Sets the groups of a run; those that were there stay the same objects. */
export function setNodes(run: RunEntry, nodes: readonly RunNodeView[]): void {
  const known = new Map<GroupName, GroupEntry>(run.groups.map((entry) => [entry.group.name, entry]));
  run.groups = groupsOf(nodes).map((group) => {
    const entry = known.get(group.name);
    if (entry === undefined) {
      return { kind: "group", id: `${run.id}/${group.name}`, of: run, group, limit: firstNodes };
    }
    entry.group = group;
    return entry;
  });
}

export function childrenOf(entry: GroupEntry | NodeEntry | AttemptEntry | NoteEntry): readonly Entry[] {
  switch (entry.kind) {
    case "group":
      return nodesOf(entry);
    case "node": {
      const { id, project, run, uri, node, view } = entry;
      return attemptsShown(view).map((attempt) => ({
        kind: "attempt",
        id: `${id}/${attempt.number}`,
        project,
        run,
        uri,
        node,
        attempt: attempt.number,
        of: entry,
        view: attempt,
      }));
    }
    case "attempt":
    case "note":
      return [];
  }
}

/** One attempt is told by the line of its node. */
export function attemptsShown(view: RunNodeView): readonly AttemptView[] {
  return view.attempts.length > 1 ? [...view.attempts].reverse() : [];
}

function nodesOf(group: GroupEntry): readonly Entry[] {
  const { of, limit } = group;
  const { nodes, name } = group.group;
  const entries: Entry[] = nodes.slice(0, limit).map((view) => ({
    kind: "node",
    id: `${of.id}/${name}/${view.node}`,
    project: of.project,
    run: of.run,
    uri: of.uri,
    node: view.node,
    group,
    view,
  }));
  const more = nodes.length - limit;
  if (more > 0) entries.push({ kind: "note", id: `${group.id}/more`, of: group, more });
  return entries;
}

export function parentOf(entry: Entry): Entry | undefined {
  switch (entry.kind) {
    case "run":
      return undefined;
    case "group":
    case "note":
    case "attempt":
      return entry.of;
    case "node":
      return entry.group;
  }
}

/** Words that menus test with `viewItem =~`. */
export function contextOf(entry: Entry): string {
  switch (entry.kind) {
    case "run":
      return runContext(entry.view);
    case "node":
      return nodeContext(entry.view);
    case "attempt":
      return "attempt logs";
    case "group":
      return "group";
    case "note":
      return "note";
  }
}
