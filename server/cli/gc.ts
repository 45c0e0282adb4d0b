import * as fs from "node:fs";
import { createInterface } from "node:readline/promises";
import type { AbsolutePath } from "../base/brand.js";
import { lockPath, readLock } from "../data/lock.js";
import type { Project } from "../data/project.js";
import { deleteOldRuns, findOldRuns, type OldRun } from "../run/old-runs.js";
import { readRunFile, runIds } from "../run/runs.js";
import { type CollectionPlan, collect, planCollection } from "../store/gc.js";
import type { Pins } from "../store/local.js";
import { openLocalStore } from "../store/local-store.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject, openClaims } from "./open.js";
import { familyOf } from "./plan.js";
import type { Output, Terminal } from "./terminal.js";
import { bytes, count, printable, table, writeJson } from "./text.js";

interface GcOptions extends JsonOption {
  /** Milliseconds. */
  readonly keep: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** `reprod gc`: says what nothing needs any more, asks a person, and deletes it. */
export async function run({ terminal }: CommandContext, options: GcOptions): Promise<number> {
  const { out } = terminal;
  const project = currentProject();
  const store = openLocalStore(project.folders.store, {
    readOnly: options.dryRun === true || !fs.existsSync(project.folders.store),
  });
  const claims = openClaims(project);
  try {
    const rules = { keepMilliseconds: options.keep, pins: lockedObjects(project) };
    const plan = await planCollection(store, rules);
    const old = findOldRuns(project.folders, claims, {
      before: Date.now() - options.keep,
      named: plan.named,
    });
    if (!options.json) out.write(renderPlan(plan, old, out));
    const nothing = plan.records.length + plan.objects.length + plan.files.length + old.length === 0;
    const go = options.dryRun !== true && !nothing && (await agreed(terminal, options));
    const collected = go ? await collect(store, claims, rules, plan) : undefined;
    if (go) await deleteOldRuns(old);
    if (options.json) {
      const runs = old.map(({ run, whole, bytes: size }) => ({ run, whole, bytes: size }));
      writeJson(out, { plan: { ...planJson(plan), runs }, collected: collected ?? null });
    } else if (collected !== undefined) {
      out.write(
        `deleted ${count(collected.records, "result")}, ${count(collected.objects, "object")} and ${count(old.length, "old run")}, ${bytes(collected.bytes + bytesOf(old))}\n`,
      );
    }
    return exitCodes.done;
  } finally {
    claims.close();
    await store.close();
  }
}

/** What was fetched for a lock stays: the net may not give it again. Locks lie beside the pipelines that have run. */
function lockedObjects(project: Project): Pins {
  const files = new Set<AbsolutePath>();
  for (const run of runIds(project.folders.runs)) {
    const file = readRunFile(`${project.folders.runs}/${run}`)?.file;
    if (file !== undefined) files.add(lockPath(file));
  }
  const locked = [...files].flatMap((file) => [...readLock(file).urls.values()]);
  return { recipes: [], objects: locked.map((url) => url.sha256) };
}

/** Whoever calls from a script has decided; a person at a terminal sees the plan first. */
async function agreed({ out, notes }: Terminal, options: GcOptions): Promise<boolean> {
  if (options.yes === true || options.json === true || !out.interactive || !process.stdin.isTTY) return true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question("Delete these? [y/N] ");
    if (/^y(es)?$/i.test(answer.trim())) return true;
    notes.write("nothing was deleted\n");
    return false;
  } finally {
    lines.close();
  }
}

function renderPlan(plan: CollectionPlan, old: readonly OldRun[], { colours }: Output): string {
  const families = new Map<string, { pipeline: string; family: string; members: number }>();
  for (const { node, pipeline } of plan.records) {
    const family = familyOf(node);
    const key = JSON.stringify([pipeline, family]);
    const found = families.get(key) ?? { pipeline, family, members: 0 };
    found.members++;
    families.set(key, found);
  }
  const rows = [...families.values()].map(({ pipeline, family, members }) => [
    `  ${printable(pipeline)}`,
    printable(family),
    count(members, "result"),
  ]);
  const lines = [
    `Nothing needs any more: ${count(plan.records.length, "result")}, ${count(plan.objects.length, "object")}, ${count(plan.files.length, "other file")}; ${colours.bold(bytes(plan.bytes))}`,
    table(rows).trimEnd(),
    oldRunsText(old),
    plan.later.objects > 0
      ? `Too young yet: ${count(plan.later.objects, "object")}, ${bytes(plan.later.bytes)}; a later gc takes them.`
      : "",
    `Kept: ${count(plan.kept.records, "result")}, ${count(plan.kept.objects, "object")}, ${bytes(plan.kept.bytes)}`,
  ];
  return `${lines.filter((line) => line !== "").join("\n")}\n`;
}

function oldRunsText(old: readonly OldRun[]): string {
  const whole = old.filter((run) => run.whole);
  const rest = old.filter((run) => !run.whole);
  const parts = [
    whole.length === 0 ? "" : `journals and logs of ${count(whole.length, "run")}, ${bytes(bytesOf(whole))}`,
    rest.length === 0 ? "" : `working folders of ${count(rest.length, "run")}, ${bytes(bytesOf(rest))}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `Long over: ${parts.join("; ")}`;
}

function bytesOf(old: readonly OldRun[]): number {
  return old.reduce((sum, run) => sum + run.bytes, 0);
}

function planJson(plan: CollectionPlan) {
  return {
    records: plan.records,
    objects: plan.objects,
    files: plan.files.length,
    later: plan.later,
    bytes: plan.bytes,
    kept: plan.kept,
  };
}
