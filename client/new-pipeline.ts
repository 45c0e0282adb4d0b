import * as vscode from "vscode";
import { folderNameProblem, parseSamples, type Sample } from "./samples.js";
import type { Services } from "./services.js";

const { t } = vscode.l10n;

/**
 * Copies a sample into a folder of its own, below the workspace or where the person says, and opens it. Nothing that
 * is there is written over. `wanted` is the id of a sample, which the walkthrough gives.
 */
export async function newPipeline({ context }: Services, wanted: unknown): Promise<void> {
  const file = vscode.Uri.joinPath(context.extensionUri, "samples", "index.json");
  const samples = parseSamples(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
  const sample = samples.find(({ id }) => id === wanted) ?? (await chooseSample(samples));
  if (sample === undefined) return;
  const below = await chooseParent();
  if (below === undefined) return;
  const folder = await askFolder(below, sample);
  if (folder === undefined) return;
  for (const { from, to } of sample.files) {
    await vscode.workspace.fs.copy(
      vscode.Uri.joinPath(context.extensionUri, from),
      vscode.Uri.joinPath(folder, to),
      { overwrite: false },
    );
  }
  const pipeline = vscode.Uri.joinPath(folder, sample.open);
  if (vscode.workspace.getWorkspaceFolder(folder) === undefined) {
    await vscode.commands.executeCommand("vscode.openFolder", folder, { filesToOpen: [pipeline] });
    return;
  }
  // The walkthrough is a preview that the next file would take the place of, and there are four more steps in it.
  if (wanted !== undefined) await vscode.commands.executeCommand("workbench.action.keepEditor");
  await vscode.window.showTextDocument(pipeline, { preview: false });
}

async function chooseSample(samples: readonly Sample[]): Promise<Sample | undefined> {
  const chosen = await vscode.window.showQuickPick(
    samples.map((sample) => ({ label: sample.title, detail: sample.description, sample })),
    { title: t("New Pipeline"), placeHolder: t("What to begin with"), matchOnDetail: true },
  );
  return chosen?.sample;
}

/** A folder of the workspace; without one, any. */
async function chooseParent(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const [only] = folders;
  if (only === undefined) {
    const chosen = await vscode.window.showOpenDialog({
      title: t("Where the folder of the pipeline is made"),
      openLabel: t("Make It Here"),
      canSelectFiles: false,
      canSelectFolders: true,
    });
    return chosen?.[0];
  }
  if (folders.length === 1) return only.uri;
  return (await vscode.window.showWorkspaceFolderPick())?.uri;
}

async function askFolder(below: vscode.Uri, sample: Sample): Promise<vscode.Uri | undefined> {
  const name = await vscode.window.showInputBox({
    title: t("New Pipeline: {0}", sample.title),
    prompt: t("Name of a new folder in {0}", below.path.split("/").at(-1) ?? below.fsPath),
    value: await freeName(below, sample.open.replace(/\.reprod$/, "")),
    ignoreFocusOut: true,
    validateInput: async (text) => {
      switch (folderNameProblem(text)) {
        case "empty":
          return t("A folder needs a name");
        case "outside":
          return t("A folder below this one, without . and ..");
        case undefined:
          return (await exists(vscode.Uri.joinPath(below, text.trim())))
            ? t("This exists already")
            : undefined;
      }
    },
  });
  return name === undefined ? undefined : vscode.Uri.joinPath(below, name.trim());
}

async function freeName(below: vscode.Uri, name: string): Promise<string> {
  for (let at = 1; ; at++) {
    const candidate = at === 1 ? name : `${name}-${at}`;
    if (!(await exists(vscode.Uri.joinPath(below, candidate)))) return candidate;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") return false;
    throw error;
  }
}
