import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { AbsolutePath } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import { absolutePath, createFile, readIfThere, replaceFile, systemReason } from "./files.js";
import { type ProjectSettings, readProjectSettings } from "./project-settings.js";

export type { ContainerPolicy, ProjectSettings, ResourceDefaults } from "./project-settings.js";

/** Where the parts of a project's own folder lie. */
export interface ProjectFolders {
  /** `.reprod/` */
  readonly reprod: AbsolutePath;
  /** The store that results are written to; `.reprod/store/` unless `reprod.json` says otherwise. */
  readonly store: AbsolutePath;
  /** Attempt folders and staging: on the store's file system (engine-rules.md C11). */
  readonly tmp: AbsolutePath;
  readonly runs: AbsolutePath;
  /** What can be deleted at any time and is made again. */
  readonly cache: AbsolutePath;
}

/**
 * A project: the folder that a team shares, and what this checkout of it keeps to itself in `.reprod/`.
 * `openProject` only reads; `prepareProject` makes `.reprod/` before something is written.
 */
export interface Project {
  readonly root: AbsolutePath;
  /**
   * 12 base32 characters. From `reprod.json`; without one from `.reprod/local.json`, so that histories of two
   * checkouts are never mixed by accident. Until either exists it is random and nothing is stored under it yet.
   */
  readonly id: string;
  /** From `reprod.json`, else the folder's name. For people only. */
  readonly name: string;
  readonly settings: ProjectSettings;
  /** `reprod.json`, or undefined when there is none. */
  readonly settingsFile: AbsolutePath | undefined;
  readonly local: LocalState;
  readonly folders: ProjectFolders;
}

/** `.reprod/local.json`: what was found out once for this checkout (engine-rules.md A9). Never shared. */
export interface LocalState {
  readonly projectId: string | undefined;
  readonly container: LocalContainer | undefined;
}

/** What `container: auto` came to. */
export interface LocalContainer {
  readonly engine: "docker" | "podman" | "host";
  /** ISO 8601, UTC: for people only. */
  readonly decidedAt: string;
}

export const PROJECT_FILE = "reprod.json";
const REPROD_FOLDER = ".reprod";
const LOCAL_FILE = "local.json";

/**
 * The nearest folder upwards from `file` (a pipeline file or a folder, that need not exist) with a `reprod.json`, a
 * `.reprod` folder or a `.git`; without one the file's own folder. A home folder's `.reprod` or `.git` therefore
 * counts only for what has nothing nearer.
 */
export function findProjectRoot(file: string): AbsolutePath {
  const start = isFolder(file) ? absolutePath(file) : absolutePath(path.dirname(path.resolve(file)));
  for (let folder = start; ; folder = absolutePath(path.dirname(folder))) {
    if (
      fs.existsSync(path.join(folder, PROJECT_FILE)) ||
      isFolder(path.join(folder, REPROD_FOLDER)) ||
      fs.existsSync(path.join(folder, ".git"))
    ) {
      return folder;
    }
    if (path.dirname(folder) === folder) return start;
  }
}

/** Reads the project that `file` belongs to. Writes nothing. Throws a `Failure` for an invalid `reprod.json`. */
export function openProject(file: string): Project {
  return readProject(findProjectRoot(file));
}

/** Reads the project at `root`. Writes nothing. Throws a `Failure` for an invalid `reprod.json`. */
export function readProject(root: AbsolutePath): Project {
  const settingsFile = absolutePath(root, PROJECT_FILE);
  const read = readProjectSettings(settingsFile);
  const settings = read ?? {};
  const reprod = absolutePath(root, REPROD_FOLDER);
  const local = readLocal(absolutePath(reprod, LOCAL_FILE));
  const store = absolutePath(root, settings.stores?.write ?? path.join(REPROD_FOLDER, "store"));
  const inside = store === absolutePath(reprod, "store");
  return {
    root,
    id: settings.projectId ?? local.projectId ?? newProjectId(),
    name: settings.name ?? path.basename(root),
    settings,
    settingsFile: read === undefined ? undefined : settingsFile,
    local,
    folders: {
      reprod,
      store,
      // A rename into the store needs its file system; beside a store elsewhere is the one place known to be on it.
      tmp: inside ? absolutePath(reprod, "tmp") : absolutePath(`${store}.tmp`),
      runs: absolutePath(reprod, "runs"),
      cache: absolutePath(reprod, "cache"),
    },
  };
}

/**
 * Makes `.reprod/` (with a `.gitignore` that hides all of it) and keeps the project's id, in `.reprod/local.json`
 * when no `reprod.json` has one. Several processes may do so at once; all get the same id. Returns the project as it
 * is now. Throws a `Failure` (`project-read-only`) when nothing can be written.
 */
