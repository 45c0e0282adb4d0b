import { DataReference } from "../../graph/value.js";
import type { PlacedProblem, Rule } from "../../language/problems.js";
import { type CheckInput, dataUses, type FactCheck, literalCalls, placed } from "./check.js";

const rule: Rule = {
  code: "reprod/unlocked-url",
  severity: "warning",
  what: "Data from the web whose digest is neither in the text nor in `reprod.lock`.",
  why: "What an address gives may change from one day to the next, and without a digest nobody would notice.",
  fix: 'Run `reprod pin` and keep `reprod.lock` in git, or give a digest in the text: `file("…", md5: "…")`.',
};

const CALLS: ReadonlySet<string> = new Set(["file", "csv", "tsv", "json", "lines"]);
const DIGESTS: ReadonlySet<string> = new Set(["md5", "sha256"]);

function find({ program, graph, facts }: CheckInput): readonly PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  const seen = new Set<string>();
  for (const { module, declaration, call, text, span } of literalCalls(program, CALLS)) {
    if (!/^https?:\/\//i.test(text) || call.arguments.some(({ name }) => name && DIGESTS.has(name.text)))
      continue;
    seen.add(text);
    const data = new DataReference("file", { kind: "http", url: text, verify: undefined }, "");
    if (facts.digest(data).kind !== "unknown") continue;
    problems.push(
      placed(rule, module.path, declaration, span, `nothing says which bytes this address gives: "${text}"`),
    );
  }
  for (const { node, data, span } of dataUses(graph)) {
    if (data.place.kind !== "http" || data.place.verify !== undefined || seen.has(data.place.url)) continue;
    if (facts.digest(data).kind !== "unknown") continue;
    seen.add(data.place.url);
    const message = `nothing says which bytes an address of ${node.name} gives: "${data.place.url}"`;
    problems.push(placed(rule, node.module, node.declaration, span, message));
  }
  return problems;
}

export const unlockedUrl: FactCheck = { rule, find };
