import { type Engine, freshFolder, make, redun, reprod, type Shape, snakemake, wireit } from "../peers.js";
import { mebibytes, milliseconds, type Row } from "../table.js";

interface Size {
  readonly shape: Shape;
  readonly count: number;
  readonly peers: readonly Engine[];
}

/** Peers that need minutes at a size are left out there: their growth is shown by the smaller one. */
const sizes: readonly Size[] = [
  { shape: "independent", count: 1_000, peers: [make, snakemake, redun, wireit] },
  { shape: "independent", count: 10_000, peers: [make] },
  { shape: "chain", count: 1_000, peers: [make, snakemake, wireit] },
];

/** First runs with durable records, second runs with nothing to do. */
export async function runCase(options: { readonly quick: boolean }): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const size of options.quick ? sizes.filter((one) => one.count <= 1_000) : sizes) {
    const first = new Map<string, number>();
    const second = new Map<string, number>();
    let peak: number | undefined;
    for (const engine of [make, reprod, ...size.peers.filter((peer) => peer !== make)]) {
      const folder = freshFolder(`run-${engine.name}-${size.shape}-${size.count}`);
      engine.prepare(folder, size.shape, size.count);
      const made = await engine.run(folder, size.count);
      if (engine.made(folder) !== size.count) {
        throw new Error(`${engine.name} made ${engine.made(folder)} of ${size.count} results`);
      }
      first.set(engine.name, made.wallMilliseconds);
      if (engine === reprod) peak = made.peakBytes;
      second.set(engine.name, (await engine.run(folder, size.count)).wallMilliseconds);
    }
    const label = `${size.count.toLocaleString("en")} ${size.shape === "chain" ? "in a chain" : "independent"}`;
    rows.push(row(`${label}, first run (peak ${mebibytes(peak)})`, first, 3));
    rows.push(row(`${label}, nothing to do`, second, undefined));
  }
  return rows;
}

function row(what: string, figures: ReadonlyMap<string, number>, withinMake: number | undefined): Row {
  const ours = figures.get("reprod");
  const floor = figures.get("make");
  if (ours === undefined || floor === undefined) throw new Error("reprod and make are always measured");
  return {
    what,
    ours: `${milliseconds(ours)} (${(ours / floor).toFixed(2)} × make)`,
    peers: [...figures]
      .filter(([name]) => name !== "reprod")
      .map(([name, value]) => ({ name, figure: milliseconds(value), ratio: value / ours })),
    aim:
      withinMake === undefined
        ? undefined
        : { text: `within ${withinMake} × make -j2, better 2 ×`, met: ours / floor <= withinMake },
  };
}
