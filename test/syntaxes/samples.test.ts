import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { reprod, reprodJson } from "../support/command-line.js";
import { runOf } from "../support/events.js";
import { needPrograms } from "../support/example.js";
import { temporaryFolder } from "../support/temporary.js";

/**
 * What "New Pipeline" offers. Files lie where the packaged extension has them too: samples of their own in `samples/`,
 * an example of the repository where that is one.
 */
interface Sample {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** The file to open, by its path in the new folder. */
  readonly open: string;
  /** `from` is relative to the extension, `to` to the new folder. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
}

const { samples }: { readonly samples: readonly Sample[] } = JSON.parse(
  fs.readFileSync("samples/index.json", "utf8"),
);

/** Programs besides bash that a sample calls, and what it publishes. */
const expected: {
  readonly [id: string]: { readonly programs: readonly string[]; readonly results: readonly string[] };
} = {
  empty: { programs: [], results: ["greeting.txt"] },
  family: { programs: ["awk", "sort"], results: ["birds.csv"] },
  python: { programs: ["python3"], results: ["histogram.svg", "summary.json"] },
  weather: { programs: ["awk"], results: ["seattle.html"] },
};

test("the samples are listed once, with texts for a list to choose from", () => {
  assert.deepEqual(samples.map(({ id }) => id).sort(), Object.keys(expected).sort());
  for (const { id, title, description, open, files } of samples) {
    assert.match(title, /^[A-Z].*[^.]$/, id);
    assert.match(description, /\.$/, id);
    assert.ok(
      files.some(({ to }) => to === open),
      id,
    );
    assert.equal(new Set(files.map(({ to }) => to)).size, files.length, id);
    for (const { from, to } of files) {
      assert.match(from, /^(?:samples|examples)\//);
      for (const file of [from, to]) assert.equal(path.posix.normalize(file), file);
      assert.doesNotMatch(to, /^[./]/);
    }
  }
});

test("no file of samples/ is forgotten", () => {
  const there = fs
    .readdirSync("samples", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "index.json")
    .map((entry) => path.posix.join(entry.parentPath, entry.name));
  const listed = samples.flatMap(({ files }) => files.map(({ from }) => from));
  assert.deepEqual(there.sort(), listed.filter((file) => file.startsWith("samples/")).sort());
});

test("the samples are laid out as `reprod fmt` does", async () => {
  const ended = await reprod("samples", ["fmt", "--check", "."]);
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
});

for (const { id, open, files } of samples) {
  test(`the sample "${id}" has no problem, runs in an empty folder, and is cached then`, async (t) => {
    const { programs = [], results = [] } = expected[id] ?? {};
    needPrograms(...programs);
    const folder = temporaryFolder(t);
    for (const { from, to } of files) {
      fs.mkdirSync(path.join(folder, path.dirname(to)), { recursive: true });
      fs.copyFileSync(from, path.join(folder, to));
    }

    assert.deepEqual(await reprodJson(folder, ["check", open]), {
      files: 1,
      problems: [],
      unreadable: [],
    });

    const first = await runOf(folder, [open]);
    assert.deepEqual([first.code, first.cached], [0, 0]);
    assert.ok(first.started.length > 0);
    for (const result of results)
      assert.ok(fs.statSync(path.join(folder, "results", result)).size > 0, result);

    const second = await runOf(folder, [open]);
    assert.deepEqual([second.code, second.started, second.cached], [0, [], first.started.length]);
  });
}
