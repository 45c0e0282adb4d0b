import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { after, before, test } from "node:test";
import { reprod } from "../support/command-line.js";
import { runOf, statesOf } from "../support/events.js";
import { edit, needPrograms } from "../support/example.js";

const samples = ["ANN0830", "ANN1117", "PET0424"];
const genome = "0a04f81952deb68c204e8ae67e0573cb97d348f18ab1b527630d57c294028cf5";

let folder = "";
const file = (name: string): string => path.join(folder, name);

// One run serves all tests below; each leaves the pipeline as it found it.
before(async () => {
  needPrograms("bwa", "samtools", "wgsim", "bcftools", "awk");
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-")));
  fs.cpSync("examples/variants", folder, {
    recursive: true,
    filter: (source) => !/[\\/](results|\.reprod)$/.test(source),
  });
  fs.writeFileSync(file("reprod.json"), '{"projectId": "abcdefghijkl"}\n');
  const run = await runOf(folder, ["variants.reprod"]);
  assert.deepEqual([run.code, run.started.length, run.cached], [0, 29, 0]);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A VCF without the header lines that carry paths, versions or dates. */
function comparable(vcf: string): string {
  return fs
    .readFileSync(vcf, "utf8")
    .split("\n")
    .filter((line) => !/^##(bcftools|reference)/.test(line))
    .join("\n");
}

/** Runs `check` with a changed file, and puts the file back. */
async function withEdit(
  name: string,
  edits: readonly (readonly [string, string])[],
  check: () => Promise<void>,
) {
  const text = fs.readFileSync(file(name), "utf8");
  try {
    for (const [from, to] of edits) edit(file(name), from, to);
    await check();
  } finally {
    fs.writeFileSync(file(name), text);
  }
}

test("the VCFs equal those of the plain script, byte for byte", () => {
  const plain = file("plain");
  const ended = spawnSync(file("plain.sh"), [plain], { encoding: "utf8" });
  assert.equal(ended.status, 0, ended.stderr);
  for (const sample of samples) {
    const ours = comparable(file(`results/${sample}.vcf`));
    assert.ok(ours.split("\n").filter((line) => /^[^#]/.test(line)).length > 30, "there are calls");
    assert.equal(ours, comparable(path.join(plain, `${sample}.vcf`)));
  }
});

test("recall and precision are told against the truth", () => {
  const table = fs.readFileSync(file("results/recall-precision.tsv"), "utf8");
  assert.equal(
    table,
    [
      "sample\tfound\tmissed\twrong\trecall\tprecision",
      "ANN0830\t90\t0\t0\t1.0000\t1.0000",
      "ANN1117\t85\t7\t0\t0.9239\t1.0000",
      "PET0424\t43\t42\t0\t0.5059\t1.0000",
      "",
    ].join("\n"),
  );
  assert.match(fs.readFileSync(file("results/report.html"), "utf8"), /<tfoot>.*81\.6 %/);
});

test("again: everything is cached", async () => {
  const states = await statesOf(folder, ["variants.reprod"]);
  assert.deepEqual(Object.keys(states), ["cached"]);
  const run = await runOf(folder, ["variants.reprod"]);
  assert.deepEqual([run.code, run.started, run.cached], [0, [], 29]);
});

test("one param changed: explain names it with both values, and only what depends on it is not cached", async () => {
  const set = ["--set", "min_depth=2"];
  const states = await statesOf(folder, ["variants.reprod", ...set]);
  assert.deepEqual(states.stale, [...samples.map((sample) => `filtered["${sample}"]`), "report"]);
  assert.deepEqual(
    states.waiting,
    samples.map((sample) => `scored["${sample}"]`),
  );
  assert.equal(states.cached?.length, 22);
  const explained = await reprod(folder, ["explain", "variants.reprod", 'filtered["PET0424"]', ...set]);
  assert.match(explained.stdout, /is stale\n {2}param `min_depth` 4 → 2\n/);
});

test("comments, layout and order of declarations change nothing", async () => {
  await withEdit(
    "transforms.reprod",
    [
      [
        "/// Aligns the read pairs",
        "// another comment\n/// Puts the read pairs in their places: aligns the read pairs",
      ],
      [
        "  param sample: String\n  param lane: Int\n\n  out bam",
        "  param sample:   String // who\n\n\n  param lane: Int\n\n  out bam",
      ],
      ["memory: 500 MiB", "memory: 700 MiB"],
    ],
    async () =>
      await withEdit(
        "variants.reprod",
        [["node index = Index { genome }\n", "\n\nnode index = Index {\n  genome: genome // the same\n}\n"]],
        async () => assert.deepEqual(Object.keys(await statesOf(folder, ["variants.reprod"])), ["cached"]),
      ),
  );
});

test("an upstream script that gives the same bytes runs, and nothing below it does", async () => {
  await withEdit("transforms.reprod", [["    wgsim -h -r", "    # as before\n    wgsim -h -r"]], async () => {
    const before = await statesOf(folder, ["variants.reprod"]);
    const mutated = samples.map((sample) => `mutated["${sample}"]`);
    assert.deepEqual(before.stale, mutated);
    const run = await runOf(folder, ["variants.reprod"]);
    assert.equal(run.code, 0);
    assert.deepEqual([...run.started].sort(), mutated);
    assert.ok(run.reused.includes("report"), "what is below was found by its content");
    assert.deepEqual(Object.keys(await statesOf(folder, ["variants.reprod"])), ["cached"]);
  });
});

test("a VCF that was got out tells how it was made, from the genome's digest to the command lines", async () => {
  const got = await reprod(folder, ["get", "variants.reprod", 'filtered["PET0424"].vcf', "--to", "mine"]);
  assert.equal(got.stdout, "mine/PET0424.vcf\n");
  const shown = await reprod(folder, ["show", "mine/PET0424.vcf"]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /out vcf of filtered\["PET0424"\]/);
  assert.match(shown.stdout, new RegExp(`genome: lambda\\.fa +sha256 ${genome}`));
  assert.match(shown.stdout, /min_quality = 20, min_depth = 4/);
  for (const command of [
    'bwa mem -t "$cpus" -K 10000000',
    'samtools markdup -f "$duplicates" - "$bam"',
    "bcftools call --ploidy 1 -m -v",
    "bcftools filter -s LowConfidence",
  ]) {
    assert.ok(shown.stdout.includes(command), command);
  }
  const json = JSON.parse((await reprod(folder, ["show", "mine/PET0424.vcf", "--json"])).stdout);
  const from = json.sources.find((source: { from: string }) => source.from === "lambda.fa");
  assert.equal(from.sha256, genome);
  assert.equal(json.ancestry.at(-1).recipeId, json.record.recipeId);
});

test("the picture in the README is what graph draws", async () => {
  const drawn = await reprod(folder, ["graph", "variants.reprod", "--format", "svg", "--families"]);
  const media = path.resolve("media/variants-graph.svg");
  if (process.env.REPROD_UPDATE === "1") fs.writeFileSync(media, drawn.stdout);
  else assert.equal(drawn.stdout, fs.readFileSync(media, "utf8"));
});
