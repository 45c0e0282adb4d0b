import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecipeId, Sha256 } from "../../server/base/brand.js";
import { tellAncestry } from "../../server/provenance/tell.js";
import { type Ancestry, traceRecord } from "../../server/provenance/trace.js";
import type { RecordedFile, RecordedInputFile, ResultRecord } from "../../server/store/record.js";
import { recipeOf, recordOf } from "../support/store.js";

const plain = {
  strong: (text: string) => text,
  faint: (text: string) => text,
  plain: (text: string) => text,
};

/** Ids of tests: tracing follows them, whatever they are hashes of. */
function hex(text: string): string {
  return Buffer.from(text).toString("hex").padStart(64, "0").slice(-64);
}
const recipe = (name: string): RecipeId => hex(`r ${name}`) as RecipeId;
const digest = (name: string): Sha256 => hex(`d ${name}`) as Sha256;

function out(name: string): RecordedFile {
  return { path: `${name}.txt`, kind: "file", executable: false, sha256: digest(name), size: 1 };
}

function input(name: string, made: boolean): RecordedInputFile {
  const file = {
    name: `inputs/${name}`,
    kind: "file",
    executable: false,
    sha256: digest(name),
    size: 1,
  } as const;
  return made ? { ...file, from: `${name}.out`, recipe: recipe(name) } : { ...file, from: `data/${name}` };
}

/** Results by name, each with what it reads; what is no name of another is a source. */
function records(graph: { readonly [name: string]: readonly string[] }): Map<string, ResultRecord> {
  const base = recordOf("x", { out: out("x") });
  return new Map(
    Object.entries(graph).map(([name, reads]) => [
      recipe(name),
      {
        ...base,
        recipeId: recipe(name),
        recipe: recipeOf(`make ${name[0]}`, { params: { n: { Int: "1" } } }),
        outs: { out: out(name) },
        inputs: { from: reads.map((read) => input(read, read in graph)) },
        made: { ...base.made, node: name },
      },
    ]),
  );
}

async function trace(
  all: Map<string, ResultRecord>,
  name: string,
): Promise<{ ancestry: Ancestry; reads: number }> {
  let reads = 0;
  const root = all.get(recipe(name));
  assert.ok(root);
  const ancestry = await traceRecord(
    {
      readRecord: async (id) => {
        reads++;
        return all.get(id);
      },
    },
    root,
  );
  return { ancestry, reads };
}

test("a record is traced to its sources, upstream first, each once", async () => {
  const all = records({ a: ["s1"], b: ["a", "s2"], c: ["a", "s1"], d: ["b", "c"] });
  const { ancestry } = await trace(all, "d");
  assert.deepEqual(
    [...ancestry.records.values()].map(({ record }) => record.made.node),
    ["a", "b", "c", "d"],
  );
  assert.deepEqual(
    ancestry.sources.map(({ from }) => from),
    ["data/s1", "data/s2"],
  );
});

test("thirty diamonds in a row cost as much as they have nodes, and so does telling them", async () => {
  const graph: { [name: string]: string[] } = { n0: ["s"] };
  for (let i = 1; i <= 30; i++) {
    graph[`l${i}`] = [`n${i - 1}`];
    graph[`r${i}`] = [`n${i - 1}`];
    graph[`n${i}`] = [`l${i}`, `r${i}`];
  }
  const { ancestry, reads } = await trace(records(graph), "n30");
  assert.equal(ancestry.records.size, 91);
  assert.equal(reads, 90);
  assert.ok(tellAncestry(ancestry, plain).length < 500);
});

test("a chain of 20,000 does not exhaust the stack, and its tree stays narrow", async () => {
  const graph: { [name: string]: string[] } = { n0: ["s"] };
  for (let i = 1; i < 20_000; i++) graph[`n${i}`] = [`n${i - 1}`];
  const { ancestry } = await trace(records(graph), "n19999");
  assert.equal(ancestry.records.size, 20_000);
  assert.ok(tellAncestry(ancestry, plain).every((line) => line.length < 250));
});

test("what is gone or was remade with other bytes is told as such", async () => {
  const all = records({ a: ["s"], b: ["s"], c: ["a", "b"] });
  all.delete(recipe("a"));
  const b = all.get(recipe("b"));
  assert.ok(b);
  all.set(recipe("b"), { ...b, outs: { out: out("other") } });
  const { ancestry } = await trace(all, "c");
  const inputs = ancestry.records.get(recipe("c"))?.inputs.map(({ origin }) => origin.kind);
  assert.deepEqual(inputs, ["forgotten", "remade"]);
  const text = tellAncestry(ancestry, plain).join("\n");
  assert.match(text, /its record, [0-9a-f]{12}, is not in this store/);
  assert.match(text, /which gave other bytes since/);
});

test("the tree has sources with digests, shared parts once, and each script once with its nodes", async () => {
  const { ancestry } = await trace(records({ a1: ["s"], a2: ["s"], b: ["a1", "a2", "a1"] }), "b");
  const text = tellAncestry(ancestry, plain)
    .join("\n")
    .replace(/, 2026-01-01 00:00:00 UTC, 1\.0 s/g, "")
    .replace(/recipe [0-9a-f]{12}/g, "recipe …");
  assert.equal(
    text,
    `b recipe …
│  n = 1
├─ from: a1 recipe …
│  │  n = 1
│  └─ from: data/s  sha256 ${digest("s")}
└─ from: a2 recipe …
   │  n = 1
   └─ from: data/s  sha256 ${digest("s")}

a1, a2 ran sh on the host, linux/amd64
    make a

b ran sh on the host, linux/amd64
    make b`,
  );
});
