import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { AttemptSpec } from "../server/executors/executor.js";
import { createLocalExecutor } from "../server/executors/local.js";

/**
 * What starting and ending an attempt costs, without store and scheduler: one-line scripts, a number of slots.
 *
 *     npx esbuild bench/executor.ts --bundle --platform=node --format=esm --outfile=out/executor.mjs
 *     TMPDIR=/dev/shm node out/executor.mjs [attempts] [slots] [sh|bash]
 */
async function main(attempts: number, slots: number, kind: "sh" | "bash"): Promise<void> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "reprod-bench-"));
  const executor = createLocalExecutor({
    stager: {
      stage: async () => ({ kind: "staged", links: [] }),
      check: () => [],
      objectPath: (sha256) => path.join(base, sha256),
    },
  });
  let next = 0;
  let inStart = 0;
  const began = performance.now();
  const slot = async () => {
    while (next < attempts) {
      const id = `attempt-${next++}`;
      const from = performance.now();
      const handle = executor.start(spec(base, id, kind));
      inStart += performance.now() - from;
      const { end } = await handle.ended;
      if (end.kind !== "exited" || end.code !== 0) throw new Error(JSON.stringify(end));
      executor.discard(handle.folder);
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
  const ran = performance.now() - began;
  await executor.close();
  const removed = performance.now() - began - ran;
  fs.rmSync(base, { recursive: true, force: true });
  console.log(
    `${attempts} attempts of ${kind}, ${slots} slots: ${(ran / attempts).toFixed(3)} ms an attempt ` +
      `(${(inStart / attempts).toFixed(3)} ms in start), deleting ${(removed / attempts).toFixed(3)} ms`,
  );
}

function spec(base: string, id: string, kind: "sh" | "bash"): AttemptSpec {
  return {
    id,
    node: `out[${JSON.stringify(id)}]`,
    attempt: 1,
    folder: path.join(base, id),
    interpreter: { kind, command: [kind] },
    script: 'echo "hello $i" > "$out"\n',
    values: { i: id, out: "out.txt", cpus: 1, memory_mb: 1024 },
    env: {},
    secrets: {},
    inputs: [],
    folders: [],
    where: { kind: "host", path: [] },
    network: true,
    cpus: 1,
    memoryBytes: 2 ** 30,
    timeoutMilliseconds: undefined,
  };
}

const [attempts = "1000", slots = "2", kind = "sh"] = process.argv.slice(2);
await main(Number(attempts), Number(slots), kind === "bash" ? "bash" : "sh");
