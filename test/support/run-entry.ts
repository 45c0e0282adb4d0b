/** The runner as a process of its own, for tests that kill it: `node run-entry.js FILE`, events as lines on stdout. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../../server/base/failure.js";
import { runPipeline } from "../../server/run/execute.js";
import { openPipeline } from "../../server/run/pipeline.js";

async function main(): Promise<void> {
  const file = process.argv[2] ?? "";
  const stop = new AbortController();
  process.on("SIGINT", () => stop.abort());
  const opened = await openPipeline(file);
  const result = await runPipeline(
    opened,
    {
      set: [],
      directory: path.dirname(file),
      container: undefined,
      targets: [],
      noCache: [],
      keepGoing: true,
      jobs: undefined,
      executor: "local",
    },
    { signal: stop.signal, onEvent: (line) => fs.writeSync(1, `${JSON.stringify(line)}\n`) },
  );
  process.exitCode = result.outcome === "done" ? 0 : result.outcome === "failed" ? 1 : 130;
}

main().catch((error: unknown) => {
  fs.writeSync(2, error instanceof Failure ? `${error.code}: ${error.message}\n` : `${String(error)}\n`);
  if (!(error instanceof Failure) && error instanceof Error) fs.writeSync(2, `${error.stack}\n`);
  process.exitCode = 2;
});
