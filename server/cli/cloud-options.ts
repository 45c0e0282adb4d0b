import { createInterface } from "node:readline/promises";
import { Failure } from "../base/failure.js";
import type { Account } from "../cloud/account.js";
import {
  accountText,
  actionWords,
  costsMoney,
  goesOn,
  moneyText,
  planSummary,
  stepSubject,
} from "../cloud/plan-words.js";
import type { Progress } from "../cloud/reconcile/apply.js";
import type { Plan, Reason, Step } from "../cloud/reconcile/plan.js";
import { type GroupName, groupNames } from "../cloud/reconcile/resource.js";
import { groupOf } from "../cloud/setup.js";
import type { Project } from "../data/project.js";
import type { JsonOption } from "./context.js";
import { StatusLine } from "./open.js";
import type { Output, Terminal } from "./terminal.js";
import { count, printable } from "./text.js";

/** Options of every command that asks AWS. */
export interface AccountOptions extends JsonOption {
  readonly profile?: string;
  readonly region?: string;
}

export interface ConsentOptions extends AccountOptions {
  readonly plan?: true;
  readonly yes?: true;
  readonly force?: true;
}

/**
 * Who we are, with a question for the code of a device where the profile wants one and a person is there. An interrupt
 * ends the opening, which may hang; what is asked through the account later ends in its own way.
 */
export async function accountOf(terminal: Terminal, options: AccountOptions): Promise<Account> {
  const { openAccount } = await import("../cloud/credentials.js");
  const opening = new AbortController();
  const stop = (): void => opening.abort();
  if (terminal.interrupted.aborted) stop();
  terminal.interrupted.addEventListener("abort", stop, { once: true });
  try {
    return await openAccount({
      ...(options.profile !== undefined && { profile: options.profile }),
      ...(options.region !== undefined && { region: options.region }),
      ...(canAsk(terminal) && {
        mfa: (serial: string) => ask(terminal, `Code of the MFA device ${printable(serial)} (6 digits): `),
      }),
      signal: opening.signal,
    });
  } catch (error) {
    throw interrupted(terminal, error);
  } finally {
    terminal.interrupted.removeEventListener("abort", stop);
  }
}

/** An interrupt while something was read or asked is no defect. */
export function interrupted(terminal: Terminal, error: unknown): unknown {
  if (!terminal.interrupted.aborted) return error;
  if (error instanceof Failure && error.code !== "cancelled") return error;
  return new Failure("interrupted", "it was interrupted, and nothing was changed");
}

/** The groups that are meant; `all` in the order in which they are set up. Throws `unknown-group`. */
export function groupsOf(names: readonly string[]): readonly GroupName[] {
  const named = names.filter((name) => name !== "all").map((name) => groupOf(name).name);
  return names.includes("all") ? groupNames : named;
}

/** What a plan is about. */
export interface PlanPlace {
  readonly account: Account;
  readonly project: Pick<Project, "name" | "root">;
}

