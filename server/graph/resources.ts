import { Failure } from "../base/failure.js";
import { wrongType } from "../language/checks/wrong-type.js";
import { failureKinds } from "../language/failure-kinds.js";
import type { Expression, RetryEntry } from "../language/syntax.js";
import { badResources } from "./checks/bad-resources.js";
import type { Expressions } from "./expressions.js";
import type { FailureKind, Resources, Retry } from "./model.js";
import type { EvaluatedNode } from "./nodes.js";
import type { Scope } from "./scopes.js";
import { BytesValue, DurationValue, type Value } from "./value.js";
import { describe, numberOf } from "./values.js";

const MEBIBYTE = 2 ** 20;
const DEFAULTS: Resources = {
  cpus: 1,
  memoryBytes: 2 * 2 ** 30,
  // Nothing is kept free for what nobody asked for: a laptop with little left still runs small nodes.
  diskBytes: 0,
  timeoutMilliseconds: undefined,
};

/** Where the entries of a clause find their names. */
export interface ResourceScopes {
  readonly transform: Scope;
  readonly node: Scope;
}

/** Evaluates `resources`: the transform's entries, overridden one by one by the node's. */
export function evaluateResources(
  node: EvaluatedNode,
  scopes: ResourceScopes,
  expressions: Expressions,
  defaults: Partial<Resources> | undefined,
): Resources {
  let { cpus, memoryBytes, diskBytes, timeoutMilliseconds }: Resources = { ...DEFAULTS, ...defaults };
  for (const [clause, scope] of [
    [node.transform.resources, scopes.transform],
    [node.statement.resources, scopes.node],
  ] as const) {
    for (const { name, value: expression } of clause?.entries ?? []) {
      const value = expressions.evaluate(expression, scope);
      const amount = (given: number | undefined, least: number, what: string) =>
        atLeast(given, least, what, value, expression, scope, expressions);
      switch (name.text) {
        case "cpus":
          cpus = amount(numberOf(value), 1 / 1024, "cpus");
          break;
        case "memory":
          memoryBytes = amount(bytesOf(value), MEBIBYTE, "memory");
          break;
        case "disk":
          diskBytes = amount(bytesOf(value), MEBIBYTE, "disk");
          break;
        case "timeout":
          timeoutMilliseconds =
            value === null
              ? undefined
              : amount(value instanceof DurationValue ? value.milliseconds : undefined, 1, "timeout");
          break;
      }
    }
  }
  return { cpus, memoryBytes, diskBytes, timeoutMilliseconds };
}

function bytesOf(value: Value): number | undefined {
  return value instanceof BytesValue ? value.bytes : undefined;
}

function atLeast(
  given: number | undefined,
  least: number,
  what: string,
  value: Value,
  expression: Expression,
  scope: Scope,
  expressions: Expressions,
): number {
  if (given === undefined) {
    const message = `this is not what \`${what}\` takes: ${describe(value)}`;
    throw expressions.fail(expression, scope, { rule: wrongType, message });
  }
  if (given >= least) return given;
  throw expressions.fail(expression, scope, {
    rule: badResources,
    message: `this is too little for \`${what}\`: "${given}"`,
  });
}

function isFailureKind(word: string): word is FailureKind {
  const known: readonly string[] = failureKinds;
  return known.includes(word);
}

/** Evaluates `retry`: the transform's entries, overridden one by one by the node's. */
export function evaluateRetry(node: EvaluatedNode, scopes: ResourceScopes, expressions: Expressions): Retry {
  let { attempts, on, memoryFactor }: Retry = { attempts: 1, on: [], memoryFactor: 1 };
  for (const [clause, scope] of [
    [node.transform.retry, scopes.transform],
    [node.statement.retry, scopes.node],
  ] as const) {
    for (const { name, value } of clause?.entries ?? []) {
      if (name.text === "attempts" && value.kind !== "factor") {
        const count = expressions.evaluate(value, scope);
        const whole = typeof count === "number" ? count : undefined;
        attempts = atLeast(whole, 1, "attempts", count, value, scope, expressions);
      } else if (name.text === "on") on = kindsOf(value);
      else if (name.text === "memory") memoryFactor = factorOf(value, scope, expressions);
    }
  }
  return { attempts, on, memoryFactor };
}

/** The words of `on` are names of failures; those that are none the checker has reported. */
function kindsOf(value: RetryEntry["value"]): readonly FailureKind[] {
  if (value.kind === "reference") return isFailureKind(value.name) ? [value.name] : [];
  return value.kind === "list" ? value.items.flatMap(kindsOf) : [];
}

function factorOf(value: RetryEntry["value"], scope: Scope, expressions: Expressions): number {
  if (value.kind === "factor") return Math.max(1, Number(value.text.replace(/^x/, "")) || 1);
  const factor = expressions.evaluate(value, scope);
  return atLeast(numberOf(factor), 1, "memory", factor, value, scope, expressions);
}

/** For `resources` that can be evaluated only when the sizes of ins are known, after the checks. */
export function resourcesFailure(node: EvaluatedNode, messages: readonly string[]): Failure {
  return new Failure("bad-resources", `the resources of a node cannot be worked out: "${node.name}"`, {
    why: messages.join("; "),
    fix: badResources.fix,
  });
}
