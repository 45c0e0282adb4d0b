import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryFacts } from "../support/facts.js";
import { graphOf, nodeNamed, shownIn } from "../support/graph.js";

const COPY = `
transform Copy {
  in from: File
  out to: File = "to.txt"
  run sh \`\`\`
    cp "$from" "$to"
  \`\`\`
}
`;

test("smoke", () => {
  const facts = new MemoryFacts({ files: { "/p/a.txt": "a" } });
  const graph = graphOf(
    `${COPY}
input a = file("a.txt")
node x = Copy { from: a }
node y = Copy { from: x.to }
`,
    { facts },
  );
  assert.deepEqual(
    graph.nodes.map((n) => n.name),
    ["x", "y"],
  );
  assert.equal(shownIn(nodeNamed(graph, "y").ins[0] ?? null), "x.to → inputs/to.txt");
});
