import * as vscode from "vscode";
import { type OutputView, outputsRequest } from "../../server/protocol.js";
import { chooseNode } from "../choose.js";
import { Refusal } from "../failures.js";
import { bytes } from "../format.js";
import { offerProvenance, outputUri } from "../outputs.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

interface Choice extends vscode.QuickPickItem {
  readonly open: () => Promise<void>;
}

/** Opens what a node made; of one that failed, what its last attempt left behind. */
export const run: Run = async (services, argument) => {
  const title = t("Reveal Output");
  const chosen = await chooseNode(services, argument, { title, families: false });
  if (chosen === undefined) return;
  const { outputs, leftFolder } = await services.server.request(outputsRequest, chosen);
  const choices: Choice[] = outputs.map(outputChoice);
  if (leftFolder !== undefined) choices.push(...(await leftChoices(leftFolder)));
  const [only] = choices;
  if (only === undefined) {
    throw new Refusal(t("{0} has no result yet.", chosen.node), {
      title: t("Run Node"),
      command: "reprod.runNode",
    });
  }
  const choice =
    choices.length === 1
      ? only
      : await vscode.window.showQuickPick(choices, {
          title: t("Outputs of {0}", chosen.node),
          matchOnDescription: true,
        });
  await choice?.open();
};

/** Where it was published it opens in its place; otherwise from the store, under its own name. */
function outputChoice({ name, path, kind, object, size, published }: OutputView): Choice {
  const place = published === undefined ? undefined : vscode.Uri.parse(published);
  return {
    label: name,
    description: `${path} · ${bytes(size)}`,
    ...(place === undefined ? {} : { detail: t("published as {0}", vscode.workspace.asRelativePath(place)) }),
    iconPath: new vscode.ThemeIcon(kind === "dir" ? "folder" : "file"),
    open: async () => {
      if (place !== undefined && kind === "dir") {
        await vscode.commands.executeCommand("revealInExplorer", place);
        return;
      }
      const name = kind === "dir" ? `${path}.json` : path;
      if (place !== undefined) await offerProvenance(place);
      await vscode.commands.executeCommand("vscode.open", place ?? outputUri(object, name));
    },
  };
}

/** What the last attempt left, in a part of the list of its own. */
async function leftChoices(folder: string): Promise<readonly Choice[]> {
  const uri = vscode.Uri.file(folder);
  return [
    { label: t("Left by the attempt that failed"), kind: vscode.QuickPickItemKind.Separator, open: nothing },
    {
      label: t("Open the folder in a terminal"),
      iconPath: new vscode.ThemeIcon("terminal"),
      open: async () => vscode.window.createTerminal({ name: "Reprod", cwd: uri }).show(),
    },
    ...(await entriesOf(uri)),
  ];
}

/** Files open; folders list what is in them. */
async function entriesOf(folder: vscode.Uri): Promise<readonly Choice[]> {
  const entries = await vscode.workspace.fs.readDirectory(folder);
  const isFolder = (type: vscode.FileType): boolean => (type & vscode.FileType.Directory) !== 0;
  return entries
    .sort(([a, aType], [b, bType]) => Number(isFolder(bType)) - Number(isFolder(aType)) || (a < b ? -1 : 1))
    .map(([name, type]) => {
      const uri = vscode.Uri.joinPath(folder, name);
      return {
        label: name,
        iconPath: new vscode.ThemeIcon(isFolder(type) ? "folder" : "file"),
        open: async () => {
          if (!isFolder(type)) {
            await vscode.commands.executeCommand("vscode.open", uri);
            return;
          }
          const chosen = await vscode.window.showQuickPick(entriesOf(uri), { title: name });
          await chosen?.open();
        },
      };
    });
}

/** A separator cannot be chosen. */
async function nothing(): Promise<void> {}
