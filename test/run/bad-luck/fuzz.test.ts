import assert from "node:assert/strict";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { Failure } from "../../../server/base/failure.js";
import { checkFacts } from "../../../server/features/checks/index.js";
import { dotText } from "../../../server/graph/render/dot.js";
import { viewOf } from "../../../server/graph/render/view.js";
import { format } from "../../../server/language/format.js";
import { openPipeline } from "../../../server/run/pipeline.js";
import { planJson, planPipeline } from "../../../server/run/plan.js";
import { mutateOften, seededRandom } from "../../support/mutate.js";
import { temporaryFolder, writeFiles } from "../../support/temporary.js";

/** Milliseconds in all, and for one text. */
const BUDGET = 4_000;
const SLOW = 2_000;

const PIPELINE = `pipeline fuzz
import { Join } from "./lib.reprod"
param depth: Int = 30
param mode: "fast" | "slow" = "fast"
input genome = file("genome.txt")
table samples = csv("samples.csv") { name: String, lane: Int, reads: File? }
let lanes = unique([s.lane for s in samples if s.lane > 0])
check len(lanes) < 10, "too many lanes"
for s in samples {
  node aligned[s.name, s.lane] = Align { sample: s.name, reads: [genome, genome], genome, depth: depth * 2 }
  if s.lane == 2 { node extra[s.name] = Align { sample: "\${s.name}-x", reads: [aligned[s.name, 1].bam], genome } }
}
for i in range(1, 4) {
  node step[i] = Join { parts: i == 1 ? aligned[*, *].bam : [step[i - 1].all], mode }
}
node report = Join { parts: aligned[*, 1].stats + step[*].all, mode } resources { memory: 2 GiB + size(parts) }
target report, step
publish report.all to "results/"
transform Align {
  tools cat { also: [file("genome.txt")] }
  in genome: File
  in reads: [File]
  param sample: String
  param depth: Int = 1
  out bam: File = "\${sample}.\${depth}.bam"
  out stats: File? = "\${stem(genome)}.txt"
  env { SAMPLE: sample }
  resources { cpus: 2, memory: max(1 GiB, 2 * size(reads)), timeout: 4 h }
  retry { attempts: 3, on: [OutOfMemory], memory: x2 }
  run bash \`\`\`
    cat "$genome" "\${reads[@]}" > "$bam"
  \`\`\`
}
`;

const LIBRARY = `transform Join {
  in parts: [File]
  param mode: String
  out all: File = "all.\${mode}.txt"
  out rest: [File]? = glob("rest/*.txt")
  run sh \`\`\`
    echo "$mode" > "$all"
  \`\`\`
}
`;

const TABLE = 'name,lane,reads\nann,1,genome.txt\n"b ""b",2,\n';

test("fuzz: mutated files, tables and libraries are evaluated, checked, planned, drawn and formatted without a throw", async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, "p.reprod");
  const seed = Number(process.env.REPROD_SEED ?? 1);
  const random = seededRandom(seed);
  const began = performance.now();
  let texts = 0;
  let planned = 0;
  while (performance.now() - began < BUDGET) {
    const few = 1 + Math.floor(random() * 3);
    const files = {
      "reprod.json": '{"projectId": "abcdefghijkl", "container": "never"}\n',
      "genome.txt": "ACGT\n",
      "p.reprod": random() < 0.8 ? mutateOften(PIPELINE, few, random) : PIPELINE,
      "lib.reprod": random() < 0.3 ? mutateOften(LIBRARY, few, random) : LIBRARY,
      "samples.csv": random() < 0.3 ? mutateOften(TABLE, few, random) : TABLE,
    };
    writeFiles(folder, files);
    const start = performance.now();
    try {
      assert.equal(typeof format(files["p.reprod"]), "string");
      const opened = await openPipeline(file, { directory: folder });
      const { program, graph, facts } = opened;
      checkFacts({ program, graph, facts, root: folder, useImages: false, platform: "linux/amd64" });
      dotText(viewOf(graph));
      const json = await planJson(await planPipeline(opened));
      if (json.nodes.length > 0) planned++;
      await opened.store.close();
    } catch (error) {
      // What a person may be told of a file that is not there any more, such as a target that names nothing.
      if (!(error instanceof Failure)) {
        assert.fail(
          `seed ${seed}, text ${texts}: ${error instanceof Error ? error.stack : error}\n${JSON.stringify(files)}`,
        );
      }
    }
    const took = performance.now() - start;
    assert.ok(took < SLOW, `seed ${seed}, text ${texts} took ${took} ms: ${JSON.stringify(files)}`);
    texts++;
  }
  t.diagnostic(`${texts} texts, ${planned} with a plan, seed ${seed}`);
  assert.ok(planned > 0, `mutations leave something to plan: ${planned} of ${texts}`);
});