/** A plan as a diff, what it costs, and what to know of it. */
export function renderPlan(plan: Plan, { account, project }: PlanPlace, output: Output): string {
  const { colours } = output;
  const paint: { readonly [action in Step["action"]]: (text: string) => string } = {
    create: colours.green,
    adopt: colours.green,
    change: colours.yellow,
    replace: colours.magenta,
    remove: colours.red,
    release: colours.yellow,
    keep: colours.dim,
  };
  const lines: string[] = [];
  for (const group of plan.groups) {
    const steps = plan.steps.filter((step) => step.group === group.name);
    const kept = steps.filter(({ action }) => action === "keep").length;
    const asDeclared = steps.filter(isAsDeclared).length;
    if (steps.length === 0 && !group.writesFile) continue;
    lines.push(
      colours.bold(group.title) +
        (asDeclared === 0 ? "" : colours.dim(`  ${count(asDeclared, "resource")} as declared`)),
    );
    for (const step of steps.filter(({ action }) => action !== "keep")) {
      const sign = paint[step.action](actionWords[step.action].sign);
      const why = step.why === undefined ? "" : colours.dim(`: ${printable(step.why)}`);
      const money = costsMoney(step) ? ` ${colours.yellow("$")}${costText(step)}` : "";
      const data = step.losesData ? colours.red(" with all data in it") : "";
      const detail = step.detail === undefined ? "" : colours.dim(` ${printable(step.detail)}`);
      lines.push(`  ${sign} ${printable(stepSubject(step))}${data}${detail}${why}${money}`);
      for (const { what, is, shouldBe } of step.differences) {
        lines.push(colours.dim(`      ${printable(what)}: ${printable(is)} → ${printable(shouldBe)}`));
      }
    }
    if (group.writesFile && kept === steps.length) lines.push(`  ~ ${printable(group.settingsFile)}`);
  }
  for (const remark of plan.notes) lines.push(`${colours.yellow("note")}: ${printable(remark)}`);
  const money = saysMoney(plan) ? `; ${moneyText(plan)}` : "";
  lines.push(
    `In ${printable(accountText(account))}, for ${printable(projectText(project))}: ${colours.bold(planSummary(plan))}${money}.`,
  );
  return `${lines.join("\n")}\n`;
}

/** What stays although it is not declared any more has a reason for that; what never came to be has no id. */
function isAsDeclared({ action, id, why }: Step): boolean {
  return action === "keep" && id !== undefined && why === undefined;
}

/** `project "weather"`, with its folder when that is not the one that a person stands in and thinks of. */
function projectText({ name, root }: PlanPlace["project"]): string {
  return `project "${name}"${root === process.cwd() ? "" : ` in ${root}`}`;
}

/** That it is free is worth a word where something comes or stays; not where all that happens is that things go. */
function saysMoney({ steps, groups, atRest }: Plan): boolean {
  if (atRest > 0) return true;
  const done = steps.filter(({ action }) => action !== "keep");
  const goes = done.every(({ action }) => action === "remove" || action === "release");
  if (steps.length === 0) return groups.some(({ writesFile }) => writesFile);
  return done.length === 0 || !goes;
}

/** `removed 32 resources, let go of 5 that were there before` */
export function removalText(done: readonly Step[]): string {
  const released = done.filter(({ action }) => action === "release").length;
  const removed = done.length - released;
  if (released === 0) return `removed ${count(removed, "resource")}`;
  const before = released === 1 ? "that was there before" : "that were there before";
  return removed === 0
    ? `let go of ${count(released, "resource")} ${before}`
    : `removed ${count(removed, "resource")}, let go of ${released} ${before}`;
}

function costText({ cost }: Step): string {
  const rest = cost === undefined || cost.atRest === 0 ? "" : `$${cost.atRest.toFixed(2)} a month`;
  const texts = [rest, cost?.use ?? ""].filter((text) => text !== "");
  return texts.length === 0 ? "" : ` ${texts.join(", ")}`;
}

/**
 * Whether to go on. A person is asked; a script has to say `--yes`, as what is changed may cost money or be lost.
 * Throws `needs-consent`.
 */
export async function consents(
  terminal: Terminal,
  options: ConsentOptions,
  question: string,
): Promise<boolean> {
  if (options.yes === true) return true;
  if (options.json === true || !canAsk(terminal)) throw needsConsent(question, "--yes");
  if (/^y(es)?$/i.test((await ask(terminal, `${question} [y/N] `)).trim())) return true;
  terminal.notes.write("nothing was changed\n");
  return false;
}

