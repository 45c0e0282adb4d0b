import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { isSha256, type Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import type { Fact, ToolFact } from "../graph/facts.js";
import { readIfThere, replaceFile, systemReason } from "./files.js";
import { hashFile, statKey } from "./hash-file.js";
import { type Project, prepareProject } from "./project.js";

/** A file of a tool as it was when its digest was taken. */
interface ToolFile {
  /** Real path: no link on the way. */
  readonly path: string;
  /** Device, inode, size and times, in hex: a file that has not changed is not hashed again. */
  readonly stat: string;
  readonly sha256: Sha256;
}

/** What `.reprod/tools.json` keeps of a tool. */
interface ToolEntry extends ToolFile {
  /** As PATH had it: the folder that scripts get in their PATH. */
  readonly found: string;
  /** Of a `#!` file. A shell counts by its name alone (engine-rules.md A8). */
  readonly interpreter: ToolFile | { readonly name: string } | undefined;
}

export interface ToolsOptions {
  /** Whether a tool that is not kept yet is looked for in `PATH`. */
  readonly find: boolean;
  /** Whether what is found is written to `.reprod/tools.json`; true when left out. */
  readonly keep?: boolean;
  /** Folders joined by `:`; this process's by default. */
  readonly path?: string;
}

/**
 * The tools of this machine (engine-rules.md A8). Each is found once in PATH and kept in `.reprod/tools.json`, which
 * every face reads: the editor and a terminal have different PATHs and would otherwise compute different ids. A kept
 * file that changes is hashed again; that PATH now leads elsewhere is not followed until `findAgain` says so.
 */
export class Tools {
  private entries: Map<string, ToolEntry> | undefined;
  private readonly facts = new Map<string, Fact<ToolFact>>();

  constructor(
    private readonly project: Project,
    private readonly options: ToolsOptions,
  ) {}

  /** Answers at once; blocks for the hashing of a file that is new or has changed. */
  find(name: string): Fact<ToolFact> {
    const known = this.facts.get(name);
    if (known !== undefined) return known;
    const fact = this.look(name);
    this.facts.set(name, fact);
    return fact;
  }

  /** The folder of the tool as PATH had it, once `find` knows it. */
  folder(name: string): string | undefined {
    if (this.find(name).kind !== "known") return undefined;
    if (isShell(name)) return undefined;
    const entry = this.kept().get(name);
    return entry && path.dirname(entry.found);
  }

  /** Forgets where these tools were found, and finds them in PATH as it is now. */
  findAgain(names: readonly string[]): ReadonlyMap<string, Fact<ToolFact>> {
    for (const name of names) {
      this.kept().delete(name);
      this.facts.delete(name);
    }
    return new Map(names.map((name) => [name, this.look(name, true)]));
  }

  private look(name: string, find = this.options.find): Fact<ToolFact> {
    if (name === "" || name.includes("/") || name.includes("\0")) {
      return {
        kind: "absent",
        message: `a tool is named without a folder, as on the command line: "${name}"`,
      };
    }
    if (isShell(name)) {
      // bash and sh count by name: their patch levels differ everywhere, and the preamble holds them to 4.4 and POSIX.
      return this.shell(name);
    }
    const entry = this.kept().get(name);
    if (entry !== undefined) return this.refresh(name, entry);
    if (!find) {
      return { kind: "unknown", reason: `this tool has not been looked for on this machine yet: "${name}"` };
    }
    const found = findInPath(name, this.searchPath());
    if (found === undefined) {
      return { kind: "absent", message: `no program of this name is in PATH on this machine: "${name}"` };
    }
    return this.take(name, found);
  }

  private shell(name: string): Fact<ToolFact> {
    const found = findInPath(name, this.searchPath()) ?? findInPath(name, "/usr/bin:/bin");
    if (found === undefined) {
      return { kind: "absent", message: `no program of this name is in PATH on this machine: "${name}"` };
    }
    return {
      kind: "known",
      value: { path: fs.realpathSync(found), sha256: digestOfText(`reprod-shell-1\n${name}\n`) },
    };
  }

  /** A tool that is kept: as it was, or hashed again when its file changed in place. */
  private refresh(name: string, entry: ToolEntry): Fact<ToolFact> {
    const { interpreter } = entry;
    const same =
      realPath(entry.found) === entry.path &&
      stateOf(entry.path) === entry.stat &&
      (interpreter === undefined || "name" in interpreter || stateOf(interpreter.path) === interpreter.stat);
    if (same) return factOf(entry);
    if (realPath(entry.found) === undefined) {
      return {
        kind: "absent",
        message: `this tool was found before and is gone from there ("${entry.found}"): "${name}"`,
      };
    }
    return this.take(name, entry.found);
  }

  private take(name: string, found: string): Fact<ToolFact> {
    try {
      const file = hashTool(fs.realpathSync(found));
      const entry: ToolEntry = { found, ...file, interpreter: this.interpreterOf(file.path) };
      this.keep(name, entry);
      return factOf(entry);
    } catch (error) {
      if (error instanceof Failure)
        return { kind: "absent", message: `${error.message}, for the tool "${name}"` };
      return { kind: "absent", message: `this tool cannot be read, ${systemReason(error)}: "${found}"` };
    }
  }

  /** The interpreter that a `#!` line names, one level through `env`. */
  private interpreterOf(file: string): ToolEntry["interpreter"] {
    const words = shebang(file);
    let command = words?.[0];
    if (words === undefined || command === undefined) return undefined;
    if (path.basename(command) === "env") command = words.slice(1).find(isCommandWord);
    if (command === undefined) return undefined;
    if (isShell(path.basename(command))) return { name: path.basename(command) };
    const found = command.includes("/") ? command : findInPath(command, this.searchPath());
    const real = found === undefined ? undefined : realPath(found);
    if (real === undefined) {
      throw new Failure("tool-interpreter-missing", `its interpreter is not on this machine: "${command}"`);
    }
    return hashTool(real);
  }

  private searchPath(): string {
    return this.options.path ?? process.env.PATH ?? "";
  }

  private kept(): Map<string, ToolEntry> {
    this.entries ??= readEntries(toolsFile(this.project));
    return this.entries;
  }

  private keep(name: string, entry: ToolEntry): void {
    this.kept().set(name, entry);
    if (this.options.keep === false) return;
    try {
      prepareProject(this.project);
      const file = toolsFile(this.project);
      // Another process may have found other tools meanwhile: its entries stay, ours win for this name.
      const merged = readEntries(file).set(name, entry);
      const tools = Object.fromEntries([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
      replaceFile(file, `${JSON.stringify({ format: 1, tools }, undefined, 2)}\n`);
    } catch (error) {
      // A read-only project can still be planned; only what was found is not remembered.
      if (!(error instanceof Failure)) throw error;
    }
  }
}

/** The digest that counts: of the file, or, for a script, of the file together with what runs it. */
function factOf(entry: ToolEntry): Fact<ToolFact> {
  const { interpreter } = entry;
  if (interpreter === undefined) return { kind: "known", value: { path: entry.path, sha256: entry.sha256 } };
  const by = "name" in interpreter ? interpreter.name : interpreter.sha256;
  return {
    kind: "known",
    value: { path: entry.path, sha256: digestOfText(`reprod-tool-1\n${entry.sha256}\n${by}\n`) },
  };
}

const SHELLS: ReadonlySet<string> = new Set(["bash", "sh"]);

function isShell(name: string): boolean {
  return SHELLS.has(name);
}

/** The first executable file of this name, as a shell would find it; empty and relative parts of PATH are passed over. */
function findInPath(name: string, searchPath: string): string | undefined {
  for (const folder of searchPath.split(":")) {
    // What a relative part means depends on where one stands, which must not count for identity.
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // Not here, or not for us: the next folder may have it.
    }
  }
  return undefined;
}

function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined;
  }
}

