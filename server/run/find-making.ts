import * as fs from "node:fs";
import * as path from "node:path";
import type { Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { printable } from "../base/format.js";
import { DataDigests } from "../data/data-digests.js";
import { openProject, type Project } from "../data/project.js";
import { DataReference } from "../graph/value.js";
import { type Finding, findByDigest, findByNode } from "../provenance/find.js";
import type { LocalStore } from "../store/local.js";
import type { ResultRecord } from "../store/record.js";
import { openStores } from "./stores.js";

/** What was asked about, and the records that tell of it. */
export interface FoundMaking {
  readonly store: LocalStore;
  /** One line that says how the record belongs to what was asked. */
  readonly because: string;
  readonly record: ResultRecord;
  /** Others that fit as well, told by their nodes. */
  readonly others: readonly ResultRecord[];
}

export interface FindOptions {
  /** Whether the digest of a file is remembered in `.reprod/`; an untrusted workspace is not written to. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What a person means by a text: a file or folder, a recipe id or the start of one, a node's name (`node`: its name as
 * the graph writes it). Throws `Failure` `nothing-to-show`. A path that exists wins over a recipe id, and that over a
 * name: only a path can be written in another way (`./x`).
 */
export async function findMaking(
  what: string,
  project: Project,
  node = what,
  options: FindOptions = {},
): Promise<FoundMaking> {
  const stat = fs.statSync(what, { throwIfNoEntry: false });
  if (stat !== undefined) return await findFile(what, stat.isDirectory() ? "dir" : "file", project, options);
  const store = openStore(project);
  return (
    (await findRecipe(store, what)) ??
    (await findNode(store, project, node)) ??
    notFound(
      `nothing here is called so, and it is no recipe id and no file: "${what}"`,
      "Only nodes that a run has named are known; names are written as in `reprod plan`.",
    )
  );
}

async function findRecipe(store: LocalStore, what: string): Promise<FoundMaking | undefined> {
  if (!/^[0-9a-f]{6,64}$/.test(what)) return undefined;
  const [recipe, second] = store.recipes(what);
  if (recipe === undefined) return undefined;
  if (second !== undefined)
    return notFound(`several recipes start like this: "${what}"`, "Give more of its characters.");
  const record = await store.readRecord(recipe);
  return record === undefined
    ? notFound(`the record of this recipe is broken: "${recipe}"`, "`reprod verify` tells more.")
    : { store, record, others: [], because: `recipe ${recipe}` };
}

async function findNode(store: LocalStore, project: Project, node: string): Promise<FoundMaking | undefined> {
  const found = await findByNode(store, project.id, node);
  if (found === undefined) return undefined;
  return { store, record: found.record, others: [], because: `${printable(node)}, as of run ${found.run}` };
}

async function findFile(
  file: string,
  kind: "file" | "dir",
  current: Project,
  options: FindOptions,
): Promise<FoundMaking> {
  const absolute = path.resolve(file);
  const projects = [current, openProject(absolute)];
  const digest = await digestOf(current, absolute, kind, options);
  const line = `${printable(file)}  sha256 ${digest}`;
  const seen = new Set<string>();
  for (const project of projects) {
    if (seen.has(project.folders.store)) continue;
    seen.add(project.folders.store);
    const store = openStore(project);
    const findings = await findByDigest(store, digest);
    const [first, ...others] = findings;
    if (first !== undefined) {
      return {
        store,
        record: first.record,
        others: first.kind === "input" ? [] : others.map((other) => other.record),
        because: `${line}\n${findingText(first, findings.length)}`,
      };
    }
  }
  return notFound(
    `no result that is stored here has these bytes: "${file}"`,
    "Go to the project that made it; or it was changed since.",
    `Its SHA-256 is ${digest}.`,
  );
}

function findingText(finding: Finding, findings: number): string {
  switch (finding.kind) {
    case "out":
      return `out ${printable(finding.out)} of ${printable(finding.record.made.node)}`;
    case "inside":
      return `lies at ${printable(finding.path)} in out ${printable(finding.out)} of ${printable(finding.record.made.node)}`;
    case "input":
      return `a source, ${printable(finding.from)}: nothing made it, ${findings} ${findings === 1 ? "result" : "results"} read it; the first of them:`;
  }
}

async function digestOf(
  project: Project,
  file: string,
  kind: "file" | "dir",
  { keep, signal }: FindOptions,
): Promise<Sha256> {
  const digests = new DataDigests(project, keep);
  const data = new DataReference(kind, { kind: "local", path: file }, path.basename(file));
  await digests.load([data], signal === undefined ? {} : { signal });
  const digest = digests.of(data);
  switch (digest.kind) {
    case "known":
      return digest.value.sha256;
    case "absent":
      throw new Failure("file-unreadable", digest.message, { place: file });
    case "unknown":
      throw new Failure("file-unreadable", `its digest could not be taken: "${file}"`, {
        why: digest.reason,
      });
  }
}

function openStore(project: Project): LocalStore {
  return openStores(project, { readOnly: true });
}

function notFound(what: string, fix: string, why?: string): never {
  throw new Failure("nothing-to-show", what, { fix, ...(why !== undefined && { why }) });
}
