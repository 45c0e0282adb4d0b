#!/usr/bin/env node
import { CommanderError } from "commander";
import { version } from "../package.json";
import { Failure, systemCode } from "./base/failure.js";
import { buildProgram } from "./cli/commands.js";
import { exitCodes } from "./cli/exit.js";
import { defectFailure, exitCodeOf, failureJson, renderFailure } from "./cli/report.js";
import { openOutput, type Terminal } from "./cli/terminal.js";
import { systemReason } from "./data/files.js";

/** The command line: `docs/cli.md`. It parses, calls one command, and says in one place what went wrong. */
async function main(): Promise<number> {
  const asJson = process.argv.includes("--json");
  const unread = new AbortController();
  const interrupted = new AbortController();
  let exit = (code: number): void => process.exit(code);
  const terminal: Terminal = {
    out: openOutput(process.stdout, process.env, (error) => {
      if (error !== undefined) tellLost(error);
      unread.abort();
    }),
    // When nothing can be said of it either, the exit code of the work itself is the best answer.
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
  let outputLost = false;
  const tellLost = (error: Error): void => {
    outputLost = true;
    const what = terminal.notes.colours.red("error");
    terminal.notes.write(`${what}: standard output cannot be written: ${systemReason(error)}\n`);
  };
  const program = buildProgram(terminal, version, (ended) => {
    code = ended;
  });
  const failed = (error: unknown): number => {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      // For people commander has told it on stderr already.
      if (asJson) terminal.out.write(`${JSON.stringify(failureJson(wrongUse(error)))}\n`);
      return exitCodes.usage;
    }
    const failure = asFailure(error);
    if (asJson) terminal.out.write(`${JSON.stringify(failureJson(failure))}\n`);
    else terminal.notes.write(renderFailure(failure, terminal.notes));
    return exitCodeOf(failure, terminal.interrupted);
  };
  try {
    await program.parseAsync();
  } catch (error) {
    code = failed(error);
  }
  // Whoever reads from a pipe may be slow; nothing that was written is lost by leaving.
  await written(process.stdout);
  // Errors of writing are told a little later.
  await new Promise((resolve) => setImmediate(resolve));
  return outputLost && code === exitCodes.done ? exitCodes.problems : code;
}

/** Resolves when nothing waits to be written any more, or nothing can be. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  // To write nothing fails as well where nothing can be written, though nothing is lost by it.
  if (stream.writableLength === 0) return;
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}

/** What the parser of the command line found. */
function wrongUse({ message }: CommanderError): Failure {
  return new Failure("wrong-use", message.replace(/^error: /, ""), {
    fix: "`reprod COMMAND --help` says what a command takes.",
  });
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
  async (code) => {
    await written(process.stderr);
    process.exit(code);
  },
  (error: unknown) => {
    process.stderr.write(`reprod failed to report an error: ${String(error)}\n`);
    process.exit(exitCodes.defect);
  },
);
