import * as fs from "node:fs";
import * as path from "node:path";
import { DiskFacts } from "../data/facts.js";
import { absolutePath } from "../data/files.js";
import { lockPath, readLock } from "../data/lock.js";
import { openProject } from "../data/project.js";
import { DiskText } from "../data/text.js";
import { evaluate } from "../graph/evaluate.js";
import type { Graph } from "../graph/model.js";
import { loadProgram } from "../language/program.js";
import type { SetOption } from "../run/pipeline.js";
import { findRun, readRunFile, runIds } from "../run/runs.js";
import { openStores } from "../run/stores.js";
import type { Candidate, Line } from "./complete.js";
import { currentProject } from "./open.js";

const RUNS_OFFERED = 20;

/** The newest while nothing is typed; then all that begin so, since a shell fills in what all candidates share. */
export function runsFor(current: string): readonly Candidate[] {
  const ids = runIds(currentProject().folders.runs);
  const offered = current === "" ? ids.slice(0, RUNS_OFFERED) : ids;
  return [
    { value: "latest", description: "the newest run" },
    ...offered.map((value) => ({ value, description: "" })),
  ].filter(({ value }) => value.startsWith(current));
}

/**
 * Names of the pipeline on the line. A family is one name; its members follow once the whole name, or its bracket, is
 * typed, and the outs of either where `get` takes them. Quotes and spaces in keys may be left out, as in targets.
 */
export function nodesFor(line: Line, current: string): readonly Candidate[] {
  const graph = graphOf(line);
  if (graph === undefined) return [];
  const family = current.split("[", 1)[0] ?? "";
  const names = [...graph.families].map(([value, members]) => ({
    value,
    description: members.some(({ keys }) => keys.length > 0) ? `family of ${members.length}` : "",
  }));
  const members = (graph.families.get(family) ?? []).filter(({ keys }) => keys.length > 0);
  const candidates = [...names, ...members.map(({ name }) => ({ value: name, description: "" }))];
  if (line.command.name() === "get") {
    const dot = /^(.*[\]\w])\.\w*$/su.exec(current)?.[1];
    const node = dot === undefined ? undefined : (graph.byName.get(dot) ?? graph.families.get(dot)?.[0]);
    candidates.push(
      ...(node?.outs ?? []).map((out) => ({ value: `${dot}.${out.name}`, description: out.path })),
    );
  }
  const wanted = bare(current);
  return candidates.filter(({ value }) => bare(value).startsWith(wanted));
}

function bare(name: string): string {
  return name.replaceAll(/["\s]/g, "");
}

/** The graph without digests of its data: no key waits for gigabytes to be hashed, and nothing is written. */
function graphOf(line: Line): Graph | undefined {
  const [first] = line.arguments;
  if (first === undefined) return undefined;
  const asked: Asked | undefined =
    line.command.name() === "logs" ? fileOfRun(first) : { file: first, set: settingsOf(line) };
  if (asked === undefined || !fs.existsSync(asked.file)) return undefined;
  const file = absolutePath(asked.file);
  const project = openProject(file);
  const store = openStores(project, { readOnly: true });
  const facts = new DiskFacts({
    project,
    lock: readLock(lockPath(file)),
    findTools: false,
    object: (sha256) => {
      const object = store.objects.pathOf(sha256);
      return fs.existsSync(object) ? object : undefined;
    },
  });
  const folder = path.resolve(asked.folder ?? ".");
  const values = new Map(
    asked.set.map(({ name, text }) => [name, { kind: "string" as const, text, folder }]),
  );
  return evaluate(loadProgram(file, new DiskText()), { values }, facts).graph;
}

interface Asked {
  readonly file: string;
  readonly set: readonly SetOption[];
  /** Which paths in `set` start from; the current one when left out. */
  readonly folder?: string;
}

function fileOfRun(text: string): Asked | undefined {
  const { runs } = currentProject().folders;
  const run = readRunFile(path.join(runs, findRun(runs, text)));
  return run && { file: run.file, set: run.options.set, folder: run.options.directory };
}

function settingsOf(line: Line): readonly SetOption[] {
  return (line.options.get("--set") ?? []).flatMap((text) => {
    const equals = text.indexOf("=");
    return equals <= 0 ? [] : [{ name: text.slice(0, equals), text: text.slice(equals + 1) }];
  });
}
