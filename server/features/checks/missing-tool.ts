import type { GraphTransform } from "../../graph/model.js";
import type { PlacedProblem, Rule } from "../../language/problems.js";
import type { Span } from "../../language/syntax.js";
import { type CheckInput, type FactCheck, placed } from "./check.js";

const rule: Rule = {
  code: "reprod/missing-tool",
  severity: "error",
  what: "A tool or interpreter that this machine does not have.",
  why: "The script would fail at its first use, and without the tool's digest nobody can tell whether a result is up to date.",
  fix: "Install it, or run the transform in an image. If it has moved, delete `.reprod/tools.json`, and it is found again.",
};

/** Only transforms that a node uses on the host: a library may have others, and an image brings its own tools. */
function find({ graph, facts, useImages }: CheckInput): readonly PlacedProblem[] {
  const transforms = new Set(graph.nodes.map((node) => node.transform));
  const problems: PlacedProblem[] = [];
  for (const transform of transforms) {
    if (useImages && transform.image !== undefined) continue;
    for (const { name, span } of toolsOf(transform)) {
      const tool = facts.tool(name);
      if (tool.kind !== "absent") continue;
      const { module, declaration } = transform.symbol;
      problems.push(placed(rule, module, declaration, span, tool.message));
    }
  }
  return problems;
}

function toolsOf({
  symbol,
  interpreter,
}: GraphTransform): readonly { readonly name: string; readonly span: Span }[] {
  const tools: { readonly name: string; readonly span: Span }[] = [];
  for (const item of symbol.statement.items) {
    if (item.kind === "tools")
      for (const { name } of item.tools) tools.push({ name: name.text, span: name.span });
    const command = interpreter.command[0];
    if (item.kind === "run" && command !== undefined && !tools.some(({ name }) => name === command)) {
      tools.push({ name: command, span: item.interpreterSpan });
    }
  }
  return tools;
}

export const missingTool: FactCheck = { rule, find };
