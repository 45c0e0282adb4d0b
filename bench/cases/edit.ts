import * as path from "node:path";
import { DiskFacts } from "../../server/data/facts.js";
import { lockPath, readLock } from "../../server/data/lock.js";
import { openProject } from "../../server/data/project.js";
import { evaluate } from "../../server/graph/evaluate.js";
import { Identifier } from "../../server/graph/recipe.js";
import { loadProgram, type Program, type TextSource } from "../../server/language/program.js";
import { quantile } from "../measure.js";
import { freshFolder } from "../peers.js";
import { milliseconds, type Row } from "../table.js";

const file = path.join(freshFolder("edit"), "edit.reprod");

/** One buffer, as an editor holds it. */
class OpenBuffer implements TextSource {
  constructor(public text: string) {}
  read(wanted: string): string | undefined {
    return wanted === file ? this.text : undefined;
  }
  resolve(from: string, reference: string): string {
    return path.resolve(path.dirname(from), reference);
  }
}

/** Each key of a word typed into places all over the file, then taken back: what a person does to a file. */
export async function editCase(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [lines, aim] of [
    [2_000, 8],
    [20_000, undefined],
  ] as const) {
    const figures = typing(linesOfPipeline(lines), (source, previous) => loadProgram(file, source, previous));
    rows.push({
      what: `${lines.toLocaleString("en")} lines, key to diagnostics`,
      ours: `p50 ${milliseconds(quantile(figures, 0.5))}, p95 ${milliseconds(quantile(figures, 0.95))}`,
      peers: [],
      aim:
        aim === undefined ? undefined : { text: `p95 under ${aim} ms`, met: quantile(figures, 0.95) < aim },
    });
  }
  const nodes = 20_000;
  const facts = new DiskFacts({ project: openProject(file), lock: readLock(lockPath(file)) });
  const figures = typing(
    loopsOfNodes(nodes),
    (source, previous) => {
      const program = loadProgram(file, source, previous);
      const { graph } = evaluate(program, { values: new Map() }, facts);
      const identifier = new Identifier(graph, facts, { useImages: false, platform: "linux/amd64" });
      for (const node of graph.nodes) identifier.ids(node);
      return program;
    },
    24,
  );
  rows.push({
    what: `${nodes.toLocaleString("en")} nodes by loops, key to diagnostics and ids`,
    ours: `p50 ${milliseconds(quantile(figures, 0.5))}, p95 ${milliseconds(quantile(figures, 0.95))}`,
    peers: [],
    aim: { text: "under 150 ms", met: quantile(figures, 0.5) < 150 },
  });
  return rows;
}

const word = "depth_of_reads";

function typing(
  text: string,
  step: (source: TextSource, previous: Program | undefined) => Program,
  keys = 400,
): readonly number[] {
  const source = new OpenBuffer(text);
  let program = step(source, undefined);
  const places = [...text.matchAll(/\b(quality|offset)\b/g)].map((match) => match.index);
  const samples: number[] = [];
  for (let key = 0; samples.length < keys; key++) {
    const place = places[(Math.floor(key / word.length) * 7919) % places.length] ?? 0;
    const typed = word.slice(0, (key % word.length) + 1);
    source.text = text.slice(0, place) + typed + text.slice(place);
    const began = performance.now();
    program = step(source, program);
    samples.push(performance.now() - began);
  }
  return samples;
}

/** Transforms and nodes in turn, as pipelines look: docs, ins, params, outs, a script, a loop. */
function linesOfPipeline(lines: number): string {
  const parts = ["pipeline editing", "", "param quality: Int = 30", ""];
  let count = parts.length;
  for (let i = 0; count < lines; i++) {
    const part = [
      `/// Step ${i} of the analysis.`,
      `transform Step${i} {`,
      "  in before: File?",
      "  param quality: Int",
      '  param label: String = "plain"',
      `  out table: File = "\${label}.${i}.csv"`,
      "  resources { cpus: 2, memory: 4 GiB }",
      "  run bash ```",
      '    sort -k1,1 ${before:-/dev/null} > "$table"',
      '    echo "$quality $label" >> "$table"',
      "  ```",
      "}",
      "",
      `for n in range(${(i % 7) + 2}) {`,
      i === 0
        ? `  node made${i}[n] = Step${i} { quality, label: "run \${n}" }`
        : `  node made${i}[n] = Step${i} { quality: quality + n, label: "run \${n}", before: made${i - 1}[0].table }`,
      "}",
      "",
    ];
    parts.push(...part);
    count += part.length;
  }
  return parts.join("\n");
}

function loopsOfNodes(nodes: number): string {
  return [
    "pipeline loops",
    "param offset: Int = 1",
    `for i in range(${nodes / 2}) {`,
    "  node first[i] = Echo { i: i + offset }",
    "  node second[i] = Echo { i, before: first[i].made }",
    "}",
    "transform Echo {",
    "  in before: File?",
    "  param i: Int",
    '  out made: File = "made.txt"',
    "  run sh ```",
    '    echo "$i" > "$made"',
    "  ```",
    "}",
    "",
  ].join("\n");
}
