import { Failure } from "../base/failure.js";
import type { Account } from "../cloud/account.js";
import type { CheckResult, Outcome } from "../cloud/doctor/check.js";
import { type Checked, diagnose, notOpened } from "../cloud/doctor/index.js";
import { policiesFor } from "../cloud/doctor/policy.js";
import { POLICY_SIZE } from "../cloud/policies/ready.js";
import type { ReadyPolicyName } from "../cloud/policies/ready-names.js";
import { type AccountOptions, accountJson, accountOf, interrupted } from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject, StatusLine } from "./open.js";
import type { Output, Terminal } from "./terminal.js";
import { count, grouped, printable, writeJson } from "./text.js";

interface DoctorOptions extends AccountOptions {
  readonly policy?: ReadyPolicyName;
}

/** `reprod doctor`: whether the account is ready for a first run, and what stands in the way. */
export async function run({ terminal }: CommandContext, options: DoctorOptions): Promise<number> {
  terminal.handleInterrupts();
  if (options.policy !== undefined) return printPolicy(terminal, options, options.policy);
  const { account, checked } = await look(terminal, options);
  const results = checked.flatMap((one) => one.results);
  const failed = results.filter(({ outcome }) => outcome === "failed").length;
  if (options.json) {
    writeJson(terminal.out, {
      account: account === undefined ? null : accountJson(account),
      checks: checked.map(({ check: { id, title }, results }) => ({
        id,
        title,
        results: results.map(({ outcome, what, why = null, fix = null }) => ({ outcome, what, why, fix })),
      })),
    });
  } else terminal.out.write(text(checked, terminal.out));
  return failed > 0 ? exitCodes.problems : exitCodes.done;
}

/** A policy as `aws iam create-policy` takes it, with nothing beside it. */
async function printPolicy(
  terminal: Terminal,
  options: AccountOptions,
  which: ReadyPolicyName,
): Promise<number> {
  const { out, notes } = terminal;
  const account = await accountOf(terminal, options);
  account.aws.destroy();
  const policies = policiesFor(which, account, currentProject());
  const [only, ...others] = policies.values();
  if (others.length === 0) {
    writeJson(out, only);
    return exitCodes.done;
  }
  for (const policy of policies.values()) out.write(`${JSON.stringify(policy)}\n`);
  notes.write(
    `A policy of IAM holds ${grouped(POLICY_SIZE)} characters, so these are ${policies.size}, one a line: ${[...policies.keys()].join(", ")}.\n`,
  );
  return exitCodes.done;
}

async function look(
  terminal: Terminal,
  options: AccountOptions,
): Promise<{ readonly account: Account | undefined; readonly checked: readonly Checked[] }> {
  const project = currentProject();
  let account: Account;
  try {
    account = await accountOf(terminal, options);
  } catch (error) {
    if (terminal.interrupted.aborted || !(error instanceof Failure)) throw error;
    return { account: undefined, checked: notOpened(error) };
  }
  const status = new StatusLine(terminal);
  try {
    status.show(`looking at account ${account.accountId}, ${account.region}`);
    return { account, checked: await diagnose(account, project, terminal.interrupted) };
  } catch (error) {
    throw interrupted(terminal, error);
  } finally {
    status.clear();
    account.aws.destroy();
  }
}

const WIDTH = Math.max(..."ok warning failed unknown".split(" ").map(({ length }) => length));

function text(checked: readonly Checked[], output: Output): string {
  const { colours } = output;
  const paint: { readonly [outcome in Outcome]: (text: string) => string } = {
    ok: colours.green,
    warning: colours.yellow,
    failed: colours.red,
    unknown: colours.magenta,
  };
  const lines: string[] = [];
  const add = ({ outcome, what, why, fix }: CheckResult): void => {
    lines.push(`  ${paint[outcome](outcome.padEnd(WIDTH))}  ${printable(what)}`);
    const indent = " ".repeat(WIDTH + 4);
    if (why !== undefined) lines.push(colours.dim(`${indent}why: ${printable(why)}`));
    if (fix !== undefined) lines.push(`${indent}fix: ${printable(fix)}`);
  };
  for (const { check, results } of checked) {
    lines.push(colours.bold(check.title));
    for (const result of results) add(result);
  }
  const all = checked.flatMap(({ results }) => results);
  const number = (outcome: Outcome): number => all.filter((result) => result.outcome === outcome).length;
  lines.push(
    number("failed") > 0
      ? colours.red(`${count(number("failed"), "thing")} to mend before a run in the account`)
      : `Nothing failed; ${count(number("warning"), "warning")}, ${number("unknown")} unknown.`,
  );
  return `${lines.join("\n")}\n`;
}
