import { isUtf8 } from "node:buffer";
import * as fs from "node:fs";

/** What a walk meets, parents before children. Paths are relative to the folder, joined by `/`. */
export type WalkEntry =
  | { readonly kind: "file"; readonly path: string; readonly stats: fs.Stats }
  | { readonly kind: "folder"; readonly path: string; readonly stats: fs.Stats }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** Something that no Dir can hold; the message names it. */
export class WalkProblem extends Error {}

/**
 * Everything in a folder, no link followed (engine-rules.md C9). Throws `WalkProblem` for devices, fifos, sockets and
 * names that are not UTF-8, and the system's error for what cannot be read. `leave` says which paths to pass over,
 * with all that is in them.
 */
export function* walkTree(
  folder: string,
  leave: (path: string) => boolean = () => false,
): Generator<WalkEntry> {
  // An explicit stack: a script can nest folders deeper than calls can nest.
  const left = [""];
  for (let below = left.pop(); below !== undefined; below = left.pop()) {
    for (const { name, utf8 } of readNames(below === "" ? folder : `${folder}/${below}`)) {
      const path = below === "" ? name : `${below}/${name}`;
      if (leave(path)) continue;
      if (!utf8) throw new WalkProblem(`a file name is not UTF-8: "${name}"`);
      const absolute = `${folder}/${path}`;
      const stats = fs.lstatSync(absolute);
      if (stats.isDirectory()) {
        yield { kind: "folder", path, stats };
        left.push(path);
      } else if (stats.isFile()) {
        yield { kind: "file", path, stats };
      } else if (stats.isSymbolicLink()) {
        yield { kind: "link", path, target: readTarget(absolute) };
      } else {
        throw new WalkProblem(`${describe(stats)} cannot be kept as data: "${path}"`);
      }
    }
  }
}

export function describe(stats: fs.Stats): string {
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  if (stats.isDirectory()) return "a folder";
  if (stats.isFile()) return "a file";
  if (stats.isSymbolicLink()) return "a symbolic link";
  return "a device";
}

/** Node.js puts U+FFFD for bytes that are not UTF-8; only where one shows are the bytes read a second time. */
function readNames(folder: string): readonly { readonly name: string; readonly utf8: boolean }[] {
  const names = fs.readdirSync(folder);
  if (!names.some((name) => name.includes("\ufffd"))) return names.map((name) => ({ name, utf8: true }));
  return fs
    .readdirSync(folder, { encoding: "buffer" })
    .map((name) => ({ name: name.toString("utf8"), utf8: isUtf8(name) }));
}

function readTarget(file: string): string {
  const target = fs.readlinkSync(file, { encoding: "buffer" });
  if (!isUtf8(target)) throw new WalkProblem(`a link's target is not UTF-8: "${file}"`);
  return target.toString("utf8");
}