function stateOf(file: string): string | undefined {
  try {
    return Buffer.from(statKey(fs.statSync(file, { bigint: true }))).toString("hex");
  } catch {
    return undefined;
  }
}

function hashTool(file: string): ToolFile {
  const outcome = hashFile(file, { cancelled: () => false, progress: () => {} });
  if (outcome.kind === "hashed" && isSha256(outcome.sha256)) {
    return { path: file, stat: Buffer.from(outcome.key).toString("hex"), sha256: outcome.sha256 };
  }
  throw new Failure("tool-unreadable", outcome.kind === "failed" ? outcome.message : `not hashed: "${file}"`);
}

/** Words of the first line of a `#!` file, or undefined for any other. Kernels read some 256 bytes of it. */
function shebang(file: string): readonly string[] | undefined {
  const start = Buffer.alloc(512);
  const descriptor = fs.openSync(file, "r");
  let count: number;
  try {
    count = fs.readSync(descriptor, start, 0, start.length, 0);
  } finally {
    fs.closeSync(descriptor);
  }
  const line = start.toString("latin1", 0, count).split("\n")[0] ?? "";
  if (!line.startsWith("#!")) return undefined;
  return Buffer.from(line.slice(2), "latin1")
    .toString("utf8")
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** Behind `env`: neither an option (`-S`) nor a variable (`A=b`). */
function isCommandWord(word: string): boolean {
  return !word.startsWith("-") && !word.includes("=");
}

function digestOfText(text: string): Sha256 {
  const digest = createHash("sha256").update(text, "utf8").digest("hex");
  if (!isSha256(digest)) throw new Error("a SHA-256 has 64 hex characters");
  return digest;
}

function toolsFile(project: Project): string {
  return path.join(project.folders.reprod, "tools.json");
}

/** What cannot be read counts as not found yet: a tool is found again, and its digest is that of its file in any case. */
function readEntries(file: string): Map<string, ToolEntry> {
  const entries = new Map<string, ToolEntry>();
  let value: unknown;
  try {
    value = JSON.parse(readIfThere(file)?.toString("utf8") ?? "null");
  } catch {
    return entries;
  }
  if (typeof value !== "object" || value === null || !("tools" in value)) return entries;
  const { tools } = value;
  if (typeof tools !== "object" || tools === null) return entries;
  for (const [name, entry] of Object.entries(tools)) {
    const read = readEntry(entry);
    if (read !== undefined) entries.set(name, read);
  }
  return entries;
}

function readEntry(value: unknown): ToolEntry | undefined {
  const file = readToolFile(value);
  if (file === undefined || typeof value !== "object" || value === null) return undefined;
  if (!("found" in value) || typeof value.found !== "string" || !path.isAbsolute(value.found))
    return undefined;
  const { found } = value;
  if (!("interpreter" in value)) return { found, ...file, interpreter: undefined };
  const { interpreter } = value;
  const by = readToolFile(interpreter);
  if (by !== undefined) return { found, ...file, interpreter: by };
  if (typeof interpreter !== "object" || interpreter === null || !("name" in interpreter)) return undefined;
  return typeof interpreter.name === "string" && isShell(interpreter.name)
    ? { found, ...file, interpreter: { name: interpreter.name } }
    : undefined;
}

function readToolFile(value: unknown): ToolFile | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!("path" in value && "stat" in value && "sha256" in value)) return undefined;
  const { path: file, stat, sha256 } = value;
  if (typeof file !== "string" || typeof stat !== "string" || typeof sha256 !== "string") return undefined;
  return isSha256(sha256) && path.isAbsolute(file) ? { path: file, stat, sha256 } : undefined;
}
