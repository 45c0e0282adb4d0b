import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { Executor, HandedValue } from "../../server/executors/executor.js";
import type { InterpreterKind } from "../../server/graph/model.js";
import { FloatValue } from "../../server/graph/value.js";
import { attempt, executorIn, onPath, runWell, stderrOf, temporaryFolder, workFile } from "./support.js";

/** What quoting most often gets wrong, and a value of 100 kB. */
const HOSTILE = [
  "",
  " ",
  "a b",
  "-n",
  "--",
  "it's",
  '"',
  "\\",
  "\\n",
  "$(touch pwned)",
  "`touch pwned`",
  "${HOME}",
  "'; touch pwned; '",
  "a\nb\n",
  "\n",
  "a\r\nb",
  "\t",
  "\u0001\u007f",
  "é",
  "😀",
  "\u2028",
  "*",
  "~",
  "#",
  "%s%n",
  "!x",
  "&&",
  "x".repeat(100_000),
  "é'\"\\\n".repeat(20_000),
];

/** Scripts that print the value `v`, or the elements of the list `v`, as the bytes they are, each ended by NUL. */
const ECHO: { readonly [kind in InterpreterKind]: { text: string; list?: string } } = {
  sh: { text: `printf '%s\\0' "$v" > out\n` },
  bash: {
    text: `printf '%s\\0' "$v" > out\n`,
    list: `: > out\nfor element in "\${v[@]}"; do printf '%s\\0' "$element" >> out; done\n`,
  },
  python: {
    text: `open("out", "wb").write(v.encode() + b"\\0")\n`,
    list: `open("out", "wb").write(b"".join(x.encode() + b"\\0" for x in v))\n`,
  },
  node: {
    text: `require("fs").writeFileSync("out", v + "\\0")\n`,
    list: `require("fs").writeFileSync("out", v.map((x) => x + "\\0").join(""))\n`,
  },
  r: {
    text: `f <- file("out", "wb"); writeBin(charToRaw(enc2utf8(v)), f); writeBin(as.raw(0), f); close(f)\n`,
    list: `f <- file("out", "wb"); for (x in v) { writeBin(charToRaw(enc2utf8(x)), f); writeBin(as.raw(0), f) }; close(f)\n`,
  },
  other: {
    text: `my $t = do { local (@ARGV, $/) = $ENV{REPROD_VALUES}; <> }; use JSON::PP; open(my $o, ">", "out"); binmode $o, ":utf8"; print $o decode_json($t)->{v}, "\\0";\n`,
  },
};

const PROGRAMS: { readonly [kind in InterpreterKind]: string } = {
  sh: "sh",
  bash: "bash",
  python: "python3",
  node: "node",
  r: "Rscript",
  other: "perl",
};

function kindsPresent(): readonly InterpreterKind[] {
  const kinds: InterpreterKind[] = ["sh", "bash", "python", "node", "r", "other"];
  return kinds.filter((kind) => onPath(PROGRAMS[kind]) !== undefined);
}

async function handOver(executor: Executor, folder: string, kind: InterpreterKind, v: HandedValue) {
  const echo = ECHO[kind];
  const program = PROGRAMS[kind];
  const spec = attempt(folder, (Array.isArray(v) ? echo.list : echo.text) ?? "", {
    interpreter: { kind, command: [program] },
    // Version managers put a wrapper on PATH that needs its own variables; their programs lie elsewhere.
    where: {
      kind: "host",
      path: [path.dirname(onPath(program) ?? "")].filter((at) => !at.includes("shims")),
    },
    values: { v },
  });
  await runWell(executor, spec);
  assert.ok(!fs.existsSync(path.join(spec.folder, "work", "pwned")));
  const arrived = workFile(spec, "out").split("\0").slice(0, -1);
  fs.rmSync(spec.folder, { recursive: true });
  return arrived;
}

const text = fc.string({ unit: "binary", maxLength: 60 }).filter((value) => !value.includes("\0"));

