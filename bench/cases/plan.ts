import { median } from "../measure.js";
import { type Engine, freshFolder, make, redun, reprod, snakemake, wireit } from "../peers.js";
import { mebibytes, milliseconds, type Row } from "../table.js";

const rounds = 5;

/** `plan` in a cold process with everything cached; for peers without a plan, a run with nothing to do. */
export async function planCase(options: { readonly quick: boolean }): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let smaller: { count: number; wall: number } | undefined;
  for (const count of options.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) {
    const peers: readonly Engine[] =
      count <= 1_000 ? [make, snakemake, redun, wireit] : count <= 10_000 ? [make, snakemake] : [make];
    const folder = await filled(reprod, count);
    const walls: number[] = [];
    let peak = 0;
    for (let round = 0; round < rounds; round++) {
      const figures = await reprod.plan?.(folder, count);
      if (figures === undefined) throw new Error("reprod has a plan");
      walls.push(figures.wallMilliseconds);
      peak = Math.max(peak, figures.peakBytes ?? 0);
    }
    const ours = median(walls);
    const peerFigures: { name: string; figure: string; ratio: number }[] = [];
    for (const peer of peers) {
      const its = await filled(peer, count);
      const samples: number[] = [];
      for (let round = 0; round < (peer === make ? rounds : 2); round++) {
        samples.push((await (peer.plan ?? peer.run)(its, count)).wallMilliseconds);
      }
      const wall = median(samples);
      peerFigures.push({ name: peer.name, figure: milliseconds(wall), ratio: wall / ours });
    }
    const growth =
      smaller === undefined
        ? ""
        : `, ${(ours / smaller.wall).toFixed(1)} × for ${count / smaller.count} × the nodes`;
    rows.push({
      what: `plan, ${count.toLocaleString("en")} nodes cached, cold process`,
      ours: `${milliseconds(ours)}, peak ${mebibytes(peak)}${growth}`,
      peers: peerFigures,
      aim:
        count === 10_000
          ? { text: "under 0.3 s", met: ours < 300 }
          : count === 100_000
            ? {
                text: "linear, under 512 MiB",
                met: peak < 512 * 2 ** 20 && smaller !== undefined && ours / smaller.wall < 11,
              }
            : undefined,
    });
    smaller = { count, wall: ours };
  }
  return rows;
}

async function filled(engine: Engine, count: number): Promise<string> {
  const folder = freshFolder(`plan-${engine.name}-${count}`);
  engine.prepare(folder, "independent", count);
  if (engine.fill === undefined) await engine.run(folder, count);
  else engine.fill(folder, count);
  return folder;
}
