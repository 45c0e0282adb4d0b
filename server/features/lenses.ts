import type { CodeLens } from "vscode-languageserver-types";
import { duration } from "../base/format.js";
import type { GraphNode } from "../graph/model.js";
import { walk } from "../language/children.js";
import type { Declaration, NodeStatement, Span } from "../language/syntax.js";
import { commands, type NodeArguments, type RunArguments, stateSigns } from "../protocol.js";
import type { Document } from "./document.js";
import type { NodeStates, Summary } from "./node-states.js";
import { countsInWords, isAllCached, stateWithReason, worstState } from "./state-texts.js";
import { t } from "./words.js";

/** What a run of some nodes would have to do; from `run/`, which features do not know. */
export type WorkOf = (
  key: string,
  nodes: readonly GraphNode[],
) => Promise<{
  readonly toRun: number;
  readonly all: number;
  readonly estimate: { readonly lowMilliseconds: number; readonly highMilliseconds: number } | undefined;
}>;

/** Reasons longer than this push the text of the file out of sight; hover has the whole. */
const REASON_CHARACTERS = 90;

/**
 * Two lenses at most for a node statement, a `target`, and a pipeline without one: what a run of it would do, and its
 * states with the reason. A lens needs no second question: titles are made here, from what is known already.
 * `canRun` is false in an untrusted workspace, which runs nothing. `asked`: params that a run has to be given before
 * anything is known.
 */
export async function lenses(
  document: Document,
  states: NodeStates,
  workOf: WorkOf,
  canRun: boolean,
  asked: readonly string[] = [],
): Promise<CodeLens[]> {
  const found: CodeLens[] = [];
  const { declarations } = document.module.file;
  const hasTarget = declarations.some(({ statement }) => statement.kind === "target");
  for (const declaration of declarations) {
    const { statement } = declaration;
    if (statement.kind === "target" || (statement.kind === "pipeline" && !hasTarget)) {
      if (states.graph.targets.length > 0)
        await addTargetLenses(document, declaration, states, workOf, canRun, found);
      else if (asked.length > 0 && canRun) found.push(askingLens(document, declaration, asked));
      continue;
    }
    for (const node of nodeStatements(declaration))
      await addNodeLenses(document, declaration, node, states, workOf, canRun, found);
  }
  return found;
}

/** The node statements of a declaration, those inside blocks too. */
export function nodeStatements({ statement }: Declaration): readonly NodeStatement[] {
  if (statement.kind === "node") return [statement];
  if (statement.kind !== "for" && statement.kind !== "if") return [];
  const found: NodeStatement[] = [];
  walk(statement, (node) => {
    if (node.kind === "node") found.push(node);
    return node.kind === "for" || node.kind === "if";
  });
  return found;
}

function askingLens(document: Document, declaration: Declaration, asked: readonly string[]): CodeLens {
  const run: RunArguments = { uri: document.uri, targets: [] };
  return {
    range: document.lines.range(at(declaration, declaration.statement.span)),
    command: {
      title: `▷ ${t("Run: asks for {0}", asked.join(", "))}`,
      command: commands.run,
      arguments: [run],
    },
  };
}

async function addTargetLenses(
  document: Document,
  declaration: Declaration,
  states: NodeStates,
  workOf: WorkOf,
  canRun: boolean,
  found: CodeLens[],
): Promise<void> {
  const run: RunArguments = { uri: document.uri, targets: [] };
  const { toRun, all, estimate } = await workOf("target", states.graph.targets);
  const counts = states.reach;
  const range = document.lines.range(at(declaration, declaration.statement.span));
  if (toRun > 0 && canRun && !isGoing(counts))
    found.push({
      range,
      command: { title: runTitle(toRun, all, estimate), command: commands.run, arguments: [run] },
    });
  found.push({ range, command: { title: countsInWords(counts), command: commands.plan, arguments: [run] } });
}

async function addNodeLenses(
  document: Document,
  declaration: Declaration,
  node: NodeStatement,
  states: NodeStates,
  workOf: WorkOf,
  canRun: boolean,
  found: CodeLens[],
): Promise<void> {
  const summary = states.ofStatement(node);
  const family = states.graph.families.get(node.name.text);
  // Nothing is known of it yet, or a condition leaves it out: then there is nothing to run either.
  if (summary === undefined || family === undefined || summary.nodes === 0) return;
  const range = document.lines.range(at(declaration, node.name.span));
  const asked: NodeArguments = { uri: document.uri, node: node.name.text };
  if (isAllCached(summary.counts)) {
    found.push({
      range,
      command: {
        title: `${stateSigns.cached} ${t("cached")}`,
        command: commands.provenance,
        arguments: [asked],
      },
    });
    return;
  }
  const { toRun, all, estimate } = await workOf(`family ${node.name.text}`, family);
  const run: RunArguments = { uri: document.uri, targets: [node.name.text] };
  if (toRun > 0 && canRun && !isGoing(summary.counts))
    found.push({
      range,
      command: { title: runTitle(toRun, all, estimate), command: commands.run, arguments: [run] },
    });
  const state = worstState(summary.counts);
  found.push({
    range,
    command: {
      title: `${stateSigns[state]} ${shortened(stateWithReason(state, summary.why))}`,
      command: state === "failed" || state === "running" ? commands.logs : commands.explain,
      arguments: [asked],
    },
  });
}

/** A run has to do with it already: another would wait for what that one makes. */
function isGoing({ running = 0, queued = 0 }: Summary["counts"]): boolean {
  return running + queued > 0;
}

function runTitle(
  toRun: number,
  all: number,
  estimate: { readonly lowMilliseconds: number; readonly highMilliseconds: number } | undefined,
): string {
  const run = `▷ ${toRun === all ? t("Run {0}", toRun) : t("Run {0} of {1}", toRun, all)}`;
  if (estimate === undefined) return run;
  const middle = (estimate.lowMilliseconds + estimate.highMilliseconds) / 2;
  return `${run} · ${t("about {0}", roughly(middle))}`;
}

/** Without the digits that an estimate does not have: `12 min`, not `12 min 4 s`. */
function roughly(milliseconds: number): string {
  if (milliseconds < 1_000) return "1 s";
  if (milliseconds < 60_000) return duration(Math.round(milliseconds / 1_000) * 1_000).replace(".0", "");
  if (milliseconds < 3_600_000) return duration(Math.round(milliseconds / 60_000) * 60_000);
  return duration(Math.round(milliseconds / 600_000) * 600_000);
}

/** On one line, and without the icons that VS Code draws in titles: a reason can be any text. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const short = line.length <= REASON_CHARACTERS ? line : `${line.slice(0, REASON_CHARACTERS - 1)}…`;
  return short.replaceAll("$(", "\\$(");
}

export function at({ offset }: Declaration, { start, end }: Span): Span {
  return { start: offset + start, end: offset + end };
}
