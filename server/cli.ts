#!/usr/bin/env node
import { CommanderError } from "commander";
import { version } from "../package.json";
import { Failure, systemCode } from "./base/failure.js";
import { buildProgram } from "./cli/commands.js";
import { exitCodes } from "./cli/exit.js";
import { defectFailure, exitCodeOf, failureJson, renderFailure } from "./cli/report.js";
import { openOutput, type Terminal } from "./cli/terminal.js";

/** The command line: `docs/cli.md`. It parses, calls one command, and says in one place what went wrong. */
async function main(): Promise<number> {
  const unread = new AbortController();
  const interrupted = new AbortController();
  let exit = (code: number): void => process.exit(code);
  const terminal: Terminal = {
    out: openOutput(process.stdout, process.env, () => unread.abort()),
    notes: openOutput(process.stderr, process.env, () => undefined),
    unread: unread.signal,
    interrupted: interrupted.signal,
    handleInterrupts: () => {
      // The first asks, the second does not wait for an answer.
      exit = (code) => {
        exit = (again) => process.exit(again);
        interrupted.abort(code);
      };
    },
  };
  process.on("SIGINT", () => exit(exitCodes.interrupted));
  process.on("SIGTERM", () => exit(exitCodes.terminated));
  process.on("SIGHUP", () => exit(exitCodes.hungUp));

  let code: number = exitCodes.done;
  const program = buildProgram(terminal, version, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const failure = asFailure(error);
    if (process.argv.includes("--json")) terminal.out.write(`${JSON.stringify(failureJson(failure))}\n`);
    else terminal.notes.write(renderFailure(failure, terminal.notes));
    return exitCodeOf(failure);
  }
}

/** Files of the user that cannot be read or written end here as `EACCES` and the like; the rest is ours. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = systemCode(error);
  const path =
    error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
  switch (path === undefined ? undefined : code) {
    case "EACCES":
    case "EPERM":
      return new Failure("permission-denied", `this may not be read or written: "${path}"`, {
        fix: "Change its permissions, or work as a user who may.",
      });
    case "EROFS":
      return new Failure("read-only", `this is on a read-only file system: "${path}"`);
    case "ENOSPC":
      return new Failure("disk-full", `no space is left where this is: "${path}"`, {
        fix: "Make room (`reprod gc` deletes what nothing needs), and start again: what was finished is kept.",
      });
    default:
      return defectFailure(error);
  }
}

main().then(
  (code) => {
    // Whoever reads from a pipe may be slow; nothing that was written is lost by leaving.
    process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
  },
  (error: unknown) => {
    process.stderr.write(`reprod failed to report an error: ${String(error)}\n`);
    process.exit(exitCodes.defect);
  },
);
