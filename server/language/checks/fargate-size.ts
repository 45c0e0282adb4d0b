import { fargateMostDiskBytes, fargateSizes } from "../fargate-sizes.js";
import { type Problem, problem, type Rule } from "../problems.js";
import type { Entry, ResourcesClause } from "../syntax.js";
import { literalValue } from "../units.js";

export const fargateSize: Rule = {
  code: "reprod/fargate-size",
  severity: "warning",
  what: "Resources that no size of AWS Fargate fits.",
  why: "The node runs on this machine if it is large enough, but not on Fargate.",
  fix: "Ask for at most 32 cpus, 244 GiB of memory and 200 GiB of disk, or run it through AWS Batch on EC2.",
};

export function checkFargateSize(resources: ResourcesClause, report: (problem: Problem) => void): void {
  const cpus = literal(resources, "cpus");
  const memory = literal(resources, "memory");
  const disk = literal(resources, "disk");
  // A larger size may always be taken: what counts is that one is large enough in both.
  const fits = fargateSizes.some(
    (size) => (cpus?.value ?? 0) <= size.cpus && (memory?.value ?? 0) <= size.mostMemoryBytes,
  );
  const largest = fargateSizes[fargateSizes.length - 1];
  if (!fits && largest !== undefined) {
    const entry = cpus !== undefined && cpus.value > largest.cpus ? cpus.entry : memory?.entry;
    if (entry !== undefined)
      report(problem(fargateSize, entry.span, `no Fargate size is this large: "${entry.name.text}"`));
  }
  if (disk !== undefined && disk.value > fargateMostDiskBytes)
    report(problem(fargateSize, disk.entry.span, `a Fargate task has at most 200 GiB: "disk"`));
}

function literal(
  resources: ResourcesClause,
  name: string,
): { readonly entry: Entry; readonly value: number } | undefined {
  const entry = resources.entries.find((candidate) => candidate.name.text === name);
  return entry?.value.kind === "number" ? { entry, value: literalValue(entry.value) } : undefined;
}
