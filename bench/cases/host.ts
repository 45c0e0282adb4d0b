import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { median } from "../measure.js";
import { freshFolder } from "../peers.js";
import { milliseconds, type Row } from "../table.js";

const ROUNDS = 3;

/**
 * What only VS Code's own extension host can tell: how long it takes to activate the extension, and how long it is kept
 * from everything else while somebody types. Each round is a window of its own (test/host/in-host/a-speed.test.ts).
 */
export async function hostCase(): Promise<readonly Row[]> {
  const figures = path.join(freshFolder("host"), "figures.json");
  const activation: number[] = [];
  const blocked: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const done = spawnSync(process.execPath, ["test/host/run.mjs", "in-host/a-speed.test.ts"], {
      encoding: "utf8",
      env: { ...process.env, CI: "true", REPROD_HOST_FIGURES: figures },
    });
    if (done.status !== 0)
      throw new Error(`the window's own measurement failed:\n${done.stdout.slice(-2000)}`);
    const read: unknown = JSON.parse(fs.readFileSync(figures, "utf8"));
    activation.push(figure(read, "activation"));
    blocked.push(figure(read, "blockedMax"));
  }
  return [
    {
      what: "extension activated, in a real window",
      ours: spread(activation),
      peers: [],
      aim: { text: "under 80 ms", met: median(activation) < 80 },
    },
    {
      what: "longest time that the host is blocked while typing in 2,000 lines",
      ours: spread(blocked),
      peers: [],
      aim: { text: "never over 50 ms", met: Math.max(...blocked) < 50 },
    },
  ];
}

function figure(value: unknown, name: string): number {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof found !== "number") throw new Error(`the window gave no figure of this name: "${name}"`);
  return found;
}

function spread(values: readonly number[]): string {
  return `${milliseconds(median(values))} (${values.map((value) => value.toFixed(0)).join(", ")})`;
}
