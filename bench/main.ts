import { mkdirSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import { cloudCase } from "./cases/cloud.js";
import { editCase } from "./cases/edit.js";
import { editorCase } from "./cases/editor.js";
import { hashCase } from "./cases/hash.js";
import { hostCase } from "./cases/host.js";
import { planCase } from "./cases/plan.js";
import { runCase } from "./cases/run.js";
import { median, timeProcess } from "./measure.js";
import { installPeers, removeFolders } from "./peers.js";
import { milliseconds, type Row, renderTable } from "./table.js";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly needsPeers: boolean;
  measure(options: { readonly quick: boolean }): Promise<readonly Row[]>;
}

/** One line a benchmark; to add one, add a file under `cases/` and its line here. */
const cases: readonly Case[] = [
  { name: "edit", title: "Key typed to diagnostics", needsPeers: false, measure: editCase },
  { name: "editor", title: "Language server, over stdio", needsPeers: false, measure: editorCase },
  { name: "host", title: "The extension in VS Code's own host", needsPeers: false, measure: hostCase },
  { name: "plan", title: "Plan, everything cached", needsPeers: true, measure: planCase },
  { name: "run", title: "Running one-line tasks, two at once", needsPeers: true, measure: runCase },
  { name: "cloud", title: "Setting up an account, against moto", needsPeers: false, measure: cloudCase },
  { name: "hash", title: "Hashing", needsPeers: false, measure: hashCase },
];

const help = `npm run bench -- [CASE]… [--quick]

Cases: ${cases.map((one) => one.name).join(", ")} (all without any).
--quick leaves the sizes out that need minutes (100,000 nodes planned, 10,000 run).
Peers (GNU make; Snakemake, redun and the aws command line from PyPI; wireit and the YAML and JSON language servers from npm) run beside us in the same call; what is not on the
machine is installed below out/bench/. Figures go to out/bench/results.json as well.
`;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words.includes("--help")) {
    process.stdout.write(help);
    return;
  }
  const quick = words.includes("--quick");
  const names = words.filter((word) => !word.startsWith("--"));
  const unknown = names.filter((name) => !cases.some((one) => one.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`no such benchmark: ${unknown.join(", ")}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  const chosen = cases.filter((one) => names.length === 0 || names.includes(one.name));
  if (chosen.some((one) => one.needsPeers)) installPeers();
  const cpu = os.cpus();
  const starts: number[] = [];
  for (let round = 0; round < 5; round++) {
    starts.push((await timeProcess(process.execPath, ["-e", "0"], { cwd: "." })).wallMilliseconds);
  }
  process.stdout.write(
    `${cpu.length} × ${cpu[0]?.model ?? "cpu"}, Node ${process.versions.node}, ${os.type()} ${os.release()}; ` +
      `load ${os.loadavg()[0]?.toFixed(1)}; an empty Node process takes ${milliseconds(median(starts))}\n\n`,
  );
  const results: Record<string, readonly Row[]> = {};
  try {
    for (const one of chosen) {
      const rows = await one.measure({ quick });
      results[one.name] = rows;
      process.stdout.write(`${renderTable(one.title, rows)}\n`);
    }
  } finally {
    removeFolders();
  }
  mkdirSync("out/bench", { recursive: true });
  writeFileSync("out/bench/results.json", `${JSON.stringify(results, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
