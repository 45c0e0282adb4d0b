import * as vscode from "vscode";
import { outPlace, outScheme, outUri } from "./uris.js";

/**
 * Objects of the store under the names that their nodes gave them, so that tables, texts and pictures open in the
 * editor that suits them. Nobody may write: what is in the store is named by its content.
 */
export function registerOutputs(): vscode.Disposable {
  const outputs = new Outputs();
  const registration = vscode.workspace.registerFileSystemProvider(outScheme, outputs, {
    isReadonly: new vscode.MarkdownString(
      vscode.l10n.t("This is a result in the store of Reprod. It cannot be changed, only made again."),
    ),
    isCaseSensitive: true,
  });
  return vscode.Disposable.from(registration, outputs);
}

/** `object` is the `file:` uri that the server gives. */
export function outputUri(object: string, name: string): vscode.Uri {
  return vscode.Uri.from(outUri({ object: vscode.Uri.parse(object).path, name }));
}

class Outputs implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  dispose(): void {
    this.#changed.dispose();
  }

  /** Objects never change, so there is nothing to watch. */
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const stat = await vscode.workspace.fs.stat(objectOf(uri));
    return { ...stat, type: vscode.FileType.File, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return vscode.workspace.fs.readFile(objectOf(uri));
  }

  readDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.FileNotADirectory(uri);
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
}

/** Results that were opened where they were published: their editors offer provenance, as those of the store do. */
const opened = new Set<string>();

export async function offerProvenance(result: vscode.Uri): Promise<void> {
  opened.add(result.fsPath);
  await vscode.commands.executeCommand("setContext", "reprod.results", [...opened]);
}

/** Where the bytes of an output lie. */
export function objectOf(uri: vscode.Uri): vscode.Uri {
  const place = outPlace(uri);
  if (place === undefined) throw vscode.FileSystemError.FileNotFound(uri);
  return vscode.Uri.from({ scheme: "file", path: place.object });
}
