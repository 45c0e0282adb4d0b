import assert from "node:assert/strict";
import { test } from "node:test";
import { reprod } from "../support/command-line.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const PIPELINE = `pipeline parts
param depth: Int = 1
param a: Int = 1
for k in ["x", "y"] {
  node part[k] = Part { k, depth }
}
node many = Many { a, b: a, c: a, d: a, e: a, f: a }
node all = Join { parts: part[*].out_file }

transform Part {
  param k: String
  param depth: Int
  out out_file: File = "o.txt"
  run sh \`\`\`
    echo "$k $depth" > "$out_file"
  \`\`\`
}
transform Many {
  param a: Int
  param b: Int
  param c: Int
  param d: Int
  param e: Int
  param f: Int
  out o: File = "o.txt"
  run sh \`\`\`
    echo "$a $b $c $d $e $f" > "$o"
  \`\`\`
}
transform Join {
  in parts: [File]
  out o: File = "all.txt"
  run bash \`\`\`
    cat "\${parts[@]}" > "$o"
  \`\`\`
}
`;

test("a plan tells a reason once for a family, and of many only the first", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": '{"projectId": "abcdefghijkl"}\n', "p.reprod": PIPELINE });
  assert.equal((await reprod(folder, ["run", "p.reprod"])).code, 0);
  const plan = await reprod(folder, ["plan", "p.reprod", "--set", "depth=2", "--set", "a=2"]);
  assert.deepEqual(
    plan.stdout.split("\n").filter((line) => line.startsWith("  ")),
    [
      "  stale    part[…] (2)  param `depth` 1 → 2",
      "  stale    many         param `a` 1 → 2; param `b` 1 → 2; param `c` 1 → 2; param `d` 1 → 2; and 2 more reasons",
      "  waiting  all          upstream `part[…]`: param `depth` 1 → 2",
    ],
  );
  const one = await reprod(folder, ["plan", "p.reprod", "--target", 'part["x"]', "--set", "depth=2"]);
  assert.match(one.stdout, / {2}stale {2}part\["x"\] {2}param `depth` 1 → 2\n/);
});

test("a plan and an explanation tell which node failed, in which run, and where its log is", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "reprod.json": '{"projectId": "abcdefghijkl"}\n',
    "p.reprod": `for k in ["it's", "b", "c"] {
  node step[k] = Step { k }
}
transform Step {
  param k: String
  out o: File = "o.txt"
  run sh \`\`\`
    [ "$k" = c ] || exit 3
    echo "$k" > "$o"
  \`\`\`
}
`,
  });
  assert.equal((await reprod(folder, ["run", "p.reprod", "--keep-going"])).code, 1);
  const plan = await reprod(folder, ["plan", "p.reprod"]);
  const run = /failed in run (\w+)/.exec(plan.stdout)?.[1] ?? "";
  const log = `reprod logs ${run} 'step["it'\\''s"]'`;
  const told = `failed in run ${run}: the script ended with exit code 3 (${log})`;
  assert.deepEqual(
    plan.stdout.split("\n").filter((line) => line.startsWith("  ")),
    ["  missing  step[…] (2 of 3)  never made", `    ${told}`],
  );
  const explained = await reprod(folder, ["explain", "p.reprod", 'step["it\'s"]']);
  assert.equal(explained.stdout.split("\n")[1], `  ${told}`);
  assert.equal((await reprod(folder, ["logs", run, 'step["it\'s"]'])).code, 0);

  const json: { summary: unknown; nodes: { name: string; run?: unknown }[] } = JSON.parse(
    (await reprod(folder, ["plan", "p.reprod", "--json"])).stdout,
  );
  assert.deepEqual(json.summary, { cached: 1, stale: 0, waiting: 0, missing: 2, broken: 0, unknown: 0 });
  assert.deepEqual(
    json.nodes.map(({ run: said }) => said),
    [1, 1, undefined].map(
      (attempt) =>
        attempt && {
          state: "failed",
          run,
          message: "the script ended with exit code 3",
          exitCode: 3,
          attempt,
        },
    ),
  );
});
