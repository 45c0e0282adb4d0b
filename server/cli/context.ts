import type { SetOption } from "../run/pipeline.js";
import type { Terminal } from "./terminal.js";

/** What a command is given besides its own arguments. */
export interface CommandContext {
  readonly terminal: Terminal;
}

export interface JsonOption {
  readonly json?: true;
}
export interface PipelineOptions extends JsonOption {
  readonly set: readonly SetOption[];
  readonly container?: "required" | "never" | "auto";
}
export interface TargetOptions extends PipelineOptions {
  readonly target: readonly string[];
}
export interface RunCommandOptions extends TargetOptions {
  readonly executor: "local";
  readonly jobs?: number;
  readonly keepGoing?: true;
  readonly check?: true;
  readonly detach?: true;
  /** Of `--no-cache NODE`: commander names an option that starts with `no-` by what follows. */
  readonly cache: readonly string[];
}
