import * as vscode from "vscode";
import { membersRequest, type NodeArguments, type PipelineView, type RunView } from "../server/protocol.js";
import { isNodeArguments, isRunNodeArguments, uriOf } from "./arguments.js";
import { Refusal } from "./failures.js";
import { grouped, nodesText } from "./format.js";
import { stateIcon } from "./icons.js";
import { pipelineViews } from "./pipeline-views.js";
import { runDescription, runName } from "./runs-model.js";
import type { Services } from "./services.js";
import { countsInWords, stateWord, worstState } from "./state-text.js";
import { pipelineDescription } from "./views/pipelines-model.js";

const { t } = vscode.l10n;

/** Members that a quick pick lists; who looks for another one finds it in the Pipelines view. */
const listed = 1000;

/**
 * The pipeline that a command is about: what it was called with, the one in the editor, the only one, or the one that
 * is chosen. Undefined when the person gave up.
 */
export async function choosePipeline(services: Services, argument: unknown): Promise<string | undefined> {
  const given = uriOf(argument);
  if (given !== undefined) return given;
  const pipelines = await pipelineViews(services.server);
  const active = activePipeline();
  const [first, ...more] = pipelines;
  if (active !== undefined && pipelines.some(({ uri }) => sameUri(uri, active))) return active;
  if (first === undefined) throw noPipeline();
  if (more.length === 0) return first.uri;
  const chosen = await vscode.window.showQuickPick(
    pipelines.map((view) => pipelineItem(services, view)),
    {
      title: t("Choose a Pipeline"),
      matchOnDescription: true,
    },
  );
  return chosen?.uri;
}

/** What leads on is another thing without a folder: then nothing has been looked for. */
function noPipeline(): Refusal {
  const create = { title: t("New Pipeline"), command: "reprod.newPipeline" };
  return (vscode.workspace.workspaceFolders ?? []).length === 0
    ? new Refusal(
        t("No folder is open. Open one with pipelines, or make a pipeline."),
        { title: t("Open Folder"), command: "vscode.openFolder" },
        create,
      )
    : new Refusal(t("This workspace has no pipeline with nodes."), create);
}

function pipelineItem(
  services: Services,
  view: PipelineView,
): vscode.QuickPickItem & { readonly uri: string } {
  return {
    label: view.path,
    description: pipelineDescription(view, t),
    iconPath: stateIcon(services.context, worstState(view.counts)),
    uri: view.uri,
  };
}

/**
 * A node of a pipeline. With `families`, a family is an answer too: then `aligned` means all of its members.
 * Undefined when the person gave up.
 */
export async function chooseNode(
  services: Services,
  argument: unknown,
  { title, families }: { readonly title: string; readonly families: boolean },
): Promise<NodeArguments | undefined> {
  if (isNodeArguments(argument)) {
    const { uri, node } = argument;
    // A run names nodes, never families, and knows those that the file does not declare any longer.
    const isExact = families || node.includes("[") || isRunNodeArguments(argument);
    return isExact ? { uri, node } : chooseMember(services, uri, node, title, false);
  }
  const uri = await choosePipeline(services, argument);
  if (uri === undefined) return undefined;
  // A menu of the editor is about the place where it was opened; elsewhere the node at the cursor is only offered first.
  const here = argument instanceof vscode.Uri ? nodeAtCursor(services, uri) : undefined;
  const family = here ?? (await chooseFamily(services, uri, title));
  return family === undefined ? undefined : chooseMember(services, uri, family, title, families);
}

async function chooseFamily(services: Services, uri: string, title: string): Promise<string | undefined> {
  const pipelines = await pipelineViews(services.server);
  const pipeline = pipelines.find((view) => sameUri(view.uri, uri));
  const all = pipeline?.families ?? [];
  if (all.length === 0) throw noNodes(pipeline);
  const [only] = all;
  if (only !== undefined && all.length === 1) return only.name;
  const here = nodeAtCursor(services, uri);
  // The node that the cursor is in is the first, so that Enter takes it.
  const sorted = [...all].sort((a, b) => Number(b.name === here) - Number(a.name === here));
  const chosen = await vscode.window.showQuickPick(
    sorted.map((view) => ({
      label: view.name,
      description: `${view.transform} · ${countsInWords(view.counts, t)}`,
      ...(view.why === undefined ? {} : { detail: view.why }),
      iconPath: stateIcon(services.context, worstState(view.counts)),
    })),
    { title, placeHolder: t("A node or family"), matchOnDescription: true },
  );
  return chosen?.label;
}

function noNodes(pipeline: PipelineView | undefined): Refusal {
  const errors = pipeline?.errors ?? 0;
  if (errors === 0) return new Refusal(pipeline?.message ?? t("This pipeline has no nodes."));
  return new Refusal(
    pipeline?.message ?? t("This pipeline has no nodes as long as there are errors in it."),
    {
      title: t("Show Problems"),
      command: "workbench.actions.view.problems",
    },
  );
}

async function chooseMember(
  services: Services,
  uri: string,
  family: string,
  title: string,
  families: boolean,
): Promise<NodeArguments | undefined> {
  const { members, total } = await services.server.request(membersRequest, { uri, family, limit: listed });
  const [only] = members;
  if (only === undefined) throw new Refusal(t("There is no node {0} now.", family));
  if (total === 1) return { uri, node: only.name };
  const all = { label: t("All of {0}", family), description: nodesText(total, t), node: family };
  const items = members.map((view) => ({
    label: view.name,
    description: [stateWord(view.state, t), ...view.why.slice(0, 1)].join(" · "),
    iconPath: stateIcon(services.context, view.state),
    node: view.name,
  }));
  const chosen = await vscode.window.showQuickPick([...(families ? [all] : []), ...items], {
    title,
    placeHolder:
      total > members.length
        ? t("A member of {0}; the first {1} of {2}", family, grouped(members.length), grouped(total))
        : t("A member of {0}", family),
    matchOnDescription: true,
  });
  return chosen === undefined ? undefined : { uri, node: chosen.node };
}

/** One of these runs. Undefined when the person gave up. */
export async function chooseRun(
  runs: readonly RunView[],
  title: string,
  none: string,
): Promise<RunView | undefined> {
  const [first] = runs;
  if (first === undefined) throw new Refusal(none);
  if (runs.length === 1) return first;
  const now = Date.now();
  const chosen = await vscode.window.showQuickPick(
    runs.map((run) => ({ label: runName(run), description: runDescription(run, now, t), run })),
    { title, matchOnDescription: true },
  );
  return chosen?.run;
}

/** The uri of the pipeline file in the active editor. */
export function activePipeline(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === "reprod" ? document.uri.toString() : undefined;
}

/** The node whose statement the cursor is in; of the given file only. */
export function nodeAtCursor({ marks }: Services, uri?: string): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || (uri !== undefined && !sameUri(editor.document.uri.toString(), uri))) {
    return undefined;
  }
  return marks.at(editor.document, editor.selection.active.line)?.family;
}

/** The server and VS Code may escape one uri in two ways. */
function sameUri(a: string, b: string): boolean {
  return a === b || vscode.Uri.parse(a).toString() === vscode.Uri.parse(b).toString();
}