/** The second question, before data is lost: the name has to be typed (engine-rules.md F5). */
export async function consentsToLoss(
  terminal: Terminal,
  options: ConsentOptions,
  losses: readonly Step[],
): Promise<boolean> {
  const names = losses.map(({ name }) => name);
  if (names.length === 0) return true;
  if (options.yes === true && options.force === true) return true;
  if (options.yes === true || options.json === true || !canAsk(terminal)) {
    throw needsConsent(`Delete ${names.join(" and ")} with all data in it?`, "--yes --force");
  }
  for (const name of names) {
    const typed = await ask(terminal, `All data in ${printable(name)} is deleted. Type its name to go on: `);
    if (typed.trim() !== name) {
      terminal.notes.write("nothing was changed\n");
      return false;
    }
  }
  return true;
}

function canAsk(terminal: Terminal): boolean {
  return terminal.notes.interactive && process.stdin.isTTY;
}

function needsConsent(question: string, flag: string): Failure {
  return new Failure("needs-consent", `this is done only by consent: "${question}"`, {
    why: "What is changed in an account may cost money or be lost, and nobody is there to be asked.",
    fix: `Look at the plan (--plan), then say ${flag}.`,
  });
}

/** What a person types. An interrupt ends the question, and with it the command: nothing was agreed to. */
async function ask({ interrupted }: Terminal, question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, the terminal's Ctrl-C comes here and not to the process.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  // At the end of the input nobody will answer any more.
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  let answered = false;
  const answer = lines.question(question, { signal: interrupted }).then((typed) => {
    answered = true;
    return typed;
  });
  try {
    return await Promise.race([answer, closed]);
  } finally {
    lines.close();
    // What is told next begins below the question, which only Enter ends.
    if (!answered) process.stderr.write("\n");
  }
}

/** Why a plan must not be carried out now, below it. */
export function renderAgainst(against: readonly Reason[], { colours }: Output): string {
  return against.map(({ why }) => `${colours.yellow("in use")}: ${printable(why)}\n`).join("");
}

/** What goes on: one line that is written over for a person, one line a finished step for a log. */
export class StepProgress {
  readonly #status: StatusLine;
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  readonly #purpose: "set up" | "removal";
  readonly #running = new Map<string, string>();
  #last: Progress | undefined;

  constructor(terminal: Terminal, quiet: boolean, purpose: "set up" | "removal" = "set up") {
    this.#terminal = terminal;
    this.#quiet = quiet;
    this.#purpose = purpose;
    this.#status = new StatusLine(terminal);
  }

  readonly tell = (progress: Progress): void => {
    this.#last = progress;
    if (this.#quiet) return;
    const { step, phase, done, total } = progress;
    const { notes } = this.#terminal;
    switch (phase) {
      case "begun":
        this.#running.set(step.key, step.kind);
        break;
      case "waiting":
        this.#running.set(step.key, `${step.kind} (AWS is not ready yet)`);
        break;
      case "done": {
        this.#running.delete(step.key);
        this.#status.clear();
        const sign = actionWords[step.action].sign;
        notes.write(
          `${sign} ${printable(`${step.kind} ${step.name}`)} ${notes.colours.dim(`${done} of ${total}`)}\n`,
        );
      }
    }
    if (this.#running.size > 0)
      this.#status.show(`${done} of ${total}: ${[...this.#running.values()].join(", ")}`);
  };

  clear(): void {
    this.#status.clear();
  }

  /** After a failure: how far it came, and what that means. */
  broken(): void {
    this.clear();
    if (this.#last === undefined) return;
    const { done, total } = this.#last;
    this.#terminal.notes.write(`${goesOn(done, total, this.#purpose === "removal")}\n`);
  }
}

/** A step for programs. */
export function stepJson(step: Step): unknown {
  const { id = null, detail = null, why = null, cost = null, ...rest } = step;
  return { ...rest, id, detail, why, cost };
}

export function accountJson({ profile, region, accountId, callerArn }: Account): unknown {
  return { profile: profile ?? null, region, account: accountId, caller: callerArn };
}

export function projectJson({ id, name, root }: Project): unknown {
  return { id, name, root };
}

export function planJson(plan: Plan): unknown {
  return { ...plan, steps: plan.steps.map(stepJson) };
}
