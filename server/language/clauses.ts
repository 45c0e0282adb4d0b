import { duplicateName } from "./checks/duplicate-name.js";
import { checkFargateSize } from "./checks/fargate-size.js";
import { unknownEntry } from "./checks/unknown-entry.js";
import { wrongType } from "./checks/wrong-type.js";
import { failureKinds } from "./failure-kinds.js";
import type { Inference } from "./infer.js";
import type { Scope } from "./scope.js";
import { mostSimilar } from "./similar.js";
import type { Expression, Name, ResourcesClause, RetryClause } from "./syntax.js";
import { BYTES, DURATION, FLOAT, INT, type Type } from "./types.js";
import { literalValue } from "./units.js";

const resourceTypes: ReadonlyMap<string, Type> = new Map<string, Type>([
  ["cpus", FLOAT],
  ["memory", BYTES],
  ["disk", BYTES],
  ["timeout", DURATION],
]);
const retryWords = ["attempts", "on", "memory"];

/** `resources { … }` of a transform or a node (rule 22). */
export function checkResources(clause: ResourcesClause, scope: Scope, inference: Inference): void {
  const seen = new Set<string>();
  const place = inference.place;
  inference.place = "resources";
  for (const { name, value } of clause.entries) {
    const type = resourceTypes.get(name.text);
    if (type === undefined) {
      inference.infer(value, scope);
      unknown(name, "resources", resourceTypes.keys(), inference);
      continue;
    }
    once(name, seen, inference);
    inference.expect(value, scope, type, `"${name.text}"`);
    if (value.kind === "number" && literalValue(value) <= 0)
      inference.report(wrongType, value.span, `this is more than 0: "${name.text}"`);
  }
  inference.place = place;
  checkFargateSize(clause, inference.emit);
}

/** `retry { … }` of a transform or a node. */
export function checkRetry(clause: RetryClause, scope: Scope, inference: Inference): void {
  const seen = new Set<string>();
  for (const { name, value } of clause.entries) {
    if (!retryWords.includes(name.text)) {
      if (value.kind !== "factor") inference.infer(value, scope);
      unknown(name, "retry", retryWords, inference);
      continue;
    }
    once(name, seen, inference);
    if (name.text === "memory") {
      if (value.kind !== "factor") {
        if (value.kind !== "broken")
          inference.report(
            wrongType,
            value.span,
            'the memory of each further attempt is given as a factor: "x2"',
          );
      } else if (!(Number(value.text.slice(1)) >= 1))
        inference.report(wrongType, value.span, `a factor is at least 1: "${value.text}"`);
    } else if (value.kind === "factor")
      inference.report(wrongType, value.span, `a factor scales "memory" only, not "${name.text}"`);
    else if (name.text === "attempts") {
      inference.expect(value, scope, INT, '"attempts"');
      if (value.kind === "number" && literalValue(value) < 1)
        inference.report(wrongType, value.span, "there is at least 1 attempt");
    } else checkFailureWords(value, inference);
  }
}

function checkFailureWords(value: Expression, inference: Inference): void {
  const words = value.kind === "list" ? value.items : [value];
  for (const word of words) {
    if (word.kind === "broken") continue;
    if (word.kind !== "reference") {
      inference.report(wrongType, word.span, '"on" lists kinds of failure by name: [OutOfMemory, Timeout]');
      continue;
    }
    const known: readonly string[] = failureKinds;
    if (word.name === "" || known.includes(word.name)) continue;
    const similar = mostSimilar(word.name, known);
    const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
    inference.report(unknownEntry, word.span, `no kind of failure is named "${word.name}"${hint}`, similar);
  }
}

function unknown(name: Name, clause: string, words: Iterable<string>, inference: Inference): void {
  if (name.text === "") return;
  const known = [...words];
  const similar = mostSimilar(name.text, known);
  const hint = similar === undefined ? `; it has ${known.join(", ")}` : `, did you mean "${similar}"?`;
  inference.report(unknownEntry, name.span, `${clause} has no "${name.text}"${hint}`, similar);
}

function once(name: Name, seen: Set<string>, inference: Inference): void {
  if (seen.has(name.text))
    inference.report(duplicateName, name.span, `this entry is there already: "${name.text}"`);
  seen.add(name.text);
}
