import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../server/language/parser.js";
import { scriptNames, scriptOffsets } from "../../server/language/script-names.js";
import type { RunClause } from "../../server/language/syntax.js";

function clause(interpreter: string, script: string): { readonly run: RunClause; readonly text: string } {
  const lines = script.split("\n").map((line) => `    ${line}`.trimEnd());
  const text = `transform T {\n  run ${interpreter} \`\`\`\`\n${lines.join("\n")}\n  \`\`\`\`\n}\n`;
  const [declaration] = parse(text).declarations;
  const { statement } = declaration ?? {};
  const run = statement?.kind === "transform" ? statement.items[0] : undefined;
  assert.ok(run?.kind === "run");
  return { run, text };
}

/** The script with each place of `x` or `depth` marked: `[x]` for certain, `(x?)` otherwise. */
function marked(interpreter: string, script: string): string {
  const { run, text } = clause(interpreter, script);
  const offset = scriptOffsets(run, text);
  let result = "";
  let from = 0;
  for (const { name, start, end, certain } of scriptNames(run, new Set(["x", "depth"]))) {
    assert.equal(run.script.slice(start, end), name);
    assert.equal(text.slice(offset(start), offset(start) + name.length), name);
    result += `${run.script.slice(from, start)}${certain ? `[${name}]` : `(${name}?)`}`;
    from = end;
  }
  return (result + run.script.slice(from)).trimEnd();
}

for (const [interpreter, script] of [
  // Certain are what begins with a dollar sign, and not in a comment or within single quotes.
  ["bash", `echo $[x] "\${[x]}" "\${[x][@]}" '$x' \${[x]:-1} x # $x`],
  ["bash", `samtools depth "$[depth]" --x`],
  ["bash", `awk -v x="$[x]" 'NR == x { print $x }'`],
  ["bash", `(x?)=1 cmd\nread -r (x?)\nfor (x?) in 1 2; do (x?)+=1; done`],
  ["bash", `if (( (x?) > $[x] )); then echo $(( 2 * (x?) )) "\${files[(x?)]}"; fi`],
  ["bash", `[[ -v (x?) ]] && unset (x?) && printf -v (x?) 1`],
  ["bash", `cat <<EOF\n$[x] x\nEOF\ncat <<'EOF'\n$x\nEOF`],
  ["sh", `  echo "$[x]"\necho "$[x]"`],
  ["sh", `eval 'echo $(x?)'`],
  ["python", `print([x], y.x, f(x=[x]), "x", 'x', """x\n# x""")  # x`],
  ["python", `[x] += 1\nif [x] == 2: g([x] == 1, a[[x]])`],
  ["python", `f"{[x]:x} {{x}} {[x]!r} {d['x']} {g([x] != 1)} x"`],
  ["python", `rb"x" + b"x"`],
  ["python", `def f((x?), b=1): return (x?)\nf((x?))`],
  ["python", `import a as (x?)\n(x?).b([depth])`],
  ["python", `exec("print((x?))"); (x?)`],
  ["r", `f([x], x = [x], obj$x, x.y, "x", \`[x]\`) # x`],
  ["r", `g <- function((x?)) (x?) + 1`],
  ["r", `[x] <- [x] + 1; ns::x`],
  ["r", `subset(d, (x?) > 1)`],
  ["node", `f([x], o.x, ...[x], "x", 'x', { x: [x] }) // x\n/* x */`],
  ["node", `g({ (x?), y: 1 }, [[x], 1], a ? [x] : 1)`],
  ["node", "`x ${[x] + `${[x]}`} x`"],
  ["node", `const r = /x"/.test("x") ? [x] / 2 / [x] : 1`],
  ["node", `const (x?) = 1; h((x?))`],
  ["node", `l.map((x?) => (x?) + [depth]); l.map(((depth?), i) => i)`.replace("[depth]", "(depth?)")],
  ["node", `function f((x?)) { return 1 }`],
  ['"perl -w"', `print $(x?), "(x?)";`],
  ["julia", `x + 1`],
] as const)
  test(`names in ${interpreter}: ${script.replaceAll("\n", "⏎")}`, () => {
    const plain = script.replace(/\[(x|depth)\]|\((x|depth)\?\)/g, (_, certain, other) => certain ?? other);
    assert.equal(marked(interpreter, plain), script.trimEnd());
  });

test("no script and no names give nothing", () => {
  assert.deepEqual(scriptNames(clause("bash", "echo $x").run, new Set()), []);
  assert.deepEqual(scriptNames(clause("bash", "").run, new Set(["x"])), []);
});

test("a script in a file with CRLF has its names where they stand in the file", () => {
  const text = clause("bash", "echo 1\n\n  echo $x\n🌻 $x").text.replaceAll("\n", "\r\n");
  const [declaration] = parse(text).declarations;
  const { statement } = declaration ?? {};
  const run = statement?.kind === "transform" ? statement.items[0] : undefined;
  assert.ok(run?.kind === "run");
  const offset = scriptOffsets(run, text);
  const places = scriptNames(run, new Set(["x"])).map(({ start, end }) =>
    text.slice(offset(start) - 1, offset(end)),
  );
  assert.deepEqual(places, ["$x", "$x"]);
});