export function prepareProject(project: Project): Project {
  const { reprod } = project.folders;
  try {
    // Not `recursive`: a project that was deleted while somebody looked at it must not come back as an empty one.
    if (!fs.existsSync(reprod)) makeFolder(reprod);
    if (!fs.existsSync(path.join(reprod, ".gitignore"))) {
      createFile(path.join(reprod, ".gitignore"), "*\n");
    }
    if (project.settings.projectId === undefined && project.local.projectId === undefined) {
      const local: LocalState = { ...project.local, projectId: project.id };
      const file = absolutePath(reprod, LOCAL_FILE);
      // The first process to create the file gives the id; a file that is there without an id (or torn) is replaced.
      if (!createFile(file, printLocal(local)) && readLocal(file).projectId === undefined) {
        replaceFile(file, printLocal(local));
      }
    }
  } catch (error) {
    throw projectReadOnly(reprod, error);
  }
  return readProject(project.root);
}

/**
 * Makes `reprod.json` with the id that this checkout has used so far, so that what it has stored stays its own.
 * Throws a `Failure` when there is one already.
 */
export function createProjectFile(project: Project, settings: ProjectSettings = {}): Project {
  const file = absolutePath(project.root, PROJECT_FILE);
  const text = JSON.stringify({ projectId: project.id, name: project.name, ...settings }, undefined, 2);
  let created: boolean;
  try {
    created = createFile(file, `${text}\n`);
  } catch (error) {
    throw projectReadOnly(file, error);
  }
  if (!created) {
    throw new Failure("project-exists", `this project has a settings file already: "${file}"`, {
      why: "Its project id says which results and cloud resources are its own, so it is never replaced.",
      fix: "Edit the file.",
    });
  }
  return readProject(project.root);
}

/**
 * Makes sure that `reprod.json` has the project's id, which names and tags of cloud resources carry (engine-rules.md F1):
 * makes the file, or adds the id to one that has none. Returns the project as it is now. Throws a `Failure`
 * (`project-read-only`).
 */
export function keepProjectId(project: Project): Project {
  if (project.settings.projectId !== undefined) return project;
  const kept = prepareProject(project);
  if (kept.settingsFile === undefined) return createProjectFile(kept);
  try {
    const text = fs.readFileSync(kept.settingsFile, "utf8");
    const empty = /^\s*\{\s*\}/.test(text);
    const id = JSON.stringify(kept.id);
    replaceFile(
      kept.settingsFile,
      text.replace(/\{/, () => `{\n  "projectId": ${id}${empty ? "" : ","}`),
    );
  } catch (error) {
    throw projectReadOnly(kept.settingsFile, error);
  }
  return readProject(kept.root);
}

/**
 * Keeps what `container: auto` came to for this checkout, unless another process has done so first. Returns the project
 * as it is now. Throws a `Failure` (`project-read-only`).
 */
export function rememberContainer(project: Project, container: LocalContainer): Project {
  const prepared = prepareProject(project);
  if (prepared.local.container !== undefined) return prepared;
  const file = absolutePath(prepared.folders.reprod, LOCAL_FILE);
  try {
    replaceFile(file, printLocal({ ...prepared.local, container }));
  } catch (error) {
    throw projectReadOnly(file, error);
  }
  return readProject(project.root);
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** 60 random bits as 12 characters of RFC 4648 base32 in lower case: safe in file, bucket and host names. */
export function newProjectId(): string {
  let id = "";
  for (const byte of randomBytes(12)) id += BASE32[byte % 32];
  return id;
}

export function isProjectId(text: string): boolean {
  return /^[a-z2-7]{12}$/.test(text);
}

/**
 * A torn or hand-broken local file counts as absent: all that it holds is found out again, except an id that only
 * it had, whose loss makes older results look as if another checkout had made them.
 */
function readLocal(file: AbsolutePath): LocalState {
  let value: unknown;
  try {
    value = JSON.parse(readIfThere(file)?.toString("utf8") ?? "null");
  } catch {
    value = null;
  }
  const state = typeof value === "object" && value !== null ? value : {};
  const id = "projectId" in state && typeof state.projectId === "string" ? state.projectId : "";
  return {
    projectId: isProjectId(id) ? id : undefined,
    container: "container" in state ? readContainer(state.container) : undefined,
  };
}

function readContainer(value: unknown): LocalContainer | undefined {
  if (typeof value !== "object" || value === null || !("engine" in value)) return undefined;
  const { engine } = value;
  if (engine !== "docker" && engine !== "podman" && engine !== "host") return undefined;
  const decidedAt = "decidedAt" in value && typeof value.decidedAt === "string" ? value.decidedAt : "";
  return { engine, decidedAt };
}

function printLocal(local: LocalState): string {
  return `${JSON.stringify(local, undefined, 2)}\n`;
}

/** Another process may have made it meanwhile. */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (systemCode(error) !== "EEXIST" || !isFolder(folder)) throw error;
  }
}

function isFolder(file: string): boolean {
  try {
    return fs.statSync(file).isDirectory();
  } catch {
    // Absent, or in a folder that we may not look into: either way nothing there can be ours.
    return false;
  }
}

export function projectReadOnly(file: string, error: unknown): Failure {
  return new Failure("project-read-only", `the project's own files cannot be written: "${file}"`, {
    why: `The system says: ${systemReason(error)}.`,
    fix: "Make the folder writable, or work in a copy of the project; checking works without.",
    cause: error,
  });
}
