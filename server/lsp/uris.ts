import * as path from "node:path";
import { URI } from "vscode-uri";

/**
 * Uris of a client and paths of this machine, both ways. A document that is no file (untitled, of a virtual file
 * system) has a path that no file has; it is checked as a text of its own.
 */
export class Uris {
  /** Of open documents alone. */
  readonly #byPath = new Map<string, string>();

  /** Absolute, without a separator at its end. */
  path(uri: string): string {
    const parsed = URI.parse(uri);
    if (isFile(uri)) return path.resolve(parsed.fsPath);
    // Made whole first: `..` must not lead out to the files of this machine.
    return path.join(
      VIRTUAL,
      path.join(path.sep, parsed.scheme, parsed.authority, path.resolve("/", parsed.path)),
    );
  }

  /** Clients write one uri in several ways; what one has given for a file is given back. */
  opened(uri: string): string {
    const file = this.path(uri);
    this.#byPath.set(file, uri);
    return file;
  }

  closed(uri: string): void {
    this.#byPath.delete(this.path(uri));
  }

  uri(file: string): string {
    return this.#byPath.get(file) ?? URI.file(file).toString();
  }
}

const VIRTUAL = path.join(path.parse(process.cwd()).root, "\u0000virtual");

export function isVirtual(file: string): boolean {
  return file.startsWith(VIRTUAL);
}

function isFile(uri: string): boolean {
  return uri.startsWith("file:");
}
