import { once } from "node:events";
import { createWriteStream, existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { bundlePath } from "../../server/base/bundle.js";
import { median, timeProcess } from "../measure.js";
import { freshFolder } from "../peers.js";
import { milliseconds, type Row } from "../table.js";

const gibibyte = 2 ** 30;
const rounds = 3;

/** Two files of 1 GiB through `reprod plan` without a stat cache, beside one `openssl dgst` process a file. */
export async function hashCase(): Promise<readonly Row[]> {
  const folder = freshFolder("hash");
  for (const [name, seed] of [
    ["a.bin", 1],
    ["b.bin", 2],
  ] as const)
    await bigFile(path.join(folder, name), seed);
  writeFileSync(path.join(folder, "reprod.json"), `{ "projectId": "bench2bench2" }\n`);
  writeFileSync(
    path.join(folder, "hash.reprod"),
    'pipeline hash\n\ninput a = file("a.bin")\ninput b = file("b.bin")\n\nnode sizes = Sizes { a, b }\n\ntransform Sizes {\n  in a: File\n  in b: File\n  out sizes: File = "sizes.txt"\n  run sh ```\n    wc -c "$a" "$b" > "$sizes"\n  ```\n}\n',
  );
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await Promise.all(
      ["a.bin", "b.bin"].map((name) => timeProcess("openssl", ["dgst", "-sha256", name], { cwd: folder })),
    );
    theirs.push(performance.now() - began);
    rmSync(path.join(folder, ".reprod"), { recursive: true, force: true });
    ours.push(
      (await timeProcess(process.execPath, [bundlePath("cli"), "plan", "hash.reprod"], { cwd: folder }))
        .wallMilliseconds,
    );
  }
  const reprod = median(ours);
  const openssl = median(theirs);
  return [
    {
      what: "SHA-256 of 2 × 1 GiB (the whole `plan`, cold)",
      ours: `${milliseconds(reprod)} (${((2 * gibibyte) / 1e6 / reprod).toFixed(2)} GB/s)`,
      peers: [{ name: "openssl dgst, 2 processes", figure: milliseconds(openssl), ratio: openssl / reprod }],
      aim: { text: "within 1.2 × openssl", met: reprod / openssl <= 1.2 },
    },
  ];
}

/** Bytes that do not repeat within a block, written once and read from the page cache by both sides. */
async function bigFile(file: string, seed: number): Promise<void> {
  if (existsSync(file) && statSync(file).size === gibibyte) return;
  const block = Buffer.alloc(2 ** 22);
  let state = seed;
  for (let i = 0; i < block.length; i += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    block.writeUInt32LE(state, i);
  }
  const out = createWriteStream(file);
  for (let written = 0; written < gibibyte; written += block.length) {
    block.writeUInt32LE(written >>> 0, 0);
    // The stream may still hold the block, so it is given a copy.
    if (!out.write(Buffer.from(block))) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
}
