import { children } from "../../server/language/children.js";
import type { SourceFile, SyntaxNode } from "../../server/language/syntax.js";

/** A tree as one short line: `(let n (+ 1 (call f "x")))`. Made for expected texts that a person can check. */
export function compact(node: SyntaxNode): string {
  switch (node.kind) {
    case "name":
      return node.text === "" ? "<missing>" : node.text;
    case "reference":
    case "named-type":
      return node.name;
    case "null":
      return "null";
    case "boolean":
      return String(node.value);
    case "number":
      return node.unit === undefined ? node.text : `${node.text}_${node.unit}`;
    case "text":
      return JSON.stringify(node.value);
    case "string":
      return node.parts.length === 1 && node.parts[0]?.kind === "text"
        ? JSON.stringify(node.parts[0].value)
        : list("string", node);
    case "wildcard":
      return "*";
    case "factor":
      return node.text;
    case "broken":
    case "broken-type":
      return "<broken>";
    case "unary":
    case "binary":
      return list(node.operator, node);
    case "conditional":
      return list("?:", node);
    case "member":
      return list(node.optional ? "?." : ".", node);
    case "node-argument":
      return node.shorthand ? `${node.name.text}` : list("arg", node);
    case "network":
      return `(network ${node.allowed})`;
    case "run": {
      const interpreter = node.quoted ? JSON.stringify(node.interpreter) : node.interpreter;
      return `(run ${interpreter || "<missing>"} -${node.indentation} ${JSON.stringify(node.script)})`;
    }
    case "if": {
      const parts = [compact(node.condition), block("then", node.then)];
      if (node.otherwise !== undefined) parts.push(block("else", node.otherwise));
      return withDoc(`(if ${parts.join(" ")})`, node);
    }
    case "clause":
    case "for": {
      const names = node.names.map(compact).join(",");
      const rest = node.kind === "for" ? node.body : node.conditions;
      return withDoc(`(for ${[names, compact(node.source), ...rest.map(compact)].join(" ")})`, node);
    }
    default:
      return withDoc(list(node.kind, node), node);
  }
}

function list(head: string, node: SyntaxNode): string {
  return `(${[head, ...children(node).map(compact)].join(" ")})`;
}

function block(head: string, statements: readonly SyntaxNode[]): string {
  return `(${[head, ...statements.map(compact)].join(" ")})`;
}

function withDoc(text: string, node: SyntaxNode): string {
  if (!("doc" in node) || node.doc === undefined) return text;
  return `${text.slice(0, -1)} ///${JSON.stringify(node.doc)})`;
}

/** Every declaration on a line, its problems indented below: place in the line, text there, code and message. */
export function describeFile(file: SourceFile): string {
  const lines: string[] = [];
  for (const { offset, statement, problems } of file.declarations) {
    lines.push(compact(statement));
    for (const { span, rule, message, suggestion } of problems) {
      const start = offset + span.start;
      const line = file.text.slice(0, start).split("\n").length;
      const column = start - file.text.lastIndexOf("\n", start - 1);
      const mend = suggestion === undefined ? "" : ` → ${suggestion}`;
      const where = `${line}:${column}-${span.end - span.start}`;
      lines.push(`  ! ${where} ${rule.code.replace("reprod/", "")}: ${message}${mend}`);
    }
  }
  return lines.join("\n");
}
