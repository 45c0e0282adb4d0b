import { listRuns, type RunSummary } from "../run/runs.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject, openClaims } from "./open.js";
import { statePainter } from "./plan.js";
import { duration, localTime, printable, table, writeJson } from "./text.js";

/** `reprod runs` */
export async function run(
  { terminal: { out, notes } }: CommandContext,
  options: JsonOption & { readonly limit: number },
): Promise<number> {
  const project = currentProject();
  const claims = openClaims(project);
  try {
    const runs = listRuns(project.folders.runs, claims, options.limit);
    if (options.json) writeJson(out, { runs: runs.map(runJson) });
    else if (runs.length === 0) notes.write("nothing has been run here yet\n");
    else {
      out.write(
        table(
          runs.map((run) => [
            run.run,
            run.state,
            printable(run.pipeline),
            localTime(run.startedAt),
            took(run),
            countsText(run),
          ]),
          [(id) => id, (state) => statePainter(state, out)(state), out.colours.bold, out.colours.dim],
        ),
      );
    }
    return exitCodes.done;
  } finally {
    claims.close();
  }
}

export function took(run: RunSummary): string {
  const end = run.endedAt === undefined ? Date.now() : Date.parse(run.endedAt);
  return duration(end - Date.parse(run.startedAt));
}

export function countsText(run: RunSummary): string {
  const { counts, nodes, cached } = run;
  if (counts === undefined) return nodes === undefined ? "" : `${nodes} nodes, ${cached ?? 0} cached`;
  const parts = [`${counts.made} made`, `${counts.reused} reused`, `${cached ?? 0} cached`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.skipped > 0) parts.push(`${counts.skipped} not started`);
  return parts.join(", ");
}

/** A run for programs: absent facts are null, so that every run has the same keys. */
export function runJson(run: RunSummary): { readonly [key: string]: unknown } {
  return {
    run: run.run,
    state: run.state,
    pipeline: run.pipeline,
    file: run.file,
    startedAt: run.startedAt,
    endedAt: run.endedAt ?? null,
    detached: run.detached,
    pid: run.holder?.pid ?? null,
    nodes: run.nodes ?? null,
    cached: run.cached ?? null,
    counts: run.counts ?? null,
    folder: run.folder,
  };
}
