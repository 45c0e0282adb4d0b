import type { HandedValue } from "../executors/executor.js";
import type { GraphNode } from "../graph/model.js";
import type { ResolvedIn } from "../graph/recipe.js";
import { BytesValue, DurationValue, FloatValue, JsonValue, type Value } from "../graph/value.js";
import type { Demand } from "./scheduler.js";

/** Every in, param and out of a node by name, with `cpus` and `memory_mb`, as scripts get them (rule 20). */
export function handedValues(
  node: GraphNode,
  inputs: { readonly [name: string]: ResolvedIn },
  given: Demand,
): { readonly [name: string]: HandedValue } {
  const values = new Map<string, HandedValue>();
  for (const { name } of node.transform.ins) {
    const files = inputs[name] ?? null;
    values.set(name, files === null ? null : "name" in files ? files.name : files.map((file) => file.name));
  }
  node.transform.params.forEach(({ name }, position) => {
    values.set(name, handedValue(node.params[position] ?? null));
  });
  for (const { name, path } of node.outs) values.set(name, path);
  values.set("cpus", wholeOrFloat(given.cpus));
  // Mebibytes, rounded down: what tools call "MB" in a memory option must not come to more than is there.
  values.set("memory_mb", Math.floor(given.memoryBytes / 2 ** 20));
  return Object.fromEntries(values);
}

export function handedValue(value: Value): HandedValue {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (value instanceof FloatValue) return value;
  if (value instanceof BytesValue) return value.bytes;
  if (value instanceof DurationValue) return wholeOrFloat(value.milliseconds / 1000);
  if (value instanceof JsonValue) return handedJson(value.value);
  if (isList(value)) return value.map(handedValue);
  throw new Error("data and nodes are never the value of a param");
}

function handedJson(value: unknown): HandedValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return wholeOrFloat(value);
  if (Array.isArray(value)) return value.map(handedJson);
  if (typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, handedJson(member)]));
  throw new Error("a Json value holds what JSON can say");
}

/** A number is handed as an Int where it is one. */
function wholeOrFloat(value: number): number | FloatValue {
  return Number.isSafeInteger(value) ? value : new FloatValue(value);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
