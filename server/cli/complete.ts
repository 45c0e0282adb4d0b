import { type Argument, type Command, CommanderError, type Option } from "commander";
import { Failure, systemCode } from "../base/failure.js";
import { buildProgram } from "./commands.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { printable } from "./text.js";

/** `value` as it is, without any quotes of the shell. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What is on the line before the word that is completed. */
export interface Line {
  readonly command: Command;
  /** Of the command, in order. */
  readonly arguments: readonly string[];
  /** The values of options by their long name, in order: `--set`. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/**
 * `reprod __complete SHELL -- WORDS`: what the completion script of a shell asks at each press of the key, with all
 * words behind `reprod` up to the one that is completed. Prints one candidate a line. None stands for files: those
 * the shell completes best itself, and so it does when a pipeline cannot be read, since there is no place for errors.
 */
export async function run(
  { terminal }: CommandContext,
  shell: string,
  words: readonly string[],
): Promise<number> {
  const program = buildProgram(terminal, "", () => undefined);
  const raw = shell === "bash" ? joinBroken(words) : words;
  const typed = raw.at(-1) ?? "";
  let candidates: readonly Candidate[] = [];
  try {
    // fish has taken the quotes off all words but the one that is typed.
    const before = shell === "fish" ? raw.slice(0, -1) : raw.slice(0, -1).map(withoutQuotes);
    candidates = await candidatesFor(program, before, withoutQuotes(typed));
  } catch (error) {
    const expected =
      error instanceof Failure || error instanceof CommanderError || systemCode(error) !== undefined;
    if (!expected) throw error;
  }
  for (const candidate of candidates) terminal.out.write(`${written(candidate, shell, typed)}\n`);
  return exitCodes.done;
}

async function candidatesFor(
  program: Command,
  before: readonly string[],
  current: string,
): Promise<readonly Candidate[]> {
  const { line, awaiting, onlyArguments } = readLine(program, before);
  if (line === undefined) return [];
  const matching = (all: readonly Candidate[]) => all.filter(({ value }) => value.startsWith(current));
  if (awaiting !== undefined) return await valuesOf(awaiting, line, current);
  if (current.startsWith("-") && !onlyArguments) {
    const equals = current.indexOf("=");
    if (equals < 0) return matching(optionsOf(line.command));
    const name = current.slice(0, equals);
    const option = line.command.options.find(({ long }) => long === name);
    const values = option === undefined ? [] : await valuesOf(option, line, current.slice(equals + 1));
    return values.map(({ value, description }) => ({ value: `${name}=${value}`, description }));
  }
  if (line.command === program || line.command.name() === "help") return matching(commandsOf(program));
  const known = line.command.registeredArguments;
  const argument = known[line.arguments.length] ?? known.at(-1);
  if (argument === undefined || (line.arguments.length >= known.length && !argument.variadic)) return [];
  return await valuesOf(argument, line, current);
}

interface ReadLine {
  /** Undefined when the command is none that there is. */
  readonly line: Line | undefined;
  /** The option whose value comes next. */
  readonly awaiting: Option | undefined;
  /** After `--`. */
  readonly onlyArguments: boolean;
}

function readLine(program: Command, words: readonly string[]): ReadLine {
  let command = program;
  let awaiting: Option | undefined;
  let onlyArguments = false;
  const given: string[] = [];
  const options = new Map<string, readonly string[]>();
  const take = (option: Option, value: string): void => {
    options.set(option.long ?? "", [...(options.get(option.long ?? "") ?? []), value]);
    // Paths and runs of the line are those of that folder.
    if (option.long === "--directory") option.parseArg?.(value, undefined);
  };
  for (const word of words) {
    if (awaiting !== undefined) {
      take(awaiting, word);
      awaiting = undefined;
    } else if (onlyArguments) given.push(word);
    else if (word === "--") onlyArguments = true;
    else if (word.startsWith("-") && word.length > 1) {
      const [name = "", ...rest] = word.split("=");
      const option = command.options.find(({ long, short }) => long === name || short === name);
      if (option === undefined || !(option.required || option.optional)) continue;
      if (rest.length > 0) take(option, rest.join("="));
      else awaiting = option;
    } else if (command === program) {
      const found = program
        .createHelp()
        .visibleCommands(program)
        .find((each) => each.name() === word);
      if (found === undefined) return { line: undefined, awaiting: undefined, onlyArguments };
      command = found;
    } else given.push(word);
  }
  return { line: { command, arguments: given, options }, awaiting, onlyArguments };
}

function commandsOf(program: Command): readonly Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ value: command.name(), description: command.description() }));
}

function optionsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}

/** Only what is asked for is loaded: names of nodes take the whole pipeline, options take nothing. */
async function valuesOf(what: Argument | Option, line: Line, current: string): Promise<readonly Candidate[]> {
  if (what.argChoices !== undefined)
    return what.argChoices
      .filter((choice) => choice.startsWith(current))
      .map((value) => ({ value, description: "" }));
  const name = "long" in what ? (/<(\w+)>/.exec(what.flags)?.[1] ?? "") : what.name();
  if (name === "run") return (await import("./complete-names.js")).runsFor(current);
  if (name === "node") return (await import("./complete-names.js")).nodesFor(line, current);
  return [];
}

// ---------------------------------------------------------------- words of shells

/** bash breaks words at `=` and `:`, and hands over `--format=svg` in three. */
function joinBroken(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let glue = false;
  for (const word of words) {
    const isBreak = /^[=:]+$/.test(word);
    if (joined.length > 0 && (glue || isBreak)) joined.push(`${joined.pop() ?? ""}${word}`);
    else joined.push(word);
    glue = isBreak;
  }
  return joined;
}

/** As a shell would read it; an open quote reaches to the end. */
function withoutQuotes(word: string): string {
  const part = /'([^']*)(?:'|$)|"((?:[^"\\]|\\.)*)(?:"|$)|\\(.)|([^'"\\]+)/gsu;
  return [...word.matchAll(part)]
    .map(([, single, double, escaped, plain]) =>
      single !== undefined
        ? single
        : double !== undefined
          ? double.replace(/\\(["\\$`])/g, "$1")
          : (escaped ?? plain ?? ""),
    )
    .join("");
}

/** bash puts a candidate on the line as it is, behind a quote that is open; zsh and fish quote by themselves. */
function written({ value, description }: Candidate, shell: string, typed: string): string {
  const text = printable(description);
  if (shell === "fish") return `${value}\t${text}`;
  if (shell === "zsh") return `${value.replaceAll(/[\\:]/g, "\\$&")}:${text}`;
  if (typed.startsWith("'")) return value.replaceAll("'", "'\\''");
  if (typed.startsWith('"')) return value.replaceAll(/["\\$`]/g, "\\$&");
  const ownPart = value.startsWith("--") ? value.slice(value.indexOf("=") + 1) : value;
  return /^[\w./@%+,-]+$/.test(ownPart) ? ownPart : `'${ownPart.replaceAll("'", "'\\''")}'`;
}