for (const kind of kindsPresent()) {
  test(`values arrive in ${kind} byte for byte, whatever they are`, async (t: TestContext) => {
    const folder = temporaryFolder(t);
    const executor = executorIn(t, folder);
    const slow = kind === "r" || kind === "node" || kind === "python";
    if (ECHO[kind].list === undefined) {
      for (const value of HOSTILE) assert.deepEqual(await handOver(executor, folder, kind, value), [value]);
    } else {
      for (const value of HOSTILE.slice(0, slow ? 3 : undefined)) {
        assert.deepEqual(await handOver(executor, folder, kind, value), [value]);
      }
      assert.deepEqual(await handOver(executor, folder, kind, HOSTILE), HOSTILE);
      assert.deepEqual(await handOver(executor, folder, kind, []), []);
    }
    await fc.assert(
      fc.asyncProperty(
        ECHO[kind].list === undefined
          ? text.map((one) => [one])
          : fc.array(text, { minLength: 1, maxLength: 40 }),
        async (values) => {
          const handed = ECHO[kind].list === undefined ? (values[0] ?? "") : values;
          assert.deepEqual(await handOver(executor, folder, kind, handed), values);
        },
      ),
      { numRuns: slow ? 5 : 30 },
    );
  });

  test(`an error in ${kind} names the script's own line`, async (t) => {
    const lines: { readonly [other in InterpreterKind]: [string, RegExp] } = {
      sh: ["true\ntrue\nnothere_\n", /\.\.\/script: 3: .*nothere_/],
      bash: ["true\ntrue\nnothere_\n", /\.\.\/script: line 3: nothere_/],
      python: ["x = 1\n\nraise ValueError('here')\n", /File "\.\.\/script", line 3/],
      node: ["let x = 1;\n\nthrow new Error('here');\n", /\.\.\/script:3/],
      r: ["x <- 1\n\nf <- function() stop('here')\nf()\n", /\.\.\/script:4: an error/],
      other: ["1;\n\ndie 'here';\n", /\.\.\/script line 3/],
    };
    const folder = temporaryFolder(t);
    const [script, expected] = lines[kind];
    const program = PROGRAMS[kind];
    const spec = attempt(folder, script, {
      interpreter: { kind, command: [program] },
      where: {
        kind: "host",
        path: [path.dirname(onPath(program) ?? "")].filter((at) => !at.includes("shims")),
      },
      values: { first: "a\nb", second: 2 },
    });
    const { end } = await executorIn(t, folder).start(spec).ended;
    assert.ok(end.kind === "exited" && end.code !== 0);
    assert.match(stderrOf(spec), expected);
    assert.ok(!stderrOf(spec).includes(folder), stderrOf(spec));
  });
}

test("shell scripts stop at the first failure, an unset variable and, in bash, a broken pipeline", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const cases = [
    ["sh", "false\ntrue\n"],
    ["sh", 'echo "$unset_"\ntrue\n'],
    ["bash", "false\ntrue\n"],
    ["bash", 'echo "$unset_"\ntrue\n'],
    ["bash", "false | true\ntrue\n"],
  ] as const;
  for (const [kind, script] of cases) {
    const { end } = await executor.start(attempt(folder, script, { interpreter: { kind, command: [kind] } }))
      .ended;
    assert.ok(end.kind === "exited" && end.code !== 0, `${kind}: ${script}`);
  }
});

test("values are native: null, Bool, Int, Float and Json in each language", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const values = {
    n: null,
    yes: true,
    i: 30,
    f: new FloatValue(2),
    big: 9007199254740991,
    j: { "a b": [1, null, "x"] },
  };
  const scripts: { readonly [kind: string]: string } = {
    bash: `[ "$n" = "" ] && [ "$yes" = true ] && [ "$i" = 30 ] && [ "$f" = 2 ] && [ "$j" = '{"a b":[1,null,"x"]}' ]\n! env | grep -q '^yes='\n`,
    sh: `[ "$n" = "" ] && [ "$yes" = true ] && [ "$big" = 9007199254740991 ]\n`,
    python: `assert n is None and yes is True and i == 30 and type(i) is int and type(f) is float and big == 2**53-1 and j == {"a b": [1, None, "x"]}\nassert __name__ == "__main__"\n`,
    node: `require("assert").deepStrictEqual([n, yes, i, f, big, j], [null, true, 30, 2, 2 ** 53 - 1, { "a b": [1, null, "x"] }]);\n`,
    r: `stopifnot(is.null(n), isTRUE(yes), is.integer(i), i == 30L, f == 2, big == 9007199254740991, identical(names(j), "a b"))\n`,
  };
  for (const kind of kindsPresent()) {
    const script = scripts[kind];
    if (script === undefined) continue;
    const program = PROGRAMS[kind];
    const where = [path.dirname(onPath(program) ?? "")].filter((at) => !at.includes("shims"));
    await runWell(
      executor,
      attempt(folder, script, {
        interpreter: { kind, command: [program] },
        values,
        where: { kind: "host", path: where },
      }),
    );
  }
});

test("a value that a language cannot hold is start-failed, and named", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  for (const [kind, value] of [
    ["sh", ["a"]],
    ["sh", "a\0b"],
    ["bash", ["a\0b"]],
    ["r", "a\0b"],
  ] as const) {
    const spec = attempt(folder, "true\n", { interpreter: { kind, command: [kind] }, values: { v: value } });
    const { end } = await executor.start(spec).ended;
    assert.ok(end.kind === "start-failed" && end.message.includes('"v"'), JSON.stringify(end));
  }
});
