import type { Fact, ToolFact } from "../graph/facts.js";
import type { Project } from "./project.js";

export interface ToolsOptions {
  readonly find: boolean;
}
export class Tools {
  constructor(
    readonly project: Project,
    readonly options: ToolsOptions,
  ) {}
  find(name: string): Fact<ToolFact> {
    return { kind: "unknown", reason: `tools are not looked for yet: "${name}"` };
  }
  folder(_name: string): string | undefined {
    return undefined;
  }
}
